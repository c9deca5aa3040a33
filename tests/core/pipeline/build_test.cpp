#include "core/pipeline/build.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <random>

#include "core/pipeline/dump.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/error.hpp"
#include "tests/core/pipeline/test_classes.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

struct Classes : BaseFactory {
  Classes() { assign_all(*this); }
};

// A factory with versions, none of which it has; it writes down what it is asked for.
struct Recording : Classes {
  bool has_versions() const noexcept override { return true; }
  PetClass get_version(std::string_view name, const Hash& hash) const override {
    throw Error(ErrorCode::kVersionNotFound,
                "no version " + hash.short_hex() + " of " + std::string(name),
                {std::string(name), hash.hex(), ""});
  }
  std::vector<ClassAnswer> prefetch(std::span<const ClassRequest> requests) const override {
    for (const ClassRequest& request : requests) {
      asked.push_back(request.name + (request.hash ? "@" + request.hash->short_hex() : ""));
    }
    return Classes::prefetch(requests);
  }
  mutable std::vector<std::string> asked;
};

std::pair<ErrorCode, std::string> refusal(const std::string& json,
                                          const BaseFactory& factory = Classes(),
                                          BuildOptions options = {}) {
  try {
    build_from_dump(json, factory, std::move(options));
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {ErrorCode::kUsage, "accepted"};
}

using Refusal = std::pair<ErrorCode, std::string>;
const std::string kHash(64, 'a');

// {"clazz": "Holder", "params": {"anything": …}}
std::string holding(const std::string& value) {
  return R"({"clazz": "Holder", "version_hash": null, "params": {"anything": )" + value + "}}";
}

}  // namespace

TEST_CASE("every dump of the original builds and dumps back equal, key order included",
          "[pipeline][build]") {
  const Classes classes;
  int seen = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(PET_TEST_DATA)) {
    if (entry.path().extension() != ".json") continue;
    CAPTURE(entry.path());
    const ParamValue file = parse_json_file(entry.path());
    const ParamObject& dump = file.as_object().at("dump").as_object();
    CHECK(item_dump_json(build_from_dump(dump, classes), {}, 1) == to_json(dump, 1));
    ++seen;
  }
  CHECK(seen >= 10);
}

TEST_CASE("defaults are filled in, and integers widen where a float is wanted",
          "[pipeline][build]") {
  const BasePlugin leaf =
      build_from_dump(R"({"clazz": "Leaf", "params": {"alpha": 2}})", Classes());
  CHECK(
      item_dump_json(leaf) ==
      R"({"clazz": "Leaf", "version_hash": null, "params": {"n": 3, "alpha": 2.0, "mode": "fast"}})");
}

TEST_CASE("nodes in lists and objects become instances and classes, other objects stay",
          "[pipeline][build]") {
  const std::string leaf =
      R"({"clazz": "Leaf", "version_hash": null, "params": {"n": 1, "alpha": 0.5, "mode": "slow"}})";
  const std::string clazz = R"({"clazz": "Leaf", "version_hash": null})";
  const std::string json = holding(
      "{\"list\": [" + leaf + ", [" + clazz +
      "]], \"plain\": {\"params\": {}, \"x\": 1.5}, \"deep\": {\"a\": [" + holding(leaf) + "]}}");
  const BasePlugin holder = build_from_dump(json, Classes());
  const ParamObject& anything = holder.params().at("anything").as_object();
  CHECK(anything.at("list").as_list()[0].as_instance().params().at("n") == 1);
  CHECK(anything.at("list").as_list()[1].as_list()[0].as_class().name() == "Leaf");
  CHECK(anything.at("plain").as_object().at("x") == 1.5);
  CHECK(item_dump_json(holder) == json);
}

TEST_CASE("the root may be any value for build_value, and must be an instance for build_from_dump",
          "[pipeline][build]") {
  const Classes classes;
  CHECK(build_value(parse_json(R"({"clazz": "Leaf"})"), classes).as_class().name() == "Leaf");
  CHECK(build_value(parse_json(R"([{"clazz": "Leaf", "params": {}}, 2])"), classes)
            .as_list()[0]
            .as_instance()
            .has("predict"));
  CHECK(build_value(7, classes) == 7);
  CHECK(refusal(R"({"clazz": "Leaf"})") ==
        Refusal{ErrorCode::kBadConfig,
                "config, (root): the root is the class Leaf itself: add \"params\": {} for an "
                "instance of it"});
  CHECK(refusal(R"({"dump": {}, "metrics": 1})", Classes(), {.source = "iris.json"}) ==
        Refusal{ErrorCode::kBadConfig,
                "iris.json, (root): expected a node, an object with \"clazz\" and \"params\", "
                "found an object with "
                "\"dump\", \"metrics\""});
  CHECK(refusal("[]") == Refusal{ErrorCode::kBadConfig,
                                 "config, (root): expected a node, an object with \"clazz\" and "
                                 "\"params\", found a list"});
  CHECK(refusal("{").second.starts_with("config: line 1, column 2: expected a key"));
}

