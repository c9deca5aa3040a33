#include "core/live/trial_frame.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/artifact/note_reader.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/error.hpp"

namespace pet::trial {
namespace {

constexpr std::string_view kMagic = "PETt";
constexpr std::size_t kPrefix = 16;
constexpr std::size_t kMostFields = 16;

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kCorrupt, what); }

struct Prefix {
  std::uint32_t head;
  std::uint64_t body;
};

Prefix prefix_of(std::string_view bytes) {
  Prefix prefix{};
  std::memcpy(&prefix.head, bytes.data() + 4, sizeof prefix.head);
  std::memcpy(&prefix.body, bytes.data() + 8, sizeof prefix.body);
  return prefix;
}

// The magic as far as it came, so that rubbish is not waited for.
bool begins_a_frame(std::string_view bytes) {
  const std::size_t seen = std::min(bytes.size(), kMagic.size());
  return bytes.substr(0, seen) == kMagic.substr(0, seen);
}

ParamObject parse_head(std::string_view text) {
  ParamValue head = parse_json(text, {.source = "a frame's head",
                                      .max_bytes = text.size(),
                                      .max_depth = 6,
                                      .max_values = kMostSamples * 48,
                                      .max_fields = kMostFields});
  ParamObject* const object = head.if_object();
  if (object == nullptr)
    refuse("expected a frame's head, an object, got a " + std::string(head.kind()));
  return std::move(*object);
}

const ParamList& list_in(const ParamObject& head, std::string_view key) {
  const ParamValue* const value = head.find(key);
  const ParamList* const list = value == nullptr ? nullptr : value->if_list();
  if (list == nullptr) refuse("expected a list '" + std::string(key) + "' in a frame's head");
  return *list;
}

std::int64_t int_in(const ParamValue& value, std::int64_t least, std::int64_t most) {
  const std::int64_t* const number = value.if_int64();
  if (number == nullptr || *number < least || *number > most) {
    refuse("a number in a frame's head is not between " + std::to_string(least) + " and " +
           std::to_string(most));
  }
  return *number;
}

pet_dtype dtype_in(const ParamObject& head) {
  const ParamList& parts = list_in(head, "dtype");
  if (parts.size() != 3)
    refuse("expected three numbers for a type, got " + std::to_string(parts.size()));
  const pet_dtype dtype{static_cast<std::uint8_t>(int_in(parts[0], 0, 255)),
                        static_cast<std::uint8_t>(int_in(parts[1], 8, 64)),
                        static_cast<std::uint16_t>(int_in(parts[2], 1, 1))};
  if (dtype.bits % 8 != 0) refuse("elements of " + std::to_string(dtype.bits) + " bits");
  return dtype;
}

Shape shape_in(const ParamObject& head) {
  const ParamList& extents = list_in(head, "shape");
  if (extents.size() > static_cast<std::size_t>(pet::detail::kMaxDims)) {
    refuse("a tensor of " + std::to_string(extents.size()) + " dimensions");
  }
  Shape shape;
  for (const ParamValue& extent : extents) {
    shape.push_back(int_in(extent, 0, std::numeric_limits<std::int64_t>::max()));
  }
  return shape;
}

// How many characters of UTF-8 continue the one that begins at `at`; nothing: it is none.
std::size_t character_at(std::string_view text, std::size_t at) {
  for (std::size_t length = 1; length <= 4 && at + length <= text.size(); ++length) {
    if (is_utf8(text.substr(at, length))) return length;
  }
  return 0;
}

// C1 controls are two bytes, U+0080 to U+009F.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 2)
    return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
  return (first < 0x20 && first != '\n') || first == 0x7f;
}

}  // namespace

std::int64_t Frame::number(std::string_view key) const {
  const ParamValue* const value = head.find(key);
  if (value == nullptr) refuse("expected a number '" + std::string(key) + "' in a frame's head");
  return int_in(*value, 0, std::numeric_limits<std::int64_t>::max());
}

const std::string& Frame::text(std::string_view key) const {
  const ParamValue* const value = head.find(key);
  const std::string* const text = value == nullptr ? nullptr : value->if_text();
  if (text == nullptr) refuse("expected a text '" + std::string(key) + "' in a frame's head");
  return *text;
}

