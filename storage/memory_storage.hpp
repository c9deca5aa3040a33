// MemoryStorage: objects in a map, for tests and for programs that embed PetFactory without a disk.
//
// Keeps every promise of BaseStorage but durability: the objects end with it. Not shared between
// processes.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "storage/base_storage.hpp"

namespace pet {

class MemoryStorage : public BaseStorage {
 public:
  MemoryStorage() = default;

  std::string describe() const override { return "memory:"; }
  Capabilities capabilities() const override { return {true, true, true}; }

  // For tests: damages the object as a bad disk would. Bit 0 is the lowest bit of the first byte.
  // REQUIRES: the object exists and has more than bit / 8 bytes; else throws kUsage.
  void flip_bit(std::string_view key, std::uint64_t bit);

 protected:
  bool do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const override;
  std::optional<std::string> do_get_range(std::string_view key, std::uint64_t offset,
                                          std::uint64_t length) const override;
  void do_put(std::string_view key, std::string_view bytes) override;
  bool do_put_if_absent(std::string_view key, std::string_view bytes) override;
  std::optional<ObjectInfo> do_head(std::string_view key) const override;
  std::vector<std::string> do_list(std::string_view prefix, std::string_view start_after,
                                   std::size_t limit) const override;
  bool do_remove(std::string_view key) override;

 private:
  mutable std::mutex mutex_;
  // Shared with reads under way, which a put then leaves alone.
  std::map<std::string, std::shared_ptr<const std::string>, std::less<>> objects_;

  std::shared_ptr<const std::string> find(std::string_view key) const;
};

}  // namespace pet
