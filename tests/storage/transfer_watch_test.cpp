#include "storage/transfer_watch.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

#include "storage/memory_storage.hpp"

namespace pet::test {
namespace {

// Keeps the storage waiting for longer than a transfer goes unreported.
struct SlowSink final : ByteSink {
  void begin(std::optional<std::uint64_t>) override {}
  void write(std::string_view) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(120));
  }
};

}  // namespace

TEST_CASE("a transfer that takes its time is reported, and that it has ended", "[storage]") {
  std::vector<TransferProgress> reports;
  MemoryStorage storage;
  storage.put("plugins/A/object.so", "12345");
  storage.watch_transfers([&](const TransferProgress& now) { reports.push_back(now); });
  SlowSink sink;
  CHECK(storage.read("plugins/A/object.so", sink));
  REQUIRE(reports.size() == 2);
  CHECK(reports[0].storage == "memory:");
  CHECK(reports[0].key == "plugins/A/object.so");
  CHECK(reports[0].done == 5);
  CHECK(reports[0].total == 5);
  CHECK_FALSE(reports[0].has_ended);
  CHECK(reports[1].has_ended);
}

TEST_CASE("a part that is sent again counts once", "[storage]") {
  std::vector<TransferProgress> reports;
  {
    WatchedTransfer transfer([&](const TransferProgress& now) { reports.push_back(now); }, "s3://a",
                             "k", 100);
    transfer.moved(0, 40);
    transfer.moved(1, 30);
    std::this_thread::sleep_for(std::chrono::milliseconds(120));
    transfer.moved(1, 10);
  }
  REQUIRE(reports.size() >= 2);  // more, where the machine kept the moves before waiting
  CHECK(reports[reports.size() - 2].done == 50);
  CHECK(reports.back().done == 50);
  CHECK(reports.back().has_ended);
}

}  // namespace pet::test
