#include "storage/chain_storage.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "storage/local_storage.hpp"
#include "tests/storage/chain_site.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/recording_sink.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {

TEST_CASE("an object that never changes comes from the first member that has it",
          "[storage][chain]") {
  ChainSite site;
  const auto chain = site.chain();
  site.authority_memory.put(kKey, "right");
  CHECK(chain->get(kKey) == "right");
  CHECK(site.first->recorded() == Texts{"get fixed/right"});
  CHECK(site.second->recorded() == Texts{"get fixed/right"});
  site.second_memory.put(kKey, "right");
  site.authority->forget();
  CHECK(chain->get(kKey) == "right");
  CHECK(site.authority->recorded().empty());
  CHECK(site.reports.empty());  // to lack an object is no fault of a mirror
}

TEST_CASE("a mirror with other bytes is passed over and reported, and the right ones arrive",
          "[storage][chain]") {
  ChainSite site;
  const auto chain = site.chain();
  site.first_memory.put(kKey, "<html>not found</html>");
  site.second_memory.put(kKey, "righ");
  site.authority_memory.put(kKey, "right");
  CHECK(chain->get(kKey) == "right");
  REQUIRE(site.reports.size() == 2);
  CHECK(site.reports[0].member == "first");
  CHECK(site.reports[0].key == kKey);
  CHECK(site.reports[0].reason == "has '<html>not found</html>'");
  CHECK(site.reports[1].member == "second");
}

TEST_CASE("a mirror that fails in any way is passed over and reported", "[storage][chain]") {
  for (const ErrorCode code : {ErrorCode::kStorageUnreachable, ErrorCode::kStorageRefused,
                               ErrorCode::kStorageUnsupported, ErrorCode::kCorrupt}) {
    CAPTURE(to_string(code));
    ChainSite site;
    const auto chain = site.chain();
    site.authority_memory.put(kKey, "right");
    site.first->break_down(code);
    CHECK(chain->get(kKey) == "right");
    REQUIRE(site.reports.size() == 1);
    CHECK(site.reports[0].member == "first");
    CHECK(site.reports[0].reason == "injected fault: get fixed/right on first");
  }
}

TEST_CASE("a mirror's object that is too large is passed over", "[storage][chain]") {
  ChainSite site;
  const auto chain = site.chain();
  site.first_memory.put(kKey, "much too large");
  site.authority_memory.put(kKey, "right");
  CHECK(chain->get(kKey, 5) == "right");
  CHECK(site.reports.size() == 1);
}

TEST_CASE("where every copy is damaged, the error names each", "[storage][chain]") {
  ChainSite site;
  const auto chain = site.chain();
  site.first_memory.put(kKey, "a");
  site.second_memory.put(kKey, "b");
  site.authority_memory.put(kKey, "c");
  CHECK_THROWS_MATCHES(
      chain->get(kKey), Error,
      fails(ErrorCode::kCorrupt,
            {"'fixed/right'", "first: has 'a'", "second: has 'b'",
             "authority (the authority): has 'c'", "restore it in the authority"}));
  CHECK(site.reports.size() == 2);  // what is wrong with the authority is thrown
}

TEST_CASE("an object is absent only when the authority says so", "[storage][chain]") {
  ChainSite site;
  const auto chain = site.chain(std::chrono::milliseconds(0));
  CHECK(chain->get(kKey) == std::nullopt);

  site.first_memory.put(kKey, "wrong");
  CHECK(chain->get(kKey) == std::nullopt);  // what is no copy does not make it be there
  CHECK(site.reports.size() == 1);
  site.first_memory.remove(kKey);

  site.first->break_down(ErrorCode::kStorageUnreachable);
  CHECK(chain->get(kKey) == std::nullopt);
  site.first->heal();

  for (const ErrorCode code : {ErrorCode::kStorageUnreachable, ErrorCode::kStorageRefused,
                               ErrorCode::kStorageUnsupported, ErrorCode::kCorrupt}) {
    site.authority->break_down(code);
    CHECK_THROWS_MATCHES(
        chain->get(kKey), Error,
        fails(code, {"'fixed/right' cannot be had", "first: does not have it",
                     "authority (the authority): injected fault: get fixed/right"}));
  }
  site.second_memory.put(kKey, "right");
  CHECK(chain->get(kKey) == "right");  // a copy serves while the authority is gone
}

TEST_CASE("what may change is the authority's alone, whatever the mirrors have",
          "[storage][chain]") {
  ChainSite site;
  const auto chain = site.chain();
  for (MemoryStorage* mirror : {&site.first_memory, &site.second_memory}) {
    mirror->put("log/1", "older");
    mirror->put("log/2", "never was");
    mirror->put(kKey, "right");
  }
  site.authority_memory.put("log/1", "newest");

  CHECK(chain->get("log/1") == "newest");
  CHECK(chain->get("log/2") == std::nullopt);
  CHECK(chain->list("") == Texts{"log/1"});
  CHECK(chain->head("log/1")->size == 6);
  // What never changes too: a writer asks what the authority has, and a part cannot be checked.
  CHECK_FALSE(chain->head(kKey));
  CHECK(chain->get_range(kKey, 0, 5) == std::nullopt);
  CHECK(chain->put_if_absent(kKey, "right"));
  chain->put("log/1", "replaced");
  const PutItem item{"log/3", "x"};
  chain->put_many({&item, 1});
  CHECK(chain->remove("log/3"));
  CHECK(site.authority_memory.get("log/1") == "replaced");
  CHECK(site.first->recorded().empty());
  CHECK(site.second->recorded().empty());
  CHECK(site.reports.empty());
}

