// A chain for tests: two mirrors and an authority, all of them faulty on demand.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/chain_storage.hpp"
#include "storage/memory_storage.hpp"
#include "tests/storage/faulty_storage.hpp"
#include "tests/storage/whole_check.hpp"

namespace pet::test {

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
inline bool is_fixed(std::string_view key) { return key.starts_with("fixed/"); }

inline std::string fault_in(std::string_view key, std::string_view bytes) {
  return key.ends_with(bytes) ? "" : "has '" + std::string(bytes) + "'";
}

struct ChainSite {
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

inline constexpr const char* kKey = "fixed/right";

}  // namespace pet::test