std::string to_bytes(const ParamObject& head, std::string_view body) {
  const std::string text = to_json(head);
  const auto head_size = static_cast<std::uint32_t>(text.size());
  const std::uint64_t body_size = body.size();
  std::string bytes(kPrefix, '\0');
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  std::memcpy(bytes.data() + 4, &head_size, sizeof head_size);
  std::memcpy(bytes.data() + 8, &body_size, sizeof body_size);
  bytes.reserve(kPrefix + text.size() + body.size());
  return bytes.append(text).append(body);
}

std::size_t FrameReader::missing() const noexcept {
  if (buffer_.size() < kPrefix) return kPrefix - buffer_.size();
  const Prefix prefix = prefix_of(buffer_);
  if (prefix.head > limits_.head || prefix.body > limits_.body) return 1;  // next() refuses it
  const std::uint64_t whole = kPrefix + prefix.head + prefix.body;
  return whole > buffer_.size() ? static_cast<std::size_t>(whole - buffer_.size()) : 1;
}

std::optional<Frame> FrameReader::next() {
  if (!begins_a_frame(buffer_)) {
    refuse("expected a frame, which begins with \"PETt\", got \"" + printable(buffer_, 60) + '"');
  }
  if (buffer_.size() < kPrefix) return std::nullopt;
  const Prefix prefix = prefix_of(buffer_);
  if (prefix.head > limits_.head || prefix.body > limits_.body) {
    refuse("expected a frame of at most " + std::to_string(limits_.head) + " + " +
           std::to_string(limits_.body) + " bytes, got one of " + std::to_string(prefix.head) +
           " + " + std::to_string(prefix.body));
  }
  const auto whole = static_cast<std::size_t>(kPrefix + prefix.head + prefix.body);
  if (buffer_.size() < whole) return std::nullopt;
  Frame frame;
  frame.head = parse_head(std::string_view(buffer_).substr(kPrefix, prefix.head));
  frame.body = buffer_.substr(kPrefix + prefix.head, static_cast<std::size_t>(prefix.body));
  buffer_.erase(0, whole);
  return frame;
}

void describe_tensor(const XYData& data, ParamObject& head) {
  const pet_dtype dtype = data.dtype();
  ParamList shape;
  for (const std::int64_t extent : data.shape()) shape.emplace_back(extent);
  head.set("dtype",
           ParamList{ParamValue(std::int64_t{dtype.code}), ParamValue(std::int64_t{dtype.bits}),
                     ParamValue(std::int64_t{dtype.lanes})});
  head.set("shape", std::move(shape));
}

std::uint64_t tensor_bytes(const XYData& data) {
  return static_cast<std::uint64_t>(data.size()) * item_size(data.dtype());
}

void append_elements(const XYData& data, std::string& body) {
  const std::size_t before = body.size();
  body.resize(before + static_cast<std::size_t>(tensor_bytes(data)));
  data.copy_to(body.data() + before);
}

XYData take_tensor(const ParamObject& head, std::string_view& body) {
  const pet_dtype dtype = dtype_in(head);
  const Shape shape = shape_in(head);
  const std::int64_t count =
      pet::detail::count_elements(shape.data(), static_cast<std::int32_t>(shape.size()));
  // Of elements there are never more than bytes, so that the product below is small, too.
  if (count < 0 || static_cast<std::uint64_t>(count) > body.size() ||
      static_cast<std::uint64_t>(count) * item_size(dtype) > body.size()) {
    refuse("expected the elements of " + dtype_name(dtype) + " " +
           shape_text(shape.data(), static_cast<std::int32_t>(shape.size())) + ", got " +
           std::to_string(body.size()) + " bytes");
  }
  XYData data = XYData::empty(dtype, shape);
  const std::size_t bytes = static_cast<std::size_t>(count) * item_size(dtype);
  if (bytes != 0) std::memcpy(data.raw_data(), body.data(), bytes);
  if (dtype.code == PET_DTYPE_BOOL && dtype.bits == 8) {
    // No other byte is a bool, and reading one as such is undefined.
    for (std::size_t i = 0; i < bytes; ++i) data.raw_data()[i] = data.raw_data()[i] != 0 ? 1 : 0;
  }
  body.remove_prefix(bytes);
  return data;
}

std::string printable(std::string_view text, std::size_t most) {
  std::string out;
  for (std::size_t at = 0; at < text.size() && out.size() < most;) {
    const std::size_t length = character_at(text, at);
    const std::string_view character = text.substr(at, length);
    out += character.empty() || is_control(character) ? std::string_view("?") : character;
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

}  // namespace pet::trial
