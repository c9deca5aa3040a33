#include "tools/petserve/connection_posix.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/poll_time.hpp"

namespace pet::tools {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kReadAtOnce = std::size_t{16} << 10;
constexpr std::size_t kKeptUnsent = std::size_t{64} << 10;
constexpr milliseconds kHangUpTime{500};

}  // namespace

Connection::Connection(int descriptor) : descriptor_(descriptor) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Connection::~Connection() { ::close(descriptor_); }

bool Connection::wait_for(short events, Clock::time_point deadline) {
  for (;;) {
    pollfd poll{descriptor_, events, 0};
    const int ready = ::poll(&poll, 1, poll_time(deadline));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (Clock::now() >= deadline) {
      has_timed_out_ = true;
      return false;
    }
  }
}

Connection::Arrival Connection::wait(milliseconds pause) {
  if (next_ < in_.size()) return Arrival::kBytes;
  pollfd poll{descriptor_, POLLIN, 0};
  const int ready = ::poll(&poll, 1, static_cast<int>(pause.count()));
  if (ready == 0 || (ready < 0 && errno == EINTR)) return Arrival::kNone;
  if (ready < 0) return Arrival::kClosed;
  char byte = 0;
  const ssize_t got = ::recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 1 ? Arrival::kBytes : Arrival::kClosed;
}

void Connection::begin_head(Clock::time_point deadline) {
  const std::lock_guard lock(mutex_);
  phase_ = Phase::kHead;
  deadline_ = deadline;
  head_bytes_ = 0;
}

void Connection::begin_body(Clock::time_point deadline) {
  const std::lock_guard lock(mutex_);
  phase_ = Phase::kBody;
  deadline_ = deadline;
}

void Connection::begin_answer(Clock::time_point deadline) {
  const std::lock_guard lock(mutex_);
  phase_ = Phase::kAnswer;
  deadline_ = deadline;
}

bool Connection::fill() {
  if (!send_all(std::exchange(out_, {}))) return false;  // "100 Continue"
  in_.resize(kReadAtOnce);
  next_ = 0;
  for (;;) {
    const ssize_t got = ::recv(descriptor_, in_.data(), in_.size(), MSG_DONTWAIT);
    if (got >= 0) {
      in_.resize(static_cast<std::size_t>(got));
      return got > 0;
    }
    if (errno == EINTR) continue;
    if ((errno != EAGAIN && errno != EWOULDBLOCK) || !wait_for(POLLIN, deadline_)) {
      in_.clear();
      return false;
    }
  }
}

ssize_t Connection::read(char* bytes, std::size_t size) {
  if (next_ == in_.size() && !fill()) return has_timed_out_ ? -1 : 0;
  const std::size_t taken = std::min(size, in_.size() - next_);
  if (phase_ == Phase::kHead && (head_bytes_ += taken) > kMaxHeadBytes) return -1;
  std::memcpy(bytes, in_.data() + next_, taken);
  next_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t Connection::write(const char* bytes, std::size_t size) {
  if (size < kKeptUnsent || was_expired()) {
    out_.append(bytes, size);
    return static_cast<ssize_t>(size);
  }
  return flush() && send_all({bytes, size}) ? static_cast<ssize_t>(size) : -1;
}

bool Connection::send_all(std::string_view bytes) {
  const auto deadline = Clock::now() + kWriteTime;
  while (!bytes.empty()) {
    const ssize_t sent =
        ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_for(POLLOUT, deadline)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool Connection::flush() {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::kExpired) {
      out_.clear();
      return false;
    }
    phase_ = Phase::kSending;
  }
  return send_all(std::exchange(out_, {}));
}

void Connection::expire(Clock::time_point now, std::string_view answer,
                        std::atomic<std::uint64_t>& count) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kAnswer || now < deadline_) return;
  phase_ = Phase::kExpired;
  ++count;
  // An answer of a few hundred bytes fits into an empty buffer, or the client has not read for long.
  [[maybe_unused]] const ssize_t sent =
      ::send(descriptor_, answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(descriptor_, SHUT_WR);
}

bool Connection::was_expired() const {
  const std::lock_guard lock(mutex_);
  return phase_ == Phase::kExpired;
}

void Connection::hang_up() {
  ::shutdown(descriptor_, SHUT_WR);
  const auto deadline = Clock::now() + kHangUpTime;
  char rest[4096];
  while (Clock::now() < deadline && wait_for(POLLIN, deadline)) {
    if (::recv(descriptor_, rest, sizeof rest, MSG_DONTWAIT) <= 0) return;
  }
}

}  // namespace pet::tools
