#include "tools/data/fitted_data.hpp"

#include <algorithm>
#include <cstdio>
#include <set>
#include <string_view>

#include "core/artifact/note_reader.hpp"
#include "tools/data/data_file.hpp"

namespace pet::tools {
namespace {

constexpr char kLabels[] = "_labels";
constexpr char kColumns[] = "_columns";

using Texts = std::vector<std::string>;

std::optional<Texts> texts_in(const ParamValue& attribute) {
  if (attribute.is_null()) return Texts();
  const ParamList* const list = attribute.if_list();
  if (list == nullptr) return std::nullopt;
  Texts texts;
  for (const ParamValue& item : *list) {
    if (item.if_text() == nullptr) return std::nullopt;
    texts.push_back(*item.if_text());
  }
  return texts;
}

// The attribute of every instance that has it and is in none that has it.
void collect(const ParamValue& value, const char* name, std::vector<const ParamValue*>& found) {
  if (const BasePlugin* instance = value.if_instance()) {
    const ParamValue* const attribute = instance->attributes().find(name);
    if (attribute != nullptr) return found.push_back(attribute);
    for (const auto& [key, field] : instance->params().fields()) collect(field, name, found);
  } else if (const ParamList* list = value.if_list()) {
    for (const ParamValue& item : *list) collect(item, name, found);
  } else if (const ParamObject* object = value.if_object()) {
    for (const auto& [key, field] : object->fields()) collect(field, name, found);
  }
}

std::vector<const ParamValue*> attributes_of(const BasePlugin& pipeline, const char* name) {
  std::vector<const ParamValue*> found;
  collect(ParamValue(pipeline), name, found);
  return found;
}

Texts labels_in(const ParamValue& attribute, const std::string& config) {
  std::optional<Texts> labels = texts_in(attribute);
  if (labels && std::set<std::string_view>(labels->begin(), labels->end()).size() == labels->size())
    return *std::move(labels);
  throw Error(ErrorCode::kBadConfig, config + ", /" + kLabels +
                                         ": expected a list of distinct texts, the labels in the "
                                         "order of their numbers");
}

Texts labels_of(const BasePlugin& pipeline, const std::string& config) {
  Texts labels;
  for (const ParamValue* attribute : attributes_of(pipeline, kLabels)) {
    Texts some = labels_in(*attribute, config);
    if (!labels.empty() && !some.empty() && some != labels) {
      throw Error(ErrorCode::kBadConfig,
                  config + " holds pipelines that were fitted on different labels, '" +
                      labels.front() + "', … and '" + some.front() +
                      "', …: which of them its predictions mean is not known\n  try: \"" + kLabels +
                      "\" at its root, or null there for numbers, or fit it (--x-train)");
    }
    if (!some.empty()) labels = std::move(some);
  }
  return labels;
}

Texts columns_of(const BasePlugin& pipeline, const std::string& config) {
  const ParamValue* const attribute = pipeline.attributes().find(kColumns);
  if (attribute == nullptr) return {};
  if (std::optional<Texts> columns = texts_in(*attribute)) return *std::move(columns);
  throw Error(ErrorCode::kBadConfig,
              config + ", /" + kColumns + ": expected a list of texts, the names of the columns");
}

// A config is UTF-8, and a header may be anything.
std::string as_utf8(const std::string& name) {
  if (is_utf8(name)) return name;
  std::string out;
  for (const char c : name) {
    char code[8];
    std::snprintf(code, sizeof code, "\\x%02X", static_cast<unsigned char>(c));
    out += static_cast<unsigned char>(c) < 0x80 ? std::string(1, c) : std::string(code);
  }
  return out;
}

void set_texts(BasePlugin& pipeline, const char* name, const Texts& texts) {
  if (texts.empty() && attributes_of(pipeline, name).empty()) return;
  ParamList list;
  for (const std::string& text : texts) list.push_back(as_utf8(text));
  pipeline.set_attribute(name, texts.empty() ? ParamValue() : ParamValue(std::move(list)));
}

}  // namespace

FittedData fitted_data_of(const BasePlugin& pipeline, const std::string& config) {
  return {.labels = labels_of(pipeline, config), .columns = columns_of(pipeline, config)};
}

void set_fitted_data(BasePlugin& pipeline, const FittedData& data) {
  set_texts(pipeline, kLabels, data.labels);
  set_texts(pipeline, kColumns, data.columns);
}

void check_columns(const std::filesystem::path& path, const Texts& columns, const Texts& fitted) {
  if (columns.size() != fitted.size()) return;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string name = as_utf8(columns[i]);
    if (const std::string expected = as_utf8(fitted[i]); name != expected) {
      refuse_content(path, "column " + std::to_string(i + 1) + " is '" + name +
                               "'; the pipeline was fitted on '" + expected +
                               "' there\n  try: the same columns in the same order");
    }
  }
}

}  // namespace pet::tools
