// The floors and rooms of the README's code map, proven from the #include lines of all sources.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Include {
  std::string file;  // relative to the root
  std::string target;
};

const std::vector<Include>& all_includes() {
  static const std::vector<Include> includes = [] {
    std::vector<Include> found;
    const fs::path root = PET_SOURCE_ROOT;
    const std::regex line_of(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
    for (const char* top : {"sdk/include", "storage", "core", "plugins", "tools"}) {
      for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
        const std::string extension = entry.path().extension().string();
        if (extension != ".hpp" && extension != ".cpp" && extension != ".h") continue;
        std::ifstream in(entry.path());
        std::smatch match;
        for (std::string line; std::getline(in, line);) {
          if (std::regex_search(line, match, line_of)) {
            found.push_back({fs::relative(entry.path(), root).string(), match[1]});
          }
        }
      }
    }
    return found;
  }();
  return includes;
}

bool starts_with_any(const std::string& text, const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    if (text.starts_with(prefix)) return true;
  }
  return false;
}

// What the C++17 standard has; all that a plugin's author, and so the SDK, may count on.
const std::set<std::string> kStandard17 = {"algorithm",     "any",
                                           "array",         "atomic",
                                           "bitset",        "cassert",
                                           "cctype",        "cerrno",
                                           "cfenv",         "cfloat",
                                           "charconv",      "chrono",
                                           "cinttypes",     "climits",
                                           "clocale",       "cmath",
                                           "complex",       "condition_variable",
                                           "csetjmp",       "csignal",
                                           "cstdarg",       "cstddef",
                                           "cstdint",       "cstdio",
                                           "cstdlib",       "cstring",
                                           "ctime",         "cwchar",
                                           "cwctype",       "deque",
                                           "exception",     "execution",
                                           "filesystem",    "forward_list",
                                           "fstream",       "functional",
                                           "future",        "initializer_list",
                                           "iomanip",       "ios",
                                           "iosfwd",        "iostream",
                                           "istream",       "iterator",
                                           "limits",        "list",
                                           "locale",        "map",
                                           "memory",        "memory_resource",
                                           "mutex",         "new",
                                           "numeric",       "optional",
                                           "ostream",       "queue",
                                           "random",        "ratio",
                                           "regex",         "scoped_allocator",
                                           "set",           "shared_mutex",
                                           "sstream",       "stack",
                                           "stdexcept",     "streambuf",
                                           "string",        "string_view",
                                           "system_error",  "thread",
                                           "tuple",         "type_traits",
                                           "typeindex",     "typeinfo",
                                           "unordered_map", "unordered_set",
                                           "utility",       "valarray",
                                           "variant",       "vector"};

const std::set<std::string> kAddedBy20 = {"barrier",    "bit",        "compare",         "concepts",
                                          "coroutine",  "format",     "latch",           "numbers",
                                          "ranges",     "semaphore",  "source_location", "span",
                                          "stop_token", "syncstream", "version"};

// No iostream, thread or lock in what is compiled into every author's binary: size and lifetime.
const std::set<std::string> kNotInThePlugin = {"condition_variable",
                                               "fstream",
                                               "future",
                                               "iomanip",
                                               "iostream",
                                               "istream",
                                               "locale",
                                               "mutex",
                                               "ostream",
                                               "regex",
                                               "shared_mutex",
                                               "sstream",
                                               "streambuf",
                                               "thread"};

// POSIX's, glibc's and the compiler's.
const std::set<std::string> kSystem = {"cpuid.h",         "dirent.h",       "dlfcn.h",
                                       "elf.h",           "fcntl.h",        "gnu/libc-version.h",
                                       "link.h",          "linux/magic.h",  "linux/membarrier.h",
                                       "linux/openat2.h", "malloc.h",       "netdb.h",
                                       "netinet/in.h",    "netinet/tcp.h",  "poll.h",
                                       "pthread.h",       "pwd.h",          "sched.h",
                                       "signal.h",        "spawn.h",        "stdio.h",
                                       "sys/auxv.h",      "sys/eventfd.h",  "sys/inotify.h",
                                       "sys/ioctl.h",     "sys/mman.h",     "sys/prctl.h",
                                       "sys/random.h",    "sys/resource.h", "sys/signalfd.h",
                                       "sys/socket.h",    "sys/stat.h",     "sys/statvfs.h",
                                       "sys/syscall.h",   "sys/types.h",    "sys/utsname.h",
                                       "sys/wait.h",      "sys/vfs.h",      "unistd.h"};

// Whether any source may include it; our own files and libraries are for the caller to allow.
bool is_free(const Include& include) {
  const std::string& file = include.file;
  const std::string& target = include.target;
  if (file == "sdk/include/pet/abi.h") return target == "stddef.h" || target == "stdint.h";  // C99
  const bool is_plugin_code = file.starts_with("sdk/") || file.starts_with("plugins/");
  if (file.starts_with("sdk/") && !file.starts_with("sdk/include/pet/testing/") &&
      kNotInThePlugin.contains(target)) {
    return false;
  }
  if (kStandard17.contains(target)) return true;
  if (kAddedBy20.contains(target)) return !is_plugin_code || file.starts_with("plugins/builtins.");
  return kSystem.contains(target) && !is_plugin_code &&
         fs::path(file).stem().string().find("posix") != std::string::npos;
}

std::string violations(const std::string& folder, const std::vector<std::string>& allowed) {
  std::string found;
  std::size_t files = 0;
  for (const Include& include : all_includes()) {
    if (!include.file.starts_with(folder)) continue;
    ++files;
    if (!is_free(include) && !starts_with_any(include.target, allowed)) {
      found += include.file + " includes " + include.target + "\n";
    }
  }
  REQUIRE(files > 0);
  return found;
}

}  // namespace

