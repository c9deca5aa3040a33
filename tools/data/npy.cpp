// A .npy file is: "\x93NUMPY", major and minor version, the header's length (two bytes in version
// 1, four from 2 on), the header, the elements. Version 3 differs from 2 in the header's encoding
// alone.
#include "tools/data/npy.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "tools/data/data_file.hpp"
#include "tools/data/npy_header.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little,
              "elements are copied as they lie in the file");

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::uint64_t kMaxHeader = 1 << 16;  // NumPy's own are some 120 bytes
constexpr std::size_t kAlignment = 64;         // of the elements in a file that NumPy wrote

// The file, with what is left of it.
struct Source {
  const fs::path& path;
  std::ifstream file;
  std::uint64_t left;

  void read(char* to, std::uint64_t size, const char* what) {
    if (size <= left) {
      file.read(to, static_cast<std::streamsize>(size));
      left -= size;
      if (file) return;
      refuse_file(path, "reading failed");
    }
    refuse_content(path, std::string("is cut off within ") + what + ": expected " +
                             std::to_string(size) + " bytes, found " + std::to_string(left));
  }
};

Source open(const fs::path& path) {
  std::ifstream file = open_data(path);
  if (!fs::is_regular_file(path)) refuse_file(path, "is not a regular file");
  return {path, std::move(file), fs::file_size(path)};
}

NpyHeader read_header(Source& source) {
  unsigned char start[8];
  source.read(reinterpret_cast<char*>(start), sizeof start, "its first bytes");
  if (std::memcmp(start, kMagic.data(), kMagic.size()) != 0) {
    refuse_content(source.path, "is not a .npy file: it does not begin with \\x93NUMPY");
  }
  const unsigned major = start[6];
  if (major < 1 || major > 3) {
    refuse_content(source.path,
                   "has .npy version " + std::to_string(major) + "; expected 1, 2 or 3");
  }
  unsigned char size_bytes[4] = {};
  source.read(reinterpret_cast<char*>(size_bytes), major == 1 ? 2 : 4, "the header's length");
  const std::uint64_t size = size_bytes[0] | size_bytes[1] << 8 | size_bytes[2] << 16 |
                             static_cast<std::uint64_t>(size_bytes[3]) << 24;
  if (size > kMaxHeader) {
    refuse_content(source.path, "has a header of " + std::to_string(size) +
                                    " bytes; the limit is " + std::to_string(kMaxHeader));
  }
  std::string text(size, '\0');
  source.read(text.data(), size, "the header");
  std::string why;
  std::optional<NpyHeader> header = parse_npy_header(text, why);
  if (!header) refuse_content(source.path, "cannot be read: " + why);
  return *std::move(header);
}

// Column-major elements into row-major order: a transposition, dimension by dimension.
void reorder(const std::vector<char>& from, const Shape& shape, std::size_t item, char* to) {
  const std::size_t dims = shape.size();
  Shape steps(dims, 1);
  for (std::size_t d = 1; d < dims; ++d) steps[d] = steps[d - 1] * shape[d - 1];
  Shape index(dims, 0);
  const std::size_t count = from.size() / item;
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < count; ++i, to += item) {
    std::memcpy(to, from.data() + static_cast<std::size_t>(offset) * item, item);
    for (std::size_t d = dims; d-- > 0;) {
      offset += steps[d];
      if (++index[d] < shape[d]) break;
      offset -= index[d] * steps[d];
      index[d] = 0;
    }
  }
}

// Throws unless the array is just what is left of the file. Returns its size.
std::uint64_t check_size(const Source& source, const NpyHeader& header) {
  const std::optional<std::int64_t> size = header.data_bytes();
  const auto dims = static_cast<std::int32_t>(header.shape.size());
  const std::string type = header.text_length > 0
                               ? "texts of " + std::to_string(header.text_length) + " characters"
                               : dtype_name(header.dtype);
  const std::string what = type + " " + shape_text(header.shape.data(), dims);
  if (!size) refuse_content(source.path, "has an impossible shape: " + what);
  const auto bytes = static_cast<std::uint64_t>(*size);
  if (bytes == source.left) return bytes;
  refuse_content(source.path,
                 std::string(bytes > source.left ? "is cut off" : "goes on after its array") +
                     ": " + what + " takes " + std::to_string(bytes) + " bytes, found " +
                     std::to_string(source.left));
}

