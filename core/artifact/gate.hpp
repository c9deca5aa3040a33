// The gate: may this binary be loaded on this machine?
//
// It runs at push and before every load, on facts read from the same buffer as the hash. It decides on what would
// break or outlive a process after dlopen, since nothing can be decided then any more. A library that is
// missing is not its business: dlopen says so by itself, before running anything.
//
//   const Verdict verdict = check(facts, Machine::current());
//   if (!verdict.loadable()) for (const Problem& problem : verdict.problems) ...
//
//   require_loadable(facts, Machine::current(), binary.hash(), binary.origin());   // or throws
//
// All problems are reported at once.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/artifact/facts.hpp"
#include "core/artifact/hash.hpp"
#include "core/artifact/machine.hpp"
#include "storage/error.hpp"

namespace pet {

struct Problem {
  std::string code;       // stable: "needs_glibc", "abi_major", "gnu_unique"…
  std::string sentence;   // without its subject: "needs GLIBC_2.38; this machine has 2.36"
  std::string next_step;  // "rebuild it on a system with glibc 2.36 or older"
};

// Something that works, and that its author should know.
struct Warning {
  std::string code;
  std::string sentence;
};

struct Verdict {
  std::vector<Problem> problems;
  std::vector<Warning> warnings;
  bool loadable() const noexcept { return problems.empty(); }
};

Verdict check(const Facts& facts, const Machine& machine);

// Throws unless loadable, naming class, hash, `origin` (path or URL), every problem and its next step: kNotAPlugin when
// the binary has no notes, no entry or is a program, kGateRefused for everything else.
void require_loadable(const Facts& facts, const Machine& machine, const Hash& hash,
                      std::string_view origin);

}  // namespace pet