TEST_CASE("private attributes are read into their instance and written back on request",
          "[pipeline][build]") {
  const BasePlugin holder = build_from_dump(
      R"({"clazz": "Holder", "params": {"anything": [{"clazz": "Leaf", "params": {}, "_grid": {"n": [1, 2]}}]},
          "_note": "x", "_grid": {"anything": [{"clazz": "Leaf", "params": {}}]}})",
      Classes());
  CHECK(holder.attributes().at("_note") == "x");
  CHECK(holder.attributes().at("_grid").as_object().at("anything").as_list()[0].if_instance());
  const std::string leaf =
      R"({"clazz": "Leaf", "version_hash": null, "params": {"n": 3, "alpha": 1.0, "mode": "fast"})";
  const std::vector<std::string> grid{"_grid"};
  CHECK(item_dump_json(holder, grid) ==
        R"({"clazz": "Holder", "version_hash": null, "params": {"anything": [)" + leaf +
            R"(, "_grid": {"n": [1, 2]}}]}, "_grid": {"anything": [)" + leaf + "}]}}");
  CHECK(item_dump_json(holder) == holding("[" + leaf + "}]"));
}

TEST_CASE("NaN and Infinity travel through a config", "[pipeline][build]") {
  const std::string json = holding("[NaN, Infinity, -Infinity]");
  const BasePlugin holder = build_from_dump(json, Classes());
  CHECK(std::isnan(holder.params().at("anything").as_list()[0].as_float64()));
  CHECK(item_dump_json(holder) == json);
}

TEST_CASE("exactly the named classes are asked for, each once", "[pipeline][build]") {
  const Recording factory;
  build_from_dump(
      holding(
          R"([{"clazz": "Leaf", "params": {}}, {"clazz": "Leaf"}, {"clazz": "F1", "params": {}}])"),
      factory);
  CHECK(factory.asked == std::vector<std::string>{"Leaf", "F1", "Holder"});
}

TEST_CASE("a missing class is named at its pointer, with the near miss", "[pipeline][build]") {
  const auto [code, message] = refusal(holding(R"([1, {"clazz": "Leef", "params": {}}])"));
  CHECK(code == ErrorCode::kClassNotFound);
  CHECK_THAT(message, StartsWith("config, /params/anything/1: no class 'Leef'"));
  CHECK_THAT(message, Contains("'Leaf'"));
}

TEST_CASE("parameters that a class refuses are named at its node", "[pipeline][build]") {
  const auto [code, message] = refusal(
      holding(R"([{"clazz": "Leaf", "params": {"m": 1}}, {"clazz": "Leaf", "params": {"n": 0}}])"));
  CHECK(code == ErrorCode::kBadParams);
  CHECK_THAT(message, StartsWith("config: 2 problems\n  /params/anything/0: "));
  CHECK_THAT(message, Contains("has no parameter 'm'"));
  CHECK_THAT(message,
             Contains("\n  /params/anything/1: ") && Contains("n: expected at least 1, got 0"));
}

TEST_CASE("one problem of many nodes is said once, with their places", "[pipeline][build]") {
  const std::string unknown = R"({"clazz": "Nowhere", "params": {}})";
  std::string five = unknown;
  for (int i = 1; i < 5; ++i) five += ", " + unknown;
  const auto [code, message] =
      refusal(holding("[" + five + R"(, {"clazz": "Elsewhere", "params": {}}])"));
  CHECK(code == ErrorCode::kClassNotFound);
  CHECK_THAT(message, StartsWith("config: 6 problems\n  /params/anything/0, /params/anything/1, "
                                 "/params/anything/2 and 2 more places: no class 'Nowhere'"));
  CHECK_THAT(message, Contains("\n  /params/anything/5: no class 'Elsewhere'"));
}

TEST_CASE("a class where an instance is wanted: the missing \"params\" is named",
          "[pipeline][build]") {
  const auto [code, message] =
      refusal(R"({"clazz": "F3Pipeline", "params": {"filters": [{"clazz": "Leaf"}]}})");
  CHECK(code == ErrorCode::kBadParams);
  CHECK_THAT(message, Contains("got class at index 0: add \"params\": {} to Leaf for an instance"));
}

