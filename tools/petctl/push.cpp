// petctl push and status: an author's binaries against a storage.
#include <algorithm>
#include <optional>

#include "core/artifact/binary.hpp"
#include "core/artifact/facts.hpp"
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

// The files of one class: `petctl push` makes one release of them. Nothing of them is run.
struct ReleaseFiles {
  std::string class_name;
  std::vector<Binary> binaries;
};

std::vector<ReleaseFiles> group_by_class(const std::vector<std::string>& files) {
  std::vector<ReleaseFiles> releases;
  for (const std::string& file : files) {
    const Binary binary = Binary::read(file);
    const std::string name = read_facts(binary).clazz.name;
    const auto same = [&](const ReleaseFiles& release) { return release.class_name == name; };
    auto release = std::find_if(releases.begin(), releases.end(), same);
    if (release == releases.end()) release = releases.insert(release, {name, {}});
    release->binaries.push_back(binary);
  }
  return releases;
}

void persist(const Settings& settings, const PetClassManager& manager,
             const std::vector<ReleaseFiles>& releases) {
  ParamList stored;
  for (const ReleaseFiles& release : releases) {
    manager.persist(release.binaries);
    for (const Binary& binary : release.binaries) {
      const std::string platform = read_facts(binary).platform;
      stored.push_back(ParamObject{{"class", release.class_name},
                                   {"hash", binary.hash().hex()},
                                   {"platform", platform},
                                   {"number", ParamValue()}});
      if (settings.json) continue;
      print_line(release.class_name + " " + binary.hash().hex() + " " + platform +
                 " -  stored, latest is unchanged");
    }
  }
  if (settings.json) print_json(stored);
}

// A class that fails does not stop the others: what was pushed is printed and stays pushed. All errors
// but the first are printed here, the first is thrown.
void push(const Settings& settings, const PushOptions& options, const PetClassManager& manager,
          const std::vector<ReleaseFiles>& releases) {
  const PublishOptions publish{
      .message = options.message,
      .on_older = options.move_back ? OnOlder::kMoveBack : OnOlder::kRefuse,
      .check_existing = options.verify ? CheckExisting::kBytes : CheckExisting::kSize};
  ParamList pushed;
  std::optional<Error> first_error;
  for (const ReleaseFiles& release : releases) {
    try {
      const PushResult result = manager.push(release.binaries, publish);
      pushed.push_back(as_json(result));
      if (!settings.json) print_line(as_line(result));
    } catch (const Error& error) {
      if (first_error) print_error(error, false);
      if (!first_error) first_error = error;
    }
  }
  if (settings.json && !first_error) print_json(pushed);
  if (first_error) throw *first_error;
}

}  // namespace

void run_push(const Settings& given, const PushOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  const std::vector<ReleaseFiles> releases = group_by_class(options.files);
  if (options.no_latest) {
    persist(settings, container->pcm, releases);
  } else {
    push(settings, options, container->pcm, releases);
  }
}

void run_status(const Settings& given, const StatusOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  ParamList all;
  for (const std::string& file : options.files) {
    const Binary binary = Binary::read(file);
    const std::string status(to_string(container->pcm.check_status(binary)));
    const std::string name = read_facts(binary).clazz.name;
    all.push_back(ParamObject{
        {"status", status}, {"class", name}, {"hash", binary.hash().hex()}, {"file", file}});
    if (!settings.json) print_line(status + " " + name + " " + binary.hash().hex() + " " + file);
  }
  if (settings.json) print_json(all);
}

}  // namespace pet::tools
