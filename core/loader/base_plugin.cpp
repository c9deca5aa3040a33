#include "core/loader/base_plugin.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "core/loader/clone.hpp"
#include "core/loader/dump.hpp"
#include "core/loader/host_services.hpp"
#include "core/loader/instance_record.hpp"
#include "core/loader/parameters.hpp"
#include "core/loader/plugin_call.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

// Throws what a failed call means. `function`: nullptr when the class lacks it, which is the
// caller's mistake.
template <class Function>
[[noreturn]] void throw_failure(const BasePlugin::Record& record, Function function,
                                pet_status status, const FailureText& failure) {
  if (status == PET_BAD_INPUT) raise_bad_input(record.class_record(), failure);
  const bool lacking = function == nullptr && status == PET_UNSUPPORTED;
  raise(record.class_record(), lacking ? ErrorCode::kUsage : code_of(status), failure);
}

// What a plugin hands over during a call, and what went wrong in taking it.
template <class Taken>
struct Collector {
  Taken taken;
  bool out_of_memory = false;

  template <class Take>
  static pet_status take(void* context, Take&& take) noexcept {
    auto& self = *static_cast<Collector*>(context);
    try {
      take(self.taken);
      return PET_OK;
    } catch (...) {
      self.out_of_memory = true;
      return PET_OUT_OF_MEMORY;
    }
  }

  Taken result() {
    if (out_of_memory) throw std::bad_alloc();
    return std::move(taken);
  }
};

std::string_view view(pet_text text) noexcept {
  return text.data == nullptr ? std::string_view()
                              : std::string_view(text.data, static_cast<std::size_t>(text.size));
}

const pet_tensor* tensor_of(const XYData* data) noexcept {
  return data == nullptr ? nullptr : data->get();
}

// Whether an instance or a class stands anywhere in the value.
bool holds_handles(const ParamValue& value) {
  if (const ParamList* list = value.if_list()) {
    return std::any_of(list->begin(), list->end(), holds_handles);
  }
  if (const ParamObject* object = value.if_object()) {
    return std::any_of(object->fields().begin(), object->fields().end(),
                       [](const auto& field) { return holds_handles(field.second); });
  }
  return value.if_instance() != nullptr || value.if_class() != nullptr;
}

}  // namespace

BasePlugin::Record::Record(const PetClass& of, std::shared_ptr<PluginHost> services)
    : host_table(host_table_for(this)),
      tables(of.record().tables),
      clazz(of),
      host(services ? std::move(services) : PluginHost::process()) {}

BasePlugin::Record::~Record() {
  if (instance != nullptr) class_record().entry->destroy(instance);
}

pet_child* BasePlugin::Record::adopt(std::shared_ptr<Record> child) {
  pet_child* handle = child->handle();
  std::lock_guard lock(adopted_mutex);
  adopted.push_back(std::move(child));
  return handle;
}

bool BasePlugin::Record::give_back(const pet_child* child) {
  std::shared_ptr<Record> last;  // dies after the lock, since its end is the plugin's code
  std::lock_guard lock(adopted_mutex);
  for (auto it = adopted.begin(); it != adopted.end(); ++it) {
    if ((*it)->handle() != child) continue;
    last = std::move(*it);
    adopted.erase(it);
    return true;
  }
  return false;
}

const PetClass& BasePlugin::get_class() const noexcept { return record_->clazz; }
const ParamObject& BasePlugin::params() const noexcept { return record_->params; }
const ParamObject& BasePlugin::attributes() const noexcept { return record_->attributes; }

XYData BasePlugin::predict(const XYData& x) const {
  FailureText failure;
  pet_tensor* out = nullptr;
  const pet_status status = plugin_call::predict(*record_, x.get(), &out, failure.get());
  if (status != PET_OK) [[unlikely]]
    throw_failure(*record_, record_->tables.predict, status, failure);
  return XYData::adopt(out);
}

void BasePlugin::fit(const XYData& x) { fit(x, XYData()); }

void BasePlugin::fit(const XYData& x, const XYData& y) {
  FailureText failure;
  const pet_status status = plugin_call::fit(*record_, x.get(), y.get(), failure.get());
  if (status != PET_OK) throw_failure(*record_, record_->tables.fit, status, failure);
}

double BasePlugin::measure(const XYData* x, const XYData* y_true, const XYData& y_pred) const {
  FailureText failure;
  double value = 0;
  const pet_status status = plugin_call::measure(*record_, tensor_of(x), tensor_of(y_true),
                                                 y_pred.get(), &value, failure.get());
  if (status != PET_OK) throw_failure(*record_, record_->tables.measure, status, failure);
  return value;
}

bool BasePlugin::higher_better() const {
  if (record_->tables.measure == nullptr) {
    FailureText failure;
    plugin_call::lacks(record_->class_record(), "higher_better", PET_UNSUPPORTED, failure.get());
    raise(record_->class_record(), ErrorCode::kUsage, failure);
  }
  return record_->tables.higher_better;
}

