// Every built-in class, ready to be tried: for tests that hold of all of them. A class that is not in
// kSubjects makes them fail.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/cache/binary_cache.hpp"
#include "core/factory/container.hpp"
#include "core/loader/plugin_host.hpp"
#include "core/pipeline/build.hpp"
#include "plugins/builtins.hpp"
#include "storage/memory_storage.hpp"

namespace pet::test {

struct Subject {
  std::string_view name;
  std::string_view params;  // JSON
};

// Those that hold others hold a KnnFilter first: it minds NaN, classes and numbers of rows.
#define PET_KNN R"({"clazz": "KnnFilter", "params": {"n_neighbors": 3}})"
#define PET_SCALER R"({"clazz": "StandardScalerPlugin", "params": {}})"
#define PET_F1 R"({"clazz": "F1", "params": {}})"
#define PET_SCORED R"({"filters": [)" PET_KNN R"(], "metrics": [)" PET_F1 "]}"
#define PET_SCORED_PIPELINE R"({"clazz": "F3Pipeline", "params": )" PET_SCORED "}"

inline constexpr Subject kSubjects[] = {
    {"F3Pipeline", PET_SCORED},
    {"MonoPipeline", R"({"filters": [)" PET_KNN ", " PET_SCALER "]}"},
    {"LocalThreadPipeline", R"({"filters": [)" PET_KNN ", " PET_SCALER "]}"},
    {"StandardScalerPlugin", "{}"},
    {"PCAPlugin", R"({"n_components": 2})"},
    {"KnnFilter", R"({"n_neighbors": 3})"},
    {"ClassifierSVMPlugin", R"({"kernel": "rbf"})"},
    {"LogistiRegressionlugin", R"({"max_ite": 100, "tol": 0.0001})"},
    {"LogisticRegressionPlugin", "{}"},
    {"KMeansFilter", R"({"n_clusters": 2})"},
    {"Cached", R"({"filter": )" PET_KNN "}"},
    {"GridOptimizer", R"({"scorer": )" PET_F1 R"(, "pipeline": )" PET_KNN "}"},
    {"KFoldSplitter", R"({"n_splits": 3, "pipeline": )" PET_SCORED_PIPELINE "}"},
    {"StratifiedKFoldSplitter", R"({"n_splits": 3, "pipeline": )" PET_SCORED_PIPELINE "}"},
    {"F1", "{}"},
    {"Precission", "{}"},
    {"Recall", "{}"},
    {"ARI", "{}"},
    {"NMI", "{}"},
    {"V", "{}"},
    {"Homogeneity", "{}"},
    {"Completeness", "{}"},
    {"CalinskiHarabasz", "{}"},
    {"Silhouette", "{}"},
};

#undef PET_KNN
#undef PET_SCALER
#undef PET_F1
#undef PET_SCORED
#undef PET_SCORED_PIPELINE

inline const Subject& subject_of(std::string_view name) {
  for (const Subject& subject : kSubjects) {
    if (subject.name == name) return subject;
  }
  throw std::runtime_error("no row for " + std::string(name) +
                           " in kSubjects of tests/plugins/every_built_in.hpp: add one");
}

inline std::vector<std::string> built_in_names() {
  std::vector<std::string> names;
  for (const pet_entry* entry : builtins())
    names.emplace_back(entry->class_name.data, entry->class_name.size);
  return names;
}

// A new instance on a host of its own, with blobs that nobody has put anything into.
inline BasePlugin new_subject(std::string_view name) {
  const Container container(
      {.cache = BinaryCache::in_memory(),
       .builtins = builtins(),
       .host = PluginHost::make({.observer = {}, .blobs = std::make_shared<MemoryStorage>()})});
  const std::string config = R"({"clazz": ")" + std::string(name) + R"(", "params": )" +
                             std::string(subject_of(name).params) + "}";
  return build_from_dump(config, container);
}

}  // namespace pet::test
