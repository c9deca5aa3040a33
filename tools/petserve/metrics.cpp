#include "tools/petserve/metrics.hpp"

#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "core/loader/loader.hpp"
#include "core/pipeline/json_document.hpp"
#include "tools/petserve/process_posix.hpp"
#include "tools/petserve/server.hpp"
#include "tools/petserve/service.hpp"

namespace pet::tools {
namespace {

using std::chrono::nanoseconds;

// Half a millisecond up to ten seconds. The text is what stands in the metric.
constexpr std::array<std::pair<double, std::string_view>, 10> kBounds{{{0.0005, "0.0005"},
                                                                       {0.001, "0.001"},
                                                                       {0.0025, "0.0025"},
                                                                       {0.005, "0.005"},
                                                                       {0.01, "0.01"},
                                                                       {0.05, "0.05"},
                                                                       {0.1, "0.1"},
                                                                       {0.5, "0.5"},
                                                                       {1, "1"},
                                                                       {10, "10"}}};

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class Text {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    text_ += "# HELP " + std::string(name) + " " + std::string(help) + "\n# TYPE " +
             std::string(name) + " " + std::string(type) + "\n";
  }
  template <class T>
  void sample(std::string_view name, const Labels& labels, T value) {
    text_ += name;
    std::string_view separator = "{";
    for (const auto& [label, text] : labels) {
      text_ += separator;
      text_ += label;
      text_ += "=\"";
      append_escaped(text);
      text_ += '"';
      separator = ",";
    }
    if (labels.size() != 0) text_ += '}';
    text_ += ' ';
    if constexpr (std::is_floating_point_v<T>) {
      text_ += python_float(value);
    } else {
      text_ += std::to_string(value);
    }
    text_ += '\n';
  }
  std::string take() { return std::move(text_); }

 private:
  void append_escaped(std::string_view text) {
    for (const char c : text) {
      if (c == '\\' || c == '"') text_ += '\\';
      if (c == '\n') {
        text_ += "\\n";
      } else {
        text_ += c;
      }
    }
  }

