#include "tools/petctl/files.hpp"

#include "tools/data/data_file.hpp"

namespace pet::tools {

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
  DataWriter writer(file);
  writer.write(bytes.data(), bytes.size());
  writer.finish();
}

}  // namespace pet::tools
