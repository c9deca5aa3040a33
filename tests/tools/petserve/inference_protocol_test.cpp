#include "tools/petserve/inference_protocol.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "storage/error.hpp"

using namespace pet::tools;
using Catch::Matchers::Contains;

namespace {

std::string request(const std::string& datatype, const std::string& shape,
                    const std::string& data) {
  return R"({"inputs":[{"name":"x","shape":)" + shape + R"(,"datatype":")" + datatype +
         R"(","data":)" + data + "}]}";
}

std::string refusal(const std::string& json) {
  try {
    const pet::XYData x = parse_inference(json).x;
    return "taken as " + x.describe();
  } catch (const pet::Error& error) {
    CHECK(error.code() == pet::ErrorCode::kBadParams);
    return error.what();
  }
}

}  // namespace

TEST_CASE("a tensor is read flat and nested, in every datatype", "[petserve]") {
  for (const std::string data : {"[1, 2.5, -3, 4e2, 0, 6]", "[[1, 2.5, -3], [4e2, 0, 6]]"}) {
    const InferenceRequest got = parse_inference(request("FP64", "[2, 3]", data));
    CHECK(got.x.describe() == "float64 [2, 3]");
    CHECK(got.x.value<double>() == std::vector<double>{1, 2.5, -3, 400, 0, 6});
    CHECK(got.id.empty());
    CHECK(got.outputs.empty());
  }
  CHECK(parse_inference(request("FP32", "[2]", "[1, 0.5]")).x.value<float>() ==
        std::vector<float>{1, 0.5});
  CHECK(parse_inference(request("INT64", "[2]", "[9223372036854775807, -9223372036854775808]"))
            .x.value<std::int64_t>() ==
        std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::min()});
  CHECK(parse_inference(request("INT32", "[1, 2]", "[7, -7]")).x.value<std::int32_t>() ==
        std::vector<std::int32_t>{7, -7});
  CHECK(parse_inference(request("BOOL", "[3]", "[true, false, 1]")).x.value<bool>() ==
        std::vector<bool>{true, false, true});
  CHECK(parse_inference(request("FP64", "[0, 4]", "[]")).x.describe() == "float64 [0, 4]");
  CHECK(parse_inference(request("FP64", "[]", "[3]")).x.describe() == "float64 []");
}

TEST_CASE("members come in any order, unknown ones are passed over, null is NaN", "[petserve]") {
  const InferenceRequest got = parse_inference(R"( {
    "parameters": {"deep": [[{"a": [1, "x", null, true]}]]}, "id": "42\u00e9",
    "outputs": [{"name": "y", "parameters": {}}, {"name": "y_index"}],
    "inputs": [{"data": [1, null, 18446744073709551616], "parameters": {"content_type": "np"},
                "datatype": "FP64", "shape": [3], "name": "any"}]} )");
  CHECK(got.id == "42\u00e9");
  CHECK(got.outputs == std::vector<std::string>{"y", "y_index"});
  const auto x = got.x.value<double>();
  CHECK(x[0] == 1);
  CHECK(std::isnan(x[1]));
  CHECK(x[2] == 18446744073709551616.0);
  CHECK(std::signbit(parse_inference(request("FP64", "[1]", "[-0]")).x.value<double>()[0]));
  CHECK(
      parse_inference(
          R"({"outputs":null,"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[1e-400]}]})")
          .x.value<double>()[0] == 0);
}

