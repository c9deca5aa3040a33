#include "core/loader/param_value.hpp"

#include <algorithm>
#include <cmath>

#include "core/loader/base_plugin.hpp"
#include "core/loader/pet_class.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

constexpr std::string_view kKinds[] = {"null", "bool",   "int64",    "float64", "text",
                                       "list", "object", "instance", "class"};

[[noreturn]] void throw_kind(std::string_view expected, const ParamValue& actual) {
  throw Error(ErrorCode::kBadParams,
              "expected " + std::string(expected) + ", got " + std::string(actual.kind()));
}

template <class T>
const T& require(const T* value, std::string_view expected, const ParamValue& actual) {
  if (value == nullptr) throw_kind(expected, actual);
  return *value;
}

template <class Fields>
auto find_field(Fields& fields, std::string_view key) noexcept {
  return std::find_if(fields.begin(), fields.end(),
                      [key](const auto& field) { return field.first == key; });
}

}  // namespace

ParamObject::ParamObject(std::initializer_list<Field> fields) {
  for (const Field& field : fields) set(field.first, field.second);
}

const ParamValue* ParamObject::find(std::string_view key) const noexcept {
  const auto field = find_field(fields_, key);
  return field == fields_.end() ? nullptr : &field->second;
}

ParamValue* ParamObject::find(std::string_view key) noexcept {
  const auto field = find_field(fields_, key);
  return field == fields_.end() ? nullptr : &field->second;
}

const ParamValue& ParamObject::at(std::string_view key) const {
  if (const ParamValue* value = find(key)) return *value;
  throw Error(ErrorCode::kBadParams, "no field '" + std::string(key) + "'");
}

ParamValue& ParamObject::set(std::string key, ParamValue value) {
  if (ParamValue* present = find(key)) return *present = std::move(value);
  return fields_.emplace_back(std::move(key), std::move(value)).second;
}

void ParamObject::append(std::string key, ParamValue value) {
  fields_.emplace_back(std::move(key), std::move(value));
}

bool ParamObject::erase(std::string_view key) {
  const auto field = find_field(fields_, key);
  if (field == fields_.end()) return false;
  fields_.erase(field);
  return true;
}

std::size_t ParamObject::size() const noexcept { return fields_.size(); }
bool ParamObject::empty() const noexcept { return fields_.empty(); }

bool operator==(const ParamObject& a, const ParamObject& b) {
  return a.size() == b.size() &&
         std::all_of(a.fields_.begin(), a.fields_.end(), [&b](const ParamObject::Field& field) {
           const ParamValue* other = b.find(field.first);
           return other != nullptr && field.second == *other;
         });
}

ParamValue::ParamValue(const BasePlugin& instance)
    : value_(std::make_shared<const BasePlugin>(instance)) {}
ParamValue::ParamValue(const PetClass& clazz) : value_(std::make_shared<const PetClass>(clazz)) {}

const BasePlugin* ParamValue::if_instance() const noexcept {
  const auto* handle = std::get_if<std::shared_ptr<const BasePlugin>>(&value_);
  return handle == nullptr ? nullptr : handle->get();
}

const PetClass* ParamValue::if_class() const noexcept {
  const auto* handle = std::get_if<std::shared_ptr<const PetClass>>(&value_);
  return handle == nullptr ? nullptr : handle->get();
}

bool ParamValue::as_bool() const { return require(if_bool(), "bool", *this); }
std::int64_t ParamValue::as_int64() const { return require(if_int64(), "int64", *this); }

double ParamValue::as_float64() const {
  if (const std::int64_t* integer = if_int64()) return static_cast<double>(*integer);
  return require(if_float64(), "float64", *this);
}

const std::string& ParamValue::as_text() const { return require(if_text(), "text", *this); }
const ParamList& ParamValue::as_list() const { return require(if_list(), "list", *this); }
const ParamObject& ParamValue::as_object() const { return require(if_object(), "object", *this); }
const BasePlugin& ParamValue::as_instance() const {
  return require(if_instance(), "instance", *this);
}
const PetClass& ParamValue::as_class() const { return require(if_class(), "class", *this); }

std::string_view ParamValue::kind() const noexcept {
  // A valueless variant can only follow a failed allocation inside an assignment.
  return value_.valueless_by_exception() ? "null" : kKinds[value_.index()];
}

bool operator==(const ParamValue& a, const ParamValue& b) {
  if (a.value_.index() != b.value_.index()) return false;
  if (const double* x = a.if_float64()) {
    const double y = *b.if_float64();
    return *x == y || (std::isnan(*x) && std::isnan(y));
  }
  if (const BasePlugin* x = a.if_instance()) return *x == *b.if_instance();
  if (const PetClass* x = a.if_class()) return *x == *b.if_class();
  return a.value_ == b.value_;
}

}  // namespace pet
