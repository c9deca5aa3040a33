// petctl list and log: what a storage holds, and how each class's latest came to be where it is.
#include "core/artifact/describe.hpp"
#include "core/registry/keys.hpp"
#include "storage/base_storage.hpp"
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

// The classes of a storage; one that is damaged, or that may not be read, hides none of the others.
struct Classes {
  std::vector<StoredClass> found;
  std::vector<Error> damage;  // class_name() is the name of each, which is not in `found`
};

// Whether the error may concern one class alone.
bool is_damage(const Error& error) {
  return error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kStorageRefused;
}

Error of_class(const std::string& name, const Error& error) {
  return {
      error.code(), error.what(), {.class_name = name, .hash = error.hash(), .key = error.key()}};
}

// The class that a list came to when it was refused "/srv/pets/plugins/MyFilter"; empty when it was
// refused something else.
std::string refused_class(const Error& error) {
  const std::string prefix = "/" + std::string(kClassesPrefix);
  const std::size_t at = error.key().rfind(prefix);
  if (at == std::string::npos) return {};
  const std::string key = error.key().substr(at + 1);
  return std::string(class_of(key + "/").value_or(""));
}

// Class by class, past the folders that may not be listed, whose classes are `damage` then.
std::vector<std::string> readable_names(const BaseStorage& storage, std::vector<Error>& damage) {
  std::vector<std::string> names;
  std::string after;
  const auto pass = [&after](std::string_view name) {  // '0' follows '/'
    after = std::string(kClassesPrefix).append(name).append("0");
  };
  while (true) {
    try {
      const std::vector<std::string> keys = storage.list(kClassesPrefix, after, 1);
      if (keys.empty()) return names;
      const std::optional<std::string_view> name = class_of(keys.front());
      if (name && !is_state(keys.front(), *name)) names.emplace_back(*name);
      name ? pass(*name) : void(after = keys.front());
    } catch (const Error& error) {
      const std::string name = is_damage(error) ? refused_class(error) : "";
      if (name.empty() || std::string(kClassesPrefix).append(name) < after) throw;
      damage.push_back(of_class(name, error));
      pass(name);
    }
  }
}

Classes classes_of(const Container& container) {
  const PetClassManager& manager = container.pcm;
  Classes classes;
  try {
    return {manager.classes(), {}};
  } catch (const Error& error) {
    if (!is_damage(error)) throw;
  }
  for (const std::string& name : readable_names(*container.storage(), classes.damage)) {
    try {
      classes.found.push_back({name, manager.latest_meta(name)});
    } catch (const Error& error) {
      if (!is_damage(error)) throw;
      classes.damage.push_back(of_class(name, error));
    }
  }
  return classes;
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
  const Classes classes = classes_of(container);
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

// The entries of a class's log, newest first; one that is damaged hides none of the others.
struct Log {
  std::vector<LogEntry> entries;
  std::vector<Error> damage;
};

Log log_of(const Container& container, const std::string& name) {
  Log log;
  try {
    log.entries = asking_for(name, container, [&] { return container.pcm.history(name); });
    return log;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorrupt) throw;
    log.damage.push_back(error);
  }
  const std::shared_ptr<BaseStorage> storage = container.storage();
  const Registry registry(storage);
  std::vector<std::string> keys = storage->list(log_prefix(name));
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    const std::optional<std::uint64_t> number = log_number(*key, name);
    if (!number) continue;
    try {
      if (auto entry = registry.entry(name, *number)) log.entries.push_back(*std::move(entry));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt) throw;
      if (error.key() != log.damage.front().key()) log.damage.push_back(error);
    }
  }
  return log;
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
  const Log log = log_of(*container, options.class_name);
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
