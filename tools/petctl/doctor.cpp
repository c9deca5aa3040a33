// petctl doctor: whether this machine and the storage can be worked with, and what to fix.
#include <algorithm>
#include <array>

#include "core/cache/cache_check.hpp"
#include "core/registry/keys.hpp"
#include "core/registry/open_plugin_storage.hpp"
#include "storage/open_storage.hpp"
#include "storage/random_hex.hpp"
#include "storage/storage_check.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/machine_check.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/toolchain_check.hpp"

namespace pet::tools {
namespace {

constexpr std::size_t kNameWidth = 20;

struct StatusRow {
  CheckStatus status;
  Mark mark;
  const char* word;  // for people
};
// In the order in which they are counted.
constexpr std::array kStatuses{
    StatusRow{CheckStatus::kOk, Mark::kGood, "ok"},
    StatusRow{CheckStatus::kWarning, Mark::kDoubtful, "warning"},
    StatusRow{CheckStatus::kFailed, Mark::kBad, "FAILED"},
    StatusRow{CheckStatus::kSkipped, Mark::kNone, "skipped"},
};

// What is checked together: the machine, a storage, the tools of authors.
struct Topic {
  std::string about;    // "machine", "storage", "toolchain"
  std::string subject;  // the storage's URL
};

struct Finding {
  Topic topic;
  Check check;
};

void print_check(const Check& check) {
  const auto* row = std::ranges::find(kStatuses, check.status, &StatusRow::status);
  std::string name = check.name;
  std::ranges::replace(name, '_', ' ');
  name.resize(std::max(kNameWidth, name.size()), ' ');
  print_marked(row->mark, row->word, name + one_line(check.found));
  if (check.next_step.empty()) return;
  const std::string indent(11, ' ');
  std::string text = indent + "try: ";
  for (std::size_t at = 0; at < check.next_step.size();) {
    const std::size_t end = std::min(check.next_step.find('\n', at), check.next_step.size());
    const std::string line = check.next_step.substr(at, end - at);
    text += (at == 0 ? "" : "\n" + indent + "     ") +
            one_line(line.substr(std::min(line.find_first_not_of(' '), line.size())));
    at = end + 1;
  }
  print_line(text);
}

// What was found, and what is shown of it on the way.
class Visit {
 public:
  explicit Visit(bool json) : json_(json) {}

  void begin(std::string about, std::string subject, const std::string& title) {
    topic_ = {std::move(about), std::move(subject)};
    if (!json_) print_line(title);
  }
  void add(const Check& check) {
    findings_.push_back({topic_, check});
    if (!json_) print_check(check);
  }
  bool run(const char* name, const std::string& obstacle, const std::function<Check()>& examine) {
    return Checklist(report()).run(name, obstacle, examine);
  }
  CheckReport report() {
    return [this](const Check& check) { add(check); };
  }

  std::size_t count(CheckStatus status) const {
    return static_cast<std::size_t>(std::ranges::count(
        findings_, status, [](const Finding& finding) { return finding.check.status; }));
  }
  std::string summary() const;
  ParamObject document() const;
  // Throws unless nothing failed.
  void conclude() const;

 private:
  // The first failure of a storage with one of these codes.
  const Finding* failure(std::initializer_list<ErrorCode> codes) const;

