#include "tools/data/csv.hpp"

#include <cmath>
#include <limits>
#include <random>

#include "tests/tools/data/temporary_file.hpp"

using namespace pet;
using namespace pet::tools;
using Catch::Matchers::Contains;

namespace {

Table read(const std::string& text, const std::string& target = {}) {
  const TemporaryFile file("table.csv", text);
  return read_csv(file.path(), target);
}

std::string refusal_of(const std::string& text, const std::string& target = {},
                       ErrorCode code = ErrorCode::kBadParams) {
  const TemporaryFile file("table.csv", text);
  return refusal(file.path(), code, [&] { read_csv(file.path(), target); });
}

}  // namespace

TEST_CASE("a table is read with its target split off", "[tools][csv]") {
  const Table table = read_csv(PET_TEST_DATA "/iris/iris.csv", "target");
  CHECK(table.x.describe() == "float64 [150, 4]");
  CHECK(table.y.describe() == "int64 [150]");
  CHECK(table.columns ==
        std::vector<std::string>{"sepal_length", "sepal_width", "petal_length", "petal_width"});
  CHECK(table.x.at<double>(0, 0) == 5.1);
  CHECK(table.x.at<double>(149, 3) == 1.8);
  CHECK(table.y.at<std::int64_t>(149) == 2);

  const Table all = read_csv(PET_TEST_DATA "/iris/iris.csv");
  CHECK(all.x.describe() == "float64 [150, 5]");
  CHECK(!all.y);
}

TEST_CASE("every way to write the same table reads the same", "[tools][csv]") {
  const char* const texts[] = {
      "a,b,y\n1,2.5,0\n-3,4e2,1\n",
      "a,b,y\n1,2.5,0\n-3,4e2,1",
      "a,b,y\r\n1,2.5,0\r\n-3,4e2,1\r\n",
      "\xEF\xBB\xBF"
      "a,b,y\n1,2.5,0\n-3,4e2,1\n",
      "\"a\",\"b\",\"y\"\n\"1\",\"2.5\",\"0\"\n\"-3\",\"4e2\",\"1\"\n",
      "\"a\",\"b\",\"y\"\r\n\"1\",\"2.5\",\"0\"\r\n\"-3\",\"4e2\",\"1\"\r",
      "a , b,\ty\n 1 ,+2.5 , 0\n-3,\t4e2,+1 \n",
      "\n\na,b,y\n\n1,2.5,0\n\n\n-3,4e2,1\n\n",
  };
  for (const char* text : texts) {
    CAPTURE(text);
    const Table table = read(text, "y");
    CHECK(table.x.value<double>() == std::vector<double>{1, 2.5, -3, 400});
    CHECK(table.y.value<std::int64_t>() == std::vector<std::int64_t>{0, 1});
  }
}

TEST_CASE("names may hold commas, quotes and line breaks", "[tools][csv]") {
  const Table table = read("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n1,2,3\n");
  CHECK(table.columns == std::vector<std::string>{"a,b", "say \"hi\"", "two\nlines"});
  CHECK(refusal_of("\"two\nlines\"\nx\n") == "column 'two\nlines', line 3: 'x' is not a number");
}

TEST_CASE("a target is int64 exactly when all of it is written as integers", "[tools][csv]") {
  CHECK(read("y\n1\n2\n", "y").y.describe() == "int64 [2]");
  CHECK(read("y\n1\n2.0\n", "y").y.value<double>() == std::vector{1.0, 2.0});
  CHECK(read("y\n9223372036854775807\n", "y").y.value<std::int64_t>()[0] ==
        std::numeric_limits<std::int64_t>::max());
  CHECK(read("y\n9223372036854775808\n", "y").y.describe() == "float64 [1]");
  CHECK(read("a,y\n", "y").x.describe() == "float64 [0, 1]");
  CHECK(std::isnan(read("y\nnan\n").x.at<double>(0, 0)));
}

