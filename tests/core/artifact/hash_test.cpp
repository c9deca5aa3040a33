#include "core/artifact/hash.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <unordered_set>

#include "storage/error.hpp"

namespace {

using pet::Hash;
using pet::Hasher;

TEST_CASE("Hash::of agrees with the test vectors of FIPS 180-4", "[core][artifact]") {
  struct Row {
    std::string input;
    std::string hex;
  };
  const Row rows[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1000000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const Row& row : rows) {
    CHECK(Hash::of(row.input).hex() == row.hex);
    CHECK(Hash::of(std::as_bytes(std::span(row.input))).hex() == row.hex);
  }
}

TEST_CASE("a Hasher gives the same hash however the bytes are cut, and starts over",
          "[core][artifact]") {
  const std::string text(10000, 'x');
  Hasher hasher;
  for (std::size_t piece : {1u, 63u, 64u, 65u, 9999u}) {
    for (std::size_t at = 0; at < text.size(); at += piece) {
      hasher.update(std::string_view(text).substr(at, piece));
    }
    CHECK(hasher.finish() == Hash::of(text));
  }
  CHECK(hasher.finish() == Hash::of(""));
}

TEST_CASE("a hash is parsed from 64 lower-case hex digits and from nothing else",
          "[core][artifact]") {
  const std::string good = Hash::of("abc").hex();
  REQUIRE(Hash::parse(good));
  CHECK(Hash::parse(good)->hex() == good);

  std::string upper = good;
  upper[0] = 'B';
  std::string letter = good;
  letter[63] = 'g';
  std::string nul = good;
  nul[10] = '\0';
  for (const std::string& bad : {std::string(), std::string("latest"), good.substr(1), good + "0",
                                 upper, letter, nul, " " + good.substr(1), "0x" + good.substr(2)}) {
    CHECK_FALSE(Hash::parse(bad));
  }
}

TEST_CASE("what is no hash is refused, naming what came", "[core][artifact]") {
  try {
    Hash::require("latest");
    FAIL("accepted");
  } catch (const pet::Error& error) {
    CHECK(error.code() == pet::ErrorCode::kInvalidHash);
    CHECK(error.what() == std::string("'latest' is not a version: expected a SHA-256 as 64 "
                                      "lower-case hex digits, got 6 characters"));
    CHECK(error.hash() == "latest");
  }
}

TEST_CASE("a hash is short for people, ordered and hashable", "[core][artifact]") {
  const Hash abc = Hash::of("abc");
  const Hash empty = Hash::of("");
  CHECK(abc.short_hex() == "ba7816…");
  CHECK(abc < empty);
  CHECK(abc != empty);
  CHECK(std::unordered_set<Hash>{abc, empty, abc}.size() == 2);
}

}  // namespace
