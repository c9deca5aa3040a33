#include "tools/data/labels.hpp"

#include "tests/tools/data/temporary_file.hpp"
#include "tools/data/npy.hpp"
#include "tools/data/table.hpp"

using namespace pet;
using namespace pet::tools;

namespace {

using Numbers = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

std::string refusal_of(const std::string& text) {
  const TemporaryFile file("y.csv", text);
  return refusal(file.path(), ErrorCode::kBadParams, [&] { read_targets(file.path()); });
}

}  // namespace

TEST_CASE("a target column of texts becomes numbers, in the order of the sorted labels",
          "[tools][labels]") {
  const TemporaryFile file("iris.csv", "a,species\n1,virginica\n2, setosa\n3,\"virginica\"\n");
  const Table table = read_table(file.path(), "species");
  CHECK(table.y.value<std::int64_t>() == Numbers{1, 0, 1});
  CHECK(table.y.describe() == "int64 [3]");
  CHECK(table.labels == Texts{"setosa", "virginica"});
  CHECK(table.x.value<double>() == std::vector<double>{1, 2, 3});
  CHECK(table.columns == Texts{"a"});

  const Targets only = [&] {
    const TemporaryFile one("y.csv", "species\n18-25\n1st class\n\xC3\xA9t\xC3\xA9\n");
    return read_targets(one.path());
  }();
  CHECK(only.labels == Texts{"18-25", "1st class", "\xC3\xA9t\xC3\xA9"});
  CHECK(only.y.value<std::int64_t>() == Numbers{0, 1, 2});
}

TEST_CASE("a column of texts and numbers is neither", "[tools][labels]") {
  CHECK(refusal_of("y\nsetosa\n2\n") ==
        "column 'y', line 3: '2' is a number; the first value is the label 'setosa'");
  CHECK(refusal_of("y\n1\nsetosa\n") == "column 'y', line 3: 'setosa' is not a number");
  CHECK(refusal_of("y\nsetosa\n1e999\n") ==
        "column 'y', line 3: '1e999' is a number; the first value is the label 'setosa'");
  CHECK(refusal_of("y\nsetosa\n \n") == "column 'y', line 3: is empty; expected a label");
  CHECK(refusal_of("y\n1\n\"2\"\n") ==
        "column 'y', line 3: '2' is a text, being quoted; the first value is a number");
  CHECK(refusal_of("y\nset\xFFosa\n") == "column 'y', line 2: the label is not UTF-8");
}

TEST_CASE("labels mean the same in every file of a pipeline", "[tools][labels]") {
  const Targets train = targets_of({"b", "a", "c"});
  const Targets test = relabel(targets_of({"c", "b", "c"}), train.labels, "test.csv");
  CHECK(test.y.value<std::int64_t>() == Numbers{2, 1, 2});
  CHECK(test.labels == train.labels);
  CHECK(refusal("test.csv", ErrorCode::kBadParams,
                [&] {
                  relabel(targets_of({"setosa", "a"}), {"a", "setossa"}, "test.csv");
                }) ==
        "'setosa' is none of the labels that the pipeline was fitted on: did you mean "
        "'setossa'?");
  CHECK(refusal("test.csv", ErrorCode::kBadParams, [&] {
          relabel(targets_of({"zzz"}), {"a", "b"}, "test.csv");
        }) == "'zzz' is none of the labels that the pipeline was fitted on: 'a', 'b'");
  CHECK(
      refusal("y.npy", ErrorCode::kBadParams, [&] {
        relabel({XYData::mock<std::int64_t>({0, 1}), {}}, {"a", "b"}, "y.npy");
      }) == "its targets are numbers; the pipeline was fitted on the labels 'a', 'b': give these");
}

