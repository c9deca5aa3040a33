// What every storage does: one suite, run on each backend.
//
//   TEST_CASE("MemoryStorage keeps the contract", "[storage]") {
//     pet::test::check_contract([] { return std::make_unique<MemoryStorage>(); });
//   }
//
// Each sentence gets a storage of its own, which must be empty.
#pragma once

#include <functional>
#include <memory>

#include "storage/base_storage.hpp"

namespace pet::test {

// Runs each sentence of the contract as a section on a new storage from `make`.
// REQUIRES: to be called directly from a TEST_CASE, once.
void check_contract(const std::function<std::unique_ptr<BaseStorage>()>& make);

}  // namespace pet::test
