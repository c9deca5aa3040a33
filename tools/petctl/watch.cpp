// petctl watch: every move of a class's latest, as it comes.
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/artifact/class_name.hpp"
#include "storage/error.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/entry_text.hpp"
#include "tools/petctl/lookup.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

using std::chrono::milliseconds;

// Follows one class. A storage that fails for a while ends nothing.
class Watch {
 public:
  Watch(const Settings& settings, const Container& container, const WatchOptions& options)
      : settings_(settings), container_(container), options_(options) {}

  void run() {
    const std::optional<LogEntry> newest = asking_for(options_.class_name, container_, [&] {
      return container_.pcm.latest_meta(options_.class_name);
    });
    if (newest) {
      number_ = newest->number;
      print(*newest);
    } else if (!settings_.json) {
      const std::vector<std::string> similar = container_.pcm.similar_names(options_.class_name);
      print_line("no versions of " + options_.class_name + " in " + container_.pcm.storage() +
                 " yet; waiting for the first" + suggestion(options_.class_name, similar));
    }
    flush_output();
    while (moves_ < options_.moves || options_.moves == 0) {
      std::this_thread::sleep_for(
          milliseconds(static_cast<std::int64_t>(options_.interval * 1000)));
      poll();
    }
  }

 private:
  void poll() {
    try {
      while (const std::optional<LogEntry> entry =
                 container_.pcm.log_entry(options_.class_name, number_ + 1)) {
        ++number_;
        ++moves_;
        print(*entry);
        flush_output();
        if (moves_ == options_.moves) return;
      }
      problem_.clear();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kStorageUnreachable) throw;
      if (problem_ == error.what()) return;  // once is enough
      problem_ = error.what();
      print_warning(problem_);
    }
  }

  void print(const LogEntry& entry) const {
    if (settings_.json) return print_json(entry_json(entry));
    print_line("#" + std::to_string(entry.number) + "  " + entry.hash.hex() + "  " + entry.time +
               "  " + one_line(entry.by) + "  " + one_line(entry_message(entry)));
  }

  const Settings& settings_;
  const Container& container_;
  const WatchOptions& options_;
  std::uint64_t number_ = 0;
  std::uint64_t moves_ = 0;
  std::string problem_;
};

}  // namespace

void run_watch(const Settings& given, const WatchOptions& options) {
  Settings settings = given;
  require_class_name(options.class_name);
  if (!(options.interval >= 0.1 && options.interval <= 86'400)) {
    throw Error(ErrorCode::kUsage,
                "--interval: expected seconds from 0.1 to 86400\n  try: petctl watch --help");
  }
  const auto container = open_session(settings);
  container->pcm.require_storage("watching " + options.class_name);
  Watch(settings, *container, options).run();
}

}  // namespace pet::tools
