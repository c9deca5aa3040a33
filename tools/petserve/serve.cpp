#include "tools/petserve/serve.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include "storage/key.hpp"
#include "storage/local_storage.hpp"
#include "tools/data/table.hpp"
#include "tools/petserve/process_posix.hpp"
#include "tools/petserve/server.hpp"
#include "tools/petserve/service.hpp"
#include "tools/session/byte_size.hpp"
#include "tools/session/session.hpp"
#include "tools/session/terminal_text.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
constexpr std::size_t kMostRecorded = 8;  // as LiveOptions has it

// For what goes on in the background when all is answered: a storage may leave a request without an answer for
// minutes.
constexpr milliseconds kEndLimit{2000};

using Samples = std::vector<std::shared_ptr<const XYData>>;

milliseconds time_of(double seconds, const char* option) {
  if (!(seconds >= 0) || seconds > 1e9) {
    throw Error(ErrorCode::kUsage, std::string(option) + ": expected seconds, 0 or more");
  }
  return milliseconds(std::llround(seconds * 1000));
}

void require(bool is_right, const char* option, double value, const char* expected) {
  if (is_right) return;
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  throw Error(ErrorCode::kUsage, std::string(option) + " " + text + ": expected " + expected +
                                     "\n  try: petserve --help");
}

// What would be taken, and then mean nothing, or that nothing works.
void require_ranges(const ServeOptions& options) {
  require(options.max_requests >= 1, "--max-requests", 0, "1 or more");
  require(options.max_connections >= 1, "--max-connections", 0, "1 or more");
  require(options.deadline > 0, "--deadline", options.deadline, "seconds, more than 0");
  require(options.trial_time > 0, "--trial-time", options.trial_time, "seconds, more than 0");
  require(options.poll > 0, "--poll", options.poll, "seconds, more than 0");
  require(options.record <= kMostRecorded, "--record", static_cast<double>(options.record),
          "0 to 8");
  require(options.failure_rate > 0 && options.failure_rate <= 1, "--failure-rate",
          options.failure_rate, "a share of the calls, such as 0.01; 1 is all of them");
  require(options.latency_factor == 0 || options.latency_factor > 1, "--latency-factor",
          options.latency_factor, "more than 1, or 0 for never");
  const double tolerance = options.tolerance.value_or(0);
  require(tolerance >= 0, "--tolerance", tolerance, "0 or more");
}

// "HOST:PORT", with an address of IPv6 in brackets.
void read_address(const std::string& listen, ServerOptions& options) {
  const auto colon = listen.rfind(':');
  const std::string port = colon == std::string::npos ? "" : listen.substr(colon + 1);
  int number = -1;
  const char* const end = port.data() + port.size();
  const bool is_number = std::from_chars(port.data(), end, number).ptr == end && !port.empty();
  std::string host = colon == std::string::npos ? "" : listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!is_number || number < 0 || number > 65535 || host.empty()) {
    throw Error(ErrorCode::kUsage, "--listen " + listen +
                                       ": expected HOST:PORT, such as "
                                       "127.0.0.1:8080, or 0.0.0.0:8080 for all of this machine's "
                                       "addresses");
  }
  options.host = host;
  options.port = number;
}

ServerOptions server_options(const ServeOptions& options) {
  ServerOptions out;
  read_address(options.listen, out);
  const std::optional<std::uint64_t> max_body = parse_byte_size(options.max_body);
  if (!max_body || *max_body == 0) {
    throw Error(ErrorCode::kUsage, "--max-body " + options.max_body +
                                       ": expected a size, such as "
                                       "'16 MiB'");
  }
  out.max_body = *max_body;
  out.max_requests = options.max_requests;
  out.max_connections = std::max<std::size_t>(options.max_connections, 1);
  out.deadline = time_of(options.deadline, "--deadline");
  out.shutdown_delay = time_of(options.shutdown_delay, "--shutdown-delay");
  out.shutdown_limit = time_of(options.shutdown_limit, "--shutdown-limit");
  return out;
}

Log log_of(const ServeOptions& options) {
  const std::optional<LogLevel> level = log_level_of(options.log_level);
  if (!level) {
    throw Error(ErrorCode::kUsage,
                "--log-level " + options.log_level + ": expected debug, info, warning or error");
  }
  const std::string format =
      options.log_format.empty() ? (is_terminal_stderr() ? "text" : "json") : options.log_format;
  if (format != "text" && format != "json") {
    throw Error(ErrorCode::kUsage, "--log-format " + format + ": expected json or text");
  }
  return Log(format == "json" ? LogFormat::kJson : LogFormat::kText, *level);
}

// The inputs alone, in rows and columns.
std::shared_ptr<const XYData> read_sample(const std::string& file) {
  XYData x = read_table(file).x;
  if (x.ndim() == 2) return std::make_shared<const XYData>(std::move(x));
  throw Error(ErrorCode::kUsage, file + ": expected rows and columns, got " + x.describe() +
                                     "\n  try: the file of inputs (x), without targets");
}

// By the model's name; under "" those for all. Of "NAME=FILE" the first part is a model's name, unless the
// whole is a file.
std::map<std::string, Samples> read_samples(const ServeOptions& options) {
  std::vector<std::string> models;
  for (const std::string& config : options.pipelines) models.push_back(fs::path(config).stem());
  std::map<std::string, Samples> samples;
  for (const std::string& given : options.samples) {
    const auto equals = given.find('=');
    const std::string name = equals == std::string::npos ? "" : given.substr(0, equals);
    const bool is_model = std::ranges::count(models, name) > 0;
    if (!is_model && !name.empty() && !fs::exists(given)) {
      throw Error(ErrorCode::kUsage, "--samples " + given + ": no model " + pet::quoted(name) +
                                         " is served" + suggestion(name, models) +
                                         "\n  try: a model's name is its file's, without .json");
    }
    const std::string file = is_model ? given.substr(equals + 1) : given;
    samples[is_model ? name : ""].push_back(read_sample(file));
  }
  return samples;
}

