#include "storage/user_directory.hpp"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>

namespace pet::test {
namespace {

// A variable that has another value, or none, until the end of a test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = ::getenv(name)) before_ = before;
    set(value);
  }
  ~Variable() { set(before_ ? before_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) const {
    value == nullptr ? ::unsetenv(name_) : ::setenv(name_, value, 1);
  }

  const char* name_;
  std::optional<std::string> before_;
};

TEST_CASE("a user's directory is the variable's, then the one below HOME, then none", "[storage]") {
  struct {
    UserDirectory which;
    const char* variable;
    const char* below_home;
  } const cases[] = {
      {UserDirectory::kCache, "XDG_CACHE_HOME", "/home/ann/.cache"},
      {UserDirectory::kConfig, "XDG_CONFIG_HOME", "/home/ann/.config"},
      {UserDirectory::kData, "XDG_DATA_HOME", "/home/ann/.local/share"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.variable);
    const Variable home("HOME", "/home/ann");
    const Variable named(each.variable, "/named");
    CHECK(user_directory(each.which) == "/named");
    for (const char* none : {static_cast<const char*>(nullptr), "", "relative"}) {
      const Variable unnamed(each.variable, none);
      CHECK(user_directory(each.which) == each.below_home);
      const Variable homeless("HOME", none);
      CHECK(user_directory(each.which).empty());
    }
  }
}

}  // namespace
}  // namespace pet::test
