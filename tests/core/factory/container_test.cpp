#include "core/factory/container.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "core/loader/base_plugin.hpp"
#include "core/loader/plugin_host.hpp"
#include "storage/error.hpp"
#include "storage/local_storage.hpp"
#include "tests/core/factory/compiled_in.hpp"
#include "tests/core/factory/site.hpp"

namespace pet::test {
namespace {

constexpr char kNoBinaryWords[] = "build it with pet_add_plugin and bind the .so";

// A container over a storage that records, with a cache of its own.
struct Shop {
  TemporaryFolder folder;
  std::shared_ptr<MemoryStorage> memory = std::make_shared<MemoryStorage>();
  std::shared_ptr<FaultyStorage> storage = std::make_shared<FaultyStorage>(*memory);
  Container container{
      {.storage = storage, .cache = std::make_shared<BinaryCache>(folder / "cache")}};
};

TEST_CASE("5: a container holds storage, factories, manager and PetFactory", "[core][factory]") {
  Shop shop;
  Container& container = shop.container;
  CHECK(container.storage() == shop.storage);
  CHECK(&container.ppif.manager() == &container.pcm);
  CHECK(container.ff.label() == "filters");
  CHECK(container.pf.label() == "pipelines");
  CHECK(container.mf.label() == "metrics");
  CHECK(container.sf.label() == "storages");
  CHECK(container.host() == PluginHost::process());
}

TEST_CASE("5: containers are independent objects, and there is one for the process",
          "[core][factory]") {
  Shop one, other;
  one.container.bind<PlainFilter>();
  CHECK_FALSE(other.container.pif.contains("PlainFilter"));
  CHECK(&default_container() == &default_container());
  CHECK_FALSE(default_container().pif.contains("PlainFilter"));
  CHECK(default_container().sf.contains("LocalStorage"));
}

TEST_CASE("5: built-ins and aliases come with the options", "[core][factory]") {
  const std::array<const pet_entry*, 2> builtins{&entry_of<PlainFilter>(), &entry_of<Precission>()};
  const std::array<ClassAlias, 2> aliases{ClassAlias{"Precision", "Precission"},
                                          ClassAlias{"Recall_", "Recall"}};
  const Container container({.builtins = builtins, .aliases = aliases});
  CHECK(container.ff.contains("PlainFilter"));
  CHECK(container.mf["Precision"].name() == "Precission");
  CHECK(container.pif["Precision"] == container.pif["Precission"]);
  CHECK(container.ppif["Precision"].name() == "Precission");
  CHECK_FALSE(container.pif.contains("Recall_"));
}

TEST_CASE("5: an alias follows its class when that is bound again", "[core][factory]") {
  const std::array<ClassAlias, 1> aliases{ClassAlias{"Smooth", "GoodFilter"}};
  TemporaryFolder folder;
  Container container(
      {.cache = std::make_shared<BinaryCache>(folder / "cache"), .aliases = aliases});
  CHECK_FALSE(container.pif.contains("Smooth"));
  container.bind(fixture("good_filter"));
  CHECK(container.ff["Smooth"] == container.pif["GoodFilter"]);
  container.bind(fixture("good_filter_v2"));
  CHECK(container.pif["Smooth"] == container.pif["GoodFilter"]);
  CHECK(container.ff["Smooth"] == container.pif["GoodFilter"]);
}

TEST_CASE("6: binding a compiled-in class registers it in its kind's factory and in pif",
          "[core][factory]") {
  Shop shop;
  CHECK(shop.container.bind<PlainFilter>().name() == "PlainFilter");
  shop.container.bind<Precission>();
  CHECK(shop.container.ff.contains("PlainFilter"));
  CHECK(shop.container.pif.contains("PlainFilter"));
  CHECK_FALSE(shop.container.mf.contains("PlainFilter"));
  CHECK(shop.container.mf.contains("Precission"));
  CHECK_FALSE(shop.container.ppif.contains("PlainFilter"));
  CHECK(shop.storage->recorded().empty());
}

TEST_CASE("6: binding a file registers its class in the same places, and touches no storage",
          "[core][factory]") {
  Shop shop;
  const PetClass& bound = shop.container.bind(fixture("good_filter"));
  CHECK(bound.name() == "GoodFilter");
  CHECK(bound.source() == "file://" + fixture("good_filter"));
  CHECK(shop.container.ff["GoodFilter"] == bound);
  CHECK(&shop.container.pif["GoodFilter"] == &bound);
  CHECK_FALSE(shop.container.ppif.contains("GoodFilter"));
  CHECK(shop.storage->recorded().empty());
  CHECK(shop.container.ppif["GoodFilter"] == bound);  // storage has none: the fallback answers
  CHECK(shop.container.ppif.push_all().empty());
}

TEST_CASE("6: with persist the class is in ppif too, with its hash, and storage is not touched",
          "[core][factory]") {
  Shop shop;
  const PetClass& bound = shop.container.bind(fixture("good_filter"), {.persist = true});
  CHECK(shop.container.ppif["GoodFilter"] == bound);
  CHECK(shop.container.ppif.tracked_hashes().at("GoodFilter") == bound.hash());
  CHECK(shop.storage->recorded().empty());
  CHECK(shop.container.pcm.check_status(bound) == Status::kUntracked);
  CHECK(shop.container.ppif.push_all().size() == 1);
  CHECK(shop.container.pcm.check_status(bound) == Status::kSynced);
}

TEST_CASE("6: with auto_push the class is published", "[core][factory]") {
  Shop shop;
  const PetClass& bound =
      shop.container.bind(fixture("good_filter"), {.persist = true, .auto_push = true});
  CHECK(shop.container.pcm.check_status(bound) == Status::kSynced);
}

TEST_CASE("6: a failed auto_push throws and leaves the class registered", "[core][factory]") {
  Shop shop;
  shop.storage->break_down(ErrorCode::kStorageUnreachable);
  CHECK_THROWS_MATCHES(
      shop.container.bind(fixture("good_filter"), {.persist = true, .auto_push = true}), Error,
      fails(ErrorCode::kStorageUnreachable));
  CHECK(shop.container.ff.contains("GoodFilter"));
  CHECK(shop.container.pif.contains("GoodFilter"));
  CHECK(shop.container.ppif.tracked_hashes().size() == 1);

  shop.storage->heal();
  CHECK(shop.container.ppif.push_all().size() == 1);
}

TEST_CASE("6: auto_push without persist is a usage error that changes nothing", "[core][factory]") {
  Shop shop;
  const auto usage = fails(ErrorCode::kUsage, {"auto_push without persist"});
  CHECK_THROWS_MATCHES(shop.container.bind(fixture("good_filter"), {.auto_push = true}), Error,
                       usage);
  CHECK_THROWS_MATCHES(shop.container.bind<PlainFilter>({.auto_push = true}), Error, usage);
  CHECK_FALSE(shop.container.pif.contains("GoodFilter"));
  CHECK_FALSE(shop.container.pif.contains("PlainFilter"));
  CHECK(shop.storage->recorded().empty());
}

TEST_CASE("6: a file that cannot be loaded is not bound", "[core][factory]") {
  Shop shop;
  CHECK_THROWS_MATCHES(shop.container.bind(shop.folder / "absent.so"), Error,
                       fails(ErrorCode::kNoBinary, {"absent.so"}));
  CHECK_THROWS_MATCHES(shop.container.bind(fixture("wrong_abi_major")), Error,
                       fails(ErrorCode::kGateRefused));
  CHECK_FALSE(shop.container.pif.contains("WrongAbiMajor"));
}

TEST_CASE("7: persist of a compiled-in class is no_binary, with the next step", "[core][factory]") {
  Shop shop;
  CHECK_THROWS_MATCHES(shop.container.bind<PlainFilter>({.persist = true}), Error,
                       fails(ErrorCode::kNoBinary, {"PlainFilter", kNoBinaryWords}));
  CHECK_FALSE(shop.container.pif.contains("PlainFilter"));
  shop.container.bind<PlainFilter>();
  CHECK_THROWS_MATCHES(shop.container.ppif.assign("PlainFilter", shop.container.pif["PlainFilter"]),
                       Error, fails(ErrorCode::kNoBinary, {kNoBinaryWords}));
}

TEST_CASE("8: the bytes at bind are what push stores; a rebuilt file counts when bound again",
          "[core][factory]") {
  Shop shop;
  const std::string file = shop.folder / "MyFilter.so";
  const std::string first = read_file(fixture("good_filter"));
  const std::string second = read_file(fixture("good_filter_v2"));
  write_file(file, first);
  const PetClass bound = shop.container.bind(file, {.persist = true});
  write_file(file, second);
  shop.container.ppif.push_all();
  CHECK(shop.memory->get(binary_key_of(bound)) == first);
  CHECK(shop.container.pcm.get_class_hash(bound) == Hash::of(first));

  const PetClass rebuilt = shop.container.bind(file, {.persist = true});
  CHECK(rebuilt.hash() == Hash::of(second));
  CHECK(shop.container.ppif["GoodFilter"] == rebuilt);
  CHECK(shop.container.ppif.get_version("GoodFilter", Hash::of(first)) == bound);
}

TEST_CASE("9: another storage is used at once, and registered classes are published to it",
          "[core][factory]") {
  Shop shop, author;
  author.container.bind(fixture("counter_v1"), {.persist = true, .auto_push = true});
  const PetClass& bound =
      shop.container.bind(fixture("good_filter"), {.persist = true, .auto_push = true});
  const BasePlugin instance = bound.create();
  CHECK_FALSE(shop.container.ppif.get("Counter").has_value());

  shop.container.set_storage(author.storage);
  CHECK(shop.container.storage() == author.storage);
  CHECK(shop.container.ppif["Counter"].name() == "Counter");
  CHECK(shop.container.ppif["GoodFilter"] == bound);
  CHECK(instance.predict(XYData::mock({{1.0}, {2.0}})).data<double>()[1] == 4.0);
  CHECK(shop.container.pcm.check_status(bound) == Status::kUntracked);
  CHECK(shop.container.ppif.push_all().size() == 1);
  CHECK(author.container.pcm.pull("GoodFilter") == bound);
}

TEST_CASE("9: classes and instances outlive their container", "[core][factory]") {
  std::optional<BasePlugin> instance;
  {
    Shop shop;
    instance = shop.container.bind(fixture("good_filter")).create({{"factor", 10}});
  }
  CHECK(instance->get_class().name() == "GoodFilter");
  CHECK(instance->predict(XYData::mock({{1.0}, {2.0}})).data<double>()[1] == 20.0);
}

TEST_CASE("binding a newer file of a class leaves older instances what they are",
          "[core][factory]") {
  Shop shop;
  const BasePlugin old = shop.container.bind(fixture("good_filter")).create();
  const BasePlugin now = shop.container.bind(fixture("good_filter_v2")).create();
  const XYData x = XYData::mock({{1.0}});
  CHECK(old.predict(x).data<double>()[0] == 2.0);
  CHECK(now.predict(x).data<double>()[0] == 3.0);
  CHECK(old.item_dump().at("version_hash").as_text() ==
        Hash::of(read_file(fixture("good_filter"))).hex());
}

}  // namespace
}  // namespace pet::test
