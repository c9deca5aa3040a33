#include "tools/petctl/progress_line_posix.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>

#include "tools/session/byte_size.hpp"
#include "tools/petctl/output.hpp"

namespace pet::tools {
namespace {

constexpr std::chrono::seconds kWorthShowing{1};

struct Line {
  std::mutex mutex;
  bool is_shown = false;

  static Line& process() {
    static Line line;
    return line;
  }
};

std::size_t columns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return known ? size.ws_col : 80;
}

// "plugins/A/3fa9….so: 12.0 MB of 512.0 MB (2 %)"; the end, which changes, is always seen.
std::string text_of(const TransferProgress& now) {
  std::string end = ": " + byte_count(now.done);
  if (now.total && *now.total > 0) {
    end += " of " + byte_count(*now.total) + " (" +
           std::to_string(static_cast<int>(100.0 * static_cast<double>(now.done) /
                                           static_cast<double>(*now.total))) +
           " %)";
  }
  std::string object = one_line(now.key);
  const std::size_t space = columns() - 1;
  const std::size_t room = space > end.size() + 1 ? space - end.size() : 1;
  if (object.size() > room) object = "~" + object.substr(object.size() - (room - 1));
  return object + end;
}

void erase(Line& line) {
  if (line.is_shown) std::fputs("\r\033[K", stderr);
  line.is_shown = false;
}

}  // namespace

TransferWatch progress_line() {
  if (::isatty(STDERR_FILENO) == 0) return {};
  return [](const TransferProgress& now) {
    Line& line = Line::process();
    const std::lock_guard lock(line.mutex);
    if (now.elapsed < kWorthShowing) return;
    erase(line);
    if (!now.has_ended) {
      std::fputs(text_of(now).c_str(), stderr);
      line.is_shown = true;
    }
    std::fflush(stderr);
  };
}

void erase_progress_line() {
  Line& line = Line::process();
  const std::lock_guard lock(line.mutex);
  erase(line);
}

}  // namespace pet::tools
