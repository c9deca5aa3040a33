#include "tools/petserve/model.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "core/loader/bad_input.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"
#include "tools/data/labels.hpp"
#include "tools/data/pipeline_classes.hpp"
#include "tools/petserve/inference_protocol.hpp"

namespace pet::tools {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{50};

std::string name_of(const std::filesystem::path& config) {
  std::string name = config.stem().string();
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  if (!name.empty() && name != "." && name != ".." && std::ranges::all_of(name, fits)) return name;
  throw Error(ErrorCode::kUsage,
              "the model of " + config.string() + " would have the name " + pet::quoted(name) +
                  ", which cannot stand in a URL: expected letters, digits, '_', '-' and '.'"
                  "\n  try: another name for the file, or a link to it");
}

// "predict before fit" is how classes put it that are not fitted.
std::string unfitted_hint(std::string_view problem, const std::filesystem::path& config) {
  if (problem.find("before fit") == std::string_view::npos) return "";
  return "\n  try: petctl run " + config.string() +
         " --x-train FILE --y-train FILE --save FITTED.json, and serve what that writes";
}

LogLevel level_of(const LiveEvent& event) {
  const bool is_bad = event.kind != LiveEventKind::kState || event.state == VersionState::kRejected;
  return is_bad ? LogLevel::kWarning : LogLevel::kInfo;
}

}  // namespace

Model::Model(Container& container, std::filesystem::path config,
             const std::function<LiveOptions(const std::string& name)>& options, const Log& log)
    : container_(container),
      config_(std::move(config)),
      name_(name_of(config_)),
      options_([&] {
        LiveOptions live = options(name_);
        live.name = name_;
        live.observer = [this](const LiveEvent& event) { on_event(event); };
        return live;
      }()),
      log_(log) {}

Model::~Model() { unload(); }

bool Model::load(milliseconds timeout) {
  const std::lock_guard lock(loading_);
  std::shared_ptr<LivePipeline> live = live_.load();
  std::uint64_t polls = 0;
  if (live == nullptr) {
    swaps_before_ = swaps_;
    rejected_before_ = rejected();
    live = std::make_shared<LivePipeline>(container_, config_, options_);
    facts_.store(nullptr);  // versions are counted from 1 again
    live->start();
    live_ = live;
  } else {
    polls = live->status().polls;
    live->poll_soon();
  }
  return wait_until_ready(*live, polls, timeout);
}

// Not until the timeout where a poll of its own has found that nothing is on its way.
bool Model::wait_until_ready(const LivePipeline& live, std::uint64_t polls,
                             milliseconds timeout) const {
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (!live.wait_until_ready(std::min(timeout, kLook))) {
    const LiveStatus status = live.status();
    const bool is_known = status.polls > polls && !status.problem.empty() && !status.candidate;
    if (is_known || std::chrono::steady_clock::now() >= until) return false;
  }
  return true;
}

// No request's thread may destroy a pipeline: this one waits until it is the last.
void Model::unload() {
  const std::lock_guard lock(loading_);
  std::shared_ptr<LivePipeline> live = live_.exchange(nullptr);
  if (live == nullptr) return;
  is_unloading_ = true;
  while (live.use_count() > 1) std::this_thread::sleep_for(milliseconds(1));
  live.reset();
  is_unloading_ = false;
  if (swaps_ == swaps_before_) forgive();
}

// By hash, what was found bad for this model.
std::set<Hash> Model::rejected() const {
  std::set<Hash> hashes;
  if (options_.rejections == nullptr) return hashes;
  try {
    for (const Rejection& rejection : options_.rejections->all()) {
      if (rejection.pipeline == name_) hashes.insert(rejection.hash);
    }
  } catch (const Error& error) {
    log_.write(LogLevel::kWarning, "rejections", {{"model", name_}, {"text", error.what()}});
  }
  return hashes;
}

