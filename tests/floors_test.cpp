// The floors and rooms of the README's code map, proven from the #include lines of every source file.
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

// A standard or system header is one that no project folder and no library of ours provides.
bool is_system(const std::string& target) {
  return !starts_with_any(target, {"pet/", "storage/", "core/", "plugins/", "tools/", "tests/", "boost/",
                                   "openssl/", "rapidjson/", "CLI/", "Eigen/", "nanoflann", "catch2/",
                                   "benchmark/", "curl/", "spdlog/", "gtest/"});
}

std::string violations(const std::string& folder, const std::vector<std::string>& allowed) {
  std::string found;
  std::size_t files = 0;
  for (const Include& include : all_includes()) {
    if (!include.file.starts_with(folder)) continue;
    ++files;
    if (!is_system(include.target) && !starts_with_any(include.target, allowed)) {
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
      {"storage/", {"storage/", "boost/filesystem"}},
      {"plugins/", {"plugins/", "pet/", "Eigen/", "nanoflann"}},
      {"core/", {"core/", "storage/", "pet/", "boost/", "openssl/", "rapidjson/"}},
      {"tools/", {"tools/", "core/", "storage/", "plugins/", "pet/", "CLI/"}},
  };
  for (const auto& floor : floors) {
    CAPTURE(floor.folder);
    CHECK(violations(floor.folder, floor.allowed) == "");
  }
}

TEST_CASE("a room of core uses only the rooms before it on a class's way", "[floors]") {
  const std::vector<std::string> base = {"core/observer.hpp", "core/near_miss.hpp", "storage/", "pet/",
                                         "boost/", "openssl/", "rapidjson/"};
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
  };
  for (const auto& room : rooms) {
    CAPTURE(room.room);
    std::vector<std::string> allowed = base;
    allowed.push_back(room.room);
    allowed.insert(allowed.end(), room.rooms_before.begin(), room.rooms_before.end());
    CHECK(violations(room.room, allowed) == "");
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
        starts_with_any(include.target, {"rapidjson/", "openssl/", "boost/dll", "CLI/"})) {
      heavy_headers.insert(include.file);
    }
  }
  for (const Include& include : all_includes()) {
    if (is_header(include.file) && heavy_headers.contains(include.target)) {
      FAIL_CHECK(include.file << " includes " << include.target << ", which brings a heavy library");
    }
  }
}
