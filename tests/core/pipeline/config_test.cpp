#include "core/pipeline/config.hpp"

#include <catch2/catch.hpp>

#include "core/pipeline/json_document.hpp"

using namespace pet;

namespace {

const std::string kHash(64, 'a'), kOther(64, 'b');

// The problems of a config, each "pointer: message", as seen from linux-x86_64-gnu.
std::vector<std::string> problems_of(const std::string& json,
                                     std::vector<ErrorCode>* codes = nullptr) {
  ConfigProblems problems("test");
  Config::read(parse_json(json), "linux-x86_64-gnu", problems);
  std::vector<std::string> out;
  for (const ConfigProblem& problem : problems.all()) {
    out.push_back(problem.pointer + ": " + problem.error.what());
    if (codes) codes->push_back(problem.error.code());
  }
  return out;
}

Config read(const std::string& json) {
  ConfigProblems problems("test");
  Config config = Config::read(parse_json(json), "linux-x86_64-gnu", problems);
  CHECK(problems.empty());
  return config;
}

// {"clazz": "A", "params": {}, …}
std::string node(const std::string& more) {
  return R"({"clazz": "A", "params": {}, )" + more + "}";
}

}  // namespace

TEST_CASE("nodes are found at any depth, children before parents", "[pipeline][config]") {
  const Config config = read(R"({"clazz": "Root", "params": {
      "list": [{"clazz": "A", "params": {}}, [{"clazz": "B"}]],
      "object": {"x/y": {"clazz": "C", "version_hash": "", "params": {"deep": {"clazz": "D", "params": {}}}}},
      "plain": {"version_hash": "not a node's"}, "clazz": "a parameter", "params": {"n": 1}},
      "_grid": {"filter": [{"clazz": "E"}]}})");
  std::vector<std::string> seen;
  for (const ConfigNode& found : config.nodes()) {
    seen.push_back(found.pointer + " " + found.clazz + (found.is_class ? " class" : ""));
  }
  CHECK(seen == std::vector<std::string>{"/params/list/0 A", "/params/list/1/0 B class",
                                         "/params/object/x~1y/params/deep D",
                                         "/params/object/x~1y C", "/_grid/filter/0 E class",
                                         " Root"});
}

TEST_CASE("large objects are read, and a key that stands twice in one is found",
          "[pipeline][config]") {
  constexpr int kObjects = 20, kKeys = 9'999;  // and one more: the limit
  const auto object = [](const std::string& last) {
    std::string text = "{";
    for (int i = 0; i < kKeys; ++i) {
      text += "\"key " + std::to_string(i) + "\":" + std::to_string(i) + ",";
    }
    return text + last + "}";
  };
  std::string json = R"({"clazz": "A", "params": {)";
  for (int i = 0; i < kObjects; ++i) {
    json +=
        (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":" + object(R"("last": {"clazz": "B"})");
  }
  const Config config = read(json + "}}");
  REQUIRE(config.nodes().size() == kObjects + 1);
  CHECK(config.nodes()[0].pointer == "/params/0/last");

  const ParamValue plain = parse_json(object(R"("last": 1)"));
  REQUIRE(plain.if_object()->size() == kKeys + 1);
  CHECK(plain.if_object()->fields()[kKeys - 1].second.as_int64() == kKeys - 1);
  for (const char* twice : {R"("key 0": 1)", R"("key 32": 1)", R"("key 9998": 1)"}) {
    CHECK_THROWS_WITH(parse_json(object(twice)), Catch::Contains("stands twice in this object"));
  }
}

TEST_CASE("a node says which version it means", "[pipeline][config]") {
  struct Case {
    std::string keys;
    std::optional<Hash> hash;
    std::optional<std::string> builtin;
  };
  const Hash a = Hash::require(kHash);
  const Case cases[] = {
      {R"("version_hash": null)", {}, {}},
      {R"("version_hash": "")", {}, {}},
      {R"("version_hash": ")" + kHash + '"', a, {}},
      {R"("version_hash": null, "platforms": {}, "builtin": null, "state_hash": null)", {}, {}},
      {R"("platforms": {"linux-x86_64-gnu": ")" + kHash + "\"}", a, {}},
      {R"("version_hash": ")" + kOther + R"(", "platforms": {"windows-x86_64": ")" + kOther +
           R"(", "linux-x86_64-gnu": ")" + kHash + "\"}",
       a,
       {}},
      {R"("version_hash": null, "builtin": "1.2")", {}, "1.2"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.keys);
    const Config config = read(node(c.keys));
    CHECK(config.nodes()[0].hash == c.hash);
    CHECK(config.nodes()[0].builtin == c.builtin);
  }
  CHECK(read(node("\"state_hash\": \"" + kHash + "\"")).nodes()[0].state_hash == a);
}

