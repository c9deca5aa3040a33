#include "tools/petctl/run_outcome.hpp"

#include <algorithm>
#include <cstdio>
#include <type_traits>

#include "core/loader/param_value.hpp"
#include "core/pipeline/json_document.hpp"
#include "tools/petctl/output.hpp"

namespace pet::tools {
namespace {

constexpr std::int64_t kRowsShown = 5;
constexpr std::int64_t kMaxShownElements = 10'000;  // in a JSON document

template <class T>
ParamValue number(T value) {
  if constexpr (std::is_same_v<T, std::uint64_t>) {
    if (value > std::uint64_t{INT64_MAX}) return static_cast<double>(value);
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::is_same_v<T, float>) {
    return double{value};
  } else {
    return value;
  }
}

// The elements, nested as the shape is.
ParamValue nested(const ParamList& elements, const Shape& shape, std::size_t dimension,
                  std::size_t& next) {
  if (dimension == shape.size()) return elements[next++];
  ParamList list;
  for (std::int64_t i = 0; i < shape[dimension]; ++i) {
    list.push_back(nested(elements, shape, dimension + 1, next));
  }
  return list;
}

// null for more than a document should hold: --out writes them.
ParamValue predictions_json(const Outcome& outcome) {
  const XYData& data = *outcome.predicted;
  if (data.size() > kMaxShownElements) return {};
  ParamList elements;
  if (outcome.labels) {
    for (const std::string& label : *outcome.labels) elements.push_back(label);
  } else {
    data.visit([&](auto sample) {
      using T = decltype(sample);
      for (const T value : data.value<T>()) elements.push_back(number(value));
    });
  }
  std::size_t next = 0;
  return nested(elements, data.shape(), 0, next);
}

std::string type_of(const Outcome& outcome) {
  return outcome.labels ? "text" : dtype_name(outcome.predicted->dtype());
}

std::string row_text(const Outcome& outcome, std::int64_t row) {
  const XYData& data = *outcome.predicted;
  if (outcome.labels) return one_line((*outcome.labels)[static_cast<std::size_t>(row)]);
  const XYData one = data.rows(row, row + 1);
  std::string text;
  for (const double value : one.converted<double>()) {
    char number[32];
    std::snprintf(number, sizeof number, "%s%g", text.empty() ? "" : " ", value);
    text += number;
  }
  return text;
}

// All of them: what a search chose can be seen from what it tried.
void print_trials(const std::vector<BasePlugin::Trial>& trials) {
  if (trials.empty()) return;
  std::vector<std::vector<std::string>> rows{{"TRIAL", "SCORE", "PARAMETERS"}};
  for (const auto& [overrides, score] : trials) {
    rows.push_back({std::to_string(rows.size()), python_float(score), to_json(overrides)});
  }
  print_line("");
  print_table(rows);
}

}  // namespace

ParamObject outcome_json(const Outcome& outcome, const std::vector<PetClass>& classes,
                         const RunOptions& options) {
  const std::optional<XYData>& predicted = outcome.predicted;
  ParamObject metrics;
  for (const auto& [name, value] : outcome.scores) metrics.set(name, value);
  ParamList shape;
  if (predicted) {
    for (const std::int64_t extent : predicted->shape()) shape.push_back(extent);
  }
  ParamList trials;
  for (const auto& [overrides, score] : outcome.trials) {
    trials.push_back(ParamObject{{"params", overrides}, {"score", score}});
  }
  ParamList used;
  for (const PetClass& clazz : classes) {
    used.push_back(
        ParamObject{{"class", clazz.name()},
                    {"hash", clazz.hash() ? ParamValue(clazz.hash()->hex()) : ParamValue()},
                    {"source", clazz.source()}});
  }
  const bool saved = !options.save.empty() && !outcome.not_saved;
  return {
      {"metrics", metrics},
      {"shape", predicted ? ParamValue(shape) : ParamValue()},
      {"dtype", predicted ? ParamValue(type_of(outcome)) : ParamValue()},
      {"predictions", options.out.empty() && predicted ? predictions_json(outcome) : ParamValue()},
      {"saved", saved ? ParamValue(options.save) : ParamValue()},
      {"trials", outcome.trials.empty() ? ParamValue() : ParamValue(trials)},
      {"classes", used}};
}

void print_text_outcome(const Outcome& outcome, const std::vector<PetClass>& classes,
                        const RunOptions& options) {
  std::vector<std::vector<std::string>> rows{{"CLASS", "HASH", "SOURCE"}};
  for (const PetClass& clazz : classes) {
    rows.push_back({clazz.name(), clazz.hash() ? clazz.hash()->short_hex() : "-", clazz.source()});
  }
  print_table(rows);
  print_trials(outcome.trials);
  if (!options.save.empty() && !outcome.not_saved)
    print_line("\nsaved the fitted pipeline as " + one_line(options.save));
  if (!outcome.predicted) return;
  const Shape& shape = outcome.predicted->shape();
  print_line("\npredicted " + type_of(outcome) + " " +
             shape_text(shape.data(), static_cast<std::int32_t>(shape.size())) +
             (options.out.empty() ? "" : ", written to " + one_line(options.out)));
  if (options.out.empty()) {
    const std::int64_t shown = std::min(outcome.predicted->rows(), kRowsShown);
    for (std::int64_t row = 0; row < shown; ++row) print_line("  " + row_text(outcome, row));
    if (shown < outcome.predicted->rows()) print_line("  …  (--out FILE writes all)");
  }
  for (const auto& [name, value] : outcome.scores)
    print_line(one_line(name) + " " + python_float(value));
}

}  // namespace pet::tools
