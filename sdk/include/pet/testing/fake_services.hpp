// pet.memory, log, parallel, cancel and blobs of a FakeHost. Included by pet/testing/fake_host.hpp.
#pragma once

#include "pet/testing/fake_host.hpp"
#include "pet/testing/fake_instances.hpp"

namespace pet::testing {

inline const void* FakeHost::query(const pet_host* host, const char* id) {
  static constexpr pet_host_memory_v1 kMemory{sizeof(pet_host_memory_v1), 0, tensor_new};
  static constexpr pet_host_log_v1 kLog{sizeof(pet_host_log_v1), 0, write_log};
  static constexpr pet_host_parallel_v1 kParallel{
      sizeof(pet_host_parallel_v1), 0, [](const pet_host* of) { return self(of).threads; },
      for_each};
  static constexpr pet_host_cancel_v1 kCancel{
      sizeof(pet_host_cancel_v1), 0,
      [](const pet_host* of) -> std::int32_t { return self(of).cancelled ? 1 : 0; }};
  static constexpr pet_host_blobs_v1 kBlobs{sizeof(pet_host_blobs_v1), 0, digest, get_blob,
                                            put_blob};

  const std::vector<std::string>& absent = self(host).missing;
  if (std::find(absent.begin(), absent.end(), id) != absent.end()) return nullptr;
  const std::string_view wanted(id);
  if (wanted == PET_HOST_MEMORY_1) return &kMemory;
  if (wanted == PET_HOST_LOG_1) return &kLog;
  if (wanted == PET_HOST_PARALLEL_1) return &kParallel;
  if (wanted == PET_HOST_CANCEL_1) return &kCancel;
  if (wanted == PET_HOST_BLOBS_1) return &kBlobs;
  if (wanted == PET_HOST_INSTANCES_1) return &FakeInstances::table();
  return nullptr;
}

inline pet_tensor* FakeHost::tensor_new(const pet_host* host, pet_dtype dtype, std::int32_t ndim,
                                        const std::int64_t* shape) {
  pet_tensor* tensor = nullptr;
  const auto make = [&] { tensor = detail::new_tensor(dtype, Shape(shape, shape + ndim)); };
  if (detail::guarded(nullptr, make) != PET_OK) return nullptr;
  tensor->manager = &self(host);
  tensor->deleter = delete_counted;
  ++self(host).live_tensors;
  return tensor;
}

inline void FakeHost::delete_counted(pet_tensor* tensor) {
  --static_cast<FakeHost*>(tensor->manager)->live_tensors;
  detail::delete_tensor(tensor);
}

inline void FakeHost::write_log(const pet_host* host, std::int32_t level, pet_text message) {
  const std::lock_guard<std::mutex> lock(self(host).mutex_);
  self(host).log.push_back({level, std::string(detail::view_of(message))});
}

inline pet_status FakeHost::for_each(const pet_host* host, std::uint64_t count,
                                     pet_status (*body)(void*, std::uint64_t, pet_failure*),
                                     void* context, pet_failure* failure) {
  struct Worst {
    std::mutex mutex;
    std::uint64_t index = 0;
    pet_status status = PET_OK;
    std::string text;
  } worst;
  std::atomic<std::uint64_t> next{0};
  const auto work = [&] {
    for (std::uint64_t i = next++; i < count; i = next++) {
      detail::FailureBuffer own;
      const pet_status status = body(context, i, own.get());
      if (status == PET_OK) continue;
      const std::lock_guard<std::mutex> lock(worst.mutex);
      if (worst.status != PET_OK && worst.index < i) continue;
      worst.index = i;
      worst.status = status;
      worst.text = std::string(own.text());
    }
  };
  std::vector<std::thread> others;
  for (std::uint32_t i = 1; i < self(host).threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  return worst.status == PET_OK ? PET_OK : detail::report(failure, worst.status, worst.text);
}

inline pet_status FakeHost::digest(const pet_host*, const pet_text* parts, std::uint64_t count,
                                   char hex[64], pet_failure*) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (int word = 0; word < 4; ++word) {
    std::uint64_t hash = 0xcbf29ce484222325u + static_cast<std::uint64_t>(word);
    for (std::uint64_t i = 0; i < count; ++i) {
      for (const char byte : detail::view_of(parts[i])) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
      }
    }
    for (int digit = 0; digit < 16; ++digit)
      hex[word * 16 + digit] = kDigits[(hash >> (60 - 4 * digit)) & 15u];
  }
  return PET_OK;
}

// As the host that ships has it, so that a key that it refuses fails in a test too.
inline std::string FakeHost::blob_key(pet_text text) {
  const std::string key(detail::view_of(text));
  constexpr char kAllowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  if (!key.empty() && key.size() <= 128 && key[0] != '.' &&
      key.find_first_not_of(kAllowed) == std::string::npos) {
    return key;
  }
  throw Failure::failed("a blob's key is 1 to 128 of [A-Za-z0-9._-] and does not begin with '.'");
}

inline pet_status FakeHost::get_blob(const pet_host* host, pet_text key, const pet_sink* sink,
                                     pet_failure* failure) {
  bool found = false;
  std::string bytes;
  const pet_status status = detail::guarded(failure, [&] {
    const std::string name = blob_key(key);
    const std::lock_guard<std::mutex> lock(self(host).mutex_);
    const auto place = self(host).blobs.find(name);
    found = place != self(host).blobs.end();
    if (found) bytes = place->second;
  });
  if (status != PET_OK) return status;
  if (!found) return detail::report(failure, PET_ABSENT, "no such blob");
  return sink->write(sink->context, bytes.data(), bytes.size());
}

inline pet_status FakeHost::put_blob(const pet_host* host, pet_text key, pet_text bytes,
                                     pet_failure* failure) {
  return detail::guarded(failure, [&] {
    const std::string name = blob_key(key);
    const std::lock_guard<std::mutex> lock(self(host).mutex_);
    self(host).blobs[name] = std::string(detail::view_of(bytes));
  });
}

}  // namespace pet::testing
