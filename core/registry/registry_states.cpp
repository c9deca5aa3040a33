// The registry's fitted states: immutable objects beside a class's binaries, named by their hash. No
// log names them; configs do.
#include <set>

#include "core/artifact/class_name.hpp"
#include "core/registry/keys.hpp"
#include "core/registry/registry.hpp"
#include "storage/key.hpp"

namespace pet {

std::string Registry::require_state(std::string_view class_name, const Hash& hash) const {
  require_class_name(class_name);
  const std::string key = state_key(class_name, hash);
  if (auto bytes = storage_->get(key)) return *std::move(bytes);
  throw Error(ErrorCode::kVersionNotFound,
              "no fitted state " + hash.short_hex() + " of " + std::string(class_name) + " in " +
                  storage_->describe() +
                  "\n  try: the storage in which it was saved\n  key: " + key,
              {.class_name = std::string(class_name), .hash = hash.hex(), .key = key});
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
    const std::optional<ObjectInfo> there = storage_->head(key);
    if (there && there->size == state.bytes.size()) continue;
    throw Error(ErrorCode::kCorrupt,
                pet::quoted(key) + " in " + storage_->describe() + " is damaged: it has " +
                    (there ? std::to_string(there->size) : "no") + " bytes, expected " +
                    std::to_string(state.bytes.size()) + ": remove that object and save again",
                {.class_name = state.class_name, .hash = state.bytes.hash().hex(), .key = key});
  }
}

}  // namespace pet
