#include "storage/chain_storage.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <thread>

#include "storage/memory_storage.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/faulty_storage.hpp"
#include "tests/storage/recording_sink.hpp"
#include "tests/storage/whole_check.hpp"

namespace pet::test {
namespace {

using Texts = std::vector<std::string>;

// A memory that can be told from another in messages.
class NamedMemory : public MemoryStorage {
 public:
  explicit NamedMemory(std::string name) : name_(std::move(name)) {}
  std::string describe() const override { return name_; }

 private:
  std::string name_;
};

// Objects below "fixed/" never change, and their bytes end as their key does: "right" below
// "fixed/right".
bool is_fixed(std::string_view key) { return key.starts_with("fixed/"); }

std::string fault_in(std::string_view key, std::string_view bytes) {
  return key.ends_with(bytes) ? "" : "has '" + std::string(bytes) + "'";
}

// Two mirrors and an authority, all of them faulty on demand.
struct Site {
  NamedMemory first_memory{"first"}, second_memory{"second"}, authority_memory{"authority"};
  std::shared_ptr<FaultyStorage> first = std::make_shared<FaultyStorage>(first_memory);
  std::shared_ptr<FaultyStorage> second = std::make_shared<FaultyStorage>(second_memory);
  std::shared_ptr<FaultyStorage> authority = std::make_shared<FaultyStorage>(authority_memory);
  std::vector<PassedOver> reports;

