// A hundred plugins of 200 KB to and from a storage that is far away.
//
// push_new,        To a real S3 server behind a proxy that adds 50 ms to every request, beside the same
// push_unchanged,  without the 50 ms: what is beyond, in units of 50 ms, is the round trips. Asked: at
// build_pinned     most 10, 4 and 3 (which round_trips_test proves by counting). Only beside a server:
//                  tests/servers/with_s3 pet_bench --benchmark_filter='push_new|unchanged|build_pinned'
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/cache/binary_cache.hpp"
#include "core/factory/pet_factory.hpp"
#include "core/pipeline/build.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/s3/s3_storage.hpp"
#include "tests/bench/transfer_plugins.hpp"
#include "tests/storage/http/slow_proxy.hpp"
#include "tests/storage/s3/real_server.hpp"

namespace pet::bench {
namespace {

using test::TemporaryFolder;

constexpr std::chrono::milliseconds kFarAway{50};
constexpr std::chrono::milliseconds kHere{0};

std::shared_ptr<BaseStorage> far_storage(const std::string& endpoint, const std::string& bucket) {
  return std::make_shared<S3Storage>(
      S3Settings::from_url("s3://" + bucket + "?endpoint=" + endpoint));
}

std::string new_bucket() {
  static int number = 0;
  const std::string name = "bench-" + std::to_string(++number);
  test::make_bucket(name);
  return name;
}

const std::string& filled_bucket() {
  static const std::string bucket = [] {
    const std::string name = new_bucket();
    fill(far_storage(test::s3_endpoint(), name));
    return name;
  }();
  return bucket;
}

void push(benchmark::State& state, bool is_new, std::chrono::milliseconds distance) {
  for (auto _ : state) {
    state.PauseTiming();
    const std::string bucket = is_new ? new_bucket() : filled_bucket();
    test::Delay delay(distance);
    std::optional<test::SlowProxy> proxy(std::in_place, test::s3_endpoint(), delay);
    {
      const PetClassManager manager(far_storage(proxy->url(), bucket), BinaryCache::in_memory());
      const std::vector<PetClass> classes = opened();
      std::vector<PushOutcome> outcomes;
      state.ResumeTiming();
      outcomes = manager.push_many(classes);
      state.PauseTiming();
      for (const PushOutcome& outcome : outcomes) {
        if (outcome.error) throw Error(*outcome.error);
      }
    }
    proxy.reset();
    state.ResumeTiming();
  }
}

void build_pinned(benchmark::State& state, std::chrono::milliseconds distance) {
  std::string config;
  for (const Plugin& plugin : transfer_plugins()) {
    config += (config.empty() ? "[" : ", ") + std::string("{\"clazz\": \"") + plugin.name +
              "\", \"version_hash\": \"" + plugin.binary.hash().hex() + "\", \"params\": {}}";
  }
  config += "]";
  for (auto _ : state) {
    state.PauseTiming();
    test::Delay delay(distance);
    std::optional<test::SlowProxy> proxy(std::in_place, test::s3_endpoint(), delay);
    {
      const TemporaryFolder& folder = new_folder();
      PetClassManager manager(far_storage(proxy->url(), filled_bucket()),
                              std::make_shared<BinaryCache>(folder / "cache"));
      const PetFactory factory(manager);
      ParamValue built;
      state.ResumeTiming();
      built = build_value(parse_json(config), factory);
      state.PauseTiming();
    }
    proxy.reset();
    state.ResumeTiming();
  }
}

}  // namespace

void register_far_benchmarks() {
  if (test::s3_endpoint().empty()) return;
  add_transfer("push_new/bound", push, true, kHere);
  add_transfer("push_new/ours", push, true, kFarAway);
  add_transfer("push_unchanged/bound", push, false, kHere);
  add_transfer("push_unchanged/ours", push, false, kFarAway);
  add_transfer("build_pinned/bound", build_pinned, kHere);
  add_transfer("build_pinned/ours", build_pinned, kFarAway);
}

}  // namespace pet::bench
