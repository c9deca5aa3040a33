// The hundred plugins of 200 KB that the benchmarks of transfers move.
#pragma once

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/loader/pet_class.hpp"
#include "storage/base_storage.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::bench {

struct Plugin {
  std::string name;
  Binary binary;
};

const std::vector<Plugin>& transfer_plugins();

// All as classes that have their bytes.
std::vector<PetClass> opened();

// Pushes all.
void fill(const std::shared_ptr<BaseStorage>& storage);

// A new one, which stays until the end: ext4 takes no inode that was freed in the last minutes, and
// searches long for others. What was removed before the run disturbs it in the same way.
const test::TemporaryFolder& new_folder();

template <class Run, class... Arguments>
void add_transfer(const std::string& name, const Run& run, Arguments... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), run, arguments...)
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

}  // namespace pet::bench
