// A trial is one conversation: the helper announces what it begins and sends what came of it; here each
// word is checked, against the order in which they have to come too, and judged. The first fault ends it.
#include "core/live/trial.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>

#include "core/live/trial_answer.hpp"
#include "core/live/trial_channel_posix.hpp"
#include "core/live/trial_frame.hpp"
#include "core/live/trial_process_posix.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

using std::chrono::nanoseconds;
using trial::Frame;
using trial::TrialProcess;

constexpr auto kPhases = std::to_array<std::string_view>(
    {"start", "load", "construct", "import", "export", "warm", "call", "destroy"});
static_assert(kPhases.size() == static_cast<std::size_t>(TrialPhase::kDestroy) + 1);
constexpr char kHelperName[] = "pet-trial";

// "4 GiB", "1.5 MiB".
std::string size_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.4g %s", value, kUnits[unit]);
  return text.data();
}

// "5 s", "1.5 s", "200 ms".
std::string time_text(std::chrono::milliseconds time) {
  std::array<char, 64> text{};
  const auto count = static_cast<double>(time.count());
  const bool whole = count >= 1000;
  std::snprintf(text.data(), text.size(), "%.4g %s", whole ? count / 1000 : count,
                whole ? "s" : "ms");
  return text.data();
}

std::int64_t int64_of(std::uint64_t number) {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(number, std::numeric_limits<std::int64_t>::max()));
}

std::string request_of(const TrialRequest& request, const TrialLimits& limits) {
  const std::string cache = request.cache.string();
  std::string body = cache + request.config;
  ParamList samples;
  for (const XYData& sample : request.samples) {
    ParamObject head;
    trial::describe_tensor(sample, head);
    trial::append_elements(sample, body);
    samples.emplace_back(std::move(head));
  }
  return trial::to_bytes({{"pet_trial", trial::kProtocol},
                          {"cache", static_cast<std::int64_t>(cache.size())},
                          {"config", static_cast<std::int64_t>(request.config.size())},
                          {"memory", int64_of(limits.memory)},
                          {"answer", int64_of(limits.answer)},
                          {"parent", std::int64_t{trial::process_id()}},
                          {"samples", std::move(samples)}},
                         body);
}

// Codes that speak of the cache, and not of the candidate, while it is read.
std::optional<ErrorCode> cache_failure(std::string_view code) {
  for (const ErrorCode known : {ErrorCode::kStorageRefused, ErrorCode::kStorageUnreachable,
                                ErrorCode::kVersionNotFound, ErrorCode::kClassNotFound}) {
    if (code == to_string(known)) return known;
  }
  return std::nullopt;
}

// ---- one trial ----------------------------------------------------------------------------------

class Conversation {
 public:
  using Clock = TrialProcess::Clock;

  Conversation(const Trial& trial, const TrialRequest& request)
      : trial_(trial),
        request_(request),
        reader_({.body = trial.limits().answer}),
        process_(trial.helper(), request_of(request, trial.limits())) {}

  TrialReport run(const std::stop_token& stop);

 private:
  const TrialLimits& limits() const { return trial_.limits(); }
  void listen();
  void take(const Frame& frame);
  void take_hello(const Frame& frame);
  void take_phase(const Frame& frame);
  void take_answer(const Frame& frame);
  void take_failure(const Frame& frame);

  // Before that nothing of the candidate was there: what goes wrong is the helper's fault.
  bool has_begun() const { return report_.phase != TrialPhase::kStart; }
  Clock::time_point deadline() const;
  void time_is_up();
  void it_ended();
  void not_understood(const Error& error);
  void reject(const std::string& reason);
  std::string where() const;
  bool asked_too_much(std::uint64_t bytes) const;
  [[noreturn]] void no_helper(const std::string& why);

  const Trial& trial_;
  const TrialRequest& request_;
  const Clock::time_point start_ = Clock::now();
  trial::FrameReader reader_;
  TrialProcess process_;
  TrialReport report_;
  Clock::time_point phase_start_ = start_;
  std::size_t call_ = 0;        // the one under way, from 1
  std::uint64_t crashing_ = 0;  // what a dying helper had asked for
  bool greeted_ = false;
  bool is_over_ = false;
};

std::string Conversation::where() const {
  std::string text(to_string(report_.phase));
  if (report_.phase != TrialPhase::kCall) return text;
  return text + " " + std::to_string(call_) + " of " + std::to_string(request_.samples.size());
}

void Conversation::reject(const std::string& reason) {
  report_.reason = reason;
  is_over_ = true;
}

// Half of what is missing below the limit may be one allocation that failed.
bool Conversation::asked_too_much(std::uint64_t bytes) const {
  return trial::kMemoryIsLimited && bytes >= limits().memory - limits().memory / 8;
}