// Where no version was ever current, nothing says that one is bad: the config or the samples may be. What
// they made fail is tried again at the next start, which may have others.
void Model::forgive() {
  for (const Hash& hash : rejected()) {
    if (rejected_before_.contains(hash)) continue;
    try {
      options_.rejections->forgive(hash);
    } catch (const Error& error) {
      log_.write(LogLevel::kWarning, "rejections", {{"model", name_}, {"text", error.what()}});
      continue;
    }
    log_.write(LogLevel::kInfo, "forgiven",
               {{"model", name_},
                {"hash", hash.hex()},
                {"text", "no version was ever current: config or samples may be what is wrong"}});
  }
}

std::shared_ptr<LivePipeline> Model::live() const {
  if (std::shared_ptr<LivePipeline> live = live_.load()) return live;
  throw HttpRefusal(503,
                    name_ + " is not loaded\n  try: POST /v2/repository/models/" + name_ + "/load");
}

std::shared_ptr<const VersionFacts> Model::facts_of(const LiveVersion& version) const {
  std::shared_ptr<const VersionFacts> known = facts_.load();
  if (known != nullptr && known->number == version.number && known->id == version.resolved.id.hex())
    return known;
  auto facts = std::make_shared<VersionFacts>();
  facts->number = version.number;
  facts->name = std::to_string(version.number);
  facts->id = version.resolved.id.hex();
  facts->fitted = fitted_data_of(*version.pipeline, config_.string());
  facts->predicts_labels = !predicts_clusters(*version.pipeline);
  facts_ = facts;
  return facts;
}

namespace {

void require_version(const VersionFacts& current, std::string_view asked, const std::string& name) {
  if (asked.empty() || asked == current.name || asked == current.id) return;
  throw HttpRefusal(404, name + " has no version " + pet::quoted(asked) +
                             " any more, or not yet: version " + current.name + " (" + current.id +
                             ") is current");
}

void require_columns(const VersionFacts& facts, const XYData& x, const std::string& name) {
  const std::vector<std::string>& columns = facts.fitted.columns;
  const auto expected = static_cast<std::int64_t>(columns.size());
  if (columns.empty() || x.ndim() < 2 || x.columns() == expected) return;
  std::string names;
  for (const std::string& column : columns) {
    if (names.size() > 200) {
      names += ", …";
      break;
    }
    names += (names.empty() ? "" : ", ") + pet::quoted(column);
  }
  throw HttpRefusal(400, name + " expects " + std::to_string(expected) + " columns (" + names +
                             "), got " + x.describe());
}

}  // namespace

std::shared_ptr<const VersionFacts> Model::current(std::string_view asked) const {
  const std::shared_ptr<LivePipeline> live = this->live();
  const auto version = live->read();
  if (!version->pipeline) {
    const std::string problem = status_of(*live).problem;
    throw HttpRefusal(503, name_ + " is not ready: " +
                               (problem.empty() ? "its first version is on its way" : problem));
  }
  auto facts = facts_of(*version);
  require_version(*facts, asked, name_);
  return facts;
}

Prediction Model::predict(const XYData& x, std::string_view asked) const {
  const std::shared_ptr<LivePipeline> live = this->live();
  const auto version = live->read();
  if (!version->pipeline) {
    current(asked);  // says why
    throw HttpRefusal(503, name_ + " has become ready just now");
  }
  Prediction out{.version = facts_of(*version), .y = {}, .texts = {}};
  const VersionFacts& facts = *out.version;
  require_version(facts, asked, name_);
  require_columns(facts, x, name_);
  try {
    out.y = live->predict(*version, x);
    facts.datatype.store(datatype_of(out.y.dtype()).data(), std::memory_order_relaxed);
    if (facts.predicts_labels) out.texts = label_texts(out.y, facts.fitted.labels);
  } catch (const BadInput& error) {
    throw HttpRefusal(400, error.what());
  } catch (const Error& error) {
    throw HttpRefusal(500, error.what() + unfitted_hint(error.what(), config_));
  } catch (const std::exception& error) {
    throw HttpRefusal(500, name_ + ": " + error.what());
  }
  return out;
}

std::optional<LiveStatus> Model::status() const {
  const std::shared_ptr<LivePipeline> live = live_.load();
  if (live == nullptr) return std::nullopt;
  return status_of(*live);
}

