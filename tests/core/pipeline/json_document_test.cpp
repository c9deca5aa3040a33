#include "core/pipeline/json_document.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <string>

#include "core/artifact/note_reader.hpp"
#include "storage/error.hpp"

using namespace pet;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

namespace {

// The message of the kBadConfig that parsing `text` throws; "accepted" when it throws nothing.
std::string refusal(std::string_view text, JsonOptions options = {}) {
  try {
    parse_json(text, options);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kBadConfig);
    return error.what();
  }
  return "accepted";
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string repeated(std::string_view piece, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += piece;
  return out;
}

}  // namespace

TEST_CASE("malformed JSON is refused with line, column, what was expected and what came",
          "[pipeline][json]") {
  struct Case {
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"", "JSON: line 1, column 1: expected a value, found the end of the text"},
      {"  \n ", "JSON: line 2, column 2: expected a value, found the end of the text"},
      {"{", "JSON: line 1, column 2: expected a key in double quotes, found the end of the text"},
      {"[", "JSON: line 1, column 2: expected a value, found the end of the text"},
      {"[1", "JSON: line 1, column 3: expected ',' or ']', found the end of the text"},
      {"[1,]", "JSON: line 1, column 4: expected a value, found ']'"},
      {"[1 2]", "JSON: line 1, column 4: expected ',' or ']', found '2'"},
      {"{\"a\" 1}", "JSON: line 1, column 6: expected ':' after the key, found '1'"},
      {"{\"a\": 1,}", "JSON: line 1, column 9: expected a key in double quotes, found '}'"},
      {"{\"a\": 1 \"b\": 2}", "JSON: line 1, column 9: expected ',' or '}', found '\"'"},
      {"{'a': 1}", "JSON: line 1, column 2: expected a key in double quotes, found a single quote"},
      {"{\"a\":}", "JSON: line 1, column 6: expected a value, found '}'"},
      {"{\n  \"a\": [1,\n    tru]\n}", "JSON: line 3, column 8: expected a value, found ']'"},
      {"None", "JSON: line 1, column 2: expected a value, found 'o'"},
      {"{} {}", "JSON: line 1, column 4: expected nothing more after the first value, found '{'"},
      {"{}\nx", "JSON: line 2, column 1: expected nothing more after the first value, found 'x'"},
      {"\"ab",
       "JSON: line 1, column 4: expected '\"' at the end of a text, found the end of the text"},
      {"\"a\nb\"",
       "JSON: line 1, column 3: expected control characters in a text to be escaped, found a line "
       "break"},
      {"\"a\tb\"",
       "JSON: line 1, column 3: expected control characters in a text to be escaped, found U+0009"},
      {"\"\\q\"",
       "JSON: line 1, column 2: expected one of \" \\ / b f n r t u after a backslash, found '\\'"},
      {"\"\\u12g4\"", "JSON: line 1, column 2: expected four hex digits after \\u, found '\\'"},
      {"\"\\ud800\"",
       "JSON: line 1, column 2: expected both halves of a surrogate pair (\\ud83d\\ude00), found "
       "'\\'"},
      {"[\"\\ude00\"]",
       "JSON: line 1, column 2: expected both halves of a surrogate pair (\\ud83d\\ude00) in this "
       "text"},
      {"[\"\xff\"]", "JSON: line 1, column 3: expected UTF-8, found byte 0xFF"},
      {"[\"\xc0\x80\"]", "JSON: line 1, column 3: expected UTF-8, found byte 0xC0"},
      {"1.",
       "JSON: line 1, column 3: expected a digit after the decimal point, found the end of the "
       "text"},
      {"1e", "JSON: line 1, column 3: expected a digit in the exponent, found the end of the text"},
      {"-", "JSON: line 1, column 2: expected a value, found the end of the text"},
      {"+1", "JSON: line 1, column 1: expected a value, found '+'"},
      {".5", "JSON: line 1, column 1: expected a value, found '.'"},
      {"01", "JSON: line 1, column 2: expected nothing more after the first value, found '1'"},
      {"0x10", "JSON: line 1, column 2: expected nothing more after the first value, found 'x'"},
      {"[1e400]",
       "JSON: line 1, column 2: the number is beyond float64 (±1.7976931348623157e+308)"},
      {"[1000e9223372036854775807]",
       "JSON: line 1, column 2: the number is beyond float64 (±1.7976931348623157e+308)"},
      {"[\"\\\"0e1\", 0e400, 1, 10e400]",
       "JSON: line 1, column 21: the number is beyond float64 (±1.7976931348623157e+308)"},
      {"[0e400, x]", "JSON: line 1, column 9: expected a value, found 'x'"},
      {"[1.8e308]",
       "JSON: line 1, column 2: the number is beyond float64 (±1.7976931348623157e+308)"},
      {"[9223372036854775808]",
       "JSON: line 1, column 2: the integer is beyond int64 (±9223372036854775807): write it as a "
       "float, with .0"},
      {"[Inf]",
       "JSON: line 1, column 2: expected a value, found Inf: write NaN, Infinity or -Infinity"},
      {"[-NaN]",
       "JSON: line 1, column 2: expected a value, found -NaN: write NaN, Infinity or -Infinity"},
      {"[nan]", "JSON: line 1, column 3: expected a value, found 'a'"},
      {"{\"a\": 1, \"b\\\"\": 2, \"a\": 3}",
       "JSON: line 1, column 20: the key \"a\" stands twice in this object: keep one"},
      {"{\"äö\": 1, \"äö\": 3}",
       "JSON: line 1, column 11: the key \"äö\" stands twice in this object: keep one"},
      {"{\"ä\": x}", "JSON: line 1, column 7: expected a value, found 'x'"},
      {"/* c */ {}", "JSON: line 1, column 1: expected a value, found '/'"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(first_line(refusal(c.text)) == c.message);
  }
  CHECK_THAT(refusal(std::string("{}\0{}", 5)),
             Contains("column 3: expected nothing more after the first value, found U+0000"));
}

