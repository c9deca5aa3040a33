// Defaults of parameters, as constant expressions: what stands in the third place of PET_PARAM.
//
// Default<T> is the literal twin of a field's type T. The compiler writes it into the notes; get()
// makes the field's first value from it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "pet/child.hpp"
#include "pet/notes.hpp"
#include "pet/value.hpp"

namespace pet {

// The parameter has no default: whoever creates an instance gives it.
struct Required {
  explicit constexpr Required(int) {}
};
inline constexpr Required required{0};

inline constexpr std::size_t kMaxDefaultItems = 32;

template <class T, std::size_t N>
struct ListOf {
  std::array<T, N> items;
};

// A list as a default: pet::list_of(1.0, 2.0), pet::list_of("a", "b").
template <class First, class... Rest>
constexpr auto list_of(First first, Rest... rest) {
  static_assert(1 + sizeof...(Rest) <= kMaxDefaultItems, "a default list is too long");
  using Item = std::common_type_t<First, Rest...>;  // list_of(1, 2.5) is of doubles
  return ListOf<Item, 1 + sizeof...(Rest)>{{static_cast<Item>(first), static_cast<Item>(rest)...}};
}

namespace detail {

template <class T>
constexpr bool kIsInteger = std::is_integral_v<T> && !std::is_same_v<T, bool>;
template <class T>
constexpr bool kIsNumber = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

template <class Out>
constexpr void put_scalar(Out& out, bool value) {
  out.byte(PET_TYPE_BOOL);
  out.byte(value ? 1 : 0);
}
template <class Out>
constexpr void put_scalar(Out& out, std::int64_t value) {
  out.byte(PET_TYPE_INT64);
  put_number(out, static_cast<std::uint64_t>(value), 8);
}
template <class Out>
constexpr void put_scalar(Out& out, double value) {
  out.byte(PET_TYPE_FLOAT64);
  put_number(out, __builtin_bit_cast(std::uint64_t, value), 8);
}
template <class Out>
constexpr void put_scalar(Out& out, std::string_view value) {
  out.byte(PET_TYPE_TEXT);
  put_text(out, value);
}

// `Literal` is what a constant expression can hold of a field of type T.
template <class T, class Literal>
class ScalarDefault {
 public:
  constexpr ScalarDefault() = default;
  constexpr ScalarDefault(Required) : given_(false) {}
  constexpr explicit ScalarDefault(Literal value) : value_(value) {}

  constexpr bool given() const { return given_; }
  T get() const { return T(value_); }
  template <class Out>
  constexpr void put(Out& out) const {
    put_scalar(out, value_);
  }

 private:
  Literal value_{};
  bool given_ = true;
};

// For types of which only emptiness can be a default.
template <class T, std::uint8_t Type>
class EmptyDefault {
 public:
  constexpr EmptyDefault() = default;
  constexpr EmptyDefault(Required) : given_(false) {}

  constexpr bool given() const { return given_; }
  T get() const { return T(); }
  template <class Out>
  constexpr void put(Out& out) const {
    out.byte(Type);
    if (Type == PET_TYPE_OBJECT) put_number(out, 0, 4);
  }

 private:
  bool given_ = true;
};

// A child or a class cannot be written down as a default.
template <class T>
class NoDefault {
 public:
  constexpr NoDefault(Required) {}

  constexpr bool given() const { return false; }
  T get() const { return T(); }
  template <class Out>
  constexpr void put(Out&) const {}
};

}  // namespace detail

template <class T>
class Default : public detail::NoDefault<T> {
 public:
  using detail::NoDefault<T>::NoDefault;
};

template <>
class Default<bool> : public detail::ScalarDefault<bool, bool> {
 public:
  using Base = detail::ScalarDefault<bool, bool>;
  using Base::Base;
  template <class B, std::enable_if_t<std::is_same_v<B, bool>, int> = 0>
  constexpr Default(B value) : Base(value) {}
};

template <>
class Default<std::int64_t> : public detail::ScalarDefault<std::int64_t, std::int64_t> {
 public:
  using Base = detail::ScalarDefault<std::int64_t, std::int64_t>;
  using Base::Base;
  template <class I, std::enable_if_t<detail::kIsInteger<I>, int> = 0>
  constexpr Default(I value) : Base(static_cast<std::int64_t>(value)) {}
};

template <>
class Default<double> : public detail::ScalarDefault<double, double> {
 public:
  using Base = detail::ScalarDefault<double, double>;
  using Base::Base;
  template <class N, std::enable_if_t<detail::kIsNumber<N>, int> = 0>
  constexpr Default(N value) : Base(static_cast<double>(value)) {}
};

template <>
class Default<std::string> : public detail::ScalarDefault<std::string, std::string_view> {
 public:
  using Base = detail::ScalarDefault<std::string, std::string_view>;
  using Base::Base;
  constexpr Default(const char* value) : Base(std::string_view(value)) {}
  constexpr Default(std::string_view value) : Base(value) {}
};

template <>
class Default<Object> : public detail::EmptyDefault<Object, PET_TYPE_OBJECT> {
 public:
  using detail::EmptyDefault<Object, PET_TYPE_OBJECT>::EmptyDefault;
};

// Anything: null, bool, a number or a text.
template <>
class Default<Value> {
 public:
  constexpr Default() = default;
  constexpr Default(std::nullopt_t) {}
  constexpr Default(Required) : given_(false) {}
  constexpr Default(const char* value) : type_(PET_TYPE_TEXT), text_(value) {}
  template <class T, std::enable_if_t<std::is_same_v<T, bool>, int> = 0>
  constexpr Default(T value) : type_(PET_TYPE_BOOL), boolean_(value) {}
  template <class T, std::enable_if_t<detail::kIsInteger<T>, int> = 0, class = void>
  constexpr Default(T value) : type_(PET_TYPE_INT64), int64_(value) {}
  template <class T, std::enable_if_t<std::is_floating_point_v<T>, int> = 0, class = void,
            class = void>
  constexpr Default(T value) : type_(PET_TYPE_FLOAT64), float64_(value) {}

