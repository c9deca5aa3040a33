#include "core/registry/open_plugin_storage.hpp"

#include <optional>
#include <string>
#include <utility>

#include "core/near_miss.hpp"
#include "core/registry/keys.hpp"
#include "core/registry/log_entry.hpp"
#include "core/registry/stored_json.hpp"
#include "storage/error.hpp"
#include "storage/open_storage.hpp"

namespace pet {
namespace {

// A binary or a fitted state: its hash is its name.
class HashCheck final : public ContentCheck {
 public:
  explicit HashCheck(const Hash& expected) : expected_(expected) {}

  void begin(std::optional<std::uint64_t>) override {
    hasher_ = Hasher();
    size_ = 0;
  }
  void write(std::string_view piece) override {
    hasher_.update(piece);
    size_ += piece.size();
  }
  std::string fault() override {
    const Hash got = hasher_.finish();
    if (got == expected_) return {};
    return "expected sha256 " + expected_.hex() + ", got " + got.hex() + " (" +
           std::to_string(size_) + " bytes)";
  }

 private:
  const Hash expected_;
  Hasher hasher_;
  std::uint64_t size_ = 0;
};

// Facts are advisory, and nothing tells their bytes from others' but what they are about.
class FactsCheck final : public ContentCheck {
 public:
  FactsCheck(std::string_view key, const Hash& about) : key_(key), about_(about) {}

  void begin(std::optional<std::uint64_t>) override { bytes_.clear(); }
  // One byte beyond what a document may have is enough to refuse it.
  void write(std::string_view piece) override {
    bytes_.append(piece.substr(0, kMaxLogEntryBytes + 1 - bytes_.size()));
  }
  std::string fault() override {
    try {
      const StoredJson document(bytes_, key_, kMaxLogEntryBytes);
      const std::string hash = document.text(document.root(), "hash");
      return hash == about_.hex() ? "" : "has facts about another binary";
    } catch (const Error& error) {
      return error.what();
    }
  }

 private:
  const std::string key_;
  const Hash about_;
  std::string bytes_;
};

// REQUIRES: the key names a hash: it is immutable.
std::unique_ptr<ContentCheck> check_of(std::string_view key) {
  const HashedKey hashed = hashed_key(key).value();
  if (hashed.content != KeyContent::kFacts) return std::make_unique<HashCheck>(hashed.hash);
  return std::make_unique<FactsCheck>(key, hashed.hash);
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
  const ChainLayout layout{
      .is_immutable = [](std::string_view key) { return hashed_key(key).has_value(); },
      .check_of = check_of};
  try {
    return open_storage(url, {.layout = layout, .report = report});
  } catch (const Error& error) {
    const std::string hint = did_you_mean(unknown_scheme(url), storage_schemes());
    if (hint.empty()) throw;
    throw Error(error.code(), error.what() + ("\n  " + hint));
  }
}

}  // namespace pet
