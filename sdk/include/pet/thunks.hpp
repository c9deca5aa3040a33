// The C tables of a class, and the functions in them that call its methods.
//
// Internal to the SDK. Every function here is entered from C: it checks what it was given, borrows
// the inputs, calls the method and lets nothing out but a status and a text. What does not depend
// on the class is not a template, which keeps binaries small.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "pet/abi.h"
#include "pet/param_state.hpp"
#include "pet/plugin.hpp"
#include "pet/setters.hpp"
#include "pet/traits.hpp"

namespace pet {
namespace detail {

[[noreturn, gnu::cold]] inline void fail_given(const char* what) {
  throw Failure::bad_input(std::string("the caller gave no ") + what);
}

template <class P>
P* given(P* pointer, const char* what) {
  if (pointer == nullptr) fail_given(what);
  return pointer;
}

inline const pet_host* accepted(const pet_host* host) {
  given(host, "host");
  if (host->size >= sizeof(pet_host) && host->abi_major == PET_ABI_MAJOR) return host;
  throw Failure::unsupported("this class speaks ABI " + std::to_string(PET_ABI_MAJOR) +
                             ", the host " + std::to_string(host->abi_major));
}

// What a method returned, as a tensor of the host's: itself when it is one, else a copy.
inline pet_tensor* to_host(const Host& host, XYData result) {
  if (!result) throw Failure::failed("predict returned nothing");
  if (result.owns_tensor() && result.get()->deleter != delete_tensor) return result.release();
  XYData copy = host.tensor_like(result);
  result.copy_to(copy.raw_data());
  return copy.release();
}

inline void write_all(const pet_sink* sink, std::string_view bytes) {
  given(sink, "sink");
  const pet_status status = sink->write(sink->context, bytes.data(), bytes.size());
  if (status != PET_OK) throw Failure(status, "the caller did not take the state's bytes");
}

template <class T>
struct Thunks {
  static T& self_of(pet_instance* self) { return *reinterpret_cast<T*>(given(self, "instance")); }
  static const T& self_of(const pet_instance* self) {
    return *reinterpret_cast<const T*>(given(self, "instance"));
  }

  // ---- the entry ----

  static pet_status create(const pet_host* host, const pet_value* params, pet_instance** out,
                           pet_failure* failure) {
    return guarded(failure, [&] {
      *given(out, "place for the instance") = nullptr;
      auto self = std::make_unique<T>();
      Access::host(*self) = Host(accepted(host));
      KeepOpen keep = nullptr;
      if constexpr (kHasOpenParams<T>) keep = keep_open<T>;
      set_params(self.get(), Access::host(*self), kSetters<T>.data(), kSetters<T>.size(), params,
                 keep);
      validate(*self);
      *out = reinterpret_cast<pet_instance*>(self.release());
    });
  }

  static void destroy(pet_instance* self) {
    guarded(nullptr, [&] { delete reinterpret_cast<T*>(self); });
  }

  static const void* query(const char* id) {
    if (id == nullptr) return nullptr;
    const auto is = [id](const char* known) { return std::strcmp(id, known) == 0; };
    if constexpr (kHasPredict<T>) {
      if (is(PET_FILTER_1)) return &kFilter;
      if (kHasFit<T> && is(PET_FILTER_FIT)) return &kFilter;
    }
    if constexpr (kHasMeasure<T>) {
      if (is(PET_METRIC_1)) return &kMetric;
    }
    if constexpr (kHasEvaluate<T>) {
      if (is(PET_PIPELINE_1)) return &kPipeline;
    }
    if constexpr (kHasSplit<T>) {
      if (is(PET_SPLITTER_1)) return &kSplitter;
    }
    if constexpr (kHasOptimize<T>) {
      if (is(PET_OPTIMIZER_1)) return &kOptimizer;
    }
    if constexpr (kHasState<T>) {
      if (is(PET_STATE_1)) return &kState;
    }
    if constexpr (kHasTunable<T>) {
      if (is(PET_PARAMS_1)) return &kParams;
    }
    if constexpr (predicts_clusters<T>()) {
      if (is(PET_CLUSTERS_1)) return &kClusters;
    }
    return nullptr;
  }

