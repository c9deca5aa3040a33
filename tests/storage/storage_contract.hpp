// What every storage does: one suite, run on each backend. It has two halves; a backend that only reads
// keeps the first, on what another has put.
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

// Runs each sentence of both halves as a section on a new storage from `make`.
// REQUIRES: to be called directly from a TEST_CASE, once.
void check_contract(const std::function<std::unique_ptr<BaseStorage>()>& make);

// A storage, and by whom it is filled: itself, or one whose objects are the same.
struct ReadSubject {
  std::shared_ptr<BaseStorage> writer;
  std::shared_ptr<const BaseStorage> storage;
};

// The same with the half that reads. Sentences about lists are left out where the storage has none.
void check_read_contract(const std::function<ReadSubject()>& make);

}  // namespace pet::test
