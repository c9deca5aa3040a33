// The base of every class, and the macros that make one known.
//
//   PET_PLUGIN(MyFilter)             once in a source file: this binary holds MyFilter. With a
//                                    second argument, or VERSION of pet_add_plugin, the class's
//                                    notes carry that version.
//   PET_CLASS(MyFilter)              for a class compiled into an application:
//                                    pet::entry_of<MyFilter>() exists.
//
// Both stand in the namespace of the class, after its definition. Authors include pet/filter.hpp or
// one of its neighbours, which name the methods that a class of their kind has. The methods
// themselves are found at compile time: a class with a fit() can be fitted, one without cannot, and
// its notes say which.
//
// Lifetime: the host creates an instance, gives it its parameters, calls validate() if there is
//           one, then the methods.
// Threads:  const methods run on many threads at once; the others alone.
// Throws:   nothing crosses: the thunks (pet/thunks.hpp) turn every exception into a status and a
//           text.
#pragma once

#include <string_view>
#include <vector>

#include "pet/abi.h"
#include "pet/host.hpp"
#include "pet/params.hpp"
#include "pet/state.hpp"
#include "pet/xydata.hpp"

namespace pet {

namespace detail {
struct ClassIdentity {
  std::string_view name;
  std::string_view version;
};
}  // namespace detail

template <class T>
class Plugin {
 public:
  using pet_self_ = T;
  static constexpr std::string_view pet_doc_ = "";

  Plugin() = default;
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

 protected:
  const Host& host() const noexcept { return host_; }

  // New data in the host's memory, uninitialised: what predict() returns without a copy.
  XYData like(const XYData& x) const { return host_.tensor_like(x); }
  template <class U>
  XYData make(const Shape& shape) const {
    return host_.tensor(dtype_of<U>(), shape);
  }
  XYData make(pet_dtype dtype, const Shape& shape) const { return host_.tensor(dtype, shape); }
  // The parts side by side (XYData::concat_columns).
  XYData concat_columns(const std::vector<XYData>& parts) const {
    XYData out = host_.tensor(XYData::concat_dtype(parts), XYData::concat_shape(parts));
    XYData::concat_columns(parts, out);
    return out;
  }

 private:
  friend struct detail::Access;
  Host host_;
};

}  // namespace pet

#define PET_DOC(text_)                 \
  friend struct ::pet::detail::Access; \
  static constexpr std::string_view pet_doc_ = text_

#include "pet/thunks.hpp"

#ifndef PET_PLUGIN_VERSION
#define PET_PLUGIN_VERSION ""
#endif

#define PET_CLASS(...) PET_PICK_(__VA_ARGS__, PET_CLASS_2_, PET_CLASS_1_, )(__VA_ARGS__)
#define PET_PLUGIN(...) PET_PICK_(__VA_ARGS__, PET_PLUGIN_2_, PET_PLUGIN_1_, )(__VA_ARGS__)
#define PET_PICK_(first, second, macro, ...) macro

#define PET_CLASS_1_(T) PET_CLASS_2_(T, PET_PLUGIN_VERSION)
#define PET_CLASS_2_(T, version)                                                        \
  constexpr ::pet::detail::ClassIdentity pet_facts_(const T*) { return {#T, version}; } \
  static_assert(::pet::detail::is_class_name(#T),                                       \
                "PET_CLASS and PET_PLUGIN stand in the namespace of the class "         \
                "and take its plain name, of at most 128 characters");

#define PET_PLUGIN_1_(T) PET_PLUGIN_2_(T, PET_PLUGIN_VERSION)
#ifdef PET_STATIC_PLUGINS
// Built-ins of an application: found by name at link time instead of by the one exported symbol.
#define PET_PLUGIN_2_(T, version)                                                \
  PET_CLASS_2_(T, version)                                                       \
  extern "C" {                                                                   \
  extern const pet_entry pet_builtin_##T;                                        \
  PET_CONSTINIT_ const pet_entry pet_builtin_##T = ::pet::detail::make_entry<T>( \
      {::pet::detail::kNotes<T>.data(), ::pet::detail::kNotes<T>.size()});       \
  }
#else
#define PET_PLUGIN_2_(T, version)                                                 \
  PET_CLASS_2_(T, version)                                                        \
  namespace {                                                                     \
  PET_NOTE_SECTION_ constexpr auto pet_notes_##T = ::pet::detail::notes_of<T>();  \
  }                                                                               \
  extern "C" {                                                                    \
  PET_EXPORT_ extern const pet_entry pet_entry_v1;                                \
  PET_CONSTINIT_ const pet_entry pet_entry_v1 =                                   \
      ::pet::detail::make_entry<T>({pet_notes_##T.data(), pet_notes_##T.size()}); \
  }
#endif

#if defined(_WIN32)
#define PET_EXPORT_ __declspec(dllexport)
#define PET_NOTE_SECTION_
#else
#define PET_EXPORT_ __attribute__((visibility("default")))
#define PET_NOTE_SECTION_ __attribute__((section(".note.pet"), used, aligned(4)))
#endif

// The loader must not run code to make an entry.
#if defined(__clang__)
#define PET_CONSTINIT_ [[clang::require_constant_initialization]]
#elif defined(__GNUC__)
#define PET_CONSTINIT_ __constinit
#else
#define PET_CONSTINIT_
#endif
