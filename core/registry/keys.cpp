#include "core/registry/keys.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/artifact/class_name.hpp"
#include "core/registry/log_entry.hpp"

namespace pet {
namespace {

constexpr std::size_t kNumberDigits = 10;
constexpr std::string_view kDocument = ".json";
constexpr std::string_view kStates = "state/";

std::string_view binary_suffix(std::string_view platform) {
  return platform.starts_with("windows") ? ".dll" : ".so";
}

}  // namespace

std::string class_prefix(std::string_view class_name) {
  return std::string(kClassesPrefix) + std::string(class_name) + "/";
}

std::string log_prefix(std::string_view class_name) { return class_prefix(class_name) + "log/"; }

std::string binary_key(std::string_view class_name, const Hash& hash, std::string_view platform) {
  return class_prefix(class_name) + hash.hex() + std::string(binary_suffix(platform));
}

std::string facts_key(std::string_view class_name, const Hash& hash) {
  return class_prefix(class_name) + hash.hex() + std::string(kDocument);
}

std::string version_prefix(std::string_view class_name, const Hash& hash) {
  return class_prefix(class_name) + hash.hex();
}

std::string log_key(std::string_view class_name, std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kNumberDigits) digits.insert(0, kNumberDigits - digits.size(), '0');
  return log_prefix(class_name) + digits + std::string(kDocument);
}

std::string latest_key(std::string_view class_name) {
  return class_prefix(class_name) + "latest.json";
}

std::string state_key(std::string_view class_name, const Hash& hash) {
  return class_prefix(class_name) + std::string(kStates) + hash.hex() + ".bin";
}

// Where classes are made, since that is what must be allowed. Class names have no '-', and no folder
// of ours is left behind that others could not write to.
std::string probe_key(std::string_view token) {
  return std::string(kClassesPrefix) + "pet-probe-" + std::string(token);
}

bool is_state(std::string_view key, std::string_view class_name) {
  const std::string prefix = class_prefix(class_name);
  return key.starts_with(prefix) && key.substr(prefix.size()).starts_with(kStates);
}

std::optional<std::uint64_t> log_number(std::string_view key, std::string_view class_name) {
  const std::string prefix = log_prefix(class_name);
  if (!key.starts_with(prefix) || !key.ends_with(kDocument)) return std::nullopt;
  if (key.size() != prefix.size() + kNumberDigits + kDocument.size()) return std::nullopt;
  std::uint64_t number = 0;
  const char* begin = key.data() + prefix.size();
  const auto parsed = std::from_chars(begin, begin + kNumberDigits, number);
  if (parsed.ec != std::errc() || parsed.ptr != begin + kNumberDigits) return std::nullopt;
  return number == 0 ? std::nullopt : std::optional(number);
}

std::optional<Hash> binary_hash(std::string_view key, std::string_view class_name) {
  const std::string prefix = class_prefix(class_name);
  if (!key.starts_with(prefix)) return std::nullopt;
  key.remove_prefix(prefix.size());
  for (const std::string_view suffix : {".so", ".dll"}) {
    if (key.ends_with(suffix)) return Hash::parse(key.substr(0, key.size() - suffix.size()));
  }
  return std::nullopt;
}

std::optional<HashedKey> hashed_key(std::string_view key) {
  const std::optional<std::string_view> class_name = class_of(key);
  if (!class_name) return std::nullopt;
  key.remove_prefix(kClassesPrefix.size() + class_name->size() + 1);
  const bool is_state_key = key.starts_with(kStates);
  if (is_state_key) key.remove_prefix(kStates.size());
  const std::size_t dot = std::min(key.find('.'), key.size());
  const std::optional<Hash> hash = Hash::parse(key.substr(0, dot));
  const std::string_view suffix = key.substr(dot);
  if (!hash) return std::nullopt;
  if (is_state_key) {
    return suffix == ".bin" ? std::optional(HashedKey{KeyContent::kState, *hash}) : std::nullopt;
  }
  if (suffix == ".so" || suffix == ".dll") return HashedKey{KeyContent::kBinary, *hash};
  if (suffix == kDocument) return HashedKey{KeyContent::kFacts, *hash};
  return std::nullopt;
}

std::optional<std::string_view> class_of(std::string_view key) {
  if (!key.starts_with(kClassesPrefix)) return std::nullopt;
  key.remove_prefix(kClassesPrefix.size());
  const std::size_t end = key.find('/');
  if (end == std::string_view::npos || !is_class_name(key.substr(0, end))) return std::nullopt;
  return key.substr(0, end);
}

}  // namespace pet
