// What the parameters of a class with PET_STATE add to its state: the states of its children.
//
// Internal to the SDK. A child is saved under "params/" and its parameter's name, those of a list
// under "params/filters/0", "params/filters/1"…: the fields of PET_STATE have no slash in theirs.
// A child that learns nothing is written too, so that one which learns is not taken for it later.
//
// An instance in a free value (a pet::Value, a pet::Object, open parameters) is none of the class's
// children as far as the compiler knows, and who loads could not find it again. One that has
// something to save is refused at save.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pet/child.hpp"
#include "pet/host.hpp"
#include "pet/state.hpp"
#include "pet/value.hpp"

namespace pet::detail {

inline std::string param_state_name(std::string_view param) {
  return "params/" + std::string(param);
}

// Looks into `value` for an instance with something to save.
inline void refuse_learning(const Host& host, std::string_view param, const Value& value);

inline void refuse_learning(const Host& host, std::string_view param, const Object& object) {
  for (const Field& field : object) refuse_learning(host, param, field.value);
}

inline void refuse_learning(const Host& host, std::string_view param, const Value& value) {
  if (value.type() == PET_TYPE_OBJECT) return refuse_learning(host, param, value.as_object());
  if (value.type() == PET_TYPE_LIST) {
    for (const Value& item : value.as_list()) refuse_learning(host, param, item);
  }
  if (value.type() != PET_TYPE_INSTANCE) return;
  const Child child(host, value.as_instance());
  if (!learns(child)) return;
  throw Failure::unsupported(
      "parameter '" + std::string(param) + "' holds " + child.class_name() +
      ", whose state PET_STATE does not save: give the class save and load "
      "instead, or the parameter the type pet::FilterChild or pet::AnyChild");
}

// Absent is what a class wrote before its children were saved with it. It is enough where there is
// nothing to save.
inline void load_child(const StateReader& state, const std::string& name, Child& child) {
  if (state.has(name) || learns(child)) state.get(name, child);
}

[[noreturn, gnu::cold]] inline void fail_no_child(const std::string& name) {
  throw Failure::bad_state("the saved state has a child '" + name + "', which the parameters lack");
}

// save() and load() of what a parameter of type T adds; nothing where kHasState is false.
template <class T>
struct ParamState {
  static constexpr bool kHasState = false;
};

template <class Tag>
struct ParamState<ChildOf<Tag>> {
  static constexpr bool kHasState = true;
  static void save(const Host&, std::string_view param, const ChildOf<Tag>& child,
                   StateWriter& state) {
    state.put(param_state_name(param), child);
  }
  static void load(std::string_view param, ChildOf<Tag>& child, const StateReader& state) {
    load_child(state, param_state_name(param), child);
  }
  static void load_absent(std::string_view param, const StateReader& state) {
    if (state.has(param_state_name(param))) fail_no_child(param_state_name(param));
  }
};

template <class Tag>
struct ParamState<std::vector<ChildOf<Tag>>> {
  static constexpr bool kHasState = true;
  static void save(const Host&, std::string_view param, const std::vector<ChildOf<Tag>>& children,
                   StateWriter& state) {
    state.put(param_state_name(param), children);
  }
  static void load(std::string_view param, std::vector<ChildOf<Tag>>& children,
                   const StateReader& state) {
    const std::string name = param_state_name(param) + "/";
    for (std::size_t i = 0; i < children.size(); ++i) {
      load_child(state, name + std::to_string(i), children[i]);
    }
    const std::string next = name + std::to_string(children.size());
    if (state.has(next)) fail_no_child(next);
  }
  static void load_absent(std::string_view param, const StateReader& state) {
    std::vector<ChildOf<Tag>> none;
    load(param, none, state);
  }
};

template <class T>
struct FreeState {
  static constexpr bool kHasState = true;
  static void save(const Host& host, std::string_view param, const T& value, StateWriter&) {
    refuse_learning(host, param, value);
  }
  static void load(std::string_view, T&, const StateReader&) {}
  static void load_absent(std::string_view, const StateReader&) {}
};

template <>
struct ParamState<Value> : FreeState<Value> {};
template <>
struct ParamState<Object> : FreeState<Object> {};

template <class T>
struct FreeListState : FreeState<std::vector<T>> {
  static void save(const Host& host, std::string_view param, const std::vector<T>& values,
                   StateWriter&) {
    for (const T& value : values) refuse_learning(host, param, value);
  }
};

template <>
struct ParamState<std::vector<Value>> : FreeListState<Value> {};
template <>
struct ParamState<std::vector<Object>> : FreeListState<Object> {};

template <class T>
struct ParamState<std::optional<T>> {
  static constexpr bool kHasState = ParamState<T>::kHasState;
  static void save(const Host& host, std::string_view param, const std::optional<T>& value,
                   StateWriter& state) {
    if (value) ParamState<T>::save(host, param, *value, state);
  }
  static void load(std::string_view param, std::optional<T>& value, const StateReader& state) {
    if (value) return ParamState<T>::load(param, *value, state);
    ParamState<T>::load_absent(param, state);
  }
};

}  // namespace pet::detail
