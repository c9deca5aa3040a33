// RequestReader: the events of a JSON parser, taken for an inference request. (Inside tools/petserve
// only.)
//
// It never recurses: `place_` says where in the document the next event belongs, and what is below a
// member that nobody knows is counted until it ends. The members of a tensor come in any order, so its
// numbers are kept as they are, integers apart from the others, until the datatype is known.
#pragma once

#include <cstdint>
#include <optional>
#include <pet/tensor.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace pet::tools {

// The elements of one tensor in their order.
struct TensorText {
  std::string name;
  std::string datatype;
  std::optional<Shape> shape;
  std::vector<std::int64_t> integers;  // as long as all are
  std::vector<double> reals;           // since the first that is none
  bool has_data = false;
  bool is_real = false;
  bool has_number = false;
  bool has_bool = false;
  bool has_null = false;
  bool has_text = false;
  bool is_ragged = false;
  std::size_t nesting = 0;            // of the data's lists: 1 is flat
  std::vector<std::int64_t> extents;  // of each level

  std::size_t size() const { return is_real ? reals.size() : integers.size(); }
  void add(std::int64_t value);
  void add(double value);
};

class RequestReader {
 public:
  static constexpr std::size_t kMaxNesting = 64;
  static constexpr std::size_t kMaxNames = 64;        // of outputs
  static constexpr std::size_t kMaxTextBytes = 1024;  // of a name or an id
  static constexpr std::size_t kMaxDimensions = 16;

  std::string id;
  std::vector<TensorText> inputs;
  std::vector<std::string> outputs;

  // Why it stopped the parser; empty when it did not.
  const std::string& problem() const noexcept { return problem_; }

  // What rapidjson::Reader calls.
  bool Null();
  bool Bool(bool value);
  bool RawNumber(const char* text, unsigned length, bool copy);
  bool String(const char* text, unsigned length, bool copy);
  bool StartObject();
  bool Key(const char* text, unsigned length, bool copy);
  bool EndObject(unsigned fields);
  bool StartArray();
  bool EndArray(unsigned items);
  bool Int(int) { return false; }  // numbers come as their texts
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  enum class Place {
    kStart,
    kRoot,
    kId,
    kInputs,
    kInputsItem,
    kInput,
    kName,
    kDatatype,
    kShape,
    kShapeItem,
    kData,
    kDataItem,
    kOutputs,
    kOutputsItem,
    kOutput,
    kOutputName,
    kUnknown,
    kEnd,
  };

  bool fail(std::string problem);
  bool unexpected(std::string_view found);
  bool take_text(std::string_view text, std::string& into, Place next, std::string_view what);
  bool skipped_scalar();
  Place member_of_root(std::string_view key);
  Place member_of_input(std::string_view key);
  TensorText& tensor() { return inputs.back(); }

  Place place_ = Place::kStart;
  Place after_unknown_ = Place::kEnd;
  std::size_t unknown_depth_ = 0;
  std::vector<std::string> seen_;        // keys of the root
  std::vector<std::string> seen_input_;  // keys of the input or output that is read
  std::size_t data_depth_ = 0;
  std::string problem_;
};

}  // namespace pet::tools