TEST_CASE("a bad table is refused with line and column", "[tools][csv]") {
  struct Case {
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"", "is empty; expected a header row of column names"},
      {"\n\r\n", "is empty; expected a header row of column names"},
      {"1,2\n3,4\n", "line 1: expected a header row of column names, found numbers"},
      {"a;b\n1;2\n", "line 1: expected commas between the columns, found ';'"},
      {"a\tb\n1\t2\n", "line 1: expected commas between the columns, found 'tab'"},
      {"species\nsetosa\n", "column 'species', line 2: 'setosa' is not a number"},
      {"a,b\n1,2\n3,\n", "column 'b', line 3: is empty; expected a number"},
      {"a,b\n1,2\n3,4x\n", "column 'b', line 3: '4x' is not a number"},
      {"a,b\n1,1e999\n", "column 'b', line 2: '1e999' is beyond float64"},
      {"a,b\n1,0x10\n", "column 'b', line 2: '0x10' is not a number"},
      {"a,b\n1,+-1\n", "column 'b', line 2: '+-1' is not a number"},
      {"a,b\n1\n", "line 2: 1 fields, the header has 2"},
      {"a,b\n1,2,3\n", "line 2: 3 fields, the header has 2"},
      {"a,b\n1,2\r\n\r\n5,6,7\r\n", "line 4: 3 fields, the header has 2"},
      {"a,b\n1,\"2\n", "line 2: a quoted field has no closing quote"},
      {"a,b\n1,\"2\"3\n", "line 2: expected a comma or the line's end after a quoted field"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(refusal_of(c.text) == c.message);
  }
}

TEST_CASE("a target that is no column is refused with what it may have been", "[tools][csv]") {
  CHECK(refusal_of("a,target\n1,2\n", "traget", ErrorCode::kUsage) ==
        "no column 'traget': did you mean 'target'?");
  CHECK(refusal_of("a,b\n1,2\n", "species", ErrorCode::kUsage) ==
        "no column 'species': the columns are a, b");
  CHECK(refusal_of("a,a\n1,2\n", "a") == "the column 'a' stands twice in the header");
}

TEST_CASE("predictions are written so that they read back the same", "[tools][csv]") {
  const TemporaryFile file("pred.csv");
  write_csv(file.path(), XYData::mock<std::int64_t>({0, 2, -1}));
  CHECK(file.read() == "prediction\n0\n2\n-1\n");
  write_csv(file.path(), XYData::mock({{0.1, 1.0}, {1e-300, 3.0}}));
  CHECK(file.read() == "prediction_0,prediction_1\n0.1,1\n1e-300,3\n");
  write_csv(file.path(), XYData::mock<bool>({true, false}));
  CHECK(file.read() == "prediction\n1\n0\n");
  write_csv(file.path(), XYData::empty(dtype_of<double>(), {0, 2}));
  CHECK(file.read() == "prediction_0,prediction_1\n");

  std::mt19937_64 random(5);
  std::vector<double> values(3'000);
  for (double& value : values)
    value = std::ldexp(static_cast<double>(random() >> 11), -static_cast<int>(random() % 120));
  write_csv(file.path(), XYData::mock(values, {1'000, 3}));
  CHECK(read_csv(file.path()).x.value<double>() == values);
}

TEST_CASE("mutated tables are read or refused, and never crash", "[tools][csv][fuzz]") {
  const std::string seed = "a,\"b \"\"c\"\"\",y\r\n1,2.5,0\r\n-3,\"4e2\",1\r\n";
  constexpr std::string_view kAlphabet = ",\"\r\n 0123.e-+nainf\xff";
  std::mt19937 random(3);
  const TemporaryFile file("mutant.csv");
  for (int round = 0; round < 5'000; ++round) {
    std::string text = seed;
    for (unsigned edits = 1 + random() % 5; edits > 0 && !text.empty(); --edits) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0) {
        text.erase(at, 1 + random() % 3);
      } else {
        text.insert(at, 1, kAlphabet[random() % kAlphabet.size()]);
      }
    }
    file.write(text);
    try {
      const Table table = read_csv(file.path());
      CHECK(table.x.columns() == static_cast<std::int64_t>(table.columns.size()));
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kBadParams);
    }
  }
}