TEST_CASE("a refusal shows the line with a caret under the place", "[pipeline][json]") {
  CHECK(refusal("{\n  \"ä\": 1\n  \"b\": 2\n}", {.source = "pipeline.json"}) ==
        "pipeline.json: line 3, column 3: expected ',' or '}', found '\"'\n"
        "    \"b\": 2\n"
        "    ^");
  // A long line is cut about the place.
  const std::string message =
      refusal("[" + repeated("1234567890, ", 100) + "x" + repeated(", 1234567890", 100));
  CHECK(message ==
        "JSON: line 1, column 1202: expected a value, found 'x'\n"
        "  …234567890, 1234567890, 1234567890, x, 1234567890, 1234567890, 12345678…\n"
        "   " +
            std::string(35, ' ') + "^");
}

TEST_CASE("what is well-formed is read with its exact types", "[pipeline][json]") {
  const ParamValue tree = parse_json(
      R"( {"null": null, "yes": true, "no": false, "int": 7, "float": 7.0, "text": "a\u00e9\ud83d\ude00\n",
           "list": [1, [], {}], "object": {"x": {"y": "z"}}} )");
  CHECK(tree == ParamValue(ParamObject{{"null", nullptr},
                                       {"yes", true},
                                       {"no", false},
                                       {"int", 7},
                                       {"float", 7.0},
                                       {"text", "aé😀\n"},
                                       {"list", ParamList{1, ParamList{}, ParamObject{}}},
                                       {"object", ParamObject{{"x", ParamObject{{"y", "z"}}}}}}));
  CHECK(parse_json("\xEF\xBB\xBF[]") == ParamValue(ParamList{}));  // a byte-order mark
  CHECK(parse_json(R"("a\u0000b")").as_text() == std::string("a\0b", 3));
}

