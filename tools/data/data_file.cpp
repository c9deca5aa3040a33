#include "tools/data/data_file.hpp"

#include <cerrno>
#include <system_error>

namespace pet::tools {

namespace fs = std::filesystem;

void refuse_file(const fs::path& path, const std::string& why) {
  throw Error(ErrorCode::kUsage, path.string() + ": " + why,
              {.class_name = {}, .hash = {}, .key = path.string()});
}

void refuse_content(const fs::path& path, const std::string& why) {
  throw Error(ErrorCode::kBadParams, path.string() + ": " + why,
              {.class_name = {}, .hash = {}, .key = path.string()});
}

std::ifstream open_data(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) refuse_file(path, "no such file");
  if (fs::is_directory(status)) refuse_file(path, "is a directory, not a file of data");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse_file(path, "cannot be read: " + std::generic_category().message(errno));
  return file;
}

std::string read_all(const fs::path& path) {
  std::ifstream file = open_data(path);
  std::string bytes;
  std::error_code unknown_size;
  const std::uintmax_t size = fs::file_size(path, unknown_size);
  if (!unknown_size) bytes.reserve(size);
  for (std::string buffer(std::size_t{1} << 20, '\0'); file;) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    bytes.append(buffer, 0, static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) refuse_file(path, "reading failed");
  return bytes;
}

}  // namespace pet::tools
