// petctl rollback: a class's latest goes back to an older release.
#include <optional>
#include <string>

#include "core/artifact/class_name.hpp"
#include "storage/key.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/lookup.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

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

}  // namespace pet::tools
