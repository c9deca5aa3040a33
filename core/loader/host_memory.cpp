// One block holds a tensor's header, shape, strides and data. Small blocks go back to a pool of the
// freeing thread's, by size class: a predict on a few rows would otherwise spend most of its time
// in malloc. Sizes are rounded up to one of four steps for each power of two (256, 320, 384, 448,
// 512, 640…), so at most a fifth is lost. A thread keeps kMaxKept blocks of a class and
// kMaxPooledBytes in all; what does not fit is freed.
//
// The pool is a plain thread_local without a constructor, since one with would cost a check at
// every use; a second object, made with the first block that is kept, empties it when the thread
// ends. What is freed after that goes to free() directly.
#include "core/loader/host_memory.hpp"

#include <bit>
#include <cstddef>
#include <cstdlib>

#include "core/loader/host_services.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define PET_POOL_TENSORS 0  // a pooled block hides its use after free
#else
#define PET_POOL_TENSORS 1
#endif

namespace pet {
namespace {

constexpr std::size_t kSmallestBits = 8;                     // 256 bytes
constexpr std::size_t kLargestPooled = (64 + 16) * 1024;     // 64 KiB of data and its header
constexpr std::size_t kClasses = 34;                         // 256 … 80 KiB
constexpr std::size_t kAddressSpace = std::size_t{1} << 47;  // of a process
constexpr std::size_t kMaxKept = 16;
constexpr std::size_t kMaxPooledBytes = 512 * 1024;
constexpr std::uint16_t kUnpooled = kClasses;

constexpr std::uint16_t class_of(std::size_t size) noexcept {
  if (size <= (std::size_t{1} << kSmallestBits)) return 0;
  const auto bits = static_cast<std::size_t>(std::bit_width(size - 1)) - 1;  // 2^bits < size
  const std::size_t quarter = ((size - 1) >> (bits - 2)) & 3;
  return static_cast<std::uint16_t>((bits - kSmallestBits) * 4 + quarter + 1);
}

constexpr std::size_t size_of(std::uint16_t size_class) noexcept {
  const std::size_t bits = kSmallestBits + size_class / 4;
  return (std::size_t{1} << bits) + (size_class % 4) * (std::size_t{1} << (bits - 2));
}

static_assert(class_of(256) == 0 && class_of(257) == 1 && size_of(1) == 320 && class_of(320) == 1);
static_assert(class_of(512) == 4 && size_of(4) == 512 && class_of(513) == 5);
static_assert(class_of(kLargestPooled) == kClasses - 1 && size_of(kClasses - 1) == kLargestPooled);

struct Pool {
  struct Shelf {
    TensorBlock* top;
    std::size_t count;
  };
  Shelf shelves[kClasses];
  std::size_t bytes;
  enum : std::uint8_t { kUnused, kOpen, kClosed } state;
};

thread_local constinit Pool pool{};

struct PoolCloser {
  ~PoolCloser() {
    pool.state = Pool::kClosed;
    for (Pool::Shelf& shelf : pool.shelves) {
      while (TensorBlock* block = shelf.top) {
        shelf.top = static_cast<TensorBlock*>(block->tensor.manager);
        std::free(block);
      }
    }
  }
};

// False: the pool does not take it.
bool keep(TensorBlock* block) noexcept {
  if (!PET_POOL_TENSORS || block->size_class == kUnpooled) return false;
  if (pool.state != Pool::kOpen) {
    if (pool.state == Pool::kClosed) return false;
    static thread_local PoolCloser closer;  // made here, once a thread
    static_cast<void>(&closer);
    pool.state = Pool::kOpen;
  }
  Pool::Shelf& shelf = pool.shelves[block->size_class];
  const std::size_t size = size_of(block->size_class);
  if (shelf.count == kMaxKept || pool.bytes + size > kMaxPooledBytes) return false;
  block->tensor.manager = shelf.top;
  shelf.top = block;
  ++shelf.count;
  pool.bytes += size;
  return true;
}

TensorBlock* new_block(std::size_t size) noexcept {
  std::uint16_t size_class = kUnpooled;
  if (PET_POOL_TENSORS && size <= kLargestPooled) {
    size_class = class_of(size);
    size = size_of(size_class);
    Pool::Shelf& shelf = pool.shelves[size_class];
    if (TensorBlock* block = shelf.top) {
      shelf.top = static_cast<TensorBlock*>(block->tensor.manager);
      --shelf.count;
      pool.bytes -= size;
      return block;
    }
  }
  constexpr std::size_t kAlign = TensorBlock::kAlignment;
  size = (size + kAlign - 1) / kAlign * kAlign;
  auto* block = static_cast<TensorBlock*>(std::aligned_alloc(kAlign, size));
  if (block == nullptr) return nullptr;
  block->size_class = size_class;
  return block;
}

// Bytes of a dense tensor, 0 for an empty one; false when a dimension is negative or no address
// space holds it.
bool dense_size(std::size_t element, std::int32_t ndim, const std::int64_t* shape,
                std::size_t& bytes) noexcept {
  std::size_t total = element;
  bool empty = false;
  for (std::int32_t i = 0; i < ndim; ++i) {
    if (shape[i] < 0) return false;
    if (shape[i] == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(total, static_cast<std::size_t>(shape[i]), &total)) {
      return false;
    }
  }
  bytes = empty ? 0 : total;
  return total <= kAddressSpace;
}

pet_tensor* tensor_new(const pet_host*, pet_dtype dtype, std::int32_t ndim,
                       const std::int64_t* shape) noexcept {
  return host_tensor_new(dtype, ndim, shape);
}

}  // namespace

const pet_host_memory_v1 kHostMemory{sizeof(pet_host_memory_v1), 0, tensor_new};

std::size_t element_size(pet_dtype dtype) noexcept {
  if (dtype.lanes != 1) return 0;
  const bool sized = dtype.bits == 8 || dtype.bits == 16 || dtype.bits == 32 || dtype.bits == 64;
  switch (dtype.code) {
    case PET_DTYPE_INT:
    case PET_DTYPE_UINT:
      return sized ? dtype.bits / 8 : 0;
    case PET_DTYPE_FLOAT:
      return sized && dtype.bits != 8 ? dtype.bits / 8 : 0;
    case PET_DTYPE_BOOL:
      return dtype.bits == 8 ? 1 : 0;
    default:
      return 0;
  }
}

pet_tensor* host_tensor_new(pet_dtype dtype, std::int32_t ndim,
                            const std::int64_t* shape) noexcept {
  const std::size_t element = element_size(dtype);
  if (element == 0 || ndim < 0 || ndim > kMaxDimensions || (ndim > 0 && shape == nullptr)) {
    return nullptr;
  }
  std::size_t bytes = 0;
  if (!dense_size(element, ndim, shape, bytes)) return nullptr;
  const std::size_t head = TensorBlock::data_offset(ndim);
  TensorBlock* block = new_block(head + bytes);
  if (block == nullptr) return nullptr;
  block->bytes = bytes;
  block->ndim = static_cast<std::uint16_t>(ndim);
  block->dtype = dtype;
  pet_tensor& tensor = block->tensor;
  tensor.version = {1, 0};
  tensor.manager = nullptr;
  tensor.deleter = delete_host_tensor;
  tensor.flags = 0;
  tensor.array.data = block->data();
  tensor.array.device = {PET_DEVICE_CPU, 0};
  tensor.array.ndim = ndim;
  tensor.array.dtype = dtype;
  tensor.array.shape = block->shape();
  tensor.array.strides = block->strides();
  tensor.array.byte_offset = 0;
  std::int64_t stride = 1;
  for (std::int32_t i = ndim - 1; i >= 0; --i) {
    tensor.array.shape[i] = shape[i];
    tensor.array.strides[i] = stride;
    if (shape[i] != 0) stride *= shape[i];
  }
  return &tensor;
}

void delete_host_tensor(pet_tensor* tensor) noexcept {
  if (tensor == nullptr) return;
  TensorBlock* block = TensorBlock::of(tensor);
  if (!keep(block)) std::free(block);
}

}  // namespace pet
