// petctl run: a pipeline from its config; fitted, saved, asked and evaluated on files.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <system_error>

#include "core/loader/base_plugin.hpp"
#include "core/pipeline/build.hpp"
#include "core/pipeline/dump.hpp"
#include "core/pipeline/json_document.hpp"
#include "tools/data/data_file.hpp"
#include "tools/data/pipeline_classes.hpp"
#include "tools/data/table.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/data/fitted_data.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/pipeline_config.hpp"
#include "tools/petctl/run_outcome.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;

// x and y of one step: y from its own file, else from the target column of x's.
struct Rows {
  std::optional<XYData> x;
  std::vector<std::string> columns;  // of x; empty when they have no names
  std::optional<Targets> y;
  std::string y_file;
};

Rows read_rows(const std::string& x, const std::string& y, const std::string& target,
               const std::string& target_in_x) {
  Rows rows;
  if (!x.empty()) {
    Table table = read_table(x, target_in_x);
    rows.x = std::move(table.x);
    rows.columns = std::move(table.columns);
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

// Whether both names mean one file, which need not be there yet. A device keeps nothing: what goes
// there takes nothing away.
bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code error;
  if (fs::exists(a, error) && !fs::is_regular_file(a, error)) return false;
  if (fs::equivalent(a, b, error)) return true;
  const fs::path first = fs::weakly_canonical(fs::absolute(a), error);
  return !error && first == fs::weakly_canonical(fs::absolute(b), error) && !error;
}

// What is written replaces nothing that was read or written by the same command, and can be written
// as far as is known before the fit.
void check_outputs(const RunOptions& options) {
  const std::string save = fs::path(options.save).lexically_normal().string();
  if (save == "/dev/stdout" || save == "/dev/fd/1" || save == "/proc/self/fd/1") {
    throw Error(ErrorCode::kUsage,
                "--save " + options.save + ": stdout tells what was done\n  try: a file's name");
  }
  std::vector<std::pair<std::string, std::string>> taken{{"the config", options.pipeline},
                                                         {"--x-train", options.x_train},
                                                         {"--y-train", options.y_train},
                                                         {"--x", options.x},
                                                         {"--y", options.y}};
  for (const std::string& file : options.plugins) taken.emplace_back("--plugin", file);
  for (const auto& [option, file] :
       {std::pair("--out", &options.out), std::pair("--save", &options.save)}) {
    if (file->empty()) continue;
    for (const auto& [other, other_file] : taken) {
      if (other_file.empty() || !is_same_file(*file, other_file)) continue;
      throw Error(ErrorCode::kUsage, *file + " is " + other + ", which " + option +
                                         " would replace\n  try: another name with " + option);
    }
    require_output(*file, option);
    taken.emplace_back(option, *file);
  }
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
  check_outputs(options);
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

std::string not_saved_text(const RunOptions& options, const Error& error) {
  return "the pipeline was fitted, but is not saved as " + options.save + ": " + error.what();
}

std::string data_text(const std::string& x_option, const std::string& x,
                      const std::string& y_option, const std::string& y) {
  return "\n  data: " + x_option + " " + x + (y.empty() ? "" : " " + y_option + " " + y);
}

// The config of the fitted pipeline. What is wrong with where it goes, or with what is to be saved,
// is known before the fit, which may be long.
class FittedConfig {
 public:
  FittedConfig(const Container& container, const BasePlugin& pipeline, const std::string& file)
      : container_(container), file_(file) {
    require_savable(pipeline);
    container.pcm.require_writable("--save");
  }

  // Right after the fit: what comes later may fail.
  void save(const BasePlugin& pipeline) {
    const std::string text = to_json(ParamValue(save_fitted(pipeline, container_.pcm)), 1) + "\n";
    DataWriter writer(file_, "--save");
    writer.write(text.data(), text.size());
    writer.finish();
  }

 private:
  const Container& container_;
  const std::string& file_;
};

// A run, step by step. `after_fit` saves; when it fails, the rest is done all the same, so that a
// long fit was not for nothing.
class Steps {
 public:
  Steps(BasePlugin& pipeline, const RunOptions& options)
      : pipeline_(pipeline), options_(options), predicts_labels_(!predicts_clusters(pipeline)) {}

  Outcome run(const std::function<void()>& after_fit);

 private:
  void read();
  void understand_targets();
  void fit();
  void predict();
  void write() const;

  BasePlugin& pipeline_;
  const RunOptions& options_;
  const bool predicts_labels_;
  Rows train_, ask_;
  FittedData fitted_;
  Outcome outcome_;
};

void Steps::read() {
  const std::string& target = options_.target;
  train_ = read_rows(options_.x_train, options_.y_train, target, target);
  // Who asks has often no targets: where another file proves the column's name, --x may be without.
  const bool is_proven = train_.x || (!options_.y.empty() && has_column(options_.y, target));
  const bool without = is_proven && !options_.x.empty() && !has_column(options_.x, target);
  ask_ = read_rows(options_.x, options_.y, target, without ? "" : target);
  if (!pipeline_.has("evaluate")) ask_.y.reset();  // a target column that nobody looks at
  if (train_.x) {
    fitted_.columns = train_.columns;
    if (train_.y) fitted_.labels = train_.y->labels;
    set_fitted_data(pipeline_, fitted_);
  } else {
    fitted_ = fitted_data_of(pipeline_, options_.pipeline);
  }
  if (ask_.x) check_columns(options_.x, ask_.columns, fitted_.columns);
  understand_targets();
}

// Targets that are texts mean what they meant in the fit, or nothing.
void Steps::understand_targets() {
  if (!ask_.y) return;
  if (!fitted_.labels.empty()) {
    ask_.y = relabel(*ask_.y, fitted_.labels, ask_.y_file);
    return;
  }
  if (ask_.y->labels.empty()) return;
  if (train_.y) {
    throw Error(ErrorCode::kUsage, ask_.y_file + " has text labels, and " + train_.y_file +
                                       " has numbers\n  try: targets of one kind");
  }
  if (train_.x || !pipeline_.has("fit")) return;
  throw Error(ErrorCode::kUsage,
              ask_.y_file + " has text labels, and " + options_.pipeline +
                  " knows none: it was fitted on numbers, or never\n  try: the numbers that it was "
                  "fitted on, or fit it on these labels (--x-train, --save)");
}

void Steps::fit() {
  const std::string given = data_text("--x-train", options_.x_train, "--y-train", options_.y_train);
  const auto hint = [&](const Error&) -> std::string {
    if (!pipeline_.has("fit")) return "\n  try: leave out --x-train";
    return train_.y ? "" : "\n  without targets: --y-train FILE, or --target COLUMN, gives them";
  };
  const bool searches = pipeline_.has("optimize");
  with_context(given, hint, [&] {
    if (searches) {
      outcome_.trials = pipeline_.optimize(*train_.x, train_.y ? &train_.y->y : nullptr);
    } else {
      train_.y ? pipeline_.fit(*train_.x, train_.y->y) : pipeline_.fit(*train_.x);
    }
  });
  if (searches && outcome_.trials.size() == 1 && outcome_.trials[0].overrides.fields().empty()) {
    print_warning(options_.pipeline +
                  " searches nothing: no node of it has \"_grid\": {PARAMETER: [VALUES]} beside its "
                  "\"params\"");
  }
}

void Steps::predict() {
  const auto hint = [&](const Error& error) {
    return train_.x ? "" : unfitted_hint(pipeline_, error);
  };
  with_context(data_text("--x", options_.x, "", ""), hint,
               [&] { outcome_.predicted = pipeline_.predict(*ask_.x); });
  if (predicts_labels_) outcome_.labels = label_texts(*outcome_.predicted, fitted_.labels);
  if (!ask_.y) return;
  with_context(data_text("--x", options_.x, "--y", options_.y), no_hint, [&] {
    outcome_.scores = pipeline_.evaluate(*ask_.x, ask_.y->y, *outcome_.predicted);
  });
}

void Steps::write() const {
  if (options_.out.empty()) return;
  outcome_.labels ? write_table(options_.out, *outcome_.labels, outcome_.predicted->shape())
                  : write_table(options_.out, *outcome_.predicted);
}

Outcome Steps::run(const std::function<void()>& after_fit) {
  read();
  if (train_.x) {
    fit();
    try {
      after_fit();
    } catch (const Error& error) {
      outcome_.not_saved = error;
    }
  }
  if (!ask_.x) return std::move(outcome_);
  try {
    predict();
    write();
  } catch (const Error&) {
    if (outcome_.not_saved) print_warning(not_saved_text(options_, *outcome_.not_saved));
    throw;
  }
  return std::move(outcome_);
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
  const Outcome outcome = Steps(pipeline, options).run([&] {
    if (fitted) fitted->save(pipeline);
  });
  if (fitted && !outcome.not_saved) {
    try {
      warn_of_unpushed(*container, classes, options.save);
    } catch (const Error& error) {  // all has been done: what came of it shall be told
      print_warning(error.what());
    }
  }
  if (!outcome.not_saved) {
    settings.json ? print_json(outcome_json(outcome, classes, options))
                  : print_text_outcome(outcome, classes, options);
    return;
  }
  if (!settings.json) print_text_outcome(outcome, classes, options);
  const Error& why = *outcome.not_saved;
  throw ReportedError(Error(why.code(), not_saved_text(options, why),
                            {.class_name = why.class_name(), .hash = why.hash(), .key = why.key()}),
                      outcome_json(outcome, classes, options));
}

}  // namespace pet::tools
