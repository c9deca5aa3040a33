// promote: a release of one storage becomes a release of another, byte for byte: from staging to
// production.
//
//   const Registry staging(open_plugin_storage("file:///srv/staging"));
//   Registry production(open_plugin_storage("s3://pets/production"));
//   promote(staging, production, {.class_name = "MyFilter"});
//
// What is promoted is one entry of the source's log: all its binaries, for all platforms, under the
// hashes they have. Each is hashed on the way, and its facts are read from it anew: those that lie
// beside it in the source are advisory. The target's entry is its own, with a number of its own log,
// and says in `from` whose entry it repeats. Pins and configs stay valid, fitted states stay where
// they are.
//
// Threads: as of the registries.
// Throws:  kClassNotFound and kVersionNotFound when the source's log does not name it, or a binary
//          that it names is gone; kCorrupt for a binary that is not what its entry says;
//          kGateRefused for one that loads nowhere; kUsage when latest would move back and may
//          not; and as a push to the target. Nothing is written before all binaries are there and
//          right.
#pragma once

#include <optional>
#include <string>

#include "core/registry/registry.hpp"

namespace pet {

struct Promotion {
  std::string class_name;
  // Of any binary of the release: the newest entry that names it. Nothing: the source's latest.
  std::optional<Hash> hash = {};
  std::optional<std::string> message = {};  // nothing: that of the entry it comes from
  OnOlder on_older = OnOlder::kRefuse;
};

// kUnchanged when the target's latest has these binaries already.
PushResult promote(const Registry& from, Registry& to, const Promotion& promotion);

}  // namespace pet
