#include "core/factory/checked_loader.hpp"

#include <utility>

#include "core/artifact/gate.hpp"
#include "core/artifact/machine.hpp"
#include "core/cache/binary_cache.hpp"
#include "core/held_events.hpp"
#include "core/loader/loader.hpp"
#include "storage/ascii.hpp"

namespace pet {
namespace {

constexpr int kMapAttempts = 3;

// Integrity, trust, gate: what petctl answers with exit status 4.
bool is_refusal(ErrorCode code) noexcept { return exit_status(code) == 4; }

Asked asked_for(const LoadCandidate& candidate) {
  return {candidate.name, candidate.binary.hash().hex(), candidate.source};
}

// Whoever asked for a class by name gets no other one, and is told of another platform in those
// words.
void require_expected(const Facts& facts, const LoadCandidate& candidate) {
  if (candidate.name.empty() || !facts.has_notes) return;  // (the gate refuses what has no notes)
  const Hash& hash = candidate.binary.hash();
  const std::string asked = candidate.name + " " + hash.short_hex();
  const Error::Subject subject{candidate.name, hash.hex(), candidate.key};
  if (facts.clazz.name != candidate.name) {
    if (candidate.source == kCacheSource) {
      throw Error(ErrorCode::kVersionNotFound,
                  "no " + asked + ": that is a binary of the class " + facts.clazz.name +
                      "\n  hash: " + hash.hex(),
                  subject);
    }
    throw Error(ErrorCode::kCorrupt,
                candidate.source + " has a binary of the class " + facts.clazz.name + " where " +
                    asked + " should be\n  key: " + candidate.key +
                    "\n  try: remove that object, and push the right binary",
                subject);
  }
  const std::string& here = Machine::current().platform;
  if (facts.platform != here) {
    throw Error(ErrorCode::kNoBinaryForPlatform,
                asked + " is for " + facts.platform + "; this machine is " + here +
                    "\n  try: ask for a version that was built for " + here + ": petctl list " +
                    candidate.name,
                subject);
  }
}

}  // namespace

void report_refusal(const Observer& observer, const Asked& asked, const Error& error,
                    std::chrono::nanoseconds duration) {
  if (!is_refusal(error.code())) return;
  notify(observer,
         {EventKind::kRefusal, error.class_name().empty() ? asked.class_name : error.class_name(),
          asked.hash.empty() ? error.hash() : asked.hash, asked.source, first_line(error.what()),
          duration});
}

CheckedLoader::CheckedLoader(std::shared_ptr<BinaryCache> cache, Observer observer)
    : cache_(std::move(cache)), observer_(std::move(observer)) {}

PetClass CheckedLoader::load(const LoadCandidate& candidate) const {
  return reporting_refusals(observer_, asked_for(candidate), [&] { return admit(candidate); });
}

void CheckedLoader::require_loadable(const LoadCandidate& candidate) const {
  reporting_refusals(observer_, asked_for(candidate), [&] {
    const Facts facts = read_facts(candidate.binary);
    require_expected(facts, candidate);
    pet::require_loadable(facts, Machine::current(), candidate.binary.hash(), candidate.key);
  });
}

Facts CheckedLoader::check_pushable(const Binary& binary) const {
  const LoadCandidate candidate{binary, binary.origin(), binary.origin()};
  return reporting_refusals(observer_, asked_for(candidate), [&] {
    Facts facts = read_facts(binary);
    const Machine& here = Machine::current();
    // Another kind of machine may load it; a kind without a name ("unknown machine 243") is none.
    const bool elsewhere =
        facts.platform != here.platform && facts.platform.find(' ') == std::string::npos;
    pet::require_loadable(facts, elsewhere ? Machine::any_of(facts.platform) : here, binary.hash(),
                          binary.origin());
    return facts;
  });
}

PetClass CheckedLoader::admit(const LoadCandidate& candidate) const {
  const Binary& binary = candidate.binary;
  std::shared_ptr<const Library> library = Loader::process().find(binary.hash());
  // What is mapped has passed all this; only whether it is what was asked for is asked again.
  std::optional<Facts> facts;
  if (library == nullptr) facts = read_facts(binary);
  require_expected(library ? library->facts() : *facts, candidate);
  // (Trust will be asked here: after the hash, before the gate.)
  if (library == nullptr) {
    pet::require_loadable(*facts, Machine::current(), binary.hash(), candidate.key);
    library = map(candidate);
  }
  return PetClass::from_library(
      std::move(library), candidate.keep_bytes ? std::make_shared<const Binary>(binary) : nullptr,
      candidate.source);
}

// Another process may clear the cache between the check and dlopen: the bytes are here, so they are
// put back.
std::shared_ptr<const Library> CheckedLoader::map(const LoadCandidate& candidate) const {
  HeldEvents held;  // others may wait for this very load
  for (int attempt = 1;; ++attempt) {
    const bool in_cache = attempt == 1 && candidate.file;
    try {
      return Loader::process().load(
          candidate.binary, in_cache ? *candidate.file : cache_->insert(candidate.binary).file);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kNoBinary || attempt == kMapAttempts) throw;
    }
  }
}

}  // namespace pet
