#include "storage/s3/aws_files.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "storage/ascii.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxFile = 1 << 20;

std::string path_of(const char* variable, const char* name) {
  if (const std::string named = aws_variable(variable); !named.empty()) return named;
  const std::string home = aws_variable("HOME");
  return home.empty() ? "" : (fs::path(home) / ".aws" / name).string();
}

[[noreturn]] void throw_unreadable(const std::string& path, const std::string& why) {
  throw Error(ErrorCode::kUsage,
              path + " " + why + "\n  try: have it hold AWS's settings, readable for this user",
              {.class_name = {}, .hash = {}, .key = path});
}

}  // namespace

std::string aws_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string aws_config_path() { return path_of("AWS_CONFIG_FILE", "config"); }

std::string aws_credentials_path() { return path_of("AWS_SHARED_CREDENTIALS_FILE", "credentials"); }

std::string read_aws_file(const std::string& path) {
  std::error_code absent;
  if (path.empty() || !fs::exists(path, absent)) return "";
  if (fs::file_size(path, absent) > kMaxFile || absent) {
    throw_unreadable(path, "is not a file of AWS's settings");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw_unreadable(path, "cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string ini_value(std::string_view text, std::string_view section, std::string_view key) {
  bool here = false;
  std::string found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      std::string_view name = line.substr(1, std::min(line.find(']'), line.size()) - 1);
      name = trimmed(name);
      if (name.starts_with("profile ")) name = trimmed(name.substr(8));
      here = name == section;
    } else if (here && line.front() != ' ' && line.front() != '\t') {
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos || trimmed(line.substr(0, equals)) != key) continue;
      found = trimmed(line.substr(equals + 1));
    }
  }
  return found;
}

}  // namespace pet
