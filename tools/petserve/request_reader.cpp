#include "tools/petserve/request_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "storage/key.hpp"

namespace pet::tools {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

void TensorText::add(std::int64_t value) {
  is_real ? reals.push_back(static_cast<double>(value)) : integers.push_back(value);
}

void TensorText::add(double value) {
  if (!is_real) {
    reals.assign(integers.begin(), integers.end());
    integers = {};
    is_real = true;
  }
  reals.push_back(value);
}

bool RequestReader::fail(std::string problem) {
  problem_ = std::move(problem);
  return false;
}

bool RequestReader::unexpected(std::string_view found) {
  const auto expected = [&]() -> std::string_view {
    switch (place_) {
      case Place::kStart:
        return "an object {\"inputs\": […]} as the request";
      case Place::kId:
        return "a text as \"id\"";
      case Place::kInputs:
        return "a list as \"inputs\"";
      case Place::kInputsItem:
        return "an object {\"name\", \"shape\", \"datatype\", \"data\"} in \"inputs\"";
      case Place::kName:
        return "a text as an input's \"name\"";
      case Place::kDatatype:
        return "a text as an input's \"datatype\"";
      case Place::kShape:
        return "a list as an input's \"shape\"";
      case Place::kShapeItem:
        return "integers, 0 or more, in an input's \"shape\"";
      case Place::kData:
        return "a list as an input's \"data\"";
      case Place::kDataItem:
        return "numbers, or lists of them, in an input's \"data\"";
      case Place::kOutputs:
        return "a list as \"outputs\"";
      case Place::kOutputsItem:
        return "an object {\"name\"} in \"outputs\"";
      case Place::kOutputName:
        return "a text as an output's \"name\"";
      default:
        return "nothing more";
    }
  }();
  return fail("expected " + std::string(expected) + ", got " + std::string(found));
}

// A value below a member that nobody knows.
bool RequestReader::skipped_scalar() {
  if (unknown_depth_ == 0) place_ = after_unknown_;
  return true;
}

bool RequestReader::Null() {
  if (place_ == Place::kUnknown) return skipped_scalar();
  if (place_ == Place::kOutputs) {  // as good as absent
    place_ = Place::kRoot;
    return true;
  }
  if (place_ != Place::kDataItem) return unexpected("null");
  tensor().has_null = true;
  if (tensor().nesting == 0) tensor().nesting = data_depth_;
  tensor().is_ragged |= data_depth_ != tensor().nesting;
  tensor().add(kNaN);
  return true;
}

bool RequestReader::Bool(bool value) {
  if (place_ == Place::kUnknown) return skipped_scalar();
  if (place_ != Place::kDataItem) return unexpected(value ? "true" : "false");
  tensor().has_bool = true;
  if (tensor().nesting == 0) tensor().nesting = data_depth_;
  tensor().is_ragged |= data_depth_ != tensor().nesting;
  tensor().add(std::int64_t{value});
  return true;
}

bool RequestReader::RawNumber(const char* chars, unsigned length, bool) {
  if (place_ == Place::kUnknown) return skipped_scalar();
  const std::string_view text(chars, length);
  const char* const end = chars + length;
  if (place_ != Place::kDataItem && place_ != Place::kShapeItem) return unexpected("a number");
  std::int64_t integer = 0;
  // What has a point or an exponent stops this before its end.
  const auto [stop, error] = std::from_chars(chars, end, integer);
  if (stop == end && error == std::errc()) {
    if (place_ == Place::kShapeItem) {
      if (integer < 0) return unexpected(text);
      if (tensor().shape->size() == kMaxDimensions) {
        return fail("expected at most " + std::to_string(kMaxDimensions) +
                    " dimensions, got more in an input's \"shape\"");
      }
      tensor().shape->push_back(integer);
      return true;
    }
    // -0 is a real number.
    text == "-0" ? tensor().add(-0.0) : tensor().add(integer);
  } else {
    if (place_ == Place::kShapeItem) return unexpected(text.substr(0, 40));
    double real = 0;
    // What is out of range is an error for from_chars, also when it is as good as zero.
    if (std::from_chars(chars, end, real).ec != std::errc()) {
      real = std::strtod(std::string(text).c_str(), nullptr);
    }
    if (!std::isfinite(real)) {
      return fail("the number " + std::string(text.substr(0, 40)) + " is beyond a FP64");
    }
    tensor().add(real);
  }
  TensorText& in = tensor();
  in.has_number = true;
  if (in.nesting == 0) in.nesting = data_depth_;
  in.is_ragged |= data_depth_ != in.nesting;
  return true;
}

bool RequestReader::take_text(std::string_view text, std::string& into, Place next,
                              std::string_view what) {
  if (text.size() > kMaxTextBytes) {
    return fail(std::string(what) + " has " + std::to_string(text.size()) +
                " bytes, expected at most " + std::to_string(kMaxTextBytes));
  }
  into = text;
  place_ = next;
  return true;
}

bool RequestReader::String(const char* chars, unsigned length, bool) {
  const std::string_view text(chars, length);
  switch (place_) {
    case Place::kUnknown:
      return skipped_scalar();
    case Place::kId:
      return take_text(text, id, Place::kRoot, "\"id\"");
    case Place::kName:
      return take_text(text, tensor().name, Place::kInput, "an input's \"name\"");
    case Place::kDatatype:
      return take_text(text, tensor().datatype, Place::kInput, "an input's \"datatype\"");
    case Place::kOutputName:
      return take_text(text, outputs.back(), Place::kOutput, "an output's \"name\"");
    case Place::kDataItem:
      return fail("expected numbers in an input's \"data\", got the text " +
                  pet::quoted(std::string(text.substr(0, 40))));
    default:
      return unexpected("a text");
  }
}

bool RequestReader::StartObject() {
  switch (place_) {
    case Place::kUnknown:
      if (++unknown_depth_ > kMaxNesting) return fail("lists and objects are nested too deep");
      return true;
    case Place::kStart:
      place_ = Place::kRoot;
      return true;
    case Place::kInputsItem:
      if (!inputs.empty()) {
        return fail(
            "expected exactly one tensor in \"inputs\", got more\n  try: all features as one "
            "tensor of the shape [rows, columns]");
      }
      seen_input_.clear();
      inputs.emplace_back();
      place_ = Place::kInput;
      return true;
    case Place::kOutputsItem:
      seen_input_.clear();
      if (outputs.size() == kMaxNames) {
        return fail("expected at most " + std::to_string(kMaxNames) + " outputs, got more");
      }
      outputs.emplace_back();
      place_ = Place::kOutput;
      return true;
    default:
      return unexpected("an object");
  }
}

bool RequestReader::EndObject(unsigned) {
  switch (place_) {
    case Place::kUnknown:
      --unknown_depth_;
      return skipped_scalar();
    case Place::kRoot:
      place_ = Place::kEnd;
      return true;
    case Place::kInput:
      place_ = Place::kInputsItem;
      return true;
    case Place::kOutput:
      if (outputs.back().empty()) return fail("expected a \"name\" in each of \"outputs\"");
      place_ = Place::kOutputsItem;
      return true;
    default:
      return unexpected("the end of an object");
  }
}

RequestReader::Place RequestReader::member_of_root(std::string_view key) {
  if (key == "id") return Place::kId;
  if (key == "inputs") return Place::kInputs;
  if (key == "outputs") return Place::kOutputs;
  return Place::kUnknown;
}

RequestReader::Place RequestReader::member_of_input(std::string_view key) {
  if (key == "name") return Place::kName;
  if (key == "datatype") return Place::kDatatype;
  if (key == "shape") return Place::kShape;
  if (key == "data") return Place::kData;
  return Place::kUnknown;
}

bool RequestReader::Key(const char* chars, unsigned length, bool) {
  const std::string_view key(chars, length);
  if (place_ == Place::kUnknown) return true;
  const Place object = place_;
  std::vector<std::string>& seen = object == Place::kRoot ? seen_ : seen_input_;
  if (object == Place::kRoot) {
    place_ = member_of_root(key);
  } else if (object == Place::kInput) {
    place_ = member_of_input(key);
  } else {
    place_ = key == "name" ? Place::kOutputName : Place::kUnknown;
  }
  if (place_ == Place::kUnknown) {
    after_unknown_ = object;
    unknown_depth_ = 0;
    return true;
  }
  if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
    return fail("\"" + std::string(key) + "\" is there twice");
  }
  seen.emplace_back(key);
  return true;
}

