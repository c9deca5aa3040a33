// Parsing: RapidJSON finds the tokens, a handler builds the tree on a stack of its own. Neither
// recurses, so the nesting of an untrusted text costs memory up to a bound and never the machine's
// stack.
//
// Numbers arrive as their text and are converted here: that alone tells 1 from 1.0, Infinity from
// Inf, and an integer beyond int64 from a float.
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/artifact/note_reader.hpp"
#include "core/pipeline/json_document.hpp"
#include "core/pipeline/json_position.hpp"
#include "core/text_position.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

constexpr std::string_view kDigits = "0123456789";

// A float's text that from_chars found out of range: is it too large, or too close to zero?
bool is_huge(std::string_view text) {
  const auto e = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, e);
  const auto first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return false;  // zero, whatever the exponent
  // Beyond every shift that a text's length can make, and far from where a sum overflows.
  constexpr std::int64_t kFar = std::int64_t{1} << 60;
  std::int64_t exponent = 0;
  if (e != text.size()) {
    std::string_view digits = text.substr(e + 1);
    if (digits.front() == '+') digits.remove_prefix(1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (error != std::errc{}) exponent = digits.front() == '-' ? -kFar : kFar;
    exponent = std::clamp(exponent, -kFar, kFar);
  }
  const auto point = std::min(mantissa.find('.'), mantissa.size());
  return exponent + static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) > 0;
}

// RapidJSON refuses an exponent above 308 whatever it belongs to. The same text, no byte moved, in
// which the exponent of every zero is 0.
std::string with_plain_zeros(std::string_view text) {
  std::string plain(text);
  for (std::size_t at = 0; (at = text.find_first_of("\"0123456789", at)) != text.npos;) {
    if (text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
      }
      ++at;
      continue;
    }
    const auto e = std::min(text.find_first_not_of("0123456789.", at), text.size());
    const bool is_zero = text.substr(at, e - at).find_first_of("123456789") == text.npos;
    at = e;
    if (e == text.size() || (text[e] != 'e' && text[e] != 'E')) continue;
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    for (; at < text.size() && kDigits.find(text[at]) != kDigits.npos; ++at) {
      if (is_zero) plain[at] = '0';
    }
  }
  return plain;
}

// Builds the tree. A callback that returns false stops the parser; problem() then says why.
class TreeBuilder {
 public:
  explicit TreeBuilder(const JsonOptions& options) : options_(options) {}

