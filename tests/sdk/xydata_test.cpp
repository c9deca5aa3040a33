// XYData: shapes, types, strides, views and what is refused.
#include "pet/xydata.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/sdk/messages.hpp"

namespace {

using pet::Shape;
using pet::XYData;

// A tensor that somebody else made, with strides of its own.
struct Foreign {
  Foreign(std::vector<double> values, Shape extents, Shape steps)
      : data(std::move(values)), shape(std::move(extents)), strides(std::move(steps)) {
    tensor.version = {1, 0};
    tensor.array = {data.data(),
                    {PET_DEVICE_CPU, 0},
                    static_cast<std::int32_t>(shape.size()),
                    pet::dtype_of<double>(),
                    shape.data(),
                    strides.empty() ? nullptr : strides.data(),
                    0};
  }
  Foreign(const Foreign&) = delete;

  std::vector<double> data;
  Shape shape, strides;
  pet_tensor tensor{};
};

std::string content(const XYData& data) {
  std::string bytes;
  data.for_each_chunk([&](const void* chunk, std::size_t size) {
    bytes.append(static_cast<const char*>(chunk), size);
  });
  return bytes;
}

int deleted = 0;

}  // namespace

TEST_CASE("mock copies plain numbers, value reads them", "[sdk][xydata]") {
  const XYData column = XYData::mock({1.0, 2.0, 3.0});
  CHECK(column.shape() == Shape{3});
  CHECK(column.value<double>() == std::vector<double>{1, 2, 3});

  const XYData table = XYData::mock({{1, 2}, {3, 4}, {5, 6}});
  CHECK(table.describe() == "int32 [3, 2]");
  CHECK(table.value<int>() == std::vector<int>{1, 2, 3, 4, 5, 6});

  const XYData cube = XYData::mock(std::vector<float>(24, 1.5f), {2, 3, 4});
  CHECK(cube.describe() == "float32 [2, 3, 4]");
  CHECK(XYData::mock(std::vector<bool>{true, false}).value<bool>() ==
        std::vector<bool>{true, false});
  CHECK(XYData::mock(std::vector<double>{}).size() == 0);
  CHECK(XYData::mock({5.0}, {}).ndim() == 0);

  CHECK(thrown_by([] {
          XYData::mock({1.0, 2.0}, {3});
        }).text == "mock: 2 values do not fill the shape [3]");
  CHECK(thrown_by([] { XYData::mock({{1}, {2, 3}}); }).text == "mock: rows of different lengths");
  CHECK(thrown_by([] {
          XYData::mock({1.0}, {-1, -1});
        }).text == "mock: 1 values do not fill the shape [-1, -1]");
}

TEST_CASE("rows and columns of shapes", "[sdk][xydata]") {
  const struct {
    Shape shape;
    std::int64_t rows, columns, size;
  } table[] = {{{}, 1, 1, 1},     {{0}, 0, 1, 0},    {{5}, 5, 1, 5},        {{5, 3}, 5, 3, 15},
               {{0, 3}, 0, 3, 0}, {{5, 0}, 5, 0, 0}, {{2, 3, 4}, 2, 12, 24}};
  for (const auto& row : table) {
    const XYData data = XYData::empty(pet::dtype_of<double>(), row.shape);
    INFO(data.describe());
    CHECK(data.rows() == row.rows);
    CHECK(data.columns() == row.columns);
    CHECK(data.size() == row.size);
    CHECK(data.shape() == row.shape);
    CHECK(data.is_contiguous());
    CHECK(data.data<double>() != nullptr);
  }
}

TEST_CASE("element types have names", "[sdk][xydata]") {
  CHECK(pet::dtype_name(pet::dtype_of<double>()) == "float64");
  CHECK(pet::dtype_name(pet::dtype_of<float>()) == "float32");
  CHECK(pet::dtype_name(pet::dtype_of<std::int8_t>()) == "int8");
  CHECK(pet::dtype_name(pet::dtype_of<std::uint16_t>()) == "uint16");
  CHECK(pet::dtype_name(pet::dtype_of<bool>()) == "bool");
  CHECK(pet::dtype_name({4, 16, 1}) == "dtype(4,16,1)");
}

