// How far a long transfer is, for whoever wants to show it.
//
//   storage->watch_transfers([](const pet::TransferProgress& now) { show(now); });
//
// A transfer that takes a tenth of a second or more is reported some ten times a second, and once more when
// it has ended, however it did; a shorter one never.
//
// Threads: a watch is called by the threads that transfer, by several at once. It must not throw.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "storage/byte_sink.hpp"

namespace pet {

struct TransferProgress {
  std::string storage;  // its describe()
  std::string key;
  std::uint64_t done = 0;              // bytes; less than before when a part is sent again
  std::optional<std::uint64_t> total;  // where it is known
  std::chrono::milliseconds elapsed{0};
  bool has_ended = false;
};

using TransferWatch = std::function<void(const TransferProgress&)>;

// One transfer's reports, while it lives. Without a watch it does nothing.
class WatchedTransfer {
 public:
  WatchedTransfer(const TransferWatch& watch, std::string storage, std::string_view key,
                  std::optional<std::uint64_t> total);
  ~WatchedTransfer();
  WatchedTransfer(const WatchedTransfer&) = delete;
  WatchedTransfer& operator=(const WatchedTransfer&) = delete;

  // It begins, or begins again.
  void begin(std::optional<std::uint64_t> total);

  // So much has gone of one of its parts; any thread. A transfer without parts has one: 0.
  void moved(std::uint64_t part, std::uint64_t bytes);

 private:
  using Clock = std::chrono::steady_clock;
  void report(bool has_ended);

  const TransferWatch watch_;
  const Clock::time_point start_ = Clock::now();
  std::mutex mutex_;
  Clock::time_point due_;
  bool is_reported_ = false;
  std::map<std::uint64_t, std::uint64_t> parts_;
  TransferProgress now_;
};

// A sink whose bytes are watched on their way to another.
class WatchedSink final : public ByteSink {
 public:
  WatchedSink(ByteSink& sink, const TransferWatch& watch, std::string storage, std::string_view key)
      : sink_(sink), transfer_(watch, std::move(storage), key, std::nullopt) {}

  void begin(std::optional<std::uint64_t> size) override {
    bytes_ = 0;
    transfer_.begin(size);
    sink_.begin(size);
  }
  void write(std::string_view piece) override {
    sink_.write(piece);
    transfer_.moved(0, bytes_ += piece.size());
  }
  std::span<char> room(std::size_t most) noexcept override { return sink_.room(most); }

 private:
  ByteSink& sink_;
  WatchedTransfer transfer_;
  std::uint64_t bytes_ = 0;
};

}  // namespace pet
