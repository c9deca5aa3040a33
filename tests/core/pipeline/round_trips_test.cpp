// How often a push and a build wait for a storage far away: counted in waves of requests, at a real S3
// server (tests/servers/with_s3).
#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/cache/binary_cache.hpp"
#include "core/factory/pet_factory.hpp"
#include "core/pipeline/build.hpp"
#include "core/pipeline/json_document.hpp"
#include "storage/s3/s3_storage.hpp"
#include "tests/renamed_plugin.hpp"
#include "tests/storage/http/slow_proxy.hpp"
#include "tests/storage/s3/real_server.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {
namespace {

constexpr std::size_t kClasses = 100;
constexpr int kConnections = 128;

// A machine that has never talked to the storage.
struct Site {
  explicit Site(const std::string& bucket) {
    proxy = std::make_unique<SlowProxy>(s3_endpoint(), waves);
    manager = std::make_unique<PetClassManager>(
        std::make_shared<S3Storage>(
            S3Settings::from_url("s3://" + bucket + "?endpoint=" + proxy->url())),
        std::make_shared<BinaryCache>(folder / "cache"));
    factory = std::make_unique<PetFactory>(*manager);
  }

  // Assigns all classes and pushes them.
  std::vector<PushResult> push() {
    for (std::size_t i = 0; i < kClasses; ++i) {
      const std::string file = folder / (numbered_name(i) + ".so");
      write_file(file, std::string(numbered_plugin(i).view()));
      factory->assign(numbered_name(i), manager->open_plugin(file));
    }
    return factory->push_all();
  }

  TemporaryFolder folder;
  Waves waves;
  std::unique_ptr<SlowProxy> proxy;
  std::unique_ptr<PetClassManager> manager;
  std::unique_ptr<PetFactory> factory;
};

std::string pinned_config() {
  std::string config;
  for (std::size_t i = 0; i < kClasses; ++i) {
    config += (i == 0 ? "[" : ", ") + std::string("{\"clazz\": \"") + numbered_name(i) +
              "\", \"version_hash\": \"" + numbered_plugin(i).hash().hex() + "\", \"params\": {}}";
  }
  return config + "]";
}

TEST_CASE("a hundred classes are pushed and built in few round trips", "[s3][round_trips]") {
  make_bucket("round-trips");
  {
    Site author("round-trips");
    const std::vector<PushResult> results = author.push();
    REQUIRE(results.size() == kClasses);
    for (const PushResult& result : results) CHECK(result.kind == PushKind::kPublished);
    INFO(author.waves.requests() << " requests, at most " << author.waves.largest() << " at once");
    CHECK(author.waves.count() <= 10);
    CHECK(author.proxy->connections() <= kConnections);
  }
  {
    Site again("round-trips");
    for (const PushResult& result : again.push()) CHECK(result.kind == PushKind::kUnchanged);
    INFO(again.waves.requests() << " requests, at most " << again.waves.largest() << " at once");
    CHECK(again.waves.count() <= 4);
    CHECK(again.proxy->connections() <= kConnections);
  }
  Site other("round-trips");
  const ParamValue built = build_value(parse_json(pinned_config()), *other.factory);
  CHECK(built.as_list().size() == kClasses);
  INFO(other.waves.requests() << " requests, at most " << other.waves.largest() << " at once");
  CHECK(other.waves.count() <= 3);
  CHECK(other.proxy->connections() <= kConnections);
}

}  // namespace
}  // namespace pet::test