  std::unique_ptr<ChainStorage> chain(std::chrono::milliseconds rest = std::chrono::hours(1),
                                      std::chrono::milliseconds contact = std::chrono::hours(1)) {
    return std::make_unique<ChainStorage>(
        std::vector<std::shared_ptr<BaseStorage>>{first, second, authority},
        ChainOptions{.layout = {is_fixed, checks(fault_in)},
                     .report = [this](const PassedOver& report) { reports.push_back(report); },
                     .rest = rest,
                     .contact = contact});
  }
};

constexpr const char* kKey = "fixed/right";

}  // namespace

TEST_CASE("an object that never changes comes from the first member that has it",
          "[storage][chain]") {
  Site site;
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
  Site site;
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
    Site site;
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
  Site site;
  const auto chain = site.chain();
  site.first_memory.put(kKey, "much too large");
  site.authority_memory.put(kKey, "right");
  CHECK(chain->get(kKey, 5) == "right");
  CHECK(site.reports.size() == 1);
}

TEST_CASE("where every copy is damaged, the error names each", "[storage][chain]") {
  Site site;
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
  Site site;
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
  Site site;
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
      Site site;
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

TEST_CASE("a member that was unreachable is not asked for copies for a while", "[storage][chain]") {
  Site site;
  const auto chain = site.chain(std::chrono::milliseconds(200));
  Texts keys;
  for (int i = 0; i < 100; ++i) keys.push_back("fixed/" + std::to_string(i) + "/right");
  for (const std::string& key : keys) site.authority_memory.put(key, "right");
  site.first->break_down(ErrorCode::kStorageUnreachable);

  const auto start = std::chrono::steady_clock::now();
  for (const std::string& key : keys) CHECK(chain->get(key) == "right");
  if (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(200)) {
    CHECK(site.first->recorded().size() == 1);
    CHECK(site.reports.size() == 1);
  }
  site.first->heal();
  site.first_memory.put(keys[0], "right");
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  site.authority->forget();
  CHECK(chain->get(keys[0]) == "right");
  CHECK(site.authority->recorded().empty());
}

TEST_CASE("a refusal may concern one object: the mirror is asked for the next",
          "[storage][chain]") {
  Site site;
  const auto chain = site.chain();
  site.first_memory.put(kKey, "right");
  site.first->fail(1, ErrorCode::kStorageRefused);
  CHECK(chain->get("fixed/other") == std::nullopt);
  CHECK(chain->get(kKey) == "right");
  CHECK(site.second->recorded() == Texts{"get fixed/other"});
}

TEST_CASE("an authority that is back is asked at once", "[storage][chain]") {
  Site site;
  const auto chain = site.chain();
  site.authority_memory.put(kKey, "right");
  site.authority->break_down(ErrorCode::kStorageUnreachable);
  CHECK_THROWS_AS(chain->get(kKey), Error);
  CHECK_THROWS_MATCHES(chain->get(kKey), Error,
                       fails(ErrorCode::kStorageUnreachable,
                             {"authority (the authority): injected fault: get fixed/right"}));
  site.authority->heal();
  CHECK(chain->get(kKey) == "right");
}

TEST_CASE("a mirror that rests says why", "[storage][chain]") {
  Site site;
  const auto chain = site.chain();
  site.first->break_down(ErrorCode::kStorageUnreachable);
  site.authority->break_down(ErrorCode::kStorageUnreachable);
  CHECK_THROWS_AS(chain->get(kKey), Error);
  CHECK_THROWS_MATCHES(
      chain->get(kKey), Error,
      fails(ErrorCode::kStorageUnreachable,
            {"first: not asked again so soon: injected fault: get fixed/right on first"}));
  CHECK(site.first->recorded().size() == 1);
}

TEST_CASE("while one thread waits for a mirror, others get theirs from the next member",
          "[storage][chain][concurrent]") {
  Site site;
  const auto chain = site.chain(std::chrono::hours(1), std::chrono::milliseconds(20));
  const Texts keys{"fixed/1/right", "fixed/2/right", "fixed/3/right", "fixed/4/right"};
  for (const std::string& key : keys) site.authority_memory.put(key, "right");
  std::atomic<bool> done{false};  // the others are
  site.first->before_each([&](const std::string&) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done && std::chrono::steady_clock::now() < give_up) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  site.first->break_down(ErrorCode::kStorageUnreachable);
  std::atomic<std::size_t> got{0};
  std::vector<std::jthread> threads;
  for (const std::string& key : keys) {
    threads.emplace_back([&, key] {
      got += chain->get(key) == "right";
      if (got == keys.size() - 1) done = true;
    });
  }
  threads.clear();
  CHECK(done);
  CHECK(got == keys.size());
  CHECK(site.first->recorded().size() == 1);
}

TEST_CASE("while a mirror's first object is on its way, others come from it too",
          "[storage][chain]") {
  // Asks for another object in the middle of the first.
  struct Asking final : ByteSink {
    ChainStorage& chain;
    explicit Asking(ChainStorage& of) : chain(of) {}
    void begin(std::optional<std::uint64_t>) override {}
    void write(std::string_view) override {
      std::thread([&] { CHECK(chain.get("fixed/other") == "other"); }).join();
    }
  };
  Site site;
  const auto chain = site.chain(std::chrono::hours(1), std::chrono::milliseconds(0));
  for (MemoryStorage* memory : {&site.first_memory, &site.authority_memory}) {
    memory->put(kKey, "right");
    memory->put("fixed/other", "other");
  }
  Asking sink(*chain);
  CHECK(chain->read(kKey, sink));
  CHECK(site.first->recorded() == Texts{"get fixed/right", "get fixed/other"});
  CHECK(site.authority->recorded().empty());
}

TEST_CASE("threads that ask a mirror for the first time at once all get theirs from it",
          "[storage][chain][concurrent]") {
  Site site;
  const auto chain = site.chain();
  site.first_memory.put(kKey, "right");
  site.first->before_each(
      [](const std::string&) { std::this_thread::sleep_for(std::chrono::milliseconds(20)); });
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { chain->get(kKey); });
  threads.clear();
  CHECK(site.first->recorded().size() == 8);
  CHECK(site.second->recorded().empty());
}

TEST_CASE("a mirror that is slow to answer still serves what no other member has",
          "[storage][chain][concurrent]") {
  Site site;
  const auto chain = site.chain(std::chrono::hours(1), std::chrono::milliseconds(20));
  site.first_memory.put("fixed/1/right", "right");
  site.first_memory.put("fixed/2/right", "right");
  site.authority->break_down(ErrorCode::kStorageUnreachable);
  site.first->before_each(
      [](const std::string&) { std::this_thread::sleep_for(std::chrono::milliseconds(200)); });
  std::atomic<int> got{0};
  std::vector<std::jthread> threads;
  for (const char* key : {"fixed/1/right", "fixed/2/right"}) {
    threads.emplace_back([&, key] { got += chain->get(key) == "right"; });
  }
  threads.clear();
  CHECK(got == 2);
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
  Site site;
  const auto chain = site.chain();
  site.first->limit_to({.list = false, .write = false, .put_if_absent = false});
  CHECK(chain->capabilities().put_if_absent);
  site.authority->limit_to({.list = true, .write = true, .put_if_absent = false});
  CHECK_FALSE(chain->capabilities().put_if_absent);
  CHECK_THROWS_MATCHES(
      chain->put_if_absent(kKey, "right"), Error,
      fails(ErrorCode::kStorageUnsupported, {"chain:first|second|authority cannot put if absent"}));
}

TEST_CASE("many threads read through a chain whose mirror comes and goes",
          "[storage][chain][concurrent]") {
  Site site;
  const auto chain = std::make_unique<ChainStorage>(
      std::vector<std::shared_ptr<BaseStorage>>{site.first, site.authority},
      ChainOptions{.layout = {is_fixed, checks(fault_in)}, .rest = std::chrono::milliseconds(1)});
  site.first_memory.put(kKey, "right");
  site.authority_memory.put(kKey, "right");
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) wrong += chain->get(kKey) != "right";
    });
  }
  for (int i = 0; i < 20; ++i) {
    site.first->break_down(ErrorCode::kStorageUnreachable);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    site.first->heal();
  }
  threads.clear();
  CHECK(wrong == 0);
}

TEST_CASE("a sink begins again with the next member after a wrong copy", "[storage][chain]") {
  Site site;
  const auto chain = site.chain();
  site.first_memory.put(kKey, "wrong");
  site.authority_memory.put(kKey, "right");
  RecordingSink sink;
  CHECK(chain->read(kKey, sink));
  CHECK(sink.bytes == "right");
  CHECK(sink.begun.size() == 2);
  CHECK(site.reports.size() == 1);
}

TEST_CASE("a sink that fails is no member's fault", "[storage][chain]") {
  Site site;
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
