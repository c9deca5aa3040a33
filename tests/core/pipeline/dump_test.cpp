#include "core/pipeline/dump.hpp"

#include <catch2/catch.hpp>

#include "core/pipeline/build.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/error.hpp"
#include "tests/core/pipeline/test_classes.hpp"

using namespace pet;
using namespace pet::test;

TEST_CASE("a pinned dump names the version of every node and rebuilds to the same",
          "[pipeline][dump]") {
  BaseFactory classes;
  assign_all(classes);
  const BasePlugin holder = build_from_dump(
      R"({"clazz": "Holder", "params": {"anything": {"x": [{"clazz": "Leaf", "params": {}, "_grid": {"n": [1]}},
          {"clazz": "Leaf"}, 1.0]}}, "_note": null})",
      classes);
  const ParamObject pinned = pinned_dump(holder);
  CHECK(
      to_json(pinned) ==
      R"({"clazz": "Holder", "version_hash": null, "builtin": "2.1", "params": {"anything": {"x": [{"clazz": "Leaf", )"
      R"("version_hash": null, "builtin": "1.0", "params": {"n": 3, "alpha": 1.0, "mode": "fast"}, "_grid": {"n": [1]}}, )"
      R"({"clazz": "Leaf", "version_hash": null, "builtin": "1.0"}, 1.0]}}, "_note": null})");
  const BasePlugin again = build_from_dump(pinned, classes);
  CHECK(again == holder);
  CHECK(pinned_dump(again) == pinned);
}

TEST_CASE("a compiled-in class without a version cannot be pinned", "[pipeline][dump]") {
  BaseFactory classes;
  assign_all(classes);
  const BasePlugin plugin = classes["Unversioned"].create();
  try {
    pinned_dump(plugin);
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kNoBinary);
    CHECK(error.class_name() == "Unversioned");
    CHECK(error.what() ==
          std::string(
              "Unversioned is compiled in and has no version that a config could pin: give the "
              "class a VERSION, or build it with pet_add_plugin and bind the .so"));
  }
}

TEST_CASE("instances and classes in a value are written as their dumps", "[pipeline][dump]") {
  BaseFactory classes;
  assign_all(classes);
  CHECK(
      to_json(ParamList{classes["Leaf"], classes["F1"].create()}) ==
      R"([{"clazz": "Leaf", "version_hash": null}, {"clazz": "F1", "version_hash": null, "params": {"average": )"
      R"("weighted"}}])");
}
