#include "core/loader/class_record.hpp"
#include "core/loader/clone.hpp"
#include "core/loader/dump.hpp"
#include "core/loader/failure_text.hpp"
#include "core/loader/host_services.hpp"
#include "core/loader/instance_record.hpp"
#include "core/loader/plugin_call.hpp"
#include "core/loader/value_bridge.hpp"

namespace pet {
namespace {

using Record = BasePlugin::Record;

pet_text to_text(const std::string& text) noexcept { return {text.data(), text.size()}; }

pet_text class_name(const pet_host*, const pet_child* child) noexcept {
  return to_text(Record::of(child).class_record().facts->name);
}

pet_text kind(const pet_host*, const pet_child* child) noexcept {
  return to_text(Record::of(child).class_record().facts->kind);
}

std::int32_t has(const pet_host*, const pet_child* child, const char* id) noexcept {
  return id != nullptr && Record::of(child).clazz.has(id) ? 1 : 0;
}

const pet_value* describe(const pet_host*, const pet_child* child) noexcept {
  try {
    Record& record = Record::of(child);
    return record.description.get([&] { return description_of(record.as_plugin()); });
  } catch (...) {
    return nullptr;  // no memory
  }
}

const pet_value* grid(const pet_host*, const pet_child* child) noexcept {
  try {
    Record& record = Record::of(child);
    return record.grid.get([&] { return grid_of(record.as_plugin()); });
  } catch (...) {
    return nullptr;  // no memory
  }
}

pet_status predict(const pet_host*, const pet_child* child, const pet_tensor* x, pet_tensor** out,
                   pet_failure* failure) noexcept {
  return plugin_call::predict(Record::of(child), x, out, failure);
}

pet_status fit(const pet_host*, pet_child* child, const pet_tensor* x, const pet_tensor* y,
               pet_failure* failure) noexcept {
  return plugin_call::fit(Record::of(child), x, y, failure);
}

pet_status measure(const pet_host*, const pet_child* metric, const pet_tensor* x,
                   const pet_tensor* y_true, const pet_tensor* y_pred, double* out,
                   pet_failure* failure) noexcept {
  return plugin_call::measure(Record::of(metric), x, y_true, y_pred, out, failure);
}

std::int32_t higher_better(const pet_host*, const pet_child* metric) noexcept {
  return Record::of(metric).tables.higher_better ? 1 : 0;
}

pet_status evaluate(const pet_host*, const pet_child* pipeline, const pet_tensor* x,
                    const pet_tensor* y_true, const pet_tensor* y_pred, const pet_scores* scores,
                    pet_failure* failure) noexcept {
  return plugin_call::evaluate(Record::of(pipeline), x, y_true, y_pred, scores, failure);
}

pet_status split(const pet_host*, const pet_child* splitter, const pet_tensor* x,
                 const pet_tensor* y, const pet_folds* folds, pet_failure* failure) noexcept {
  return plugin_call::split(Record::of(splitter), x, y, folds, failure);
}

pet_status save_state(const pet_host*, const pet_child* child, const pet_sink* sink,
                      pet_failure* failure) noexcept {
  return plugin_call::save_state(Record::of(child), sink, failure);
}

pet_status load_state(const pet_host*, pet_child* child, pet_text bytes,
                      pet_failure* failure) noexcept {
  return plugin_call::load_state(Record::of(child), bytes, failure);
}

pet_status clone(const pet_host* host, const pet_child* child, const pet_value* overrides,
                 pet_child** out, pet_failure* failure) noexcept {
  return guarded_service(failure, [&] {
    BasePlugin copy = clone_with(Record::of(child).as_plugin(), object_from_boundary(overrides));
    *out = Record::of(host).adopt(copy.record());
    return PET_OK;
  });
}

pet_status instantiate(const pet_host* host, pet_class* clazz, const pet_value* params,
                       pet_child** out, pet_failure* failure) noexcept {
  return guarded_service(failure, [&] {
    const PetClass known = PetClass::Record::as_class(PetClass::Record::of(clazz));
    Record& owner = Record::of(host);
    *out = owner.adopt(known.create(object_from_boundary(params), owner.host).record());
    return PET_OK;
  });
}

// A child that the instance does not own stays: a parent may not end what it only borrows.
void release(const pet_host* host, pet_child* child) noexcept {
  if (child != nullptr) Record::of(host).give_back(child);
}

}  // namespace

const pet_host_instances_v1 kHostInstances{
    .size = sizeof(pet_host_instances_v1),
    .reserved = 0,
    .class_name = class_name,
    .kind = kind,
    .has = has,
    .describe = describe,
    .grid = grid,
    .predict = predict,
    .fit = fit,
    .measure = measure,
    .higher_better = higher_better,
    .evaluate = evaluate,
    .split = split,
    .save_state = save_state,
    .load_state = load_state,
    .clone = clone,
    .instantiate = instantiate,
    .release = release,
};

}  // namespace pet
