// From a file in the cache to its class: ours (find, hash, gate, load) beside raw read,
// SHA-256 and dlopen of the same files. The gate, as what it adds to reading and hashing. The hash of a
// file, which get_class_hash takes in one pass: of a small plugin, and of one with a library inside.
#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <openssl/evp.h>

#include <fstream>
#include <stdexcept>
#include <vector>

#include "core/artifact/binary.hpp"
#include "core/artifact/facts.hpp"
#include "core/artifact/gate.hpp"
#include "core/artifact/machine.hpp"
#include "core/factory/checked_loader.hpp"
#include "core/loader/pet_class.hpp"
#include "tests/bench/bench_plugins.hpp"

namespace pet::bench {
namespace {

// The bounds: what nobody can do without, in plain C++ and C.
void raw_read_and_hash(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  std::vector<char> bytes(static_cast<std::size_t>(in.tellg()));
  in.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  unsigned char digest[32];
  EVP_Digest(bytes.data(), bytes.size(), digest, nullptr, EVP_sha256(), nullptr);
  benchmark::DoNotOptimize(digest);
}

void* raw_load(const std::string& path) {
  raw_read_and_hash(path);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library || !dlsym(library, "pet_entry_v1")) throw std::runtime_error(dlerror());
  return library;
}

PetClass our_load(PluginFarm& farm, const Hash& hash) {
  const auto cached = farm.cache().find(hash);
  return farm.loader().load({.binary = cached->binary,
                             .source = std::string(kCacheSource),
                             .key = cached->file,
                             .name = "GoodFilter",
                             .file = cached->file});
}

void cold_load_bound(benchmark::State& state) {
  const auto& file = PluginFarm::of_size(1).files().front();
  for (auto _ : state) dlclose(raw_load(file.path));
}

void cold_load_ours(benchmark::State& state) {
  auto& farm = PluginFarm::of_size(1);
  for (auto _ : state) our_load(farm, farm.files().front().hash);
}

// A file as large as a plugin with a big static library; its bytes do not matter to a hash.
class LargeFile {
 public:
  LargeFile() : path_(PluginFarm::of_size(1).files().front().path + ".large") {
    std::ofstream(path_, std::ios::binary) << std::string(std::size_t{10} << 20, 'x');
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;  // below the farm's directory, which the farm removes
};

const std::string& hashed_file(bool large) {
  if (!large) return PluginFarm::of_size(1).files().front().path;
  static const LargeFile file;
  return file.path();
}

void class_hash_bound(benchmark::State& state, bool large) {
  for (auto _ : state) raw_read_and_hash(hashed_file(large));
}

void class_hash_ours(benchmark::State& state, bool large) {
  for (auto _ : state) benchmark::DoNotOptimize(Binary::read(hashed_file(large)).hash());
}

void gate_bound(benchmark::State& state) {
  const auto& file = PluginFarm::of_size(1).files().front();
  for (auto _ : state) raw_read_and_hash(file.path);
}

void gate_ours(benchmark::State& state) {
  const auto& file = PluginFarm::of_size(1).files().front();
  for (auto _ : state) {
    const Binary binary = Binary::read(file.path);
    const Verdict verdict = check(read_facts(binary.bytes()), Machine::current());
    if (!verdict.loadable()) throw std::runtime_error(verdict.problems.front().sentence);
  }
}

// All of them stay loaded until the end of an iteration; letting go of them is not timed.
void many_bound(benchmark::State& state, std::size_t count) {
  const auto& files = PluginFarm::of_size(count).files();
  for (auto _ : state) {
    std::vector<void*> libraries;
    for (const PluginFile& file : files) libraries.push_back(raw_load(file.path));
    state.PauseTiming();
    for (void* library : libraries) dlclose(library);
    state.ResumeTiming();
  }
}

void many_ours(benchmark::State& state, std::size_t count) {
  auto& farm = PluginFarm::of_size(count);
  for (auto _ : state) {
    std::vector<PetClass> classes;
    for (const PluginFile& file : farm.files()) classes.push_back(our_load(farm, file.hash));
    state.PauseTiming();
    classes.clear();
    state.ResumeTiming();
  }
}

}  // namespace

void register_load_benchmarks() {
  benchmark::RegisterBenchmark("class_hash/bound", class_hash_bound, false);
  benchmark::RegisterBenchmark("class_hash/ours", class_hash_ours, false);
  benchmark::RegisterBenchmark("class_hash_10_MiB/bound", class_hash_bound, true);
  benchmark::RegisterBenchmark("class_hash_10_MiB/ours", class_hash_ours, true);
  benchmark::RegisterBenchmark("gate/bound", gate_bound);
  benchmark::RegisterBenchmark("gate/ours", gate_ours);
  benchmark::RegisterBenchmark("cold_load/bound", cold_load_bound);
  benchmark::RegisterBenchmark("cold_load/ours", cold_load_ours);
  for (const std::size_t count : {many_plugins() / 3, many_plugins()}) {
    const std::string name = "load_" + std::to_string(count);
    const auto add = [&](const char* side, void (*run)(benchmark::State&, std::size_t)) {
      benchmark::RegisterBenchmark((name + side).c_str(), run, count)
          ->Unit(benchmark::kMillisecond);
    };
    add("/bound", many_bound);
    add("/ours", many_ours);
  }
}

}  // namespace pet::bench