LiveStatus Model::status_of(const LivePipeline& live) const {
  LiveStatus status = live.status();
  status.problem += unfitted_hint(status.problem, config_);
  return status;
}

bool Model::is_ready() const {
  const std::shared_ptr<LivePipeline> live = live_.load();
  return live != nullptr && live->is_ready();
}

// ---- counting -----------------------------------------------------------------------------------

void Model::count(int status, std::chrono::nanoseconds duration) noexcept {
  requests_.record(duration, status >= 500 ? CallOutcome::kFailed : CallOutcome::kAnswered);
  if (status < 0 || static_cast<std::size_t>(status) >= by_status_.size()) return;
  by_status_[static_cast<std::size_t>(status)].fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t Model::answered_with(int status) const noexcept {
  return by_status_.at(static_cast<std::size_t>(status)).load(std::memory_order_relaxed);
}

std::vector<std::pair<std::string, std::uint64_t>> Model::rejections_by_cause() const {
  const std::lock_guard lock(events_mutex_);
  return causes_;
}

// What moved is told where a version is found; what comes of it says it again.
LiveEvent Model::with_text(const LiveEvent& event) {
  LiveEvent told = event;
  const std::lock_guard lock(events_mutex_);
  if (event.kind == LiveEventKind::kState && event.state == VersionState::kFound) {
    found_ = {event.version, event.text};
  }
  const bool is_found = event.version != 0 && event.version == found_.first;
  if (told.text.empty() && is_found && event.state == VersionState::kCurrent) {
    told.text = found_.second;
  }
  return told;
}

void Model::log(const LiveEvent& event) const {
  ParamObject fields{{"model", name_}, {"kind", std::string(to_string(event.kind))}};
  if (event.version != 0) fields.append("version", static_cast<std::int64_t>(event.version));
  if (event.kind == LiveEventKind::kState) {
    fields.append("state", std::string(to_string(event.state)));
  }
  if (!event.phase.empty()) fields.append("phase", event.phase);
  if (!event.text.empty()) fields.append("text", event.text);
  log_.write(level_of(event), "version", fields);
}

void Model::tick() {
  history_.tick(std::chrono::system_clock::now(), requests());
  if (!has_told_pinned_) tell_pinned();
}

// Once, since who pushes a new version and sees none come looks here: a fitted config pins all its classes.
void Model::tell_pinned() {
  const std::optional<LiveStatus> status = this->status();
  if (!status || status->current.number == 0) return;
  has_told_pinned_ = true;
  std::string pinned;
  for (const ClassVersion& version : status->current.classes) {
    if (!version.hash || version.is_followed()) continue;
    pinned += (pinned.empty() ? "" : ", ") + version.shown();
  }
  if (pinned.empty()) return;
  log_.write(LogLevel::kInfo, "pinned",
             {{"model", name_},
              {"text", pinned + ": the config alone moves what it pins; --follow CLASS follows "
                                "the latest of one"}});
}

void Model::count_rejection(const std::string& cause) {
  const std::lock_guard lock(events_mutex_);
  const auto same = [&](const auto& row) { return row.first == cause; };
  const auto row = std::ranges::find_if(causes_, same);
  if (row == causes_.end()) {
    causes_.emplace_back(cause, 1);
  } else {
    ++row->second;
  }
}

void Model::on_event(const LiveEvent& event) {
  const LiveEvent told = with_text(event);
  log(told);
  const bool is_state = told.kind == LiveEventKind::kState;
  if (told.kind == LiveEventKind::kRollback) {
    ++rollbacks_;
    history_.add(ModelHistory::MoveKind::kRollback, told, requests());
  } else if (is_state && told.state == VersionState::kCurrent) {
    ++swaps_;
    history_.add(ModelHistory::MoveKind::kSwap, told, requests());
  } else if (is_state && told.state == VersionState::kRejected) {
    count_rejection(told.phase);
    history_.add(ModelHistory::MoveKind::kRejection, told, requests());
  }
}

}  // namespace pet::tools
