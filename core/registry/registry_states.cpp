// The registry's fitted states: immutable objects beside a class's binaries, named by their hash. No
// log names them; configs do.
#include <cstdint>
#include <set>

#include "core/artifact/class_name.hpp"
#include "core/registry/keys.hpp"
#include "core/registry/registry.hpp"
#include "storage/key.hpp"
#include "storage/random_hex.hpp"

namespace pet {

std::string Registry::require_state(std::string_view class_name, const Hash& hash) const {
  StringSink bytes;
  require_state(class_name, hash, bytes);
  return bytes.take();
}

void Registry::require_state(std::string_view class_name, const Hash& hash, ByteSink& sink) const {
  require_class_name(class_name);
  const std::string key = state_key(class_name, hash);
  if (storage_->read(key, sink)) return;
  throw Error(ErrorCode::kVersionNotFound,
              "no fitted state " + hash.short_hex() + " of " + std::string(class_name) + " in " +
                  storage_->describe() +
                  "\n  try: the storage in which it was saved\n  key: " + key,
              {.class_name = std::string(class_name), .hash = hash.hex(), .key = key});
}

void Registry::probe_writable() {
  require_writable();
  storage_->ensure_exists();
  const std::string key = probe_key(random_hex(16));
  put_absent(key, std::string(4096, '.'));  // a block of a disk that may be full
  try {
    storage_->remove(key);
  } catch (const Error& error) {
    // Where everybody may add and nobody remove, states can be stored all the same.
    if (error.code() != ErrorCode::kStorageRefused) throw;
  }
}

void Registry::put_states(std::span<const FittedState> states) {
  if (states.empty()) return;
  std::vector<std::string> keys;
  std::set<std::string> distinct;  // two equal filters have one state
  std::vector<PutItem> items;
  std::vector<const FittedState*> puts;
  keys.reserve(states.size());
  for (const FittedState& state : states) {
    require_class_name(state.class_name);
    keys.push_back(state_key(state.class_name, state.bytes.hash()));
    if (!distinct.insert(keys.back()).second) continue;
    items.push_back({keys.back(), state.bytes.view(), PutMode::kIfAbsent});
    puts.push_back(&state);
  }
  require_writable();
  storage_->ensure_exists();
  const std::vector<PutOutcome> outcomes = put_absent_many(items);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (outcomes[i] == PutOutcome::kWritten) continue;
    const FittedState& state = *puts[i];
    const std::string key(items[i].key);
    // Its very own bytes: get() of a chain is content with anybody's copy.
    const std::optional<std::string> there = storage_->get_range(key, 0, state.bytes.size() + 1);
    if (there && *there == state.bytes.view()) continue;
    throw Error(ErrorCode::kCorrupt,
                pet::quoted(key) + " in " + storage_->describe() +
                    " is damaged: it holds other bytes than the state of that hash: remove that "
                    "object and save again",
                {.class_name = state.class_name, .hash = state.bytes.hash().hex(), .key = key});
  }
}

}  // namespace pet
