// Instances of built-in classes on the SDK's fake host, for tests.
#pragma once

#include <catch2/catch.hpp>
#include <pet/testing.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/builtins.hpp"

namespace pet::test {

inline const pet_entry& built_in(std::string_view name) {
  for (const pet_entry* entry : builtins()) {
    if (detail::view_of(entry->class_name) == name) return *entry;
  }
  throw Failure::failed("no built-in " + std::string(name));
}

inline testing::Instance make(std::string_view name, const Object& params = {},
                              testing::FakeHost& host = testing::FakeHost::shared()) {
  return testing::make(built_in(name), params, host);
}

// A Failure with this status whose text has all these parts.
class FailureMatcher : public Catch::MatcherBase<Failure> {
 public:
  FailureMatcher(pet_status status, std::vector<std::string> parts)
      : status_(status), parts_(std::move(parts)) {}

  bool match(const Failure& failure) const override {
    if (failure.status() != status_) return false;
    const std::string text = failure.what();
    for (const std::string& part : parts_) {
      if (text.find(part) == std::string::npos) return false;
    }
    return true;
  }
  std::string describe() const override {
    std::string text = "has status " + std::to_string(status_) + " and says";
    for (const std::string& part : parts_) text += " \"" + part + "\"";
    return text;
  }

 private:
  pet_status status_;
  std::vector<std::string> parts_;
};

inline FailureMatcher fails(pet_status status, std::vector<std::string> parts) {
  return FailureMatcher(status, std::move(parts));
}

}  // namespace pet::test

namespace Catch {
template <>
struct StringMaker<pet::Failure> {
  static std::string convert(const pet::Failure& failure) {
    return std::to_string(failure.status()) + ": " + failure.what();
  }
};
}  // namespace Catch
