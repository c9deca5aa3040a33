// Server: requests over HTTP/1.1, with limits, and an end that loses none.
//
//   Server server({.host = "127.0.0.1", .port = 8080}, [&](const HttpRequest& r) { return answer(r); });
//   std::printf("listening on %s\n", server.url().c_str());
//   server.run(stop_signals.descriptor(), [&] { is_ready = false; });
//
// A connection has a thread while it lives; there are so many at most, and who comes then waits. One
// that waits for its next request is ended when others wait for a thread.
//
// The end:  at the first byte in `stop`, on_drain() is called; for `shutdown_delay` all goes on, so that
//           balancers notice; then nobody is let in, requests that have begun are answered, and run()
//           returns when all are, or after `shutdown_limit`. At the second byte the process ends.
// Limits:   413 for a larger body (also one that is compressed), 431 and 400 for a larger head, 408 for
//           one that comes too slowly, 503 with Retry-After beyond `max_requests` at the same time, 504
//           when the answer takes longer than `deadline`: the work itself goes on until it ends.
// Threads:  the handler is called by many at once.
// Throws:   the constructor: kUsage for an address that cannot be listened on.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tools/petserve/http.hpp"

namespace pet::tools {

class Connection;

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 8080;  // 0: any that is free
  std::size_t max_body = std::size_t{16} << 20;
  std::size_t max_requests = 64;
  std::size_t max_connections = 256;
  std::chrono::milliseconds head_time{10'000};
  std::chrono::milliseconds body_time{60'000};
  std::chrono::milliseconds idle_time{60'000};
  std::chrono::milliseconds deadline{30'000};
  std::chrono::milliseconds shutdown_delay{500};
  std::chrono::milliseconds shutdown_limit{30'000};
};

// What was refused here, before any handler knew of it.
struct ServerCounts {
  std::atomic<std::uint64_t> connections{0};  // now
  std::atomic<std::uint64_t> in_flight{0};    // requests with a body that is read or answered, now
  std::atomic<std::uint64_t> too_many{0};
  std::atomic<std::uint64_t> too_large{0};
  std::atomic<std::uint64_t> too_slow{0};
  std::atomic<std::uint64_t> past_deadline{0};
};

class Server {
 public:
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;

  Server(ServerOptions options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url() const;
  const ServerCounts& counts() const noexcept { return counts_; }

  // Until a byte can be read from `stop`. False when requests were cut off at the end.
  bool run(int stop, const std::function<void()>& on_drain);

 private:
  class Http;
  using Clock = std::chrono::steady_clock;
  enum class Asked { kNever, kBefore };

  void bind();
  bool accept_one();
  void admit(int descriptor);
  void serve_connections();
  void serve(Connection& connection);
  bool keeps(Connection& connection, Asked asked) const;
  void expire_late();

  const ServerOptions options_;
  ServerCounts counts_;
  std::unique_ptr<Http> http_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> drains_{false};  // each answer is its connection's last
  std::atomic<bool> closes_{false};  // and who has not asked is not waited for

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<int> waiting_;  // descriptors without a thread
  std::atomic<std::size_t> waiting_count_{0};
  std::size_t idle_threads_ = 0;
  bool ends_ = false;
  std::vector<Connection*> connections_;
  std::vector<std::thread> threads_;
};

}  // namespace pet::tools