  static void validate(T& self) {
    if constexpr (Detected<ValidateCall, T>::value) self.validate();
  }

  // ---- the interfaces ----

  static pet_status predict(const pet_instance* self, const pet_tensor* x, pet_tensor** out,
                            pet_failure* failure) {
    return guarded(failure, [&] {
      *given(out, "place for the output") = nullptr;
      const XYData in = Trusted::borrow(given(x, "data"));
      const T& object = self_of(self);
      *out = to_host(Access::host(object), object.predict(in));
    });
  }

  static pet_status fit(pet_instance* self, const pet_tensor* x, const pet_tensor* y,
                        pet_failure* failure) {
    return guarded(failure, [&] {
      const XYData in = Trusted::borrow(given(x, "data"));
      const XYData labels = Trusted::borrow(y);
      if constexpr (Detected<FitBothCall, T>::value) {
        self_of(self).fit(in, labels);
      } else if constexpr (Detected<FitCall, T>::value) {
        self_of(self).fit(in);
      }
    });
  }

  static pet_status measure(const pet_instance* self, const pet_tensor* x, const pet_tensor* y_true,
                            const pet_tensor* y_pred, double* out, pet_failure* failure) {
    return guarded(failure, [&] {
      given(out, "place for the value");
      const XYData truth = Trusted::borrow(y_true);
      const XYData predicted = Trusted::borrow(given(y_pred, "prediction"));
      if constexpr (Detected<MeasureAllCall, T>::value) {
        *out = self_of(self).measure(Trusted::borrow(x), truth, predicted);
      } else {
        *out = self_of(self).measure(truth, predicted);
      }
    });
  }

  static pet_status evaluate(const pet_instance* self, const pet_tensor* x,
                             const pet_tensor* y_true, const pet_tensor* y_pred,
                             const pet_scores* scores, pet_failure* failure) {
    return guarded(failure, [&] {
      Scores sink(given(scores, "place for the scores"));
      self_of(self).evaluate(Trusted::borrow(x), Trusted::borrow(y_true),
                             Trusted::borrow(given(y_pred, "prediction")), sink);
    });
  }

  static pet_status split(const pet_instance* self, const pet_tensor* x, const pet_tensor* y,
                          const pet_folds* folds, pet_failure* failure) {
    return guarded(failure, [&] {
      Folds sink(given(folds, "place for the folds"));
      self_of(self).split(Trusted::borrow(given(x, "data")), Trusted::borrow(y), sink);
    });
  }

  static pet_status optimize(pet_instance* self, const pet_tensor* x, const pet_tensor* y,
                             const pet_trials* trials, pet_failure* failure) {
    return guarded(failure, [&] {
      Trials sink(given(trials, "place for the trials"));
      self_of(self).optimize(Trusted::borrow(given(x, "data")), Trusted::borrow(y), sink);
    });
  }

  static pet_status save(const pet_instance* self, const pet_sink* sink, pet_failure* failure) {
    return guarded(failure, [&] {
      StateWriter writer(facts().name, state_schema<T>());
      if constexpr (kHasOwnState<T>) {
        self_of(self).save(writer);
      } else {
        save_fields(self_of(self), writer, StateIndices{});
        save_params(self_of(self), writer, ParamIndices<T>{});
      }
      write_all(sink, writer.finish());
    });
  }

  static pet_status load(pet_instance* self, pet_text bytes, pet_failure* failure) {
    return guarded(failure, [&] {
      StateReader reader(facts().name, state_schema<T>(), view_of(bytes));
      if constexpr (kHasOwnState<T>) {
        self_of(self).load(reader);
      } else {
        load_fields(self_of(self), reader, StateIndices{});
      }
    });
  }

  static pet_status set(pet_instance* self, pet_text name, const pet_value* value,
                        pet_failure* failure) {
    return guarded(failure, [&] {
      const Setter& setter = find_tunable(kSetters<T>.data(), kSetters<T>.size(), view_of(name));
      T& object = self_of(self);
      setter.change(&object, Access::host(object), *given(value, "value"));
    });
  }

  static constexpr ClassIdentity facts() { return pet_facts_(static_cast<const T*>(nullptr)); }

 private:
  using StateIndices = std::make_integer_sequence<int, Access::kStateCount<T>>;

