#include "tools/data/table.hpp"

#include "tests/tools/data/temporary_file.hpp"
#include "tools/data/data_file.hpp"

using namespace pet;
using namespace pet::tools;

TEST_CASE("a table is read and written by its file's extension", "[tools][table]") {
  CHECK(read_table(PET_TEST_DATA "/iris/x_test.npy").x.describe() == "float64 [45, 4]");
  CHECK(read_table(PET_TEST_DATA "/iris/iris.csv", "target").y.describe() == "int64 [150]");
  const XYData data = XYData::mock<std::int64_t>({4, 5});
  for (const char* name : {"out.npy", "out.csv", "out.NPY"}) {
    const TemporaryFile file(name);
    write_table(file.path(), data);
    CHECK(read_targets(file.path()).y.value<std::int64_t>() == data.value<std::int64_t>());
  }
}

TEST_CASE("another extension is refused before anything is read", "[tools][table]") {
  for (const char* name : {"x.txt", "x", "x.npy.gz"}) {
    CHECK(refusal(name, ErrorCode::kUsage, [&] { read_table(name); }) ==
          "expected a name that ends with .npy or .csv");
    CHECK(refusal(name, ErrorCode::kUsage, [&] { require_table_name(name); }) ==
          "expected a name that ends with .npy or .csv");
  }
}

TEST_CASE("a target with a .npy is refused", "[tools][table]") {
  const std::string path = PET_TEST_DATA "/iris/x_test.npy";
  CHECK(refusal(path, ErrorCode::kUsage, [&] { read_table(path, "target"); }) ==
        "a .npy has no columns to name, so 'target' is none of its: give the targets in a file of "
        "their own");
}

TEST_CASE("targets are the named column of a .csv, or its only one", "[tools][table]") {
  const TemporaryFile one("y.csv", "label\n3\n4\n");
  CHECK(read_targets(one.path()).y.value<std::int64_t>() == std::vector<std::int64_t>{3, 4});
  const TemporaryFile two("y.csv", "a,label\n1.5,3\n2.5,4\n");
  CHECK(read_targets(two.path(), "label").y.value<std::int64_t>() ==
        std::vector<std::int64_t>{3, 4});
  CHECK(refusal(two.path(), ErrorCode::kUsage, [&] { read_targets(two.path()); }) ==
        "has 2 columns: name the one with the targets (--target COLUMN)");
}

TEST_CASE("an output is tried without leaving anything, and says which option it is of",
          "[tools][table]") {
  const TemporaryFile file("kept.csv", "a\n1\n");
  const std::filesystem::path folder = file.path().parent_path();
  require_output(file.path());
  require_output(folder / "new.csv");
  CHECK(file.read() == "a\n1\n");
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
  CHECK(refusal(folder / "none/x.json", ErrorCode::kUsage, [&] {
          require_output(folder / "none/x.json", "--save");
        }) == "cannot be written: No such file or directory\n  try: another place with --save");
  CHECK(refusal(folder, ErrorCode::kUsage, [&] { require_output(folder); }) ==
        "cannot be written: it is a directory\n  try: another place with --out");
  require_output("/dev/null");
}

TEST_CASE("a column is looked up in the header of a .csv alone", "[tools][table]") {
  const TemporaryFile csv("x.csv", "a,b\n1,2\n");
  CHECK(has_column(csv.path(), "b"));
  CHECK_FALSE(has_column(csv.path(), "c"));
  CHECK_FALSE(has_column(csv.path(), ""));
  CHECK_FALSE(has_column("x.npy", "a"));
}
