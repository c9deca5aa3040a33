// Typed access to elements that somebody else owns: what pet::XYData gives out.
//
// Lifetime: of the data that they came from. T is const for read-only data. Not bounds-checked.
#pragma once

#include <cstdint>

namespace pet {

// A row of elements without gaps.
template <class T>
class Elements {
 public:
  Elements(T* data, std::int64_t size) : data_(data), size_(size) {}

  T* begin() const noexcept { return data_; }
  T* end() const noexcept { return data_ + size_; }
  T* data() const noexcept { return data_; }
  std::int64_t size() const noexcept { return size_; }
  T& operator[](std::int64_t i) const noexcept { return data_[i]; }

 private:
  T* data_;
  std::int64_t size_;
};

// Rows and columns with any strides.
template <class T>
class MatrixView {
 public:
  MatrixView(T* data, std::int64_t rows, std::int64_t columns, std::int64_t row_stride,
             std::int64_t column_stride)
      : data_(data),
        rows_(rows),
        columns_(columns),
        row_stride_(row_stride),
        column_stride_(column_stride) {}

  std::int64_t rows() const noexcept { return rows_; }
  std::int64_t columns() const noexcept { return columns_; }
  std::int64_t row_stride() const noexcept { return row_stride_; }        // in elements
  std::int64_t column_stride() const noexcept { return column_stride_; }  // in elements
  T* data() const noexcept { return data_; }
  T& operator()(std::int64_t i, std::int64_t j) const noexcept {
    return data_[i * row_stride_ + j * column_stride_];
  }
  // Row-major without gaps: data() is rows() * columns() elements in a row.
  bool is_contiguous() const noexcept {
    return (columns_ <= 1 || column_stride_ == 1) && (rows_ <= 1 || row_stride_ == columns_);
  }

 private:
  T* data_;
  std::int64_t rows_, columns_, row_stride_, column_stride_;
};

}  // namespace pet
