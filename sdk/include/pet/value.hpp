// pet::Value: what a parameter can be. null, bool, int64, float64, text, list, object, child
// instance, class.
//
// A Value owns everything in it except child instances and classes, which are handles of the
// host's. An Object keeps the order of its keys. `pet::null` is the value of an optional that is
// absent.
//
//   pet::Object options{{"p", 2}, {"weights", pet::Value::List{0.5, 0.5}}};
//   std::int64_t p = options.at("p").as_int();
//
// Threads: a value; const methods from any thread. Throws: pet::Failure(PET_BAD_PARAMS) when a type
//          does not fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "pet/abi.h"
#include "pet/failure.hpp"

namespace pet {

inline constexpr std::nullopt_t null = std::nullopt;

// "null", "bool", "int64", "float64", "text", "list", "object", "instance", "class" or "any".
inline const char* type_name(std::uint32_t type) noexcept {
  constexpr const char* kNames[] = {"null", "bool",   "int64",    "float64", "text",
                                    "list", "object", "instance", "class"};
  if (type <= PET_TYPE_CLASS) return kNames[type];
  return type == PET_TYPE_ANY ? "any" : "unknown";
}

class Value;
struct Field;

// Fields in the order in which they were added; keys are unique. What touches a Field stands below
// it: clang instantiates the members of a C++20 vector where they are named, and asks for the whole
// type there.
class Object {
 public:
  Object() noexcept;
  Object(std::initializer_list<Field> fields);
  Object(const Object& other);
  Object(Object&& other) noexcept;
  Object& operator=(const Object& other);
  Object& operator=(Object&& other) noexcept;
  ~Object();

  // The value under `key`; a null one is added at the end when there is none.
  Value& operator[](std::string_view key);
  const Value* find(std::string_view key) const noexcept;
  const Value& at(std::string_view key) const;
  bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }
  bool erase(std::string_view key);

  std::size_t size() const noexcept;
  bool empty() const noexcept { return size() == 0; }
  std::vector<Field>::const_iterator begin() const noexcept;
  std::vector<Field>::const_iterator end() const noexcept;
  std::vector<Field>::iterator begin() noexcept;
  std::vector<Field>::iterator end() noexcept;

  // Equal when keys, values and their order are.
  friend bool operator==(const Object& a, const Object& b);
  friend bool operator!=(const Object& a, const Object& b) { return !(a == b); }

 private:
  std::vector<Field> fields_;
};

class Value {
 public:
  using List = std::vector<Value>;

  Value() = default;
  Value(std::nullopt_t) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(List list) : data_(std::move(list)) {}
  Value(Object object) : data_(std::move(object)) {}
  template <class T, std::enable_if_t<std::is_arithmetic_v<T>, int> = 0>
  Value(T number) : data_(widest(number)) {}

  static Value instance(pet_child* child) { return Value(Data(child)); }
  static Value clazz(pet_class* clazz) { return Value(Data(clazz)); }
  // A deep copy of a value that came across the boundary; instances and classes stay the host's.
  static Value copy_of(const pet_value& value);

  // PET_TYPE_NULL … PET_TYPE_CLASS.
  std::uint32_t type() const noexcept { return static_cast<std::uint32_t>(data_.index()); }
  bool is_null() const noexcept { return type() == PET_TYPE_NULL; }

  bool as_bool() const { return get<bool>(PET_TYPE_BOOL); }
  std::int64_t as_int() const { return get<std::int64_t>(PET_TYPE_INT64); }
  double as_double() const {  // an int64 widens
    return type() == PET_TYPE_INT64 ? static_cast<double>(as_int()) : get<double>(PET_TYPE_FLOAT64);
  }
  const std::string& as_text() const { return get<std::string>(PET_TYPE_TEXT); }
  const List& as_list() const { return get<List>(PET_TYPE_LIST); }
  List& as_list() { return const_cast<List&>(std::as_const(*this).as_list()); }
  const Object& as_object() const { return get<Object>(PET_TYPE_OBJECT); }
  Object& as_object() { return const_cast<Object&>(std::as_const(*this).as_object()); }
  pet_child* as_instance() const { return get<pet_child*>(PET_TYPE_INSTANCE); }
  pet_class* as_class() const { return get<pet_class*>(PET_TYPE_CLASS); }

  // Equal when types and contents are: 1 and 1.0 differ. Instances and classes are equal to
  // themselves.
  friend bool operator==(const Value& a, const Value& b) { return a.data_ == b.data_; }
  friend bool operator!=(const Value& a, const Value& b) { return !(a == b); }

 private:
  // In the order of PET_TYPE_*, so that the index is the type.
  using Data = std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Object,
                            pet_child*, pet_class*>;

  explicit Value(Data data) : data_(std::move(data)) {}

  template <class T>
  static auto widest(T number) {
    if constexpr (std::is_same_v<T, bool>) {
      return number;
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<std::int64_t>(number);
    } else {
      return static_cast<double>(number);
    }
  }

  template <class T>
  const T& get(std::uint32_t expected) const {
    if (const T* found = std::get_if<T>(&data_)) return *found;
    throw Failure::bad_params(std::string("expected ") + type_name(expected) + ", got " +
                              type_name(type()));
  }

  Data data_;
};

struct Field {
  std::string key;
  Value value;
};

