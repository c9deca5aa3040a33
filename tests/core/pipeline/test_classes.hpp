// Compiled-in classes for configs: some of the tests' own, and stand-ins with the names, parameters and
// defaults of the Python original's classes, so that its dumps build here.
#pragma once

#include <optional>
#include <pet/filter.hpp>
#include <pet/metric.hpp>
#include <pet/pipeline.hpp>
#include <string>
#include <vector>

#include "core/factory/base_factory.hpp"
#include "core/loader/pet_class.hpp"

namespace pet::test {

class Leaf : public Filter<Leaf> {
 public:
  PET_PARAM(std::int64_t, n, 3, "at least 1");
  PET_PARAM(double, alpha, 1.0, "a factor");
  PET_PARAM(std::string, mode, "fast", "a word");
  void validate() const {
    if (n < 1) throw Failure::bad_params("n: expected at least 1, got " + std::to_string(n));
  }
  XYData predict(const XYData& x) const { return x.clone(); }
};
PET_CLASS(Leaf, "1.0")

// Holds anything anywhere.
class Holder : public Filter<Holder> {
 public:
  PET_PARAM(Value, anything, null, "any value, list or object, with nodes in it");
  XYData predict(const XYData& x) const { return x.clone(); }
};
PET_CLASS(Holder, "2.1")

class Unversioned : public Filter<Unversioned> {
 public:
  XYData predict(const XYData& x) const { return x.clone(); }
};
PET_CLASS(Unversioned)

template <class T>
class StandIn : public Filter<T> {
 public:
  XYData predict(const XYData& x) const { return x.clone(); }
};

class StandardScalerPlugin : public StandIn<StandardScalerPlugin> {};
PET_CLASS(StandardScalerPlugin, "1")

class PCAPlugin : public StandIn<PCAPlugin> {
 public:
  PET_PARAM(std::int64_t, n_components, 2, "");
};
PET_CLASS(PCAPlugin, "1")

class ClassifierSVMPlugin : public StandIn<ClassifierSVMPlugin> {
 public:
  PET_PARAM(std::string, kernel, "linear", "");
  PET_PARAM(double, C, 1.0, "");
  PET_PARAM(std::string, gamma, "scale", "");
};
PET_CLASS(ClassifierSVMPlugin, "1")

class KnnFilter : public StandIn<KnnFilter> {
 public:
  PET_PARAM(std::int64_t, n_neighbors, 5, "");
  PET_PARAM(std::string, weights, "uniform", "");
  PET_PARAM(std::string, algorithm, "auto", "");
  PET_PARAM(std::int64_t, leaf_size, 30, "");
  PET_PARAM(std::int64_t, p, 2, "");
  PET_PARAM(std::string, metric, "minkowski", "");
  PET_PARAM(std::optional<Object>, metric_params, null, "");
  PET_PARAM(std::optional<std::int64_t>, n_jobs, null, "");
};
PET_CLASS(KnnFilter, "1")

template <class T>
class MetricStandIn : public Metric<T> {
 public:
  static constexpr bool kHigherBetter = true;
  double measure(const XYData&, const XYData&) const { return 1; }
};

class F1 : public MetricStandIn<F1> {
 public:
  PET_PARAM(std::string, average, "weighted", "");
};
PET_CLASS(F1, "1")

class Precission : public MetricStandIn<Precission> {
 public:
  PET_PARAM(std::string, average, "weighted", "");
};
PET_CLASS(Precission, "1")

class Recall : public MetricStandIn<Recall> {
 public:
  PET_PARAM(std::string, average, "weighted", "");
};
PET_CLASS(Recall, "1")

template <class T>
class PipelineStandIn : public Pipeline<T> {
 public:
  XYData predict(const XYData& x) const { return x.clone(); }
  void evaluate(const XYData&, const XYData&, const XYData&, Scores&) const {}
};

class MonoPipeline : public PipelineStandIn<MonoPipeline> {
 public:
  PET_PARAM(std::vector<FilterChild>, filters, required, "");
  PET_PARAM(std::vector<MetricChild>, metrics, {}, "");
};
PET_CLASS(MonoPipeline, "1")

class F3Pipeline : public PipelineStandIn<F3Pipeline> {
 public:
  PET_PARAM(std::vector<FilterChild>, filters, required, "");
  PET_PARAM(std::vector<MetricChild>, metrics, {}, "");
  PET_PARAM(bool, overwrite, false, "");
  PET_PARAM(bool, store, false, "");
  PET_PARAM(bool, log, false, "");
};
PET_CLASS(F3Pipeline, "1")

template <class... T>
void assign(BaseFactory& factory) {
  const PetClass classes[] = {PetClass::compiled_in(entry_of<T>())...};
  for (const PetClass& clazz : classes) factory.assign(clazz.name(), clazz);
}

// All of the above.
inline void assign_all(BaseFactory& factory) {
  assign<Leaf, Holder, Unversioned, StandardScalerPlugin, PCAPlugin, ClassifierSVMPlugin, KnnFilter,
         F1, Precission, Recall, MonoPipeline, F3Pipeline>(factory);
}

}  // namespace pet::test
