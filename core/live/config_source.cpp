#include "core/live/config_source.hpp"

#include <utility>

#include "core/artifact/binary.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/error.hpp"

namespace pet {

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
  const Binary bytes = Binary::read(file_);
  if (bytes.hash() == last_) return std::nullopt;
  const ParamValue value = parse_json(bytes.view(), {.source = describe()});
  if (value.if_object() == nullptr) {
    throw Error(ErrorCode::kBadConfig, describe() +
                                           ": expected an object with \"clazz\" and "
                                           "\"params\", found a " +
                                           std::string(value.kind()));
  }
  last_ = bytes.hash();
  return value.as_object();
}

}  // namespace pet
