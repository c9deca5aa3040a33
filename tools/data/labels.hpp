// labels: targets that are texts. Classes see them as int64, people as what they wrote.
//
//   Targets train = read_targets("species.csv");        // y = {2, 0, …}, labels = {"setosa", …}
//   Targets test = relabel(read_targets("test.csv"), train.labels, "test.csv");
//   if (auto texts = label_texts(predicted, train.labels)) …
//
// Threads: pure functions.
#pragma once

#include <filesystem>
#include <optional>
#include <pet/xydata.hpp>
#include <string>
#include <vector>

namespace pet::tools {

struct Targets {
  XYData y;                         // where they are texts, int64 places in `labels`
  std::vector<std::string> labels;  // distinct, sorted by their bytes; empty: y is numbers
};

// Texts as targets.
Targets targets_of(const std::vector<std::string>& texts);

// The same targets as places in `known`, which are distinct. Throws kBadParams for a label that is none of them, and
// for numbers.
Targets relabel(const Targets& targets, const std::vector<std::string>& known,
                const std::filesystem::path& path);

// What predictions mean: a text for each, in their shape, when they are one column of integers that all are places
// in `labels`; nothing otherwise (what a pipeline without a classifier gives).
std::optional<std::vector<std::string>> label_texts(const XYData& predicted,
                                                    const std::vector<std::string>& labels);

}  // namespace pet::tools