  template <int... N>
  static void save_fields(const T& self, StateWriter& writer, std::integer_sequence<int, N...>) {
    (writer.put(Access::state<T, N>().name, self.*(Access::state<T, N>().field)), ...);
  }
  template <int... N>
  static void save_params(const T& self, StateWriter& writer, std::integer_sequence<int, N...>) {
    (save_param<N>(self, writer), ...);
    if constexpr (kHasOpenParams<T>) {
      for (const Field& field : Access::open_params(const_cast<T&>(self)))
        refuse_learning(Access::host(self), field.key, field.value);
    }
  }
  template <int N>
  using ParamFieldType = typename decltype(Access::param<T, N>())::Type;
  template <int N>
  static void save_param([[maybe_unused]] const T& self, [[maybe_unused]] StateWriter& writer) {
    if constexpr (ParamState<ParamFieldType<N>>::kHasState) {
      constexpr auto param = Access::param<T, N>();
      ParamState<ParamFieldType<N>>::save(Access::host(self), param.name, self.*param.field,
                                          writer);
    }
  }
  template <int... N>
  static void load_params(T& self, const StateReader& reader, std::integer_sequence<int, N...>) {
    (load_param<N>(self, reader), ...);
  }
  template <int N>
  static void load_param([[maybe_unused]] T& self, [[maybe_unused]] const StateReader& reader) {
    if constexpr (ParamState<ParamFieldType<N>>::kHasState) {
      constexpr auto param = Access::param<T, N>();
      ParamState<ParamFieldType<N>>::load(param.name, self.*param.field, reader);
    }
  }
  // All fields are read, and the children loaded, before the first field is changed. An older
  // schema may lack fields: those keep what they have.
  template <int... N>
  static void load_fields(T& self, const StateReader& reader, std::integer_sequence<int, N...>) {
    const bool older = reader.schema() < state_schema<T>();
    auto values = std::make_tuple(read_field<N>(reader, older)...);
    load_params(self, reader, ParamIndices<T>{});
    (move_field<N>(self, std::get<static_cast<std::size_t>(N)>(values)), ...);
  }
  template <int N>
  using StateFieldType = typename decltype(Access::state<T, N>())::Type;
  template <int N>
  static std::unique_ptr<StateFieldType<N>> read_field(const StateReader& reader, bool older) {
    const std::string_view name = Access::state<T, N>().name;
    if (older && !reader.has(name)) return nullptr;
    return std::make_unique<StateFieldType<N>>(reader.template get<StateFieldType<N>>(name));
  }
  template <int N>
  static void move_field(T& self, std::unique_ptr<StateFieldType<N>>& value) {
    if (value != nullptr) self.*(Access::state<T, N>().field) = std::move(*value);
  }

