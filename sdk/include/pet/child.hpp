// pet::Child: another instance, held by the host, that a pipeline, wrapper or optimizer works with.
//
// A child comes as a parameter, as pet::FilterChild, MetricChild, PipelineChild, SplitterChild,
// OptimizerChild or AnyChild; the host builds it, keeps it alive for as long as its parent lives,
// and dumps it with the parent. A new one is made by clone(), or from a pet::ClassRef parameter by
// instantiate(), and is an OwnedChild.
//
//   PET_PARAM(std::vector<pet::FilterChild>, filters, pet::required, "applied in this order");
//   …
//   for (const pet::FilterChild& filter : filters) data = filter.predict(data);
//
// Threads: const methods as the child's class allows (predict: any); fit and load_state are
//          exclusive.
// Throws:  pet::Failure with the child's own status and text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pet/host.hpp"
#include "pet/value.hpp"
#include "pet/xydata.hpp"

namespace pet {

// Receives the named results of Pipeline::evaluate().
class Scores {
 public:
  explicit Scores(const pet_scores* sink) : sink_(sink) {}
  // Names need not be unique here; where results become a dict, the last one of a name stands.
  void add(std::string_view name, double value) {
    sink_->add(sink_->context, detail::text_of(name), value);
  }

 private:
  const pet_scores* sink_;
};

// Receives the folds of Splitter::split(): indices of rows.
class Folds {
 public:
  explicit Folds(const pet_folds* sink) : sink_(sink) {}
  void add(const std::vector<std::int64_t>& train, const std::vector<std::int64_t>& test) {
    const pet_status status =
        sink_->add(sink_->context, train.data(), train.size(), test.data(), test.size());
    if (status != PET_OK) throw Failure(status, "the caller refused a fold");
  }

 private:
  const pet_folds* sink_;
};

// Receives the trials of Optimizer::optimize(): {path: value} of what was changed, and its score.
class Trials {
 public:
  explicit Trials(const pet_trials* sink) : sink_(sink) {}
  void add(const Object& overrides, double score) {
    const ValueView view(overrides);
    sink_->add(sink_->context, view.get(), score);
  }

 private:
  const pet_trials* sink_;
};

struct Score {
  std::string name;
  double value;
};

struct Fold {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> test;
};

class OwnedChild;

class Child {
 public:
  Child() = default;
  Child(const Host& host, pet_child* child) : host_(host), child_(child) {}

  explicit operator bool() const noexcept { return child_ != nullptr; }
  pet_child* get() const noexcept { return child_; }

  // ---- what it is ----

  std::string class_name() const { return text(table().class_name(host_.get(), child_)); }
  std::string kind() const { return text(table().kind(host_.get(), child_)); }
  // Whether its class has the interface: PET_FILTER_1, PET_STATE_1…
  bool has(const char* interface_id) const {
    return table().has(host_.get(), child_, interface_id) != 0;
  }
  bool has_fit() const { return has(PET_FILTER_FIT); }
  // Its dump {clazz, version_hash, params}.
  Value describe() const { return copy(table().describe(host_.get(), child_)); }
  // {path: [values]} of every `_grid` in its tree.
  Object grid() const {
    const Value grid = copy(table().grid(host_.get(), child_));
    return grid.is_null() ? Object() : grid.as_object();
  }

  // ---- what it does ----

  XYData predict(const XYData& x) const {
    pet_tensor* out = nullptr;
    checked([&](pet_failure* failure) {
      return table().predict(host_.get(), child_, x.get(), &out, failure);
    });
    return detail::Trusted::adopt(out);
  }
  // `y` may be nothing. A class that learns nothing fails with PET_NOT_TRAINABLE: ask has_fit() to
  // pass over it.
  void fit(const XYData& x, const XYData& y = {}) {
    checked([&](pet_failure* failure) {
      return table().fit(host_.get(), child_, x.get(), y.get(), failure);
    });
  }
  double measure(const XYData& x, const XYData& y_true, const XYData& y_pred) const {
    double out = 0;
    checked([&](pet_failure* failure) {
      return table().measure(host_.get(), child_, x.get(), y_true.get(), y_pred.get(), &out,
                             failure);
    });
    return out;
  }
  bool higher_better() const { return table().higher_better(host_.get(), child_) != 0; }
  std::vector<Score> evaluate(const XYData& x, const XYData& y_true, const XYData& y_pred) const;
  std::vector<Fold> split(const XYData& x, const XYData& y = {}) const;

  std::string save_state() const {
    std::string bytes;
    const pet_sink sink{sizeof(pet_sink), 0, &bytes, Host::append};
    checked([&](pet_failure* failure) {
      return table().save_state(host_.get(), child_, &sink, failure);
    });
    return bytes;
  }
  void load_state(std::string_view bytes) {
    checked([&](pet_failure* failure) {
      return table().load_state(host_.get(), child_, detail::text_of(bytes), failure);
    });
  }

  // A new, unfitted instance like this one, with {path: value} applied anywhere in its tree.
  OwnedChild clone(const Object& overrides = {}) const;

