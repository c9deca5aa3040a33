// Rejections: which versions have been found bad here, and why; durably.
//
//   Rejections rejections(LocalStorage("/var/lib/pets/rejections"));
//   rejections.add({.hash = hash, .class_name = "MyFilter", .reason = "crashed (SIGSEGV) in construct"});
//   if (rejections.find(hash)) …  // after a restart, too
//
// An object a hash, "rejected/<hash>.json", so that services may share the storage. The first reason
// stays. An object that is damaged, or cannot be read, still rejects, and says so as its reason. Of more than
// `most` the oldest go, but for those that were asked for here: a log still names them, above what is current.
//
// What is forgiven leaves a mark, "rejected/<hash>.forgiven", until it is rejected again. So an object that is
// gone without one, since another service had too many, is not taken for forgiven: who knew it goes on
// rejecting it until its process ends; so does it where no mark could be written (a disk that is full). Of the
// marks, too, the oldest go. In a sticky directory one user's marks cannot be removed by another: let all services
// run as one user, or share a directory whose group may write, without the sticky bit.
//
// Threads: any.
// Throws:  what the storage throws.
#pragma once

#include <cstddef>
#include <cstdint>
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
  static constexpr std::size_t kMost = 1000;

  // A null storage: remembered until the process ends.
  explicit Rejections(std::shared_ptr<BaseStorage> storage = nullptr, std::size_t most = kMost);

  // True when it was not rejected before. When it throws, it is rejected here all the same, and written down by
  // the next that adds it.
  bool add(const Rejection& rejection);
  std::optional<Rejection> find(const Hash& hash) const;
  // All, the latest first.
  std::vector<Rejection> all() const;
  // It may be tried again. True when it was rejected.
  bool forgive(const Hash& hash);
  // Finds out what others have forgiven, whose object is gone and marked so. Says how often anything was: who is told
  // another number than before chooses again. One request.
  std::uint64_t look_again();

 private:
  struct Known {
    Rejection rejection;
    bool is_kept = false;   // in the storage
    bool is_named = false;  // somebody asked for it
  };

  void read_all() const;
  std::vector<Hash> surplus(const Hash& newest) const;
  void drop_surplus(const Hash& newest);
  bool discard(const std::string& key);
  void mark_forgiven(const Hash& hash);
  void drop_old_marks();

  std::shared_ptr<BaseStorage> storage_;
  std::size_t most_;
  mutable std::mutex mutex_;  // guards all below
  mutable bool is_read_ = false;
  mutable std::map<Hash, Known> known_;
  std::uint64_t forgiven_ = 0;
};

}  // namespace pet
