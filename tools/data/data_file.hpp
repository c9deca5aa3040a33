// data_file: files of numbers as bytes, and how the readers of this room refuse one.
//
// Throws: kUsage when the file itself cannot be had (missing, a directory, unwritable), kBadParams
//         when what is in it is wrong. Both begin with the path, which is also the error's key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "storage/error.hpp"

namespace pet::tools {

std::ifstream open_data(const std::filesystem::path& path);
std::string read_all(const std::filesystem::path& path);

// A file that is being written; finish() makes sure that all of it was taken (a full disk, a closed
// pipe).
class DataWriter {
 public:
  explicit DataWriter(const std::filesystem::path& path);
  void write(const void* bytes, std::size_t size);
  void finish();

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

[[noreturn]] void refuse_file(const std::filesystem::path& path, const std::string& why);
[[noreturn]] void refuse_content(const std::filesystem::path& path, const std::string& why);

}  // namespace pet::tools
