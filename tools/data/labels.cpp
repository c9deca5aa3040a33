#include "tools/data/labels.hpp"

#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>

#include "core/near_miss.hpp"
#include "tools/data/data_file.hpp"

namespace pet::tools {
namespace {

std::string joined(const std::vector<std::string>& labels) {
  std::string all;
  for (const std::string& label : labels) {
    if (all.size() > 200) return all + ", …";
    all += (all.empty() ? "'" : ", '") + label + "'";
  }
  return all;
}

}  // namespace

Targets targets_of(const std::vector<std::string>& texts) {
  std::map<std::string_view, std::int64_t> places;
  for (const std::string& text : texts) places.emplace(text, 0);
  Targets targets;
  for (auto& [text, place] : places) {
    place = static_cast<std::int64_t>(targets.labels.size());
    targets.labels.emplace_back(text);
  }
  std::vector<std::int64_t> y;
  y.reserve(texts.size());
  for (const std::string& text : texts) y.push_back(places.find(text)->second);
  targets.y = XYData::mock(y, {static_cast<std::int64_t>(y.size())});
  return targets;
}

Targets relabel(const Targets& targets, const std::vector<std::string>& known,
                const std::filesystem::path& path) {
  if (targets.labels.empty()) {
    refuse_content(path, "its targets are numbers; the pipeline was fitted on the labels " +
                             joined(known) + ": give these");
  }
  std::unordered_map<std::string_view, std::int64_t> place_of;
  for (const std::string& label : known) {
    place_of.emplace(label, static_cast<std::int64_t>(place_of.size()));
  }
  std::vector<std::int64_t> places;
  for (const std::string& label : targets.labels) {
    const auto found = place_of.find(label);
    if (found == place_of.end()) {
      const std::string hint = did_you_mean(label, known);
      refuse_content(path, "'" + label +
                               "' is none of the labels that the pipeline was fitted on: " +
                               (hint.empty() ? joined(known) : hint));
    }
    places.push_back(found->second);
  }
  std::vector<std::int64_t> y = targets.y.value<std::int64_t>();
  for (std::int64_t& place : y) place = places[static_cast<std::size_t>(place)];
  return {XYData::mock(y, {static_cast<std::int64_t>(y.size())}), known};
}

std::optional<std::vector<std::string>> label_texts(const XYData& predicted,
                                                    const std::vector<std::string>& labels) {
  const bool is_column =
      predicted.ndim() == 1 || (predicted.ndim() == 2 && predicted.columns() == 1);
  if (labels.empty() || !is_column || predicted.dtype().code != PET_DTYPE_INT) return std::nullopt;
  std::vector<std::string> texts;
  texts.reserve(static_cast<std::size_t>(predicted.size()));
  for (const std::int64_t place : predicted.converted<std::int64_t>()) {
    if (place < 0 || place >= static_cast<std::int64_t>(labels.size())) return std::nullopt;
    texts.push_back(labels[static_cast<std::size_t>(place)]);
  }
  return texts;
}

}  // namespace pet::tools
