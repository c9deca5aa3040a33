// pet::XYData: the data that flows between classes; an n-dimensional, typed, strided tensor.
//
// A move-only handle over a pet_tensor. It is nothing (`!x`), or owns its tensor, or looks at one
// that somebody else owns: inputs of a call and views are looks, and must not outlive what they
// look at. copy with clone().
//
//   for (const double value : x.elements<double>()) total += value;  // float64, or a failure
//   auto in = x.matrix<double>();                                    // any strides
//   for (std::int64_t i = 0; i < in.rows(); ++i) total += in(i, 0);
//   pet::XYData y = pet::XYData::mock({{1.0, 2.0}, {3.0, 4.0}});
//
// Memory:   mock(), clone() and concat_columns() allocate here; what a class returns from predict()
//           is better made with like() or make<T>() of its base, which ask the host: then nothing
//           is copied.
// Threads:  const methods from any thread; others by one thread at a time.
// Throws:   pet::Failure(PET_BAD_INPUT), naming the expected and the actual type and shape.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "pet/abi.h"
#include "pet/failure.hpp"
#include "pet/tensor.hpp"
#include "pet/views.hpp"

namespace pet {

namespace detail {
struct Trusted;
}

class XYData {
 public:
  XYData() = default;
  XYData(XYData&& other) noexcept
      : tensor_(std::exchange(other.tensor_, nullptr)),
        owned_(std::exchange(other.owned_, false)) {}
  XYData& operator=(XYData&& other) noexcept {
    if (this != &other) {
      reset();
      tensor_ = std::exchange(other.tensor_, nullptr);
      owned_ = std::exchange(other.owned_, false);
    }
    return *this;
  }
  ~XYData() { reset(); }

  // ---- making one ----

  // Row-major, uninitialised, in memory of this binary.
  static XYData empty(pet_dtype dtype, const Shape& shape) {
    return owner(detail::new_tensor(dtype, shape));
  }

  // Plain numbers as a tensor: 1-D without a shape; `shape` has exactly as many elements as
  // `values`.
  template <class T>
  static XYData mock(const std::vector<T>& values, const Shape& shape) {
    return mock_from<T>(values, shape);
  }
  template <class T>
  static XYData mock(const std::vector<T>& values) {
    return mock_from<T>(values, {static_cast<std::int64_t>(values.size())});
  }
  template <class T>
  static XYData mock(std::initializer_list<T> values) {
    return mock_from<T>(values, {static_cast<std::int64_t>(values.size())});
  }
  template <class T>
  static XYData mock(std::initializer_list<T> values, const Shape& shape) {
    return mock_from<T>(values, shape);
  }
  template <class T>
  static XYData mock(std::initializer_list<std::initializer_list<T>> rows) {
    std::vector<T> values;
    const std::size_t columns = rows.size() == 0 ? 0 : rows.begin()->size();
    for (const auto& row : rows) {
      if (row.size() != columns) throw Failure::bad_input("mock: rows of different lengths");
      values.insert(values.end(), row);
    }
    return mock_from<T>(
        values, {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(columns)});
  }

  // Takes over a tensor with its deleter; it is released even when it is malformed and this throws.
  static XYData adopt(pet_tensor* tensor) {
    XYData data = owner(tensor);
    if (tensor != nullptr) check(*tensor);
    return data;
  }
  // Looks at a tensor that stays the caller's and outlives the result. NULL gives nothing.
  static XYData borrow(const pet_tensor* tensor) {
    if (tensor != nullptr) check(*tensor);
    return looker(tensor);
  }
  // Gives the tensor away: the caller calls its deleter. REQUIRES: owns_tensor() or a view; NULL when
  // nothing.
  pet_tensor* release() noexcept {
    owned_ = false;
    return std::exchange(tensor_, nullptr);
  }
  const pet_tensor* get() const noexcept { return tensor_; }

  // ---- asking ----

