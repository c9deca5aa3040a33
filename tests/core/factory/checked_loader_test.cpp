// The one way by which bytes become a class: what it takes, and what it refuses.
#include "core/factory/checked_loader.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/loader/base_plugin.hpp"
#include "storage/error.hpp"
#include "tests/core/factory/site.hpp"

namespace pet::test {
namespace {

TEST_CASE("bytes that do not match their hash are refused and not kept", "[core][factory]") {
  Site author;
  const PetClass filter = author.open("good_filter");
  author.manager.push(filter);
  author.memory->flip_bit(binary_key_of(filter), 5000);

  Site reader(author.memory);
  const auto corrupt = fails(ErrorCode::kCorrupt,
                             {"GoodFilter", "expected sha256 " + filter.hash()->hex(), "memory:"});
  CHECK_THROWS_MATCHES(reader.manager.pull("GoodFilter"), Error, corrupt);
  CHECK_THROWS_MATCHES(reader.manager.recover_class("GoodFilter", *filter.hash()), Error, corrupt);
  CHECK_FALSE(reader.cache->find(*filter.hash()).has_value());
  CHECK(reader.events.of(EventKind::kRefusal).size() == 2);
}

TEST_CASE("a binary for a kind of machine without a name is not pushable", "[core][factory]") {
  Site author;
  const std::vector<Binary> release{Binary::read(fixture("wrong_machine"))};
  CHECK_THROWS_MATCHES(author.manager.push(release), Error,
                       fails(ErrorCode::kGateRefused, {"is built for unknown machine 243"}));
}

TEST_CASE("a file damaged in the cache is quarantined and fetched again", "[core][factory]") {
  Site author;
  const Hash hash = author.manager.push(author.open("good_filter")).hash;

  Site reader(author.memory);
  const std::string file = [&] {
    reader.manager.pull("GoodFilter");
    return reader.cache->find(hash)->file;
  }();
  std::string bytes = read_file(file);
  bytes[4000] = static_cast<char>(bytes[4000] ^ 1);
  std::filesystem::remove(file);
  write_file(file, bytes);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);

  const PetClass again = reader.manager.pull("GoodFilter");
  CHECK(again.hash() == hash);
  CHECK(again.source() == "memory:");
  CHECK(reader.cache->quarantined(hash));
  CHECK(reader.events.of(EventKind::kQuarantine).size() == 1);
}

TEST_CASE("a file that vanishes from the cache before it is mapped is put back",
          "[core][factory]") {
  Site author;
  const Hash hash = author.manager.push(author.open("good_filter")).hash;
  const TemporaryFolder folder;
  // Another process clears the cache just after this one has read from it.
  int cleared = 0;
  const auto cache = std::make_shared<BinaryCache>(
      folder / "cache", CacheOptions{[&](const Event& event) {
        if (event.kind != EventKind::kCacheHit) return;
        ++cleared;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
          if (entry.is_regular_file()) std::filesystem::remove(entry.path());
        }
      }});
  const PetClassManager manager(author.memory, cache);
  manager.pull("GoodFilter");
  const PetClass again = manager.pull("GoodFilter");
  CHECK(cleared == 1);
  CHECK(again.hash() == hash);
  CHECK(again.create().predict(XYData::mock({{1.0}})).data<double>()[0] == 2.0);
}

TEST_CASE("a binary that the gate refuses is refused on every way in", "[core][factory]") {
  Site site;
  const std::string file = fixture("needs_newer_glibc");
  const auto refused = fails(ErrorCode::kGateRefused, {"GLIBC_"});
  CHECK_THROWS_MATCHES(site.manager.open_plugin(file), Error, refused);
  const Binary binary = Binary::read(file);
  CHECK_THROWS_MATCHES(site.manager.push({&binary, 1}), Error, refused);
  CHECK(site.events.of(EventKind::kRefusal).size() == 2);
  CHECK(site.memory->list("").empty());
  CHECK_FALSE(site.cache->find(binary.hash()).has_value());

  // Somebody else's tool may have put it there all the same.
  const std::string name = read_facts(binary.bytes()).clazz.name;
  site.memory->put(binary_key(name, binary.hash(), Machine::current().platform), binary.view());
  CHECK_THROWS_MATCHES(site.manager.recover_class(name, binary.hash()), Error, refused);
  site.cache->insert(binary);
  CHECK_THROWS_MATCHES(site.manager.recover_class(name, binary.hash()), Error, refused);
  CHECK_THROWS_MATCHES(site.factory.get_version(name, binary.hash()), Error, refused);
}

TEST_CASE("a binary of another class is not taken for the one asked for", "[core][factory]") {
  Site site;
  const PetClass counter = site.open("counter_v1");
  // In the cache, since it was bound here: it is no version of GoodFilter.
  CHECK_THROWS_MATCHES(site.manager.recover_class("GoodFilter", *counter.hash()), Error,
                       fails(ErrorCode::kVersionNotFound,
                             {"no GoodFilter", "that is a binary of the class Counter"}));
  // In storage under another's name: somebody put it there.
  Site reader(site.memory);
  site.memory->put(binary_key("GoodFilter", *counter.hash(), Machine::current().platform),
                   counter.binary()->view());
  CHECK_THROWS_MATCHES(reader.manager.recover_class("GoodFilter", *counter.hash()), Error,
                       fails(ErrorCode::kCorrupt,
                             {"the class Counter where GoodFilter", "key: plugins/GoodFilter/"}));
}

TEST_CASE("what is no plugin is refused, naming the file", "[core][factory]") {
  Site site;
  const std::string text = site.folder / "text.so";
  write_file(text, "hello");
  CHECK_THROWS_MATCHES(site.manager.open_plugin(text), Error,
                       fails(ErrorCode::kNotAPlugin, {text}));
  CHECK_THROWS_MATCHES(site.manager.open_plugin(site.folder / "absent.so"), Error,
                       fails(ErrorCode::kNoBinary, {"absent.so"}));
  CHECK_THROWS_MATCHES(site.manager.open_plugin(site.folder.path()), Error,
                       fails(ErrorCode::kNotAPlugin, {site.folder.path()}));
}

TEST_CASE("a pulled class is pushed from the cache, and from storage when that is cleared",
          "[core][factory]") {
  Site author;
  author.manager.push(author.open("good_filter"));

  Site between(author.memory);
  const PetClass pulled = between.manager.pull("GoodFilter");
  CHECK(pulled.binary() == nullptr);
  between.manager.push(between.open("good_filter_v2"));
  CHECK(between.manager.push(pulled).kind == PushKind::kMovedBack);

  between.cache->clear();
  between.manager.persist_class(pulled);

  const auto elsewhere = std::make_shared<MemoryStorage>();
  between.manager.set_storage(elsewhere);
  between.manager.push(pulled);
  CHECK(Site(elsewhere).manager.pull("GoodFilter") == pulled);
}

}  // namespace
}  // namespace pet::test
