// A hundred plugins of 200 KB on their way, each beside what nobody can do without.
//
// fetch_directory  From a directory into a cold cache, checked and loaded, beside two threads that read
//                  in chunks, hash and write each, rename it and dlopen it. Asked: at most 1.25 times.
// fetch_nginx      The same from a web server on loopback, beside `curl --parallel` of the same files,
//                  SHA-256 and dlopen. Asked: at most 1.3 times. Only beside a server:
//                  tests/servers/with_nginx pet_bench --benchmark_filter=nginx
// push_directory   New classes durably into a directory, beside the same files, directories and
//                  ordering barriers, a syncfs each. Asked: at most 1.25 times.
//
// Machines change their pace from one second to the next, so both sides take turns, each for a moment:
// pet_bench --benchmark_filter=directory --benchmark_repetitions=40 --benchmark_min_time=0.01
//           --benchmark_enable_random_interleaving=true
#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/artifact/machine.hpp"
#include "core/cache/binary_cache.hpp"
#include "core/factory/pet_factory.hpp"
#include "core/registry/keys.hpp"
#include "storage/http/http_storage.hpp"
#include "storage/local_storage.hpp"
#include "tests/bench/transfer_plugins.hpp"

namespace pet::bench {
namespace {

using test::TemporaryFolder;

std::string key_of(const Plugin& plugin) {
  return binary_key(plugin.name, plugin.binary.hash(), Machine::current().platform);
}

// --- in plain C++ ---

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

std::string sha256(const std::string& file) {
  const int in = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  EVP_MD_CTX* const hash = EVP_MD_CTX_new();
  EVP_DigestInit_ex(hash, EVP_sha256(), nullptr);
  static thread_local char bytes[65536];
  for (ssize_t got; (got = ::read(in, bytes, sizeof bytes)) > 0;) {
    EVP_DigestUpdate(hash, bytes, static_cast<std::size_t>(got));
  }
  unsigned char digest[32];
  EVP_DigestFinal_ex(hash, digest, nullptr);
  EVP_MD_CTX_free(hash);
  ::close(in);
  return std::string(reinterpret_cast<char*>(digest), sizeof digest);
}

void copy_and_hash(const std::string& from, const std::string& to) {
  const int in = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  const int out = ::open((to + ".tmp").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (in < 0 || out < 0) fail("cannot copy " + from);
  EVP_MD_CTX* const hash = EVP_MD_CTX_new();
  EVP_DigestInit_ex(hash, EVP_sha256(), nullptr);
  static thread_local char bytes[65536];
  for (ssize_t got; (got = ::read(in, bytes, sizeof bytes)) > 0;) {
    EVP_DigestUpdate(hash, bytes, static_cast<std::size_t>(got));
    if (::write(out, bytes, static_cast<std::size_t>(got)) != got) fail("cannot write " + to);
  }
  unsigned char digest[32];
  EVP_DigestFinal_ex(hash, digest, nullptr);
  EVP_MD_CTX_free(hash);
  benchmark::DoNotOptimize(digest);
  ::close(in);
  ::close(out);
  if (::rename((to + ".tmp").c_str(), to.c_str()) != 0) fail("cannot rename " + to);
}

void* load(const std::string& file) {
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr || dlsym(library, "pet_entry_v1") == nullptr) fail(dlerror());
  return library;
}

// one(i) for each plugin, on two threads.
template <class One>
void on_two_threads(const One& one) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < transfer_plugins().size(); i = next++) one(i);
  };
  std::thread other(work);
  work();
  other.join();
}

// --- into a cold cache ---

const TemporaryFolder& filled_directory() {
  static const TemporaryFolder folder;
  static const bool filled = (fill(std::make_shared<LocalStorage>(folder / "pets")), true);
  static_cast<void>(filled);
  return folder;
}

void fetch_directory_bound(benchmark::State& state) {
  const std::string from = filled_directory() / "pets/";
  for (auto _ : state) {
    state.PauseTiming();
    const TemporaryFolder& folder = new_folder();
    std::vector<void*> libraries(transfer_plugins().size());
    state.ResumeTiming();
    on_two_threads([&](std::size_t i) {
      const std::string to = folder / (transfer_plugins()[i].binary.hash().hex() + ".so");
      copy_and_hash(from + key_of(transfer_plugins()[i]), to);
      libraries[i] = load(to);
    });
    state.PauseTiming();
    for (void* const library : libraries) dlclose(library);

    state.ResumeTiming();
  }
}

std::vector<ClassRequest> requests() {
  std::vector<ClassRequest> all;
  for (const Plugin& plugin : transfer_plugins())
    all.push_back({plugin.name, plugin.binary.hash()});
  return all;
}