  bool Null() { return add(ParamValue()); }
  bool Bool(bool value) { return add(ParamValue(value)); }
  bool String(const char* text, rapidjson::SizeType size, bool);
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return number(std::string_view(text, size));
  }
  bool StartObject() { return open(ParamValue(ParamObject())); }
  bool StartArray() { return open(ParamValue(ParamList())); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  bool Key(const char* text, rapidjson::SizeType size, bool);

  // Numbers come as text, because of kParseNumbersAsStringsFlag.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  ParamValue take_root() { return std::move(root_); }
  const std::string& problem() const { return problem_; }
  bool problem_is_a_text() const { return problem_is_a_text_; }

 private:
  struct Frame {
    ParamValue container;
    std::string key;                       // of the field whose value comes next
    std::unordered_set<std::string> keys;  // once there are many; before, a search is cheaper

    bool is_new(const std::string& candidate);
  };
  static constexpr std::size_t kFewKeys = 32;

  bool refuse(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  bool refuse_text(std::string problem) {
    problem_is_a_text_ = true;
    return refuse(std::move(problem));
  }
  bool number(std::string_view text);
  bool add(ParamValue value);
  bool open(ParamValue container);
  bool close();

  const JsonOptions& options_;
  std::vector<Frame> stack_;
  ParamValue root_;
  std::size_t values_ = 0;
  std::string problem_;
  bool problem_is_a_text_ = false;
};

// RapidJSON takes the second half of a surrogate pair alone for a character.
constexpr char kHalfPair[] =
    "expected both halves of a surrogate pair (\\ud83d\\ude00) in this text";

bool TreeBuilder::add(ParamValue value) {
  if (++values_ > options_.max_values) {
    return refuse("more than " + std::to_string(options_.max_values) + " values: the limit");
  }
  if (stack_.empty()) {
    root_ = std::move(value);
  } else if (ParamList* list = stack_.back().container.if_list()) {
    list->push_back(std::move(value));
  } else {
    // Key() has seen that the key is new.
    stack_.back().container.if_object()->append(std::move(stack_.back().key), std::move(value));
  }
  return true;
}

bool TreeBuilder::open(ParamValue container) {
  if (stack_.size() >= options_.max_depth) {
    return refuse("nested deeper than " + std::to_string(options_.max_depth) +
                  " levels: the limit");
  }
  stack_.push_back({std::move(container), {}, {}});
  return true;
}

// Remembers the key, which becomes a field next.
bool TreeBuilder::Frame::is_new(const std::string& candidate) {
  const ParamObject& object = *container.if_object();
  if (object.size() < kFewKeys) return !object.contains(candidate);
  if (keys.empty()) {
    for (const auto& [known, ignored] : object.fields()) keys.insert(known);
  }
  return keys.insert(candidate).second;
}

bool TreeBuilder::close() {
  ParamValue done = std::move(stack_.back().container);
  stack_.pop_back();
  return add(std::move(done));
}

bool TreeBuilder::String(const char* text, rapidjson::SizeType size, bool) {
  if (!is_utf8({text, size})) return refuse_text(kHalfPair);
  return add(ParamValue(std::string(text, size)));
}

bool TreeBuilder::Key(const char* text, rapidjson::SizeType size, bool) {
  Frame& frame = stack_.back();
  const ParamObject& object = *frame.container.if_object();
  frame.key.assign(text, size);
  if (!is_utf8(frame.key)) return refuse_text(kHalfPair);
  if (!frame.is_new(frame.key)) {
    return refuse_text("the key " + shown_text(frame.key) +
                       " stands twice in this object: keep one");
  }
  if (object.size() >= options_.max_fields) {
    return refuse_text("more than " + std::to_string(options_.max_fields) +
                       " keys in one object: the limit");
  }
  return true;
}

bool TreeBuilder::number(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "NaN") return add(ParamValue(std::numeric_limits<double>::quiet_NaN()));
  if (text == "Infinity") return add(ParamValue(kInfinity));
  if (text == "-Infinity") return add(ParamValue(-kInfinity));
  if (text.find_first_of("IN") != std::string_view::npos) {
    return refuse("expected a value, found " + std::string(text) +
                  ": write NaN, Infinity or -Infinity");
  }
  const char* end = text.data() + text.size();
  if (text.find_first_of(".eE") == std::string_view::npos) {
    std::int64_t integer = 0;
    if (std::from_chars(text.data(), end, integer).ec == std::errc{})
      return add(ParamValue(integer));
    return refuse(
        "the integer is beyond int64 (±9223372036854775807): write it as a float, with .0");
  }
  double value = 0;
  if (std::from_chars(text.data(), end, value).ec == std::errc{}) return add(ParamValue(value));
  if (is_huge(text)) return refuse("the number is beyond float64 (±1.7976931348623157e+308)");
  return add(ParamValue(text.front() == '-' ? -0.0 : 0.0));
}

// What the grammar wanted at the place where RapidJSON stopped. `next` is the character there.
std::string expectation(rapidjson::ParseErrorCode code, int next) {
  const bool control = next >= 0 && next < 0x20;
  switch (code) {
    case rapidjson::kParseErrorDocumentEmpty:
    case rapidjson::kParseErrorValueInvalid:
      return "expected a value";
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "expected nothing more after the first value";
    case rapidjson::kParseErrorObjectMissName:
      return "expected a key in double quotes";
    case rapidjson::kParseErrorObjectMissColon:
      return "expected ':' after the key";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return "expected ',' or '}'";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return "expected ',' or ']'";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return "expected four hex digits after \\u";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return "expected both halves of a surrogate pair (\\ud83d\\ude00)";
    case rapidjson::kParseErrorStringEscapeInvalid:
      return control ? "expected control characters in a text to be escaped"
                     : "expected one of \" \\ / b f n r t u after a backslash";
    case rapidjson::kParseErrorStringMissQuotationMark:
      return "expected '\"' at the end of a text";
    case rapidjson::kParseErrorStringInvalidEncoding:
      return control ? "expected control characters in a text to be escaped" : "expected UTF-8";
    case rapidjson::kParseErrorNumberMissFraction:
      return "expected a digit after the decimal point";
    case rapidjson::kParseErrorNumberMissExponent:
      return "expected a digit in the exponent";
    default:
      return rapidjson::GetParseError_En(code);
  }
}

