#include "core/factory/storage_classes.hpp"

#include <array>
#include <cstring>
#include <optional>
#include <pet/plugin.hpp>
#include <string>

#include "core/loader/base_plugin.hpp"
#include "storage/base_storage.hpp"
#include "storage/error.hpp"
#include "storage/local_storage.hpp"
#include "storage/percent.hpp"
#include "storage/s3/s3_storage.hpp"

namespace pet {
namespace {

// What these classes answer beside the interfaces of the ABI. Never leaves this program: it speaks
// C++.
constexpr char kStorageInterface[] = "pet.core.storage/1";
struct StorageInterface {
  std::shared_ptr<BaseStorage> (*open)(const ParamObject& params);
};

struct StorageKind {
  static constexpr std::string_view kName = "storage";
  template <class T>
  static constexpr void check() {}
};

// The class's entry as the SDK makes it, which also answers for the interface of storages.
template <class T>
const void* query(const char* id) {
  static constexpr StorageInterface kInterface{&T::open};
  if (id != nullptr && std::strcmp(id, kStorageInterface) == 0) return &kInterface;
  return entry_of<T>().query(id);
}

template <class T>
constexpr pet_entry storage_entry() {
  pet_entry entry = entry_of<T>();
  entry.query = &query<T>;
  return entry;
}

}  // namespace

namespace storage_class {

class LocalStorage : public Plugin<LocalStorage> {
 public:
  using pet_kind_ = StorageKind;
  PET_DOC("a directory as storage");
  PET_PARAM(std::string, path, required, "the directory, made by the first write");

  void validate() const {
    if (path.empty()) throw Failure::bad_params("parameter 'path': expected a directory, got ''");
  }

  static std::shared_ptr<BaseStorage> open(const ParamObject& params) {
    return std::make_shared<pet::LocalStorage>(params.at("path").as_text());
  }
};
PET_CLASS(LocalStorage, "1")

// Credentials are none of its parameters: configs travel.
class S3Storage : public Plugin<S3Storage> {
 public:
  using pet_kind_ = StorageKind;
  PET_DOC("a bucket of Amazon S3, or of a server like it, as storage");
  PET_PARAM(std::string, bucket, required, "the bucket's name");
  PET_PARAM(std::string, prefix, "", "of all keys");
  PET_PARAM(std::optional<std::string>, region_name, null, "null: AWS_REGION, or the profile's");
  PET_PARAM(std::optional<std::string>, endpoint_url, null,
            "null: AWS_ENDPOINT_URL_S3, or Amazon's");
  PET_PARAM(std::optional<std::string>, profile, null, "of ~/.aws; null: AWS_PROFILE, or default");

  // What follows a '?' in a URL are settings, which these may not hold.
  void validate() const {
    for (const auto& [name, value] : {std::pair{"bucket", &bucket}, std::pair{"prefix", &prefix}}) {
      if (value->find_first_of("?#@:") == std::string::npos) continue;
      throw Failure::bad_params(std::string(name) + ": expected no '?', '#', '@' or ':', got '" +
                                *value + "'");
    }
    if (bucket.find('/') != std::string::npos) {
      throw Failure::bad_params("bucket: expected no '/', got '" + bucket +
                                "': it belongs into prefix");
    }
  }

  static std::shared_ptr<BaseStorage> open(const ParamObject& params) {
    std::string url = "s3://" + params.at("bucket").as_text() + "/" + params.at("prefix").as_text();
    char separator = '?';
    for (const auto& [name, setting] :
         {std::pair{"region_name", "region"}, std::pair{"endpoint_url", "endpoint"},
          std::pair{"profile", "profile"}}) {
      const ParamValue& value = params.at(name);
      if (value.is_null()) continue;
      url += separator + std::string(setting) + "=" + percent_encoded(value.as_text());
      separator = '&';
    }
    return std::make_shared<pet::S3Storage>(S3Settings::from_url(url));
  }
};
PET_CLASS(S3Storage, "1")

}  // namespace storage_class

std::span<const pet_entry* const> storage_classes() {
  static constexpr pet_entry kLocalStorage = storage_entry<storage_class::LocalStorage>();
  static constexpr pet_entry kS3Storage = storage_entry<storage_class::S3Storage>();
  static constexpr std::array kClasses{&kLocalStorage, &kS3Storage};
  return kClasses;
}

std::shared_ptr<BaseStorage> storage_of(const BasePlugin& instance) {
  const auto* const storage =
      static_cast<const StorageInterface*>(instance.query(kStorageInterface));
  if (storage == nullptr) {
    throw Error(ErrorCode::kUsage, instance.get_class().name() + " is a " +
                                       instance.get_class().kind() +
                                       ", not one of the storages that come with PetFactory");
  }
  return storage->open(instance.params());
}

}  // namespace pet
