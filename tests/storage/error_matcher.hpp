// Catch2 matcher for pet::Error: its code, and parts of its message.
//
//   CHECK_THROWS_MATCHES(storage.get("a"), Error, fails(ErrorCode::kCorrupt, {"'a'", "5 bytes"}));
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "storage/error.hpp"

namespace pet::test {

class ErrorMatcher : public Catch::MatcherBase<Error> {
 public:
  ErrorMatcher(ErrorCode code, std::vector<std::string> parts)
      : code_(code), parts_(std::move(parts)) {}

  bool match(const Error& error) const override {
    if (error.code() != code_) return false;
    const std::string message = error.what();
    for (const std::string& part : parts_) {
      if (message.find(part) == std::string::npos) return false;
    }
    return true;
  }

  std::string describe() const override {
    std::string text = "has code " + std::string(to_string(code_)) + " and says";
    for (const std::string& part : parts_) text += " \"" + part + "\"";
    return text;
  }

 private:
  ErrorCode code_;
  std::vector<std::string> parts_;
};

inline ErrorMatcher fails(ErrorCode code, std::vector<std::string> parts = {}) {
  return ErrorMatcher(code, std::move(parts));
}

}  // namespace pet::test

namespace Catch {
template <>
struct StringMaker<pet::Error> {
  static std::string convert(const pet::Error& error) {
    return std::string(pet::to_string(error.code())) + ": " + error.what();
  }
};
template <>
struct StringMaker<pet::ErrorCode> {
  static std::string convert(pet::ErrorCode code) { return std::string(pet::to_string(code)); }
};
}  // namespace Catch
