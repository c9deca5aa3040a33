// A chain whose mirrors are slow, or come and go: who waits for whom, and who is asked again.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <latch>
#include <thread>
#include <vector>

#include "storage/chain_storage.hpp"
#include "tests/storage/chain_site.hpp"
#include "tests/storage/error_matcher.hpp"

namespace pet::test {
namespace {

constexpr std::chrono::seconds kPatience{60};  // for what takes no time; then a test fails

}  // namespace

TEST_CASE("a member that was unreachable is not asked for copies for a while", "[storage][chain]") {
  ChainSite site;
  const auto chain = site.chain();
  Texts keys;
  for (int i = 0; i < 100; ++i) keys.push_back("fixed/" + std::to_string(i) + "/right");
  for (const std::string& key : keys) site.authority_memory.put(key, "right");
  site.first->break_down(ErrorCode::kStorageUnreachable);
  for (const std::string& key : keys) CHECK(chain->get(key) == "right");
  CHECK(site.first->recorded().size() == 1);
  CHECK(site.reports.size() == 1);
}

TEST_CASE("after a while it is asked again", "[storage][chain]") {
  ChainSite site;
  const auto chain = site.chain(std::chrono::milliseconds(1));
  site.first_memory.put(kKey, "right");
  site.authority_memory.put(kKey, "right");
  site.first->break_down(ErrorCode::kStorageUnreachable);
  CHECK(chain->get(kKey) == "right");
  site.first->heal();
  site.first->forget();
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (site.first->recorded().empty() && std::chrono::steady_clock::now() < give_up) {
    CHECK(chain->get(kKey) == "right");
  }
  CHECK(site.first->recorded() == Texts{"get fixed/right"});
}

TEST_CASE("a refusal may concern one object: the mirror is asked for the next",
          "[storage][chain]") {
  ChainSite site;
  const auto chain = site.chain();
  site.first_memory.put(kKey, "right");
  site.first->fail(1, ErrorCode::kStorageRefused);
  CHECK(chain->get("fixed/other") == std::nullopt);
  CHECK(chain->get(kKey) == "right");
  CHECK(site.second->recorded() == Texts{"get fixed/other"});
}

TEST_CASE("an authority that is back is asked at once", "[storage][chain]") {
  ChainSite site;
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
  ChainSite site;
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
  ChainSite site;
  const auto chain = site.chain(std::chrono::hours(1), std::chrono::milliseconds(20));
  const Texts keys{"fixed/1/right", "fixed/2/right", "fixed/3/right", "fixed/4/right"};
  for (const std::string& key : keys) site.authority_memory.put(key, "right");
  std::promise<void> done;  // the others are
  const std::shared_future<void> others = done.get_future().share();
  site.first->before_each([&](const std::string&) { others.wait_for(kPatience); });
  site.first->break_down(ErrorCode::kStorageUnreachable);
  std::atomic<std::size_t> got{0};
  std::vector<std::jthread> threads;
  for (const std::string& key : keys) {
    threads.emplace_back([&, key] {
      if (chain->get(key) == "right" && ++got == keys.size() - 1) done.set_value();
    });
  }
  threads.clear();
  CHECK(others.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
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
  ChainSite site;
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
  ChainSite site;
  const auto chain = site.chain();
  site.first_memory.put(kKey, "right");
  std::latch begun(8);  // nobody is answered before all have asked, or are about to
  site.first->before_each([&](const std::string&) { begun.wait(); });
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      begun.count_down();
      chain->get(kKey);
    });
  }
  threads.clear();
  CHECK(site.first->recorded().size() == 8);
  CHECK(site.second->recorded().empty());
}

TEST_CASE("a mirror that is slow to answer still serves what no other member has",
          "[storage][chain][concurrent]") {
  ChainSite site;
  const auto chain = site.chain(std::chrono::hours(1), std::chrono::milliseconds(20));
  site.first_memory.put("fixed/1/right", "right");
  site.first_memory.put("fixed/2/right", "right");
  site.authority->break_down(ErrorCode::kStorageUnreachable);
  // The first answer comes when somebody has gone on to the authority.
  std::promise<void> gone_on;
  const std::shared_future<void> is_gone_on = gone_on.get_future().share();
  std::atomic<int> asked{0};
  site.authority->before_each([&](const std::string&) {
    if (asked++ == 0) gone_on.set_value();
  });
  site.first->before_each([&](const std::string&) { is_gone_on.wait_for(kPatience); });
  std::atomic<int> got{0};
  std::vector<std::jthread> threads;
  for (const char* key : {"fixed/1/right", "fixed/2/right"}) {
    threads.emplace_back([&, key] { got += chain->get(key) == "right"; });
  }
  threads.clear();
  CHECK(asked > 0);
  CHECK(got == 2);
}

TEST_CASE("many threads read through a chain whose mirror comes and goes",
          "[storage][chain][concurrent]") {
  ChainSite site;
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

}  // namespace pet::test
