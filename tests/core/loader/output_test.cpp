#include "core/loader/output.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <limits>
#include <pet/xydata.hpp>

#include "core/loader/failure_text.hpp"
#include "core/loader/host_memory.hpp"
#include "core/loader/tensor_block.hpp"

namespace pet {
namespace {

constexpr pet_dtype kFloat64{PET_DTYPE_FLOAT, 64, 1};

pet_tensor* two_by_three() {
  const std::int64_t shape[] = {2, 3};
  pet_tensor* tensor = host_tensor_new(kFloat64, 2, shape);
  for (int i = 0; i < 6; ++i) static_cast<double*>(tensor->array.data)[i] = i;
  return tensor;
}

struct Accepted {
  pet_status status;
  std::string text;
  XYData data;
};

Accepted accept(pet_tensor* answer, const pet_tensor* input = nullptr) {
  FailureText failure;
  const pet_status status = accept_output(input, &answer, failure.get());
  Accepted accepted{status, std::string(failure.text()), {}};
  if (status == PET_OK) {
    CHECK(is_host_tensor(answer));
    CHECK(is_sound_host_tensor(answer));
    accepted.data = XYData::adopt(answer);
  } else {
    CHECK(answer == nullptr);
  }
  return accepted;
}

TEST_CASE("a tensor of the host's passes as it is", "[core]") {
  pet_tensor* tensor = two_by_three();
  const Accepted accepted = accept(tensor);
  REQUIRE(accepted.status == PET_OK);
  CHECK(accepted.data.get() == tensor);
}

TEST_CASE("a part of its own allocation passes too", "[core]") {
  pet_tensor* tensor = two_by_three();
  tensor->array.byte_offset = 8;
  tensor->array.shape[1] = 2;
  const Accepted accepted = accept(tensor);
  REQUIRE(accepted.status == PET_OK);
  CHECK(accepted.data.get() == tensor);
  CHECK(accepted.data.value<double>() == std::vector<double>{1, 2, 4, 5});
}

TEST_CASE("strides may run backwards inside the allocation", "[core]") {
  pet_tensor* tensor = two_by_three();
  tensor->array.byte_offset = 5 * 8;
  tensor->array.strides[0] = -3;
  tensor->array.strides[1] = -1;
  const Accepted accepted = accept(tensor);
  REQUIRE(accepted.status == PET_OK);
  CHECK(accepted.data.value<double>() == std::vector<double>{5, 4, 3, 2, 1, 0});
}

TEST_CASE("arrays that are the plugin's are copied into the host's", "[core]") {
  static std::int64_t shape[] = {3, 2};
  static std::int64_t strides[] = {1, 3};
  pet_tensor* tensor = two_by_three();
  tensor->array.shape = shape;
  tensor->array.strides = strides;
  Accepted accepted = accept(tensor);
  REQUIRE(accepted.status == PET_OK);
  CHECK(accepted.data.value<double>() == std::vector<double>{0, 3, 1, 4, 2, 5});

  tensor = two_by_three();
  tensor->array.strides = nullptr;
  accepted = accept(tensor);
  REQUIRE(accepted.status == PET_OK);
  CHECK(accepted.data.value<double>() == std::vector<double>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a tensor that nobody deletes is copied", "[core]") {
  pet_tensor* tensor = two_by_three();
  pet_tensor borrowed = *tensor;
  borrowed.deleter = nullptr;
  const Accepted accepted = accept(&borrowed);
  REQUIRE(accepted.status == PET_OK);
  CHECK(accepted.data.value<double>() == std::vector<double>{0, 1, 2, 3, 4, 5});
  tensor->deleter(tensor);
}

TEST_CASE("the input as answer is copied, and stays", "[core]") {
  pet_tensor* tensor = two_by_three();
  const Accepted accepted = accept(tensor, tensor);
  REQUIRE(accepted.status == PET_OK);
  CHECK(accepted.data.get() != tensor);
  tensor->deleter(tensor);
}

TEST_CASE("a description that contradicts itself or the allocation is refused in words", "[core]") {
  struct Case {
    std::string text;
    std::function<void(pet_tensor&)> spoil;
  };
  static std::int64_t far_strides[] = {std::numeric_limits<std::int64_t>::max(), 1};
  static int elsewhere;
  const std::vector<Case> cases = {
      {"returned float64 [2, 4], which reaches beyond the 48 bytes that it allocated",
       [](pet_tensor& t) { t.array.shape[1] = 4; }},
      {"returned float64 [2, 3], which reaches beyond the 48 bytes that it allocated",
       [](pet_tensor& t) { t.array.byte_offset = 8; }},
      {"returned float64 [2, 3], which reaches beyond the 48 bytes that it allocated",
       [](pet_tensor& t) { t.array.byte_offset = std::numeric_limits<std::uint64_t>::max() - 7; }},
      {"returned float64 [2, 3], which reaches beyond the 48 bytes that it allocated",
       [](pet_tensor& t) { t.array.strides[0] = -3; }},
      {"returned float64 [2, 3], which reaches beyond the 48 bytes that it allocated",
       [](pet_tensor& t) { t.array.strides = far_strides; }},
      {"returned float64 [2, 3], which reaches beyond the 48 bytes that it allocated",
       [](pet_tensor& t) { t.array.data = &elsewhere; }},
      {"returned float64 [4611686018427387904, 4611686018427387904], which reaches beyond the 48 "
       "bytes that it allocated",
       [](pet_tensor& t) { t.array.shape[0] = t.array.shape[1] = std::int64_t{1} << 62; }},
      {"returned a tensor of the shape [-2, 3]; expected no negative dimension",
       [](pet_tensor& t) { t.array.shape[0] = -2; }},
      {"returned a tensor of 65 dimensions; expected 0 to 32",
       [](pet_tensor& t) { t.array.ndim = 65; }},
      {"returned a tensor of -1 dimensions; expected 0 to 32",
       [](pet_tensor& t) { t.array.ndim = -1; }},
      {"returned a tensor without a shape", [](pet_tensor& t) { t.array.shape = nullptr; }},
      {"returned elements of dtype(9,64,1); expected int or uint of 8 to 64 bits, float of 16 to "
       "64, or bool of 8",
       [](pet_tensor& t) { t.array.dtype.code = 9; }},
      {"returned elements of float128; expected int or uint of 8 to 64 bits, float of 16 to 64, or "
       "bool of 8",
       [](pet_tensor& t) { t.array.dtype.bits = 128; }},
      {"returned elements of dtype(2,64,4); expected int or uint of 8 to 64 bits, float of 16 to "
       "64, or bool of 8",
       [](pet_tensor& t) { t.array.dtype.lanes = 4; }},
      {"returned a tensor on device type 2; expected 1, the CPU",
       [](pet_tensor& t) { t.array.device.device_type = 2; }},
      {"returned a tensor of DLPack 2; expected 1", [](pet_tensor& t) { t.version.major = 2; }},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    pet_tensor* tensor = two_by_three();
    c.spoil(*tensor);
    const Accepted accepted = accept(tensor);
    CHECK(accepted.status == PET_FAILED);
    CHECK(accepted.text == c.text);
  }
}

TEST_CASE("an empty tensor may describe any place", "[core]") {
  const std::int64_t shape[] = {0, 3};
  pet_tensor* tensor = host_tensor_new(kFloat64, 2, shape);
  REQUIRE(accept(tensor).status == PET_OK);
}

TEST_CASE("another's tensor without data is refused", "[core]") {
  std::int64_t shape[] = {3};
  pet_tensor tensor{};
  tensor.version = {1, 0};
  tensor.array.device = {PET_DEVICE_CPU, 0};
  tensor.array.ndim = 1;
  tensor.array.dtype = kFloat64;
  tensor.array.shape = shape;
  const Accepted accepted = accept(&tensor);
  CHECK(accepted.status == PET_FAILED);
  CHECK(accepted.text == "returned float64 [3] without data");
}

}  // namespace
}  // namespace pet
