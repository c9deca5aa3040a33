// petctl run and pin: a pipeline from its config; fitted, asked and evaluated on files, or written
// back with every class pinned.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>

#include "core/loader/base_plugin.hpp"
#include "core/pipeline/build.hpp"
#include "core/pipeline/dump.hpp"
#include "core/pipeline/json_document.hpp"
#include "tools/data/data_file.hpp"
#include "tools/data/table.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/files.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

constexpr std::int64_t kRowsShown = 5;
constexpr std::int64_t kMaxShownElements = 10'000;  // in a JSON document

ParamObject read_config(const std::string& file) {
  ParamValue root = parse_json(read_all(file), {.source = file});
  if (ParamObject* config = root.if_object()) return std::move(*config);
  throw Error(ErrorCode::kBadConfig,
              file + ": expected an object {\"clazz\": …}, got " + std::string(root.kind()));
}

// Whether any node names what it has learned.
bool has_state(const ParamValue& value) {
  if (const ParamList* list = value.if_list()) return std::ranges::any_of(*list, has_state);
  const ParamObject* object = value.if_object();
  if (object == nullptr) return false;
  const ParamValue* state = object->find("clazz") ? object->find("state_hash") : nullptr;
  if (state != nullptr && !state->is_null()) return true;
  return std::ranges::any_of(object->fields(),
                             [](const auto& field) { return has_state(field.second); });
}

// Every class of the tree, each once, in the order of the config.
void collect_classes(const ParamValue& value, std::vector<PetClass>& found) {
  if (const BasePlugin* instance = value.if_instance()) {
    const PetClass& clazz = instance->get_class();
    if (std::find(found.begin(), found.end(), clazz) == found.end()) found.push_back(clazz);
    collect_classes(ParamValue(instance->params()), found);
  } else if (const PetClass* clazz = value.if_class()) {
    if (std::find(found.begin(), found.end(), *clazz) == found.end()) found.push_back(*clazz);
  } else if (const ParamList* list = value.if_list()) {
    for (const ParamValue& item : *list) collect_classes(item, found);
  } else if (const ParamObject* object = value.if_object()) {
    for (const auto& [key, field] : object->fields()) collect_classes(field, found);
  }
}

// A binary that somebody names wants to be tried: says so when the pipeline goes without it.
void warn_of_unused(const std::vector<std::string>& files, const std::vector<PetClass>& given,
                    const std::vector<PetClass>& used, const std::string& config) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto is_given = [&](const PetClass& clazz) { return clazz == given[i]; };
    if (std::any_of(used.begin(), used.end(), is_given)) continue;
    std::string why = config + " names no " + given[i].name();
    for (const PetClass& clazz : used) {
      if (clazz.name() != given[i].name()) continue;
      why = config + " pins " + clazz.name() +
            (clazz.hash() ? " to " + clazz.hash()->short_hex() : " to the built-in") +
            ", the file is " + given[i].hash()->short_hex();
    }
    print_warning("--plugin " + files[i] + " was not used: " + why);
  }
}

// A config that names what only a file here has cannot be built elsewhere.
void warn_of_unpushed(const Container& container, const std::vector<PetClass>& used,
                      const std::string& config) {
  for (const PetClass& clazz : used) {
    if (!clazz.hash() || !clazz.source().starts_with("file://")) continue;
    const std::vector<StoredVersion> there = container.pcm.versions(clazz.name());
    if (std::ranges::any_of(there, [&](const StoredVersion& version) {
          return version.hash == *clazz.hash() && version.stored;
        })) {
      continue;
    }
    print_warning(config + " names " + clazz.name() + " " + clazz.hash()->short_hex() +
                  ", which is not in " + container.pcm.storage() + ": push it (petctl push " +
                  clazz.source().substr(7) + ")");
  }
}

// x and y of one step: y from its own file, else from the target column of x's.
struct Rows {
  std::optional<XYData> x;
  std::optional<XYData> y;
};

Rows read_rows(const std::string& x, const std::string& y, const std::string& target) {
  Rows rows;
  if (!x.empty()) {
    Table table = read_table(x, target);
    rows.x = std::move(table.x);
    if (table.y) rows.y = std::move(table.y);
  }
  if (!y.empty()) {
    rows.y = read_targets(y, target);
  }
  if (rows.x && rows.y && rows.x->rows() != rows.y->rows()) {
    throw Error(ErrorCode::kUsage, x + " has " + std::to_string(rows.x->rows()) + " rows, " +
                                       (y.empty() ? "its target" : y) + " has " +
                                       std::to_string(rows.y->rows()) +
                                       " rows\n  try: files that belong together, row by row");
  }
  return rows;
}

