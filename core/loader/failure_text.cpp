#include "core/loader/failure_text.hpp"

#include <pet/failure.hpp>
#include <string>

#include "core/loader/bad_input.hpp"
#include "core/loader/class_record.hpp"

namespace pet {

pet_status report(pet_failure* failure, pet_status status, std::string_view text) noexcept {
  detail::write_failure(failure, text);
  return status;
}

pet_status label_failure(const PetClass::Record& clazz, std::string_view method, pet_status status,
                         pet_failure* failure) noexcept {
  if (failure == nullptr || failure->text == nullptr) return status;
  try {
    const std::uint64_t length = std::min(failure->length, failure->capacity);
    std::string text = clazz.label;
    text.append(" ").append(method).append(": ");
    if (length == 0) {
      text += "failed without a reason (status " + std::to_string(status) + ")";
    } else {
      text.append(failure->text, static_cast<std::size_t>(length));
    }
    detail::write_failure(failure, text);
  } catch (const std::bad_alloc&) {
    // The class's own text stays.
  }
  return status;
}

ErrorCode code_of(pet_status status) noexcept {
  switch (status) {
    case PET_BAD_PARAMS:
      return ErrorCode::kBadParams;
    case PET_NOT_TRAINABLE:
      return ErrorCode::kNotTrainable;
    case PET_BAD_STATE:
      return ErrorCode::kCorrupt;
    default:
      return ErrorCode::kPluginError;
  }
}

pet_status status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kBadParams:
      return PET_BAD_PARAMS;
    case ErrorCode::kNotTrainable:
      return PET_NOT_TRAINABLE;
    case ErrorCode::kCorrupt:
      return PET_BAD_STATE;
    case ErrorCode::kUsage:
    case ErrorCode::kStorageUnsupported:
      return PET_UNSUPPORTED;
    default:
      return PET_FAILED;
  }
}

namespace {

Error::Subject subject_of(const PetClass::Record& clazz) {
  return {.class_name = clazz.facts->name, .hash = clazz.hash ? clazz.hash->hex() : "", .key = ""};
}

}  // namespace

void raise(const PetClass::Record& clazz, ErrorCode code, const FailureText& failure) {
  throw Error(code, std::string(failure.text()), subject_of(clazz));
}

void raise_bad_input(const PetClass::Record& clazz, const FailureText& failure) {
  throw BadInput(std::string(failure.text()), subject_of(clazz));
}

}  // namespace pet