TEST_CASE("what a node must not say is refused at its pointer", "[pipeline][config]") {
  struct Case {
    std::string json;
    ErrorCode code;
    std::string problem;
  };
  const Case cases[] = {
      {R"({"clazz": 7, "params": {}})", ErrorCode::kBadConfig,
       "/clazz: expected a class's name, found a number"},
      {R"({"clazz": null})", ErrorCode::kBadConfig, "/clazz: expected a class's name, found null"},
      {R"({"clazz": "A", "params": null})", ErrorCode::kBadConfig,
       "/params: expected an object of parameters, found null: leave it out to mean the class "
       "itself"},
      {R"({"clazz": "A", "params": [1]})", ErrorCode::kBadConfig,
       "/params: expected an object of parameters, found a list: leave it out to mean the class "
       "itself"},
      {node(R"("parms": {})"), ErrorCode::kBadConfig,
       "/parms: unknown key \"parms\": did you mean 'params'?"},
      {node(R"("a/b~c": {})"), ErrorCode::kBadConfig,
       "/a~1b~0c: unknown key \"a/b~c\": parameters go into \"params\", private attributes begin "
       "with '_'"},
      {R"({"clazz": "A", "_grid": {}})", ErrorCode::kBadConfig,
       "/_grid: a node without \"params\" is the class itself, which has no attributes: add "
       "\"params\""},
      {node(R"("version_hash": 7)"), ErrorCode::kInvalidHash,
       "/version_hash: expected a hash (64 hex digits in a text) or null, found a number"},
      {node(R"("platforms": [])"), ErrorCode::kBadConfig,
       "/platforms: expected an object {platform: hash}, found a list"},
      {node(R"("platforms": {"windows-x86_64": ")" + kHash + R"(", "linux-aarch64-gnu": ")" +
            kOther + "\"}"),
       ErrorCode::kNoBinaryForPlatform,
       "/platforms: A is pinned for windows-x86_64, linux-aarch64-gnu; this machine is "
       "linux-x86_64-gnu: add its "
       "hash to \"platforms\", or pin the config again here"},
      {node(R"("version_hash": ")" + kHash + R"(", "platforms": {"linux-x86_64-gnu": ")" + kOther +
            "\"}"),
       ErrorCode::kBadConfig,
       "/platforms: version_hash aaaaaa… is none of the hashes in \"platforms\": correct one"},
      {node(R"("builtin": 1)"), ErrorCode::kBadConfig,
       "/builtin: expected the version of a built-in class as a text, found a number"},
      {node(R"("builtin": "")"), ErrorCode::kBadConfig,
       "/builtin: expected the version of a built-in class as a text, found an empty text"},
      {node(R"("builtin": "1", "version_hash": ")" + kHash + '"'), ErrorCode::kBadConfig,
       "/builtin: this node is pinned to the built-in version \"1\" and to the binary aaaaaa…: "
       "keep one"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.json);
    std::vector<ErrorCode> codes;
    CHECK(problems_of(c.json, &codes) == std::vector<std::string>{c.problem});
    CHECK(codes == std::vector{c.code});
  }
}