void check_options(const RunOptions& options) {
  const auto needs = [](const std::string& given, const char* name, const std::string& other,
                        const char* other_name) {
    if (!given.empty() && other.empty()) {
      throw Error(ErrorCode::kUsage, std::string(name) + " needs " + other_name + " too");
    }
  };
  needs(options.y_train, "--y-train", options.x_train, "--x-train");
  needs(options.y, "--y", options.x, "--x");
  needs(options.out, "--out", options.x, "--x");
  needs(options.save, "--save", options.x_train, "--x-train");
  // Before a long fit, not after it.
  for (const std::string& file :
       {options.x_train, options.y_train, options.x, options.y, options.out}) {
    if (!file.empty()) require_table_name(file);
  }
}

// Runs a step; what it throws says with which data, so that a wrong file is found. `hint` adds what
// helps against that error, when something does.
template <class Hint, class Step>
void with_context(const std::string& context, const Hint& hint, const Step& step) {
  try {
    step();
  } catch (const Error& error) {
    throw Error(error.code(), error.what() + context + hint(error),
                {.class_name = error.class_name(), .hash = error.hash(), .key = error.key()});
  }
}

std::string no_hint(const Error&) { return ""; }

// "predict before fit" is how classes put it that are not fitted: the status itself ends in their
// caller. A class that has no fit may speak of one, and means something else.
std::string unfitted_hint(const BasePlugin& pipeline, const Error& error) {
  const bool is_unfitted = error.code() == ErrorCode::kPluginError &&
                           std::string_view(error.what()).find("before fit") != std::string::npos;
  if (!is_unfitted || !pipeline.has("fit")) return "";
  return "\n  never fitted: --x-train FILE fits the pipeline first";
}

std::string data_text(const std::string& x_option, const std::string& x,
                      const std::string& y_option, const std::string& y) {
  return "\n  data: " + x_option + " " + x + (y.empty() ? "" : " " + y_option + " " + y);
}

struct Outcome {
  std::optional<XYData> predicted;
  BasePlugin::Scores scores;
};

// The config of the fitted pipeline, from before the fit, which may be long: what is wrong with
// where it goes shall be known by then.
class FittedConfig {
 public:
  FittedConfig(const Container& container, const BasePlugin& pipeline, const std::string& file)
      : container_(container), file_(file), writer_(file) {
    require_savable(pipeline);
    container.pcm.require_writable("--save");
  }

  // Right after the fit: what comes later may fail.
  void save(const BasePlugin& pipeline, const std::vector<PetClass>& classes) {
    const std::string text = to_json(ParamValue(save_fitted(pipeline, container_.pcm)), 1) + "\n";
    writer_.write(text.data(), text.size());
    writer_.finish();
    warn_of_unpushed(container_, classes, file_);
  }

 private:
  const Container& container_;
  const std::string& file_;
  DataWriter writer_;
};

Outcome run_steps(BasePlugin& pipeline, const RunOptions& options,
                  const std::function<void()>& after_fit) {
  Outcome outcome;
  const Rows train = read_rows(options.x_train, options.y_train, options.target);
  const Rows ask = read_rows(options.x, options.y, options.target);
  if (train.x) {
    const std::string given = data_text("--x-train", options.x_train, "--y-train", options.y_train);
    const auto hint = [&](const Error&) -> std::string {
      if (!pipeline.has("fit")) return "\n  try: leave out --x-train";
      return train.y ? "" : "\n  without targets: --y-train FILE, or --target COLUMN, gives them";
    };
    with_context(given, hint,
                 [&] { train.y ? pipeline.fit(*train.x, *train.y) : pipeline.fit(*train.x); });
    after_fit();
  }
  if (!ask.x) return outcome;
  with_context(
      data_text("--x", options.x, "", ""),
      [&](const Error& error) { return train.x ? "" : unfitted_hint(pipeline, error); },
      [&] { outcome.predicted = pipeline.predict(*ask.x); });
  if (ask.y && pipeline.has("evaluate")) {
    with_context(data_text("--x", options.x, "--y", options.y), no_hint,
                 [&] { outcome.scores = pipeline.evaluate(*ask.x, *ask.y, *outcome.predicted); });
  }
  if (!options.out.empty()) write_table(options.out, *outcome.predicted);
  return outcome;
}

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
ParamValue predictions_json(const XYData& data) {
  if (data.size() > kMaxShownElements) return {};
  ParamList elements;
  data.visit([&](auto sample) {
    using T = decltype(sample);
    for (const T value : data.value<T>()) elements.push_back(number(value));
  });
  std::size_t next = 0;
  return nested(elements, data.shape(), 0, next);
}