  bool json_;
  Topic topic_;
  std::vector<Finding> findings_;
};

std::string Visit::summary() const {
  const char* const warnings = count(CheckStatus::kWarning) == 1 ? "warning" : "warnings";
  const std::array names{"ok", warnings, "failed", "skipped"};
  std::string text;
  for (std::size_t i = 0; i < kStatuses.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(count(kStatuses[i].status)) + " " + names[i];
  }
  return text;
}

ParamObject Visit::document() const {
  ParamList checks;
  for (const auto& [topic, check] : findings_) {
    const auto text = [](std::string value) {
      return value.empty() ? ParamValue() : ParamValue(std::move(value));
    };
    checks.push_back(
        ParamObject{{"about", topic.about},
                    {"subject", text(topic.subject)},
                    {"name", check.name},
                    {"status", to_string(check.status)},
                    {"found", check.found},
                    {"try", text(check.next_step)},
                    {"code", check.code ? ParamValue(to_string(*check.code)) : ParamValue()}});
  }
  const auto number = [&](CheckStatus status) { return static_cast<std::int64_t>(count(status)); };
  return {{"checks", std::move(checks)},
          {"ok", number(CheckStatus::kOk)},
          {"warnings", number(CheckStatus::kWarning)},
          {"failed", number(CheckStatus::kFailed)},
          {"skipped", number(CheckStatus::kSkipped)}};
}

const Finding* Visit::failure(std::initializer_list<ErrorCode> codes) const {
  const auto found = std::ranges::find_if(findings_, [&](const Finding& finding) {
    return finding.check.status == CheckStatus::kFailed && finding.topic.about == "storage" &&
           std::ranges::any_of(codes, [&](ErrorCode code) { return finding.check.code == code; });
  });
  return found == findings_.end() ? nullptr : &*found;
}

void Visit::conclude() const {
  if (!json_) print_line(summary());
  const std::size_t failed = count(CheckStatus::kFailed);
  if (failed == 0) {
    if (json_) print_json(document());
    return;
  }
  ExitStatus status = ExitStatus::kUnreachable;
  const Finding* worst = failure({ErrorCode::kStorageUnreachable});
  if (worst == nullptr) {
    status = ExitStatus::kRefused;
    worst = failure({ErrorCode::kStorageRefused, ErrorCode::kCorrupt});
  }
  if (worst == nullptr) {
    status = ExitStatus::kFailed;
    worst = &*std::ranges::find(findings_, CheckStatus::kFailed,
                                [](const Finding& finding) { return finding.check.status; });
  }
  const auto& [topic, check] = *worst;
  const std::string subject = topic.subject.empty() ? topic.about : topic.subject;
  throw ReportedError(Error(check.code.value_or(ErrorCode::kStorageRefused),
                            std::to_string(failed) + (failed == 1 ? " check" : " checks") + " of " +
                                std::to_string(findings_.size()) + " failed: " + check.name +
                                " of " + subject + (failed == 1 ? "" : ", and others")),
                      document(), static_cast<int>(status));
}

// --- what is examined ---

// The storages of a URL, as they stand there: those of a chain, or the one.
std::vector<std::string> members_of(const std::string& url) {
  const std::vector<std::string_view> members = chain_members(url);
  if (members.empty()) return {url};
  return {members.begin(), members.end()};
}

void examine_storage(Visit& visit, const std::string& url, const std::string& role,
                     std::string not_written) {
  std::unique_ptr<BaseStorage> storage;
  try {
    storage = open_plugin_storage(url);
  } catch (const Error& error) {
    visit.begin("storage", "", "storage" + role);
    visit.run("open", "", [&]() -> Check { throw error; });
    return;
  }
  visit.begin("storage", storage->describe(), "storage " + one_line(storage->describe()) + role);
  check_storage(*storage, {.probe = probe_key("doctor-" + random_hex(32)),
                           .prefix = std::string(kClassesPrefix),
                           .not_written = std::move(not_written),
                           .report = visit.report()});
}

void examine_storages(Visit& visit, const Settings& settings, bool read_only) {
  if (settings.offline) {
    visit.begin("storage", "", "storage");
    visit.run("reachable", "not asked offline", {});
    return;
  }
  const std::vector<std::string> urls = members_of(settings.storage);
  if (urls.size() == 1 && urls.front() != settings.storage) {  // a chain of one, which is none
    return examine_storage(visit, settings.storage, "", "");
  }
  for (std::size_t i = 0; i < urls.size(); ++i) {
    const bool is_last = i + 1 == urls.size();
    std::string role;
    if (urls.size() > 1) {
      role = " (" + std::to_string(i + 1) + " of " + std::to_string(urls.size()) +
             (is_last ? ", which says what is latest)" : " of the chain)");
    }
    const std::string not_written = !is_last    ? "a chain writes only to its last storage"
                                    : read_only ? "--read-only was given"
                                                : "";
    examine_storage(visit, urls[i], role, not_written);
  }
}

}  // namespace

void run_doctor(const Settings& given, const DoctorOptions& options) {
  Settings settings = given;
  Visit visit(settings.json);
  visit.begin("machine", "", "this machine");
  const bool known = visit.run("settings", "", [&] { return check_settings(settings); });
  visit.run("home", "", check_home);
  visit.run("platform", "", check_platform);
  if (known) {
    check_cache(settings.cache, settings.cache_max_bytes, visit.report());
    const bool over_http = !settings.offline && is_over_http(settings.storage);
    visit.run("http", over_http ? "" : "libcurl is not needed for this storage", check_http);
    examine_storages(visit, settings, options.read_only);
  } else {
    visit.begin("storage", "", "storage");
    visit.run("reachable", "which storage and cache are meant is not known", {});
  }
  visit.begin("toolchain", "", "what an author needs to build classes");
  check_toolchain(PET_VERSION_TEXT, visit.report());
  visit.conclude();
}

}  // namespace pet::tools
