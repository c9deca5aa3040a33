#include "core/live/config_source.hpp"

#include <utility>

#include "core/artifact/binary.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

std::string found_instead(const ParamValue& value) {
  const ParamObject* const object = value.if_object();
  if (object == nullptr) return "a " + std::string(value.kind());
  if (object->fields().empty()) return "an empty one";
  return "one with " + pet::quoted(object->fields().front().first);
}

Binary read_file(const std::filesystem::path& file) {
  try {
    return Binary::read(file);
  } catch (const Error& error) {
    throw Error(error.code(),
                error.what() + std::string("\n  try: the right path, or put it there: it "
                                           "is looked for again"));
  }
}

}  // namespace

void ConfigSource::set(ParamObject config) {
  const std::lock_guard lock(*mutex_);
  set_ = std::move(config);
}

std::optional<ParamObject> ConfigSource::changed() {
  {
    const std::lock_guard lock(*mutex_);
    if (set_) return std::exchange(set_, std::nullopt);
  }
  if (file_.empty()) return std::nullopt;
  const Binary bytes = read_file(file_);
  if (bytes.hash() == last_) return std::nullopt;
  const ParamValue value = parse_json(bytes.view(), {.source = describe()});
  const ParamObject* const root = value.if_object();
  if (root == nullptr || root->find("clazz") == nullptr) {
    throw Error(ErrorCode::kBadConfig, describe() +
                                           ": expected an object with \"clazz\" and "
                                           "\"params\", found " +
                                           found_instead(value));
  }
  ParamObject config = *root;
  last_ = bytes.hash();
  return config;
}

}  // namespace pet
