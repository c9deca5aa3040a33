#include "tools/petserve/status_json.hpp"

#include <algorithm>

#include "core/artifact/note_reader.hpp"
#include "core/loader/loader.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/key.hpp"
#include "tools/petserve/process_posix.hpp"
#include "tools/petserve/server.hpp"
#include "tools/petserve/service.hpp"

namespace pet::tools {
namespace {

using SystemTime = std::chrono::system_clock::time_point;

constexpr std::size_t kRejections = 20;

std::int64_t milliseconds(SystemTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

ParamValue number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::string text_of(const std::string& text) { return is_utf8(text) ? text : pet::quoted(text); }

ParamObject latency_json(const ModelHistory::Latency& latency) {
  const auto microseconds = [](std::chrono::nanoseconds time) {
    return static_cast<double>(time.count()) / 1000;
  };
  return {{"calls", number(latency.calls)},
          {"p50_us", microseconds(latency.p50)},
          {"p99_us", microseconds(latency.p99)}};
}

ParamValue version_json(const LiveStatus::Version& version) {
  if (version.number == 0) return {};
  ParamList classes;
  for (const ClassVersion& clazz : version.classes) {
    classes.push_back(
        ParamObject{{"name", text_of(clazz.name)},
                    {"hash", clazz.hash ? ParamValue(clazz.hash->hex()) : ParamValue()},
                    {"builtin", text_of(clazz.builtin)},
                    {"number", number(clazz.number)},
                    {"time", text_of(clazz.time)}});
  }
  return ParamObject{
      {"number", number(version.number)},           {"id", version.id},
      {"since_ms", milliseconds(version.since)},    {"calls", number(version.calls.calls)},
      {"failures", number(version.calls.failures)}, {"classes", std::move(classes)}};
}

ParamValue candidate_json(const std::optional<LiveStatus::Candidate>& candidate) {
  if (!candidate) return {};
  return ParamObject{{"version", number(candidate->number)},
                     {"state", std::string(to_string(candidate->state))},
                     {"text", text_of(candidate->text)}};
}

ParamList draining_json(const std::vector<Draining::Waiting>& draining) {
  ParamList list;
  for (const Draining::Waiting& waiting : draining) {
    list.push_back(ParamObject{{"version", number(waiting.version)},
                               {"calls", number(waiting.calls)},
                               {"since_ms", milliseconds(waiting.since)}});
  }
  return list;
}

ParamList moves_json(const ModelHistory& history) {
  ParamList list;
  for (const ModelHistory::Move& move : history.moves()) {
    list.push_back(ParamObject{{"time_ms", milliseconds(move.time)},
                               {"kind", std::string(to_string(move.kind))},
                               {"version", number(move.version)},
                               {"text", text_of(move.text)},
                               {"before", latency_json(move.before)},
                               {"after", latency_json(move.after)}});
  }
  return list;
}

// Those that were found with this model, or are of a class that it has.
ParamList rejections_json(const LiveStatus& status) {
  const auto concerns = [&](const Rejection& rejection) {
    return rejection.pipeline == status.name ||
           std::ranges::any_of(status.current.classes, [&](const ClassVersion& clazz) {
             return clazz.name == rejection.class_name;
           });
  };
  ParamList list;
  for (const Rejection& rejection : status.rejections) {
    if (list.size() == kRejections) break;
    if (!concerns(rejection)) continue;
    list.push_back(ParamObject{{"class", text_of(rejection.class_name)},
                               {"hash", rejection.hash.hex()},
                               {"reason", text_of(rejection.reason)},
                               {"time", text_of(rejection.time)},
                               {"pipeline", text_of(rejection.pipeline)}});
  }
  return list;
}

ParamObject requests_json(const Model& model) {
  const CallCounts counts = model.requests();
  ParamList seconds;
  for (const ModelHistory::Second& second : model.history().seconds()) {
    ParamObject row = latency_json(second.latency);
    row.set("failed", number(second.failures));
    seconds.push_back(std::move(row));
  }
  return {{"total", number(counts.calls)},
          {"failed", number(counts.failures)},
          {"recent", latency_json(model.history().recent())},
          {"seconds", std::move(seconds)}};
}

ParamObject model_json(const Model& model) {
  const std::optional<LiveStatus> status = model.status();
  const bool is_ready = status && status->current.number != 0;
  return {{"name", model.name()},
          {"config", text_of(model.config().string())},
          {"ready", is_ready},
          {"state", is_ready ? "ready" : (status ? "loading" : "unloaded")},
          {"problem", status ? text_of(status->problem) : std::string()},
          {"version", status ? version_json(status->current) : ParamValue()},
          {"candidate", status ? candidate_json(status->candidate) : ParamValue()},
          {"draining", status ? draining_json(status->draining) : ParamList()},
          {"moves", moves_json(model.history())},
          {"rejections", status ? rejections_json(*status) : ParamList()},
          {"requests", requests_json(model)}};
}

}  // namespace

std::string status_json(const Service& service) {
  ParamObject about{{"version", service.options().version},
                    {"storage", text_of(service.options().storage)},
                    {"started_ms", milliseconds(service.started())},
                    {"now_ms", milliseconds(std::chrono::system_clock::now())},
                    {"ready", service.is_ready()},
                    {"draining", service.drains()}};
  const ServerCounts* const counts = service.server();
  about.set("in_flight", number(counts == nullptr ? 0 : counts->in_flight.load()));
  about.set("connections", number(counts == nullptr ? 0 : counts->connections.load()));
  about.set("libraries", number(Loader::process().loaded_count()));
  about.set("resident_bytes", number(resident_memory()));
  ParamList models;
  for (const auto& model : service.models()) models.push_back(model_json(*model));
  return to_json(
      ParamValue(ParamObject{{"service", std::move(about)}, {"models", std::move(models)}}));
}

}  // namespace pet::tools
