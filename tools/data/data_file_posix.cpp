// How an output is written: beside its place, then renamed, by the one way to write a file durably.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "tools/data/data_file.hpp"

namespace pet::tools {

namespace fs = std::filesystem;

ErrorCode code_of_output(int error) noexcept {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EEXIST:
    case ELOOP:
    case ENAMETOOLONG:
      return ErrorCode::kUsage;
    default:
      return ErrorCode::kStorageRefused;
  }
}

void refuse_output(const fs::path& path, int error, std::string_view option) {
  throw Error(code_of_output(error),
              path.string() + ": cannot be written: " +
                  (error == EISDIR ? "it is a directory" : std::generic_category().message(error)) +
                  "\n  try: another place with " + std::string(option),
              {.class_name = {}, .hash = {}, .key = path.string()});
}

namespace {

[[noreturn]] void fail(int error, std::string_view, const std::string&) {
  throw std::system_error(error, std::generic_category());
}

posix::FileDescriptor open_or_fail(const fs::path& path, int flags) {
  posix::FileDescriptor fd(::open(path.c_str(), flags | O_CLOEXEC));
  if (!fd) fail(errno, "open", path.string());
  return fd;
}

}  // namespace

// Every step says of the file that the caller named what went wrong.
template <class Step>
void DataWriter::step(const Step& step) {
  try {
    step();
  } catch (const std::system_error& error) {
    refuse_output(path_, error.code().value(), option_);
  }
}

DataWriter::DataWriter(const fs::path& path, std::string_view option)
    : path_(path), option_(option) {
  if (path == "-") refuse_file(path, "expected a file's name\n  try: ./- for a file of that name");
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  step([&] {
    if (fs::is_directory(status)) fail(EISDIR, "open", path.string());
    if (fs::exists(status) && !fs::is_regular_file(status)) {
      place_ = open_or_fail(path, O_WRONLY);
      return;
    }
    const bool is_link = fs::is_symlink(fs::symlink_status(path, ignored)) && fs::exists(status);
    const fs::path target = is_link ? fs::canonical(path) : path;
    if (!target.has_filename()) fail(EISDIR, "open", path.string());
    const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
    place_ = open_or_fail(folder, O_RDONLY | O_DIRECTORY);
    file_.emplace(place_.get(), folder.string(), target.filename().string(),
                  posix::TemporaryFileOptions{.fail = fail});
  });
}

void require_output(const fs::path& path, std::string_view option) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  const bool in_place = fs::exists(status) && !fs::is_regular_file(status);
  if (!in_place || fs::is_directory(status)) {
    DataWriter(path, option);
  } else if (::access(path.c_str(), W_OK) != 0) {  // whoever reads a pipe shall not see it closed
    refuse_output(path, errno, option);
  }
}

void DataWriter::write(const void* bytes, std::size_t size) {
  const std::string_view view(static_cast<const char*>(bytes), size);
  step([&] {
    if (file_) return file_->write(view);
    posix::write_all(place_.get(), view, path_.string(), fail);
  });
}

void DataWriter::finish() {
  step([&] {
    if (!file_) return;
    file_->sync();
    file_->publish();
    ::fsync(place_.get());  // the name itself; some file systems cannot
  });
}

}  // namespace pet::tools
