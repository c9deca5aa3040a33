#include "core/loader/parameters.hpp"

#include <catch2/catch.hpp>

namespace pet {
namespace {

ParameterFacts declared(std::string name, ParameterType type,
                        std::optional<FactValue> fallback = {}) {
  return {.name = std::move(name), .type = type, .default_value = std::move(fallback), .doc = ""};
}

ClassFacts knn() {
  ClassFacts facts;
  facts.name = "KnnFilter";
  facts.parameters = {
      declared("n_neighbors", {.base = FactType::kInt64}, FactValue{std::int64_t{5}}),
      declared("radius", {.base = FactType::kFloat64}, FactValue{std::int64_t{1}}),
      declared("weights", {.base = FactType::kText}, FactValue{std::string("uniform")}),
      declared("n_jobs", {.base = FactType::kInt64, .nullable = true}, FactValue{}),
      declared("sizes", {.base = FactType::kFloat64, .list = true}, FactValue{FactList{}}),
  };
  return facts;
}

std::vector<std::string> texts(const std::vector<ParamProblem>& problems) {
  std::vector<std::string> all;
  for (const ParamProblem& problem : problems) all.push_back(problem.text);
  return all;
}

TEST_CASE("defaults are filled in, in declared order, and widened as declared", "[core]") {
  ParamObject params{{"weights", "distance"}, {"n_neighbors", 3}};
  REQUIRE(complete_parameters(knn(), params).empty());
  std::vector<std::string> order;
  for (const auto& [name, value] : params.fields()) order.push_back(name);
  CHECK(order == std::vector<std::string>{"n_neighbors", "radius", "weights", "n_jobs", "sizes"});
  CHECK(params.at("n_neighbors") == ParamValue(3));
  CHECK(params.at("radius") == ParamValue(1.0));
  CHECK(params.at("weights") == ParamValue("distance"));
  CHECK(params.at("n_jobs").is_null());
  CHECK(params.at("sizes") == ParamValue(ParamList{}));
}

TEST_CASE("values that do not fit are named with expected and actual", "[core]") {
  struct Case {
    ParamObject params;
    std::string problem;
  };
  const std::vector<Case> cases = {
      {{{"n_neighbors", "five"}}, "parameter 'n_neighbors' expects int64, got text 'five'"},
      {{{"n_neighbors", 5.0}}, "parameter 'n_neighbors' expects int64, got float64"},
      {{{"n_neighbors", nullptr}}, "parameter 'n_neighbors' expects int64, got null"},
      {{{"n_neighbors", true}}, "parameter 'n_neighbors' expects int64, got bool true"},
      {{{"n_jobs", "all"}}, "parameter 'n_jobs' expects int64 or null, got text 'all'"},
      {{{"weights", 1}}, "parameter 'weights' expects text, got int64 1"},
      {{{"sizes", 1.0}}, "parameter 'sizes' expects list of float64, got float64"},
      {{{"sizes", ParamList{1.0, 2, "x"}}},
       "parameter 'sizes' expects list of float64, got text 'x' at index 2"},
      {{{"n_neighbours", 5}}, "has no parameter 'n_neighbours'; did you mean 'n_neighbors'?"},
      {{{"depth", 5}},
       "has no parameter 'depth'; it takes n_neighbors, radius, weights, n_jobs, sizes"},
  };
  for (Case c : cases) {
    CAPTURE(c.problem);
    const ParamObject before = c.params;
    CHECK(texts(complete_parameters(knn(), c.params)) == std::vector<std::string>{c.problem});
    CHECK(c.params == before);
  }
}

TEST_CASE("all problems are found at once", "[core]") {
  ClassFacts facts = knn();
  facts.parameters.push_back(declared("model", {.base = FactType::kInstance}));
  ParamObject params{{"weights", 1}, {"n_neighbours", 5}};
  CHECK(texts(complete_parameters(facts, params)) ==
        std::vector<std::string>{"parameter 'weights' expects text, got int64 1",
                                 "needs the parameter 'model' (instance), which has no default",
                                 "has no parameter 'n_neighbours'; did you mean 'n_neighbors'?"});
}

TEST_CASE("a class with open parameters takes others, after its own", "[core]") {
  ClassFacts facts = knn();
  facts.open_params = true;
  ParamObject params{{"anything", ParamList{1, "a"}}, {"n_neighbors", 1}};
  REQUIRE(complete_parameters(facts, params).empty());
  CHECK(params.fields().front().first == "n_neighbors");
  CHECK(params.fields().back().first == "anything");
}

TEST_CASE("a class without parameters says so", "[core]") {
  ParamObject params{{"depth", 5}};
  CHECK(texts(complete_parameters(ClassFacts{}, params)) ==
        std::vector<std::string>{"has no parameter 'depth'; it takes none"});
}

TEST_CASE("a parameter of any type takes any value", "[core]") {
  ClassFacts facts;
  facts.parameters = {declared("value", {.base = FactType::kAny})};
  for (const ParamValue& value : {ParamValue(), ParamValue(1), ParamValue(ParamList{1, "a"}),
                                  ParamValue(ParamObject{{"a", nullptr}})}) {
    ParamObject params{{"value", value}};
    CHECK(complete_parameters(facts, params).empty());
    CHECK(params.at("value") == value);
  }
}

TEST_CASE("defaults of every kind come out of the notes", "[core]") {
  const FactValue nested{
      FactObject{{"p", FactValue{std::int64_t{2}}},
                 {"names", FactValue{FactList{FactValue{std::string("a")}, FactValue{true}}}},
                 {"none", FactValue{}}}};
  CHECK(to_param_value(nested) ==
        ParamValue(ParamObject{{"p", 2}, {"names", ParamList{"a", true}}, {"none", nullptr}}));
}

}  // namespace
}  // namespace pet
