// Service: a live pipeline as a service has it, over a storage into which an author pushes; its clock is
// the test's, and nothing moves by itself.
//
//   Service service;
//   service.push("stamp_1");
//   service.settle();                      // polls, and steps until there is nothing to do
//   CHECK(service.answer() == 11);
//
// Lifetime: its folder goes with it. Threads: as its parts.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <pet/xydata.hpp>
#include <string>
#include <thread>
#include <vector>

#include "core/cache/binary_cache.hpp"
#include "core/factory/container.hpp"
#include "core/live/live_pipeline.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/local_storage.hpp"
#include "tests/core/live/plain_crashes.hpp"
#include "tests/storage/faulty_storage.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {

struct Service {
  using Time = std::chrono::system_clock::time_point;

  // Two nodes of one class: an answer of 11·STAMP to 0 is one version's.
  static constexpr const char* kTwoStamps = R"({
    "clazz": "WrapperPipeline", "params": {"filters": [
      {"clazz": "Stamp", "params": {}}, {"clazz": "Stamp", "params": {}}]}})";

  explicit Service(LiveOptions given = {}, const std::string& config = kTwoStamps) {
    let_helpers_crash();
    storage->ensure_exists();
    author.push(author.open_plugin(fixture("wrapper_pipeline")));
    options = std::move(given);
    options.trial = std::make_shared<const Trial>(PET_TRIAL_PROGRAM);
    options.clock.now = [this] { return now; };
    options.clock.steady = [this] {
      return std::chrono::steady_clock::time_point(now.time_since_epoch());
    };
    if (options.rejections == nullptr) {
      options.rejections =
          std::make_shared<Rejections>(std::make_shared<LocalStorage>(folder / "rejections"));
    }
    if (options.samples.empty()) {
      options.samples.push_back(std::make_shared<const XYData>(XYData::mock({{0.0}, {1.0}})));
    }
    write_file(folder / "pipeline.json", config);
    restart();
  }

  static std::string fixture(const std::string& name) { return PET_FIXTURE_DIR "/" + name + ".so"; }

  Hash push(const std::string& name) {
    const PetClass clazz = author.open_plugin(fixture(name));
    author.push(clazz);
    now += std::chrono::seconds(1);
    return *clazz.hash();
  }

  // As if the service's process had ended and begun again.
  void restart() {
    live.reset();
    live = std::make_unique<LivePipeline>(container,
                                          std::filesystem::path(folder / "pipeline.json"), options);
  }

  void step_all() {
    while (live->step()) {
    }
  }
  void settle() {
    for (int i = 0; i < 4; ++i) {
      live->poll();
      step_all();
    }
  }

  double answer(double x = 0) const {
    const XYData y = live->predict(XYData::mock({{x}}));
    return y.matrix<double>()(0, 0);
  }

  std::vector<std::string> states() const {
    std::vector<std::string> states;
    for (const LiveEvent& event : live->status().events) {
      if (event.kind == LiveEventKind::kState) states.emplace_back(to_string(event.state));
    }
    return states;
  }

  TemporaryFolder folder;
  Time now = std::chrono::system_clock::now();
  std::shared_ptr<LocalStorage> storage = std::make_shared<LocalStorage>(folder / "pets");
  std::shared_ptr<FaultyStorage> watched = std::make_shared<FaultyStorage>(*storage);
  PetClassManager author{storage, std::make_shared<BinaryCache>(folder / "author")};
  Container container{
      {.storage = watched, .cache = std::make_shared<BinaryCache>(folder / "cache")}};
  LiveOptions options;
  std::unique_ptr<LivePipeline> live;
};

// So many answers; those that fail are counted by the version.
inline void call(const Service& service, int times) {
  for (int i = 0; i < times; ++i) {
    try {
      service.answer();
    } catch (const Error&) {  // counted
    }
  }
}

}  // namespace pet::test
