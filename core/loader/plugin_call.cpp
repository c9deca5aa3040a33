#include "core/loader/plugin_call.hpp"

#include <string>

#include "core/loader/output.hpp"

namespace pet::plugin_call {
namespace {

template <class Function, class... Args>
pet_status call(const BasePlugin::Record& record, std::string_view method, Function function,
                pet_failure* failure, Args... args) noexcept {
  if (function == nullptr) return lacks(record.class_record(), method, PET_UNSUPPORTED, failure);
  return finish(record, method, function(record.instance, args..., failure), failure);
}

}  // namespace

pet_status lacks(const PetClass::Record& clazz, std::string_view method, pet_status status,
                 pet_failure* failure) noexcept {
  try {
    std::string text = status == PET_NOT_TRAINABLE
                           ? "it learns nothing, so there is nothing to fit"
                           : "a " + clazz.facts->kind + " has no " + std::string(method);
    report(failure, status, text);
  } catch (const std::bad_alloc&) {
    report(failure, status, "it has no such function");
  }
  return label_failure(clazz, method, status, failure);
}

pet_status finish_predict(const BasePlugin::Record& record, const pet_tensor* x, pet_tensor** out,
                          pet_failure* failure) noexcept {
  return finish(record, "predict", accept_output(x, out, failure), failure);
}

pet_status fit(BasePlugin::Record& record, const pet_tensor* x, const pet_tensor* y,
               pet_failure* failure) noexcept {
  if (record.tables.fit == nullptr) {
    return lacks(record.class_record(), "fit", PET_NOT_TRAINABLE, failure);
  }
  return finish(record, "fit", record.tables.fit(record.instance, x, y, failure), failure);
}

pet_status measure(const BasePlugin::Record& record, const pet_tensor* x, const pet_tensor* y_true,
                   const pet_tensor* y_pred, double* out, pet_failure* failure) noexcept {
  return call(record, "measure", record.tables.measure, failure, x, y_true, y_pred, out);
}

pet_status evaluate(const BasePlugin::Record& record, const pet_tensor* x, const pet_tensor* y_true,
                    const pet_tensor* y_pred, const pet_scores* scores,
                    pet_failure* failure) noexcept {
  return call(record, "evaluate", record.tables.evaluate, failure, x, y_true, y_pred, scores);
}

pet_status split(const BasePlugin::Record& record, const pet_tensor* x, const pet_tensor* y,
                 const pet_folds* folds, pet_failure* failure) noexcept {
  return call(record, "split", record.tables.split, failure, x, y, folds);
}

pet_status optimize(BasePlugin::Record& record, const pet_tensor* x, const pet_tensor* y,
                    const pet_trials* trials, pet_failure* failure) noexcept {
  return call(record, "optimize", record.tables.optimize, failure, x, y, trials);
}

pet_status save_state(const BasePlugin::Record& record, const pet_sink* sink,
                      pet_failure* failure) noexcept {
  return call(record, "save_state", record.tables.save_state, failure, sink);
}

pet_status load_state(BasePlugin::Record& record, pet_text bytes, pet_failure* failure) noexcept {
  return call(record, "load_state", record.tables.load_state, failure, bytes);
}

}  // namespace pet::plugin_call
