#include "tools/petserve/service.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>

#include "core/near_miss.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"
#include "tools/petserve/inference_protocol.hpp"
#include "tools/petserve/metrics.hpp"
#include "tools/petserve/status_json.hpp"
#include "tools/petserve/status_page.hpp"

namespace pet::tools {
namespace {

using Clock = std::chrono::steady_clock;

HttpAnswer json_answer(ParamObject document, int status = 200) {
  return {.status = status, .body = to_json(ParamValue(std::move(document)))};
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);  // the '/'
    const auto end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  // "/v2/" is "/v2".
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  return parts;
}

[[noreturn]] void no_such_path(const HttpRequest& request) {
  throw HttpRefusal(404, "nothing is at " + pet::quoted(request.path) +
                             "\n  try: /v2, /v2/models/NAME/infer, /v2/repository/index, /metrics, "
                             "/status.json or /");
}

// Thrown as an answer, since the method that is right is to be named.
struct WrongMethod {
  std::string expected;
};

void require_method(const HttpRequest& request, std::string_view method) {
  const bool is_right = request.method == method || (method == "GET" && request.method == "HEAD");
  if (!is_right) throw WrongMethod{std::string(method)};
}

HttpAnswer wrong_method(const HttpRequest& request, const WrongMethod& wrong) {
  HttpAnswer answer = error_answer(
      405, request.path + " takes " + wrong.expected + ", got " + pet::quoted(request.method));
  answer.headers.emplace_back("Allow", wrong.expected == "GET" ? "GET, HEAD" : wrong.expected);
  return answer;
}

// What `answer` gives, or what its refusal or failure means to a client.
template <class Answer>
HttpAnswer answered(const HttpRequest& request, const Answer& answer) {
  try {
    return answer();
  } catch (const WrongMethod& wrong) {
    return wrong_method(request, wrong);
  } catch (const HttpRefusal& refusal) {
    return error_answer(refusal);
  } catch (const Error& error) {
    return error_answer(error);
  } catch (const Failure& failure) {
    return error_answer(400, failure.what());
  } catch (const std::exception& error) {
    return error_answer(500, error.what());
  }
}

ParamObject tensor_json(const char* name, const char* datatype, ParamList shape) {
  return {{"name", name}, {"datatype", datatype}, {"shape", std::move(shape)}};
}

}  // namespace

Service::Service(Container& container, const std::vector<std::string>& configs,
                 ServiceOptions options, const Log& log)
    : options_(std::move(options)), log_(log) {
  for (const std::string& config : configs) {
    models_.push_back(std::make_unique<Model>(container, config, options_.live, log));
    const std::string& name = models_.back()->name();
    for (std::size_t i = 0; i + 1 < models_.size(); ++i) {
      if (models_[i]->name() != name) continue;
      throw Error(ErrorCode::kUsage, models_[i]->config().string() + " and " + config +
                                         " are both the model '" + name +
                                         "'\n  try: files of different names");
    }
  }
}

Service::~Service() { end(); }

void Service::end() {
  ticker_.request_stop();
  if (ticker_.joinable()) ticker_.join();
  std::vector<std::jthread> threads;
  for (const auto& model : models_) {
    try {
      threads.emplace_back([&model] { model->unload(); });
    } catch (const std::exception&) {  // no thread, or no memory, is to be had
      model->unload();
    }
  }
}

std::string Service::unloading() const {
  std::string names;
  for (const auto& model : models_) {
    if (model->is_unloading()) names += (names.empty() ? "" : ", ") + model->name();
  }
  return names;
}

void Service::start() {
  for (const auto& model : models_) model->load(std::chrono::milliseconds(0));
  ticker_ = std::jthread([this](std::stop_token stop) { tick(stop); });
}

void Service::tick(std::stop_token stop) const {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  do {
    for (const auto& model : models_) model->tick();
  } while (
      !never.wait_for(lock, stop, std::chrono::seconds(1), [&] { return stop.stop_requested(); }));
}

bool Service::is_ready() const {
  return !drains_ &&
         std::ranges::all_of(models_, [](const auto& model) { return model->is_ready(); });
}

