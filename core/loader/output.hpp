// What a plugin answered becomes the caller's: checked, and copied where it is not the host's own.
// (Inside core/loader only.)
#pragma once

#include <pet/abi.h>

namespace pet {

// Whether a tensor of host_tensor_new describes elements inside its own allocation, with its own
// arrays.
bool is_sound_host_tensor(const pet_tensor* tensor) noexcept;

// `input` is what the plugin was given, *out what it answered. A sound tensor of the host's passes;
// another's, or the input, is copied, and released if it is its maker's to give away. Anything else
// is released where that is possible, and reported. *out is a sound tensor of the host's when the
// result is PET_OK, else NULL.
pet_status accept_output(const pet_tensor* input, pet_tensor** out, pet_failure* failure) noexcept;

}  // namespace pet
