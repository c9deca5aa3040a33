#include <catch2/catch.hpp>

#include "storage/chain_storage.hpp"
#include "storage/local_storage.hpp"
#include "storage/memory_storage.hpp"
#include "tests/storage/faulty_storage.hpp"
#include "tests/storage/storage_contract.hpp"
#include "tests/storage/temporary_folder.hpp"
#include "tests/storage/whole_check.hpp"

namespace pet::test {

TEST_CASE("MemoryStorage keeps the contract", "[storage]") {
  check_contract([] { return std::make_unique<MemoryStorage>(); });
}

TEST_CASE("LocalStorage keeps the contract", "[storage]") {
  const TemporaryFolder folder;
  check_contract([&] {
    auto storage = std::make_unique<LocalStorage>(folder / "root");
    storage->ensure_exists();
    return storage;
  });
}

TEST_CASE("ChainStorage keeps the contract, whether its objects may change or not", "[storage]") {
  const TemporaryFolder folder;
  const bool immutable = GENERATE(false, true);
  check_contract([&] {
    auto local = std::make_shared<LocalStorage>(folder / "root");
    local->ensure_exists();
    std::vector<std::shared_ptr<BaseStorage>> members{std::make_shared<MemoryStorage>(), local};
    return std::make_unique<ChainStorage>(
        std::move(members), ChainOptions{.layout = {[=](std::string_view) { return immutable; },
                                                    checks([](auto, auto) { return ""; })}});
  });
}

TEST_CASE("FaultyStorage keeps the contract when it is not told to fail", "[storage]") {
  MemoryStorage memory;
  check_contract([&] { return std::make_unique<FaultyStorage>(memory); });
}

}  // namespace pet::test
