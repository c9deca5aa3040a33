#include "tools/petserve/inference_protocol.hpp"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "core/pipeline/json_document.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"
#include "tools/petserve/request_reader.hpp"

namespace pet::tools {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kBadParams, why); }

void read(std::string_view json, RequestReader& reader) {
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                              rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::MemoryStream stream(json.data(), json.size());
  rapidjson::Reader parser;
  const rapidjson::ParseResult result = parser.Parse<kFlags>(stream, reader);
  if (!reader.problem().empty()) refuse("the request is no inference request: " + reader.problem());
  if (result.IsError()) {
    refuse("the request's body is not JSON: " +
           std::string(rapidjson::GetParseError_En(result.Code())) + " (at byte " +
           std::to_string(result.Offset()) + " of " + std::to_string(json.size()) + ")");
  }
  // RapidJSON takes a NUL for the end of the text.
  if (stream.Tell() < json.size()) {
    refuse("the request's body is not JSON: more follows after the first value (at byte " +
           std::to_string(stream.Tell()) + " of " + std::to_string(json.size()) + ")");
  }
}

std::string shown_shape(const Shape& shape) {
  return shape_text(shape.data(), static_cast<std::int32_t>(shape.size()));
}

// Where the data come as `nesting` lists within one another, they say their shape themselves.
void check_shape(const TensorText& in, const std::string& who) {
  const Shape& shape = *in.shape;
  if (in.is_ragged) {
    refuse(who + ": expected \"data\" flat or nested as the shape " + shown_shape(shape) +
           ", got lists of different lengths");
  }
  const std::int64_t expected =
      detail::count_elements(shape.data(), static_cast<std::int32_t>(shape.size()));
  const auto got = static_cast<std::int64_t>(in.size());
  const bool is_flat = in.extents.size() == 1;
  if (expected != got || (!is_flat && expected != 0 && in.extents != shape)) {
    refuse(who + ": the shape " + shown_shape(shape) + " has " +
           (expected < 0 ? "too many" : std::to_string(expected)) + " elements, \"data\" has " +
           (is_flat ? std::to_string(got) : shown_shape(in.extents)));
  }
}

template <class T>
T converted(double value, const std::string& who) {
  const auto out = static_cast<T>(value);
  if (std::isfinite(value) && !std::isfinite(out)) {
    refuse(who + ": the number " + python_float(value) + " is beyond a FP32");
  }
  return out;
}

template <class T>
XYData reals_of(const TensorText& in, const std::string& who) {
  if (in.has_bool) refuse(who + ": expected numbers in \"data\", got true or false");
  XYData x = XYData::empty(dtype_of<T>(), *in.shape);
  T* out = x.data<T>();
  if (in.is_real) {
    for (const double value : in.reals) *out++ = converted<T>(value, who);
  } else {
    for (const std::int64_t value : in.integers) *out++ = static_cast<T>(value);
  }
  return x;
}

template <class T>
XYData integers_of(const TensorText& in, const std::string& who) {
  const bool is_bool = std::is_same_v<T, bool>;
  const std::string expected = is_bool ? "true and false" : "integers";
  if (in.is_real)
    refuse(who + ": expected " + expected + " in \"data\", got other numbers or null");
  if (in.has_bool && !is_bool) refuse(who + ": expected integers in \"data\", got true or false");
  XYData x = XYData::empty(dtype_of<T>(), *in.shape);
  T* out = x.data<T>();
  for (const std::int64_t value : in.integers) {
    if (value < std::int64_t{std::numeric_limits<T>::min()} ||
        value > std::int64_t{std::numeric_limits<T>::max()}) {
      refuse(who + ": the number " + std::to_string(value) + " is no " + in.datatype);
    }
    *out++ = static_cast<T>(value);
  }
  return x;
}

XYData tensor_of(const TensorText& in) {
  const std::string who = "input " + pet::quoted(in.name);
  if (in.name.empty()) refuse("expected a \"name\" in the input");
  if (in.datatype.empty()) refuse(who + ": expected a \"datatype\", got none");
  if (!in.shape) refuse(who + ": expected a \"shape\", got none");
  if (!in.has_data) {
    refuse(who +
           ": expected \"data\", got none\n  try: JSON tensors; the binary extension is not "
           "supported");
  }
  check_shape(in, who);
  if (in.datatype == "FP64") return reals_of<double>(in, who);
  if (in.datatype == "FP32") return reals_of<float>(in, who);
  if (in.datatype == "INT64") return integers_of<std::int64_t>(in, who);
  if (in.datatype == "INT32") return integers_of<std::int32_t>(in, who);
  if (in.datatype == "BOOL") return integers_of<bool>(in, who);
  refuse(who + ": expected the datatype FP32, FP64, INT32, INT64 or BOOL, got " +
         pet::quoted(in.datatype));
}

