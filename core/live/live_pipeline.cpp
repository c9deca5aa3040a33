#include "core/live/live_pipeline.hpp"

#include <condition_variable>
#include <mutex>
#include <new>
#include <random>
#include <thread>
#include <utility>

#include "core/live/live_work.hpp"
#include "core/loader/bad_input.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

using std::chrono::milliseconds;

// While calls of former versions are waited for, or calls are judged.
constexpr milliseconds kLookAgain{20};
// Between polls that files here ask for: one that is written without end shall not have the storage asked so.
constexpr milliseconds kBetweenHints{100};
// Else; a candidate that was postponed waits a second at least.
constexpr milliseconds kIdle{250};

// Its type and its columns; never 0.
std::uint64_t kind_of(const XYData& x) {
  const pet_dtype dtype = x.dtype();
  const auto type = std::uint64_t{dtype.code} << 8 | dtype.bits;
  return type << 40 | static_cast<std::uint64_t>(x.ndim()) << 32 |
         (static_cast<std::uint64_t>(x.columns()) & 0xFFFFFFFF);
}

}  // namespace

// The three threads around LiveWork. Each sleeps until its time comes or somebody wakes it.
struct LivePipeline::Work {
  Work(Container& container, ConfigSource source, LiveOptions options, Live<LiveVersion>& current)
      : work(container, std::move(source), std::move(options), current) {
    work.on_candidate = [this] { wake(has_candidate); };
    work.on_stale = [this] { wake(poll_now); };
    work.on_verdict = [this] { wake(has_verdict); };
  }

  void wake(bool& flag) {
    const std::lock_guard lock(mutex);
    flag = true;
    changed.notify_all();
  }

  // Sleeps for `pause`, or until the flag is set, which it clears. False when it is time to stop.
  bool sleep(std::stop_token stop, milliseconds pause, bool& flag) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, stop, pause, [&] { return flag; });
    flag = false;
    return !stop.stop_requested();
  }

  // Pollers that began together shall not stay together.
  milliseconds jittered(milliseconds pause) {
    std::uniform_real_distribution<double> factor(0.8, 1.2);
    return milliseconds(
        static_cast<std::int64_t>(static_cast<double>(pause.count()) * factor(random)));
  }

  // False also when memory ran out for it: then it is done the next time, and no thread ends the process. Nor does
  // one that fails otherwise, which nothing should: that is said.
  template <class Call>
  bool attempt(const Call& call) noexcept {
    try {
      return call();
    } catch (const std::bad_alloc&) {
      return false;
    } catch (const std::exception& error) {
      work.report_unexpected(error.what());
      return false;
    }
  }

  void poll_until(std::stop_token stop) {
    milliseconds pause = work.options().poll;
    do {
      if (attempt([this] { return work.poll(); })) {
        pause = work.options().poll;
      } else {
        pause = std::min(2 * pause, std::max(work.options().longest_pause, work.options().poll));
      }
    } while (sleep(stop, jittered(pause), poll_now));
  }

  void step_until(std::stop_token stop) {
    do {
      while (!stop.stop_requested() && attempt([this] { return work.step(); })) {
        const std::lock_guard lock(mutex);
        changed.notify_all();  // somebody may wait for the first version
      }
    } while (sleep(stop, work.is_draining() ? kLookAgain : kIdle, has_candidate));
  }

  // Beside the other two, which may have to wait for a storage or a trial.
  void judge_until(std::stop_token stop) {
    auto next_hint = std::chrono::steady_clock::now();
    do {
      attempt([this] { return work.judge(), true; });
      const auto now = std::chrono::steady_clock::now();
      if (now >= next_hint && attempt([this] { return work.has_heard(); })) {
        next_hint = now + kBetweenHints;
        wake(poll_now);
      }
    } while (sleep(stop, kLookAgain, has_verdict));
  }

  LiveWork work;
  std::mutex mutex;
  std::condition_variable_any changed;
  bool has_candidate = false;
  bool poll_now = false;
  bool has_verdict = false;
  std::minstd_rand random{std::random_device{}()};
  std::jthread stepper;  // last: they end first
  std::jthread poller;
  std::jthread judge;
};

LivePipeline::LivePipeline(Container& container, std::filesystem::path config, LiveOptions options)
    : current_(Live<LiveVersion>::make()),
      work_(std::make_unique<Work>(container, ConfigSource(std::move(config)), std::move(options),
                                   current_)) {}

LivePipeline::LivePipeline(Container& container, ParamObject config, LiveOptions options)
    : current_(Live<LiveVersion>::make()),
      work_(std::make_unique<Work>(container, ConfigSource(std::move(config)), std::move(options),
                                   current_)) {}

LivePipeline::~LivePipeline() {
  work_->stepper.request_stop();
  work_->poller.request_stop();
  work_->judge.request_stop();
  work_->work.cancel();
}

XYData LivePipeline::predict(const LiveVersion& version, const XYData& x) const {
  const std::uint64_t kind = kind_of(x);
  const auto start = std::chrono::steady_clock::now();
  const auto record = [&](CallOutcome outcome) {
    version.stats.record(std::chrono::steady_clock::now() - start, outcome);
  };
  try {
    XYData y = version.pipeline->predict(x);
    record(CallOutcome::kAnswered);
    // What was answered once: a candidate is not to be measured by clients' mistakes.
    if (work_->work.options().record > 0) work_->work.record(x);
    if (usual_input_.load(std::memory_order_relaxed) != kind) [[unlikely]] {
      usual_input_.store(kind, std::memory_order_relaxed);
    }
    return y;
  } catch (const BadInput&) {
    if (usual_input_.load(std::memory_order_relaxed) == kind) record(CallOutcome::kFailed);
    throw;
  } catch (...) {
    record(CallOutcome::kFailed);
    throw;
  }
}

XYData LivePipeline::predict(const XYData& x) const {
  const auto version = read();
  if (version->pipeline) return predict(*version, x);
  throw Error(ErrorCode::kStorageUnreachable,
              work_->work.options().name + " cannot answer yet: " + work_->work.waiting_for());
}

void LivePipeline::start() {
  if (work_->poller.joinable()) return;
  work_->stepper =
      std::jthread([work = work_.get()](std::stop_token stop) { work->step_until(stop); });
  work_->poller =
      std::jthread([work = work_.get()](std::stop_token stop) { work->poll_until(stop); });
  work_->judge =
      std::jthread([work = work_.get()](std::stop_token stop) { work->judge_until(stop); });
}

bool LivePipeline::wait_until_ready(milliseconds timeout) const {
  std::unique_lock lock(work_->mutex);
  return work_->changed.wait_for(lock, timeout, [&] { return is_ready(); });
}

void LivePipeline::poll_soon() { work_->wake(work_->poll_now); }

void LivePipeline::set_config(ParamObject config) {
  work_->work.set_config(std::move(config));
  poll_soon();
}

bool LivePipeline::reject_current(std::string reason) {
  return work_->work.reject_current(std::move(reason));
}

LiveStatus LivePipeline::status() const { return work_->work.status(); }
void LivePipeline::poll() { work_->work.poll(); }
bool LivePipeline::step() { return work_->work.step(); }

}  // namespace pet