void Conversation::no_helper(const std::string& why) {
  const std::string path = trial_.helper().string();
  const std::string said = process_.last_error_line();
  throw Error(ErrorCode::kUsage,
              "'" + path + "' is no helper for trials: " + why +
                  (said.empty() ? "" : "\n  it said: " + said) +
                  "\n  try: install pet-trial beside the program, or name it in PET_TRIAL_HELPER: "
                  "PREFIX/libexec/petfactory/pet-trial, where PetFactory is installed",
              {.class_name = {}, .hash = {}, .key = path});
}

Conversation::Clock::time_point Conversation::deadline() const {
  const Clock::time_point whole = start_ + limits().time;
  if (report_.phase != TrialPhase::kCall) return whole;
  return std::min(whole, phase_start_ + limits().call);
}

TrialReport Conversation::run(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] { process_.wake(); });
  while (!is_over_) {
    try {
      listen();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt && error.code() != ErrorCode::kBadConfig) throw;
      not_understood(error);
    }
  }
  report_.peak_memory = std::max(report_.peak_memory, process_.peak_memory());
  process_.end();
  report_.duration = Clock::now() - start_;
  return std::move(report_);
}

void Conversation::listen() {
  std::string bytes;
  switch (process_.wait(deadline(), bytes)) {
    case TrialProcess::Event::kBytes:
      reader_.append(bytes);
      while (!is_over_ && !reader_.empty()) {
        const std::optional<Frame> frame = reader_.next();
        if (!frame) break;
        take(*frame);
      }
      // One that never stops talking is never waited for.
      if (!is_over_ && Clock::now() >= deadline()) time_is_up();
      break;
    case TrialProcess::Event::kEnded:
      it_ended();
      break;
    case TrialProcess::Event::kTimeout:
      time_is_up();
      break;
    case TrialProcess::Event::kWoken:
      report_.cancelled = true;
      reject("cancelled in " + where());
      break;
  }
}

// ---- what it says -------------------------------------------------------------------------------

void Conversation::take(const Frame& frame) {
  if (!greeted_) return take_hello(frame);
  if (frame.head.contains("phase")) return take_phase(frame);
  if (frame.head.contains("answer")) return take_answer(frame);
  if (frame.head.contains("failed")) return take_failure(frame);
  if (frame.head.contains("crashing")) {
    crashing_ = static_cast<std::uint64_t>(frame.number("crashing"));
    return;
  }
  const bool all_answered = report_.answered == request_.samples.size();
  if (!frame.head.contains("done") || report_.phase != TrialPhase::kDestroy || !all_answered) {
    throw Error(ErrorCode::kCorrupt, "a frame that has no place there");
  }
  report_.passed = true;
  is_over_ = true;
}

void Conversation::take_hello(const Frame& frame) {
  if (!frame.head.contains("pet_trial")) no_helper("it says something else at first");
  const std::int64_t version = frame.number("pet_trial");
  if (version != trial::kProtocol) {
    no_helper("expected protocol " + std::to_string(trial::kProtocol) + ", it speaks " +
              std::to_string(version) + ": it is of another release than this program");
  }
  greeted_ = true;
}

void Conversation::take_phase(const Frame& frame) {
  const auto found = std::find(kPhases.begin(), kPhases.end(), frame.text("phase"));
  const auto phase = static_cast<TrialPhase>(found - kPhases.begin());
  const bool is_call = phase == TrialPhase::kCall;
  const bool next_call = is_call && report_.answered == call_ && call_ < request_.samples.size() &&
                         frame.number("number") == static_cast<std::int64_t>(call_ + 1);
  const bool later = phase > report_.phase || (is_call && report_.phase == TrialPhase::kCall);
  const bool answered = report_.answered == call_;
  if (found == kPhases.end() || !later || !answered || (is_call && !next_call)) {
    throw Error(ErrorCode::kCorrupt, "a step out of order");
  }
  report_.phase = phase;
  phase_start_ = Clock::now();
  if (is_call) ++call_;
}

void Conversation::take_answer(const Frame& frame) {
  if (report_.phase != TrialPhase::kCall || report_.answered + 1 != call_ ||
      frame.number("answer") != static_cast<std::int64_t>(call_)) {
    throw Error(ErrorCode::kCorrupt, "an answer that was not asked for");
  }
  // What it measured is nearer to the truth than this side's clock, and never longer.
  const nanoseconds seen = Clock::now() - phase_start_;
  report_.slowest_call =
      std::max(report_.slowest_call, std::min(seen, nanoseconds(frame.number("nanoseconds"))));
  std::string_view body = frame.body;
  XYData answer;
  if (frame.head.contains("dtype")) answer = trial::take_tensor(frame.head, body);
  if (!body.empty()) throw Error(ErrorCode::kCorrupt, "an answer with more bytes than elements");
  const std::size_t index = call_ - 1;
  const XYData* const expected = request_.expected.empty() ? nullptr : &request_.expected[index];
  const std::string fault =
      trial::fault_of(answer, request_.samples[index], expected, request_.answer_rules);
  ++report_.answered;  // not kept: an answer may be large, and nobody asks for it again
  if (!fault.empty()) reject("answered wrongly in " + where() + ": " + fault);
}

