// VersionChooser: which version of a class a service should have now.
//
// The newest entry of its log whose binary for this platform is not rejected, nor one of `but_not`; where
// the storage has no log of the class, the one that is compiled in. It never goes on where something is
// wrong: a storage that fails, a damaged entry, a release without this platform are errors, after which the
// caller keeps what it has. Of the log it reads the end, as far back as it has to.
//
// Threads: any.
// Throws:  kClassNotFound; kNoBinaryForPlatform; kVersionNotFound when all are rejected or in `but_not`;
//          what the storage throws.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "core/live/resolved_config.hpp"
#include "storage/error.hpp"

namespace pet {

class PetFactory;
class Rejections;
struct Rejection;

class VersionChooser {
 public:
  // `factory` and `rejections` outlive it.
  VersionChooser(const PetFactory& factory, const Rejections& rejections)
      : factory_(factory), rejections_(rejections) {}

  ClassVersion choose(const std::string& name, const std::set<Hash>& but_not = {}) const;

  // Whether choose() may answer otherwise than `known`, for one request: whether the log goes on.
  bool may_have_moved(const ClassVersion& known) const;

 private:
  ClassVersion newest_good(const std::string& name, const std::set<Hash>& but_not) const;
  Error none_is_good(const std::string& name, const std::optional<Rejection>& last) const;

  const PetFactory& factory_;
  const Rejections& rejections_;
};

}  // namespace pet