  std::string text_;
};

double seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

// The steps of the counts are finer than the bounds: a call is counted below a bound when its whole
// step is, so that it is at most an eighth late.
void durations(Text& text, const std::string& model, const CallCounts& counts) {
  constexpr std::string_view kName = "pet_request_duration_seconds";
  std::uint64_t below = 0;
  std::size_t bucket = 0;
  for (const auto& [bound, shown] : kBounds) {
    while (bucket < CallCounts::kBuckets && seconds(CallCounts::end_of(bucket)) <= bound) {
      below += counts.durations[bucket++];
    }
    text.sample(std::string(kName) + "_bucket", {{"model", model}, {"le", shown}}, below);
  }
  text.sample(std::string(kName) + "_bucket", {{"model", model}, {"le", "+Inf"}}, counts.calls);
  text.sample(std::string(kName) + "_sum", {{"model", model}},
              static_cast<double>(counts.nanoseconds) / 1e9);
  text.sample(std::string(kName) + "_count", {{"model", model}}, counts.calls);
}

struct Row {
  const Model& model;
  std::optional<LiveStatus> status;
};

void requests(Text& text, const std::vector<Row>& rows) {
  text.family("pet_requests_total", "counter", "Inference requests, by status.");
  for (const Row& row : rows) {
    for (int status = 200; status < 600; ++status) {
      const std::uint64_t count = row.model.answered_with(status);
      if (count == 0 && status != 200) continue;
      text.sample("pet_requests_total",
                  {{"model", row.model.name()}, {"code", std::to_string(status)}}, count);
    }
  }
  text.family("pet_request_duration_seconds", "histogram",
              "How long inference requests took, reading and writing JSON included.");
  for (const Row& row : rows) durations(text, row.model.name(), row.model.requests());
}

void versions(Text& text, const std::vector<Row>& rows) {
  text.family("pet_model_ready", "gauge", "Whether the model has a current version.");
  for (const Row& row : rows) {
    text.sample("pet_model_ready", {{"model", row.model.name()}}, row.model.is_ready() ? 1 : 0);
  }
  text.family("pet_model_version", "gauge", "The current version and the hash of its config.");
  for (const Row& row : rows) {
    if (!row.status || row.status->current.number == 0) continue;
    text.sample("pet_model_version",
                {{"model", row.model.name()},
                 {"version", std::to_string(row.status->current.number)},
                 {"id", row.status->current.id}},
                1);
  }
  text.family("pet_model_class", "gauge", "What the current version is made of.");
  for (const Row& row : rows) {
    if (!row.status) continue;
    for (const ClassVersion& clazz : row.status->current.classes) {
      text.sample("pet_model_class",
                  {{"model", row.model.name()},
                   {"class", clazz.name},
                   {"hash", clazz.hash ? clazz.hash->hex() : "built in"}},
                  1);
    }
  }
}

void moves(Text& text, const std::vector<Row>& rows) {
  text.family("pet_swaps_total", "counter", "Versions that became current, the first included.");
  for (const Row& row : rows) {
    text.sample("pet_swaps_total", {{"model", row.model.name()}}, row.model.swaps());
  }
  text.family("pet_rollbacks_total", "counter", "Times the version before was brought back.");
  for (const Row& row : rows) {
    text.sample("pet_rollbacks_total", {{"model", row.model.name()}}, row.model.rollbacks());
  }
  text.family("pet_rejections_total", "counter", "Versions found bad, by what found it.");
  for (const Row& row : rows) {
    for (const auto& [cause, count] : row.model.rejections_by_cause()) {
      text.sample("pet_rejections_total", {{"model", row.model.name()}, {"cause", cause}}, count);
    }
  }
  text.family("pet_draining_calls", "gauge", "Calls that go on with a version that was replaced.");
  for (const Row& row : rows) {
    std::size_t calls = 0;
    if (row.status) {
      for (const Draining::Waiting& waiting : row.status->draining) calls += waiting.calls;
    }
    text.sample("pet_draining_calls", {{"model", row.model.name()}}, calls);
  }
}

void server(Text& text, const Service& service) {
  text.family("pet_ready", "gauge", "What /v2/health/ready says.");
  text.sample("pet_ready", {}, service.is_ready() ? 1 : 0);
  if (const ServerCounts* counts = service.server()) {
    text.family("pet_in_flight", "gauge", "Requests that are read or answered now.");
    text.sample("pet_in_flight", {}, counts->in_flight.load());
    text.family("pet_connections", "gauge", "Connections that have a thread.");
    text.sample("pet_connections", {}, counts->connections.load());
    text.family("pet_refused_total", "counter", "Requests that no model has seen.");
    text.sample("pet_refused_total", {{"reason", "too_many"}}, counts->too_many.load());
    text.sample("pet_refused_total", {{"reason", "too_large"}}, counts->too_large.load());
    text.sample("pet_refused_total", {{"reason", "too_slow"}}, counts->too_slow.load());
    text.family("pet_deadline_exceeded_total", "counter", "Requests that got a 504 (--deadline).");
    text.sample("pet_deadline_exceeded_total", {}, counts->past_deadline.load());
  }
  text.family("pet_libraries_loaded", "gauge", "Plugin libraries in this process.");
  text.sample("pet_libraries_loaded", {}, Loader::process().loaded_count());
  text.family("process_resident_memory_bytes", "gauge", "Resident memory.");
  text.sample("process_resident_memory_bytes", {}, resident_memory());
  text.family("process_start_time_seconds", "gauge", "Since 1970, in seconds.");
  text.sample("process_start_time_seconds", {},
              std::chrono::duration<double>(service.started().time_since_epoch()).count());
}

}  // namespace

std::string metrics_text(const Service& service) {
  std::vector<Row> rows;
  for (const auto& model : service.models()) rows.push_back({*model, model->status()});
  Text text;
  requests(text, rows);
  versions(text, rows);
  moves(text, rows);
  server(text, service);
  return text.take();
}

}  // namespace pet::tools
