// What a class has: its methods, parameters, state and facts, found at compile time.
//
// Internal to the SDK: pet/thunks.hpp builds the C tables from these answers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "pet/child.hpp"
#include "pet/notes.hpp"
#include "pet/params.hpp"
#include "pet/state.hpp"
#include "pet/xydata.hpp"

namespace pet {
template <class T>
class Plugin;  // pet/plugin.hpp
}

namespace pet::detail {

struct Access {
  template <class T>
  static constexpr int kParamCount =
      decltype(pet_count_(Rank<kMaxParams>{}, static_cast<T*>(nullptr)))::value;
  template <class T>
  static constexpr int kStateCount =
      decltype(pet_state_count_(Rank<kMaxParams>{}, static_cast<T*>(nullptr)))::value;

  template <class T, int N>
  static constexpr auto param() {
    return T::pet_param_(Index<N>{});
  }
  template <class T, int N>
  static constexpr auto state() {
    return T::pet_state_(Index<N>{});
  }
  template <class T>
  static constexpr std::string_view doc() {
    return T::pet_doc_;
  }
  template <class T>
  static Host& host(T& self) {
    return static_cast<Plugin<typename T::pet_self_>&>(self).host_;
  }
  template <class T>
  static const Host& host(const T& self) {
    return static_cast<const Plugin<typename T::pet_self_>&>(self).host_;
  }
  template <class T>
  static auto open_params(T& self) -> decltype(T::pet_open_params_(self)) {
    return T::pet_open_params_(self);
  }
};

// ---- methods ----

template <template <class> class Operation, class T, class = void>
struct Detected : std::false_type {};
template <template <class> class Operation, class T>
struct Detected<Operation, T, std::void_t<Operation<T>>> : std::true_type {};

using In = const XYData&;
template <class T>
using PredictCall = std::enable_if_t<
    std::is_same_v<decltype(std::declval<const T&>().predict(std::declval<In>())), XYData>>;
template <class T>
using FitCall = decltype(std::declval<T&>().fit(std::declval<In>()));
template <class T>
using FitBothCall = decltype(std::declval<T&>().fit(std::declval<In>(), std::declval<In>()));
template <class T>
using MeasureCall = std::enable_if_t<std::is_convertible_v<
    decltype(std::declval<const T&>().measure(std::declval<In>(), std::declval<In>())), double>>;
template <class T>
using MeasureAllCall = std::enable_if_t<
    std::is_convertible_v<decltype(std::declval<const T&>().measure(
                              std::declval<In>(), std::declval<In>(), std::declval<In>())),
                          double>>;
template <class T>
using EvaluateCall = decltype(std::declval<const T&>().evaluate(
    std::declval<In>(), std::declval<In>(), std::declval<In>(), std::declval<Scores&>()));
template <class T>
using SplitCall = decltype(std::declval<const T&>().split(std::declval<In>(), std::declval<In>(),
                                                          std::declval<Folds&>()));
template <class T>
using OptimizeCall = decltype(std::declval<T&>().optimize(std::declval<In>(), std::declval<In>(),
                                                          std::declval<Trials&>()));
template <class T>
using SaveCall = decltype(std::declval<const T&>().save(std::declval<StateWriter&>()));
template <class T>
using LoadCall = decltype(std::declval<T&>().load(std::declval<StateReader&>()));
template <class T>
using ValidateCall = decltype(std::declval<T&>().validate());
template <class T>
using HigherBetterMember = std::enable_if_t<std::is_same_v<decltype(T::kHigherBetter), const bool>>;
template <class T>
using ClustersMember = std::enable_if_t<std::is_same_v<decltype(T::kClusters), const bool>>;
template <class T>
using StateSchemaMember = decltype(T::kStateSchema);
template <class T>
using OpenParamsMember = decltype(Access::open_params(std::declval<T&>()));

// A method of the name exists, however it is declared: to tell a wrong signature from none.
template <class T>
using FitName = decltype(&T::fit);
template <class T>
using PredictName = decltype(&T::predict);
template <class T>
using EvaluateName = decltype(&T::evaluate);
template <class T>
using ValidateName = decltype(&T::validate);
template <class T>
using ClustersName = decltype(&T::kClusters);

template <class T>
inline constexpr bool kHasPredict = Detected<PredictCall, T>::value;
template <class T>
inline constexpr bool kHasFit = Detected<FitCall, T>::value || Detected<FitBothCall, T>::value;
template <class T>
inline constexpr bool kHasMeasure =
    Detected<MeasureCall, T>::value || Detected<MeasureAllCall, T>::value;
template <class T>
inline constexpr bool kHasEvaluate = Detected<EvaluateCall, T>::value;
template <class T>
inline constexpr bool kHasSplit = Detected<SplitCall, T>::value;
template <class T>
inline constexpr bool kHasOptimize = Detected<OptimizeCall, T>::value;
template <class T>
inline constexpr bool kHasOwnState = Detected<SaveCall, T>::value;
template <class T>
inline constexpr bool kHasState = kHasOwnState<T> || (Access::kStateCount<T> > 0);
template <class T>
inline constexpr bool kHasOpenParams = Detected<OpenParamsMember, T>::value;

template <class T>
constexpr std::uint32_t state_schema() {
  if constexpr (Detected<StateSchemaMember, T>::value) {
    return T::kStateSchema;
  } else {
    return 1;
  }
}

template <class T>
constexpr bool higher_better() {
  if constexpr (Detected<HigherBetterMember, T>::value) {
    return T::kHigherBetter;
  } else {
    return false;
  }
}

template <class T>
constexpr bool predicts_clusters() {
  if constexpr (kHasPredict<T> && Detected<ClustersMember, T>::value) {
    return T::kClusters;
  } else {
    return false;
  }
}

template <class T, int... N>
constexpr bool any_tunable(std::integer_sequence<int, N...>) {
  return (false || ... || Access::param<T, N>().tunable);
}
template <class T>
using ParamIndices = std::make_integer_sequence<int, Access::kParamCount<T>>;
template <class T>
inline constexpr bool kHasTunable = any_tunable<T>(ParamIndices<T>{});

// ---- kinds: a name, and what the compiler demands of a class of that kind ----

struct FilterKind {
  static constexpr std::string_view kName = "filter";
  template <class T>
  static constexpr void check() {
    static_assert(kHasPredict<T>,
                  "a filter has: public: pet::XYData predict(const pet::XYData& x) const");
  }
};

struct MetricKind {
  static constexpr std::string_view kName = "metric";
  template <class T>
  static constexpr void check() {
    static_assert(kHasMeasure<T>,
                  "a metric has: public: double measure(const pet::XYData& y_true, const "
                  "pet::XYData& y_pred) const");
    static_assert(Detected<HigherBetterMember, T>::value,
                  "a metric has: public: static constexpr bool kHigherBetter = true (or false)");
  }
};

struct PipelineKind {
  static constexpr std::string_view kName = "pipeline";
  template <class T>
  static constexpr void check() {
    static_assert(kHasPredict<T>,
                  "a pipeline has: public: pet::XYData predict(const pet::XYData& x) const");
    static_assert(
        kHasEvaluate<T>,
        "a pipeline has: public: void evaluate(const pet::XYData& x, const pet::XYData& y_true, "
        "const pet::XYData& y_pred, pet::Scores& scores) const");
  }
};

struct SplitterKind {
  static constexpr std::string_view kName = "splitter";
  template <class T>
  static constexpr void check() {
    static_assert(kHasSplit<T>,
                  "a splitter has: public: void split(const pet::XYData& x, const pet::XYData& y, "
                  "pet::Folds& folds) const");
  }
};

struct OptimizerKind {
  static constexpr std::string_view kName = "optimizer";
  template <class T>
  static constexpr void check() {
    static_assert(
        kHasOptimize<T>,
        "an optimizer has: public: void optimize(const pet::XYData& x, const pet::XYData& y, "
        "pet::Trials& trials)");
  }
};

// A method that nobody would call because its signature is wrong is an error, not a missing
// ability.
template <class T>
constexpr void check_class() {
  T::pet_kind_::template check<T>();
  static_assert(std::is_same_v<typename T::pet_self_, T>,
                "a base names the class itself: class A : public pet::Filter<A>");
  static_assert(!Detected<PredictName, T>::value || kHasPredict<T>,
                "predict is: public: pet::XYData predict(const pet::XYData& x) const");
  static_assert(!Detected<FitName, T>::value || kHasFit<T>,
                "fit is: public: void fit(const pet::XYData& x[, const pet::XYData& y])");
  static_assert(
      !Detected<EvaluateName, T>::value || kHasEvaluate<T>,
      "evaluate is: public: void evaluate(const pet::XYData& x, const pet::XYData& y_true, "
      "const pet::XYData& y_pred, pet::Scores& scores) const");
  static_assert(
      !Detected<ClustersName, T>::value || (kHasPredict<T> && Detected<ClustersMember, T>::value),
      "kClusters is: public: static constexpr bool kClusters = true, of a class that "
      "predicts");
  static_assert(Detected<SaveCall, T>::value == Detected<LoadCall, T>::value,
                "a class has both or neither: void save(pet::StateWriter&) const, void "
                "load(pet::StateReader&)");
  static_assert(!kHasOwnState<T> || Access::kStateCount<T> == 0,
                "a class has PET_STATE, or save() and load(), but not both");
}

}  // namespace pet::detail
