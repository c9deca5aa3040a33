// pet::Host: the services that the host gives to an instance.
//
// A class reaches it as host() of its base. A plugin starts no threads, writes no files and keeps
// no global state of its own: it logs, runs loops, stores blobs and asks for cancellation through
// here, so that a service may unload it.
//
//   host().parallel_for(rows, [&](std::uint64_t i) { out[i] = score(i); });
//   host().info("converged after " + std::to_string(steps) + " steps");
//
// Lifetime: valid for as long as the instance lives. Threads: all methods from any thread.
// Throws:   pet::Failure with the host's status and text; PET_UNSUPPORTED names the service that is
//           missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "pet/abi.h"
#include "pet/failure.hpp"
#include "pet/xydata.hpp"

namespace pet {

class Host {
 public:
  Host() = default;
  explicit Host(const pet_host* host)
      : host_(host),
        memory_(service<pet_host_memory_v1>(PET_HOST_MEMORY_1)),
        instances_(service<pet_host_instances_v1>(PET_HOST_INSTANCES_1)) {}

  const pet_host* get() const noexcept { return host_; }
  bool has(const char* id) const { return host_ != nullptr && host_->query(host_, id) != nullptr; }

  // ---- pet.memory/1 ----

  // A new row-major tensor, uninitialised, that outlives the plugin.
  XYData tensor(pet_dtype dtype, const Shape& shape) const {
    return tensor(dtype, static_cast<std::int32_t>(shape.size()), shape.data());
  }
  XYData tensor(pet_dtype dtype, std::int32_t ndim, const std::int64_t* shape) const {
    pet_tensor* made = need(memory_, PET_HOST_MEMORY_1).tensor_new(host_, dtype, ndim, shape);
    if (made != nullptr) return detail::Trusted::adopt(made);
    throw Failure::out_of_memory("no memory for " + dtype_name(dtype) + " " +
                                 shape_text(shape, ndim));
  }
  // One of the same type and shape as `other`.
  XYData tensor_like(const XYData& other) const {
    if (!other) throw Failure::bad_input("expected data, got nothing");
    const pet_array& array = other.get()->array;
    return tensor(array.dtype, array.ndim, array.shape);
  }

  // ---- pet.log/1; silent when the host keeps no log ----

  void debug(std::string_view message) const { log(PET_LOG_DEBUG, message); }
  void info(std::string_view message) const { log(PET_LOG_INFO, message); }
  void warning(std::string_view message) const { log(PET_LOG_WARNING, message); }
  void error(std::string_view message) const { log(PET_LOG_ERROR, message); }
  void log(std::int32_t level, std::string_view message) const {
    const auto* table = service<pet_host_log_v1>(PET_HOST_LOG_1);
    if (table != nullptr) table->write(host_, level, detail::text_of(message));
  }

  // ---- pet.parallel/1; one thread when the host has none ----

  std::uint32_t concurrency() const {
    const auto* table = service<pet_host_parallel_v1>(PET_HOST_PARALLEL_1);
    return table == nullptr ? 1 : table->concurrency(host_);
  }

  // Calls body(i) for every i < count, in any order and on several threads; returns when all are
  // done. When bodies throw, the failure of the lowest index is thrown.
  template <class Body>
  void parallel_for(std::uint64_t count, Body&& body) const {
    const auto* table = service<pet_host_parallel_v1>(PET_HOST_PARALLEL_1);
    if (table == nullptr) {
      for (std::uint64_t i = 0; i < count; ++i) body(i);
      return;
    }
    using Function = std::remove_reference_t<Body>;
    const auto call = [](void* context, std::uint64_t index, pet_failure* failure) -> pet_status {
      return detail::guarded(failure, [&] { (*static_cast<Function*>(context))(index); });
    };
    void* context = const_cast<void*>(static_cast<const void*>(&body));
    detail::FailureBuffer failure;
    failure.check(table->for_each(host_, count, call, context, failure.get()));
  }

  // ---- pet.cancel/1 ----

  bool cancelled() const {
    const auto* table = service<pet_host_cancel_v1>(PET_HOST_CANCEL_1);
    return table != nullptr && table->requested(host_) != 0;
  }
  void throw_if_cancelled() const {
    if (cancelled()) throw Failure::cancelled("cancelled");
  }

  // ---- pet.blobs/1 ----

  // SHA-256 as 64 lower-case hex digits, over the parts in order.
  std::string digest(const std::vector<std::string_view>& parts) const {
    std::vector<pet_text> texts;
    texts.reserve(parts.size());
    for (const std::string_view part : parts) texts.push_back(detail::text_of(part));
    std::string hex(64, '0');
    detail::FailureBuffer failure;
    failure.check(blobs().digest(host_, texts.data(), texts.size(), hex.data(), failure.get()));
    return hex;
  }
  // The content hash of data: equal data have equal ones, whatever their layout.
  std::string digest(const XYData& data) const {
    if (!data.is_contiguous()) return digest(data.clone());
    std::vector<std::string_view> parts;
    std::string head;
    data.for_each_chunk([&](const void* bytes, std::size_t size) {
      const auto* text = static_cast<const char*>(bytes);
      if (head.empty()) {  // stands in a buffer of for_each_chunk's; the elements stand in the data
        head.assign(text, size);
        parts.emplace_back(head);
      } else {
        parts.emplace_back(text, size);
      }
    });
    return digest(parts);
  }
  // The bytes under a key ([A-Za-z0-9._-], 1 to 128 characters, no '.' first), or nothing.
  std::optional<std::string> get_blob(std::string_view key) const {
    std::string bytes;
    const pet_sink sink{sizeof(pet_sink), 0, &bytes, append};
    detail::FailureBuffer failure;
    const pet_status status = blobs().get(host_, detail::text_of(key), &sink, failure.get());
    if (status == PET_ABSENT) return std::nullopt;
    failure.check(status);
    return bytes;
  }
  void put_blob(std::string_view key, std::string_view bytes) const {
    detail::FailureBuffer failure;
    failure.check(blobs().put(host_, detail::text_of(key), detail::text_of(bytes), failure.get()));
  }

  // ---- pet.instances/1, for pet/child.hpp ----

  const pet_host_instances_v1& instances() const { return need(instances_, PET_HOST_INSTANCES_1); }

  // The write() of a pet_sink whose context is a std::string.
  static pet_status append(void* context, const void* data, std::uint64_t size) noexcept {
    return detail::guarded(nullptr, [&] {
      static_cast<std::string*>(context)->append(static_cast<const char*>(data), size);
    });
  }

 private:
  // A table that lacks slots of this header's is one that this host does not have.
  template <class Table>
  const Table* service(const char* id) const {
    if (host_ == nullptr) return nullptr;
    const auto* table = static_cast<const Table*>(host_->query(host_, id));
    return table == nullptr || table->size < sizeof(Table) ? nullptr : table;
  }
  template <class Table>
  static const Table& need(const Table* table, const char* id) {
    if (table != nullptr) return *table;
    throw Failure::unsupported(std::string("this host has no ") + id);
  }
  const pet_host_blobs_v1& blobs() const {
    return need(service<pet_host_blobs_v1>(PET_HOST_BLOBS_1), PET_HOST_BLOBS_1);
  }

  const pet_host* host_ = nullptr;
  const pet_host_memory_v1* memory_ = nullptr;  // looked up once: an output needs it on every call
  const pet_host_instances_v1* instances_ = nullptr;
};

}  // namespace pet
