#include "core/loader/parameters.hpp"

#include <utility>

#include "core/loader/pet_class.hpp"
#include "core/near_miss.hpp"

namespace pet {
namespace {

bool accept(FactType type, ParamValue& value) {
  switch (type) {
    case FactType::kNull:
      return value.is_null();
    case FactType::kBool:
      return value.if_bool() != nullptr;
    case FactType::kInt64:
      return value.if_int64() != nullptr;
    case FactType::kFloat64:
      if (value.if_int64() != nullptr) value = value.as_float64();
      return value.if_float64() != nullptr;
    case FactType::kText:
      return value.if_text() != nullptr;
    case FactType::kList:
      return value.if_list() != nullptr;
    case FactType::kObject:
      return value.if_object() != nullptr;
    case FactType::kInstance:
      return value.if_instance() != nullptr;
    case FactType::kClass:
      return value.if_class() != nullptr;
    case FactType::kAny:
      return true;
  }
  return false;
}

// "text 'many'", "int64 7", "instance of KnnFilter": what came, short enough for a message.
std::string described(const ParamValue& value) {
  std::string text(value.kind());
  if (const std::string* content = value.if_text()) {
    text += content->size() <= 40 ? " '" + *content + "'"
                                  : " of " + std::to_string(content->size()) + " bytes";
  } else if (const std::int64_t* integer = value.if_int64()) {
    text += " " + std::to_string(*integer);
  } else if (const bool* boolean = value.if_bool()) {
    text += *boolean ? " true" : " false";
  }
  return text;
}

std::string unknown_parameter(const ClassFacts& clazz, const std::string& name) {
  std::vector<std::string> names;
  for (const ParameterFacts& parameter : clazz.parameters) names.push_back(parameter.name);
  std::string text = "has no parameter '" + name + "'";
  const std::string guess = did_you_mean(name, names);
  if (!guess.empty()) return text + "; " + guess;
  if (names.empty()) return text + "; it takes none";
  text += "; it takes ";
  for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return text;
}

}  // namespace

ParamValue to_param_value(const FactValue& value) {
  if (const bool* boolean = value.get_if<bool>()) return *boolean;
  if (const std::int64_t* integer = value.get_if<std::int64_t>()) return *integer;
  if (const double* number = value.get_if<double>()) return *number;
  if (const std::string* text = value.get_if<std::string>()) return *text;
  if (const FactList* items = value.get_if<FactList>()) {
    ParamList list;
    for (const FactValue& item : *items) list.push_back(to_param_value(item));
    return list;
  }
  if (const FactObject* fields = value.get_if<FactObject>()) {
    ParamObject object;
    for (const FactField& field : *fields) object.set(field.key, to_param_value(field.value));
    return object;
  }
  return {};
}

namespace {

// A node without "params" is the class itself, which is easily forgotten.
std::string hint_for(FactType wanted, const ParamValue& value) {
  const PetClass* clazz = value.if_class();
  if (clazz == nullptr || wanted != FactType::kInstance) return {};
  return ": add \"params\": {} to " + clazz->name() + " for an instance of it";
}

}  // namespace

std::string accept_value(const ParameterFacts& parameter, ParamValue& value) {
  const ParameterType& type = parameter.type;
  if (type.nullable && value.is_null()) return {};
  if (!type.list) {
    if (accept(type.base, value)) return {};
    return "parameter '" + parameter.name + "' expects " + type.text() + ", got " +
           described(value) + hint_for(type.base, value);
  }
  ParamList* list = value.if_list();
  if (list == nullptr) {
    return "parameter '" + parameter.name + "' expects " + type.text() + ", got " +
           described(value);
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (accept(type.base, (*list)[i])) continue;
    return "parameter '" + parameter.name + "' expects " + type.text() + ", got " +
           described((*list)[i]) + " at index " + std::to_string(i) +
           hint_for(type.base, (*list)[i]);
  }
  return {};
}

std::vector<ParamProblem> complete_parameters(const ClassFacts& clazz, ParamObject& params) {
  std::vector<ParamProblem> problems;
  ParamObject complete;
  for (const ParameterFacts& parameter : clazz.parameters) {
    ParamValue value;
    if (const ParamValue* given = params.find(parameter.name)) {
      value = *given;
    } else if (parameter.default_value) {
      value = to_param_value(*parameter.default_value);
    } else {
      problems.push_back({parameter.name, "needs the parameter '" + parameter.name + "' (" +
                                              parameter.type.text() + "), which has no default"});
      continue;
    }
    const std::string problem = accept_value(parameter, value);
    if (!problem.empty()) problems.push_back({parameter.name, problem});
    complete.append(parameter.name, std::move(value));
  }
  for (const auto& [name, value] : params.fields()) {
    if (clazz.parameter(name) != nullptr) continue;
    if (!clazz.open_params) problems.push_back({name, unknown_parameter(clazz, name)});
    complete.append(name, value);
  }
  if (problems.empty()) params = std::move(complete);
  return problems;
}

}  // namespace pet
