// petctl rollback and watch: a class's latest goes back to an older release, and how it moves.
#include <algorithm>
#include <chrono>
#include <thread>

#include "core/artifact/class_name.hpp"
#include "storage/key.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/entry_text.hpp"
#include "tools/petctl/lookup.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

using std::chrono::milliseconds;

// "3" and "#3" are numbers; hashes have six digits at least.
std::optional<std::uint64_t> number_in(const std::string& text) {
  const bool is_marked = text.starts_with('#');
  const std::string digits = text.substr(is_marked ? 1 : 0);
  const bool is_number = !digits.empty() && digits.size() <= (is_marked ? 10 : 5) &&
                         digits.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? std::optional<std::uint64_t>(std::stoull(digits)) : std::nullopt;
}

Rollback wanted_rollback(const PetClassManager& manager, const RollbackOptions& options) {
  require_class_name(options.class_name);
  Rollback rollback{.class_name = options.class_name};
  if (!options.message.empty()) rollback.message = options.message;
  if (options.to.empty()) return rollback;
  rollback.number = number_in(options.to);
  if (rollback.number) return rollback;
  try {
    rollback.hash = wanted_version(manager, options.class_name + "@" + options.to).hash;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInvalidHash) throw;
    throw Error(error.code(),
                pet::quoted(options.to) +
                    " is not a version: expected a hash, its first digits (6 at least), or a "
                    "number of the log\n  try: petctl log " +
                    options.class_name,
                {.class_name = options.class_name, .hash = options.to, .key = {}});
  }
  return rollback;
}

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

void run_rollback(const Settings& given, const RollbackOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  const PushResult result = asking_for(options.class_name, *container, [&] {
    return container->pcm.roll_back(wanted_rollback(container->pcm, options));
  });
  const bool has_moved = result.kind != PushKind::kUnchanged;
  if (settings.json) {
    return print_json(
        ParamObject{{"class", result.class_name},
                    {"hash", result.hash.hex()},
                    {"number", static_cast<std::int64_t>(result.number)},
                    {"previous", result.from ? ParamValue(result.from->hex()) : ParamValue()},
                    {"moved", has_moved}});
  }
  print_line(
      result.class_name + " " + result.hash.hex() + " #" + std::to_string(result.number) + "  " +
      (has_moved ? "latest moved back from " + (result.from ? result.from->short_hex() : "nothing")
                 : "latest already, nothing changed"));
  print_line("in " + container->pcm.storage());
}

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