TEST_CASE("access with another type or shape says what was expected and what is there",
          "[sdk][xydata]") {
  const XYData table = XYData::mock({{1, 2, 3}, {4, 5, 6}});
  const XYData cube = XYData::mock(std::vector<double>(8), {2, 2, 2});
  CHECK(thrown_by([&] { table.data<double>(); }).text == "expected float64, got int32 [2, 3]");
  CHECK(thrown_by([&] { table.matrix<float>(); }).text == "expected float32, got int32 [2, 3]");
  CHECK(thrown_by([&] { table.value<std::int64_t>(); }).text == "expected int64, got int32 [2, 3]");
  CHECK(thrown_by([&] { cube.matrix<double>(); }).text ==
        "expected at most 2 dimensions, got float64 [2, 2, 2]");
  CHECK(thrown_by([&] { table.require_columns(4); }).text ==
        "expected 4 columns, got int32 [2, 3]");
  CHECK(thrown_by([&] { table.require_rows(1); }).text == "expected 1 rows, got int32 [2, 3]");
  CHECK(thrown_by([&] { table.extent(2); }).text == "no dimension 2 in int32 [2, 3]");
  CHECK(thrown_by([&] { table.at<int>(2, 0); }).text == "no element [2, 0] in int32 [2, 3]");
  CHECK(thrown_by([&] { table.at<int>(0); }).text == "no element [0] in int32 [2, 3]");
  CHECK(thrown_by([&] { table.at<int>(0, -1); }).text == "no element [0, -1] in int32 [2, 3]");
  CHECK(thrown_by([&] { table.rows(1, 3); }).text == "no rows 1 to 3 in int32 [2, 3]");
  CHECK(thrown_by([&] { XYData().rows(); }).text == "expected data, got nothing");
  CHECK(thrown_by([&] { XYData().data<int>(); }).status == PET_BAD_INPUT);
}

TEST_CASE("elements are written in place", "[sdk][xydata]") {
  XYData table = XYData::mock({{1.0, 2.0}, {3.0, 4.0}});
  table.data<double>()[0] = 10;
  table.matrix<double>()(0, 1) = 20;
  table.at<double>(1, 0) = 30;
  CHECK(table.elements<double>().size() == 4);
  CHECK(table.value<double>() == std::vector<double>{10, 20, 30, 4});
  for (double& value : table.elements<double>()) value += 1;
  CHECK(static_cast<const XYData&>(table).elements<double>()[3] == 5);
}

TEST_CASE("a block of rows is a read-only view of the same elements", "[sdk][xydata]") {
  XYData table = XYData::mock({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});
  const XYData block = table.rows(1, 3);
  CHECK(block.is_read_only());
  CHECK(block.data<double>() == table.data<double>() + 2);
  table.at<double>(2, 1) = 60;
  CHECK(block.value<double>() == std::vector<double>{3, 4, 5, 60});
}

TEST_CASE("strided data reads in row-major order", "[sdk][xydata]") {
  Foreign foreign({1, 2, 3, 4, 5, 6}, {3, 2}, {1, 3});  // column-major: [[1, 4], [2, 5], [3, 6]]
  const XYData data = XYData::borrow(&foreign.tensor);
  CHECK_FALSE(data.is_contiguous());
  CHECK_FALSE(data.matrix<double>().is_contiguous());
  CHECK(data.matrix<double>()(2, 0) == 3);
  CHECK(data.at<double>(0, 1) == 4);
  CHECK(data.value<double>() == std::vector<double>{1, 4, 2, 5, 3, 6});
  CHECK(data.converted<int>() == std::vector<int>{1, 4, 2, 5, 3, 6});
  CHECK(data.clone().value<double>() == data.value<double>());
  CHECK(data.rows(1, 3).value<double>() == std::vector<double>{2, 5, 3, 6});
  const std::int64_t last_first[] = {2, 0};
  CHECK(data.take_rows(last_first, 2).value<double>() == std::vector<double>{3, 6, 1, 4});
  const Thrown thrown = thrown_by([&] { data.data<double>(); });
  CHECK(thrown.text ==
        "expected row-major data without gaps, got float64 [3, 2] with strides [1, 3]: use "
        "matrix() or clone()");
}

TEST_CASE("null strides are row-major; strides of dimensions of one do not matter",
          "[sdk][xydata]") {
  Foreign null_strides({1, 2, 3, 4}, {2, 2}, {});
  const XYData plain = XYData::borrow(&null_strides.tensor);
  CHECK(plain.strides() == Shape{2, 1});
  CHECK(plain.at<double>(1, 0) == 3);

  Foreign one_column({1, 2, 3}, {3, 1}, {1, 77});
  const XYData column = XYData::borrow(&one_column.tensor);
  CHECK(column.is_contiguous());
  CHECK(column.matrix<double>().is_contiguous());

  Foreign reversed({1, 2, 3}, {3}, {-1});
  reversed.tensor.array.data = &reversed.data[2];
  CHECK(XYData::borrow(&reversed.tensor).value<double>() == std::vector<double>{3, 2, 1});

  Foreign repeated({7}, {2, 2}, {0, 0});
  CHECK(XYData::borrow(&repeated.tensor).value<double>() == std::vector<double>{7, 7, 7, 7});

  Foreign offset({1, 2, 3}, {2}, {1});
  offset.tensor.array.byte_offset = sizeof(double);
  const XYData moved = XYData::borrow(&offset.tensor);
  CHECK(moved.value<double>() == std::vector<double>{2, 3});
  CHECK(moved.rows(1, 2).value<double>() == std::vector<double>{3});
}

