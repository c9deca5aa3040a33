// Failures on their way across the boundary: the buffer that a plugin writes into, and what its
// status means as an error of ours and back. (Inside core/loader only.)
#pragma once

#include <pet/abi.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "core/loader/pet_class.hpp"
#include "storage/error.hpp"

namespace pet {

// On the stack of whoever calls a plugin; costs nothing while nothing fails.
class FailureText {
 public:
  FailureText() noexcept : failure_{sizeof(pet_failure), 0, text_, sizeof text_, 0} {}
  FailureText(const FailureText&) = delete;
  FailureText& operator=(const FailureText&) = delete;

  pet_failure* get() noexcept { return &failure_; }
  // Never more than the buffer, whatever the plugin claims to have written.
  std::string_view text() const noexcept {
    return {text_,
            static_cast<std::size_t>(std::min<std::uint64_t>(failure_.length, sizeof text_))};
  }

 private:
  char text_[2048];
  pet_failure failure_;
};

// Writes `text` into `failure`, cut where it no longer fits. Returns `status`.
pet_status report(pet_failure* failure, pet_status status, std::string_view text) noexcept;

// Puts "MyFilter 3fa9c1… predict: " before what the class reported, or says that it reported
// nothing. Returns `status`.
pet_status label_failure(const PetClass::Record& clazz, std::string_view method, pet_status status,
                         pet_failure* failure) noexcept;

ErrorCode code_of(pet_status status) noexcept;
pet_status status_of(ErrorCode code) noexcept;

// Throws what a labelled failure means; `code` overrides the status's own.
[[noreturn]] void raise(const PetClass::Record& clazz, ErrorCode code, const FailureText& failure);
// The same of PET_BAD_INPUT: a BadInput.
[[noreturn]] void raise_bad_input(const PetClass::Record& clazz, const FailureText& failure);

// Runs body() → pet_status on behalf of a plugin. Nothing that it throws reaches the plugin.
template <class Body>
pet_status guarded_service(pet_failure* failure, Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (const Error& error) {
    return report(failure, status_of(error.code()), error.what());
  } catch (const std::bad_alloc&) {
    return report(failure, PET_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return report(failure, PET_FAILED, error.what());
  } catch (...) {
    return report(failure, PET_FAILED, "an unknown exception in the host");
  }
}

}  // namespace pet