HttpAnswer Service::answer(const HttpRequest& request) noexcept try {
  const auto start = Clock::now();
  HttpAnswer answer = answered(request, [&] { return route(request); });
  if (log_.wants(LogLevel::kDebug)) {
    const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
    log_.write(LogLevel::kDebug, "request",
               {{"method", request.method},
                {"path", request.path},
                {"status", answer.status},
                {"microseconds", std::int64_t{taken.count()}}});
  }
  return answer;
} catch (...) {
  return {.status = 500, .body = R"({"error":"out of memory, or worse"})"};
}

// What a GET at a fixed path is answered with.
struct Service::Document {
  std::string_view path;
  HttpAnswer (*answer)(const Service& service);
};

const Service::Document* Service::find_document(std::string_view path) {
  static constexpr std::array kDocuments{
      Document{"/", [](const Service&) { return status_page(); }},
      Document{"/status.json",
               [](const Service& service) -> HttpAnswer {
                 return {.body = status_json(service), .headers = {{"Cache-Control", "no-store"}}};
               }},
      Document{"/metrics",
               [](const Service& service) -> HttpAnswer {
                 return {.body = metrics_text(service),
                         .type = "text/plain; version=0.0.4; charset=utf-8"};
               }},
      Document{"/v2",
               [](const Service& service) {
                 return json_answer({{"name", "petserve"},
                                     {"version", service.options_.version},
                                     {"extensions", ParamList{"model_repository"}}});
               }},
      Document{"/v2/health/live",
               [](const Service&) {
                 return json_answer({{"live", true}});
               }},
      Document{"/v2/health/ready", [](const Service& service) { return service.readiness(); }},
  };
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);  // "/v2/" is "/v2"
  const auto* const found = std::ranges::find(kDocuments, path, &Document::path);
  return found == kDocuments.end() ? nullptr : found;
}

HttpAnswer Service::route(const HttpRequest& request) {
  if (const Document* const document = find_document(request.path)) {
    require_method(request, "GET");
    return document->answer(*this);
  }
  const Path path = parts_of(request.path);
  const bool is_v2 = path.size() >= 2 && path[0] == "v2";
  if (is_v2 && path.size() >= 3 && path[1] == "models") return of_model(request, path);
  if (is_v2 && path[1] == "repository") return of_repository(request, path);
  no_such_path(request);
}

