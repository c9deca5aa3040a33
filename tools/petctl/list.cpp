// petctl list and log: what a storage holds, and how each class's latest came to be where it is.
#include "core/artifact/describe.hpp"
#include "core/registry/readable.hpp"
#include "storage/key.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/entry_text.hpp"
#include "tools/petctl/lookup.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::int64_t as_int(std::uint64_t number) { return static_cast<std::int64_t>(number); }

void list_builtin(const Settings& settings, const Container& container, const std::string& only) {
  ParamList all;
  bool found = false;
  for (const auto& [name, clazz] : container.pif) {
    if (clazz.hash() || (!only.empty() && name != only)) continue;
    found = true;
    if (settings.json) {
      ParamObject document = class_document(class_json(clazz.facts()));
      document.set("class", name);
      if (name != clazz.name()) document.set("alias_of", clazz.name());
      all.push_back(document);
    } else {
      if (name != clazz.name()) print_line(name + " is another name of");
      print_line(describe(clazz.facts()));
    }
  }
  if (!found) {
    throw Error(ErrorCode::kClassNotFound,
                "no built-in class " + pet::quoted(only) +
                    suggestion(only, builtin_names(container)) +
                    "\n  try: petctl list --builtin shows all, petctl list those of the storage",
                {.class_name = only, .hash = {}, .key = {}});
  }
  if (settings.json) print_json(all);
}

ParamObject damaged_json(const std::string& name) {
  return {{"number", ParamValue()}, {"class", name}, {"hash", ParamValue()}, {"damaged", true}};
}

// Throws what was found damaged, after all that is not has been printed; with --json, `key` of the
// document holds what there is.
void report_damage(const std::vector<Error>& damage, const char* key, const ParamList& all) {
  if (damage.empty()) return;
  ParamList more;
  for (std::size_t i = 1; i < damage.size(); ++i) {
    print_error(damage[i], false);
    more.push_back(error_json(damage[i]));
  }
  throw ReportedError(damage.front(), {{key, all}, {"more_errors", more}});
}

void list_classes(const Settings& settings, const Container& container) {
  ParamList all;
  Rows rows{{"CLASS", "LATEST", "NUMBER", "TIME", "MESSAGE"}};
  const ReadableClasses classes = container.pcm.readable_classes();
  for (const auto& [name, entry] : classes.found) {
    if (entry) {
      all.push_back(entry_json(*entry));
      rows.push_back({name, entry->hash.short_hex(), "#" + std::to_string(entry->number),
                      entry->time, entry->message});
    } else {
      all.push_back(ParamObject{{"number", ParamValue()}, {"class", name}, {"hash", ParamValue()}});
      rows.push_back({name, "-", "-", "-", "stored, never pushed"});
    }
  }
  for (const Error& error : classes.damage) {
    all.push_back(damaged_json(error.class_name()));
    rows.push_back({error.class_name(), "damaged", "-", "-", "see the error below"});
  }
  if (!settings.json && rows.size() > 1) print_table(rows);
  report_damage(classes.damage, "classes", all);
  if (settings.json) return print_json(all);
  if (rows.size() > 1) return;
  print_line("no classes in " + container.pcm.storage() +
             "; petctl push FILE stores one, petctl list --builtin shows the built-in ones");
}

void list_versions(const Settings& settings, const Container& container, const std::string& name) {
  const PetClassManager& manager = container.pcm;
  std::vector<Error> damage;
  std::optional<LogEntry> newest;
  try {
    newest = manager.latest_meta(name);
  } catch (const Error& error) {
    if (!is_damage(error)) throw;
    damage.push_back(error);
  }
  const auto versions = manager.versions(name);
  if (versions.empty()) {
    asking_for(name, container, [&] { return manager.history(name); });  // throws: nothing of it
  }
  ParamList all;
  Rows rows{{"HASH", "PLATFORM", "NUMBER", ""}};
  for (const StoredVersion& version : versions) {
    const bool latest = newest && version.number == newest->number;
    const ParamValue number = version.number ? ParamValue(as_int(*version.number)) : ParamValue();
    all.push_back(ParamObject{{"class", name},
                              {"hash", version.hash.hex()},
                              {"platform", version.platform},
                              {"number", number},
                              {"latest", latest}});
    rows.push_back({version.hash.hex(), version.platform,
                    version.number ? "#" + std::to_string(*version.number) : "-",
                    latest ? "latest" : ""});
  }
  if (!settings.json) print_table(rows);
  report_damage(damage, "versions", all);
  if (settings.json) print_json(all);
}

// What a storage holds is asked of the storage or not at all.
void require_online(const Settings& settings, const PetClassManager& manager) {
  if (!settings.offline) return;
  throw Error(ErrorCode::kStorageUnreachable,
              manager.storage() +
                  " is not asked offline\n  try: without --offline, or petctl list --builtin");
}

}  // namespace

void run_list(const Settings& given, const ListOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  if (options.builtin) return list_builtin(settings, *container, options.class_name);
  require_online(settings, container->pcm);
  if (options.class_name.empty()) return list_classes(settings, *container);
  list_versions(settings, *container, options.class_name);
}

void run_log(const Settings& given, const LogOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  require_online(settings, container->pcm);
  const ReadableLog log = asking_for(options.class_name, *container, [&] {
    return container->pcm.readable_history(options.class_name);
  });
  ParamList all;
  Rows rows{{"NUMBER", "HASH", "TIME", "BY", "MESSAGE"}};
  for (const LogEntry& entry : log.entries) {
    all.push_back(entry_json(entry));
    rows.push_back({"#" + std::to_string(entry.number), entry.hash.hex(), entry.time, entry.by,
                    entry_message(entry)});
  }
  if (!settings.json) print_table(rows);
  report_damage(log.damage, "entries", all);
  if (settings.json) print_json(all);
}

}  // namespace pet::tools
