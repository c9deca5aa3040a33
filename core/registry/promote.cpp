#include "core/registry/promote.hpp"

#include <algorithm>

#include "core/artifact/class_name.hpp"
#include "core/artifact/gate.hpp"
#include "core/artifact/machine.hpp"
#include "core/registry/keys.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

// The newest entry that names the binary.
LogEntry entry_of(const Registry& from, const std::string& name, const Hash& hash) {
  const auto names = [&](const auto& file) { return file.second.hash == hash; };
  std::uint64_t number = from.require_newest(name).number;
  for (; number > 0; --number) {
    std::optional<LogEntry> entry = from.entry(name, number);
    if (entry && std::ranges::any_of(entry->release, names)) return *std::move(entry);
  }
  throw Error(ErrorCode::kVersionNotFound,
              "no entry of the log of " + name + " in " + from.storage()->describe() + " names " +
                  hash.hex() +
                  ": only what was latest there once can be promoted: push that binary there, or "
                  "straight to the other storage",
              {.class_name = name, .hash = hash.hex(), .key = {}});
}

// One binary of the release, which is what its entry says of it.
Artifact fetch(const Registry& from, const std::string& name, const std::string& platform,
               const ReleaseFile& file) {
  const std::string key = binary_key(name, file.hash, platform);
  const std::string place = from.storage()->describe();
  Binary binary =
      Binary::from_bytes(from.require_binary(name, file.hash, platform), place + "/" + key);
  const auto damaged = [&](const std::string& what) {
    return Error(ErrorCode::kCorrupt,
                 name + " " + file.hash.short_hex() + " was not promoted: " + pet::quoted(key) +
                     " in " + place + " is damaged: it " + what +
                     ": restore that object from a copy, or remove it and push it again",
                 {.class_name = name, .hash = file.hash.hex(), .key = key});
  };
  if (binary.hash() != file.hash) {
    throw damaged("has sha256 " + binary.hash().hex() + ", expected " + file.hash.hex());
  }
  Facts facts = read_facts(binary);
  // Where it is promoted says nothing about where it will run.
  require_loadable(facts, Machine::any_of(platform), binary.hash(), binary.origin());
  if (facts.clazz.name != name) throw damaged("is a binary of the class " + facts.clazz.name);
  if (facts.platform != platform) {
    throw damaged("is for " + facts.platform + ", and the log names it for " + platform);
  }
  return {std::move(binary), std::move(facts)};
}

}  // namespace

PushResult promote(const Registry& from, Registry& to, const Promotion& promotion) {
  const std::string& name = promotion.class_name;
  require_class_name(name);
  to.require_writable();
  const LogEntry entry =
      promotion.hash ? entry_of(from, name, *promotion.hash) : from.require_newest(name);
  PushItem item{.binaries = {},
                .options = {.message = promotion.message.value_or(entry.message),
                            .on_older = promotion.on_older,
                            .from = Origin{from.storage()->describe(), entry.number}}};
  for (const auto& [platform, file] : entry.release) {
    item.binaries.push_back(fetch(from, name, platform, file));
  }
  // The first one's hash is the entry's.
  std::ranges::stable_partition(item.binaries, [&](const Artifact& artifact) {
    return artifact.binary.hash() == entry.hash;
  });
  return to.push(item);
}

}  // namespace pet
