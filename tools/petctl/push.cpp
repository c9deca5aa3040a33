// petctl push and status: an author's binaries against a storage.
#include <optional>

#include "core/registry/push.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

ParamObject as_json(const PushResult& result) {
  return {{"class", result.class_name},
          {"hash", result.hash.hex()},
          {"platform", result.platform},
          {"number", static_cast<std::int64_t>(result.number)},
          {"previous", result.from ? ParamValue(result.from->hex()) : ParamValue()},
          {"moved", result.kind != PushKind::kUnchanged}};
}

std::string as_line(const PushResult& result) {
  std::string line = result.class_name + " " + result.hash.hex() + " " + result.platform + " #" +
                     std::to_string(result.number);
  if (result.kind == PushKind::kUnchanged) return line + "  latest already, nothing changed";
  if (!result.from) return line + "  latest, the first version";
  return line + (result.kind == PushKind::kMovedBack ? "  latest moved back from " : "  latest, before: ") +
         result.from->short_hex();
}

void persist_all(const Settings& settings, const PetClassManager& manager,
                 const std::vector<PetClass>& classes) {
  ParamList stored;
  for (const PetClass& clazz : classes) {
    manager.persist_class(clazz);
    stored.push_back(ParamObject{{"class", clazz.name()},
                                 {"hash", clazz.hash()->hex()},
                                 {"platform", this_platform()},
                                 {"number", ParamValue()}});
    if (!settings.json) {
      print_line(clazz.name() + " " + clazz.hash()->hex() + " " + this_platform() +
                 " -  stored, latest is unchanged");
    }
  }
  if (settings.json) print_json(stored);
}

// What was pushed is printed even when another file failed: it stays pushed. All errors but the first
// are printed here, the first is thrown.
void push_all(const Settings& settings, const PushOptions& options, const PetClassManager& manager,
              const std::vector<PetClass>& classes) {
  const PublishOptions publish{
      .message = options.message,
      .on_older = options.move_back ? OnOlder::kMoveBack : OnOlder::kRefuse,
      .check_existing = options.verify ? CheckExisting::kBytes : CheckExisting::kSize};
  ParamList pushed;
  std::optional<Error> first_error;
  for (const PushOutcome& outcome : manager.push_many(classes, publish)) {
    if (outcome.result) {
      pushed.push_back(as_json(*outcome.result));
      if (!settings.json) print_line(as_line(*outcome.result));
    } else if (!first_error) {
      first_error = outcome.error;
    } else {
      print_error(*outcome.error, false);
    }
  }
  if (settings.json && !first_error) print_json(pushed);
  if (first_error) throw *first_error;
}

}  // namespace

void run_push(const Settings& given, const PushOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  std::vector<PetClass> classes;
  for (const std::string& file : options.files) classes.push_back(container->pcm.open_plugin(file));
  if (options.no_latest) {
    persist_all(settings, container->pcm, classes);
  } else {
    push_all(settings, options, container->pcm, classes);
  }
}

void run_status(const Settings& given, const StatusOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  ParamList all;
  for (const std::string& file : options.files) {
    const PetClass clazz = container->pcm.open_plugin(file);
    const std::string status(to_string(container->pcm.check_status(clazz)));
    all.push_back(ParamObject{{"status", status},
                              {"class", clazz.name()},
                              {"hash", clazz.hash()->hex()},
                              {"file", file}});
    if (!settings.json) print_line(status + " " + clazz.name() + " " + clazz.hash()->hex() + " " + file);
  }
  if (settings.json) print_json(all);
}

}  // namespace pet::tools