TEST_CASE("what is no inference request is refused in a sentence", "[petserve]") {
  struct Row {
    std::string json;
    std::string why;
  };
  const std::string deep = R"({"a":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  const Row rows[] = {
      {"", "is not JSON"},
      {"{", "is not JSON"},
      {"[1]", "expected an object {\"inputs\": […]} as the request, got a list"},
      {"{} {}", "is not JSON"},
      {std::string("{\"inputs\":[]}\0x", 15), "more follows after the first value"},
      {"{}", "expected exactly one tensor in \"inputs\", got none"},
      {R"({"inputs":{}})", "expected a list as \"inputs\", got an object"},
      {R"({"inputs":[[]]})", "expected an object {\"name\", \"shape\", \"datatype\", \"data\"}"},
      {R"({"inputs":[{}]})", "expected a \"name\""},
      {R"({"inputs":[{"name":"a"},{"name":"b"}]})", "exactly one tensor in \"inputs\", got more"},
      {R"({"id":1})", "expected a text as \"id\", got a number"},
      {R"({"id":"a","id":"b"})", "\"id\" is there twice"},
      {R"({"id":"\ud800"})", "is not JSON"},
      {"{\"id\":\"\xff\"}", "is not JSON"},
      {R"({"id":")" + std::string(2000, 'x') + "\"}",
       "\"id\" has 2000 bytes, expected at most 1024"},
      {deep, "nested too deep"},
      {request("FP64", "[1]", "[" + std::string(40, '[') + "1" + std::string(40, ']') + "]"),
       "nested deeper than 16 lists"},
      {request("FP16", "[1]", "[1]"),
       "expected the datatype FP32, FP64, INT32, INT64 or BOOL, got 'FP16'"},
      {request("BYTES", "[1]", R"(["a"])"),
       "expected numbers in an input's \"data\", got the text 'a'"},
      {request("FP64", "[-1]", "[1]"), "integers, 0 or more, in an input's \"shape\", got -1"},
      {request("FP64", "[1.5]", "[1]"), "integers, 0 or more, in an input's \"shape\", got 1.5"},
      {request("FP64", "[3000000000, 3000000000, 3000000000]", "[1]"), "too many elements"},
      {request("FP64", "[4000000000]", "[1]"), "has 4000000000 elements, \"data\" has 1"},
      {request("FP64", "[2, 2]", "[1, 2, 3]"), "the shape [2, 2] has 4 elements, \"data\" has 3"},
      {request("FP64", "[2, 2]", "[[1, 2, 3, 4]]"),
       "the shape [2, 2] has 4 elements, \"data\" has [1, 4]"},
      {request("FP64", "[2, 2]", "[[1, 2], [3]]"), "got lists of different lengths"},
      {request("FP64", "[3]", "[1, [2], 3]"), "got lists of different lengths"},
      {request("FP64", "[1]", "[true]"), "expected numbers in \"data\", got true or false"},
      {request("FP64", "[1]", "[1e999]"), "Number too big"},
      {request("FP32", "[1]", "[1e39]"), "is beyond a FP32"},
      {request("INT64", "[1]", "[1.0]"),
       "expected integers in \"data\", got other numbers or null"},
      {request("INT64", "[1]", "[9223372036854775808]"), "expected integers in \"data\""},
      {request("INT32", "[1]", "[2147483648]"), "the number 2147483648 is no INT32"},
      {request("INT32", "[1]", "[null]"),
       "expected integers in \"data\", got other numbers or null"},
      {request("BOOL", "[1]", "[2]"), "the number 2 is no BOOL"},
      {request("FP64", "[1]", "{}"), "expected a list as an input's \"data\", got an object"},
      {R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP64","parameters":{"binary_data_size":8}}]})",
       "expected \"data\", got none"},
      {R"({"outputs":[{}]})", "expected a \"name\" in each of \"outputs\""},
      {"{\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP64\",\"data\":[NaN]}]}",
       "is not JSON"},
  };
  for (const Row& row : rows) {
    INFO(row.json.substr(0, 120));
    CHECK_THAT(refusal(row.json), Contains(row.why));
  }
}

TEST_CASE("what is cut off or altered anywhere is refused or read, and nothing else",
          "[petserve]") {
  const std::string whole =
      R"({"id":"a","outputs":[{"name":"y"}],"inputs":[{"name":"x","shape":[2,2],"datatype":"FP64","data":[[1,2.5],[-3e1,null]]}]})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_THAT(refusal(whole.substr(0, size)), Contains("is not JSON"));
  }
  std::minstd_rand random(7);
  const std::string bytes = "[]{}\",:0-e.ntfux\\ \0\xff";
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string altered = whole;
    altered[random() % altered.size()] = bytes[random() % bytes.size()];
    altered[random() % altered.size()] = bytes[random() % bytes.size()];
    refused += refusal(altered).starts_with("taken") ? 0 : 1;
  }
  CHECK(refused > 10'000);
}

TEST_CASE("answers are written so that they read back the same", "[petserve]") {
  const pet::XYData reals = pet::XYData::mock<double>({{0.1, -0.0}, {1e300, 5e-324}});
  CHECK(
      inference_json({.model = "iris", .version = "3", .id = "q\"", .outputs = {{"y", &reals}}}) ==
      R"({"model_name":"iris","model_version":"3","id":"q\"","outputs":[{"name":"y",)"
      R"("datatype":"FP64","shape":[2,2],"data":[0.1,-0,1e+300,5e-324]}]})");
  const pet::XYData odd =
      pet::XYData::mock<float>({std::nanf(""), std::numeric_limits<float>::infinity(), 0.1F});
  CHECK_THAT(inference_json({.model = "m", .version = "1", .outputs = {{"y", &odd}}}),
             Contains(R"("datatype":"FP32","shape":[3],"data":[null,null,0.1])"));
  const pet::XYData places = pet::XYData::mock<std::int64_t>({1, 0});
  const std::vector<std::string> texts{"vir\"ginica", "setosa"};
  CHECK_THAT(
      inference_json({.model = "m",
                      .version = "1",
                      .outputs = {{"y", &places, &texts}, {"y_index", &places}}}),
      Contains(R"({"name":"y","datatype":"BYTES","shape":[2],"data":["vir\"ginica","setosa"]},)"
               R"({"name":"y_index","datatype":"INT64","shape":[2],"data":[1,0]})"));
  const pet::XYData flags = pet::XYData::mock<bool>(std::vector<bool>{true, false}, {2});
  CHECK_THAT(inference_json({.model = "m", .version = "1", .outputs = {{"y", &flags}}}),
             Contains(R"("datatype":"BOOL","shape":[2],"data":[true,false])"));
}

TEST_CASE("doubles survive a round trip to the last bit", "[petserve]") {
  std::mt19937_64 random(11);
  std::vector<double> values;
  while (values.size() < 2000) {
    const double value = std::bit_cast<double>(random());
    if (std::isfinite(value)) values.push_back(value);
  }
  const pet::XYData x = pet::XYData::mock(values);
  const std::string json = inference_json({.model = "m", .version = "1", .outputs = {{"y", &x}}});
  const std::string list = json.substr(json.rfind('['), json.rfind(']') + 1 - json.rfind('['));
  const std::string data = list.substr(0, list.find(']') + 1);
  CHECK(parse_inference(request("FP64", "[2000]", data)).x.value<double>() == values);
}