BasePlugin::Scores BasePlugin::evaluate(const XYData& x, const XYData& y_true,
                                        const XYData& y_pred) const {
  Collector<Scores> collector;
  const auto add = [](void* context, pet_text name, double value) {
    Collector<Scores>::take(context, [&](Scores& to) { to.emplace_back(view(name), value); });
  };
  const pet_scores scores{sizeof(pet_scores), 0, &collector, add};
  FailureText failure;
  const pet_status status =
      plugin_call::evaluate(*record_, x.get(), y_true.get(), y_pred.get(), &scores, failure.get());
  if (status != PET_OK) throw_failure(*record_, record_->tables.evaluate, status, failure);
  return collector.result();
}

std::vector<BasePlugin::Fold> BasePlugin::split(const XYData& x, const XYData* y) const {
  using Folds = std::vector<Fold>;
  Collector<Folds> collector;
  const auto add = [](void* context, const std::int64_t* train, std::uint64_t train_count,
                      const std::int64_t* test, std::uint64_t test_count) {
    return Collector<Folds>::take(context, [&](Folds& to) {
      to.push_back({{train, train + train_count}, {test, test + test_count}});
    });
  };
  const pet_folds folds{sizeof(pet_folds), 0, &collector, add};
  FailureText failure;
  const pet_status status =
      plugin_call::split(*record_, x.get(), tensor_of(y), &folds, failure.get());
  if (status != PET_OK) throw_failure(*record_, record_->tables.split, status, failure);
  return collector.result();
}

std::vector<BasePlugin::Trial> BasePlugin::optimize(const XYData& x, const XYData* y) {
  using Trials = std::vector<Trial>;
  Collector<Trials> collector;
  const auto add = [](void* context, const pet_value* overrides, double score) {
    Collector<Trials>::take(context, [&](Trials& to) {
      to.push_back({object_from_boundary(overrides), score});
    });
  };
  const pet_trials trials{sizeof(pet_trials), 0, &collector, add};
  FailureText failure;
  const pet_status status =
      plugin_call::optimize(*record_, x.get(), tensor_of(y), &trials, failure.get());
  if (status != PET_OK) throw_failure(*record_, record_->tables.optimize, status, failure);
  return collector.result();
}

std::string BasePlugin::save_state() const {
  Collector<std::string> collector;
  const auto write = [](void* context, const void* data, std::uint64_t size) {
    return Collector<std::string>::take(context, [&](std::string& to) {
      to.append(static_cast<const char*>(data), static_cast<std::size_t>(size));
    });
  };
  const pet_sink sink{sizeof(pet_sink), 0, &collector, write};
  FailureText failure;
  const pet_status status = plugin_call::save_state(*record_, &sink, failure.get());
  if (status != PET_OK) throw_failure(*record_, record_->tables.save_state, status, failure);
  return collector.result();
}

void BasePlugin::load_state(std::string_view bytes) {
  FailureText failure;
  const pet_status status =
      plugin_call::load_state(*record_, {bytes.data(), bytes.size()}, failure.get());
  if (status != PET_OK) throw_failure(*record_, record_->tables.load_state, status, failure);
}

void BasePlugin::set(std::string_view name, ParamValue value) {
  const PetClass::Record& clazz = record_->class_record();
  const auto refuse = [&clazz](const std::string& text) {
    throw Error(
        ErrorCode::kBadParams, clazz.label + " set: " + text,
        {.class_name = clazz.facts->name, .hash = clazz.hash ? clazz.hash->hex() : "", .key = ""});
  };
  const ParameterFacts* parameter = clazz.facts->parameter(name);
  if (parameter == nullptr) refuse("no parameter '" + std::string(name) + "'");
  if (!parameter->type.tunable || record_->tables.set == nullptr) {
    refuse("parameter '" + parameter->name +
           "' is fixed when the instance is made; clone it with another value");
  }
  const std::string problem = accept_value(*parameter, value);
  if (!problem.empty()) refuse(problem);

  ValueArena arena;
  const pet_value converted = to_boundary(value, arena);
  FailureText failure;
  const pet_status status =
      record_->tables.set(record_->instance, {name.data(), name.size()}, &converted, failure.get());
  if (status == PET_OK) {
    std::swap(*record_->params.find(name), value);
    ++parameter_changes;
  }
  // Whatever the outcome, the instance may have seen the new value, and may still use the old one.
  if (holds_handles(value)) record_->retired.push_back(std::move(value));
  if (status == PET_OK) return;
  label_failure(clazz, "set", status, failure.get());
  throw_failure(*record_, record_->tables.set, status, failure);
}

ParamObject BasePlugin::item_dump(std::span<const std::string> include) const {
  return dump_of(*this, include);
}

void BasePlugin::set_attribute(std::string name, ParamValue value) {
  if (name.empty() || name.front() != '_') {
    throw Error(ErrorCode::kUsage,
                "a private attribute's name begins with '_', '" + name + "' does not");
  }
  record_->attributes.set(std::move(name), std::move(value));
  ++parameter_changes;
}

BasePlugin BasePlugin::clone(const ParamObject& overrides) const {
  return clone_with(*this, overrides);
}

const void* BasePlugin::query(const char* interface_id) const noexcept {
  return record_->class_record().entry->query(interface_id);
}

bool operator==(const BasePlugin& a, const BasePlugin& b) {
  return a.same_instance(b) || (a.get_class() == b.get_class() && a.params() == b.params());
}

}  // namespace pet
