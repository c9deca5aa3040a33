#include "plugins/builtins.hpp"

#include <set>

#include "tests/plugins/built_in.hpp"

namespace pet::test {
namespace {

testing::Notes notes_of(const pet_entry& entry) {
  return testing::NotesReader::read(detail::view_of(entry.notes));
}

std::vector<std::string> params_of(std::string_view name) {
  std::vector<std::string> names;
  for (const testing::ParamNote& param : notes_of(built_in(name)).params)
    names.push_back(param.name);
  return names;
}

}  // namespace

TEST_CASE(
    "every built-in has its own name, a behaviour version, a sentence, and documented parameters",
    "[plugins]") {
  std::set<std::string> names;
  for (const pet_entry* entry : builtins()) {
    const testing::Notes notes = notes_of(*entry);
    INFO(notes.class_name);
    CHECK(names.insert(notes.class_name).second);
    CHECK(notes.class_name == detail::view_of(entry->class_name));
    CHECK(notes.version == "1");
    CHECK_FALSE(notes.doc.empty());
    for (const testing::ParamNote& param : notes.params) CHECK_FALSE(param.doc.empty());
  }
  CHECK(names.size() == builtins().size());
}

TEST_CASE("an alias stands for a built-in, and is none itself", "[plugins]") {
  for (const auto& [alias, name] : builtin_aliases()) {
    CHECK_NOTHROW(built_in(name));
    CHECK_THROWS_AS(built_in(alias), Failure);
  }
}

TEST_CASE("parameters have the original's names, order and defaults", "[plugins]") {
  using Names = std::vector<std::string>;
  CHECK(params_of("F3Pipeline") == Names{"filters", "metrics", "overwrite", "store", "log"});
  CHECK(params_of("MonoPipeline") == Names{"filters", "metrics"});
  CHECK(params_of("LocalThreadPipeline") == Names{"filters", "num_threads"});
  CHECK(params_of("StandardScalerPlugin").empty());
  CHECK(params_of("Cached") ==
        Names{"filter", "cache_data", "cache_filter", "overwrite", "storage"});
  CHECK(params_of("GridOptimizer") == Names{"scorer", "pipeline"});
  for (const char* splitter : {"KFoldSplitter", "StratifiedKFoldSplitter"}) {
    CHECK(make(splitter).params() ==
          Object{{"n_splits", 5}, {"shuffle", true}, {"random_state", 42}, {"pipeline", null}});
  }
  for (const char* metric : {"F1", "Precission", "Recall"}) {
    CHECK(make(metric).params() == Object{{"average", "weighted"}});
  }
  CHECK(make("KnnFilter").params() == Object{{"n_neighbors", 5},
                                             {"weights", "uniform"},
                                             {"algorithm", "auto"},
                                             {"leaf_size", 30},
                                             {"p", 2},
                                             {"metric", "minkowski"},
                                             {"metric_params", null},
                                             {"n_jobs", null}});
  CHECK(make("ClassifierSVMPlugin").params() ==
        Object{{"kernel", "linear"}, {"C", 1.0}, {"gamma", "scale"}});
  CHECK(make("KMeansFilter").params() == Object{{"n_clusters", 8},
                                                {"init", "k-means++"},
                                                {"n_init", 10},
                                                {"max_iter", 300},
                                                {"tol", 1e-4},
                                                {"random_state", null},
                                                {"algorithm", "lloyd"}});
  CHECK(params_of("LogistiRegressionlugin") == Names{"max_ite", "tol"});
  CHECK(make("LogisticRegressionPlugin").params() ==
        Object{{"C", 1.0}, {"max_iter", 100}, {"tol", 1e-4}});
}

}  // namespace pet::test
