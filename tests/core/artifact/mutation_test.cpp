// Facts and gate on damaged files: whatever the bytes are, the answer is facts or a pet::Error, never a signal or a read
// outside of them. Each mutant is a heap block of exactly its size, so that AddressSanitizer sees one byte too many.
#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "core/artifact/describe.hpp"
#include "core/artifact/facts.hpp"
#include "core/artifact/gate.hpp"
#include "storage/error.hpp"
#include "tests/core/artifact/fixture.hpp"

namespace {

using namespace pet::test;

enum class Outcome { kLoadable, kRefused, kMalformed };

Outcome outcome_of(std::string_view bytes) {
  const auto exact = std::make_unique<std::byte[]>(bytes.size());
  if (!bytes.empty()) std::memcpy(exact.get(), bytes.data(), bytes.size());
  try {
    const pet::Facts facts = pet::read_facts(std::span<const std::byte>(exact.get(), bytes.size()));
    const pet::Verdict verdict = check(facts, pet::Machine::current());
    return verdict.loadable() ? Outcome::kLoadable : Outcome::kRefused;
  } catch (const pet::Error& error) {
    CHECK_FALSE(std::string_view(error.what()).empty());
    return Outcome::kMalformed;
  }
}

TEST_CASE("a plugin cut off within its segments is malformed at every length", "[core][artifact]") {
  for (const char* name : {"plain_c_filter", "sysv_hash"}) {
    const pet::Binary binary = fixture(name);
    const std::string_view whole = binary.view();
    // What follows the last segment are section headers, which no loader reads.
    std::size_t loaded = 0;
    for (std::size_t length = 0; length < whole.size(); ++length) {
      if (outcome_of(whole.substr(0, length)) == Outcome::kLoadable) {
        loaded = length;
        break;
      }
    }
    CHECK(loaded > whole.size() / 2);
    for (std::size_t length = loaded; length <= whole.size(); ++length) {
      CHECK(outcome_of(whole.substr(0, length)) == Outcome::kLoadable);
    }
  }
}

TEST_CASE("every byte of a plugin flipped in turn never harms the reader", "[core][artifact]") {
  const std::string whole(fixture("plain_c_filter").view());
  std::size_t noticed = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const unsigned char mask : {0x01, 0x80, 0xff}) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ mask);
      noticed += outcome_of(flipped) != Outcome::kLoadable;
    }
  }
  CHECK(noticed > 1000);  // headers, notes and tables; code and padding look like any other
}

// Numbers that break sums, signs and alignments.
std::uint64_t evil_number(std::mt19937_64& random) {
  constexpr std::uint64_t kEvil[] = {0,
                                     1,
                                     2,
                                     3,
                                     7,
                                     0x7f,
                                     0x80,
                                     0xff,
                                     0xfff,
                                     0x1000,
                                     0x7fffffff,
                                     0x80000000,
                                     0xfffffff0,
                                     0xffffffff,
                                     0x100000000,
                                     0x7fffffffffffffff,
                                     0x8000000000000000,
                                     0xfffffffffffffff0,
                                     0xffffffffffffffff};
  return kEvil[random() % std::size(kEvil)];
}

TEST_CASE("random damage never harms the reader", "[core][artifact]") {
  std::mt19937_64 random(20260117);
  for (const char* name : {"plain_c_filter", "gnu_unique", "static_tls", "sysv_hash"}) {
    const std::string whole(fixture(name).view());
    for (int round = 0; round < 10000; ++round) {
      std::string damaged = whole;
      for (std::uint64_t changes = 1 + random() % 4; changes > 0; --changes) {
        const std::uint64_t value = evil_number(random);
        const std::size_t width = std::size_t{1} << random() % 4;
        // Half of the changes hit the first KiBs, where the tables are.
        const std::size_t range = random() % 2 == 0 ? 2048 : damaged.size();
        const std::size_t at = random() % (range - width) / width * width;
        std::memcpy(damaged.data() + at, &value, width);
      }
      outcome_of(damaged);
    }
  }
  SUCCEED();
}

TEST_CASE("random bytes behind an ELF header never harm the reader", "[core][artifact]") {
  std::mt19937_64 random(7);
  const std::string header(fixture("plain_c_filter").view().substr(0, 64));
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = header;
    for (std::size_t size = random() % 4096; size > 0; --size)
      bytes.push_back(static_cast<char>(random()));
    CHECK(outcome_of(bytes) != Outcome::kLoadable);
  }
}

}  // namespace
