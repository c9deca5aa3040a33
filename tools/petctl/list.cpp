// petctl list and log: what a storage holds, and how each class's latest came to be where it is.
#include "core/artifact/describe.hpp"
#include "core/pipeline/json_document.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::int64_t as_int(std::uint64_t number) { return static_cast<std::int64_t>(number); }

ParamObject as_json(const LogEntry& entry) {
  ParamObject release;
  for (const auto& [platform, file] : entry.release) {
    release.set(platform, ParamObject{{"hash", file.hash.hex()}, {"size", as_int(file.size)}});
  }
  return {{"number", as_int(entry.number)}, {"class", entry.class_name},
          {"hash", entry.hash.hex()},       {"release", release},
          {"time", entry.time},             {"by", entry.by},
          {"message", entry.message}};
}

void list_builtin(const Settings& settings, const Container& container, const std::string& only) {
  ParamList all;
  for (const auto& [name, clazz] : container.pif) {
    if (clazz.hash() || (!only.empty() && name != only)) continue;
    if (settings.json) {
      all.push_back(parse_json(class_json(clazz.facts())));
    } else {
      if (name != clazz.name()) print_line(name + " is another name of");
      print_line(describe(clazz.facts()));
    }
  }
  if (settings.json) print_json(all);
}

void list_classes(const Settings& settings, const PetClassManager& manager) {
  ParamList all;
  Rows rows{{"CLASS", "LATEST", "NUMBER", "TIME", "MESSAGE"}};
  for (const auto& [name, entry] : manager.classes()) {
    if (entry) {
      all.push_back(as_json(*entry));
      rows.push_back({name, entry->hash.short_hex(), "#" + std::to_string(entry->number), entry->time,
                      entry->message});
    } else {
      all.push_back(ParamObject{{"number", ParamValue()}, {"class", name}, {"hash", ParamValue()}});
      rows.push_back({name, "-", "-", "-", "stored, never pushed"});
    }
  }
  if (settings.json) return print_json(all);
  if (rows.size() > 1) return print_table(rows);
  print_line("no classes in " + manager.storage() +
             "; petctl push FILE stores one, petctl list --builtin shows the built-in ones");
}

void list_versions(const Settings& settings, const PetClassManager& manager, const std::string& name) {
  const auto newest = manager.latest_meta(name);
  const auto versions = manager.versions(name);
  if (versions.empty()) manager.history(name);  // throws: nothing of that name
  ParamList all;
  Rows rows{{"HASH", "PLATFORM", "NUMBER", ""}};
  for (const StoredVersion& version : versions) {
    const bool latest = newest && version.number == newest->number;
    all.push_back(ParamObject{{"hash", version.hash.hex()},
                              {"platform", version.platform},
                              {"number", version.number ? ParamValue(as_int(*version.number)) : ParamValue()},
                              {"latest", latest}});
    rows.push_back({version.hash.hex(), version.platform,
                    version.number ? "#" + std::to_string(*version.number) : "-",
                    latest ? "latest" : ""});
  }
  if (settings.json) return print_json(all);
  print_table(rows);
}

// What a storage holds is asked of the storage or not at all.
void require_online(const Settings& settings, const PetClassManager& manager) {
  if (!settings.offline) return;
  throw Error(ErrorCode::kStorageUnreachable,
              manager.storage() + " is not asked offline\n  try: without --offline, or petctl list --builtin");
}

}  // namespace

void run_list(const Settings& given, const ListOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  if (options.builtin) return list_builtin(settings, *container, options.class_name);
  require_online(settings, container->pcm);
  if (options.class_name.empty()) return list_classes(settings, container->pcm);
  list_versions(settings, container->pcm, options.class_name);
}

void run_log(const Settings& given, const LogOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  require_online(settings, container->pcm);
  ParamList all;
  Rows rows{{"NUMBER", "HASH", "TIME", "BY", "MESSAGE"}};
  for (const LogEntry& entry : container->pcm.history(options.class_name)) {
    all.push_back(as_json(entry));
    rows.push_back({"#" + std::to_string(entry.number), entry.hash.hex(), entry.time, entry.by,
                    entry.message});
  }
  if (settings.json) return print_json(all);
  print_table(rows);
}

}  // namespace pet::tools
