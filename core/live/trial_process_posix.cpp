// That the helper has ended is told by three things: end of file on the socket (a process that the candidate
// forked may hold it open), and what ChildProcess knows.
#include "core/live/trial_process_posix.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "core/live/trial_channel_posix.hpp"
#include "core/live/trial_frame.hpp"
#include "core/poll_time.hpp"
#include "storage/error.hpp"

namespace pet::trial {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kKeptErrors = std::size_t{8} << 10;
constexpr milliseconds kBetweenClosingAndDeath{1000};

[[noreturn]] void fail(int error, std::string_view doing, const std::string& path) {
  throw Error(ErrorCode::kUsage,
              std::string(doing) + " '" + path + "' for a trial: " + std::strerror(error) +
                  "\n  try: install pet-trial beside the program, or name it in PET_TRIAL_HELPER: "
                  "PREFIX/libexec/petfactory/pet-trial, where PetFactory is installed",
              {.class_name = {}, .hash = {}, .key = path});
}

void require(bool done, std::string_view doing, const std::string& helper) {
  if (!done) fail(errno, doing, helper);
}

}  // namespace

TrialProcess::TrialProcess(const std::filesystem::path& helper, std::string request)
    : request_(std::move(request)) {
  start(helper.string());
}

void TrialProcess::start(const std::string& helper) {
  std::array<int, 2> ends{-1, -1};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0,
          "cannot open a socket to", helper);
  channel_ = posix::FileDescriptor(ends[0]);
  const posix::FileDescriptor its_channel(ends[1]);
  require(::pipe2(ends.data(), O_CLOEXEC) == 0, "cannot open a pipe from", helper);
  errors_ = posix::FileDescriptor(ends[0]);
  const posix::FileDescriptor its_errors(ends[1]);
  wake_ = posix::FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  require(static_cast<bool>(wake_), "cannot watch", helper);
  // Only this side's ends: the helper's block.
  ::fcntl(channel_.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(errors_.get(), F_SETFL, O_NONBLOCK);
  const int error = process_.start(
      {.program = helper,
       .descriptors = {{its_errors.get(), STDERR_FILENO}, {its_channel.get(), kTrialChannel}}});
  if (error != 0) fail(error, "cannot run the helper", helper);
}

void TrialProcess::send_more() {
  while (sent_ < request_.size()) {
    const ssize_t count = ::send(channel_.get(), request_.data() + sent_, request_.size() - sent_,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count < 0) break;  // it has closed its side, which poll() tells, too
    sent_ += static_cast<std::size_t>(count);
  }
  request_ = {};
  sent_ = 0;
}

void TrialProcess::keep_errors() {
  std::array<char, 4096> chunk;
  ssize_t count = 0;
  // Bounded: who writes without end must not hold this thread.
  for (int i = 0; i < 16; ++i) {
    count = ::read(errors_.get(), chunk.data(), chunk.size());
    if (count <= 0) break;
    error_text_.append(chunk.data(), static_cast<std::size_t>(count));
    if (error_text_.size() > kKeptErrors) error_text_.erase(0, error_text_.size() - kKeptErrors);
  }
  if (count == 0) errors_ = {};
}

TrialProcess::Event TrialProcess::wait(Clock::time_point deadline, std::string& bytes) {
  bytes.clear();
  while (true) {
    const short out = sent_ < request_.size() ? POLLOUT : 0;
    std::array<pollfd, 4> watched{pollfd{channel_.get(), static_cast<short>(POLLIN | out), 0},
                                  pollfd{wake_.get(), POLLIN, 0}, pollfd{errors_.get(), POLLIN, 0},
                                  pollfd{process_.exit_descriptor(), POLLIN, 0}};
    const bool must_look = process_.exit_descriptor() < 0;
    int left = poll_time(deadline);
    if (must_look) left = std::min<int>(left, ChildProcess::kBetweenLooks.count());
    ::poll(watched.data(), watched.size(), left);
    if (watched[1].revents != 0) return Event::kWoken;
    if (watched[2].revents != 0) keep_errors();
    if ((watched[0].revents & POLLOUT) != 0) send_more();
    // Before its bytes are asked for: a dead one says nothing after them.
    const bool ended = watched[3].revents != 0 || (must_look && process_.has_ended());
    std::array<char, 64 << 10> chunk;
    const ssize_t count = ::recv(channel_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (count > 0) {
      bytes.assign(chunk.data(), static_cast<std::size_t>(count));
      return Event::kBytes;
    }
    const bool closed = count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
    // One that has closed its side is about to die, unless it is none of ours.
    if (closed && !ended) process_.await_end(Clock::now() + kBetweenClosingAndDeath);
    if (ended || closed) return Event::kEnded;
    if (Clock::now() >= deadline) return Event::kTimeout;
  }
}

void TrialProcess::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

TrialProcess::Ending TrialProcess::end() noexcept {
  const Ending ending = process_.end();
  if (errors_) keep_errors();
  return ending;
}

std::uint64_t TrialProcess::peak_memory() const {
  if (process_.id() == 0) return 0;
  std::ifstream status("/proc/" + std::to_string(process_.id()) + "/status");
  for (std::string word; status >> word;) {
    std::uint64_t kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes << 10;
  }
  return 0;
}

std::string TrialProcess::last_error_line() const {
  std::string text = printable(error_text_, kKeptErrors);
  text.erase(text.find_last_not_of(" \n?") + 1);
  const std::size_t end_of_line = text.rfind('\n');
  if (end_of_line != std::string::npos) text.erase(0, end_of_line + 1);
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  return text.substr(0, 300);
}

std::filesystem::path program_directory() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path() : program.parent_path();
}

int process_id() noexcept { return ::getpid(); }

std::string signal_name(int number) {
  const char* const name = ::sigabbrev_np(number);
  return name == nullptr ? "signal " + std::to_string(number) : std::string("SIG") + name;
}

}  // namespace pet::trial