// ---- writing ------------------------------------------------------------------------------------

template <class T>
void append_number(std::string& json, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    json += value ? "true" : "false";
  } else {
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) {
        json += "null";
        return;
      }
    }
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    json.append(text, end);
  }
}

template <class Values, class Append>
void append_list(std::string& json, const Values& values, const Append& append) {
  json += '[';
  bool is_first = true;
  for (const auto& value : values) {
    if (!is_first) json += ',';
    is_first = false;
    append(value);
  }
  json += ']';
}

void append_output(std::string& json, const InferenceOutput& output) {
  const XYData& data = *output.data;
  const std::string_view datatype =
      output.texts == nullptr ? datatype_of(data.dtype()) : std::string_view("BYTES");
  if (datatype.empty()) {
    throw Error(ErrorCode::kPluginError,
                "the pipeline answered " + data.describe() +
                    ", an element type that the inference protocol has no name for");
  }
  json += "{\"name\":" + quoted_json(output.name) + ",\"datatype\":\"";
  json += datatype;
  json += "\",\"shape\":";
  append_list(json, data.shape(), [&](std::int64_t extent) { append_number(json, extent); });
  json += ",\"data\":";
  if (output.texts != nullptr) {
    append_list(json, *output.texts, [&](const std::string& text) { json += quoted_json(text); });
  } else {
    data.visit([&](auto sample) {
      using T = decltype(sample);
      const auto append = [&](T value) { append_number(json, value); };
      if (data.is_contiguous()) {
        append_list(json, data.elements<T>(), append);
      } else {
        append_list(json, data.value<T>(), append);
      }
    });
  }
  json += '}';
}

}  // namespace

InferenceRequest parse_inference(std::string_view json) {
  RequestReader reader;
  read(json, reader);
  if (reader.inputs.empty()) {
    refuse(
        "the request is no inference request: expected exactly one tensor in \"inputs\", got none");
  }
  return {.id = std::move(reader.id),
          .x = tensor_of(reader.inputs.front()),
          .outputs = std::move(reader.outputs)};
}

std::string_view datatype_of(pet_dtype dtype) noexcept {
  struct Row {
    pet_dtype dtype;
    std::string_view name;
  };
  static constexpr std::array<Row, 11> kNames{{{dtype_of<double>(), "FP64"},
                                               {dtype_of<float>(), "FP32"},
                                               {dtype_of<std::int64_t>(), "INT64"},
                                               {dtype_of<std::int32_t>(), "INT32"},
                                               {dtype_of<std::int16_t>(), "INT16"},
                                               {dtype_of<std::int8_t>(), "INT8"},
                                               {dtype_of<std::uint64_t>(), "UINT64"},
                                               {dtype_of<std::uint32_t>(), "UINT32"},
                                               {dtype_of<std::uint16_t>(), "UINT16"},
                                               {dtype_of<std::uint8_t>(), "UINT8"},
                                               {dtype_of<bool>(), "BOOL"}}};
  for (const Row& row : kNames) {
    if (same_dtype(row.dtype, dtype)) return row.name;
  }
  return {};
}

std::string inference_json(const InferenceAnswer& answer) {
  std::string json;
  std::size_t elements = 0;
  for (const InferenceOutput& output : answer.outputs) {
    elements += static_cast<std::size_t>(output.data->size());
  }
  json.reserve(256 + 20 * elements);
  json += "{\"model_name\":" + quoted_json(answer.model);
  json += ",\"model_version\":" + quoted_json(answer.version);
  if (!answer.id.empty()) json += ",\"id\":" + quoted_json(answer.id);
  json += ",\"outputs\":";
  append_list(json, answer.outputs,
              [&](const InferenceOutput& output) { append_output(json, output); });
  json += '}';
  return json;
}

}  // namespace pet::tools