TEST_CASE("integers stay integers and floats floats, to the last bit", "[pipeline][json]") {
  struct Case {
    const char* text;
    ParamValue value;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  const Case cases[] = {
      {"0", 0},
      {"-0", 0},
      {"-0.0", -0.0},
      {"1", 1},
      {"1.0", 1.0},
      {"1e2", 100.0},
      {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"9223372036854775808.0", 9223372036854775808.0},
      {"0.1", 0.1},
      {"1.7976931348623157e308", std::numeric_limits<double>::max()},
      {"5e-324", std::numeric_limits<double>::denorm_min()},
      {"1e-400", 0.0},
      {"-1e-400", -0.0},
      {"1e-99999999999999999999", 0.0},
      {"0.001e-9223372036854775808", 0.0},
      {"-0.001e-9223372036854775808", -0.0},
      {"0e400", 0.0},
      {"-0.0E+99999999999999999999", -0.0},
      {"0.000e-99999999999999999999", 0.0},
      {"2.2250738585072011e-308", 2.2250738585072011e-308},
      {"Infinity", infinity},
      {"-Infinity", -infinity},
      {"NaN", std::numeric_limits<double>::quiet_NaN()},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const ParamValue value = parse_json(c.text);
    CHECK(value == c.value);
    if (value.if_float64())
      CHECK(std::signbit(*value.if_float64()) == std::signbit(*c.value.if_float64()));
  }
}

TEST_CASE("what stands around a zero with a large exponent stays as it is", "[pipeline][json]") {
  const ParamValue value = parse_json(R"({"0e400": ["\"0e5", 0e400, 10e2, 0.5e1, 0]})");
  CHECK(value == parse_json(R"({"0e400": ["\"0e5", 0.0, 1000.0, 5.0, 0]})"));
}

