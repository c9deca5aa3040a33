// The built-ins through the whole of core, compiled in and as binaries: dumps, predictions and
// metrics of the Python original on iris and breast_cancer.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>

#include "core/cache/binary_cache.hpp"
#include "core/factory/container.hpp"
#include "core/loader/plugin_host.hpp"
#include "core/pipeline/build.hpp"
#include "core/pipeline/dump.hpp"
#include "core/pipeline/json_document.hpp"
#include "plugins/builtins.hpp"
#include "storage/memory_storage.hpp"
#include "tools/data/npy.hpp"

namespace pet::test {
namespace {

enum class From { kCompiledIn, kBinaries };

// A container in which all names mean the built-ins compiled in, or all their binaries.
std::unique_ptr<Container> container_of(From from) {
  auto host = PluginHost::make({.observer = {}, .blobs = std::make_shared<MemoryStorage>()});
  auto container = std::make_unique<Container>(ContainerOptions{.cache = BinaryCache::in_memory(),
                                                                .builtins = builtins(),
                                                                .aliases = builtin_aliases(),
                                                                .host = host});
  if (from == From::kBinaries) {
    for (const pet_entry* entry : builtins()) {
      const std::string file = std::string(entry->class_name.data, entry->class_name.size) + ".so";
      container->bind(std::filesystem::path(PET_BUILT_IN_BINARIES) / file, {.persist = true});
    }
  }
  return container;
}

std::string path_of(const std::string& set, const std::string& file) {
  return std::string(PET_TEST_DATA) + "/" + set + "/" + file;
}

XYData data_of(const std::string& set, const std::string& name) {
  return tools::read_npy(path_of(set, name + ".npy"));
}

ParamObject oracle_of(const std::string& set, const std::string& name) {
  return parse_json_file(path_of(set, name + ".json")).as_object();
}

// Labels exactly, numbers to 1e-9.
void check_same(const XYData& actual, const XYData& expected) {
  REQUIRE(actual.shape() == expected.shape());
  REQUIRE(dtype_name(actual.dtype()) == dtype_name(expected.dtype()));
  if (expected.is<std::int64_t>()) {
    CHECK(actual.value<std::int64_t>() == expected.value<std::int64_t>());
    return;
  }
  const std::vector<double> numbers = actual.value<double>();
  const std::vector<double> wanted = expected.value<double>();
  double largest = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    largest = std::max(largest, std::abs(numbers[i] - wanted[i]));
  CHECK(largest <= 1e-9);
}

BasePlugin fitted(const std::string& set, const Container& container, const ParamObject& config) {
  BasePlugin pipeline = build_from_dump(config, container);
  pipeline.fit(data_of(set, "x_train"), data_of(set, "y_train"));
  return pipeline;
}

}  // namespace

TEST_CASE("the original's pipelines rebuild and give its predictions and metrics", "[plugins]") {
  const auto set = GENERATE(as<std::string>{}, "iris", "breast_cancer");
  const auto name = GENERATE(as<std::string>{}, "scaler", "scaler_pca", "scaler_knn",
                             "scaler_pca_svm", "mono_in_f3");
  const From from = GENERATE(From::kCompiledIn, From::kBinaries);
  INFO(set << " " << name << (from == From::kBinaries ? " from binaries" : " compiled in"));
  const auto container = container_of(from);
  const ParamObject oracle = oracle_of(set, name);

  const BasePlugin pipeline = fitted(set, *container, oracle.at("dump").as_object());
  const XYData x_test = data_of(set, "x_test");
  const XYData predicted = pipeline.predict(x_test);
  check_same(predicted, data_of(set, name + ".pred"));

  std::size_t checked = 0;
  for (const auto& [metric, value] : pipeline.evaluate(x_test, data_of(set, "y_test"), predicted)) {
    INFO(metric);
    CHECK(value == Approx(oracle.at("metrics").as_object().at(metric).as_float64()).epsilon(1e-9));
    ++checked;
  }
  CHECK(checked == oracle.at("metrics").as_object().size());
}

TEST_CASE("a metric gives as a binary what it gives compiled in", "[plugins]") {
  const auto compiled_in = container_of(From::kCompiledIn);
  const auto binaries = container_of(From::kBinaries);
  const XYData x = data_of("iris", "x_test");
  const XYData y = data_of("iris", "y_test");
  const XYData predicted = data_of("iris", "scaler_knn.pred");
  std::size_t metrics = 0;
  for (const auto& [name, clazz] : compiled_in->mf) {
    INFO(name);
    const double expected = clazz.create().measure(&x, &y, predicted);
    CHECK(binaries->ppif[name].create().measure(&x, &y, predicted) == expected);
    ++metrics;
  }
  CHECK(metrics >= 10);
}

TEST_CASE("a filter learns and answers as a binary what it does compiled in", "[plugins]") {
  const auto compiled_in = container_of(From::kCompiledIn);
  const auto binaries = container_of(From::kBinaries);
  const auto set = GENERATE(as<std::string>{}, "iris", "breast_cancer");
  const struct {
    const char* name;
    ParamObject params;
  } filters[] = {
      {"StandardScalerPlugin", {}},
      {"PCAPlugin", {}},
      {"KnnFilter", {}},
      {"ClassifierSVMPlugin", {{"kernel", "rbf"}}},
      {"LogistiRegressionlugin", {{"max_ite", 100}, {"tol", 1e-4}}},
      {"LogisticRegressionPlugin", {}},
      {"KMeansFilter", {{"n_clusters", 3}}},
  };
  const XYData x_test = data_of(set, "x_test");
  for (const auto& filter : filters) {
    INFO(set << " " << filter.name);
    const auto trained = [&](const Container& container) {
      BasePlugin plugin = container.ppif[filter.name].create(filter.params);
      plugin.fit(data_of(set, "x_train"), data_of(set, "y_train"));
      return plugin;
    };
    const BasePlugin expected = trained(*compiled_in);
    const BasePlugin actual = trained(*binaries);
    CHECK(actual.save_state() == expected.save_state());
    CHECK(actual.predict(x_test).converted<double>() ==
          expected.predict(x_test).converted<double>());
  }
}

TEST_CASE("the original's dumps come back equal, key order included", "[plugins]") {
  const auto set = GENERATE(as<std::string>{}, "iris", "breast_cancer");
  const auto name = GENERATE(as<std::string>{}, "scaler", "scaler_pca", "scaler_knn",
                             "scaler_pca_svm", "mono_in_f3");
  const auto container = container_of(From::kCompiledIn);
  const ParamValue dump = oracle_of(set, name).at("dump");
  CHECK(item_dump_json(build_from_dump(dump.as_object(), *container)) == to_json(dump));
}

TEST_CASE("from a binary, a node's dump names the binary", "[plugins]") {
  const auto container = container_of(From::kBinaries);
  const BasePlugin pipeline =
      build_from_dump(oracle_of("iris", "scaler_knn").at("dump").as_object(), *container);
  const ParamObject dump = pipeline.item_dump();
  CHECK(dump.at("version_hash").as_text() == container->ppif["F3Pipeline"].hash()->hex());
}

TEST_CASE("side by side, and over each other: pipelines in pipelines", "[plugins]") {
  const char* config = R"({"clazz": "F3Pipeline", "params": {"filters": [
      {"clazz": "MonoPipeline", "params": {"filters": [
        {"clazz": "StandardScalerPlugin", "params": {}}, {"clazz": "F3Pipeline", "params": {"filters": []}}]}},
      {"clazz": "KnnFilter", "params": {"n_neighbors": 3}}]}})";
  std::vector<std::vector<std::int64_t>> answers;
  for (const From from : {From::kCompiledIn, From::kBinaries}) {
    const auto container = container_of(from);
    const BasePlugin pipeline = fitted("iris", *container, parse_json(config).as_object());
    answers.push_back(pipeline.predict(data_of("iris", "x_test")).value<std::int64_t>());
  }
  CHECK(answers[0] == answers[1]);
}