void fetch_ours(benchmark::State& state, const std::shared_ptr<BaseStorage>& storage) {
  const std::vector<ClassRequest> wanted = requests();
  for (auto _ : state) {
    state.PauseTiming();
    const TemporaryFolder& folder = new_folder();
    std::optional<PetClassManager> manager(std::in_place, storage,
                                           std::make_shared<BinaryCache>(folder / "cache"));
    std::optional<PetFactory> factory(std::in_place, *manager);
    std::vector<ClassAnswer> answers;
    state.ResumeTiming();
    answers = factory->prefetch(wanted);
    state.PauseTiming();
    for (const ClassAnswer& answer : answers) {
      if (answer.error) std::rethrow_exception(answer.error);
    }
    answers.clear();
    factory.reset();
    manager.reset();

    state.ResumeTiming();
  }
}

void fetch_directory_ours(benchmark::State& state) {
  fetch_ours(state, std::make_shared<LocalStorage>(filled_directory() / "pets"));
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

const std::string& web_url() {
  static const std::string url = [] {
    fill(std::make_shared<LocalStorage>(environment("PET_WEB_ROOT") + "/pets"));
    return environment("PET_WEB_PLAIN") + "/pets";
  }();
  return url;
}

void fetch_nginx_bound(benchmark::State& state) {
  const std::string& url = web_url();
  for (auto _ : state) {
    state.PauseTiming();
    const TemporaryFolder& folder = new_folder();
    std::string config;
    for (const Plugin& plugin : transfer_plugins()) {
      config += "url = \"" + url + "/" + key_of(plugin) + "\"\noutput = \"" +
                (folder / (plugin.name + ".so")) + "\"\n";
    }
    test::write_file(folder / "config", config);
    const std::string command = "curl --silent --fail --parallel --config " + (folder / "config");
    std::vector<void*> libraries(transfer_plugins().size());
    state.ResumeTiming();
    if (std::system(command.c_str()) != 0) fail("curl failed");
    on_two_threads([&](std::size_t i) {
      const std::string file = folder / (transfer_plugins()[i].name + ".so");
      benchmark::DoNotOptimize(sha256(file));
      libraries[i] = load(file);
    });
    state.PauseTiming();
    for (void* const library : libraries) dlclose(library);

    state.ResumeTiming();
  }
}

void fetch_nginx_ours(benchmark::State& state) {
  fetch_ours(state, std::make_shared<HttpStorage>(web_url()));
}

// --- durably into a directory ---

struct File {
  std::string path;
  std::string bytes;
};

// The objects of a push in the order in which they have to be there.
std::vector<std::vector<File>> stages_of(const std::string& root) {
  std::vector<std::vector<File>> stages(4);
  const LocalStorage filled(filled_directory() / "pets");
  for (const Plugin& plugin : transfer_plugins()) {
    const std::string keys[] = {key_of(plugin), facts_key(plugin.name, plugin.binary.hash()),
                                log_key(plugin.name, 1), latest_key(plugin.name)};
    for (std::size_t i = 0; i < 4; ++i) {
      stages[i].push_back({root + "/" + keys[i], *filled.get(keys[i])});
    }
  }
  return stages;
}

void push_directory_bound(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    const TemporaryFolder& folder = new_folder();
    const std::vector<std::vector<File>> stages = stages_of(folder / "pets");
    const int root = ::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::sync();
    state.ResumeTiming();
    for (const std::vector<File>& stage : stages) {
      for (const File& file : stage) {
        std::filesystem::create_directories(std::filesystem::path(file.path).parent_path());
        const int out =
            ::open((file.path + ".tmp").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (::write(out, file.bytes.data(), file.bytes.size()) < 0) fail("cannot write");
        ::close(out);
      }
      ::syncfs(root);  // the bytes
      for (const File& file : stage) ::rename((file.path + ".tmp").c_str(), file.path.c_str());
      ::syncfs(root);  // the names
    }
    state.PauseTiming();
    ::close(root);

    state.ResumeTiming();
  }
}

void push_directory_ours(benchmark::State& state) {
  filled_directory();
  for (auto _ : state) {
    state.PauseTiming();
    const TemporaryFolder& folder = new_folder();
    {
      const PetClassManager manager(std::make_shared<LocalStorage>(folder / "pets"),
                                    BinaryCache::in_memory());
      const std::vector<PetClass> classes = opened();
      std::vector<PushOutcome> outcomes;
      ::sync();
      state.ResumeTiming();
      outcomes = manager.push_many(classes);
      state.PauseTiming();
      for (const PushOutcome& outcome : outcomes) {
        if (outcome.error) throw Error(*outcome.error);
      }
    }

    state.ResumeTiming();
  }
}

}  // namespace

void register_transfer_benchmarks() {
  add_transfer("fetch_directory/bound", fetch_directory_bound);
  add_transfer("fetch_directory/ours", fetch_directory_ours);
  add_transfer("push_directory/bound", push_directory_bound);
  add_transfer("push_directory/ours", push_directory_ours);
  if (!environment("PET_WEB_ROOT").empty()) {
    add_transfer("fetch_nginx/bound", fetch_nginx_bound);
    add_transfer("fetch_nginx/ours", fetch_nginx_ours);
  }
}

}  // namespace pet::bench
