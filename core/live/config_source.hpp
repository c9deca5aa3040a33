// ConfigSource: where a pipeline's config comes from: a file that may change, or whoever sets it.
//
// Threads: one at a time; set() from any.
// Throws:  what parse_json_file does; kBadConfig for a config that is no object.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/artifact/hash.hpp"
#include "core/loader/param_value.hpp"

namespace pet {

class ConfigSource {
 public:
  explicit ConfigSource(std::filesystem::path file) : file_(std::move(file)) {}
  explicit ConfigSource(ParamObject config) : set_(std::move(config)) {}

  // The config, when it is another than the last time: by the file's bytes, not its times, since a
  // change within a tick of the clock must not be missed.
  std::optional<ParamObject> changed();

  void set(ParamObject config);

  // Empty: there is none.
  const std::filesystem::path& file() const noexcept { return file_; }

  // For messages: the file, or "config".
  std::string describe() const { return file_.empty() ? "config" : file_.string(); }

 private:
  std::filesystem::path file_;
  std::optional<Hash> last_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  // guards set_
  std::optional<ParamObject> set_;
};

}  // namespace pet