TEST_CASE("borrowed data and views are read-only", "[sdk][xydata]") {
  XYData own = XYData::mock({1.0, 2.0});
  XYData view = own.view();
  XYData borrowed = XYData::borrow(own.get());
  for (XYData* data : {&view, &borrowed}) {
    CHECK(data->is_read_only());
    CHECK(thrown_by([&] { data->data<double>(); }).text ==
          "float64 [2] is read-only: read it through a const XYData, or clone() it");
    CHECK(thrown_by([&] { data->matrix<double>(); }).status == PET_BAD_INPUT);
    CHECK(thrown_by([&] { data->at<double>(0); }).status == PET_BAD_INPUT);
    CHECK(static_cast<const XYData*>(data)->data<double>() ==
          static_cast<const XYData&>(own).data<double>());
    CHECK_FALSE(data->clone().is_read_only());
  }
  own.data<double>()[0] = 9;
  CHECK(static_cast<const XYData&>(view).at<double>(0) == 9);
}

TEST_CASE("ownership moves, is given away and taken over", "[sdk][xydata]") {
  deleted = 0;
  pet_tensor* tensor = XYData::mock({1.0}).release();
  tensor->deleter = [](pet_tensor* self) {
    ++deleted;
    pet::detail::delete_tensor(self);
  };
  {
    XYData first = XYData::adopt(tensor);
    XYData second = std::move(first);
    CHECK_FALSE(first);
    CHECK(second.owns_tensor());
    XYData& itself = second;
    second = std::move(itself);
    XYData third;
    third = std::move(second);
    { const XYData look = XYData::borrow(third.get()); }
    CHECK(deleted == 0);
  }
  CHECK(deleted == 1);
  CHECK_FALSE(XYData::borrow(nullptr));
  CHECK_FALSE(XYData::adopt(nullptr));
  CHECK(XYData().release() == nullptr);
}

TEST_CASE("a malformed tensor is refused, and released when it was given", "[sdk][xydata]") {
  const struct {
    void (*damage)(pet_tensor&);
    const char* text;
  } table[] = {
      {[](pet_tensor& t) { t.version.major = 0; }, "malformed tensor: its version is not 1.x"},
      {[](pet_tensor& t) { t.array.device.device_type = 2; },
       "malformed tensor: its data is not on the CPU"},
      {[](pet_tensor& t) { t.array.ndim = -1; }, "malformed tensor: it has no valid shape"},
      {[](pet_tensor& t) { t.array.ndim = 33; }, "malformed tensor: it has no valid shape"},
      {[](pet_tensor& t) { t.array.shape = nullptr; }, "malformed tensor: it has no valid shape"},
      {[](pet_tensor& t) { t.array.dtype.lanes = 4; },
       "malformed tensor: its elements are packed or vectors"},
      {[](pet_tensor& t) { t.array.dtype.bits = 0; },
       "malformed tensor: its elements are packed or vectors"},
      {[](pet_tensor& t) { t.array.dtype.bits = 4; },
       "malformed tensor: its elements are packed or vectors"},
      {[](pet_tensor& t) { t.array.shape[0] = -2; },
       "malformed tensor: its shape is negative or too large"},
      {[](pet_tensor& t) { t.array.shape[0] = t.array.shape[1] = INT64_MAX; },
       "malformed tensor: its shape is negative or too large"},
      {[](pet_tensor& t) { t.array.data = nullptr; }, "malformed tensor: its data is missing"},
  };
  for (const auto& row : table) {
    deleted = 0;
    pet_tensor* tensor = XYData::mock({{1.0, 2.0}}).release();
    tensor->deleter = [](pet_tensor* self) {
      ++deleted;
      pet::detail::delete_tensor(self);
    };
    row.damage(*tensor);
    CHECK(thrown_by([&] { XYData::borrow(tensor); }).text == row.text);
    CHECK(deleted == 0);
    CHECK(thrown_by([&] { XYData::adopt(tensor); }).text == row.text);
    CHECK(deleted == 1);
  }
}

TEST_CASE("a tensor too large for this machine is refused", "[sdk][xydata]") {
  CHECK_THROWS_AS(XYData::empty(pet::dtype_of<double>(), {INT64_MAX / 2}), std::bad_alloc);
  CHECK(thrown_by([] {
          XYData::empty(pet::dtype_of<double>(), {INT64_MAX, INT64_MAX});
        }).status == PET_BAD_INPUT);
  CHECK(thrown_by([] { XYData::empty(pet::dtype_of<double>(), {-1}); }).text ==
        "a tensor cannot have the shape [-1]");
}

