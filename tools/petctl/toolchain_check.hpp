// What an author needs to build a class, who runs `petctl new`; who only runs pipelines does not. So
// what is missing is a warning.
//
// cmake          new enough for the SDK
// build_program  what cmake has the compiler called by: make or ninja
// compiler       for C++
// objcopy        without it a binary says which patch level of the compiler made it
// sdk            cmake configures a class with it: cmake, compiler and SDK work together
//
// Threads: any, as long as none changes the environment. Throws: nothing of what is looked at.
#pragma once

#include <string>
#include <vector>

#include "storage/check.hpp"

namespace pet::tools {

// `version`: petctl's own, which the SDK's should be.
std::vector<Check> check_toolchain(const std::string& version, const CheckReport& report = {});

}  // namespace pet::tools
