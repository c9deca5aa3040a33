// Whether a candidate's answer may stand in place of the current version's. (Inside core/live only.)
#pragma once

#include <pet/xydata.hpp>
#include <string>

#include "core/live/trial.hpp"

namespace pet::trial {

// What is wrong with `answer` to `sample`, as a sentence; empty when nothing is. `expected` is the current
// version's answer, null or nothing when there is none to compare with.
std::string fault_of(const XYData& answer, const XYData& sample, const XYData* expected,
                     const AnswerRules& rules);

}  // namespace pet::trial
