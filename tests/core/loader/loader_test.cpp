#include "core/loader/loader.hpp"

#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/core/loader/loading.hpp"

namespace pet {
namespace {

using test::error_of;
using test::fails;
using test::fixture_path;
using test::load_fixture;
using test::LoaderEvents;
using test::vector_of;

std::int64_t count_of(const PetClass& clazz) {
  return clazz.create().predict(vector_of({0})).value<std::int64_t>()[0];
}

bool is_mapped(const std::string& path) {
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (handle != nullptr) ::dlclose(handle);
  return handle != nullptr;
}

// A copy of a fixture under a name of its own.
class Copy {
 public:
  Copy(const std::string& fixture, const std::string& name)
      : path_((std::filesystem::temp_directory_path() /
               ("pet_loader_test_" + std::to_string(::getpid()) + "_" + name))
                  .string()) {
    std::filesystem::copy_file(fixture_path(fixture), path_,
                               std::filesystem::copy_options::overwrite_existing);
  }
  ~Copy() { std::filesystem::remove(path_); }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Why the library of this hash should have left and did not; nothing when it did.
std::optional<std::string> stuck(const Hash& hash) {
  for (const Loader::Stuck& one : Loader::process().stuck()) {
    if (one.hash == hash) return one.cause;
  }
  return std::nullopt;
}

TEST_CASE("two versions of one class live side by side, each with its own statics", "[core]") {
  const PetClass v1 = load_fixture("counter_v1");
  const PetClass v2 = load_fixture("counter_v2");
  CHECK(v1.name() == v2.name());
  CHECK(count_of(v1) == 1000);
  CHECK(count_of(v2) == 2000);
  CHECK(count_of(v1) == 1001);
  CHECK(count_of(v2) == 2001);
}

TEST_CASE("the same bytes are mapped once, from wherever they come", "[core]") {
  const Copy copy("counter_v1", "same_bytes.so");
  const PetClass first = load_fixture("counter_v1");
  const PetClass second = test::load_file(copy.path());
  CHECK(first == second);
  CHECK(count_of(first) == 1000);
  CHECK(count_of(second) == 1001);
  CHECK_FALSE(is_mapped(copy.path()));
  CHECK(Loader::process().find(*first.hash())->path() == fixture_path("counter_v1"));
}

TEST_CASE("a library leaves with its last class or instance, and that is verified", "[core]") {
  const LoaderEvents events;
  const std::string path = fixture_path("good_filter");
  std::optional<BasePlugin> instance;
  Hash hash = Hash::of(std::string_view(""));
  {
    const PetClass clazz = load_fixture("good_filter");
    hash = *clazz.hash();
    instance = clazz.create();
  }
  CHECK(is_mapped(path));
  CHECK(Loader::process().find(hash) != nullptr);
  CHECK_FALSE(events.last(hash).has_value());
  instance.reset();
  CHECK_FALSE(is_mapped(path));
  CHECK(Loader::process().find(hash) == nullptr);
  REQUIRE(events.last(hash).has_value());
  CHECK(events.last(hash)->kind == EventKind::kUnload);
  CHECK(events.last(hash)->class_name == "GoodFilter");
}

TEST_CASE("a library that was unloaded and loaded again begins anew", "[core]") {
  CHECK(count_of(load_fixture("counter_v1")) == 1000);
  CHECK(count_of(load_fixture("counter_v1")) == 1000);
}

TEST_CASE("a resident library stays until the policy changes", "[core]") {
  Loader& loader = Loader::process();
  loader.set_policy(UnloadPolicy::kKeepResident);
  CHECK(count_of(load_fixture("counter_v2")) == 2000);
  CHECK(count_of(load_fixture("counter_v2")) == 2001);
  CHECK(is_mapped(fixture_path("counter_v2")));
  loader.set_policy(UnloadPolicy::kUnload);
  CHECK_FALSE(is_mapped(fixture_path("counter_v2")));
}

TEST_CASE("the policy to keep holds what is loaded already", "[core]") {
  Loader& loader = Loader::process();
  {
    const PetClass clazz = load_fixture("counter_v1");
    loader.set_policy(UnloadPolicy::kKeepResident);
  }
  CHECK(is_mapped(fixture_path("counter_v1")));
  loader.set_policy(UnloadPolicy::kUnload);
  CHECK_FALSE(is_mapped(fixture_path("counter_v1")));
}

TEST_CASE("a thread_local with a destructor keeps a library, with its cause, until a later unload",
          "[core]") {
  const LoaderEvents events;
  std::optional<Hash> hash;
  std::thread([&] {
    {
      const PetClass clazz = load_fixture("tls_destructor");
      hash = *clazz.hash();
      CHECK(count_of(clazz) == 1);
    }
    CHECK(events.last(*hash)->kind == EventKind::kStaysResident);
    CHECK(events.last(*hash)->message ==
          "a thread that used it lives on, with a thread_local object of it to destroy; it leaves "
          "with a "
          "later unload after that thread's end");
    CHECK(stuck(*hash) == events.last(*hash)->message);
    CHECK(is_mapped(fixture_path("tls_destructor")));

    // Loaded again, also from elsewhere, it is the mapping that stayed.
    const Copy copy("tls_destructor", "stuck.so");
    const PetClass again = test::load_file(copy.path());
    CHECK(count_of(again) == 2);
    CHECK(Loader::process().find(*hash)->path() == fixture_path("tls_destructor"));
    CHECK_FALSE(stuck(*hash).has_value());
  }).join();
  load_fixture("good_filter");  // and unloads it again
  CHECK_FALSE(is_mapped(fixture_path("tls_destructor")));
  CHECK_FALSE(stuck(*hash).has_value());
  CHECK(events.last(*hash)->kind == EventKind::kUnload);
}

TEST_CASE("a file is not read again for a library that stayed and may be gone by now", "[core]") {
  const Copy copy("tls_destructor", "pinned.so");
  std::thread([&] {
    const PetClass clazz = test::load_file(copy.path());
    CHECK(count_of(clazz) == 1);
  }).join();
  // Its thread has ended: it is mapped, and leaves with whatever dlclose is the next.
  std::filesystem::remove(copy.path());
  std::ofstream(copy.path()) << "other bytes, which nobody checked";
  const PetClass again = load_fixture("tls_destructor");
  CHECK(count_of(again) >= 1);
}

TEST_CASE("the path of a mapped library is not taken for other bytes", "[core]") {
  const Copy copy("counter_v1", "reused.so");
  std::optional<PetClass> first = test::load_file(copy.path());
  std::filesystem::remove(copy.path());
  std::filesystem::copy_file(fixture_path("counter_v2"), copy.path());
  CHECK_THROWS_MATCHES(
      test::load_file(copy.path()), Error,
      fails(ErrorCode::kNoBinary, {"its path is that of " + first->hash()->short_hex(),
                                   "try:  give every version a path of its own"}));
  first.reset();
  CHECK(count_of(test::load_file(copy.path())) == 2000);
}

TEST_CASE("a library that is linked to stay says so", "[core]") {
  const LoaderEvents events;
  std::optional<Hash> hash;
  {
    const PetClass clazz = load_fixture("nodelete");
    hash = clazz.hash();
  }
  CHECK(events.last(*hash)->kind == EventKind::kStaysResident);
  CHECK(events.last(*hash)->message == "it is linked with -z nodelete");
}

TEST_CASE("a library that somebody else has open says so", "[core]") {
  const LoaderEvents events;
  std::optional<PetClass> clazz = load_fixture("plain_c_filter");
  const Hash hash = *clazz->hash();
  void* handle = ::dlopen(fixture_path("plain_c_filter").c_str(), RTLD_NOW);
  REQUIRE(handle != nullptr);
  clazz.reset();
  CHECK(events.last(hash)->kind == EventKind::kStaysResident);
  CHECK(events.last(hash)->message == "something else in this process holds a reference to it");
  ::dlclose(handle);
  load_fixture("good_filter");
  CHECK(events.last(hash)->message == "left with a later unload");
}

TEST_CASE("a library that is refused once mapped, and stays, says so too", "[core]") {
  const LoaderEvents events;
  const std::string path = fixture_path("notes_lie_about_class");
  const Hash hash = Binary::read(path).hash();
  void* handle = ::dlopen(path.c_str(), RTLD_NOW);
  REQUIRE(handle != nullptr);
  CHECK_THROWS_MATCHES(load_fixture("notes_lie_about_class"), Error,
                       fails(ErrorCode::kNotAPlugin, {"contradicts itself: "}));
  CHECK(events.last(hash)->kind == EventKind::kStaysResident);
  CHECK(stuck(hash) == "something else in this process holds a reference to it");

  // Refused again under another path, it is the same mapping that is let go.
  const Copy copy("notes_lie_about_class", "refused.so");
  CHECK_THROWS_MATCHES(test::load_file(copy.path()), Error,
                       fails(ErrorCode::kNotAPlugin, {"contradicts itself: ", path}));
  CHECK_FALSE(is_mapped(copy.path()));

  ::dlclose(handle);
  load_fixture("good_filter");  // and unloads it again
  CHECK_FALSE(stuck(hash).has_value());
  CHECK(events.last(hash)->message == "left with a later unload");
}

TEST_CASE("a missing library is named by the system's loader, with the next step", "[core]") {
  const Error error = error_of([] { load_fixture("needs_missing_library"); });
  CHECK(error.code() == ErrorCode::kGateRefused);
  const std::string hash = Binary::read(fixture_path("needs_missing_library")).hash().short_hex();
  CHECK(
      error.what() ==
      "NeedsMissingLibrary " + hash +
          " cannot be loaded: libpet_fixture_missing.so.1: cannot open shared object file: No such "
          "file or directory\n  file: " +
          fixture_path("needs_missing_library") +
          "\n  try:  install that library on this machine, or link it statically into the plugin");
  CHECK(error.class_name() == "NeedsMissingLibrary");
}

TEST_CASE("an undefined symbol is found when the library is loaded, not when it is called",
          "[core]") {
  CHECK_THROWS_MATCHES(
      load_fixture("undefined_symbol"), Error,
      fails(ErrorCode::kGateRefused,
            {"UndefinedSymbol", "undefined symbol: ", "try:  rebuild it with pet_add_plugin"}));
}

TEST_CASE("notes that lie about the class are found", "[core]") {
  CHECK_THROWS_MATCHES(load_fixture("notes_lie_about_class"), Error,
                       fails(ErrorCode::kNotAPlugin, {"NotesLieAboutClass", "contradicts itself: ",
                                                      "its notes say class NotesLieAboutClass, "
                                                      "its entry says class AnotherClass"}));
  CHECK_FALSE(is_mapped(fixture_path("notes_lie_about_class")));
}

TEST_CASE("a newer minor version and an older hash table are loaded", "[core]") {
  CHECK(load_fixture("newer_abi_minor").facts().abi_minor == 7);
  CHECK(load_fixture("sysv_hash").name() == "SysvHash");
}

TEST_CASE("what the gate refuses is never mapped", "[core]") {
  struct Case {
    std::string fixture;
    ErrorCode code;
    std::string text;
  };
  const std::vector<Case> cases = {
      {"wrong_abi_major", ErrorCode::kGateRefused, "ABI 9.0"},
      {"no_entry", ErrorCode::kNotAPlugin, "does not export pet_entry_v1"},
      {"notes_missing", ErrorCode::kNotAPlugin, "no PetFactory notes"},
      {"needs_isa_v4", ErrorCode::kGateRefused, "x86-64-v4"},
      {"needs_unknown_isa", ErrorCode::kGateRefused, "x86-64-v9"},
      {"needs_unknown_glibc", ErrorCode::kGateRefused, "this host does not know"},
      {"text_relocations", ErrorCode::kGateRefused, "writes into its own code"},
      {"needs_newer_glibc", ErrorCode::kGateRefused, "this machine has"},
      {"static_tls", ErrorCode::kGateRefused, "initial-exec"},
      {"gnu_unique", ErrorCode::kGateRefused, "STB_GNU_UNIQUE"},
      {"has_rpath", ErrorCode::kGateRefused, "RPATH"},
      {"has_runpath", ErrorCode::kGateRefused, "RUNPATH"},
      {"exec_stack", ErrorCode::kGateRefused, "executable stack"},
      {"wrong_machine", ErrorCode::kGateRefused, "built for"},
      {"invalid_class_name", ErrorCode::kInvalidName, "../evil"},
      {"empty", ErrorCode::kNotAPlugin, ""},
      {"text", ErrorCode::kNotAPlugin, ""},
      {"directory", ErrorCode::kNotAPlugin, "directory"},
      {"there is no such file", ErrorCode::kNoBinary, "there is no such file"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.fixture);
    const std::string path = fixture_path(c.fixture);
    if (c.fixture == "needs_isa_v4" && __builtin_cpu_supports("avx512f")) continue;
    CHECK_THROWS_MATCHES(test::load_file(path), Error, fails(c.code, {c.text}));
    CHECK_FALSE(is_mapped(path));
  }
}

TEST_CASE("a file that went away between check and load is asked for again", "[core]") {
  const std::string path = "/nonexistent/pet_loader_test.so";
  const Binary binary = Binary::read(fixture_path("good_filter"));
  CHECK_THROWS_MATCHES(
      Loader::process().load(binary, path), Error,
      fails(ErrorCode::kNoBinary, {"GoodFilter", "its file is gone", "try:  fetch it again"}));
  CHECK_NOTHROW(Loader::process().load(binary, fixture_path("good_filter")));
}

TEST_CASE("a relative path is made absolute, so that no search path is asked", "[core]") {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(PET_FIXTURE_DIR);
  const Binary binary = Binary::read("good_filter.so");
  CHECK(Loader::process().load(binary, "good_filter.so")->path() == fixture_path("good_filter"));
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace pet
