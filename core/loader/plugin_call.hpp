// Calls of an instance's functions, with a status: what BasePlugin's methods and a parent's calls
// of its children share. (Inside core/loader only.)
//
// A failure's text begins with class, hash and method, and a child's with its own before the
// parent's is put in front: "Wrapper 81c2d0… fit: KnnFilter 3fa9c1… fit: expected …". A function
// that the class lacks is PET_UNSUPPORTED, fit PET_NOT_TRAINABLE.
#pragma once

#include <pet/abi.h>

#include "core/loader/failure_text.hpp"
#include "core/loader/instance_record.hpp"
#include "core/loader/tensor_block.hpp"

namespace pet::plugin_call {

// The failure of an ability that the class lacks.
pet_status lacks(const PetClass::Record& clazz, std::string_view method, pet_status status,
                 pet_failure* failure) noexcept;

// Checks, copies or refuses what predict answered with PET_OK.
pet_status finish_predict(const BasePlugin::Record& record, const pet_tensor* x, pet_tensor** out,
                          pet_failure* failure) noexcept;

inline pet_status finish(const BasePlugin::Record& record, std::string_view method,
                         pet_status status, pet_failure* failure) noexcept {
  if (status == PET_OK) [[likely]]
    return PET_OK;
  return label_failure(record.class_record(), method, status, failure);
}

inline pet_status predict(const BasePlugin::Record& record, const pet_tensor* x, pet_tensor** out,
                          pet_failure* failure) noexcept {
  *out = nullptr;
  if (record.tables.predict == nullptr) [[unlikely]] {
    return lacks(record.class_record(), "predict", PET_UNSUPPORTED, failure);
  }
  const pet_status status = record.tables.predict(record.instance, x, out, failure);
  if (status != PET_OK) [[unlikely]]
    return finish(record, "predict", status, failure);
  if (is_host_tensor(*out) && *out != x && TensorBlock::of(*out)->is_as_made()) [[likely]] {
    return PET_OK;
  }
  return finish_predict(record, x, out, failure);
}

pet_status fit(BasePlugin::Record& record, const pet_tensor* x, const pet_tensor* y,
               pet_failure* failure) noexcept;
pet_status measure(const BasePlugin::Record& record, const pet_tensor* x, const pet_tensor* y_true,
                   const pet_tensor* y_pred, double* out, pet_failure* failure) noexcept;
pet_status evaluate(const BasePlugin::Record& record, const pet_tensor* x, const pet_tensor* y_true,
                    const pet_tensor* y_pred, const pet_scores* scores,
                    pet_failure* failure) noexcept;
pet_status split(const BasePlugin::Record& record, const pet_tensor* x, const pet_tensor* y,
                 const pet_folds* folds, pet_failure* failure) noexcept;
pet_status optimize(BasePlugin::Record& record, const pet_tensor* x, const pet_tensor* y,
                    const pet_trials* trials, pet_failure* failure) noexcept;
pet_status save_state(const BasePlugin::Record& record, const pet_sink* sink,
                      pet_failure* failure) noexcept;
pet_status load_state(BasePlugin::Record& record, pet_text bytes, pet_failure* failure) noexcept;

}  // namespace pet::plugin_call
