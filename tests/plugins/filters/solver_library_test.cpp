// libsvm and liblinear keep the function that prints their progress in one variable of the process.
// It must outlive every binary that trains, in whatever order they come and go.
#include "plugins/filters/solver_library.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/cache/binary_cache.hpp"
#include "core/factory/container.hpp"
#include "core/loader/base_plugin.hpp"
#include "core/loader/loader.hpp"
#include "plugins/builtins.hpp"
#include "tests/plugins/built_in.hpp"
#include "tests/plugins/output_of.hpp"

namespace pet::test {
namespace {

// A class from its binary, or the one compiled in.
PetClass load_binary(const std::string& name) {
  Container container({.cache = BinaryCache::in_memory(), .builtins = {}});
  container.bind(std::filesystem::path(PET_BUILT_IN_BINARIES) / (name + ".so"));
  return container.ppif[name];
}
PetClass load_built_in(const std::string& name) {
  return Container({.cache = BinaryCache::in_memory(), .builtins = builtins()}).ppif[name];
}

void train(const PetClass& clazz, const ParamObject& params) {
  std::vector<double> values;
  std::vector<std::int64_t> labels;
  for (int i = 0; i < 40; ++i) {
    values.push_back(i);
    labels.push_back(i < 20 ? 3 : 5);
  }
  BasePlugin plugin = clazz.create(params);
  plugin.fit(XYData::mock(values, {40, 1}), XYData::mock(labels));
  CHECK(plugin.predict(XYData::mock({{0.0}, {39.0}})).value<std::int64_t>() ==
        std::vector<std::int64_t>{3, 5});
}

struct Trained {
  const char* name;
  ParamObject params;
};
const Trained kTrained[] = {
    {"ClassifierSVMPlugin", {}},
    {"LogisticRegressionPlugin", {}},
};

}  // namespace

TEST_CASE("training works after another binary that trained has left", "[plugins]") {
  for (const Trained& one : kTrained) {
    INFO(one.name);
    train(load_built_in(one.name), one.params);
    for (int round = 0; round < 2; ++round) {
      const Hash hash = *load_binary(one.name).hash();
      REQUIRE(Loader::process().find(hash) == nullptr);
      train(load_binary(one.name), one.params);  // and leaves
      REQUIRE(Loader::process().find(hash) == nullptr);
      train(load_built_in(one.name), one.params);
    }
  }
}

TEST_CASE("training prints nothing, from whatever binary", "[plugins]") {
  for (const Trained& one : kTrained) {
    INFO(one.name);
    CHECK(output_of([&] {
            train(load_binary(one.name), one.params);
            train(load_built_in(one.name), one.params);
          }) == "");
  }
}

TEST_CASE("several binaries train at once while others leave", "[plugins]") {
  const auto output = output_of([] {
    std::vector<std::thread> threads;
    for (const Trained& one : kTrained) {
      for (const bool binary : {false, true, true}) {
        threads.emplace_back([&one, binary] {
          for (int i = 0; i < 10; ++i) {
            PetClass clazz = binary ? load_binary(one.name) : load_built_in(one.name);
            BasePlugin plugin = clazz.create(one.params);
            plugin.fit(XYData::mock({{0.0}, {1.0}}), XYData::mock<std::int64_t>({0, 1}));
          }
        });
      }
    }
    for (std::thread& thread : threads) thread.join();
  });
  CHECK(output == "");
}

}  // namespace pet::test
