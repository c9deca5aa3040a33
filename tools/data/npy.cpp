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

}  // namespace

XYData read_npy(const fs::path& path) {
  Source source = open(path);
  const NpyHeader header = read_header(source);
  const std::optional<std::int64_t> size = header.data_bytes();
  const auto dims = static_cast<std::int32_t>(header.shape.size());
  const std::string what = dtype_name(header.dtype) + " " + shape_text(header.shape.data(), dims);
  if (!size) refuse_content(path, "has an impossible shape: " + what);
  const auto bytes = static_cast<std::uint64_t>(*size);
  if (bytes != source.left) {
    refuse_content(
        path, std::string(bytes > source.left ? "is cut off" : "goes on after its array") + ": " +
                  what + " takes " + std::to_string(bytes) + " bytes, found " +
                  std::to_string(source.left));
  }
  XYData data = XYData::empty(header.dtype, header.shape);
  if (header.fortran_order && dims > 1) {
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

void write_npy(const fs::path& path, const XYData& data) {
  if (npy_descr(data.dtype()).empty())
    refuse_content(path, ".npy has no type for " + data.describe());
  std::string header = npy_header_text({data.dtype(), false, data.shape()});
  const std::size_t start = kMagic.size() + 4;
  const std::size_t used = start + header.size() + 1;
  header.append((kAlignment - used % kAlignment) % kAlignment, ' ').append(1, '\n');
  const char version_and_size[4] = {1, 0, static_cast<char>(header.size() & 0xFF),
                                    static_cast<char>(header.size() >> 8)};
  DataWriter file(path);
  file.write(kMagic.data(), kMagic.size());
  file.write(version_and_size, sizeof version_and_size);
  file.write(header.data(), header.size());
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
