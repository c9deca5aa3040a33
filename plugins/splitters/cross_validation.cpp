#include "plugins/splitters/cross_validation.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "plugins/pipelines/stages.hpp"
#include "plugins/splitters/mean_name.hpp"

namespace pet::plugins {
namespace {

std::vector<Score> scores_of_fold(const FilterChild& pipeline, const Fold& fold, const XYData& x,
                                  const XYData& y) {
  const auto part = [](const XYData& of, const std::vector<std::int64_t>& rows) {
    return of ? of.take_rows(rows.data(), rows.size()) : XYData();
  };
  OwnedChild trial = pipeline.clone();
  fit_stage(trial, part(x, fold.train), part(y, fold.train));
  const XYData x_test = part(x, fold.test);
  return trial.evaluate(x_test, part(y, fold.test), trial.predict(x_test));
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double deviation_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

}  // namespace

void require_pipeline(const std::optional<FilterChild>& pipeline) {
  if (!pipeline) throw Failure::bad_params("pipeline: expected one to cross-validate, got null");
}

void CrossValidation::run(const Host& host, std::optional<FilterChild>& pipeline,
                          const TestFolds& test_folds, std::int64_t n_splits, const XYData& x,
                          const XYData& y) {
  require_pipeline(pipeline);
  if (!pipeline->has(PET_PIPELINE_1)) {
    throw Failure::bad_params("pipeline: expected one whose metrics score the folds, got " +
                              pipeline->class_name() +
                              ", which measures nothing: put it into an F3Pipeline with metrics");
  }
  std::vector<Measured> measured;
  for (std::int64_t number = 0; number < n_splits; ++number) {
    host.throw_if_cancelled();
    try {
      add_fold(scores_of_fold(*pipeline, fold_of(test_folds, number), x, y), measured);
    } catch (const Failure& failure) {
      throw Failure(failure.status(), "folds/" + std::to_string(number) + ": " + failure.what());
    }
  }
  fit_stage(*pipeline, x, y);
  measured_ = std::move(measured);
  has_run_ = true;
}

void CrossValidation::evaluate(const std::optional<FilterChild>& pipeline, const XYData& x,
                               const XYData& y_true, const XYData& y_pred, Scores& scores) const {
  require_pipeline(pipeline);
  if (!has_run_) throw Failure::not_fitted("evaluate before fit: no folds have been scored yet");
  for (const Score& score : pipeline->evaluate(x, y_true, y_pred))
    scores.add(score.name, score.value);
  for (const Measured& measured : measured_) {
    scores.add(mean_name(measured.metric), mean_of(measured.values));
    scores.add(measured.metric + "_std", deviation_of(measured.values));
    for (std::size_t i = 0; i < measured.values.size(); ++i)
      scores.add(measured.metric + "_scores/" + std::to_string(i), measured.values[i]);
  }
}

void CrossValidation::save(StateWriter& state, const std::optional<FilterChild>& pipeline) const {
  if (pipeline) state.put("pipeline", *pipeline);
  state.put("is fitted", has_run_);
  std::vector<std::string> metrics;
  for (const Measured& measured : measured_) metrics.push_back(measured.metric);
  state.put("metrics", metrics);
  for (std::size_t i = 0; i < measured_.size(); ++i)
    state.put("scores/" + std::to_string(i), measured_[i].values);
}

void CrossValidation::load(StateReader& state, std::optional<FilterChild>& pipeline,
                           std::int64_t n_splits) {
  if (!pipeline && state.has("pipeline")) {
    throw Failure::bad_state("the saved state has a pipeline's in it, but pipeline is null");
  }
  const bool has_run = state.get<bool>("is fitted");
  std::vector<Measured> measured;
  for (std::string& metric : state.get<std::vector<std::string>>("metrics")) {
    const std::string name = "scores/" + std::to_string(measured.size());
    measured.push_back({std::move(metric), state.get<std::vector<double>>(name)});
    const std::size_t count = measured.back().values.size();
    if (count != static_cast<std::size_t>(n_splits)) {
      throw Failure::bad_state("expected scores of " + std::to_string(n_splits) +
                               " folds, as n_splits says, got " + std::to_string(count));
    }
  }
  if (pipeline) state.get("pipeline", *pipeline);
  measured_ = std::move(measured);
  has_run_ = has_run;
}

// Of two scores of one name the last one stands, as in the original's dict.
void CrossValidation::add_fold(const std::vector<Score>& scores, std::vector<Measured>& measured) {
  const std::size_t folds = measured.empty() ? 1 : measured.front().values.size() + 1;
  for (const Score& score : scores) {
    const auto same = std::find_if(measured.begin(), measured.end(), [&](const Measured& other) {
      return other.metric == score.name;
    });
    Measured& of = same != measured.end() ? *same : measured.emplace_back(Measured{score.name, {}});
    if (of.values.size() == folds) of.values.pop_back();
    of.values.push_back(score.value);
  }
  for (const Measured& of : measured) {
    if (of.values.size() == folds) continue;
    throw Failure::failed("expected every fold to be measured by the same metrics, but '" +
                          of.metric + "' stands in some of them only");
  }
}

}  // namespace pet::plugins