void print_json_outcome(const Outcome& outcome, const std::vector<PetClass>& classes,
                        const RunOptions& options) {
  const std::optional<XYData>& predicted = outcome.predicted;
  ParamObject metrics;
  for (const auto& [name, value] : outcome.scores) metrics.set(name, value);
  ParamList shape;
  if (predicted) {
    for (const std::int64_t extent : predicted->shape()) shape.push_back(extent);
  }
  ParamList used;
  for (const PetClass& clazz : classes) {
    used.push_back(
        ParamObject{{"class", clazz.name()},
                    {"hash", clazz.hash() ? ParamValue(clazz.hash()->hex()) : ParamValue()},
                    {"source", clazz.source()}});
  }
  print_json(
      ParamObject{{"metrics", metrics},
                  {"shape", predicted ? ParamValue(shape) : ParamValue()},
                  {"dtype", predicted ? ParamValue(dtype_name(predicted->dtype())) : ParamValue()},
                  {"predictions",
                   options.out.empty() && predicted ? predictions_json(*predicted) : ParamValue()},
                  {"saved", options.save.empty() ? ParamValue() : ParamValue(options.save)},
                  {"classes", used}});
}

std::string row_text(const XYData& data, std::int64_t row) {
  const XYData one = data.rows(row, row + 1);
  std::string text;
  for (const double value : one.converted<double>()) {
    char number[32];
    std::snprintf(number, sizeof number, "%s%g", text.empty() ? "" : " ", value);
    text += number;
  }
  return text;
}

void print_text_outcome(const Outcome& outcome, const std::vector<PetClass>& classes,
                        const RunOptions& options) {
  std::vector<std::vector<std::string>> rows{{"CLASS", "HASH", "SOURCE"}};
  for (const PetClass& clazz : classes) {
    rows.push_back({clazz.name(), clazz.hash() ? clazz.hash()->short_hex() : "-", clazz.source()});
  }
  print_table(rows);
  if (!options.save.empty()) print_line("\nsaved the fitted pipeline as " + one_line(options.save));
  if (!outcome.predicted) return;
  print_line("\npredicted " + outcome.predicted->describe() +
             (options.out.empty() ? "" : ", written to " + one_line(options.out)));
  if (options.out.empty()) {
    const std::int64_t shown = std::min(outcome.predicted->rows(), kRowsShown);
    for (std::int64_t row = 0; row < shown; ++row)
      print_line("  " + row_text(*outcome.predicted, row));
    if (shown < outcome.predicted->rows()) print_line("  …  (--out FILE writes all)");
  }
  for (const auto& [name, value] : outcome.scores)
    print_line(one_line(name) + " " + python_float(value));
}

}  // namespace

void run_run(const Settings& given, const RunOptions& options) {
  Settings settings = given;
  check_options(options);
  const auto container = open_session(settings, SessionUse::kRun);
  const std::vector<PetClass> given_classes = bind_plugins(*container, options.plugins);
  BasePlugin pipeline =
      build_from_dump(read_config(options.pipeline), *container, {.source = options.pipeline});
  std::vector<PetClass> classes;
  collect_classes(ParamValue(pipeline), classes);
  warn_of_unused(options.plugins, given_classes, classes, options.pipeline);
  if (!options.y.empty() && !pipeline.has("evaluate")) {
    throw Error(ErrorCode::kUsage,
                pipeline.get_class().name() +
                    " does not evaluate: --y is of no use"
                    "\n  try: without --y, or a pipeline with metrics around it");
  }
  std::optional<FittedConfig> fitted;
  if (!options.save.empty()) fitted.emplace(*container, pipeline, options.save);
  const Outcome outcome = run_steps(pipeline, options, [&] {
    if (fitted) fitted->save(pipeline, classes);
  });
  if (settings.json) return print_json_outcome(outcome, classes, options);
  print_text_outcome(outcome, classes, options);
}

void run_pin(const Settings& given, const PinOptions& options) {
  Settings settings = given;
  if (options.out.empty()) reserve_stdout();
  const auto container = open_session(settings, SessionUse::kRun);
  const std::vector<PetClass> given_classes = bind_plugins(*container, options.plugins);
  const ParamObject config = read_config(options.pipeline);
  if (has_state(ParamValue(config))) {
    throw Error(ErrorCode::kUsage,
                options.pipeline +
                    ": a fitted pipeline is pinned already\n  try: use it as it is, or pin the "
                    "config that it was fitted from");
  }
  const BasePlugin pipeline = build_from_dump(config, *container, {.source = options.pipeline});
  std::vector<PetClass> classes;
  collect_classes(ParamValue(pipeline), classes);
  warn_of_unused(options.plugins, given_classes, classes, options.pipeline);
  const ParamValue pinned(pinned_dump(pipeline));
  if (options.out.empty() && settings.json) return print_json(pinned);
  const std::string text = to_json(pinned, 1);
  if (options.out.empty()) return print_document(text);
  write_output(options.out, text + "\n");
  if (settings.json) return print_json(ParamObject{{"file", options.out}});
  print_line("wrote " + one_line(options.out));
}

}  // namespace pet::tools