TEST_CASE("every failure of the authority is the chain's, at every verb", "[storage][chain]") {
  const std::pair<std::string, std::function<void(ChainStorage&)>> verbs[] = {
      {"get", [](ChainStorage& chain) { chain.get("log/1"); }},
      {"get_range", [](ChainStorage& chain) { chain.get_range(kKey, 0, 1); }},
      {"head", [](ChainStorage& chain) { chain.head(kKey); }},
      {"list", [](ChainStorage& chain) { chain.list(""); }},
      {"put", [](ChainStorage& chain) { chain.put(kKey, "right"); }},
      {"put_if_absent", [](ChainStorage& chain) { chain.put_if_absent(kKey, "right"); }},
      {"put_many",
       [](ChainStorage& chain) {
         const PutItem item{kKey, "right"};
         chain.put_many({&item, 1});
       }},
      {"remove", [](ChainStorage& chain) { chain.remove(kKey); }},
  };
  for (const auto& [verb, call] : verbs) {
    for (const ErrorCode code : {ErrorCode::kStorageUnreachable, ErrorCode::kStorageRefused,
                                 ErrorCode::kStorageUnsupported, ErrorCode::kCorrupt}) {
      CAPTURE(verb, to_string(code));
      ChainSite site;
      const auto chain = site.chain();
      for (MemoryStorage* mirror : {&site.first_memory, &site.second_memory}) {
        mirror->put("log/1", "older");
        mirror->put(kKey, "right");
      }
      site.authority->break_down(code);
      CHECK_THROWS_MATCHES(call(*chain), Error, fails(code, {"injected fault: " + verb}));
      CHECK(site.first->recorded().empty());
      // Asked again each time: only copies are waited for no more.
      site.authority->heal();
      CHECK_NOTHROW(call(*chain));
    }
  }
}

TEST_CASE("of what the members say to do next, the authority's stands at the end",
          "[storage][chain]") {
  class Advising : public NamedMemory {
   public:
    using NamedMemory::NamedMemory;

   protected:
    bool do_read(std::string_view, ByteSink&, std::uint64_t) const override {
      throw Error(ErrorCode::kStorageUnreachable, describe() + ": no answer\n  try: " + describe());
    }
  };
  ChainStorage chain({std::make_shared<Advising>("mirror"), std::make_shared<Advising>("home")},
                     {.layout = {is_fixed, checks(fault_in)}});
  try {
    chain.get(kKey);
    FAIL("got it");
  } catch (const Error& error) {
    CHECK(error.what() ==
          std::string("'fixed/right' cannot be had from any storage of a chain: mirror: mirror: no "
                      "answer; home (the authority): home: no answer\n  try: home"));
  }
}

TEST_CASE("a chain can what its authority can", "[storage][chain]") {
  ChainSite site;
  const auto chain = site.chain();
  site.first->limit_to({.list = false, .write = false, .put_if_absent = false});
  CHECK(chain->capabilities().put_if_absent);
  site.authority->limit_to({.list = true, .write = true, .put_if_absent = false});
  CHECK_FALSE(chain->capabilities().put_if_absent);
  CHECK_THROWS_MATCHES(
      chain->put_if_absent(kKey, "right"), Error,
      fails(ErrorCode::kStorageUnsupported, {"chain:first|second|authority cannot put if absent"}));
}

TEST_CASE("a sink begins again with the next member after a wrong copy", "[storage][chain]") {
  ChainSite site;
  const auto chain = site.chain();
  site.first_memory.put(kKey, "wrong");
  site.authority_memory.put(kKey, "right");
  RecordingSink sink;
  CHECK(chain->read(kKey, sink));
  CHECK(sink.bytes == "right");
  CHECK(sink.begun.size() == 2);
  CHECK(site.reports.size() == 1);
}

TEST_CASE("a member reads into the place that the sink has for it", "[storage][chain]") {
  const TemporaryFolder folder;
  const auto local = std::make_shared<LocalStorage>(folder / "pets");
  local->put(kKey, "right");
  const ChainStorage chain({local, std::make_shared<MemoryStorage>()},
                           {.layout = {is_fixed, checks(fault_in)}});
  RecordingSink sink;
  sink.place.resize(3);
  CHECK(chain.read(kKey, sink));
  CHECK(sink.bytes == "right");
  CHECK(sink.pieces_in_place == 2);
}

TEST_CASE("a sink that fails is no member's fault", "[storage][chain]") {
  ChainSite site;
  const auto chain = site.chain();
  site.first_memory.put(kKey, "right");
  site.authority_memory.put(kKey, "right");
  RecordingSink sink;
  sink.fails_after = 0;
  CHECK_THROWS_MATCHES(chain->read(kKey, sink), Error,
                       fails(ErrorCode::kStorageRefused, {"the sink is full"}));
  CHECK(site.reports.empty());
  CHECK(site.authority->recorded().empty());
  sink.fails_after.reset();
  CHECK(chain->read(kKey, sink));  // nobody rests for it
  CHECK(site.authority->recorded().empty());
}

}  // namespace pet::test