XYData read_numbers(Source& source, const NpyHeader& header) {
  const std::uint64_t bytes = check_size(source, header);
  XYData data = XYData::empty(header.dtype, header.shape);
  if (header.fortran_order && header.shape.size() > 1) {
    std::vector<char> columns(bytes);
    source.read(columns.data(), bytes, "the array");
    reorder(columns, header.shape, item_size(header.dtype), data.raw_data());
  } else {
    source.read(data.raw_data(), bytes, "the array");
  }
  if (header.dtype.code == PET_DTYPE_BOOL) {
    // Any byte may stand in the file; a C++ bool is 0 or 1.
    std::for_each_n(data.raw_data(), bytes, [](char& byte) { byte = byte != 0; });
  }
  return data;
}

// UTF-8 of one code point; false for what is none.
bool append_utf8(std::string& out, std::uint32_t code) {
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
  const int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr unsigned char kLeads[] = {0x00, 0xC0, 0xE0, 0xF0};
  out += static_cast<char>(kLeads[more] | (code >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F));
  return true;
}

// The code points of valid UTF-8.
std::u32string code_points(std::string_view text) {
  std::u32string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) {
      out.back() = (out.back() << 6) | (byte & 0x3F);
    } else {
      out += byte < 0x80 ? byte : byte & (byte >= 0xF0 ? 0x07 : byte >= 0xE0 ? 0x0F : 0x1F);
    }
  }
  return out;
}

std::vector<std::string> read_texts(Source& source, const NpyHeader& header) {
  const bool is_column =
      header.shape.size() == 1 || (header.shape.size() == 2 && header.shape[1] == 1);
  if (!is_column) refuse_content(source.path, "holds texts in several columns; expected one");
  std::vector<char> bytes(check_size(source, header));
  source.read(bytes.data(), bytes.size(), "the array");
  std::vector<std::string> texts(static_cast<std::size_t>(header.shape[0]));
  const char* at = bytes.data();
  for (std::string& text : texts) {
    bool ended = false;  // texts are filled up with zeros
    for (std::uint32_t i = 0; i < header.text_length; ++i, at += sizeof(std::uint32_t)) {
      std::uint32_t code;
      std::memcpy(&code, at, sizeof code);
      ended = ended || code == 0;
      if (ended ? code == 0 : append_utf8(text, code)) continue;
      refuse_content(source.path, "holds a text that is not Unicode, at index " +
                                      std::to_string(&text - texts.data()));
    }
  }
  return texts;
}

void write_header(DataWriter& file, const NpyHeader& described) {
  std::string header = npy_header_text(described);
  const std::size_t start = kMagic.size() + 4;
  const std::size_t used = start + header.size() + 1;
  header.append((kAlignment - used % kAlignment) % kAlignment, ' ').append(1, '\n');
  const char version_and_size[4] = {1, 0, static_cast<char>(header.size() & 0xFF),
                                    static_cast<char>(header.size() >> 8)};
  file.write(kMagic.data(), kMagic.size());
  file.write(version_and_size, sizeof version_and_size);
  file.write(header.data(), header.size());
}

}  // namespace

XYData read_npy(const fs::path& path) {
  Source source = open(path);
  const NpyHeader header = read_header(source);
  if (header.text_length > 0) refuse_content(path, "holds texts; expected numbers");
  return read_numbers(source, header);
}

Targets read_npy_targets(const fs::path& path) {
  Source source = open(path);
  const NpyHeader header = read_header(source);
  if (header.text_length > 0) return targets_of(read_texts(source, header));
  return {read_numbers(source, header), {}};
}

void write_npy(const fs::path& path, const std::vector<std::string>& texts, const Shape& shape) {
  std::vector<std::u32string> wide;
  std::size_t longest = 1;  // as NumPy, which has no texts of length 0
  for (const std::string& text : texts) {
    wide.push_back(code_points(text));
    longest = std::max(longest, wide.back().size());
  }
  std::u32string all;
  for (std::u32string& text : wide) all += (text.resize(longest), text);
  DataWriter file(path);
  write_header(file, {.dtype = {},
                      .text_length = static_cast<std::uint32_t>(longest),
                      .fortran_order = false,
                      .shape = shape});
  file.write(all.data(), all.size() * sizeof(char32_t));
  file.finish();
}

void write_npy(const fs::path& path, const XYData& data) {
  if (npy_descr(data.dtype()).empty())
    refuse_content(path, ".npy has no type for " + data.describe());
  DataWriter file(path);
  write_header(
      file,
      {.dtype = data.dtype(), .text_length = 0, .fortran_order = false, .shape = data.shape()});
  const auto bytes = static_cast<std::size_t>(data.size()) * item_size(data.dtype());
  if (data.is_contiguous()) {
    file.write(data.raw_data(), bytes);
  } else {
    const XYData copy = data.clone();
    file.write(copy.raw_data(), bytes);
  }
  file.finish();
}

}  // namespace pet::tools