 public:
  // Tables of what a class lacks are never referred to, so they and their functions do not exist.
  static constexpr pet_filter_v1 filter_table() {
    pet_filter_v1 table{sizeof(pet_filter_v1), 0, predict, nullptr};
    if constexpr (kHasFit<T>) table.fit = fit;
    return table;
  }
  static constexpr pet_filter_v1 kFilter = filter_table();
  static constexpr pet_metric_v1 kMetric{sizeof(pet_metric_v1), higher_better<T>() ? 1u : 0u,
                                         measure};
  static constexpr pet_pipeline_v1 kPipeline{sizeof(pet_pipeline_v1), 0, evaluate};
  static constexpr pet_splitter_v1 kSplitter{sizeof(pet_splitter_v1), 0, split};
  static constexpr pet_optimizer_v1 kOptimizer{sizeof(pet_optimizer_v1), 0, optimize};
  static constexpr pet_state_v1 kState{sizeof(pet_state_v1), state_schema<T>(), save, load};
  static constexpr pet_params_v1 kParams{sizeof(pet_params_v1), 0, set};
  static constexpr pet_clusters_v1 kClusters{sizeof(pet_clusters_v1), 0};
};

// ---- notes and entry ----

template <class T, int N, class Out>
constexpr void put_param_note(Out& out) {
  put_note(out, PET_NOTE_PARAM, [](auto& to) {
    constexpr auto param = Access::param<T, N>();
    using Type = ParamType<typename decltype(param)::Type>;
    put_number(to, N, 4);
    put_text(to, param.name);
    to.byte(Type::kType);
    to.byte(static_cast<std::uint8_t>(Type::kFlags | (param.tunable ? PET_PARAM_TUNABLE : 0)));
    to.byte(param.default_value.given() ? 1 : 0);
    if (param.default_value.given()) param.default_value.put(to);
    put_text(to, param.doc);
  });
}

template <class T, class Out, int... N>
constexpr void put_param_notes(Out& out, std::integer_sequence<int, N...>) {
  (put_param_note<T, N>(out), ...);
}

template <class T, class Out>
constexpr void put_interface_notes(Out& out) {
  if (kHasPredict<T>) put_text_note(out, PET_NOTE_INTERFACE, PET_FILTER_1);
  if (kHasPredict<T> && kHasFit<T>) put_text_note(out, PET_NOTE_INTERFACE, PET_FILTER_FIT);
  if (kHasMeasure<T>) put_text_note(out, PET_NOTE_INTERFACE, PET_METRIC_1);
  if (kHasEvaluate<T>) put_text_note(out, PET_NOTE_INTERFACE, PET_PIPELINE_1);
  if (kHasSplit<T>) put_text_note(out, PET_NOTE_INTERFACE, PET_SPLITTER_1);
  if (kHasOptimize<T>) put_text_note(out, PET_NOTE_INTERFACE, PET_OPTIMIZER_1);
  if (kHasState<T>) put_text_note(out, PET_NOTE_INTERFACE, PET_STATE_1);
  if (kHasTunable<T>) put_text_note(out, PET_NOTE_INTERFACE, PET_PARAMS_1);
  if (predicts_clusters<T>()) put_text_note(out, PET_NOTE_INTERFACE, PET_CLUSTERS_1);
}

template <class T, class Out>
constexpr void put_notes(Out& out) {
  put_note(out, PET_NOTE_ABI, [](auto& to) {
    put_number(to, PET_ABI_MAJOR, 2);
    put_number(to, PET_ABI_MINOR, 2);
  });
  constexpr ClassIdentity facts = Thunks<T>::facts();
  put_text_note(out, PET_NOTE_CLASS, facts.name);
  put_text_note(out, PET_NOTE_KIND, T::pet_kind_::kName);
  if (!facts.version.empty()) put_text_note(out, PET_NOTE_VERSION, facts.version);
  if (!Access::doc<T>().empty()) put_text_note(out, PET_NOTE_DOC, Access::doc<T>());
  put_interface_notes<T>(out);
  if (kHasState<T>) {
    put_note(out, PET_NOTE_STATE_SCHEMA, [](auto& to) { put_number(to, state_schema<T>(), 4); });
  }
  put_text_note(out, PET_NOTE_ISA, isa_level());
  put_text_note(out, PET_NOTE_COMPILER, compiler_name());
  if (kHasOpenParams<T>) put_note(out, PET_NOTE_OPEN_PARAMS, [](auto&) {});
  put_param_notes<T>(out, ParamIndices<T>{});
}

template <class T>
constexpr std::size_t notes_size() {
  NoteCounter counter;
  put_notes<T>(counter);
  return counter.size();
}

template <class T>
constexpr auto notes_of() {
  NoteBytes<notes_size<T>()> out;
  put_notes<T>(out);
  return out.bytes();
}

template <class T>
inline constexpr auto kNotes = notes_of<T>();

template <class T>
constexpr pet_entry make_entry(pet_text notes) {
  check_class<T>();
  return {sizeof(pet_entry),
          PET_ABI_MAJOR,
          PET_ABI_MINOR,
          text_of(Thunks<T>::facts().name),
          notes,
          Thunks<T>::create,
          Thunks<T>::destroy,
          Thunks<T>::query};
}

template <class T>
inline constexpr pet_entry kEntry = make_entry<T>({kNotes<T>.data(), kNotes<T>.size()});

}  // namespace detail

// The entry of a class that is compiled in: what a binary's pet_entry_v1 would be. Valid for ever.
// REQUIRES: PET_CLASS(T) or PET_PLUGIN(T).
template <class T>
constexpr const pet_entry& entry_of() {
  return detail::kEntry<T>;
}

}  // namespace pet
