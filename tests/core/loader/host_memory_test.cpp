#include "core/loader/host_memory.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <limits>
#include <set>
#include <thread>
#include <vector>

#include "core/loader/output.hpp"

namespace pet {
namespace {

constexpr pet_dtype kFloat64{PET_DTYPE_FLOAT, 64, 1};

pet_tensor* vector_of_size(std::int64_t size) { return host_tensor_new(kFloat64, 1, &size); }

TEST_CASE("a new tensor is row-major, aligned and the host's", "[core]") {
  const std::int64_t shape[] = {4, 3, 2};
  pet_tensor* tensor = host_tensor_new(kFloat64, 3, shape);
  REQUIRE(tensor != nullptr);
  CHECK(is_host_tensor(tensor));
  CHECK(is_sound_host_tensor(tensor));
  CHECK(tensor->version.major == 1);
  CHECK(tensor->flags == 0);
  CHECK(tensor->array.byte_offset == 0);
  CHECK(std::vector(tensor->array.strides, tensor->array.strides + 3) ==
        std::vector<std::int64_t>{6, 2, 1});
  CHECK(reinterpret_cast<std::uintptr_t>(tensor->array.data) % 64 == 0);
  std::memset(tensor->array.data, 0xff, 4 * 3 * 2 * 8);
  tensor->deleter(tensor);
}

TEST_CASE("every size gets room for all of its elements", "[core]") {
  std::vector<pet_tensor*> tensors;
  for (std::int64_t size = 0; size < 20000; size += 1 + size / 17) {
    pet_tensor* tensor = vector_of_size(size);
    REQUIRE(tensor != nullptr);
    std::memset(tensor->array.data, static_cast<int>(size), static_cast<std::size_t>(size) * 8);
    tensors.push_back(tensor);
  }
  std::set<void*> distinct;
  for (pet_tensor* tensor : tensors) {
    const auto* bytes = static_cast<const unsigned char*>(tensor->array.data);
    const auto size = static_cast<std::size_t>(tensor->array.shape[0]) * 8;
    const int fill = static_cast<int>(tensor->array.shape[0] & 0xff);
    REQUIRE(std::all_of(bytes, bytes + size, [fill](unsigned char byte) { return byte == fill; }));
    distinct.insert(tensor);
  }
  CHECK(distinct.size() == tensors.size());
  for (pet_tensor* tensor : tensors) tensor->deleter(tensor);
}

TEST_CASE("no tensor comes of a type or shape that is none", "[core]") {
  const std::int64_t negative[] = {2, -1};
  const std::int64_t huge[] = {std::int64_t{1} << 40, std::int64_t{1} << 40};
  const std::int64_t huge_and_empty[] = {std::int64_t{1} << 40, 0, std::int64_t{1} << 40};
  const std::int64_t one[] = {1};
  const std::vector<std::int64_t> ones(100, 1);
  CHECK(host_tensor_new(kFloat64, 2, negative) == nullptr);
  CHECK(host_tensor_new(kFloat64, 2, huge) == nullptr);
  CHECK(host_tensor_new(kFloat64, 3, huge_and_empty) == nullptr);
  CHECK(host_tensor_new(kFloat64, -1, one) == nullptr);
  CHECK(host_tensor_new(kFloat64, 33, ones.data()) == nullptr);
  CHECK(host_tensor_new(kFloat64, 1, nullptr) == nullptr);
  CHECK(host_tensor_new({PET_DTYPE_FLOAT, 64, 2}, 1, one) == nullptr);
  CHECK(host_tensor_new({PET_DTYPE_FLOAT, 8, 1}, 1, one) == nullptr);
  CHECK(host_tensor_new({PET_DTYPE_INT, 12, 1}, 1, one) == nullptr);
  CHECK(host_tensor_new({5, 64, 1}, 1, one) == nullptr);
  const std::int64_t more_than_memory[] = {std::numeric_limits<std::int64_t>::max() / 32};
  CHECK(host_tensor_new(kFloat64, 1, more_than_memory) == nullptr);
}

TEST_CASE("a scalar has no dimensions and one element", "[core]") {
  pet_tensor* tensor = host_tensor_new(kFloat64, 0, nullptr);
  REQUIRE(tensor != nullptr);
  *static_cast<double*>(tensor->array.data) = 1;
  CHECK(is_sound_host_tensor(tensor));
  tensor->deleter(tensor);
}

TEST_CASE("a tensor may be freed by another thread, and after its thread's end",
          "[core][concurrent]") {
  std::vector<pet_tensor*> tensors;
  std::thread([&] {
    for (int i = 0; i < 100; ++i) tensors.push_back(vector_of_size(i));
    pet_tensor* kept_by_the_pool = vector_of_size(8);
    kept_by_the_pool->deleter(kept_by_the_pool);
  }).join();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&tensors, t] {
      for (std::size_t i = static_cast<std::size_t>(t); i < tensors.size(); i += 4) {
        tensors[i]->deleter(tensors[i]);
      }
      for (int i = 0; i < 1000; ++i) {
        pet_tensor* tensor = vector_of_size(i % 50);
        std::memset(tensor->array.data, t, static_cast<std::size_t>(i % 50) * 8);
        tensor->deleter(tensor);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace pet
