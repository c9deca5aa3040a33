// Rejections: which versions have been found bad here, and why; durably.
//
//   Rejections rejections(LocalStorage("/var/lib/pets/rejections"));
//   rejections.add({.hash = hash, .class_name = "MyFilter", .reason = "crashed (SIGSEGV) in construct"});
//   if (rejections.find(hash)) …  // after a restart, too
//
// An object a hash, "rejected/<hash>.json", so that services may share the storage. The first reason
// stays. A damaged object still rejects, and says so as its reason.
//
// Threads: any.
// Throws:  what the storage throws.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/artifact/hash.hpp"

namespace pet {

class BaseStorage;

struct Rejection {
  Hash hash;  // of a binary
  std::string class_name;
  std::string reason;
  std::string time;      // UTC: "2025-11-03T09:30:00Z"
  std::string pipeline;  // the name of the one that it was tried for
};

class Rejections {
 public:
  // A null storage: remembered until the process ends.
  explicit Rejections(std::shared_ptr<BaseStorage> storage = nullptr);

  // True when it was not rejected before.
  bool add(const Rejection& rejection);
  std::optional<Rejection> find(const Hash& hash) const;
  // All, the latest first.
  std::vector<Rejection> all() const;
  // It may be tried again. True when it was rejected.
  bool forgive(const Hash& hash);

 private:
  void read_all() const;

  std::shared_ptr<BaseStorage> storage_;
  mutable std::mutex mutex_;
  mutable bool is_read_ = false;
  mutable std::map<Hash, Rejection> known_;
};

}  // namespace pet
