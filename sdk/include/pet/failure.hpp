// pet::Failure: how code of a plugin says that it cannot do what was asked.
//
// Throw one from any method of a class; the thunks of pet/plugin.hpp catch it inside the binary and
// hand its status and text across. Any other exception arrives as PET_FAILED with its what(), so an
// author throws a Failure only to give a better code. The text says what was expected and what
// came; the host adds class, hash and method.
//
//   if (n_neighbors < 1) throw pet::Failure::bad_params("n_neighbors: expected at least 1, got 0");
//
// Lifetime: a value, like any exception. Threads: any.
#pragma once

#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "pet/abi.h"

namespace pet {

class Failure : public std::runtime_error {
 public:
  Failure(pet_status status, const std::string& text)
      : std::runtime_error(text), status_(status == PET_OK ? PET_FAILED : status) {}

  pet_status status() const noexcept { return status_; }

  static Failure failed(const std::string& text) { return {PET_FAILED, text}; }
  static Failure bad_params(const std::string& text) { return {PET_BAD_PARAMS, text}; }
  static Failure bad_input(const std::string& text) { return {PET_BAD_INPUT, text}; }
  static Failure not_trainable(const std::string& text) { return {PET_NOT_TRAINABLE, text}; }
  static Failure not_fitted(const std::string& text) { return {PET_NOT_FITTED, text}; }
  static Failure unsupported(const std::string& text) { return {PET_UNSUPPORTED, text}; }
  static Failure out_of_memory(const std::string& text) { return {PET_OUT_OF_MEMORY, text}; }
  static Failure cancelled(const std::string& text) { return {PET_CANCELLED, text}; }
  static Failure bad_state(const std::string& text) { return {PET_BAD_STATE, text}; }

 private:
  pet_status status_;
};

namespace detail {

inline std::string_view view_of(pet_text text) noexcept {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

constexpr pet_text text_of(std::string_view text) noexcept { return {text.data(), text.size()}; }

// The longest prefix of `text` that has at most `capacity` bytes and splits no UTF-8 character.
inline std::size_t cut_utf8(std::string_view text, std::size_t capacity) noexcept {
  if (text.size() <= capacity) return text.size();
  std::size_t cut = capacity;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0u) == 0x80u) --cut;
  return cut;
}

inline void write_failure(pet_failure* failure, std::string_view text) noexcept {
  if (failure == nullptr || failure->size < sizeof(pet_failure)) return;
  failure->length = 0;
  if (failure->text == nullptr) return;
  const std::size_t length = cut_utf8(text, static_cast<std::size_t>(failure->capacity));
  text.copy(failure->text, length);
  failure->length = length;
}

inline pet_status report(pet_failure* failure, pet_status status, std::string_view text) noexcept {
  write_failure(failure, text);
  return status;
}

// Inside a catch block: the exception as a status and a text. One copy of these handlers serves
// every thunk, which keeps binaries small.
inline pet_status report_exception(pet_failure* failure) noexcept {
  try {
    throw;
  } catch (const Failure& error) {
    return report(failure, error.status(), error.what());
  } catch (const std::bad_alloc&) {
    return report(failure, PET_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return report(failure, PET_FAILED, error.what());
  } catch (...) {
    return report(failure, PET_FAILED, "threw something that is not a std::exception");
  }
}

// Runs body(); nothing that it throws goes further than here.
template <class Body>
pet_status guarded(pet_failure* failure, Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return PET_OK;
  } catch (...) {
    return report_exception(failure);
  }
}

// The caller's side of a fallible call: a buffer to give along, and check() to throw what came
// back.
class FailureBuffer {
 public:
  FailureBuffer() : failure_{sizeof(pet_failure), 0, text_, sizeof text_, 0} {}
  FailureBuffer(const FailureBuffer&) = delete;
  FailureBuffer& operator=(const FailureBuffer&) = delete;

  pet_failure* get() noexcept { return &failure_; }
  std::string_view text() const noexcept {
    return {text_, static_cast<std::size_t>(failure_.length)};
  }

  void check(pet_status status) const {
    if (status == PET_OK) return;
    throw Failure(status, failure_.length == 0 ? "failed without a reason" : std::string(text()));
  }

 private:
  char text_[2048];
  pet_failure failure_;
};

}  // namespace detail
}  // namespace pet
