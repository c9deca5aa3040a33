// Plugin files for the benchmarks: many versions of one real class, each with a hash of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/artifact/hash.hpp"
#include "core/cache/binary_cache.hpp"
#include "core/factory/checked_loader.hpp"

namespace pet::bench {

struct PluginFile {
  Hash hash;
  std::string path;  // in a cache directory of the benchmark's own
};

// A cache directory with `count` versions of GoodFilter, made once for the process and removed at its
// end. Versions differ by bytes after the end of the ELF image, which the loader maps over.
class PluginFarm {
 public:
  static PluginFarm& of_size(std::size_t count);

  const std::vector<PluginFile>& files() const { return files_; }
  BinaryCache& cache() { return *cache_; }
  const std::string& directory() const { return directory_; }  // the cache's
  // The way that every binary takes in a program of the user's.
  const CheckedLoader& loader() const { return *loader_; }

  explicit PluginFarm(std::size_t count);
  ~PluginFarm();

 private:
  std::string directory_;
  std::shared_ptr<BinaryCache> cache_;
  std::unique_ptr<CheckedLoader> loader_;
  std::vector<PluginFile> files_;
};

// How many plugins the largest benchmark loads: 3,000, or few with --few.
std::size_t many_plugins();
// And how many rows a built-in class is given: 1,000,000, or few.
std::int64_t many_rows();
void set_few_plugins();

}  // namespace pet::bench