TEST_CASE("predictions are texts when all of them are places of labels", "[tools][labels]") {
  const Texts labels{"a", "b"};
  CHECK(label_texts(XYData::mock<std::int64_t>({1, 0}), labels) == Texts{"b", "a"});
  CHECK(label_texts(XYData::mock<std::int32_t>({1, 0}, {2, 1}), labels) == Texts{"b", "a"});
  CHECK(label_texts(XYData::mock<std::int64_t>({1, 2}), labels) == std::nullopt);
  CHECK(label_texts(XYData::mock<std::int64_t>({-1}), labels) == std::nullopt);
  CHECK(label_texts(XYData::mock<double>({1, 0}), labels) == std::nullopt);
  CHECK(label_texts(XYData::mock<std::int64_t>({1, 0}, {1, 2}), labels) == std::nullopt);
  CHECK(label_texts(XYData::mock<std::int64_t>({1, 0}), {}) == std::nullopt);
}

TEST_CASE("what stands in quotes is a text as it is, unless the file quotes its numbers too",
          "[tools][labels]") {
  const TemporaryFile file("iris.csv", "a,y\n1,\"2\"\n2,\" b\"\n3, b\n4,\"\"\n");
  const Table table = read_table(file.path(), "y");
  CHECK(table.labels == Texts{"", " b", "2", "b"});
  CHECK(table.y.value<std::int64_t>() == Numbers{2, 1, 3, 0});

  const TemporaryFile all("all.csv", "\"y\",\" a\"\n\"2\",\"0.5\"\n\"7\",\"1\"\n");
  const Table quoted = read_table(all.path(), "y");
  CHECK(quoted.labels.empty());
  CHECK(quoted.y.value<std::int64_t>() == Numbers{2, 7});
  CHECK(quoted.x.value<double>() == std::vector<double>{0.5, 1});
  CHECK(quoted.columns == Texts{" a"});
}

TEST_CASE("many labels take little more than few", "[tools][labels]") {
  Texts texts;
  for (int i = 0; i < 200'000; ++i) texts.push_back("user-" + std::to_string(i));
  const Targets train = targets_of(texts);
  const Targets same = relabel(targets_of(texts), train.labels, "test.csv");
  CHECK(same.y.value<std::int64_t>() == train.y.value<std::int64_t>());
}

TEST_CASE("texts are written so that they read back the same", "[tools][labels]") {
  const Texts texts{"plain",
                    "a,b",
                    "say \"hi\"",
                    "two\nlines",
                    "",
                    " a",
                    "a ",
                    "a",
                    "1",
                    "+2",
                    "nan",
                    "-1e999",
                    "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\xB1"};
  for (const char* name : {"y.csv", "y.npy"}) {
    const TemporaryFile file(name);
    write_table(file.path(), texts, {static_cast<std::int64_t>(texts.size()), 1});
    const Targets read = read_targets(file.path());
    Texts back;
    for (const std::int64_t place : read.y.value<std::int64_t>())
      back.push_back(read.labels[static_cast<std::size_t>(place)]);
    CHECK(back == texts);
  }
}

TEST_CASE("texts in a .npy are NumPy's, and damaged ones are refused", "[tools][labels]") {
  const TemporaryFile file("y.npy");
  write_npy(file.path(), Texts{"ab", "c"}, {2});
  const std::string bytes = file.read();
  // np.save(file, np.array(["ab", "c"]))
  std::string expected("\x93NUMPY\x01\0v\0", 10);
  expected += "{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }";
  expected.resize(127, ' ');
  expected += std::string("\na\0\0\0b\0\0\0c\0\0\0\0\0\0\0", 17);
  CHECK(bytes == expected);

  const auto refused = [&](std::string changed) {
    file.write(changed);
    return refusal(file.path(), ErrorCode::kBadParams, [&] { read_npy_targets(file.path()); });
  };
  CHECK(refused(bytes.substr(0, bytes.size() - 1)) ==
        "is cut off: texts of 2 characters [2] takes 16 bytes, found 15");
  std::string changed = bytes;
  changed[129] = static_cast<char>(0xD8);  // a surrogate
  CHECK(refused(changed) == "holds a text that is not Unicode, at index 0");
  changed = bytes;
  changed[128] = 0;  // a text that goes on after its end
  CHECK(refused(changed) == "holds a text that is not Unicode, at index 0");
  file.write(bytes);
  CHECK(refusal(file.path(), ErrorCode::kBadParams, [&] { read_npy(file.path()); }) ==
        "holds texts; expected numbers");
}
