#include "storage/transfer_watch.hpp"

#include <utility>

namespace pet {
namespace {

constexpr std::chrono::milliseconds kBetweenReports{100};

}  // namespace

WatchedTransfer::WatchedTransfer(const TransferWatch& watch, std::string storage,
                                 std::string_view key, std::optional<std::uint64_t> total)
    : watch_(watch), due_(start_ + kBetweenReports) {
  if (!watch_) return;
  now_.storage = std::move(storage);
  now_.key = key;
  now_.total = total;
}

WatchedTransfer::~WatchedTransfer() {
  if (is_reported_) report(true);
}

void WatchedTransfer::begin(std::optional<std::uint64_t> total) {
  if (!watch_) return;
  const std::lock_guard lock(mutex_);
  parts_.clear();
  now_.done = 0;
  now_.total = total;
}

void WatchedTransfer::moved(std::uint64_t part, std::uint64_t bytes) {
  if (!watch_) return;
  const std::lock_guard lock(mutex_);
  std::uint64_t& before = parts_[part];
  now_.done = now_.done - before + bytes;
  before = bytes;
  if (Clock::now() < due_) return;
  due_ = Clock::now() + kBetweenReports;
  report(false);
}

void WatchedTransfer::report(bool has_ended) {
  is_reported_ = true;
  now_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
  now_.has_ended = has_ended;
  watch_(now_);
}

}  // namespace pet