  constexpr bool given() const { return given_; }
  Value get() const {
    switch (type_) {
      case PET_TYPE_BOOL:
        return boolean_;
      case PET_TYPE_INT64:
        return int64_;
      case PET_TYPE_FLOAT64:
        return float64_;
      case PET_TYPE_TEXT:
        return text_;
      default:
        return {};
    }
  }
  template <class Out>
  constexpr void put(Out& out) const {
    if (type_ == PET_TYPE_NULL) out.byte(PET_TYPE_NULL);
    if (type_ == PET_TYPE_BOOL) detail::put_scalar(out, boolean_);
    if (type_ == PET_TYPE_INT64) detail::put_scalar(out, int64_);
    if (type_ == PET_TYPE_FLOAT64) detail::put_scalar(out, float64_);
    if (type_ == PET_TYPE_TEXT) detail::put_scalar(out, text_);
  }

 private:
  bool given_ = true;
  std::uint8_t type_ = PET_TYPE_NULL;
  bool boolean_ = false;
  std::int64_t int64_ = 0;
  double float64_ = 0;
  std::string_view text_;
};

template <class T>
class Default<std::optional<T>> {
 public:
  constexpr Default(std::nullopt_t) {}
  constexpr Default(Required required_) : inner_(required_), is_null_(false) {}
  template <class U,
            std::enable_if_t<std::is_convertible_v<U, Default<T>> && !std::is_same_v<U, Required> &&
                                 !std::is_same_v<U, std::nullopt_t> && !std::is_same_v<U, Default>,
                             int> = 0>
  constexpr Default(U value) : inner_(value), is_null_(false) {}

  constexpr bool given() const { return is_null_ || inner_.given(); }
  std::optional<T> get() const {
    if (is_null_ || !inner_.given()) return std::nullopt;
    return inner_.get();
  }
  template <class Out>
  constexpr void put(Out& out) const {
    if (is_null_) {
      out.byte(PET_TYPE_NULL);
    } else {
      inner_.put(out);
    }
  }

 private:
  Default<T> inner_ = required;
  bool is_null_ = true;
};

template <class T>
class Default<std::vector<T>> {
 public:
  constexpr Default() = default;
  constexpr Default(Required) : given_(false) {}
  template <class U, std::size_t N>
  constexpr Default(ListOf<U, N> list) : count_(N) {
    for (std::size_t i = 0; i < N; ++i) items_[i].emplace(Default<T>(list.items[i]));
  }

  constexpr bool given() const { return given_; }
  std::vector<T> get() const {
    std::vector<T> out;
    for (std::size_t i = 0; i < count_; ++i) out.push_back(items_[i].get());
    return out;
  }
  template <class Out>
  constexpr void put(Out& out) const {
    out.byte(PET_TYPE_LIST);
    detail::put_number(out, count_, 4);
    for (std::size_t i = 0; i < count_; ++i) items_[i].put(out);
  }

 private:
  // Default<T> of children has no default constructor and need none: only `{}` can be their
  // default.
  struct Slot {
    Default<T> value = required;
    constexpr void emplace(Default<T> given) { value = given; }
    T get() const { return value.get(); }
    template <class Out>
    constexpr void put(Out& out) const {
      value.put(out);
    }
  };

  bool given_ = true;
  std::size_t count_ = 0;
  std::array<Slot, kMaxDefaultItems> items_{};
};

}  // namespace pet