 protected:
  const pet_host_instances_v1& table() const {
    if (child_ == nullptr) throw Failure::bad_params("expected a child instance, got nothing");
    return host_.instances();
  }
  template <class Call>
  static void checked(Call&& call) {
    detail::FailureBuffer failure;
    failure.check(call(failure.get()));
  }
  static std::string text(pet_text text) { return std::string(detail::view_of(text)); }
  static Value copy(const pet_value* value) {
    return value == nullptr ? Value() : Value::copy_of(*value);
  }

  Host host_;
  pet_child* child_ = nullptr;
};

// A child that this object releases. Move-only.
class OwnedChild : public Child {
 public:
  OwnedChild() = default;
  OwnedChild(const Host& host, pet_child* child) : Child(host, child) {}
  OwnedChild(OwnedChild&& other) noexcept
      : Child(other.host_, std::exchange(other.child_, nullptr)) {}
  OwnedChild& operator=(OwnedChild&& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(child_, other.child_);
    return *this;
  }
  ~OwnedChild() {
    if (child_ != nullptr) host_.instances().release(host_.get(), child_);
  }
};

// A class that came as a parameter, by itself.
class ClassRef {
 public:
  ClassRef() = default;
  ClassRef(const Host& host, pet_class* clazz) : host_(host), class_(clazz) {}

  explicit operator bool() const noexcept { return class_ != nullptr; }
  pet_class* get() const noexcept { return class_; }
  OwnedChild instantiate(const Object& params = {}) const {
    if (class_ == nullptr) throw Failure::bad_params("expected a class, got nothing");
    const ValueView view(params);
    pet_child* out = nullptr;
    detail::FailureBuffer failure;
    failure.check(
        host_.instances().instantiate(host_.get(), class_, view.get(), &out, failure.get()));
    return OwnedChild(host_, out);
  }

 private:
  Host host_;
  pet_class* class_ = nullptr;
};

// A child of which the interface is checked before the parent is made.
template <class Tag>
class ChildOf : public Child {
 public:
  using Child::Child;
};

struct FilterTag {
  static constexpr const char* kInterface = PET_FILTER_1;
  static constexpr const char* kWhat = "a filter";
};
struct MetricTag {
  static constexpr const char* kInterface = PET_METRIC_1;
  static constexpr const char* kWhat = "a metric";
};
struct PipelineTag {
  static constexpr const char* kInterface = PET_PIPELINE_1;
  static constexpr const char* kWhat = "a pipeline";
};
struct SplitterTag {
  static constexpr const char* kInterface = PET_SPLITTER_1;
  static constexpr const char* kWhat = "a splitter";
};
struct OptimizerTag {
  static constexpr const char* kInterface = PET_OPTIMIZER_1;
  static constexpr const char* kWhat = "an optimizer";
};
struct AnyTag {
  static constexpr const char* kInterface = nullptr;
  static constexpr const char* kWhat = "an instance";
};

using FilterChild = ChildOf<FilterTag>;  // pipelines are filters too
using MetricChild = ChildOf<MetricTag>;
using PipelineChild = ChildOf<PipelineTag>;
using SplitterChild = ChildOf<SplitterTag>;
using OptimizerChild = ChildOf<OptimizerTag>;
using AnyChild = ChildOf<AnyTag>;

inline std::vector<Score> Child::evaluate(const XYData& x, const XYData& y_true,
                                          const XYData& y_pred) const {
  struct Collected {
    std::vector<Score> scores;
    bool complete = true;
  } collected;
  const auto add = [](void* context, pet_text name, double value) {
    auto& into = *static_cast<Collected*>(context);
    const auto push = [&] { into.scores.push_back({text(name), value}); };
    if (detail::guarded(nullptr, push) != PET_OK) into.complete = false;
  };
  const pet_scores sink{sizeof(pet_scores), 0, &collected, add};
  checked([&](pet_failure* failure) {
    return table().evaluate(host_.get(), child_, x.get(), y_true.get(), y_pred.get(), &sink,
                            failure);
  });
  if (!collected.complete) throw Failure::out_of_memory("no memory for the scores");
  return std::move(collected.scores);
}

inline std::vector<Fold> Child::split(const XYData& x, const XYData& y) const {
  std::vector<Fold> folds;
  const auto add = [](void* context, const std::int64_t* train, std::uint64_t train_count,
                      const std::int64_t* test, std::uint64_t test_count) {
    return detail::guarded(nullptr, [&] {
      static_cast<std::vector<Fold>*>(context)->push_back(
          {{train, train + train_count}, {test, test + test_count}});
    });
  };
  const pet_folds sink{sizeof(pet_folds), 0, &folds, add};
  checked([&](pet_failure* failure) {
    return table().split(host_.get(), child_, x.get(), y.get(), &sink, failure);
  });
  return folds;
}

inline OwnedChild Child::clone(const Object& overrides) const {
  const ValueView view(overrides);
  pet_child* out = nullptr;
  checked([&](pet_failure* failure) {
    return table().clone(host_.get(), child_, overrides.empty() ? nullptr : view.get(), &out,
                         failure);
  });
  return OwnedChild(host_, out);
}

}  // namespace pet
