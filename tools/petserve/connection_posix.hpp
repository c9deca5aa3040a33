// Connection: one client's socket, as the HTTP library reads and writes it, with the deadlines that the
// library has not: of a whole head and a whole body, however slowly their bytes come, and of the answer.
//
// What is written is kept until flush(), so that an answer is one packet where it fits into one.
//
// Threads: one, except expire(), which another may call.
#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace pet::tools {

class Connection final : public httplib::Stream {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMaxHeadBytes = std::size_t{64} << 10;
  static constexpr std::chrono::seconds kWriteTime{30};

  // Takes the descriptor.
  explicit Connection(int descriptor);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // ---- the way of a request ----

  enum class Arrival { kNone, kBytes, kClosed };
  // Whether the next request has begun; waits for it so long.
  Arrival wait(std::chrono::milliseconds pause);
  void begin_head(Clock::time_point deadline);
  void begin_body(Clock::time_point deadline);
  // All is read; from now on the client waits.
  void begin_answer(Clock::time_point deadline);
  // Sends what was written. False when the client is gone or was answered by expire().
  bool flush();
  // Tells the client that nothing follows, and reads what it still sends for a moment: a closed socket
  // with unread bytes takes the answer back.
  void hang_up();

  // When the answer's deadline has passed: sends `answer` instead of it, once, and ends the connection.
  // Counted before it is sent: who has the answer finds it in the metrics.
  void expire(Clock::time_point now, std::string_view answer, std::atomic<std::uint64_t>& count);

  bool has_timed_out() const noexcept { return has_timed_out_; }
  bool was_expired() const;
  // No request follows this one.
  void close_after() noexcept { closes_ = true; }
  bool closes() const noexcept { return closes_; }

  // ---- httplib::Stream ----

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* bytes, std::size_t size) override;
  ssize_t write(const char* bytes, std::size_t size) override;
  // Nobody asks, and looking them up costs every request.
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return descriptor_; }

 private:
  enum class Phase { kIdle, kHead, kBody, kAnswer, kSending, kExpired };

  bool wait_for(short events, Clock::time_point deadline);
  bool fill();
  bool send_all(std::string_view bytes);

  const int descriptor_;
  mutable std::mutex mutex_;  // guards phase_ and deadline_ of kAnswer and later
  Phase phase_ = Phase::kIdle;
  Clock::time_point deadline_;
  std::string in_;
  std::size_t next_ = 0;  // of in_
  std::size_t head_bytes_ = 0;
  std::string out_;
  bool has_timed_out_ = false;
  bool closes_ = false;
};

}  // namespace pet::tools
