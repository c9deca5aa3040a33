// LiveVersion: one version of a pipeline, as a service has it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/live/call_stats.hpp"
#include "core/live/live.hpp"
#include "core/live/resolved_config.hpp"
#include "core/loader/base_plugin.hpp"

namespace pet {

struct LiveVersion {
  std::uint64_t number =
      0;  // 1, 2, 3… in the order of being found; 0: what is there before the first
  ResolvedConfig resolved;
  std::optional<BasePlugin> pipeline;  // nothing in number 0 only
  mutable CallStats stats;
};

using VersionSnapshot = Live<LiveVersion>::Snapshot;

// "version 3: MyFilter 3fa9c1…, KnnFilter (built in, 1)"
std::string shown(const std::vector<ClassVersion>& classes);

}  // namespace pet
