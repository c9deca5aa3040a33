// petctl promote: a release of one storage becomes a release of another.
#include "core/registry/promote.hpp"

#include "tools/petctl/commands.hpp"
#include "tools/petctl/lookup.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

std::unique_ptr<Container> open_at(Settings settings, const std::string& url) {
  settings.storage = url;
  return open_session(settings);
}

// The binaries of the target's entry as it is now.
ParamList release_json(const LogEntry& entry) {
  ParamList release;
  for (const auto& [platform, file] : entry.release) {
    release.push_back(ParamObject{{"platform", platform},
                                  {"hash", file.hash.hex()},
                                  {"size", static_cast<std::int64_t>(file.size)}});
  }
  return release;
}

std::string outcome_text(const PushResult& result) {
  if (result.kind == PushKind::kUnchanged) {
    if (result.put_back == 0) return "latest already, nothing changed";
    return "latest already; what was missing of it is back";
  }
  if (!result.from) return "latest, the first version";
  return (result.kind == PushKind::kMovedBack ? "latest moved back from " : "latest, before: ") +
         result.from->short_hex();
}

}  // namespace

void run_promote(const Settings& settings, const PromoteOptions& options) {
  const auto from = open_at(settings, options.from);
  const auto to = open_at(settings, options.to);
  const std::string name = options.target.substr(0, options.target.find('@'));
  Promotion promotion;
  if (!options.message.empty()) promotion.message = options.message;
  promotion.on_older = options.move_back ? OnOlder::kMoveBack : OnOlder::kRefuse;
  const PushResult result = asking_for(name, *from, [&] {
    const WantedVersion wanted = wanted_version(from->pcm, options.target);
    promotion.class_name = wanted.class_name;
    promotion.hash = wanted.hash;
    return from->pcm.promote(to->pcm, promotion);
  });
  if (!settings.json) {
    print_line(name + " " + result.hash.hex() + " #" + std::to_string(result.number) + "  " +
               outcome_text(result));
    print_line("from " + from->pcm.storage() + " to " + to->pcm.storage());
    return;
  }
  const std::optional<LogEntry> entry = to->pcm.latest_meta(name);
  print_json(ParamObject{{"class", name},
                         {"hash", result.hash.hex()},
                         {"number", static_cast<std::int64_t>(result.number)},
                         {"previous", result.from ? ParamValue(result.from->hex()) : ParamValue()},
                         {"moved", result.kind != PushKind::kUnchanged},
                         {"release", entry ? ParamValue(release_json(*entry)) : ParamValue()},
                         {"from", from->pcm.storage()},
                         {"to", to->pcm.storage()}});
}

}  // namespace pet::tools