HttpAnswer Service::readiness() const {
  if (is_ready()) return json_answer({{"ready", true}});
  std::string missing;
  for (const auto& model : models_) {
    if (!model->is_ready()) missing += (missing.empty() ? "" : ", ") + model->name();
  }
  const std::string why = drains_ ? "the service is ending" : "not ready: " + missing;
  HttpAnswer answer = json_answer({{"ready", false}, {"error", why}}, 503);
  answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

// ---- models -------------------------------------------------------------------------------------

Model& Service::find(std::string_view name) const {
  std::vector<std::string> names;
  for (const auto& model : models_) {
    if (model->name() == name) return *model;
    names.push_back(model->name());
  }
  const std::string hint = did_you_mean(std::string(name), names);
  throw HttpRefusal(404, "no model " + pet::quoted(name) + " is served here" +
                             (hint.empty() ? "" : "\n  " + hint));
}

// /v2/models/NAME[/versions/V][/ready|/infer]
HttpAnswer Service::of_model(const HttpRequest& request, const Path& path) {
  Model& model = find(path[2]);
  std::size_t next = 3;
  std::string_view version;
  if (path.size() >= 5 && path[3] == "versions") {
    version = path[4];
    next = 5;
  }
  if (path.size() == next) {
    require_method(request, "GET");
    return metadata(model, version);
  }
  if (path.size() > next + 1) no_such_path(request);
  if (path[next] == "ready") {
    require_method(request, "GET");
    return readiness(model, version);
  }
  if (path[next] != "infer") no_such_path(request);
  require_method(request, "POST");
  const auto start = Clock::now();
  HttpAnswer answer = answered(request, [&] { return infer(model, version, request.body); });
  model.count(answer.status, Clock::now() - start);
  return answer;
}

HttpAnswer Service::infer(Model& model, std::string_view version, const std::string& body) const {
  const InferenceRequest request = parse_inference(body);
  const Prediction prediction = model.predict(request.x, version);
  const InferenceOutput y{"y", &prediction.y, prediction.texts ? &*prediction.texts : nullptr};
  InferenceAnswer answer{
      .model = model.name(), .version = prediction.version->name, .id = request.id, .outputs = {}};
  if (request.outputs.empty()) answer.outputs.push_back(y);
  for (const std::string& name : request.outputs) {
    if (name == "y") {
      answer.outputs.push_back(y);
    } else if (name == "y_index" && prediction.texts) {
      answer.outputs.push_back({"y_index", &prediction.y});
    } else {
      throw HttpRefusal(400, model.name() + " has no output " + pet::quoted(name) +
                                 ", expected 'y'" + (prediction.texts ? " or 'y_index'" : ""));
    }
  }
  return {.body = inference_json(answer)};
}

HttpAnswer Service::metadata(const Model& model, std::string_view version) const {
  const auto facts = model.current(version);
  const bool has_labels = facts->predicts_labels && !facts->fitted.labels.empty();
  const std::int64_t columns =
      facts->fitted.columns.empty() ? -1 : static_cast<std::int64_t>(facts->fitted.columns.size());
  // It is known of answers only: classes declare no types.
  const char* const answered = facts->datatype.load(std::memory_order_relaxed);
  const char* const datatype = has_labels ? "BYTES" : (answered == nullptr ? "FP64" : answered);
  ParamList outputs{tensor_json("y", datatype, ParamList{-1})};
  if (has_labels) outputs.push_back(tensor_json("y_index", "INT64", ParamList{-1}));
  ParamObject document{{"name", model.name()},
                       {"versions", ParamList{facts->name}},
                       {"platform", "petfactory"},
                       {"inputs", ParamList{tensor_json("x", "FP64", ParamList{-1, columns})}},
                       {"outputs", std::move(outputs)}};
  ParamList names;
  for (const std::string& column : facts->fitted.columns) names.push_back(column);
  document.set("parameters", ParamObject{{"id", facts->id}, {"columns", std::move(names)}});
  return json_answer(std::move(document));
}

HttpAnswer Service::readiness(const Model& model, std::string_view version) const {
  model.current(version);
  return json_answer({{"name", model.name()}, {"ready", true}});
}

// ---- the repository -----------------------------------------------------------------------------

// /v2/repository/index, /v2/repository/models/NAME/load|unload
HttpAnswer Service::of_repository(const HttpRequest& request, const Path& path) {
  if (path.size() == 3 && path[2] == "index") {
    require_method(request, "POST");
    return index(request.body);
  }
  if (path.size() != 5 || path[2] != "models" || (path[4] != "load" && path[4] != "unload")) {
    no_such_path(request);
  }
  require_method(request, "POST");
  Model& model = find(path[3]);
  log_.write(LogLevel::kInfo, std::string(path[4]), {{"model", model.name()}});
  if (path[4] == "unload") {
    model.unload();
    return json_answer({});
  }
  if (model.load(options_.load_time)) return json_answer({});
  const auto status = model.status();
  throw HttpRefusal(
      503, model.name() + " is not ready yet: " +
               (status && !status->problem.empty() ? status->problem : "it is on its way"));
}

HttpAnswer Service::index(const std::string& body) const {
  bool ready_only = false;
  if (body.find_first_not_of(" \t\r\n") != std::string::npos) {
    try {
      const ParamValue wish =
          parse_json(body, {.source = "the request's body", .max_bytes = 4096, .max_depth = 8});
      const ParamValue* const ready = wish.as_object().find("ready");
      ready_only = ready != nullptr && ready->as_bool();
    } catch (const Error& error) {
      throw HttpRefusal(400, std::string("expected {\"ready\": true} or nothing: ") + error.what());
    }
  }
  ParamList list;
  for (const auto& model : models_) {
    const std::optional<LiveStatus> status = model->status();
    const bool is_ready = status && status->current.number != 0;
    if (ready_only && !is_ready) continue;
    ParamObject row{{"name", model->name()}};
    row.set("version", is_ready ? std::to_string(status->current.number) : std::string());
    row.set("state", is_ready ? "READY" : (status ? "LOADING" : "UNAVAILABLE"));
    row.set("reason", status ? status->problem : std::string("unloaded"));
    list.push_back(std::move(row));
  }
  return {.body = to_json(ParamValue(std::move(list)))};
}

}  // namespace pet::tools