  explicit operator bool() const noexcept { return tensor_ != nullptr; }
  // True when this handle deletes its tensor: false for nothing and for borrowed ones.
  bool owns_tensor() const noexcept { return owned_; }
  bool is_read_only() const noexcept {
    return tensor_ != nullptr && (!owned_ || (tensor_->flags & PET_TENSOR_READ_ONLY) != 0);
  }
  pet_dtype dtype() const { return array().dtype; }
  template <class T>
  bool is() const {
    return same_dtype(dtype(), dtype_of<T>());
  }
  std::int32_t ndim() const { return array().ndim; }
  Shape shape() const { return Shape(array().shape, array().shape + ndim()); }
  std::int64_t extent(std::int32_t dimension) const {
    if (dimension < 0 || dimension >= ndim()) {
      throw Failure::bad_input("no dimension " + std::to_string(dimension) + " in " + describe());
    }
    return array().shape[dimension];
  }
  // In elements, filled in also where the tensor leaves them out.
  Shape strides() const {
    Shape out(static_cast<std::size_t>(ndim()));
    if (array().strides != nullptr) {
      std::copy_n(array().strides, out.size(), out.begin());
    } else {
      detail::fill_row_major(out.data(), array().shape, ndim());
    }
    return out;
  }
  std::int64_t rows() const { return ndim() == 0 ? 1 : array().shape[0]; }
  // Elements in one row: 1 for 1-D data.
  std::int64_t columns() const {
    return ndim() < 2 ? 1 : detail::count_elements(array().shape + 1, ndim() - 1);
  }
  std::int64_t size() const { return detail::count_elements(array().shape, ndim()); }
  bool is_contiguous() const { return detail::is_row_major(array()); }
  // "float64 [45, 4]"; "nothing" for an empty handle.
  std::string describe() const {
    if (tensor_ == nullptr) return "nothing";
    return dtype_name(tensor_->array.dtype) + " " +
           shape_text(tensor_->array.shape, tensor_->array.ndim);
  }
  // Fails unless there are that many columns: "expected 4 columns, got float64 [45, 3]".
  void require_columns(std::int64_t expected) const {
    if (columns() == expected) return;
    throw Failure::bad_input("expected " + std::to_string(expected) + " columns, got " +
                             describe());
  }
  void require_rows(std::int64_t expected) const {
    if (rows() == expected) return;
    throw Failure::bad_input("expected " + std::to_string(expected) + " rows, got " + describe());
  }

  // ---- elements ----

  // All elements in row-major order. Fails on another type, on gaps between rows (see matrix()),
  // and, when asked for writing, on read-only data.
  template <class T>
  const T* data() const {
    return contiguous<T>();
  }
  template <class T>
  T* data() {
    require_writable();
    return contiguous<T>();
  }

  // The same as a range. Ask once, not for every element: each call checks type and strides.
  template <class T>
  Elements<const T> elements() const {
    return {data<T>(), size()};
  }
  template <class T>
  Elements<T> elements() {
    return {data<T>(), size()};
  }

  // 1-D data is one column. Fails on another type, on more than two dimensions, and on writing to
  // read-only data.
  template <class T>
  MatrixView<const T> matrix() const {
    return matrix_view<const T>();
  }
  template <class T>
  MatrixView<T> matrix() {
    require_writable();
    return matrix_view<T>();
  }

  // One element, whatever the strides, bounds-checked: convenient and slow.
  template <class T, class... Index>
  const T& at(Index... index) const {
    return *element<T>({static_cast<std::int64_t>(index)...});
  }
  template <class T, class... Index>
  T& at(Index... index) {
    require_writable();
    return *element<T>({static_cast<std::int64_t>(index)...});
  }

  // A copy of all elements in row-major order; the type must be T.
  template <class T>
  std::vector<T> value() const {
    require_type<T>();
    std::vector<T> out;
    out.reserve(static_cast<std::size_t>(size()));
    for_each_offset([&](std::int64_t offset) { out.push_back(first<T>()[offset]); });
    return out;
  }
  // A copy of all elements in row-major order, converted from any type as static_cast does.
  template <class T>
  std::vector<T> converted() const {
    std::vector<T> out;
    visit([&](auto sample) {
      using From = decltype(sample);
      out.reserve(static_cast<std::size_t>(size()));
      for_each_offset(
          [&](std::int64_t offset) { out.push_back(static_cast<T>(first<From>()[offset])); });
    });
    return out;
  }
  // Calls f(T{}) with the element type of the data, to write code once for all types.
  template <class F>
  void visit(F&& f) const;

  // ---- views and copies ----

  // Looks at the same elements, read-only. REQUIRES: *this outlives the view; a temporary has none.
  XYData view() const& { return look(0, ndim() == 0 ? 0 : rows()); }
  XYData view() const&& = delete;
  // Rows [begin, end) of the same elements, read-only. REQUIRES: *this outlives the view.
  XYData rows(std::int64_t begin, std::int64_t end) const& {
    if (ndim() == 0 || begin < 0 || begin > end || end > rows()) {
      throw Failure::bad_input("no rows " + std::to_string(begin) + " to " + std::to_string(end) +
                               " in " + describe());
    }
    return look(begin, end);
  }
  XYData rows(std::int64_t begin, std::int64_t end) const&& = delete;

  // An own, row-major, writable copy.
  XYData clone() const {
    XYData copy = empty(dtype(), shape());
    copy_to(copy.raw_data());
    return copy;
  }
  // Copies of the given rows, in the given order: what a splitter's folds select.
  XYData take_rows(const std::int64_t* indices, std::size_t count) const;