TEST_CASE("includes point down only", "[floors]") {
  const struct {
    std::string folder;
    std::vector<std::string> allowed;
  } floors[] = {
      {"sdk/include/", {"pet/"}},
      {"storage/",
       {"storage/", "boost/filesystem", "curl/", "openssl/", "pugixml.hpp", "rapidjson/"}},
      {"plugins/", {"plugins/", "pet/", "Eigen/", "libsvm/", "linear.h", "nanoflann"}},
      {"core/", {"core/", "storage/", "pet/", "boost/", "openssl/", "rapidjson/"}},
      {"tools/",
       {"tools/", "core/", "storage/", "plugins/", "pet/", "CLI/", "httplib.h", "rapidjson/"}},
  };
  for (const auto& floor : floors) {
    CAPTURE(floor.folder);
    CHECK(violations(floor.folder, floor.allowed) == "");
  }
}

TEST_CASE("a header that nobody has allowed is none of the system's", "[floors]") {
  const struct {
    const char* file;
    const char* target;
    bool free;
  } cases[] = {
      {"core/loader/loader.cpp", "vector", true},
      {"core/loader/loader.cpp", "span", true},
      {"core/loader/loader.cpp", "unistd.h", false},
      {"core/loader/loader_posix.cpp", "unistd.h", true},
      {"storage/posix_file.cpp", "unistd.h", true},
      {"core/loader/loader.cpp", "fmt/format.h", false},
      {"core/loader/loader.cpp", "zlib.h", false},
      {"core/loader/loader.cpp", "nlohmann/json.hpp", false},
      {"core/loader/loader.cpp", "boost/dll.hpp", false},
      {"core/loader/loader.cpp", "string.h", false},
      {"sdk/include/pet/abi.h", "stdint.h", true},
      {"sdk/include/pet/abi.h", "string", false},
      {"sdk/include/pet/xydata.hpp", "span", false},
      {"sdk/include/pet/host_posix.hpp", "unistd.h", false},
      {"sdk/include/pet/host.hpp", "mutex", false},
      {"sdk/include/pet/testing/fake_host.hpp", "mutex", true},
      {"plugins/labels.cpp", "span", false},
      {"plugins/builtins.hpp", "span", true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.file, c.target);
    CHECK(is_free({c.file, c.target}) == c.free);
  }
}

TEST_CASE("a room of core uses only the rooms before it on a class's way", "[floors]") {
  const std::vector<std::string> base = {"core/child_process_posix.hpp",
                                         "core/concurrently.hpp",
                                         "core/held_events.hpp",
                                         "core/near_miss.hpp",
                                         "core/observer.hpp",
                                         "core/poll_time.hpp",
                                         "core/text_position.hpp",
                                         "storage/",
                                         "pet/",
                                         "boost/",
                                         "openssl/",
                                         "rapidjson/"};
  const struct {
    std::string room;
    std::vector<std::string> rooms_before;
  } rooms[] = {
      {"core/artifact/", {}},
      {"core/registry/", {"core/artifact/"}},
      {"core/cache/", {"core/artifact/"}},
      {"core/loader/", {"core/artifact/"}},
      {"core/factory/", {"core/artifact/", "core/registry/", "core/cache/", "core/loader/"}},
      {"core/pipeline/", {"core/artifact/", "core/loader/", "core/factory/"}},
      {"core/live/",
       {"core/artifact/", "core/registry/", "core/cache/", "core/loader/", "core/factory/",
        "core/pipeline/"}},
  };
  for (const auto& room : rooms) {
    CAPTURE(room.room);
    std::vector<std::string> allowed = base;
    allowed.push_back(room.room);
    allowed.insert(allowed.end(), room.rooms_before.begin(), room.rooms_before.end());
    CHECK(violations(room.room, allowed) == "");
  }
}

// A library of a service's must not write into its output. (What the C++ runtime itself says when a
// plugin ends the process is all that is said for a plugin: pet_leave.cpp.)
TEST_CASE("only tools print", "[floors]") {
  const std::regex prints(R"(std::(cout|cerr|clog)\b|\b(printf|puts|fputs|fprintf|perror)\s*\()");
  for (const char* top : {"sdk/include", "storage", "core", "plugins"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(PET_SOURCE_ROOT) / top)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".hpp" && extension != ".cpp" && extension != ".h") continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        const std::string code = line.substr(0, line.find("//"));
        if (std::regex_search(code, prints)) FAIL_CHECK(entry.path().string() << ": " << line);
      }
    }
  }
}

TEST_CASE("one place calls Boost.DLL", "[floors]") {
  std::set<std::string> users;
  for (const Include& include : all_includes()) {
    if (include.target.starts_with("boost/dll")) users.insert(include.file);
  }
  REQUIRE(users.size() == 1);
  CHECK(users.begin()->starts_with("core/loader/"));
}

// A header that needs one is private: only .cpp files include it.
TEST_CASE("heavy libraries stay out of what an application includes", "[floors]") {
  const auto is_header = [](const std::string& file) {
    return file.ends_with(".hpp") || file.ends_with(".h");
  };
  std::set<std::string> heavy_headers;
  for (const Include& include : all_includes()) {
    if (is_header(include.file) &&
        starts_with_any(include.target,
                        {"rapidjson/", "openssl/", "curl/", "pugixml", "boost/dll", "CLI/"})) {
      heavy_headers.insert(include.file);
    }
  }
  for (const Include& include : all_includes()) {
    if (is_header(include.file) && heavy_headers.contains(include.target)) {
      FAIL_CHECK(include.file << " includes " << include.target
                              << ", which brings a heavy library");
    }
  }
}