TEST_CASE("a fitted pipeline's state restores another, also from compiled in to binary",
          "[plugins]") {
  const ParamObject config = oracle_of("breast_cancer", "scaler_knn").at("dump").as_object();
  const auto compiled_in = container_of(From::kCompiledIn);
  const auto binaries = container_of(From::kBinaries);
  const XYData x_test = data_of("breast_cancer", "x_test");
  const BasePlugin trained = fitted("breast_cancer", *compiled_in, config);
  BasePlugin other = build_from_dump(config, *binaries);
  other.load_state(trained.save_state());
  CHECK(other.predict(x_test).value<std::int64_t>() ==
        trained.predict(x_test).value<std::int64_t>());
}

TEST_CASE("Cached keeps its work in the host's blobs", "[plugins]") {
  const char* config =
      R"({"clazz": "Cached", "params": {"filter": {"clazz": "StandardScalerPlugin", "params": {}}}})";
  const From from = GENERATE(From::kCompiledIn, From::kBinaries);
  const auto container = container_of(from);
  const XYData x_test = data_of("iris", "x_test");
  const auto predict = [&] {
    return fitted("iris", *container, parse_json(config).as_object()).predict(x_test);
  };
  const auto blobs = [&] { return container->host()->options().blobs->list("").size(); };

  const XYData first = predict();
  const std::size_t kept = blobs();
  CHECK(kept == 2);
  const XYData second = predict();
  CHECK(blobs() == kept);
  CHECK(first.value<double>() == second.value<double>());
  check_same(first, data_of("iris", "scaler.pred"));
}

