#include "plugins/builtins.hpp"

#define PET_BUILTINS(CLASS)       \
  CLASS(F3Pipeline)               \
  CLASS(MonoPipeline)             \
  CLASS(LocalThreadPipeline)      \
  CLASS(StandardScalerPlugin)     \
  CLASS(PCAPlugin)                \
  CLASS(KnnFilter)                \
  CLASS(ClassifierSVMPlugin)      \
  CLASS(LogistiRegressionlugin)   \
  CLASS(LogisticRegressionPlugin) \
  CLASS(KMeansFilter)             \
  CLASS(Cached)                   \
  CLASS(GridOptimizer)            \
  CLASS(KFoldSplitter)            \
  CLASS(StratifiedKFoldSplitter)  \
  CLASS(F1)                       \
  CLASS(Precission)               \
  CLASS(Recall)                   \
  CLASS(ARI)                      \
  CLASS(NMI)                      \
  CLASS(V)                        \
  CLASS(Homogeneity)              \
  CLASS(Completeness)             \
  CLASS(CalinskiHarabasz)         \
  CLASS(Silhouette)

extern "C" {
#define PET_DECLARE(name) extern const pet_entry pet_builtin_##name;
PET_BUILTINS(PET_DECLARE)
#undef PET_DECLARE
}

namespace pet {
namespace {

#define PET_ADDRESS(name) &pet_builtin_##name,
constexpr const pet_entry* kBuiltins[] = {PET_BUILTINS(PET_ADDRESS)};
#undef PET_ADDRESS

constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"Precision", "Precission"},
};

}  // namespace

std::span<const pet_entry* const> builtins() noexcept { return kBuiltins; }

std::span<const std::pair<std::string_view, std::string_view>> builtin_aliases() noexcept {
  return kAliases;
}

}  // namespace pet
