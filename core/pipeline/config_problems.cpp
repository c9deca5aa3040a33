#include "core/pipeline/config_problems.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace pet {
namespace {

constexpr std::size_t kMaxListed = 100;
constexpr std::size_t kMaxPlaces = 3;  // of one text

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

// "/a, /b, /c and 4 more places"
std::string listed(const std::vector<std::string>& pointers) {
  std::string out;
  const std::size_t shown = std::min(pointers.size(), kMaxPlaces);
  for (std::size_t i = 0; i < shown; ++i) out += (i == 0 ? "" : ", ") + pointers[i];
  const std::size_t more = pointers.size() - shown;
  if (more > 0)
    out += " and " + std::to_string(more) + (more == 1 ? " more place" : " more places");
  return out;
}

}  // namespace

void ConfigProblems::add(std::string pointer, Error error) {
  problems_.push_back({std::move(pointer), std::move(error)});
}

std::string ConfigProblems::message() const {
  if (problems_.size() == 1) {
    return source_ + ", " + shown_pointer(problems_[0].pointer) + ": " + problems_[0].error.what();
  }
  // One text is said once, with every place that it is about: an unreachable storage is one problem
  // to its reader.
  std::vector<std::pair<std::string_view, std::vector<std::string>>> texts;
  std::map<std::string_view, std::size_t> known;
  for (const ConfigProblem& problem : problems_) {
    const auto [place, is_new] = known.try_emplace(problem.error.what(), texts.size());
    if (is_new) texts.push_back({problem.error.what(), {}});
    texts[place->second].second.push_back(shown_pointer(problem.pointer));
  }
  std::string out = source_ + ": " + std::to_string(problems_.size()) + " problems";
  for (std::size_t i = 0; i < std::min(texts.size(), kMaxListed); ++i) {
    out += "\n  " + listed(texts[i].second) + ": " + indented(texts[i].first, "    ");
  }
  if (texts.size() > kMaxListed) {
    out += "\n  and " + std::to_string(texts.size() - kMaxListed) + " more";
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
