// Candidate: a pipeline taken apart into the steps of a trial. (Inside core/live only.)
//
// Each step throws what the candidate, or what it was built from, throws; after that only the destructor
// may be called.
//
// Threads: one.
#pragma once

#include <map>
#include <optional>
#include <pet/xydata.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/artifact/hash.hpp"
#include "core/factory/container.hpp"
#include "core/loader/base_plugin.hpp"
#include "core/loader/param_value.hpp"
#include "core/loader/pet_class.hpp"

namespace pet::trial {

class Candidate {
 public:
  // REQUIRES: `container` outlives it.
  Candidate(std::string config, const Container& container)
      : config_(std::move(config)), container_(container) {}

  void load();           // reads the config, and maps the binaries that it names
  void construct();      // without what it has learned
  void import_states();  // that
  void check_exports();
  XYData predict(const XYData& x) const { return pipeline_->predict(x); }
  void destroy();

 private:
  struct Learned {
    std::string pointer;
    std::string clazz;
    Hash state;
  };
  using ClassKey = std::pair<std::string, std::optional<Hash>>;

  std::string config_;
  const Container& container_;
  ParamValue tree_;  // of the config, without its state_hashes
  std::vector<Learned> learned_;
  std::map<ClassKey, PetClass> classes_;
  std::optional<BasePlugin> pipeline_;
  struct Imported {
    BasePlugin instance;
    std::string bytes;
  };
  std::vector<Imported> imported_;
  std::vector<BasePlugin> seconds_;  // of check_exports(): destroyed when all are
};

}  // namespace pet::trial
