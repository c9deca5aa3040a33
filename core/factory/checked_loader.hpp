// CheckedLoader: the one way by which bytes become a class.
//
// The library, the service and the tools, a pull, an exact version, a file and a cache hit all come
// through here: hash → gate → load, from one buffer, and nothing of a binary runs before
// all agreed. (Inside core/factory.)
//
// Threads: any. Throws: what the gate and the loader throw, each refusal reported to the observer.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/artifact/binary.hpp"
#include "core/artifact/facts.hpp"
#include "core/loader/pet_class.hpp"
#include "core/observer.hpp"
#include "storage/error.hpp"

namespace pet {

class BinaryCache;
class Library;

inline constexpr std::string_view kCacheSource = "cache";

// A binary that wants to become a class. Its hash is that of the bytes; who asked for a hash has
// compared them.
struct LoadCandidate {
  Binary binary;
  std::string source;                    // kCacheSource, or a URL
  std::string key;                       // where it lies, for messages
  std::string name = {};                 // the class that it has to be; empty: any
  std::optional<std::string> file = {};  // in the cache; nothing: not there yet
  bool keep_bytes = false;               // in the class, for a push
};

// What was asked for, as far as it is known before the answer.
struct Asked {
  std::string class_name;
  std::string hash;  // 64 hex digits, or empty
  std::string source;
};

// Tells the observer (kRefusal) when the error is one of integrity, trust or gate.
void report_refusal(const Observer& observer, const Asked& asked, const Error& error,
                    std::chrono::nanoseconds duration);

// Answers as work() does. Its refusals are reported, with the time they took.
template <class Work>
auto reporting_refusals(const Observer& observer, const Asked& asked, const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  try {
    return work();
  } catch (const Error& error) {
    report_refusal(observer, asked, error, std::chrono::steady_clock::now() - start);
    throw;
  }
}

class CheckedLoader {
 public:
  CheckedLoader(std::shared_ptr<BinaryCache> cache, Observer observer);

  PetClass load(const LoadCandidate& candidate) const;

  // Throws what load() would throw before it maps the binary.
  void require_loadable(const LoadCandidate& candidate) const;

  // The facts of a binary that is about to be stored. It need not be for this machine: of others,
  // what can be known is checked.
  Facts check_pushable(const Binary& binary) const;

 private:
  PetClass admit(const LoadCandidate& candidate) const;
  std::shared_ptr<const Library> map(const LoadCandidate& candidate) const;

  std::shared_ptr<BinaryCache> cache_;
  Observer observer_;
};

}  // namespace pet
