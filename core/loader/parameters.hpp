// What a class accepts as parameters: checks what is given and fills in what is not.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "core/artifact/notes.hpp"
#include "core/loader/param_value.hpp"

namespace pet {

struct ParamProblem {
  std::string parameter;
  std::string text;  // "has no parameter 'n_neighbours'; did you mean 'n_neighbors'?"
};

// Brings `params` into the form that the class gets: every declared parameter in declared order,
// defaults filled in, integers widened where a float64 is declared; then, for a class with open
// parameters, the others as they were given. Returns all problems; `params` is unchanged when there
// are any.
std::vector<ParamProblem> complete_parameters(const ClassFacts& clazz, ParamObject& params);

// Checks and converts the value of one declared parameter; "" when it is accepted.
std::string accept_value(const ParameterFacts& parameter, ParamValue& value);

// The value that a note carries.
ParamValue to_param_value(const FactValue& value);

}  // namespace pet
