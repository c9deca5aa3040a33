// PET_PARAM: one line declares a parameter of a class: its field, default, documentation, note and
// setter.
//
//   PET_PARAM(double, factor, 2.0, "what every value is multiplied with");
//   PET_PARAM(std::optional<std::int64_t>, n_jobs, pet::null, "threads; null for all");
//   PET_PARAM(std::vector<double>, weights, pet::list_of(0.5, 0.5), "one for each part");
//   PET_PARAM(std::vector<pet::FilterChild>, filters, pet::required, "applied in this order");
//   PET_TUNABLE(std::int64_t, n_neighbors, 5, "may be changed after creation");
//   PET_OPEN_PARAMS(others);      // a pet::Object with what is given beyond the declared ones
//
// Types:    bool, std::int64_t, double, std::string, pet::Value (anything), pet::Object,
//           pet::ClassRef, a child (pet::FilterChild…), std::vector of one of these, std::optional
//           of all but pet::Value (null is nothing).
// Defaults: constant expressions, since the compiler writes them into the notes; `{}` is an empty
//           list or object, pet::required is no default at all. Only an int64 widens, to float64.
// Lifetime: fields are set once, before validate() and any call; tunable ones between calls too.
// Throws:   pet::Failure(PET_BAD_PARAMS), naming the parameter, the expected and the actual type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "pet/child.hpp"
#include "pet/defaults.hpp"
#include "pet/host.hpp"
#include "pet/value.hpp"

namespace pet::detail {

// ---- reading a value into a field ----

// Which value is wrong: a parameter, or an element of it.
struct Where {
  std::string_view name;
  std::int64_t item = -1;

  std::string text() const {
    std::string text = "parameter '" + std::string(name) + "'";
    return item < 0 ? text : text + ", element " + std::to_string(item);
  }
  [[noreturn]] void fail(std::string_view expected, std::string_view actual) const {
    throw Failure::bad_params(text() + ": expected " + std::string(expected) + ", got " +
                              std::string(actual));
  }
  void require(const pet_value& value, std::uint32_t type) const {
    if (value.type != type) fail(type_name(type), type_name(value.type));
  }
};

// kType and kFlags of the note, and read(). Unspecialised: not a type that a parameter can have.
template <class T>
struct ParamType {
  static_assert(!sizeof(T),
                "a parameter is bool, std::int64_t, double, std::string, pet::Value, pet::Object, "
                "pet::ClassRef, a child, a std::vector or a std::optional of one of these");
};

template <std::uint8_t Type, std::uint8_t Flags = 0>
struct ParamTypeIs {
  static constexpr std::uint8_t kType = Type;
  static constexpr std::uint8_t kFlags = Flags;
};

template <>
struct ParamType<bool> : ParamTypeIs<PET_TYPE_BOOL> {
  static bool read(const Host&, const Where& where, const pet_value& value) {
    where.require(value, kType);
    return value.as.boolean != 0;
  }
};

template <>
struct ParamType<std::int64_t> : ParamTypeIs<PET_TYPE_INT64> {
  static std::int64_t read(const Host&, const Where& where, const pet_value& value) {
    where.require(value, kType);
    return value.as.int64;
  }
};

template <>
struct ParamType<double> : ParamTypeIs<PET_TYPE_FLOAT64> {
  static double read(const Host&, const Where& where, const pet_value& value) {
    if (value.type == PET_TYPE_INT64) return static_cast<double>(value.as.int64);
    where.require(value, kType);
    return value.as.float64;
  }
};

template <>
struct ParamType<std::string> : ParamTypeIs<PET_TYPE_TEXT> {
  static std::string read(const Host&, const Where& where, const pet_value& value) {
    where.require(value, kType);
    return std::string(view_of(value.as.text));
  }
};

template <>
struct ParamType<Value> : ParamTypeIs<PET_TYPE_ANY> {
  static Value read(const Host&, const Where&, const pet_value& value) {
    return Value::copy_of(value);
  }
};

template <>
struct ParamType<Object> : ParamTypeIs<PET_TYPE_OBJECT> {
  static Object read(const Host&, const Where& where, const pet_value& value) {
    where.require(value, kType);
    return Value::copy_of(value).as_object();
  }
};

template <>
struct ParamType<ClassRef> : ParamTypeIs<PET_TYPE_CLASS> {
  static ClassRef read(const Host& host, const Where& where, const pet_value& value) {
    where.require(value, kType);
    return ClassRef(host, value.as.clazz);
  }
};

template <class Tag>
struct ParamType<ChildOf<Tag>> : ParamTypeIs<PET_TYPE_INSTANCE> {
  static ChildOf<Tag> read(const Host& host, const Where& where, const pet_value& value) {
    if (value.type != PET_TYPE_INSTANCE) where.fail(Tag::kWhat, type_name(value.type));
    ChildOf<Tag> child(host, value.as.instance);
    if (Tag::kInterface != nullptr && !child.has(Tag::kInterface)) {
      where.fail(Tag::kWhat, child.class_name() + ", a " + child.kind());
    }
    return child;
  }
};

template <class T>
struct ParamType<std::vector<T>> : ParamTypeIs<ParamType<T>::kType, PET_PARAM_LIST> {
  static_assert(ParamType<T>::kFlags == 0, "a list holds plain values: no lists or optionals");

