#include "core/registry/open_plugin_storage.hpp"

#include <utility>

#include "core/registry/keys.hpp"
#include "core/registry/log_entry.hpp"
#include "core/registry/stored_json.hpp"
#include "storage/error.hpp"
#include "storage/open_storage.hpp"

namespace pet {
namespace {

// Facts are advisory, and nothing tells their bytes from others' but what they are about.
std::string fault_of_facts(std::string_view key, std::string_view bytes, const Hash& about) {
  try {
    const StoredJson document(bytes, key, kMaxLogEntryBytes);
    const std::string hash = document.text(document.root(), "hash");
    return hash == about.hex() ? "" : "has facts about another binary";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string fault_of(std::string_view key, std::string_view bytes) {
  const std::optional<HashedKey> hashed = hashed_key(key);
  if (!hashed) return {};
  if (hashed->content == KeyContent::kFacts) return fault_of_facts(key, bytes, hashed->hash);
  const Hash got = Hash::of(bytes);
  if (got == hashed->hash) return {};
  return "expected sha256 " + hashed->hash.hex() + ", got " + got.hex() + " (" +
         std::to_string(bytes.size()) + " bytes)";
}

}  // namespace

std::unique_ptr<BaseStorage> open_plugin_storage(std::string_view url, Observer observer) {
  const auto report = [observer = std::move(observer)](const PassedOver& passed) {
    const std::optional<HashedKey> hashed = hashed_key(passed.key);
    notify(observer, {EventKind::kPassedOver,
                      std::string(class_of(passed.key).value_or(std::string_view())),
                      hashed ? hashed->hash.hex() : std::string(),
                      passed.member,
                      "another copy is looked for: " + passed.reason,
                      {}});
  };
  return open_storage(
      url,
      {.layout = {.is_immutable = [](std::string_view key) { return hashed_key(key).has_value(); },
                  .fault_of = fault_of},
       .report = report});
}

}  // namespace pet