void tell_of_samples(const Log& log) {
  log.write(
      LogLevel::kInfo, "samples",
      {{"text",
        "none: a new version is tried without input, so that one which fails on it is found by "
        "its calls alone; try: --samples FILE, or --record 8"}});
}

// Durable, and the same for all services of this user: what is bad for one is bad for another.
std::shared_ptr<Rejections> open_rejections(const ServeOptions& options, const Log& log) {
  if (options.rejections == "none") return std::make_shared<Rejections>();
  fs::path place = options.rejections;
  if (place.empty()) {
    place = usual_rejections();
    if (place.empty()) {
      log.write(LogLevel::kWarning, "rejections",
                {{"text",
                  "without HOME, versions that are found bad are remembered until the end of "
                  "this process only; try: --rejections DIR"}});
      return std::make_shared<Rejections>();
    }
  }
  try {
    const auto storage = std::make_shared<LocalStorage>(place.string());
    storage->ensure_exists();
    return std::make_shared<Rejections>(storage);
  } catch (const Error& error) {
    throw Error(error.code(),
                "rejected versions cannot be remembered: " + std::string(error.what()) +
                    "\n  try: --rejections DIR, another directory, or 'none'");
  }
}

LiveOptions live_options(const ServeOptions& options) {
  LiveOptions live;
  live.follow = options.follow;
  live.record = options.record;
  live.answer_rules.tolerance = options.tolerance;
  live.poll = std::max(time_of(options.poll, "--poll"), milliseconds(10));
  live.budget.failure_rate = options.failure_rate;
  live.budget.latency_factor = options.latency_factor;
  live.budget.min_calls = options.min_calls;
  live.budget.probation =
      std::chrono::ceil<std::chrono::seconds>(time_of(options.probation, "--probation"));
  TrialLimits limits;
  limits.time = time_of(options.trial_time, "--trial-time");
  limits.call = std::min(limits.call, limits.time);
  live.trial = std::make_shared<const Trial>(Trial::default_helper(), limits);
  return live;
}

Observer observer_of(const Log& log) {
  return [&log](const Event& event) {
    const bool is_bad = is_warning(event.kind) || event.kind == EventKind::kStaysResident;
    const LogLevel level = is_bad ? LogLevel::kWarning : LogLevel::kDebug;
    if (!log.wants(level)) return;
    log.write(level, std::string(to_string(event.kind)),
              {{"class", event.class_name}, {"hash", event.hash}, {"text", to_string(event)}});
  };
}

// Until `stop`, and until all is answered that had begun.
void answer_until(int stop, Server& server, Service& service, const Log& log) {
  const bool all_answered = server.run(stop, [&] {
    log.write(LogLevel::kInfo, "ending",
              {{"in_flight", static_cast<std::int64_t>(server.counts().in_flight.load())}});
    service.drain();
  });
  if (!all_answered) {
    log.write(LogLevel::kError, "ended",
              {{"text", "requests were cut off after --shutdown-limit"},
               {"in_flight", static_cast<std::int64_t>(server.counts().in_flight.load())}});
    std::_Exit(1);  // their threads are in plugins' code, and cannot be waited for
  }
}

// `storage`: what may keep it.
void end_in_time(int stop, Service& service, const std::string& storage, const Log& log) {
  const EndLimit limit(stop, kEndLimit, [&](EndLimit::Late late) {
    const std::string why = late == EndLimit::Late::kSignal ? "a second signal" : "2 s are over";
    const std::string models = service.unloading();
    log.write(
        LogLevel::kWarning, "ended",
        {{"text", why + ": without waiting for " + (models.empty() ? "what goes on" : models) +
                      ": a request to " + storage + ", or a call of a plugin, does not end"}});
  });
  service.end();
}

}  // namespace

int serve(const ServeOptions& options, int stop) {
  const Log log = log_of(options);
  require_ranges(options);
  const ServerOptions address = server_options(options);
  const LiveOptions live = live_options(options);
  std::map<std::string, Samples> samples = read_samples(options);
  if (samples.empty() && options.record == 0) tell_of_samples(log);
  Settings settings = options.settings;
  const auto container = open_session(settings, SessionUse::kRun, observer_of(log));
  const auto rejections = open_rejections(options, log);
  Service service(*container, options.pipelines,
                  {.live =
                       [&](const std::string& name) {
                         LiveOptions of_model = live;
                         of_model.rejections = rejections;
                         of_model.samples = samples[""];
                         const Samples& own = samples[name];
                         of_model.samples.insert(of_model.samples.end(), own.begin(), own.end());
                         return of_model;
                       },
                   .version = PET_VERSION_TEXT,
                   .storage = container->pcm.storage()},
                  log);
  Server server(address, [&](const HttpRequest& request) { return service.answer(request); });
  service.set_server(server.counts());
  service.start();
  std::printf("listening on %s\n", server.url().c_str());
  std::fflush(stdout);
  log.write(LogLevel::kInfo, "listening",
            {{"url", server.url()}, {"storage", container->pcm.storage()}});
  answer_until(stop, server, service, log);
  end_in_time(stop, service, container->pcm.storage(), log);
  log.write(LogLevel::kInfo, "ended", {});
  return 0;
}

}  // namespace pet::tools
