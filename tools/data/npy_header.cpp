#include "tools/data/npy_header.hpp"

#include <charconv>
#include <limits>

namespace pet::tools {
namespace {

constexpr std::size_t kMaxDims = 32;
constexpr std::uint32_t kMaxTextLength = 1 << 20;
constexpr std::int64_t kCodePoint = 4;  // bytes

// Reads just the literals that NumPy writes. Every read_ returns false with why() set.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}

  bool read(NpyHeader& header);
  const std::string& why() const { return why_; }

 private:
  bool read_field(NpyHeader& header);
  bool read_text(std::string& out);
  bool read_descr(NpyHeader& header);
  bool read_bool(bool& out);
  bool read_shape(Shape& shape);

  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n'))
      rest_.remove_prefix(1);
  }
  bool accept(std::string_view token) {
    skip_space();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  bool expect(std::string_view token) {
    return accept(token) || fail("expected " + std::string(token));
  }
  bool fail(const std::string& expected) {
    const std::string_view found = rest_.substr(0, 20);
    why_ = expected + ", found " + (found.empty() ? "the end" : "'" + printable(found) + "'");
    return false;
  }
  static std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) out += c >= 0x20 && c < 0x7F ? c : '?';
    return out;
  }

  std::string_view rest_;
  std::string why_;
  bool has_descr_ = false, has_order_ = false, has_shape_ = false;
};

bool HeaderParser::read(NpyHeader& header) {
  if (!expect("{")) return false;
  while (!accept("}")) {
    if (!read_field(header)) return false;
    if (accept(",")) continue;
    if (!expect("}")) return false;
    break;
  }
  skip_space();
  if (!rest_.empty()) return fail("expected nothing after the header's dict");
  if (has_descr_ && has_order_ && has_shape_) return true;
  why_ = "expected the keys 'descr', 'fortran_order' and 'shape'";
  return false;
}

bool HeaderParser::read_field(NpyHeader& header) {
  std::string key;
  if (!read_text(key) || !expect(":")) return false;
  bool* seen = key == "descr"           ? &has_descr_
               : key == "fortran_order" ? &has_order_
               : key == "shape"         ? &has_shape_
                                        : nullptr;
  if (seen == nullptr || *seen) {
    why_ = (seen ? "twice the key '" : "unknown key '") + printable(key) + "'";
    return false;
  }
  *seen = true;
  if (seen == &has_descr_) return read_descr(header);
  return seen == &has_order_ ? read_bool(header.fortran_order) : read_shape(header.shape);
}

bool HeaderParser::read_text(std::string& out) {
  skip_space();
  const char quote = rest_.empty() ? '\0' : rest_.front();
  if (quote != '\'' && quote != '"') return fail("expected a text in quotes");
  const std::size_t end = rest_.find(quote, 1);
  if (end == std::string_view::npos) return fail("expected a text in quotes");
  out = rest_.substr(1, end - 1);
  rest_.remove_prefix(end + 1);
  return true;
}

bool HeaderParser::read_descr(NpyHeader& header) {
  if (accept("[")) {
    why_ = "it holds records; expected one number a cell";
    return false;
  }
  std::string descr;
  if (!read_text(descr)) return false;
  const std::string known = "float32, float64, bool or an integer type";
  if (descr.starts_with('>')) {
    why_ = "its type '" + printable(descr) + "' is big-endian: save it with .astype('<" +
           printable(descr.substr(1)) + "')";
    return false;
  }
  if (descr.starts_with("<U")) {
    const char* const end = descr.data() + descr.size();
    const auto read = std::from_chars(descr.data() + 2, end, header.text_length);
    if (read.ec == std::errc{} && read.ptr == end && header.text_length > 0 &&
        header.text_length <= kMaxTextLength) {
      return true;
    }
    why_ = "its type is '" + printable(descr) + "'; expected texts of 1 to " +
           std::to_string(kMaxTextLength) + " characters";
    return false;
  }
  // The types are told apart by their names: few enough to try them all.
  for (const std::uint8_t bits : {8, 16, 32, 64}) {
    for (const auto code : {PET_DTYPE_INT, PET_DTYPE_UINT, PET_DTYPE_FLOAT, PET_DTYPE_BOOL}) {
      header.dtype = {static_cast<std::uint8_t>(code), bits, 1};
      if (npy_descr(header.dtype) == descr) return true;
    }
  }
  why_ = descr.ends_with('O') ? "it holds Python objects; expected " + known
                              : "its type is '" + printable(descr) + "'; expected " + known;
  return false;
}

bool HeaderParser::read_bool(bool& out) {
  if (accept("True")) return out = true;
  out = false;
  return accept("False") || fail("expected True or False");
}

bool HeaderParser::read_shape(Shape& shape) {
  if (!expect("(")) return false;
  while (!accept(")")) {
    skip_space();
    std::int64_t extent = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
    if (error != std::errc{} || extent < 0) return fail("expected a dimension from 0 to 2^63 - 1");
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    if (shape.size() == kMaxDims) return fail("expected at most 32 dimensions");
    shape.push_back(extent);
    if (accept(",")) continue;
    if (!expect(")")) return false;
    break;
  }
  return true;
}

}  // namespace

std::optional<std::int64_t> NpyHeader::data_bytes() const {
  const std::int64_t count =
      detail::count_elements(shape.data(), static_cast<std::int32_t>(shape.size()));
  const auto size =
      text_length > 0 ? text_length * kCodePoint : static_cast<std::int64_t>(item_size(dtype));
  if (count < 0 || count > std::numeric_limits<std::int64_t>::max() / size) return std::nullopt;
  return count * size;
}

std::optional<NpyHeader> parse_npy_header(std::string_view text, std::string& why) {
  NpyHeader header{};
  HeaderParser parser(text);
  if (parser.read(header)) return header;
  why = parser.why();
  return std::nullopt;
}

std::string npy_descr(pet_dtype dtype) {
  const std::string bytes = std::to_string(dtype.bits / 8);
  const char order = dtype.bits == 8 ? '|' : '<';
  if (dtype.lanes != 1 ||
      (dtype.bits != 8 && dtype.bits != 16 && dtype.bits != 32 && dtype.bits != 64)) {
    return {};
  }
  switch (dtype.code) {
    case PET_DTYPE_INT:
      return order + ("i" + bytes);
    case PET_DTYPE_UINT:
      return order + ("u" + bytes);
    case PET_DTYPE_FLOAT:
      return dtype.bits >= 32 ? order + ("f" + bytes) : std::string();
    case PET_DTYPE_BOOL:
      return dtype.bits == 8 ? "|b1" : std::string();
    default:
      return {};
  }
}

std::string npy_header_text(const NpyHeader& header) {
  std::string shape;
  for (const std::int64_t extent : header.shape) {
    shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
  }
  if (header.shape.size() == 1) shape += ",";
  const std::string descr =
      header.text_length > 0 ? "<U" + std::to_string(header.text_length) : npy_descr(header.dtype);
  return "{'descr': '" + descr +
         "', 'fortran_order': " + (header.fortran_order ? "True" : "False") + ", 'shape': (" +
         shape + "), }";
}

}  // namespace pet::tools