[[noreturn]] void fail_at(const JsonOptions& options, std::string_view text, std::size_t offset,
                          const std::string& problem) {
  throw Error(ErrorCode::kBadConfig,
              options.source + ": " + to_string(position_of(text, offset)) + ": " + problem +
                  excerpt_at(text, offset),
              {.class_name = {}, .hash = {}, .key = options.source});
}

[[noreturn]] void fail(const JsonOptions& options, std::string_view text,
                       const rapidjson::ParseResult& result, const TreeBuilder& tree) {
  std::size_t offset = std::min(result.Offset(), text.size());
  if (result.Code() == rapidjson::kParseErrorTermination) {
    // The parser has gone past a text by now; a number it reports at its start.
    if (tree.problem_is_a_text()) offset = opening_quote(text, offset);
    fail_at(options, text, offset, tree.problem());
  }
  if (result.Code() == rapidjson::kParseErrorNumberTooBig) {
    fail_at(options, text, offset, "the number is beyond float64 (±1.7976931348623157e+308)");
  }
  const int next = offset < text.size() ? static_cast<unsigned char>(text[offset]) : -1;
  fail_at(options, text, offset,
          expectation(result.Code(), next) + ", found " + shown_character(text, offset));
}

struct Parsed {
  rapidjson::ParseResult result;
  std::size_t end;
};

Parsed run_parser(std::string_view text, TreeBuilder& tree) {
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag |
      rapidjson::kParseNanAndInfFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, tree);
  return {result, stream.Tell()};
}

}  // namespace

ParamValue parse_json(std::string_view text, const JsonOptions& options) {
  if (text.size() > options.max_bytes) {
    throw Error(ErrorCode::kBadConfig,
                options.source + ": " + std::to_string(text.size()) + " bytes, the limit is " +
                    std::to_string(options.max_bytes),
                {.class_name = {}, .hash = {}, .key = options.source});
  }
  // Some editors begin a file with a byte-order mark; it says nothing.
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::optional<TreeBuilder> tree(options);
  Parsed parsed = run_parser(text, *tree);
  if (parsed.result.Code() == rapidjson::kParseErrorNumberTooBig) {
    // Too large in truth, or only a zero with a large exponent.
    parsed = run_parser(with_plain_zeros(text), tree.emplace(options));
  }
  if (parsed.result.IsError()) fail(options, text, parsed.result, *tree);
  // RapidJSON takes a NUL for the end of the text.
  if (parsed.end < text.size()) {
    fail_at(
        options, text, parsed.end,
        "expected nothing more after the first value, found " + shown_character(text, parsed.end));
  }
  return tree->take_root();
}

ParamValue parse_json_file(const std::filesystem::path& path, JsonOptions options) {
  if (options.source == JsonOptions{}.source) options.source = path.string();
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::kBadConfig, options.source + ": " + why,
                {.class_name = {}, .hash = {}, .key = path.string()});
  };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) refuse("no such file");
  if (std::filesystem::is_directory(status)) refuse("is a directory, not a JSON file");
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse("cannot be opened for reading");
  std::string text;
  // One byte beyond the limit is enough to know that it is exceeded.
  for (char buffer[1 << 16]; file && text.size() <= options.max_bytes;) {
    file.read(buffer, sizeof buffer);
    text.append(buffer, static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) refuse("reading failed");
  return parse_json(text, options);
}

}  // namespace pet
