// StoredJson: a small JSON object from a storage, read with suspicion.
//
// Size and nesting are bounded before anything is built, parsing does not recurse, and every
// complaint names the object, the member and what was expected.
//
// For the .cpp files of this room only: RapidJSON stays out of public headers.
#pragma once

#include <rapidjson/document.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pet {

class StoredJson {
 public:
  // Throws kCorrupt unless `json` is one object. `key` is for messages.
  StoredJson(std::string_view json, std::string_view key, std::size_t max_size);

  const rapidjson::Value& root() const noexcept { return document_; }

  // The member `name` of `object`. Throws kCorrupt when it is missing, doubled or of another type.
  // `path` goes before the name in messages: "release.linux-x86_64-gnu.".
  const rapidjson::Value& member(const rapidjson::Value& object, const char* name,
                                 std::string_view path = {}) const;
  std::string text(const rapidjson::Value& object, const char* name,
                   std::string_view path = {}) const;
  // What a text holds, or a member's name. Throws kCorrupt for a NUL in it; `name` is for that.
  std::string text_of(const rapidjson::Value& value, const std::string& name) const;
  std::optional<std::string> text_or_null(const rapidjson::Value& object, const char* name) const;
  std::uint64_t number(const rapidjson::Value& object, const char* name,
                       std::string_view path = {}) const;

  // Throws kCorrupt: "'plugins/A/log/0000000001.json' is damaged: <what>: restore it from a copy of
  // the storage".
  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string key_;
  rapidjson::Document document_;
};

}  // namespace pet
