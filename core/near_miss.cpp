// Damerau-Levenshtein in its restricted form (optimal string alignment): insert, delete, replace,
// swap neighbours. Besides the distance to a whole candidate, the table's last row holds the
// distances to all of the candidate's prefixes and its last column those of the prefixes of what
// was wanted: "StandardScalar" is one letter from the beginning of "StandardScalerPlugin", and
// people leave out such endings.
#include "core/near_miss.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace pet {
namespace {

// Longer names are not mistyped but something else; the bound keeps a hostile name cheap.
constexpr std::size_t kMaxLength = 128;
constexpr std::size_t kMinPrefix = 4;  // a shorter beginning is common to too many names
constexpr std::size_t kFar = std::numeric_limits<std::size_t>::max();

// Costs are counted in halves, so that a difference in case costs half an error.
constexpr std::size_t kError = 2;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::size_t replace_cost(char a, char b) noexcept {
  if (a == b) return 0;
  return lower(a) == lower(b) ? kError / 2 : kError;
}

class DistanceTable {
 public:
  DistanceTable(std::string_view a, std::string_view b)
      : width_(b.size() + 1), cells_((a.size() + 1) * width_) {
    for (std::size_t i = 0; i <= a.size(); ++i) cell(i, 0) = i * kError;
    for (std::size_t j = 0; j <= b.size(); ++j) cell(0, j) = j * kError;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      for (std::size_t j = 1; j <= b.size(); ++j) {
        std::size_t best = std::min(cell(i - 1, j), cell(i, j - 1)) + kError;
        best = std::min(best, cell(i - 1, j - 1) + replace_cost(a[i - 1], b[j - 1]));
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
          best = std::min(best, cell(i - 2, j - 2) + kError);
        }
        cell(i, j) = best;
      }
    }
  }

  std::size_t at(std::size_t i, std::size_t j) const { return cells_[i * width_ + j]; }

 private:
  std::size_t& cell(std::size_t i, std::size_t j) { return cells_[i * width_ + j]; }

  std::size_t width_;
  std::vector<std::size_t> cells_;
};

// How far `candidate` is from `wanted`, or kFar. An ending left out counts as one error.
std::size_t distance(std::string_view wanted, std::string_view candidate) {
  if (wanted.empty() || wanted.size() > kMaxLength || candidate.size() > kMaxLength) return kFar;
  const std::size_t allowed = std::max<std::size_t>(1, wanted.size() / 3) * kError;
  const DistanceTable table(wanted, candidate);
  std::size_t best = table.at(wanted.size(), candidate.size());
  if (best > allowed) best = kFar;
  if (std::min(wanted.size(), candidate.size()) < kMinPrefix) return best;

  const std::size_t allowed_of_prefix = std::max<std::size_t>(1, wanted.size() / 6) * kError;
  std::size_t prefix = kFar;
  for (std::size_t j = kMinPrefix; j < candidate.size(); ++j) {
    prefix = std::min(prefix, table.at(wanted.size(), j));
  }
  for (std::size_t i = std::max(kMinPrefix, wanted.size() / 2); i < wanted.size(); ++i) {
    prefix = std::min(prefix, table.at(i, candidate.size()));
  }
  return prefix <= allowed_of_prefix ? std::min(best, prefix + kError) : best;
}

}  // namespace

std::vector<std::string> near_misses(std::string_view wanted,
                                     std::span<const std::string> candidates, std::size_t limit) {
  std::vector<std::pair<std::size_t, const std::string*>> near;
  for (const std::string& candidate : candidates) {
    const std::size_t cost = distance(wanted, candidate);
    if (cost != kFar) near.emplace_back(cost, &candidate);
  }
  std::sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : *a.second < *b.second;
  });
  std::vector<std::string> names;
  for (const auto& [cost, name] : near) {
    // What is more than twice as far as the best would only distract.
    if (names.size() == limit || cost > 2 * near.front().first + kError) break;
    if (std::find(names.begin(), names.end(), *name) == names.end()) names.push_back(*name);
  }
  return names;
}

std::string did_you_mean(std::string_view wanted, std::span<const std::string> candidates) {
  const std::vector<std::string> names = near_misses(wanted, candidates);
  if (names.empty()) return {};
  std::string text = "did you mean ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) text += i + 1 == names.size() ? " or " : ", ";
    text += "'" + names[i] + "'";
  }
  return text + "?";
}

}  // namespace pet
