// TrialSite: a cache that has what candidates need, and trials of them by the real helper.
//
// Lifetime: the cache's folder goes with it. Threads: try_it() from any.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/cache/binary_cache.hpp"
#include "core/live/trial.hpp"
#include "tests/core/live/plain_crashes.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {

inline std::vector<XYData> samples_of(std::size_t count) {
  std::vector<XYData> samples;
  for (std::size_t i = 0; i < count; ++i) {
    const auto first = static_cast<double>(i);
    samples.push_back(XYData::mock<double>({{first, 1.0}, {2.0, 3.0}, {4.0, 5.0}}));
  }
  return samples;
}

struct TrialSite {
  TrialSite() { let_helpers_crash(); }

  // Puts a fixture there; its hash.
  std::string add(const std::string& fixture) {
    const Binary binary = Binary::read(PET_FIXTURE_DIR "/" + fixture + ".so");
    cache.insert(binary);
    return binary.hash().hex();
  }
  std::string add_state(std::string bytes) {
    const Binary state = Binary::from_bytes(std::move(bytes));
    cache.insert(state);
    return state.hash().hex();
  }

  TrialRequest request(std::string config, std::size_t samples = 0) const {
    return {.config = std::move(config),
            .cache = folder / "cache",
            .samples = samples_of(samples),
            .expected = {},
            .answer_rules = {}};
  }

  TrialReport try_it(const TrialRequest& request, TrialLimits limits = {}) const {
    return Trial(PET_TRIAL_PROGRAM, limits).run(request);
  }

  TemporaryFolder folder;
  BinaryCache cache{folder / "cache"};
};

// {"clazz", "version_hash", "params"} and more.
inline std::string node(const std::string& clazz, const std::string& hash,
                        const std::string& params = "{}", const std::string& more = {}) {
  return R"({"clazz": ")" + clazz + R"(", "version_hash": ")" + hash + R"(", "params": )" + params +
         more + "}";
}

inline std::string behaviour(const std::string& when, const std::string& how) {
  return R"({"when": ")" + when + R"(", "how": ")" + how + "\"}";
}

}  // namespace pet::test