TEST_CASE("hashes and names are checked as everywhere else", "[pipeline][config]") {
  const std::vector<std::string> no_hashes{"abc", "None", std::string(64, 'A'),
                                           std::string(63, 'a')};
  for (const std::string& text : no_hashes) {
    std::vector<ErrorCode> codes;
    for (const char* key : {"version_hash", "state_hash"}) {
      const auto problems =
          problems_of(node('"' + std::string(key) + "\": \"" + text + '"'), &codes);
      REQUIRE(problems.size() == 1);
      CHECK(problems[0].starts_with("/" + std::string(key) + ": "));
    }
    CHECK(codes == std::vector(2, ErrorCode::kInvalidHash));
  }
  for (const char* name : {"", "../x", "A B", "Ä", "1A"}) {
    std::vector<ErrorCode> codes;
    const auto problems = problems_of(to_json(ParamObject{{"clazz", name}}), &codes);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].starts_with("/clazz: "));
    CHECK(codes[0] == ErrorCode::kInvalidName);
  }
}

TEST_CASE("all problems are found in one reading", "[pipeline][config]") {
  CHECK(
      problems_of(
          R"({"clazz": "A", "parms": 1, "params": {"x": [{"clazz": 1, "params": 2}, {"clazz": "B",
                        "version_hash": true}]}, "_a": {"clazz": "C", "builtin": []}})") ==
      std::vector<std::string>{
          "/parms: unknown key \"parms\": did you mean 'params'?",
          "/params/x/0/clazz: expected a class's name, found a number",
          "/params/x/0/params: expected an object of parameters, found a number: leave it out to "
          "mean the class "
          "itself",
          "/params/x/1/version_hash: expected a hash (64 hex digits in a text) or null, found true",
          "/_a/builtin: expected the version of a built-in class as a text, found a list"});
}

TEST_CASE("a tree that was not parsed is bounded in depth, too", "[pipeline][config]") {
  ParamValue deep = 1;
  for (int i = 0; i < 1'000; ++i) deep = ParamList{std::move(deep)};
  ConfigProblems problems("test");
  Config::read(std::move(deep), "linux-x86_64-gnu", problems);
  REQUIRE(problems.all().size() == 1);
  CHECK(problems.all()[0].error.what() == std::string("nested deeper than 256 levels: the limit"));
}

TEST_CASE("problems are thrown as one error, with their own code when they agree",
          "[pipeline][config]") {
  ConfigProblems problems("p.json");
  CHECK_NOTHROW(problems.throw_if_any());
  const auto thrown = [&]() -> Error {
    try {
      problems.throw_if_any();
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorCode::kUsage, "nothing");
  };
  problems.add("/params/a", Error(ErrorCode::kClassNotFound, "no class 'X'", {"X", "", ""}));
  CHECK(thrown().what() == std::string("p.json, /params/a: no class 'X'"));
  CHECK(thrown().code() == ErrorCode::kClassNotFound);
  CHECK(thrown().class_name() == "X");
  problems.add("", ErrorCode::kClassNotFound, "no class 'Y'\n  did you mean 'Z'?");
  CHECK(thrown().what() == std::string("p.json: 2 problems\n  /params/a: no class 'X'\n"
                                       "  (root): no class 'Y'\n      did you mean 'Z'?"));
  CHECK(thrown().code() == ErrorCode::kClassNotFound);
  problems.add("/params/b", ErrorCode::kInvalidHash, "bad");
  CHECK(thrown().code() == ErrorCode::kBadConfig);
  for (int i = 0; i < 200; ++i) {
    problems.add("/x", ErrorCode::kBadConfig, "more, " + std::to_string(i));
  }
  CHECK(std::string(thrown().what()).ends_with("\n  /x: more, 96\n  and 103 more"));
}
