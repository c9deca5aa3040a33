// Suspects: of several binaries that moved together, and failed together, which one is bad.
//
// Each is left out alone, the last published first, until a candidate without it passes: then it was that
// one. When none passes without one of them, all are bad.
//
//   suspects.begin(moved, "crashed (SIGSEGV) in construct", Suspects::Proof::kTrial);
//   choose(…, suspects.accused());             // all others at their newest
//   passed ? reject(*suspects.accused()) : suspects.next() || reject(suspects.all());
//
// Threads: a value.
#pragma once

#include <string>
#include <vector>

#include "core/live/resolved_config.hpp"

namespace pet {

class Suspects {
 public:
  // What a candidate has to pass. They failed in the same.
  enum class Proof {
    kTrial,
    kCalls,  // enough of them, when it is current: all had passed their trial, too
  };

  // REQUIRES: versions with hashes.
  void begin(std::vector<ClassVersion> moved, std::string reason, Proof proof);
  void clear() { *this = Suspects(); }

  // The one that is left out now; nullptr when there is no suspicion.
  const ClassVersion* accused() const { return next_ < all_.size() ? &all_[next_] : nullptr; }
  // Accuses the next one. False when there is none.
  bool next() { return ++next_ < all_.size(); }

  const std::vector<ClassVersion>& all() const noexcept { return all_; }
  const std::string& reason() const noexcept { return reason_; }
  Proof proof() const noexcept { return proof_; }

 private:
  std::vector<ClassVersion> all_;
  std::size_t next_ = 0;
  std::string reason_;
  Proof proof_ = Proof::kTrial;
};

}  // namespace pet
