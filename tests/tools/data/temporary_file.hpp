// A file of a test's own, removed with the object; and what a reader says of one.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "storage/error.hpp"

namespace pet::tools {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& name, std::string_view bytes = {}) {
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("pet_data_test_" + std::to_string(getpid()) + "_" + std::to_string(++count));
    std::filesystem::create_directory(folder_);
    path_ = folder_ / name;
    write(bytes);
  }
  ~TemporaryFile() { std::filesystem::remove_all(folder_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // A new file each time: ext4 waits for the disk when a file is emptied and written again.
  void write(std::string_view bytes) const {
    std::filesystem::remove(path_);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  std::string read() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::filesystem::path folder_, path_;
};

inline std::string file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What the Error that `action` throws says after the file's path; "accepted" when it throws
// nothing.
template <class Action>
std::string refusal(const std::filesystem::path& path, ErrorCode code, Action action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.code() == code);
    CHECK(error.key() == path.string());
    const std::string prefix = path.string() + ": ";
    const std::string message = error.what();
    CHECK(message.starts_with(prefix));
    return message.substr(prefix.size());
  }
  return "accepted";
}

}  // namespace pet::tools