TEST_CASE("size, nesting, values and keys are bounded", "[pipeline][json]") {
  const std::string deep = repeated("[", 256) + repeated("]", 256);
  CHECK(refusal(deep) == "accepted");
  CHECK_THAT(refusal("[" + deep + "]"),
             Contains("JSON: line 1, column 257: nested deeper than 256 levels: the limit"));
  // Bombs: the machine's stack is not used, and the first bound ends them.
  for (const char* piece : {"[", "{\"a\":", "[{\"a\":"}) {
    CHECK_THAT(refusal(repeated(piece, 100'000)), Contains("nested deeper than 256 levels"));
  }
  // Deep parsing itself needs no stack either.
  CHECK_THAT(refusal(repeated("[", 100'000), {.max_depth = 200'000}),
             Contains("column 100001: expected a value, found the end of the text"));

  CHECK_THAT(refusal("[1, 2]", {.source = "p.json", .max_bytes = 5}),
             Equals("p.json: 6 bytes, the limit is 5"));
  CHECK(refusal("[1,2]", {.max_bytes = 5}) == "accepted");
  CHECK_THAT(refusal("[1,2,3,4]", {.max_values = 3}), Contains("more than 3 values: the limit"));
  CHECK_THAT(refusal("{\"a\":1,\n\"b\":2,\"c\":3}", {.max_fields = 2}),
             Contains("line 2, column 7: more than 2 keys in one object: the limit"));
  const std::string text(std::size_t{1} << 20, 'x');
  CHECK(parse_json("\"" + text + "\"").as_text() == text);
  CHECK_THAT(refusal("\"" + text), Contains("expected '\"' at the end of a text"));
  CHECK(parse_json("0." + repeated("7", 100'000)).as_float64() == 0.7777777777777778);
  CHECK_THAT(refusal(repeated("7", 100'000)), Contains("beyond"));
}

TEST_CASE("values are written as Python's json.dumps writes them", "[pipeline][json]") {
  const ParamValue tree = ParamObject{{"b", ParamList{1, 2.0, true, nullptr}},
                                      {"a", ParamObject{{"text", "é\"\\\n\x01"}}},
                                      {"empty", ParamList{}},
                                      {"none", ParamObject{}}};
  CHECK(to_json(tree) ==
        R"({"b": [1, 2.0, true, null], "a": {"text": "é\"\\\n\u0001"}, "empty": [], "none": {}})");
  CHECK(to_json(tree, 1) ==
        "{\n \"b\": [\n  1,\n  2.0,\n  true,\n  null\n ],\n \"a\": {\n  \"text\": "
        "\"é\\\"\\\\\\n\\u0001\"\n },\n"
        " \"empty\": [],\n \"none\": {}\n}");
  CHECK(to_json(ParamList{ParamList{1}}, 2) == "[\n  [\n    1\n  ]\n]");
  CHECK(to_json("a/b\x7f") == "\"a/b\x7f\"");
  CHECK_THROWS_WITH(to_json("\xff"),
                    Contains("a text of 1 bytes is not UTF-8 and cannot be written as JSON"));
}

TEST_CASE("floats are written as Python's repr, and read back the same", "[pipeline][json]") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::pair<double, const char*> cases[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {-1.5, "-1.5"},
      {0.1, "0.1"},
      {100.0, "100.0"},
      {0.0001, "0.0001"},
      {0.00012, "0.00012"},
      {1e-05, "1e-05"},
      {1.5e-05, "1.5e-05"},
      {1e15, "1000000000000000.0"},
      {1e16, "1e+16"},
      {123456789012345680.0, "1.2345678901234568e+17"},
      {9007199254740993.0, "9007199254740992.0"},
      {1e100, "1e+100"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {1.0 / 3.0, "0.3333333333333333"},
      {infinity, "Infinity"},
      {-infinity, "-Infinity"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN"},
  };
  for (const auto& [value, text] : cases) CHECK(python_float(value) == text);

  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    CHECK(parse_json(python_float(value)) == ParamValue(value));
    const double ordinary = std::ldexp(static_cast<double>(bits >> 11), -1 - i % 64);
    CHECK(parse_json(python_float(ordinary)) == ParamValue(ordinary));
  }
}

TEST_CASE("every oracle's dump is written back as the text that it was read from",
          "[pipeline][json]") {
  int seen = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(PET_TEST_DATA)) {
    if (entry.path().extension() != ".json") continue;
    CAPTURE(entry.path());
    std::ifstream file(entry.path(), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    while (!text.empty() && text.back() == '\n') text.pop_back();
    CHECK(to_json(parse_json_file(entry.path()), 1) == text);
    ++seen;
  }
  CHECK(seen >= 10);
}

TEST_CASE("a JSON file that cannot be read is refused by its path", "[pipeline][json]") {
  const auto refusal_of = [](const std::filesystem::path& path) -> std::string {
    try {
      parse_json_file(path);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kBadConfig);
      CHECK(error.key() == path.string());
      return error.what();
    }
    return "accepted";
  };
  CHECK(refusal_of("/nowhere/p.json") == "/nowhere/p.json: no such file");
  CHECK_THAT(refusal_of(PET_TEST_DATA), Contains(": is a directory, not a JSON file"));
}

TEST_CASE("mutated JSON is read or refused, and never crashes", "[pipeline][json][fuzz]") {
  const std::string seed =
      R"({"clazz": "F3Pipeline", "version_hash": null, "params": {"filters": [{"clazz": "KnnFilter", "params":
      {"n": 3, "w": -1.5e-3, "t": "\u00e9\ud83d\ude00\\", "x": [NaN, Infinity, -Infinity, true]}}], "é": ""}})";
  constexpr std::string_view kAlphabet = "{}[]\",:\\u0123456789.eE+-NaInfty\xff\xc3\xa9\n\t \0x";
  std::mt19937 random(20240607);
  for (int round = 0; round < 30'000; ++round) {
    std::string text = seed;
    for (unsigned edits = 1 + random() % 6; edits > 0 && !text.empty(); --edits) {
      const std::size_t at = random() % text.size();
      const char c = kAlphabet[random() % kAlphabet.size()];
      switch (random() % 5) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        case 2:
          text.erase(at, 1 + random() % 4);
          break;
        case 3:
          text.resize(at);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 20));
          break;
      }
    }
    try {
      const ParamValue tree = parse_json(text);
      CHECK(parse_json(to_json(tree)) == tree);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kBadConfig);
      CHECK(is_utf8(error.what()));
    }
  }
}