TEST_CASE("GridOptimizer searches the grids of a config", "[plugins]") {
  const char* config = R"({"clazz": "GridOptimizer", "params": {
      "scorer": {"clazz": "F1", "params": {}},
      "pipeline": {"clazz": "F3Pipeline", "params": {"filters": [
        {"clazz": "StandardScalerPlugin", "params": {}},
        {"clazz": "KnnFilter", "params": {}, "_grid": {"n_neighbors": [50, 5], "weights": ["uniform", "distance"]}}]}}}})";
  const From from = GENERATE(From::kCompiledIn, From::kBinaries);
  const auto container = container_of(from);
  BasePlugin search = build_from_dump(parse_json(config).as_object(), *container);
  const XYData x = data_of("iris", "x_train");
  const XYData y = data_of("iris", "y_train");
  const std::vector<BasePlugin::Trial> trials = search.optimize(x, &y);

  REQUIRE(trials.size() == 4);
  CHECK(trials[0].overrides ==
        ParamObject{{"filters/1/n_neighbors", 50}, {"filters/1/weights", "uniform"}});
  CHECK(trials[1].score == 1);  // by distance, every training point is its own nearest
  CHECK(search.predict(x).value<std::int64_t>() == y.value<std::int64_t>());
}

TEST_CASE("on the host's threads, filters side by side answer as one after the other",
          "[plugins]") {
  const char* params = R"({"filters": [
      {"clazz": "F3Pipeline", "params": {"filters": [
        {"clazz": "StandardScalerPlugin", "params": {}}, {"clazz": "PCAPlugin", "params": {"n_components": 2}}]}},
      {"clazz": "F3Pipeline", "params": {"filters": [
        {"clazz": "StandardScalerPlugin", "params": {}}, {"clazz": "KnnFilter", "params": {}}]}},
      {"clazz": "StandardScalerPlugin", "params": {}}]})";
  const From from = GENERATE(From::kCompiledIn, From::kBinaries);
  const auto container = container_of(from);
  std::vector<std::vector<double>> answers;
  for (const char* clazz : {"MonoPipeline", "LocalThreadPipeline"}) {
    const ParamObject config{{"clazz", clazz}, {"params", parse_json(params)}};
    const XYData predicted =
        fitted("breast_cancer", *container, config).predict(data_of("breast_cancer", "x_test"));
    CHECK(predicted.columns() == 33);
    answers.push_back(predicted.value<double>());
  }
  CHECK(answers[0] == answers[1]);
}

