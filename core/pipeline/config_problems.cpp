#include "core/pipeline/config_problems.hpp"

#include <algorithm>

namespace pet {
namespace {

constexpr std::size_t kMaxListed = 100;

// A message of several lines keeps its shape below the line that it begins on.
std::string indented(std::string_view text, std::string_view margin) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += margin;
  }
  return out;
}

std::string shown_pointer(const std::string& pointer) {
  return pointer.empty() ? "(root)" : pointer;
}

}  // namespace

void ConfigProblems::add(std::string pointer, Error error) {
  problems_.push_back({std::move(pointer), std::move(error)});
}

std::string ConfigProblems::message() const {
  if (problems_.size() == 1) {
    return source_ + ", " + shown_pointer(problems_[0].pointer) + ": " + problems_[0].error.what();
  }
  std::string out = source_ + ": " + std::to_string(problems_.size()) + " problems";
  for (std::size_t i = 0; i < std::min(problems_.size(), kMaxListed); ++i) {
    const ConfigProblem& problem = problems_[i];
    out += "\n  " + shown_pointer(problem.pointer) + ": " + indented(problem.error.what(), "    ");
  }
  if (problems_.size() > kMaxListed) {
    out += "\n  and " + std::to_string(problems_.size() - kMaxListed) + " more";
  }
  return out;
}

void ConfigProblems::throw_if_any() const {
  if (problems_.empty()) return;
  const Error& first = problems_.front().error;
  const bool agree = std::all_of(
      problems_.begin(), problems_.end(),
      [&](const ConfigProblem& problem) { return problem.error.code() == first.code(); });
  Error::Subject subject;
  if (problems_.size() == 1) {
    subject = {.class_name = first.class_name(), .hash = first.hash(), .key = first.key()};
  }
  throw Error(agree ? first.code() : ErrorCode::kBadConfig, message(), std::move(subject));
}

std::string pointer_to(const std::string& pointer, std::string_view key) {
  std::string out = pointer + "/";
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string pointer_to(const std::string& pointer, std::size_t index) {
  return pointer + "/" + std::to_string(index);
}

}  // namespace pet
