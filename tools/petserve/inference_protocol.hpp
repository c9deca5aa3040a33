// inference_protocol: JSON tensors of the Open Inference Protocol, version 2 ↔ XYData. No HTTP here.
//
//   InferenceRequest request = parse_inference(body);
//   XYData y = pipeline.predict(request.x);
//   std::string answer = inference_json({.model = "iris", .version = "3", .id = request.id,
//                                        .outputs = {{"y", &y, nullptr}}});
//
// A pipeline takes one tensor and gives one, so a request has exactly one input, whatever its name. Its
// data may be flat in row-major order or nested as the shape is. Numbers that JSON has no word for are
// null: a null in the data of a FP32 or FP64 is NaN, and NaN or an infinity is answered as null.
//
// The text is not trusted: the parser keeps its own stack, nesting is bounded, and nothing is allocated
// for a shape that the data do not fill.
//
// Threads: pure functions.
// Throws:  kBadParams: what was expected, what came.
#pragma once

#include <cstddef>
#include <pet/xydata.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace pet::tools {

struct InferenceRequest {
  std::string id;  // empty: none was given
  XYData x;
  std::vector<std::string> outputs;  // the names that are wanted; empty: all that are usual
};

InferenceRequest parse_inference(std::string_view json);

// What a tensor's elements are called there: "FP64", a constant that ends with a NUL; empty for a type
// that the protocol has no name for.
std::string_view datatype_of(pet_dtype dtype) noexcept;

// Looks at what the caller keeps.
struct InferenceOutput {
  std::string_view name;
  const XYData* data;
  const std::vector<std::string>* texts = nullptr;  // instead of the data's elements: BYTES
};

struct InferenceAnswer {
  std::string_view model;
  std::string_view version;
  std::string_view id = {};
  std::vector<InferenceOutput> outputs = {};
};

std::string inference_json(const InferenceAnswer& answer);

}  // namespace pet::tools
