// The steps of a trial, each announced before it begins: if this process dies or hangs, the last
// announcement says where. What a step throws is told, and ends the process without running a destructor:
// nothing is known of the candidate's state then.
#include "core/live/trial_main.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/cache/binary_cache.hpp"
#include "core/factory/container.hpp"
#include "core/live/trial.hpp"
#include "core/live/trial_candidate.hpp"
#include "core/live/trial_channel_posix.hpp"
#include "core/live/trial_frame.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

using trial::Frame;
using trial::TrialChannel;

constexpr std::size_t kLongestReason = std::size_t{16} << 10;
constexpr trial::FrameLimits kRequestLimits{.head = std::size_t{1} << 20,
                                            .body = std::uint64_t{16} << 30};

struct Task {
  std::string cache;
  std::string config;
  std::vector<XYData> samples;
  std::uint64_t memory = 0;
  std::uint64_t answer = 0;  // its bytes at most
  int parent = 0;
};

std::string take_text(const Frame& request, std::string_view key, std::string_view& body) {
  const auto bytes = static_cast<std::uint64_t>(request.number(key));
  if (bytes > body.size()) throw Error(ErrorCode::kCorrupt, "a request that ends too early");
  std::string text(body.substr(0, static_cast<std::size_t>(bytes)));
  body.remove_prefix(text.size());
  return text;
}

Task read_task(const Frame& request) {
  const bool says_protocol = request.head.contains("pet_trial");
  if (!says_protocol || request.number("pet_trial") != trial::kProtocol) {
    throw Error(ErrorCode::kUsage,
                "this helper speaks protocol " + std::to_string(trial::kProtocol) +
                    ", the program that started it " +
                    (says_protocol ? std::to_string(request.number("pet_trial")) : "none") +
                    ": it is of another release");
  }
  Task task;
  std::string_view body = request.body;
  task.memory = static_cast<std::uint64_t>(request.number("memory"));
  task.answer = static_cast<std::uint64_t>(request.number("answer"));
  task.parent = static_cast<int>(request.number("parent"));
  task.cache = take_text(request, "cache", body);
  task.config = take_text(request, "config", body);
  for (const ParamValue& sample : request.head.at("samples").as_list()) {
    task.samples.push_back(trial::take_tensor(sample.as_object(), body));
  }
  return task;
}

class Helper {
 public:
  explicit Helper(TrialChannel& channel) : channel_(channel) {}

  void run(const Task& task, const ContainerOptions& options);

 private:
  void announce(TrialPhase phase, std::size_t number = 0);
  void call(const trial::Candidate& candidate, const Task& task, std::size_t number);
  [[noreturn]] void tell_failure(std::string_view why, ErrorCode code, bool out_of_memory);
  template <class Step>
  void guarded(const Step& step);

  TrialChannel& channel_;
};

void Helper::announce(TrialPhase phase, std::size_t number) {
  channel_.send(trial::to_bytes({{"phase", to_string(phase)}, {"number", std::int64_t(number)}}));
}

void Helper::tell_failure(std::string_view why, ErrorCode code, bool out_of_memory) {
  const auto asked_for = static_cast<std::int64_t>(trial::asked_for());
  trial::lift_memory_limit();  // telling takes some, too
  channel_.send(trial::to_bytes({{"failed", trial::printable(why, kLongestReason)},
                                 {"code", to_string(code)},
                                 {"out_of_memory", out_of_memory},
                                 {"asked_for", asked_for}}));
  channel_.await_end();
  trial::leave(1);
}

template <class Step>
void Helper::guarded(const Step& step) {
  try {
    step();
  } catch (const std::bad_alloc&) {
    tell_failure("out of memory", ErrorCode::kPluginError, true);
  } catch (const Error& error) {
    const std::string_view why = error.what();
    tell_failure(why, error.code(), why.find("out of memory") != why.npos);
  } catch (const std::exception& error) {
    tell_failure(error.what(), ErrorCode::kPluginError, false);
  } catch (...) {
    tell_failure("an exception of an unknown type", ErrorCode::kPluginError, false);
  }
}

void Helper::call(const trial::Candidate& candidate, const Task& task, std::size_t number) {
  announce(TrialPhase::kCall, number);
  guarded([&] {
    const auto start = std::chrono::steady_clock::now();
    const XYData answer = candidate.predict(task.samples[number - 1]);
    const auto took = std::chrono::nanoseconds(std::chrono::steady_clock::now() - start);
    ParamObject head{{"answer", static_cast<std::int64_t>(number)},
                     {"nanoseconds", static_cast<std::int64_t>(took.count())}};
    if (!answer) return channel_.send(trial::to_bytes(head));
    if (trial::tensor_bytes(answer) > task.answer) {
      throw Error(ErrorCode::kPluginError, "expected an answer of at most " +
                                               std::to_string(task.answer) + " bytes, got " +
                                               answer.describe());
    }
    trial::describe_tensor(answer, head);
    std::string body;
    trial::append_elements(answer, body);
    channel_.send(trial::to_bytes(head, body));
  });
}

void Helper::run(const Task& task, const ContainerOptions& options) {
  std::optional<Container> container;
  guarded([&] { container.emplace(options); });
  trial::Candidate candidate(task.config, *container);
  const auto step = [&](TrialPhase phase, auto method) {
    announce(phase);
    guarded([&] { method(candidate); });
  };
  step(TrialPhase::kLoad, [](trial::Candidate& c) { c.load(); });
  step(TrialPhase::kConstruct, [](trial::Candidate& c) { c.construct(); });
  step(TrialPhase::kImport, [](trial::Candidate& c) { c.import_states(); });
  step(TrialPhase::kExport, [](trial::Candidate& c) { c.check_exports(); });
  if (!task.samples.empty()) {
    step(TrialPhase::kWarm, [&](trial::Candidate& c) { c.predict(task.samples.front()); });
  }
  for (std::size_t i = 0; i < task.samples.size(); ++i) call(candidate, task, i + 1);
  step(TrialPhase::kDestroy, [](trial::Candidate& c) { c.destroy(); });
  channel_.send(trial::to_bytes({{"done", true}}));
}

}  // namespace

int trial_main(std::span<const pet_entry* const> builtins,
               std::span<const ClassAlias> aliases) noexcept {
  try {
    TrialChannel channel;
    channel.send(trial::to_bytes({{"pet_trial", trial::kProtocol}}));
    const Task task = read_task(channel.receive(kRequestLimits));
    trial::die_with_parent(task.parent);
    trial::be_expendable();
    trial::limit_memory(task.memory);
    trial::tell_crashes(channel);
    Helper(channel).run(task, {.cache = std::make_shared<BinaryCache>(
                                   task.cache, CacheOptions{.max_bytes = CacheOptions::kNoLimit}),
                               .builtins = builtins,
                               .aliases = aliases,
                               .offline = true});
    channel.await_end();
  } catch (const std::exception& error) {
    trial::leave(2, error.what());
  }
  trial::leave(0);  // no static object of the candidate's, or of its libraries', has a last word
}

}  // namespace pet
