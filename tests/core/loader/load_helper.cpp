// Loads damaged files, so that a signal ends this process and not the test.
//
//   pet_load_helper truncated PLUGIN DIRECTORY    every length of the file, through gate and loader
//   pet_load_helper flipped PLUGIN DIRECTORY      every byte of the file flipped, by the way of
//                                                 production: a cache is asked for the file's hash
//
// Prints how many were tried and how many were refused, and exits 0 unless one that must be refused
// was loaded.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "core/artifact/gate.hpp"
#include "core/cache/binary_cache.hpp"
#include "core/loader/loader.hpp"

namespace {

using namespace pet;

void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

int truncated(const Binary& whole, const std::string& directory) {
  std::size_t refused = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Binary part = Binary::from_bytes(std::string(whole.view().substr(0, length)));
    try {
      // Nothing is written for what facts and gate refuse: they come before the mapping.
      if (!check(read_facts(part.bytes()), Machine::current()).loadable())
        throw Error(ErrorCode::kGateRefused, "");
      const std::string path = directory + "/" + part.hash().hex() + ".so";
      write_file(path, part.view());
      Loader::process().load(part, path);
    } catch (const Error&) {
      ++refused;
    }
  }
  std::printf("tried %zu refused %zu\n", static_cast<std::size_t>(whole.size()), refused);
  return 0;
}

int flipped(const Binary& whole, const std::string& directory) {
  std::size_t tried = 0;
  std::size_t refused = 0;
  BinaryCache cache(directory);
  for (std::size_t i = 0; i < whole.size(); ++i, ++tried) {
    std::string bytes(whole.view());
    bytes[i] = static_cast<char>(~bytes[i]);
    try {
      // What facts and gate say of it is their own test's; here they must only not crash.
      static_cast<void>(check(read_facts(Binary::from_bytes(bytes).bytes()), Machine::current()));
    } catch (const Error&) {
    }
    try {
      const CachedBinary got = cache.get_or_fetch(whole.hash(), {"PlainCFilter", "memory:", "key"},
                                                  [&] { return bytes; });
      Loader::process().load(got.binary, got.file);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kCorrupt) ++refused;
    }
  }
  std::printf("tried %zu refused %zu\n", tried, refused);
  return refused == tried ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const Binary whole = Binary::read(argv[2]);
  return std::strcmp(argv[1], "truncated") == 0 ? truncated(whole, argv[3])
                                                : flipped(whole, argv[3]);
}
