#include "core/registry/stored_json.hpp"

#include <rapidjson/error/en.h>

#include <algorithm>

#include "core/registry/keys.hpp"
#include "core/text_position.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr unsigned kParseFlags =
    rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

// How deep the brackets outside of strings are nested, as far as it can be told of text that may be
// no JSON.
std::size_t depth_of(std::string_view json) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

StoredJson::StoredJson(std::string_view json, std::string_view key, std::size_t max_size)
    : key_(key) {
  if (json.size() > max_size) {
    fail("it has " + std::to_string(json.size()) + " bytes, at most " + std::to_string(max_size) +
         " were expected");
  }
  // A reader in C would take it for the end.
  if (const std::size_t nul = json.find('\0'); nul != std::string_view::npos) {
    fail("it is not JSON at " + to_string(position_of(json, nul)) + ": a NUL byte");
  }
  if (depth_of(json) > kMaxDepth) {
    fail("it is nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  document_.Parse<kParseFlags>(json.data(), json.size());
  if (document_.HasParseError()) {
    std::string_view why = rapidjson::GetParseError_En(document_.GetParseError());
    if (why.ends_with('.')) why.remove_suffix(1);
    fail("it is not JSON at " + to_string(position_of(json, document_.GetErrorOffset())) + ": " +
         std::string(why));
  }
  if (!document_.IsObject()) fail("it is not a JSON object");
}

void StoredJson::fail(const std::string& what) const {
  // The hint is survived, and written anew; anything else is the only one of its kind.
  const bool is_hint = key_.ends_with("/latest.json");
  throw Error(ErrorCode::kCorrupt,
              pet::quoted(key_) + " is damaged: " + what + ": " +
                  (is_hint ? "the log answers, and the next push replaces it"
                           : "restore it from a copy of the storage"),
              {.class_name = std::string(class_of(key_).value_or("")), .hash = {}, .key = key_});
}

const rapidjson::Value& StoredJson::member(const rapidjson::Value& object, const char* name,
                                           std::string_view path) const {
  const rapidjson::Value* found = nullptr;
  for (const auto& candidate : object.GetObject()) {
    const std::string_view candidate_name(candidate.name.GetString(),
                                          candidate.name.GetStringLength());
    if (candidate_name != name) continue;
    // Readers differ in which one they take, so two readers could follow different hashes.
    if (found != nullptr) fail(pet::quoted(std::string(path) + name) + " is there twice");
    found = &candidate.value;
  }
  if (found == nullptr) fail(pet::quoted(std::string(path) + name) + " is missing");
  return *found;
}

std::string StoredJson::text(const rapidjson::Value& object, const char* name,
                             std::string_view path) const {
  const rapidjson::Value& value = member(object, name, path);
  const std::string full_name = std::string(path) + name;
  if (!value.IsString()) fail(pet::quoted(full_name) + " is not a text");
  return text_of(value, full_name);
}

// Readers differ in where a text with a NUL ends, so two readers could see different ones.
std::string StoredJson::text_of(const rapidjson::Value& value, const std::string& name) const {
  std::string text(value.GetString(), value.GetStringLength());
  if (text.find('\0') != std::string::npos) fail(pet::quoted(name) + " has a NUL character");
  return text;
}

std::optional<std::string> StoredJson::text_or_null(const rapidjson::Value& object,
                                                    const char* name) const {
  if (member(object, name).IsNull()) return std::nullopt;
  return text(object, name);
}

std::uint64_t StoredJson::number(const rapidjson::Value& object, const char* name,
                                 std::string_view path) const {
  const rapidjson::Value& value = member(object, name, path);
  if (!value.IsUint64()) {
    fail(pet::quoted(std::string(path) + name) + " is not a whole number of 0 or more");
  }
  return value.GetUint64();
}

}  // namespace pet