  static std::vector<T> read(const Host& host, const Where& where, const pet_value& value) {
    where.require(value, PET_TYPE_LIST);
    std::vector<T> out;
    out.reserve(value.as.list.count);
    for (std::uint64_t i = 0; i < value.as.list.count; ++i) {
      const Where element{where.name, static_cast<std::int64_t>(i)};
      out.push_back(ParamType<T>::read(host, element, value.as.list.items[i]));
    }
    return out;
  }
};

template <class T>
struct ParamType<std::optional<T>>
    : ParamTypeIs<ParamType<T>::kType, ParamType<T>::kFlags | PET_PARAM_NULLABLE> {
  static_assert((ParamType<T>::kFlags & PET_PARAM_NULLABLE) == 0 &&
                    ParamType<T>::kType != PET_TYPE_ANY,
                "an optional holds no optional; a pet::Value is null by itself");

  static std::optional<T> read(const Host& host, const Where& where, const pet_value& value) {
    if (value.type == PET_TYPE_NULL) return std::nullopt;
    return ParamType<T>::read(host, where, value);
  }
};

// ---- the list of a class's parameters ----
//
// Each PET_PARAM adds an overload of pet_count_ with a higher rank, whose result says how many
// there are up to it; overload resolution finds the highest one that exists so far. So a class body
// counts its own lines, and the members pet_param_(Index<0>), pet_param_(Index<1>)… are the list.
// The default has a function of its own, so that the compiler names it when it does not fit.

inline constexpr int kMaxParams = 96;

template <int N>
struct Rank : Rank<N - 1> {};
template <>
struct Rank<0> {};
template <int N>
struct Index {};
template <int N>
struct Count {
  static constexpr int value = N;
};

// What the first PET_PARAM of a class finds, and the first PET_STATE.
Count<0> pet_count_(Rank<0>, const volatile void*);
Count<0> pet_state_count_(Rank<0>, const volatile void*);

template <class Owner, class T>
struct Param {
  using Type = T;
  std::string_view name;
  std::string_view doc;
  T Owner::*field;
  bool tunable;
  Default<T> default_value;
};

// The one reader of what the macros put into a class, also where they stand in its private part.
struct Access;

}  // namespace pet::detail

#define PET_PARAM(type_, name_, default_, doc_) PET_PARAM_(type_, name_, default_, doc_, false)
#define PET_TUNABLE(type_, name_, default_, doc_) PET_PARAM_(type_, name_, default_, doc_, true)

#define PET_PARAM_(type_, name_, default_, doc_, tunable_)                                         \
  friend struct ::pet::detail::Access;                                                             \
  static constexpr int pet_index_##name_ = decltype(pet_count_(                                    \
      ::pet::detail::Rank<::pet::detail::kMaxParams>{}, static_cast<pet_self_*>(nullptr)))::value; \
  static_assert(pet_index_##name_ < ::pet::detail::kMaxParams, "too many parameters");             \
  [[maybe_unused]] friend constexpr ::pet::detail::Count<pet_index_##name_ + 1> pet_count_(        \
      ::pet::detail::Rank<pet_index_##name_ + 1>, pet_self_*) {                                    \
    return {};                                                                                     \
  }                                                                                                \
  static constexpr ::pet::Default<type_> pet_default_(::pet::detail::Index<pet_index_##name_>) {   \
    return default_;                                                                               \
  }                                                                                                \
  static constexpr ::pet::detail::Param<pet_self_, type_> pet_param_(                              \
      ::pet::detail::Index<pet_index_##name_> index) {                                             \
    return {#name_, doc_, &pet_self_::name_, tunable_, pet_default_(index)};                       \
  }                                                                                                \
  type_ name_ = pet_default_(::pet::detail::Index<pet_index_##name_>{}).get()

#define PET_OPEN_PARAMS(name_)                                                   \
  friend struct ::pet::detail::Access;                                           \
  static ::pet::Object& pet_open_params_(pet_self_& self) { return self.name_; } \
  ::pet::Object name_
