#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include "core/pipeline/json_document.hpp"
#include "storage/error.hpp"
#include "tools/petserve/connection_posix.hpp"
#include "tools/petserve/http_posix.hpp"
#include "tools/petserve/server.hpp"

namespace pet::tools {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{50};
constexpr milliseconds kNewAtEnd{200};
constexpr milliseconds kNewOthersWait{1000};
constexpr int kBacklog = 512;

std::string shown_host(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

[[noreturn]] void refuse_address(const ServerOptions& options, const std::string& why,
                                 const std::string& next_step) {
  throw Error(ErrorCode::kUsage, "cannot listen on " + shown_host(options.host) + ":" +
                                     std::to_string(options.port) + ": " + why +
                                     "\n  try: --listen " + next_step);
}

// What an errno of bind() asks for.
std::string next_step_of(int error, const std::string& host, int port) {
  if (error == EADDRNOTAVAIL) {
    return "0.0.0.0:" + std::to_string(port) + " for all of this machine's addresses";
  }
  if (error == EACCES) return host + ":8080: ports below 1024 are not for everybody";
  return host + ":0 for a port that is free";
}

}  // namespace

Server::Server(ServerOptions options, Handler handler)
    : options_(std::move(options)),
      http_(std::make_unique<Http>(options_, counts_, std::move(handler))) {
  bind();
}

Server::~Server() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  if (listener_ >= 0) ::close(listener_);
}

std::string Server::url() const {
  return "http://" + shown_host(options_.host) + ":" + std::to_string(port_);
}

void Server::bind() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(options_.port);
  if (const int error = ::getaddrinfo(options_.host.c_str(), port.c_str(), &hints, &found)) {
    refuse_address(options_, ::gai_strerror(error),
                   "0.0.0.0:" + port + " for all of this machine's addresses");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  int error = 0;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const int fd = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    if (fd >= 0) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd >= 0 && ::bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
        ::listen(fd, kBacklog) == 0) {
      listener_ = fd;
      break;
    }
    error = errno;
    if (fd >= 0) ::close(fd);
  }
  if (listener_ < 0) {
    const std::string host = shown_host(options_.host);
    refuse_address(options_, std::strerror(error), next_step_of(error, host, options_.port));
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &size);
  port_ = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                            : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
}

// ---- connections --------------------------------------------------------------------------------

bool Server::accept_one() {
  const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd >= 0) {
    admit(fd);
    return true;
  }
  // Too many files are open: who comes waits, and so does this loop.
  if (errno == EMFILE || errno == ENFILE) std::this_thread::sleep_for(kTick);
  return errno == EINTR || errno == ECONNABORTED;
}

void Server::admit(int descriptor) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(descriptor);
  waiting_count_ = waiting_.size();
  if (idle_threads_ < waiting_.size() && threads_.size() < options_.max_connections) {
    try {
      threads_.emplace_back([this] { serve_connections(); });
    } catch (const std::system_error&) {  // it waits for one of those that are
    }
  }
  changed_.notify_one();
}

void Server::serve_connections() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_threads_;
    changed_.wait(lock, [&] { return ends_ || !waiting_.empty(); });
    --idle_threads_;
    if (waiting_.empty()) return;
    Connection connection(waiting_.front());
    waiting_.pop_front();
    waiting_count_ = waiting_.size();
    connections_.push_back(&connection);
    counts_.connections = connections_.size();
    lock.unlock();
    serve(connection);
    lock.lock();
    std::erase(connections_, &connection);
    counts_.connections = connections_.size();
    changed_.notify_all();
  }
}

// Whether the connection has another request, which has begun then. Who has had an answer may be left
// for others at once; who has just come is about to ask.
bool Server::keeps(Connection& connection, Asked asked) const {
  const auto begin = Clock::now();
  const auto is_over = [&] {
    const auto idle = Clock::now() - begin;
    const bool is_new = asked == Asked::kNever;
    return (closes_ && (!is_new || idle > kNewAtEnd)) ||
           (waiting_count_ > 0 && (!is_new || idle > kNewOthersWait)) || idle > options_.idle_time;
  };
  for (;;) {
    switch (connection.wait(kTick)) {
      case Connection::Arrival::kBytes:
        return true;
      case Connection::Arrival::kClosed:
        return false;
      case Connection::Arrival::kNone:
        if (is_over()) return false;
    }
  }
}

void Server::serve(Connection& connection) {
  Asked asked = Asked::kNever;
  while (keeps(connection, std::exchange(asked, Asked::kBefore))) {
    connection.begin_head(Clock::now() + options_.head_time);
    if (drains_ || waiting_count_ > 0) connection.close_after();
    const bool goes_on = http_->process(connection);
    if (!connection.flush() || !goes_on || connection.closes()) break;
  }
  connection.hang_up();
}

void Server::expire_late() {
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  for (Connection* connection : connections_) {
    connection->expire(now, http_->late_answer(), counts_.past_deadline);
  }
}

// ---- the life of the server ---------------------------------------------------------------------

bool Server::run(int stop, const std::function<void()>& on_drain) {
  std::optional<Clock::time_point> drained;
  for (;;) {
    pollfd polls[] = {{listener_, POLLIN, 0}, {stop, POLLIN, 0}};
    ::poll(polls, 2, static_cast<int>(kTick.count()));
    // Each but the first byte ends the process: who asks twice is in a hurry.
    if ((polls[1].revents & POLLIN) != 0) {
      if (drained) ::_exit(1);
      char signal[128];
      [[maybe_unused]] const ssize_t ignored = ::read(stop, signal, sizeof signal);
      drained = Clock::now();
      drains_ = true;
      on_drain();
    }
    if ((polls[0].revents & POLLIN) != 0) {
      for (int i = 0; i < kBacklog && accept_one(); ++i) {
      }
    }
    expire_late();
    if (drained && Clock::now() - *drained >= options_.shutdown_delay) break;
  }
  while (accept_one()) {
  }
  ::close(std::exchange(listener_, -1));
  closes_ = true;
  const auto until = *drained + options_.shutdown_delay + options_.shutdown_limit;
  for (;;) {
    expire_late();
    {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, kTick, [&] { return connections_.empty() && waiting_.empty(); }))
        return true;
    }
    pollfd poll{stop, POLLIN, 0};
    if (::poll(&poll, 1, 0) > 0) ::_exit(1);
    if (Clock::now() >= until) return false;
  }
}

}  // namespace pet::tools