TEST_CASE(
    "problems of every kind are reported at once, and a parent of a failed node is passed over",
    "[pipeline][build]") {
  const auto [code, message] = refusal(holding(
      R"([{"clazz": "Leaf", "params": {"n": 0}, "oops": 1}, {"clazz": "Nowhere", "params": {}}, {"clazz": "Leaf",
          "params": {"n": "many"}}, {"clazz": "Leaf", "params": {}, "version_hash": "abc"},
          {"clazz": "F3Pipeline", "params": {"filters": [{"clazz": "Leaf", "params": {"n": -1}}]}}])"));
  CHECK(code == ErrorCode::kBadConfig);
  CHECK_THAT(message, StartsWith("config: 5 problems\n"));
  for (const char* line :
       {"\n  /params/anything/0/oops: unknown key", "\n  /params/anything/1: no class 'Nowhere'",
        "\n  /params/anything/2: ", "\n  /params/anything/3/version_hash: ",
        "\n  /params/anything/4/params/filters/0: "}) {
    CHECK_THAT(message, Contains(line));
  }
}

TEST_CASE("a factory without versions refuses a pin", "[pipeline][build]") {
  CHECK(refusal(R"({"clazz": "Leaf", "params": {}, "version_hash": ")" + kHash + "\"}") ==
        Refusal{ErrorCode::kBadConfig,
                "config, /version_hash: Leaf is pinned to aaaaaa…, and the factory of classes has "
                "no versions: build "
                "with a PetFactory, or remove the hash\n  if this config was dumped by the Python "
                "original, its hashes "
                "pin Python code: remove them or pin binaries"});
}

TEST_CASE("a pinned version that is absent says what the original's hashes mean",
          "[pipeline][build]") {
  const Recording factory;
  CHECK(refusal(holding(R"([{"clazz": "Leaf", "params": {}, "version_hash": ")" + kHash + "\"}]"),
                factory) ==
        Refusal{ErrorCode::kVersionNotFound,
                "config, /params/anything/0: no version aaaaaa… of Leaf\n  if this config was "
                "dumped by the Python "
                "original, its hashes pin Python code: remove them or pin binaries"});
  CHECK(factory.asked == std::vector<std::string>{"Leaf@aaaaaa…", "Holder"});
}

TEST_CASE("a node marked builtin is the compiled-in class of that version, without asking",
          "[pipeline][build]") {
  const Recording factory;
  const std::string leaf = R"({"clazz": "Leaf", "builtin": "1.0", "params": {}})";
  CHECK(build_from_dump(leaf, factory).get_class().name() == "Leaf");
  CHECK(build_value(parse_json(R"({"clazz": "Leaf", "builtin": "1.0"})"), factory).if_class());
  CHECK(factory.asked.empty());
  CHECK(refusal(R"({"clazz": "Leaf", "builtin": "0.9", "params": {}})", factory) ==
        Refusal{ErrorCode::kVersionNotFound,
                "config, (root): Leaf is pinned to the built-in of version \"0.9\", and this "
                "program has version "
                "\"1.0\": run it with a program that has the pinned one, or pin the config again"});
  CHECK(refusal(R"({"clazz": "Nowhere", "builtin": "1", "params": {}})", Classes()) ==
        Refusal{ErrorCode::kClassNotFound,
                "config, (root): Nowhere is pinned to the built-in of version \"1\", and no such "
                "class is built in here"});
}

TEST_CASE("mutated configs build or are refused, and never crash", "[pipeline][build][fuzz]") {
  const Recording factory;
  const std::string seed = holding(
      R"({"a": [{"clazz": "Leaf", "version_hash": "", "params": {"n": 3, "alpha": 1.5}, "_grid": {"n": [1]}}, {"clazz": "F1"},
         {"clazz": "F3Pipeline", "builtin": "1", "platforms": {}, "state_hash": null, "params": {"filters": [],
         "metrics": [{"clazz": "Recall", "params": {}}]}}]})");
  const std::string words[] = {"\"clazz\"",
                               "\"params\"",
                               "null",
                               "{}",
                               "[]",
                               "\"Leaf\"",
                               "1",
                               "-1.0",
                               "\"_x\"",
                               "\"version_hash\"",
                               "\"builtin\"",
                               "\"platforms\"",
                               "\"state_hash\"",
                               ",",
                               ":",
                               "{",
                               "}"};
  std::mt19937 random(20240608);
  int built = 0;
  for (int round = 0; round < 4'000; ++round) {
    std::string text = seed;
    for (unsigned edits = 1 + random() % 3; edits > 0; --edits) {
      const std::string& word = words[random() % std::size(words)];
      // Words for words, so that much of it stays JSON.
      const std::string& old = words[random() % std::size(words)];
      std::size_t at = text.find(old, random() % text.size());
      if (at == std::string::npos) at = text.find(old);
      if (at != std::string::npos) text.replace(at, old.size(), word);
    }
    try {
      const BasePlugin plugin = build_from_dump(text, factory);
      const std::string dump = item_dump_json(plugin);
      CHECK(item_dump_json(build_from_dump(dump, factory)) == dump);
      ++built;
    } catch (const Error& error) {
      CHECK(std::string_view(error.what()).starts_with("config"));
    }
  }
  CHECK(built > 0);
}