inline Object::Object() noexcept = default;
inline Object::Object(const Object& other) = default;
inline Object::Object(Object&& other) noexcept = default;
inline Object& Object::operator=(const Object& other) = default;
inline Object& Object::operator=(Object&& other) noexcept = default;
inline Object::~Object() = default;

inline std::size_t Object::size() const noexcept { return fields_.size(); }
inline std::vector<Field>::const_iterator Object::begin() const noexcept { return fields_.begin(); }
inline std::vector<Field>::const_iterator Object::end() const noexcept { return fields_.end(); }
inline std::vector<Field>::iterator Object::begin() noexcept { return fields_.begin(); }
inline std::vector<Field>::iterator Object::end() noexcept { return fields_.end(); }

inline Object::Object(std::initializer_list<Field> fields) {
  for (const Field& field : fields) (*this)[field.key] = field.value;
}

inline const Value* Object::find(std::string_view key) const noexcept {
  for (const Field& field : fields_) {
    if (field.key == key) return &field.value;
  }
  return nullptr;
}

inline Value& Object::operator[](std::string_view key) {
  if (const Value* found = find(key)) return const_cast<Value&>(*found);
  fields_.push_back({std::string(key), Value()});
  return fields_.back().value;
}

inline const Value& Object::at(std::string_view key) const {
  if (const Value* found = find(key)) return *found;
  throw Failure::bad_params("no field '" + std::string(key) + "'");
}

inline bool Object::erase(std::string_view key) {
  for (auto field = fields_.begin(); field != fields_.end(); ++field) {
    if (field->key != key) continue;
    fields_.erase(field);
    return true;
  }
  return false;
}

inline bool operator==(const Object& a, const Object& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.fields_.size(); ++i) {
    if (a.fields_[i].key != b.fields_[i].key || a.fields_[i].value != b.fields_[i].value)
      return false;
  }
  return true;
}

inline Value Value::copy_of(const pet_value& value) {
  switch (value.type) {
    case PET_TYPE_NULL:
      return {};
    case PET_TYPE_BOOL:
      return value.as.boolean != 0;
    case PET_TYPE_INT64:
      return value.as.int64;
    case PET_TYPE_FLOAT64:
      return value.as.float64;
    case PET_TYPE_TEXT:
      return detail::view_of(value.as.text);
    case PET_TYPE_LIST: {
      List list;
      list.reserve(value.as.list.count);
      for (std::uint64_t i = 0; i < value.as.list.count; ++i) {
        list.push_back(copy_of(value.as.list.items[i]));
      }
      return list;
    }
    case PET_TYPE_OBJECT: {
      Object object;
      for (std::uint64_t i = 0; i < value.as.object.count; ++i) {
        const pet_field& field = value.as.object.fields[i];
        object[detail::view_of(field.key)] = copy_of(field.value);
      }
      return object;
    }
    case PET_TYPE_INSTANCE:
      return instance(value.as.instance);
    case PET_TYPE_CLASS:
      return clazz(value.as.clazz);
    default:
      throw Failure::bad_params("a value of unknown type " + std::to_string(value.type));
  }
}

// A Value as the boundary's pet_value, borrowed: the Value must outlive the view and stay
// unchanged.
class ValueView {
 public:
  explicit ValueView(const Value& value) : root_(convert(value)) {}
  explicit ValueView(const Object& object) : root_(convert(object)) {}
  ValueView(const ValueView&) = delete;
  ValueView& operator=(const ValueView&) = delete;

  const pet_value* get() const noexcept { return &root_; }

 private:
  static pet_value typed(std::uint32_t type) {
    pet_value value{};
    value.type = type;
    return value;
  }

  pet_value convert(const Value& value) {
    pet_value out = typed(value.type());
    switch (value.type()) {
      case PET_TYPE_BOOL:
        out.as.boolean = value.as_bool() ? 1 : 0;
        break;
      case PET_TYPE_INT64:
        out.as.int64 = value.as_int();
        break;
      case PET_TYPE_FLOAT64:
        out.as.float64 = value.as_double();
        break;
      case PET_TYPE_TEXT:
        out.as.text = detail::text_of(value.as_text());
        break;
      case PET_TYPE_LIST:
        return convert(value.as_list());
      case PET_TYPE_OBJECT:
        return convert(value.as_object());
      case PET_TYPE_INSTANCE:
        out.as.instance = value.as_instance();
        break;
      case PET_TYPE_CLASS:
        out.as.clazz = value.as_class();
        break;
      default:
        break;
    }
    return out;
  }

  pet_value convert(const Value::List& list) {
    std::vector<pet_value> items;
    items.reserve(list.size());
    for (const Value& item : list) items.push_back(convert(item));
    pet_value out = typed(PET_TYPE_LIST);
    out.as.list.count = items.size();
    out.as.list.items = lists_.emplace_back(std::move(items)).data();
    return out;
  }

  pet_value convert(const Object& object) {
    std::vector<pet_field> fields;
    fields.reserve(object.size());
    for (const Field& field : object) {
      fields.push_back({detail::text_of(field.key), convert(field.value)});
    }
    pet_value out = typed(PET_TYPE_OBJECT);
    out.as.object.count = fields.size();
    out.as.object.fields = objects_.emplace_back(std::move(fields)).data();
    return out;
  }

  std::deque<std::vector<pet_value>> lists_;  // moved vectors keep their buffers
  std::deque<std::vector<pet_field>> objects_;
  pet_value root_;
};

}  // namespace pet
