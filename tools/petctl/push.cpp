// petctl push and status: an author's binaries against a storage.
#include "core/registry/push.hpp"

#include <algorithm>

#include "tools/petctl/commands.hpp"
#include "tools/petctl/files.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

ParamObject as_json(const PushResult& result, const std::string& storage) {
  return {{"class", result.class_name},
          {"hash", result.hash.hex()},
          {"platform", result.platform},
          {"number", static_cast<std::int64_t>(result.number)},
          {"previous", result.from ? ParamValue(result.from->hex()) : ParamValue()},
          {"moved", result.kind != PushKind::kUnchanged},
          {"storage", storage}};
}

std::string as_line(const PushResult& result) {
  std::string line = result.class_name + " " + result.hash.hex() + " " + result.platform + " #" +
                     std::to_string(result.number);
  if (result.kind == PushKind::kUnchanged) return line + "  latest already, nothing changed";
  if (!result.from) return line + "  latest, the first version";
  return line +
         (result.kind == PushKind::kMovedBack ? "  latest moved back from "
                                              : "  latest, before: ") +
         result.from->short_hex();
}

// The files of one class: `petctl push` makes one release of them. Nothing of them is run.
struct ReleaseFiles {
  std::string class_name;
  std::vector<Binary> binaries;
  std::vector<std::string> platforms;  // of each
};

std::vector<ReleaseFiles> group_by_class(const std::vector<std::string>& files) {
  std::vector<ReleaseFiles> releases;
  for (const std::string& file : files) {
    const auto [binary, facts] = read_plugin(file);
    const std::string& name = facts.clazz.name;
    const auto same = [&](const ReleaseFiles& release) { return release.class_name == name; };
    auto release = std::find_if(releases.begin(), releases.end(), same);
    if (release == releases.end()) release = releases.insert(release, {name, {}, {}});
    release->binaries.push_back(binary);
    release->platforms.push_back(facts.platform);
  }
  return releases;
}

// Stores the files of one class: what there is to print for them.
struct Stored {
  ParamList json;
  std::string lines;
};

Stored persist(const PetClassManager& manager, const ReleaseFiles& release) {
  manager.persist(release.binaries);
  Stored stored;
  for (std::size_t i = 0; i < release.binaries.size(); ++i) {
    const std::string hash = release.binaries[i].hash().hex();
    const std::string& platform = release.platforms[i];
    stored.json.push_back(ParamObject{{"class", release.class_name},
                                      {"hash", hash},
                                      {"platform", platform},
                                      {"number", ParamValue()},
                                      {"storage", manager.storage()}});
    stored.lines += (i == 0 ? "" : "\n") + release.class_name + " " + hash + " " + platform +
                    " -  stored, latest is unchanged";
  }
  return stored;
}

Stored push(const PetClassManager& manager, const ReleaseFiles& release,
            const PushOptions& options) {
  const PublishOptions publish{
      .message = options.message,
      .on_older = options.move_back ? OnOlder::kMoveBack : OnOlder::kRefuse,
      .check_existing = options.verify ? CheckExisting::kBytes : CheckExisting::kSize};
  const PushResult result = manager.push(release.binaries, publish);
  return {{as_json(result, manager.storage())}, as_line(result)};
}

}  // namespace

// A class that fails does not stop the others: what was pushed is printed and stays pushed. All
// errors but the first are printed here, the first is thrown.
void run_push(const Settings& given, const PushOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  ParamList pushed;
  std::vector<Error> errors;
  for (const ReleaseFiles& release : group_by_class(options.files)) {
    try {
      const Stored stored = options.no_latest ? persist(container->pcm, release)
                                              : push(container->pcm, release, options);
      pushed.insert(pushed.end(), stored.json.begin(), stored.json.end());
      if (!settings.json) print_line(stored.lines);
    } catch (const Error& error) {
      errors.push_back(error);
    }
  }
  if (!settings.json && !pushed.empty()) print_line("in " + container->pcm.storage());
  if (errors.empty()) {
    if (settings.json) print_json(pushed);
    return;
  }
  ParamList more;
  for (std::size_t i = 1; i < errors.size(); ++i) {
    more.push_back(error_json(errors[i]));
    print_error(errors[i], false);
  }
  throw ReportedError(errors.front(), {{"pushed", pushed}, {"more_errors", more}});
}

bool run_status(const Settings& given, const StatusOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  bool all_synced = true;
  ParamList all;
  for (const std::string& file : options.files) {
    const auto [binary, facts] = read_plugin(file);
    const Status found = container->pcm.check_status(binary);
    const std::string status(to_string(found));
    all_synced = all_synced && found == Status::kSynced;
    const std::string& name = facts.clazz.name;
    all.push_back(ParamObject{
        {"status", status}, {"class", name}, {"hash", binary.hash().hex()}, {"file", file}});
    if (!settings.json)
      print_line(status + " " + name + " " + binary.hash().hex() + " " + one_line(file));
  }
  if (settings.json) print_json(all);
  return all_synced || !options.exit_code;
}

}  // namespace pet::tools