TEST_CASE("GridOptimizer searches around a splitter, as the original's pipelines do", "[plugins]") {
  const char* text = R"({"clazz": "GridOptimizer", "params": {
      "scorer": {"clazz": "F1", "params": {}},
      "pipeline": {"clazz": "StratifiedKFoldSplitter", "params": {"n_splits": 2, "pipeline":
        {"clazz": "F3Pipeline", "params": {"filters": [
          {"clazz": "Cached", "params": {"filter": {"clazz": "StandardScalerPlugin", "params": {}}}},
          {"clazz": "KnnFilter", "params": {}, "_grid": {"n_neighbors": [2, 6]}}],
        "metrics": [{"clazz": "F1", "params": {}}, {"clazz": "Recall", "params": {}}]}}}}}})";
  const ParamObject config = parse_json(text).as_object();
  const XYData x = data_of("iris", "x_train");
  const XYData y = data_of("iris", "y_train");
  std::vector<std::vector<double>> scores;
  for (const From from : {From::kCompiledIn, From::kBinaries}) {
    const auto container = container_of(from);
    BasePlugin search = build_from_dump(config, *container);
    const std::vector<BasePlugin::Trial> trials = search.optimize(x, &y);
    REQUIRE(trials.size() == 2);
    CHECK(trials[0].overrides == ParamObject{{"pipeline/filters/1/n_neighbors", 2}});

    const XYData predicted = search.predict(x);
    std::vector<std::string> names;
    scores.emplace_back();
    for (const auto& [name, value] : search.evaluate(x, y, predicted)) {
      names.push_back(name);
      scores.back().push_back(value);
    }
    CHECK(names == std::vector<std::string>{"F1", "Recall", "F1_mean", "F1_std", "F1_scores/0",
                                            "F1_scores/1", "Recall_mean", "Recall_std",
                                            "Recall_scores/0", "Recall_scores/1"});
    CHECK(scores.back()[2] == std::max(trials[0].score, trials[1].score));

    BasePlugin other =
        build_from_dump(search.item_dump(std::array<std::string, 1>{"_grid"}), *container);
    other.load_state(search.save_state());
    CHECK(other.predict(x).value<std::int64_t>() == predicted.value<std::int64_t>());
  }
  CHECK(scores[0] == scores[1]);
}

TEST_CASE("a splitter of a config splits, dumps back, and says who failed at what", "[plugins]") {
  const From from = GENERATE(From::kCompiledIn, From::kBinaries);
  const auto container = container_of(from);
  const auto clazz = GENERATE(as<std::string>{}, "KFoldSplitter", "StratifiedKFoldSplitter");
  BasePlugin splitter = container->ppif[clazz].create({{"n_splits", 3}});
  CHECK(to_json(splitter.item_dump().at("params")) ==
        R"({"n_splits": 3, "shuffle": true, "random_state": 42, "pipeline": null})");
  const XYData x = data_of("iris", "x_train");
  const XYData y = data_of("iris", "y_train");
  const std::vector<BasePlugin::Fold> folds = splitter.split(x, &y);
  REQUIRE(folds.size() == 3);
  CHECK(folds[0].test.size() == 35);

  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(splitter.fit(x, y),
                    Contains(clazz) && Contains(" fit: pipeline: expected one to cross-validate"));
  CHECK_THROWS_WITH(splitter.split(x.rows(0, 2), &y),
                    Contains(clazz) && Contains(" split: x: expected at least 3 rows"));
  const BasePlugin knn = container->ppif["KnnFilter"].create({});
  const BasePlugin pipeline = container->ppif["F3Pipeline"].create({{"filters", ParamList{knn}}});
  const BasePlugin unfitted = container->ppif[clazz].create({{"pipeline", pipeline}});
  CHECK_THROWS_WITH(unfitted.predict(x), Contains(clazz) && Contains(" predict: ") &&
                                             Contains("KnnFilter") &&
                                             Contains("predict before fit"));
}

}  // namespace pet::test
