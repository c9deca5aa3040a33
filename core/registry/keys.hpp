// Where a registry's objects lie in a storage: the layout, in one place.
//
// Threads: pure functions. REQUIRES: valid class names (require_class_name).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/artifact/hash.hpp"

namespace pet {

// "plugins/": every class is a folder below it.
inline constexpr std::string_view kClassesPrefix = "plugins/";

std::string class_prefix(std::string_view class_name);  // "plugins/MyFilter/"
std::string log_prefix(std::string_view class_name);    // "plugins/MyFilter/log/"

// "plugins/MyFilter/<hash>.so", ".dll" for a Windows platform.
std::string binary_key(std::string_view class_name, const Hash& hash, std::string_view platform);
std::string facts_key(std::string_view class_name,
                      const Hash& hash);  // "plugins/MyFilter/<hash>.json"
// What both begin with, and no other key: "plugins/MyFilter/<hash>"
std::string version_prefix(std::string_view class_name, const Hash& hash);
std::string log_key(std::string_view class_name,
                    std::uint64_t number);            // "plugins/MyFilter/log/0000000042.json"
std::string latest_key(std::string_view class_name);  // "plugins/MyFilter/latest.json"
std::string state_key(std::string_view class_name,
                      const Hash& hash);  // "plugins/MyFilter/state/<hash>.bin"

// "plugins/pet-probe-<token>": an object of no class.
std::string probe_key(std::string_view token);

// Whether a key is one of that class's fitted states.
bool is_state(std::string_view key, std::string_view class_name);

// The number in a key of that class's log; nullopt for any other key.
std::optional<std::uint64_t> log_number(std::string_view key, std::string_view class_name);

// The hash in a key of one of that class's binaries; nullopt for any other key.
std::optional<Hash> binary_hash(std::string_view key, std::string_view class_name);

// What an object whose key has a hash holds.
enum class KeyContent {
  kBinary,  // bytes of that hash
  kState,   // bytes of that hash
  kFacts,   // what is said about the binary of that hash; advisory
};
struct HashedKey {
  KeyContent content;
  Hash hash;
};

// Of which class ever: the key of a binary, of a fitted state or of facts; nullopt for any other.
// These objects never change.
std::optional<HashedKey> hashed_key(std::string_view key);

// The class that a key belongs to; nullopt for keys of other things.
std::optional<std::string_view> class_of(std::string_view key);

}  // namespace pet
