// SlowProxy: an HTTP proxy on loopback that lets requests through as a Gate says: for servers that are
// far away.
//
//   Waves waves;
//   SlowProxy proxy(environment("AWS_ENDPOINT_URL_S3"), waves);
//   work_with(proxy.url());
//   CHECK(waves.count() <= 4);   // round trips
//
// Waves counts round trips without a clock: no request goes on before all those under way have been
// answered and no other one comes. So the requests that do not depend on each other, and have a
// connection each, go through together, and the number of waves is the length of the longest chain.
//
// Requests and responses pass unchanged. Lifetime: the gate outlives the proxy. Threads: one for each
// connection.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/ascii.hpp"
#include "tests/storage/http/scripted_server.hpp"

namespace pet::test {

class Gate {
 public:
  virtual ~Gate() = default;
  virtual void enter() = 0;  // a request has come; it is passed on when this returns
  virtual void leave() {}    // its response has been sent
};

// Adds the same time to every request.
class Delay : public Gate {
 public:
  explicit Delay(std::chrono::milliseconds time) : time_(time) {}
  void enter() override { std::this_thread::sleep_for(time_); }

 private:
  const std::chrono::milliseconds time_;
};

class Waves : public Gate {
 public:
  void enter() override {
    std::unique_lock lock(mutex_);
    ++requests_;
    ++waiting_;
    last_change_ = Clock::now();
    for (const int wave = count_; count_ == wave;) {
      if (under_way_ == 0 && Clock::now() - last_change_ >= kQuiet) {
        ++count_;
        under_way_ = std::exchange(waiting_, 0);
        largest_ = std::max(largest_, under_way_);
        changed_.notify_all();
      } else {
        changed_.wait_for(lock, kQuiet);
      }
    }
  }

  void leave() override {
    const std::lock_guard lock(mutex_);
    --under_way_;
    last_change_ = Clock::now();
  }

  int count() const { return read(count_); }
  int requests() const { return read(requests_); }
  int largest() const { return read(largest_); }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kQuiet{150};

  int read(const int& number) const {
    const std::lock_guard lock(mutex_);
    return number;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Clock::time_point last_change_;
  int waiting_ = 0;
  int under_way_ = 0;
  int count_ = 0;
  int requests_ = 0;
  int largest_ = 0;
};

class SlowProxy {
 public:
  // `upstream`: "http://127.0.0.1:8000"
  SlowProxy(const std::string& upstream, Gate& gate)
      : port_(std::stoi(upstream.substr(upstream.rfind(':') + 1))),
        gate_(gate),
        server_([this](ScriptedServer::Client& client) { pass(client); }) {}

  std::string url() const { return server_.url(); }
  int connections() const { return server_.connections(); }

 private:
  // A connection to the server behind.
  class Upstream {
   public:
    explicit Upstream(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(static_cast<std::uint16_t>(port));
      if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error("the server behind the proxy does not answer");
      }
    }
    ~Upstream() { ::close(socket_); }
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;

    std::string exchange(const std::string& request) {
      for (std::size_t sent = 0; sent < request.size();) {
        const ssize_t more =
            ::send(socket_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
        if (more <= 0) throw std::runtime_error("the server behind the proxy has gone");
        sent += static_cast<std::size_t>(more);
      }
      std::string response;
      while (response.find("\r\n\r\n") == std::string::npos) receive(response);
      const std::size_t head = response.find("\r\n\r\n") + 4;
      const std::string headers = small_letters(response.substr(0, head));
      const bool is_bodyless = request.starts_with("HEAD ") || headers.find(" 204 ") < 16;
      if (is_bodyless) return response;
      const std::size_t length = headers.find("\r\ncontent-length:");
      if (length != std::string::npos) {
        const std::size_t size = head + std::stoul(headers.substr(length + 17));
        while (response.size() < size) receive(response);
      } else if (headers.find("\r\ntransfer-encoding: chunked") != std::string::npos) {
        while (!response.ends_with("\r\n0\r\n\r\n")) receive(response);
      }
      return response;
    }

   private:
    void receive(std::string& response) {
      char bytes[65536];
      const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
      if (got <= 0) throw std::runtime_error("the server behind the proxy has gone");
      response.append(bytes, static_cast<std::size_t>(got));
    }

    int socket_;
  };

  void pass(ScriptedServer::Client& client) {
    const std::string request = client.request();
    if (request.empty()) return;
    gate_.enter();
    try {
      client.send(exchange(request));
    } catch (const std::runtime_error&) {
      client.close();
    }
    gate_.leave();
  }

  std::string exchange(const std::string& request) {
    std::unique_ptr<Upstream> upstream = take();
    std::string response = upstream->exchange(request);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(upstream));
    return response;
  }

  std::unique_ptr<Upstream> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Upstream> upstream = std::move(idle_.back());
        idle_.pop_back();
        return upstream;
      }
    }
    return std::make_unique<Upstream>(port_);
  }

  const int port_;
  Gate& gate_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Upstream>> idle_;
  ScriptedServer server_;  // ends before what its threads use
};

}  // namespace pet::test
