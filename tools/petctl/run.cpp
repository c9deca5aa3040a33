// petctl run: a pipeline from its config; fitted, saved, asked and evaluated on files.
#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>

#include "core/loader/base_plugin.hpp"
#include "core/pipeline/build.hpp"
#include "core/pipeline/dump.hpp"
#include "core/pipeline/json_document.hpp"
#include "tools/data/data_file.hpp"
#include "tools/data/table.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/pipeline_config.hpp"
#include "tools/petctl/run_outcome.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

// x and y of one step: y from its own file, else from the target column of x's.
struct Rows {
  std::optional<XYData> x;
  std::optional<Targets> y;
  std::string y_file;
};

Rows read_rows(const std::string& x, const std::string& y, const std::string& target) {
  Rows rows;
  if (!x.empty()) {
    Table table = read_table(x, target);
    rows.x = std::move(table.x);
    if (table.y) rows.y = Targets{std::move(table.y), std::move(table.labels)};
    rows.y_file = x;
  }
  if (!y.empty()) {
    rows.y = read_targets(y, target);
    rows.y_file = y;
  }
  if (rows.x && rows.y && rows.x->rows() != rows.y->y.rows()) {
    throw Error(ErrorCode::kUsage, x + " has " + std::to_string(rows.x->rows()) + " rows, " +
                                       (y.empty() ? "its target" : y) + " has " +
                                       std::to_string(rows.y->y.rows()) +
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

// The texts of the targets that a pipeline was fitted on stand in an attribute of its root, which
// travels with the config: classes know only their numbers.
constexpr char kLabels[] = "_labels";

std::vector<std::string> labels_of(const BasePlugin& pipeline, const std::string& config) {
  const ParamValue* const attribute = pipeline.attributes().find(kLabels);
  std::vector<std::string> labels;
  if (attribute == nullptr || attribute->is_null()) return labels;
  const ParamList* const list = attribute->if_list();
  bool fits = list != nullptr;
  for (std::size_t i = 0; fits && i < list->size(); ++i) {
    const std::string* const label = (*list)[i].if_text();
    fits = label != nullptr && std::ranges::find(labels, *label) == labels.end();
    if (fits) labels.push_back(*label);
  }
  if (fits) return labels;
  throw Error(ErrorCode::kBadConfig, config + ", /" + kLabels +
                                         ": expected a list of distinct texts, the labels in the "
                                         "order of their numbers");
}

void set_labels(BasePlugin& pipeline, const std::vector<std::string>& labels) {
  if (labels.empty() && pipeline.attributes().find(kLabels) == nullptr) return;
  ParamList list;
  for (const std::string& label : labels) list.push_back(label);
  pipeline.set_attribute(kLabels, labels.empty() ? ParamValue() : ParamValue(std::move(list)));
}

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
  Rows ask = read_rows(options.x, options.y, options.target);
  std::vector<std::string> labels = labels_of(pipeline, options.pipeline);
  if (train.x) {
    labels = train.y ? train.y->labels : std::vector<std::string>();
    set_labels(pipeline, labels);
  }
  if (ask.y && !labels.empty()) ask.y = relabel(*ask.y, labels, ask.y_file);
  if (ask.y && !ask.y->labels.empty() && labels.empty() && train.y) {
    throw Error(ErrorCode::kUsage, ask.y_file + " has text labels, and " + train.y_file +
                                       " has numbers\n  try: targets of one kind");
  }
  if (train.x) {
    const std::string given = data_text("--x-train", options.x_train, "--y-train", options.y_train);
    const auto hint = [&](const Error&) -> std::string {
      if (!pipeline.has("fit")) return "\n  try: leave out --x-train";
      return train.y ? "" : "\n  without targets: --y-train FILE, or --target COLUMN, gives them";
    };
    with_context(given, hint,
                 [&] { train.y ? pipeline.fit(*train.x, train.y->y) : pipeline.fit(*train.x); });
    after_fit();
  }
  if (!ask.x) return outcome;
  with_context(
      data_text("--x", options.x, "", ""),
      [&](const Error& error) { return train.x ? "" : unfitted_hint(pipeline, error); },
      [&] { outcome.predicted = pipeline.predict(*ask.x); });
  outcome.labels = label_texts(*outcome.predicted, labels);
  if (ask.y && pipeline.has("evaluate")) {
    with_context(data_text("--x", options.x, "--y", options.y), no_hint,
                 [&] { outcome.scores = pipeline.evaluate(*ask.x, ask.y->y, *outcome.predicted); });
  }
  if (!options.out.empty()) {
    outcome.labels ? write_table(options.out, *outcome.labels)
                   : write_table(options.out, *outcome.predicted);
  }
  return outcome;
}

}  // namespace

void run_run(const Settings& given, const RunOptions& options) {
  Settings settings = given;
  check_options(options);
  const auto container = open_session(settings, SessionUse::kRun);
  const std::vector<PetClass> given_classes = bind_plugins(*container, options.plugins);
  BasePlugin pipeline =
      build_from_dump(read_config(options.pipeline), *container, {.source = options.pipeline});
  const std::vector<PetClass> classes = classes_of(pipeline);
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
  settings.json ? print_json_outcome(outcome, classes, options)
                : print_text_outcome(outcome, classes, options);
}

}  // namespace pet::tools
