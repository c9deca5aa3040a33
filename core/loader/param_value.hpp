// ParamValue: a parameter's value on the host's side; the typed tree that a config is read into.
//
// Eight kinds, as in the boundary (pet/abi.h): null, bool, int64, float64, text, list, object, and
// instances and classes among them. Objects keep the order of the document; keys are unique.
//
//   pet::ParamObject params{{"n_neighbors", 5}, {"weights", "uniform"}};
//   params.at("n_neighbors").as_int64();
//
// Lifetime: a value owns what it holds; an instance or class in it is a counted handle.
// Threads:  a value type; concurrent reads are fine.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pet {

class BasePlugin;
class PetClass;
class ParamValue;

using ParamList = std::vector<ParamValue>;

// An ordered map by text. Small: look-up is linear.
class ParamObject {
 public:
  using Field = std::pair<std::string, ParamValue>;

  ParamObject() = default;
  ParamObject(std::initializer_list<Field> fields);

  const ParamValue* find(std::string_view key) const noexcept;  // nullptr: absent
  ParamValue* find(std::string_view key) noexcept;
  const ParamValue& at(std::string_view key) const;  // kBadParams when absent
  bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }
  ParamValue& set(std::string key, ParamValue value);  // replaces in place, or appends
  // The same for a key that is known to be new: no look-up.
  void append(std::string key, ParamValue value);
  bool erase(std::string_view key);

  const std::vector<Field>& fields() const noexcept { return fields_; }
  // For changing values in passing; the keys stay as they are.
  std::vector<Field>& fields() noexcept { return fields_; }
  std::size_t size() const noexcept;
  bool empty() const noexcept;

  // Equal with the same fields and values, whatever their order (as Python's dict).
  friend bool operator==(const ParamObject&, const ParamObject&);

 private:
  std::vector<Field> fields_;
};

class ParamValue {
 public:
  ParamValue() = default;  // null
  ParamValue(std::nullptr_t) {}
  ParamValue(bool value) : value_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool> && (std::signed_integral<T> || sizeof(T) < sizeof(std::int64_t)))
      ParamValue(T value)
      : value_(std::int64_t{value}) {}
  ParamValue(double value) : value_(value) {}
  ParamValue(const char* text) : value_(std::string(text)) {}
  ParamValue(std::string text) : value_(std::move(text)) {}
  ParamValue(std::string_view text) : value_(std::string(text)) {}
  ParamValue(ParamList list) : value_(std::move(list)) {}
  ParamValue(ParamObject object) : value_(std::move(object)) {}
  ParamValue(const BasePlugin& instance);
  ParamValue(const PetClass& clazz);

  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(value_); }
  const bool* if_bool() const noexcept { return std::get_if<bool>(&value_); }
  const std::int64_t* if_int64() const noexcept { return std::get_if<std::int64_t>(&value_); }
  const double* if_float64() const noexcept { return std::get_if<double>(&value_); }
  const std::string* if_text() const noexcept { return std::get_if<std::string>(&value_); }
  const ParamList* if_list() const noexcept { return std::get_if<ParamList>(&value_); }
  const ParamObject* if_object() const noexcept { return std::get_if<ParamObject>(&value_); }
  const BasePlugin* if_instance() const noexcept;
  const PetClass* if_class() const noexcept;
  ParamList* if_list() noexcept { return std::get_if<ParamList>(&value_); }
  ParamObject* if_object() noexcept { return std::get_if<ParamObject>(&value_); }

  // The value as asked, or kBadParams with expected and actual kind. as_float64 widens an int64.
  bool as_bool() const;
  std::int64_t as_int64() const;
  double as_float64() const;
  const std::string& as_text() const;
  const ParamList& as_list() const;
  const ParamObject& as_object() const;
  const BasePlugin& as_instance() const;
  const PetClass& as_class() const;

  // "null", "bool", "int64", "float64", "text", "list", "object", "instance", "class".
  std::string_view kind() const noexcept;

  // Kinds must agree (1 is not 1.0); NaN equals NaN here, so that a dump compares equal to itself.
  friend bool operator==(const ParamValue&, const ParamValue&);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, ParamList, ParamObject,
               std::shared_ptr<const BasePlugin>, std::shared_ptr<const PetClass>>
      value_;
};

}  // namespace pet
