// ConfigProblems: everything that is wrong with a config, each at its JSON pointer, thrown as one
// Error.
//
//   ConfigProblems problems("pipeline.json");
//   problems.add("/params/filters/0/clazz", ErrorCode::kBadConfig, "expected a name, found a list");
//   problems.throw_if_any();
//
// The Error has the problems' own code when they agree on one (class_not_found, say), kBadConfig
// otherwise.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "storage/error.hpp"

namespace pet {

struct ConfigProblem {
  std::string pointer;  // RFC 6901; empty is the root
  Error error;
};

class ConfigProblems {
 public:
  // `source` names the config in messages: a file's name, say.
  explicit ConfigProblems(std::string source) : source_(std::move(source)) {}

  void add(std::string pointer, Error error);
  void add(std::string pointer, ErrorCode code, const std::string& message) {
    add(std::move(pointer), Error(code, message));
  }

  bool empty() const noexcept { return problems_.empty(); }
  const std::vector<ConfigProblem>& all() const noexcept { return problems_; }

  // "pipeline.json, /params/filters/0: …" for one; a heading, and a line for each text of several, with the
  // places that it is about; the first hundred of them.
  std::string message() const;
  void throw_if_any() const;

 private:
  std::string source_;
  std::vector<ConfigProblem> problems_;
};

// `pointer` and one step further: "/params" and "a/b" make "/params/a~1b".
std::string pointer_to(const std::string& pointer, std::string_view key);
std::string pointer_to(const std::string& pointer, std::size_t index);

}  // namespace pet
