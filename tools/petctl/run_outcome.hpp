// What petctl run has to tell, for people and as JSON.
#pragma once

#include <optional>
#include <pet/xydata.hpp>
#include <string>
#include <vector>

#include "core/loader/base_plugin.hpp"
#include "core/loader/pet_class.hpp"
#include "storage/error.hpp"
#include "tools/petctl/commands.hpp"

namespace pet::tools {

struct Outcome {
  std::vector<BasePlugin::Trial> trials;  // what an optimizer tried, in order
  std::optional<XYData> predicted;
  std::optional<std::vector<std::string>> labels;  // what was predicted, when these are texts
  BasePlugin::Scores scores;
  std::optional<Error> not_saved;  // why what was to be saved is not
};

ParamObject outcome_json(const Outcome& outcome, const std::vector<PetClass>& classes,
                         const RunOptions& options);
void print_text_outcome(const Outcome& outcome, const std::vector<PetClass>& classes,
                        const RunOptions& options);

}  // namespace pet::tools
