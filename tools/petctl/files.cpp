#include "tools/petctl/files.hpp"

#include <filesystem>

#include "storage/posix_file.hpp"
#include "tools/data/data_file.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;

// Storage's errors end in what to do about a storage: ": try again, or choose another …".
std::string cause_of(const Error& error) {
  const std::string text = error.what();
  return text.substr(0, text.rfind(": "));
}

}  // namespace

Error about_plugin_file(const Error& error) {
  const bool unreadable = error.code() == ErrorCode::kNoBinary;
  const std::string text = error.what();
  if ((!unreadable && error.code() != ErrorCode::kNotAPlugin) ||
      text.find("\n") != std::string::npos) {
    return error;
  }
  return {unreadable ? ErrorCode::kUsage : error.code(),
          text + "\n  try: the .so that pet_add_plugin built",
          {.class_name = error.class_name(), .hash = error.hash(), .key = error.key()}};
}

PluginFile read_plugin(const std::string& file) {
  try {
    const Binary binary = Binary::read(file);
    return {binary, read_facts(binary)};
  } catch (const Error& error) {
    throw about_plugin_file(error);
  }
}

void write_output(const std::string& file, std::string_view bytes) {
  std::error_code ignored;
  const fs::file_status status = fs::status(file, ignored);
  try {
    if (fs::is_directory(status)) refuse_file(file, "cannot be written: it is a directory");
    if (fs::exists(status) && !fs::is_regular_file(status)) {
      DataWriter writer(file);
      writer.write(bytes.data(), bytes.size());
      return writer.finish();
    }
    // A link stays one, and what it leads to is replaced.
    const fs::path target = fs::is_symlink(fs::symlink_status(file, ignored)) && fs::exists(status)
                                ? fs::canonical(file)
                                : fs::path(file);
    posix::durable_write(target.string(), bytes);
  } catch (const Error& error) {
    const std::string why = error.code() == ErrorCode::kUsage
                                ? error.what()
                                : file + ": not written: " + cause_of(error);
    throw Error(ErrorCode::kUsage, why + "\n  try: another place with --out",
                {.class_name = {}, .hash = {}, .key = file});
  }
}

}  // namespace pet::tools
