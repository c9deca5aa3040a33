// A loop hands out ranges of its indices through one counter; whoever takes part takes ranges until
// there are none. It is finished when as many indices are done as there are. A worker that comes
// late finds nothing to take and touches neither body nor context, which may be gone by then; the
// Loop itself is counted.
#include <algorithm>
#include <atomic>
#include <new>
#include <string>

#include "core/loader/failure_text.hpp"
#include "core/loader/host_services.hpp"
#include "core/loader/instance_record.hpp"
#include "core/loader/thread_pool.hpp"

namespace pet {
namespace {

// Ranges a thread: enough to even out bodies of different length, few enough that the counter does
// not matter.
constexpr std::uint64_t kRangesPerThread = 16;

}  // namespace

class PluginHost::ThreadPool::Loop {
 public:
  Loop(std::uint64_t count, unsigned threads, Body body, void* context)
      : count_(count),
        range_(std::max<std::uint64_t>(1, count / (threads * kRangesPerThread))),
        body_(body),
        context_(context) {}

  // Works until no index is left to take.
  void take_part() noexcept {
    for (;;) {
      const std::uint64_t begin = next_.fetch_add(range_, std::memory_order_relaxed);
      if (begin >= count_) return;
      const std::uint64_t end = begin + std::min(range_, count_ - begin);
      for (std::uint64_t index = begin; index < end; ++index) run(index);
      if (done_.fetch_add(end - begin, std::memory_order_acq_rel) + (end - begin) == count_) {
        std::lock_guard lock(mutex_);
        finished_.notify_all();
      }
    }
  }

  pet_status wait(pet_failure* failure) {
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [this] { return done_.load(std::memory_order_acquire) == count_; });
    return status_ == PET_OK ? PET_OK : report(failure, status_, text_);
  }

 private:
  void run(std::uint64_t index) noexcept {
    FailureText failure;
    pet_status status = PET_FAILED;
    try {
      status = body_(context_, index, failure.get());
    } catch (...) {
      report(failure.get(), PET_FAILED, "an exception left the body of a parallel loop");
    }
    if (status == PET_OK) return;
    std::lock_guard lock(mutex_);
    if (status_ != PET_OK && index > failed_index_) return;
    status_ = status;
    failed_index_ = index;
    try {
      text_ = failure.text();
    } catch (const std::bad_alloc&) {
      text_.clear();
    }
  }

  const std::uint64_t count_;
  const std::uint64_t range_;
  const Body body_;
  void* const context_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint64_t> done_{0};
  std::mutex mutex_;
  std::condition_variable finished_;
  pet_status status_ = PET_OK;
  std::uint64_t failed_index_ = 0;
  std::string text_;
};

PluginHost::ThreadPool::ThreadPool(unsigned threads)
    : concurrency_(threads != 0 ? threads : std::max(1u, std::thread::hardware_concurrency())) {}

PluginHost::ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void PluginHost::ThreadPool::start_workers() {
  try {
    while (workers_.size() + 1 < concurrency_) workers_.emplace_back([this] { work(); });
  } catch (const std::exception&) {
    // The system gives no more threads, or memory: those that there are, and the caller, do the work.
  }
}

void PluginHost::ThreadPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    std::shared_ptr<Loop> loop = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    loop->take_part();
    loop.reset();
    lock.lock();
  }
}

pet_status PluginHost::ThreadPool::for_each(std::uint64_t count, Body body, void* context,
                                            pet_failure* failure) {
  if (count == 0) return PET_OK;
  const auto loop = std::make_shared<Loop>(count, concurrency_, body, context);
  if (count == 1 || concurrency_ == 1) {
    loop->take_part();
    return loop->wait(failure);
  }
  {
    std::lock_guard lock(mutex_);
    start_workers();
    const std::uint64_t helpers = std::min<std::uint64_t>(count - 1, workers_.size());
    try {
      for (std::uint64_t i = 0; i < helpers; ++i) waiting_.push_back(loop);
    } catch (const std::bad_alloc&) {
      // Those that are in the queue may be at work already: the caller must not leave before them.
    }
  }
  wake_.notify_all();
  loop->take_part();
  {
    // Workers that were busy all the time have nothing left to do here.
    std::lock_guard lock(mutex_);
    std::erase(waiting_, loop);
  }
  return loop->wait(failure);
}

namespace {

std::uint32_t concurrency(const pet_host* host) noexcept {
  return BasePlugin::Record::of(host).host->concurrency();
}

pet_status for_each(const pet_host* host, std::uint64_t count, PluginHost::ThreadPool::Body body,
                    void* context, pet_failure* failure) noexcept {
  return guarded_service(failure, [&] {
    return BasePlugin::Record::of(host).host->pool().for_each(count, body, context, failure);
  });
}

}  // namespace

const pet_host_parallel_v1 kHostParallel{sizeof(pet_host_parallel_v1), 0, concurrency, for_each};

}  // namespace pet
