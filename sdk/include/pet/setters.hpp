// How the values of create() and set() reach the fields of an instance.
//
// Internal to the SDK. A class has one constant table of setters, in declared order, made from its
// PET_PARAMs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pet/params.hpp"
#include "pet/traits.hpp"
#include "pet/value.hpp"

namespace pet::detail {

struct Setter {
  std::string_view name;
  bool required;
  bool tunable;
  void (*set)(void* self, const Host& host, const pet_value& value);
  // Sets and validates; when that throws, the field has its old value.
  void (*change)(void* self, const Host& host, const pet_value& value);
};

template <class T>
struct Thunks;

template <class T, int N>
void set_field(void* self, const Host& host, const pet_value& value) {
  constexpr auto param = Access::param<T, N>();
  using Type = typename decltype(param)::Type;
  static_cast<T*>(self)->*param.field = ParamType<Type>::read(host, Where{param.name}, value);
}

template <class T, int N>
void change_field(void* self, const Host& host, const pet_value& value) {
  constexpr auto param = Access::param<T, N>();
  auto& field = static_cast<T*>(self)->*param.field;
  auto before = field;
  try {
    set_field<T, N>(self, host, value);
    Thunks<T>::validate(*static_cast<T*>(self));
  } catch (...) {
    field = std::move(before);
    throw;
  }
}

template <class T, int N>
constexpr Setter setter_of() {
  constexpr auto param = Access::param<T, N>();
  Setter setter{param.name, !param.default_value.given(), param.tunable, set_field<T, N>, nullptr};
  if constexpr (param.tunable) setter.change = change_field<T, N>;
  return setter;
}

template <class T, int... N>
constexpr std::array<Setter, sizeof...(N)> setters_of(std::integer_sequence<int, N...>) {
  return {{setter_of<T, N>()...}};
}

template <class T>
inline constexpr auto kSetters = setters_of<T>(ParamIndices<T>{});

// Insertions, deletions and replacements that turn one name into the other.
inline std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row[b.size()];
}

[[noreturn]] inline void fail_unknown(const Setter* setters, std::size_t count,
                                      std::string_view name) {
  std::string text = "no parameter '" + std::string(name) + "'";
  const Setter* nearest = nullptr;
  std::size_t best = name.size() / 3 + 2;  // further away it is another word
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t steps = distance(name, setters[i].name);
    if (steps < best) {
      best = steps;
      nearest = &setters[i];
    }
  }
  if (nearest != nullptr) text += ": did you mean '" + std::string(nearest->name) + "'?";
  throw Failure::bad_params(text);
}

inline const Setter* find_setter(const Setter* setters, std::size_t count,
                                 std::string_view name) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (setters[i].name == name) return &setters[i];
  }
  return nullptr;
}

inline const Setter& find_tunable(const Setter* setters, std::size_t count, std::string_view name) {
  const Setter* setter = find_setter(setters, count, name);
  if (setter == nullptr) fail_unknown(setters, count, name);
  if (setter->tunable) return *setter;
  throw Failure::bad_params("parameter '" + std::string(name) +
                            "' cannot be changed after creation");
}

// Keeps a field that is not declared. Only classes with open parameters have one of these, so that
// the binaries of all others do without the code of pet::Value.
using KeepOpen = void (*)(void* self, std::string_view name, const pet_value& value);

template <class T>
void keep_open(void* self, std::string_view name, const pet_value& value) {
  Access::open_params(*static_cast<T*>(self))[name] = Value::copy_of(value);
}

// `params` is an object, or NULL for an empty one.
inline void set_params(void* self, const Host& host, const Setter* setters, std::size_t count,
                       const pet_value* params, KeepOpen keep) {
  std::uint64_t fields = 0;
  if (params != nullptr) {
    if (params->type != PET_TYPE_OBJECT) {
      throw Failure::bad_params(std::string("the parameters: expected object, got ") +
                                type_name(params->type));
    }
    fields = params->as.object.count;
  }
  std::vector<bool> seen(count);
  for (std::uint64_t i = 0; i < fields; ++i) {
    const pet_field& field = params->as.object.fields[i];
    const std::string_view name = view_of(field.key);
    if (const Setter* setter = find_setter(setters, count, name)) {
      setter->set(self, host, field.value);
      seen[static_cast<std::size_t>(setter - setters)] = true;
    } else if (keep != nullptr) {
      keep(self, name, field.value);
    } else {
      fail_unknown(setters, count, name);
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (setters[i].required && !seen[i]) {
      throw Failure::bad_params("parameter '" + std::string(setters[i].name) + "' is required");
    }
  }
}

}  // namespace pet::detail