bool RequestReader::StartArray() {
  switch (place_) {
    case Place::kUnknown:
      if (++unknown_depth_ > kMaxNesting) return fail("lists and objects are nested too deep");
      return true;
    case Place::kInputs:
      place_ = Place::kInputsItem;
      return true;
    case Place::kOutputs:
      place_ = Place::kOutputsItem;
      return true;
    case Place::kShape:
      tensor().shape.emplace();
      place_ = Place::kShapeItem;
      return true;
    case Place::kData:
      tensor().has_data = true;
      place_ = Place::kDataItem;
      data_depth_ = 1;
      tensor().extents.assign(1, -1);
      return true;
    case Place::kDataItem:
      if (++data_depth_ > kMaxDimensions) {
        return fail("an input's \"data\" is nested deeper than " + std::to_string(kMaxDimensions) +
                    " lists");
      }
      if (tensor().extents.size() < data_depth_) tensor().extents.push_back(-1);
      return true;
    default:
      return unexpected("a list");
  }
}

bool RequestReader::EndArray(unsigned items) {
  switch (place_) {
    case Place::kUnknown:
      --unknown_depth_;
      return skipped_scalar();
    case Place::kInputsItem:
    case Place::kOutputsItem:
      place_ = Place::kRoot;
      return true;
    case Place::kShapeItem:
      place_ = Place::kInput;
      return true;
    case Place::kDataItem: {
      std::int64_t& extent = tensor().extents[data_depth_ - 1];
      if (extent < 0) extent = items;
      tensor().is_ragged |= extent != std::int64_t{items};
      if (--data_depth_ == 0) place_ = Place::kInput;
      return true;
    }
    default:
      return unexpected("the end of a list");
  }
}

}  // namespace pet::tools
