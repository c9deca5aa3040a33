// Service: what petserve answers to which path, and what it knows of its models. No socket here.
//
//   Service service(container, {"iris.json"}, {.live = …}, log);
//   service.start();
//   HttpAnswer answer = service.answer({"POST", "/v2/models/iris/infer", body});
//
// Paths: /v2, /v2/health/live, /v2/health/ready, /v2/models/NAME[/versions/V][/ready|/infer],
//        /v2/repository/index, /v2/repository/models/NAME/load|unload, /metrics, /status.json
//        (status_json.hpp) and / (the status page).
// Threads: answer() from any; it throws nothing.
// Throws:  the constructor: kUsage for two configs of one name; what LivePipeline throws.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tools/petserve/http.hpp"
#include "tools/petserve/model.hpp"

namespace pet::tools {

struct ServerCounts;

struct ServiceOptions {
  std::function<LiveOptions(const std::string& name)> live;  // of each model
  std::chrono::milliseconds load_time{30'000};               // that a load request waits
  std::string version;                                       // of this program
  std::string storage;                                       // to be shown
};

class Service {
 public:
  Service(Container& container, const std::vector<std::string>& configs, ServiceOptions options,
          const Log& log);
  ~Service();

  // Loads all models, without waiting for them.
  void start();
  // From now on it is not ready.
  void drain() noexcept { drains_ = true; }
  // Unloads all models, at the same time: what one of them waits for is not waited for by the others.
  void end();
  // Those that have not been unloaded yet, by name: "iris, digits".
  std::string unloading() const;
  // To be told on status page and in the metrics; outlives this.
  void set_server(const ServerCounts& counts) { server_ = &counts; }

  HttpAnswer answer(const HttpRequest& request) noexcept;

  bool drains() const noexcept { return drains_; }
  bool is_ready() const;
  const std::vector<std::unique_ptr<Model>>& models() const noexcept { return models_; }
  const ServiceOptions& options() const noexcept { return options_; }
  const ServerCounts* server() const noexcept { return server_; }
  std::chrono::system_clock::time_point started() const noexcept { return started_; }

 private:
  using Path = std::vector<std::string_view>;

  struct Document;

  HttpAnswer route(const HttpRequest& request);
  // Null: none is there. `path` as it was asked for.
  static const Document* find_document(std::string_view path);
  HttpAnswer readiness() const;
  HttpAnswer of_model(const HttpRequest& request, const Path& path);
  HttpAnswer infer(Model& model, std::string_view version, const std::string& body) const;
  HttpAnswer metadata(const Model& model, std::string_view version) const;
  HttpAnswer readiness(const Model& model, std::string_view version) const;
  HttpAnswer of_repository(const HttpRequest& request, const Path& path);
  HttpAnswer index(const std::string& body) const;
  Model& find(std::string_view name) const;
  void tick(std::stop_token stop) const;

  const ServiceOptions options_;
  const Log& log_;
  const std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  std::vector<std::unique_ptr<Model>> models_;
  std::atomic<bool> drains_{false};
  const ServerCounts* server_ = nullptr;
  std::jthread ticker_;  // last: it uses the models
};

}  // namespace pet::tools