TEST_CASE("a tensor of more than 32 dimensions is refused", "[sdk][xydata]") {
  const auto count_bytes = [](const XYData& data) {
    std::size_t bytes = 0;
    data.for_each_chunk([&](const void*, std::size_t size) { bytes += size; });
    return bytes;
  };
  CHECK(count_bytes(XYData::empty(pet::dtype_of<double>(), Shape(32, 1))) > 32 * 8);
  CHECK(count_bytes(XYData::mock<double>({1}, Shape(32, 1))) > 32 * 8);

  const Thrown refused = thrown_by([] { XYData::empty(pet::dtype_of<double>(), Shape(60, 1)); });
  CHECK(refused.status == PET_BAD_INPUT);
  CHECK(refused.text == "expected at most 32 dimensions, got 60");
  CHECK(thrown_by([] { XYData::mock<double>({1}, Shape(33, 1)); }).text ==
        "expected at most 32 dimensions, got 33");
}

TEST_CASE("columns are put side by side", "[sdk][xydata]") {
  Foreign strided({5, 6, 7, 8}, {2, 2}, {1, 2});
  std::vector<XYData> parts;
  parts.push_back(XYData::mock({1.0, 2.0}));
  parts.push_back(XYData::mock({{3.0}, {4.0}}));
  parts.push_back(XYData::borrow(&strided.tensor));
  const XYData all = XYData::concat_columns(parts);
  CHECK(all.shape() == Shape{2, 4});
  CHECK(all.value<double>() == std::vector<double>{1, 3, 5, 7, 2, 4, 6, 8});

  const auto text_with = [](XYData second) {
    return thrown_by([&] {
             std::vector<XYData> two;
             two.push_back(XYData::mock({1.0, 2.0}));
             two.push_back(std::move(second));
             XYData::concat_columns(two);
           })
        .text;
  };
  CHECK(text_with(XYData::mock({1, 2})) == "concat_columns: expected float64, got int32 [2]");
  CHECK(text_with(XYData::mock({1.0})) ==
        "concat_columns: expected 2 rows in 1 or 2 dimensions, got float64 [1]");
  CHECK(thrown_by([] { XYData::concat_columns({}); }).text ==
        "concat_columns: expected at least one part, got none");
}

TEST_CASE("the canonical bytes depend on type, shape and elements, not on the layout",
          "[sdk][xydata]") {
  Foreign column_major({1, 3, 2, 4}, {2, 2}, {1, 2});
  const XYData plain = XYData::mock({{1.0, 2.0}, {3.0, 4.0}});
  CHECK(content(plain) == content(XYData::borrow(&column_major.tensor)));
  CHECK(content(plain) == content(plain.view()));
  CHECK(content(plain) != content(XYData::mock({1.0, 2.0, 3.0, 4.0})));
  CHECK(content(plain) != content(XYData::mock({{1.0f, 2.0f}, {3.0f, 4.0f}})));
  CHECK(content(XYData::mock(std::vector<std::int64_t>{})) !=
        content(XYData::mock(std::vector<double>{})));

  const std::string expected("pet.xydata/1\0\x00\x08\0\0\x01\0\0\0\x02\0\0\0\0\0\0\0\x05\xff", 31);
  CHECK(content(XYData::mock(std::vector<std::int8_t>{5, -1})) == expected);

  // More than one buffer's worth of strided elements.
  std::vector<double> many(2000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<double>(i);
  Foreign large(many, {2, 1000}, {1, 2});
  const XYData strided = XYData::borrow(&large.tensor);
  CHECK(content(strided) == content(strided.clone()));
}

TEST_CASE("visit gives the element type, converted converts from any", "[sdk][xydata]") {
  CHECK(XYData::mock(std::vector<bool>{true, false}).converted<double>() ==
        std::vector<double>{1, 0});
  CHECK(XYData::mock(std::vector<std::uint8_t>{200}).converted<std::int64_t>() ==
        std::vector<std::int64_t>{200});
  std::size_t size = 0;
  XYData::mock({1.0f}).visit([&](auto sample) { size = sizeof sample; });
  CHECK(size == 4);
  XYData half = XYData::mock(std::vector<std::uint16_t>{1});
  pet_tensor* tensor = half.release();
  tensor->array.dtype.code = PET_DTYPE_FLOAT;
  CHECK(thrown_by([&] { XYData::adopt(tensor).converted<double>(); }).text ==
        "expected numbers, got float16 [1]");
}
