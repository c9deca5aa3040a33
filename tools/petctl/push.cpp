// petctl push and status: an author's binaries against a storage.
#include <exception>
#include <optional>

#include "core/artifact/facts.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

std::string short_hash(const std::optional<Hash>& hash) { return hash ? hash->short_hex() : "nothing"; }

ParamObject as_json(const PushReport& report) {
  return {{"class", report.class_name},
          {"hash", report.hash.hex()},
          {"platform", report.platform},
          {"number", static_cast<std::int64_t>(report.number)},
          {"previous", report.previous ? ParamValue(report.previous->hex()) : ParamValue()},
          {"moved", report.moved}};
}

std::string as_line(const PushReport& report) {
  std::string line = report.class_name + " " + report.hash.hex() + " " + report.platform + " #" +
                     std::to_string(report.number);
  if (!report.moved) return line + "  latest already, nothing changed";
  if (report.moved_back) return line + "  latest moved back from " + short_hash(report.previous);
  if (report.previous) return line + "  latest, before: " + short_hash(report.previous);
  return line + "  latest, the first version";
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

// The reports of what was pushed are printed even when another file failed: it stays pushed.
void push_all(const Settings& settings, const tools::PushOptions& options, const PetClassManager& manager,
              const std::vector<PetClass>& classes) {
  const auto results =
      manager.push_many(classes, {.message = options.message, .move_back = options.move_back});
  ParamList pushed;
  std::exception_ptr first_error;
  for (const auto& result : results) {
    if (result.report) {
      pushed.push_back(as_json(*result.report));
      if (!settings.json) print_line(as_line(*result.report));
    } else if (!first_error) {
      first_error = result.error;
    } else {
      try {
        std::rethrow_exception(result.error);
      } catch (const Error& error) {
        print_error(error, false);
      }
    }
  }
  if (settings.json && !first_error) print_json(pushed);
  if (first_error) std::rethrow_exception(first_error);
}

}  // namespace

void run_push(const Settings& given, const tools::PushOptions& options) {
  Settings settings = given;
  settings.verify_push = options.verify;
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
