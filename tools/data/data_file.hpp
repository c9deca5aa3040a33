// data_file: files of numbers as bytes, and how the readers of this room refuse one.
//
// Throws: kUsage when the file itself cannot be had (missing, a directory, unreadable), kBadParams
//         when what is in it is wrong, for outputs as refuse_output(). All begin with the path,
//         which is also the error's key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "storage/error.hpp"
#include "storage/posix_file.hpp"

namespace pet::tools {

std::ifstream open_data(const std::filesystem::path& path);
std::string read_all(const std::filesystem::path& path);

// A file that is being written: whole or not at all, since somebody may have the old one mapped.
// Until finish() it has another name in the same folder, and it is gone when this object dies
// before. A symbolic link stays one, and what it leads to is replaced; only a pipe or a device is
// written in place. Throws as refuse_output().
class DataWriter {
 public:
  // `option` is the one that names the path, for messages.
  explicit DataWriter(const std::filesystem::path& path, std::string_view option = "--out");
  void write(const void* bytes, std::size_t size);
  // All of it was taken, and has its name.
  void finish();

 private:
  template <class Step>
  void step(const Step& step);

  std::filesystem::path path_;
  std::string option_;
  posix::FileDescriptor place_;  // the folder of file_, or what is written in place
  std::optional<posix::TemporaryFile> file_;
};

// Throws what DataWriter would throw of the place now, and leaves nothing there: before work whose
// result is to be written.
void require_output(const std::filesystem::path& path, std::string_view option = "--out");

// Throws for a failed system call on an output: kUsage when the path leads nowhere, kStorageRefused
// when the place takes nothing (a full disk, no permission).
[[noreturn]] void refuse_output(const std::filesystem::path& path, int error,
                                std::string_view option);
ErrorCode code_of_output(int error) noexcept;

[[noreturn]] void refuse_file(const std::filesystem::path& path, const std::string& why);
[[noreturn]] void refuse_content(const std::filesystem::path& path, const std::string& why);

}  // namespace pet::tools
