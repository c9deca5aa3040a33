#include "core/factory/storage_classes.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "core/factory/container.hpp"
#include "core/loader/base_plugin.hpp"
#include "core/pipeline/build.hpp"
#include "storage/error.hpp"
#include "storage/local_storage.hpp"
#include "tests/core/factory/compiled_in.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {
namespace {

TEST_CASE("10: LocalStorage is registered in sf and pif", "[core][factory]") {
  const Container container;
  for (const BaseFactory* factory : {&container.sf, &container.pif}) {
    const PetClass& clazz = (*factory)["LocalStorage"];
    CHECK(clazz.name() == "LocalStorage");
    CHECK(clazz.kind() == "storage");
    CHECK_FALSE(clazz.hash().has_value());
    REQUIRE(clazz.parameters().size() == 1);
    CHECK(clazz.parameters()[0].name == "path");
  }
  CHECK(container.ppif["LocalStorage"] == container.sf["LocalStorage"]);
}

TEST_CASE("10: an instance stands for a storage, which outlives it", "[core][factory]") {
  const TemporaryFolder folder;
  const Container container;
  std::shared_ptr<BaseStorage> storage;
  {
    const BasePlugin node = container.pif["LocalStorage"].create({{"path", folder.path()}});
    CHECK(node.item_dump().at("params").as_object().at("path").as_text() == folder.path());
    storage = storage_of(node);
  }
  CHECK(storage->describe() == "file://" + folder.path());
  storage->put("a", "bytes");
  CHECK(LocalStorage(folder.path()).get("a") == "bytes");
}

TEST_CASE("10: a config's node can name a storage", "[core][factory]") {
  const TemporaryFolder folder;
  const Container container;
  const BasePlugin node = build_from_dump(
      R"({"clazz": "LocalStorage", "params": {"path": ")" + folder.path() + R"("}})", container);
  CHECK(storage_of(node)->describe() == "file://" + folder.path());
}

TEST_CASE("10: an S3Storage is registered too, and a config's node can name one",
          "[core][factory]") {
  const Container container;
  CHECK(container.pif["S3Storage"] == container.sf["S3Storage"]);
  const BasePlugin node = build_from_dump(
      R"({"clazz": "S3Storage", "params": {"bucket": "team", "prefix": "pets/v1", "region_name": "eu-west-1",
          "endpoint_url": "http://127.0.0.1:9"}})",
      container);
  CHECK(storage_of(node)->describe() ==
        "s3://team/pets/v1?endpoint=http://127.0.0.1:9&region=eu-west-1");
  CHECK_THROWS_MATCHES(container.sf["S3Storage"].create({{"bucket", "team?endpoint=http://evil"}}),
                       Error,
                       fails(ErrorCode::kBadParams,
                             {"bucket: expected no '?', '#', '@' or ':', got 'team?endpoint"}));
  CHECK_THROWS_MATCHES(container.sf["S3Storage"].create({{"bucket", "a"}, {"prefix", "b?c"}}),
                       Error, fails(ErrorCode::kBadParams, {"prefix: expected no"}));
  CHECK_THROWS_MATCHES(container.sf["S3Storage"].create({{"bucket", "a/b"}}), Error,
                       fails(ErrorCode::kBadParams, {"it belongs into prefix"}));
  CHECK_THROWS_MATCHES(container.sf["S3Storage"].create({{"bucket", "b"}, {"access_key", "x"}}),
                       Error, fails(ErrorCode::kBadParams, {"access_key"}));
}

TEST_CASE("10: a LocalStorage needs a path", "[core][factory]") {
  const Container container;
  const PetClass& clazz = container.sf["LocalStorage"];
  CHECK_THROWS_MATCHES(clazz.create(), Error, fails(ErrorCode::kBadParams, {"path"}));
  CHECK_THROWS_MATCHES(clazz.create({{"path", ""}}), Error,
                       fails(ErrorCode::kBadParams, {"expected a directory, got ''"}));
}

TEST_CASE("10: an instance of another class stands for no storage", "[core][factory]") {
  CHECK_THROWS_MATCHES(
      storage_of(compiled_in<PlainFilter>().create()), Error,
      fails(ErrorCode::kUsage, {"PlainFilter is a filter, not one of the storages"}));
}

}  // namespace
}  // namespace pet::test