void Conversation::take_failure(const Frame& frame) {
  const std::string why = trial::printable(frame.text("failed"), std::size_t{16} << 10);
  const bool is_fetched =
      report_.phase == TrialPhase::kLoad || report_.phase == TrialPhase::kImport;
  const std::optional<ErrorCode> code = cache_failure(frame.text("code"));
  if (!has_begun()) no_helper(why);
  if (is_fetched && code) {
    throw Error(*code, "a trial could not read its candidate: " + why,
                {.class_name = {}, .hash = {}, .key = request_.cache.string()});
  }
  const ParamValue* const flag = frame.head.find("out_of_memory");
  const bool out_of_memory = flag != nullptr && flag->if_bool() != nullptr && *flag->if_bool();
  if (out_of_memory || asked_too_much(static_cast<std::uint64_t>(frame.number("asked_for")))) {
    return reject("used more than " + size_text(limits().memory) + " of memory in " + where() +
                  ": " + why);
  }
  reject("failed in " + where() + ": " + why);
}

// ---- what it does not say -----------------------------------------------------------------------

void Conversation::time_is_up() {
  if (!has_begun()) no_helper("it began nothing for " + time_text(limits().time));
  const bool is_call = deadline() < start_ + limits().time;
  reject("took longer than " + time_text(is_call ? limits().call : limits().time) +
         (is_call ? " in " : " in all, and was in ") + where());
}

void Conversation::it_ended() {
  const TrialProcess::Ending ending = process_.end();
  const std::string last_line = process_.last_error_line();
  const std::string said = last_line.empty() ? "" : ": " + last_line;
  if (!has_begun()) {
    no_helper(ending.signal != 0
                  ? "it crashed (" + trial::signal_name(ending.signal) + ")"
                  : "it ended at once, with exit status " + std::to_string(ending.exit_status));
  }
  if (ending.was_killed) return reject("closed its connection in " + where() + said);
  if (!ending.is_known) return reject("crashed or ended the process in " + where() + said);
  if (ending.signal == 0) {
    return reject("ended the process (exit status " + std::to_string(ending.exit_status) + ") in " +
                  where() + said);
  }
  if (asked_too_much(crashing_)) {
    return reject("used more than " + size_text(limits().memory) + " of memory in " + where() +
                  ", and crashed (" + trial::signal_name(ending.signal) + ")" + said);
  }
  reject("crashed (" + trial::signal_name(ending.signal) + ") in " + where() + said);
}

void Conversation::not_understood(const Error& error) {
  if (!has_begun()) no_helper(error.what());
  reject("disturbed the helper in " + where() +
         ", which answered what no helper does: " + trial::printable(error.what(), 500));
}

}  // namespace

std::string_view to_string(TrialPhase phase) noexcept {
  return kPhases[static_cast<std::size_t>(phase)];
}

Trial::Trial(std::filesystem::path helper, TrialLimits limits)
    : helper_(std::move(helper)), limits_(limits) {}

TrialReport Trial::run(const TrialRequest& request, std::stop_token stop) const {
  const std::size_t count = request.samples.size();
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::kUsage, "a trial of " + std::to_string(count) + " samples: " + why);
  };
  if (!request.expected.empty() && request.expected.size() != count) {
    refuse(std::to_string(request.expected.size()) +
           " expected answers were given: give one a sample, or none");
  }
  if (count > trial::kMostSamples) {
    refuse("give at most " + std::to_string(trial::kMostSamples));
  }
  const auto is_nothing = [](const XYData& sample) { return !sample; };
  if (std::any_of(request.samples.begin(), request.samples.end(), is_nothing)) {
    refuse("expected data in each, one has nothing");
  }
  return Conversation(*this, request).run(stop);
}

std::filesystem::path Trial::default_helper() {
  const char* const named = std::getenv("PET_TRIAL_HELPER");
  if (named != nullptr && *named != '\0') return named;
  const std::filesystem::path here = trial::program_directory();
  const std::filesystem::path installed =
      (here.parent_path() / "libexec/petfactory" / kHelperName).lexically_normal();
  std::error_code error;
  const bool use_installed = !std::filesystem::exists(here / kHelperName, error) &&
                             std::filesystem::exists(installed, error);
  return use_installed ? installed : here / kHelperName;
}

}  // namespace pet
