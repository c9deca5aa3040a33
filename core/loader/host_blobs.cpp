#include <algorithm>
#include <string>

#include "core/artifact/hash.hpp"
#include "core/loader/failure_text.hpp"
#include "core/loader/host_services.hpp"
#include "core/loader/instance_record.hpp"
#include "core/loader/plugin_host.hpp"
#include "storage/base_storage.hpp"

namespace pet {
namespace {

constexpr std::string_view kFolder = "blobs/";
constexpr std::size_t kMaxKey = 128;

std::string_view view(pet_text text) noexcept {
  return text.data == nullptr ? std::string_view()
                              : std::string_view(text.data, static_cast<std::size_t>(text.size));
}

bool is_key_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool is_name(std::string_view key) noexcept {
  return !key.empty() && key.size() <= kMaxKey && key.front() != '.' &&
         std::ranges::all_of(key, is_key_character);
}

std::string storage_key(pet_text key) {
  if (!is_name(view(key))) {
    throw Error(ErrorCode::kUsage,
                "a blob's key is 1 to 128 of [A-Za-z0-9._-] and does not begin with '.'");
  }
  return std::string(kFolder).append(view(key));
}

BaseStorage& storage_of(const pet_host* host) {
  return *BasePlugin::Record::of(host).host->options().blobs;
}

pet_status digest(const pet_host*, const pet_text* parts, std::uint64_t count, char hex[64],
                  pet_failure* failure) noexcept {
  return guarded_service(failure, [&] {
    Hasher hasher;
    for (std::uint64_t i = 0; i < count; ++i) hasher.update(view(parts[i]));
    hasher.finish().hex().copy(hex, 64);
    return PET_OK;
  });
}

pet_status get(const pet_host* host, pet_text key, const pet_sink* sink,
               pet_failure* failure) noexcept {
  return guarded_service(failure, [&] {
    const std::optional<std::string> bytes = storage_of(host).get(storage_key(key));
    if (!bytes) return report(failure, PET_ABSENT, "no blob '" + std::string(view(key)) + "'");
    const pet_status status = sink->write(sink->context, bytes->data(), bytes->size());
    return status == PET_OK ? PET_OK : report(failure, status, "the reader of a blob gave up");
  });
}

// Keys are content hashes of what went in, so that what is there already is nearly always the same.
// It is compared all the same: a damaged blob would otherwise stay for ever.
pet_status put(const pet_host* host, pet_text key, pet_text bytes, pet_failure* failure) noexcept {
  return guarded_service(failure, [&] {
    BaseStorage& storage = storage_of(host);
    const std::string name = storage_key(key);
    if (storage.put_if_absent(name, view(bytes))) return PET_OK;
    if (storage.get(name) != view(bytes)) storage.put(name, view(bytes));
    return PET_OK;
  });
}

}  // namespace

bool is_blob_key(std::string_view storage_key) noexcept {
  return storage_key.starts_with(kFolder) && is_name(storage_key.substr(kFolder.size()));
}

const pet_host_blobs_v1 kHostBlobs{sizeof(pet_host_blobs_v1), 0, digest, get, put};

}  // namespace pet