  // All elements, row-major, to `out`, which has room for size() * item_size(dtype()) bytes.
  void copy_to(void* out) const;

  // The parts side by side: same type, same number of rows. 1-D parts are one column; the result is
  // 2-D.
  static XYData concat_columns(const std::vector<XYData>& parts) {
    XYData out = empty(concat_dtype(parts), concat_shape(parts));
    concat_columns(parts, out);
    return out;
  }
  // The same into `out`, whose type and shape are concat_dtype() and concat_shape().
  static void concat_columns(const std::vector<XYData>& parts, XYData& out);
  static pet_dtype concat_dtype(const std::vector<XYData>& parts);
  static Shape concat_shape(const std::vector<XYData>& parts);

  // The canonical bytes of the content, the same for every layout of equal data, in one or more
  // chunks: f(const void* data, std::size_t size). "pet.xydata/1" and a NUL, u8 type code, u8 bits,
  // u16 0, u32 ndim, i64 per dimension, then the elements row-major; little-endian. A content hash
  // is a hash over these.
  template <class F>
  void for_each_chunk(F&& f) const;

  // The first element's bytes, offsets applied. Only with strides() in mind.
  const char* raw_data() const {
    return static_cast<const char*>(array().data) + array().byte_offset;
  }
  char* raw_data() {
    require_writable();
    return static_cast<char*>(array().data) + array().byte_offset;
  }

 private:
  static constexpr std::int32_t kMaxDims = detail::kMaxDims;

  static XYData owner(pet_tensor* tensor) noexcept {
    XYData data;
    data.tensor_ = tensor;
    data.owned_ = tensor != nullptr;
    return data;
  }

  static XYData looker(const pet_tensor* tensor) noexcept {
    XYData data;
    data.tensor_ = const_cast<pet_tensor*>(tensor);
    return data;
  }

  // Refuses a malformed tensor.
  static void check(const pet_tensor& tensor);

  void reset() noexcept {
    if (owned_ && tensor_ != nullptr && tensor_->deleter != nullptr) tensor_->deleter(tensor_);
    tensor_ = nullptr;
    owned_ = false;
  }

  const pet_array& array() const {
    if (tensor_ == nullptr) fail_nothing();
    return tensor_->array;
  }

  void require_writable() const {
    if (is_read_only()) fail_read_only();
  }
  template <class T>
  void require_type() const {
    if (!is<T>()) fail_type(dtype_of<T>());
  }

  // Out of line, so that a check costs a comparison and every class has one copy of the text.
  [[noreturn, gnu::cold]] static void fail_nothing();
  [[noreturn, gnu::cold]] void fail_read_only() const;
  [[noreturn, gnu::cold]] void fail_type(pet_dtype expected) const;
  [[noreturn, gnu::cold]] void fail_strides() const;
  [[noreturn, gnu::cold]] void fail_dimensions() const;

  template <class T>
  T* first() const {
    return reinterpret_cast<T*>(static_cast<char*>(array().data) + array().byte_offset);
  }
  template <class T>
  T* contiguous() const {
    require_type<T>();
    if (!is_contiguous()) fail_strides();
    return first<T>();
  }
  template <class T>
  MatrixView<T> matrix_view() const {
    require_type<std::remove_const_t<T>>();
    if (ndim() > 2) fail_dimensions();
    const std::int64_t columns_in_row = columns();
    const std::int64_t row = ndim() < 1 ? 0 : stride(0);
    return {first<T>(), rows(), columns_in_row, row, ndim() < 2 ? 1 : stride(1)};
  }
  std::int64_t stride(std::int32_t dimension) const {
    if (array().strides != nullptr) return array().strides[dimension];
    return detail::count_elements(array().shape + dimension + 1, ndim() - dimension - 1);
  }

  template <class T>
  T* element(std::initializer_list<std::int64_t> index) const;

  XYData look(std::int64_t begin, std::int64_t end) const;

  // Calls f(offset in elements) for every element in row-major order.
  template <class F>
  void for_each_offset(F&& f) const;

  template <class T, class Values>
  static XYData mock_from(const Values& values, const Shape& shape);

  friend struct detail::Trusted;

  pet_tensor* tensor_ = nullptr;
  bool owned_ = false;
};

namespace detail {

// What came from a host, which has checked it: adopt() and borrow() without a second look on every
// call.
struct Trusted {
  static XYData adopt(pet_tensor* tensor) noexcept { return XYData::owner(tensor); }
  static XYData borrow(const pet_tensor* tensor) noexcept { return XYData::looker(tensor); }
};

}  // namespace detail

}  // namespace pet

#include "pet/xydata_inl.hpp"
