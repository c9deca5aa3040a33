#include <catch2/catch.hpp>
#include <functional>
#include <pet/filter.hpp>

#include "core/artifact/hash.hpp"
#include "core/loader/plugin_host.hpp"
#include "storage/memory_storage.hpp"
#include "tests/core/loader/loading.hpp"

namespace pet::host_blobs_test {

std::function<void(const pet::Host&)> body;

class BlobUser : public pet::Filter<BlobUser> {
 public:
  pet::XYData predict(const pet::XYData& x) const {
    body(host());
    return x.clone();
  }
};
PET_CLASS(BlobUser)

namespace {

void with_host(std::shared_ptr<BaseStorage> storage, std::function<void(const pet::Host&)> work) {
  body = std::move(work);
  const auto host = PluginHost::make({.observer = {}, .blobs = std::move(storage)});
  PetClass::compiled_in(entry_of<BlobUser>()).create({}, host).predict(test::vector_of({1}));
}

TEST_CASE("a blob is kept under its key, among the storage's blobs", "[core]") {
  const auto storage = std::make_shared<MemoryStorage>();
  with_host(storage, [](const pet::Host& host) {
    CHECK_FALSE(host.get_blob("model.bin").has_value());
    host.put_blob("model.bin", std::string("\0\1bytes", 7));
    CHECK(host.get_blob("model.bin") == std::string("\0\1bytes", 7));
  });
  CHECK(storage->get("blobs/model.bin") == std::string("\0\1bytes", 7));
}

TEST_CASE("a damaged blob is replaced by the next put", "[core]") {
  const auto storage = std::make_shared<MemoryStorage>();
  with_host(storage, [&](const pet::Host& host) {
    host.put_blob("k", "good");
    storage->flip_bit("blobs/k", 3);
    host.put_blob("k", "good");
    CHECK(host.get_blob("k") == "good");
  });
}

TEST_CASE("a digest is SHA-256 over its parts in order", "[core]") {
  with_host(std::make_shared<MemoryStorage>(), [](const pet::Host& host) {
    CHECK(host.digest({"ab", "", "c"}) == pet::Hash::of(std::string_view("abc")).hex());
    CHECK(host.digest(std::vector<std::string_view>{}) ==
          pet::Hash::of(std::string_view("")).hex());
  });
}

TEST_CASE("a key that is none is refused in words", "[core]") {
  with_host(std::make_shared<MemoryStorage>(), [](const pet::Host& host) {
    for (const std::string& key : {std::string(), std::string("a/b"), std::string(".hidden"),
                                   std::string("ä"), std::string(129, 'a'), std::string("../up")}) {
      CAPTURE(key);
      CHECK_THROWS_WITH(host.put_blob(key, "x"), Catch::Contains("a blob's key is 1 to 128 of"));
      CHECK_THROWS_WITH(host.get_blob(key), Catch::Contains("a blob's key is 1 to 128 of"));
    }
    CHECK_NOTHROW(host.put_blob(std::string(128, 'a'), "x"));
  });
}

// Fails like a storage that is out of reach.
class BrokenStorage : public MemoryStorage {
 protected:
  bool do_read(std::string_view key, ByteSink&, std::uint64_t) const override {
    throw Error(ErrorCode::kStorageUnreachable, "no route to the storage of " + std::string(key));
  }
};

TEST_CASE("a storage that fails is a failure, not an absence", "[core]") {
  with_host(std::make_shared<BrokenStorage>(), [](const pet::Host& host) {
    CHECK_THROWS_WITH(host.get_blob("k"), "no route to the storage of blobs/k");
  });
}

TEST_CASE("without a storage there is no blob service", "[core]") {
  with_host(nullptr, [](const pet::Host& host) {
    CHECK_FALSE(host.has(PET_HOST_BLOBS_1));
    CHECK_THROWS_WITH(host.get_blob("k"), Catch::Contains(PET_HOST_BLOBS_1));
  });
}

}  // namespace
}  // namespace pet::host_blobs_test
