#include "tests/plugins/built_in.hpp"
#include "tests/plugins/oracle_file.hpp"

namespace pet::test {
namespace {

const char* const kOfLabels[] = {"ARI", "NMI", "V", "Homogeneity", "Completeness"};
const char* const kOfPoints[] = {"CalinskiHarabasz", "Silhouette"};

void check_value(const OracleCase& oracle, const char* name, double value) {
  INFO(oracle.name << " " << name);
  CHECK(value == Approx(oracle.numbers.at(name)).epsilon(1e-9).margin(1e-9));
}

}  // namespace

TEST_CASE("the clustering metrics give scikit-learn's values", "[plugins]") {
  for (const OracleCase& oracle : read_oracles("clusters.txt")) {
    const XYData x = oracle.matrices.at("x").data();
    const XYData y_true = oracle.matrices.at("y_true").labels();
    const XYData y_pred = oracle.matrices.at("y_pred").labels();
    for (const char* name : kOfLabels)
      check_value(oracle, name, make(name).measure(y_true, y_pred));
    for (const char* name : kOfPoints) {
      check_value(oracle, name, make(name).measure(x, XYData(), y_pred));
    }
  }
}

TEST_CASE("two labellings of one label each are the same", "[plugins]") {
  const XYData ones = XYData::mock<std::int64_t>({1, 1, 1});
  const XYData twos = XYData::mock<std::int64_t>({2, 2, 2});
  for (const char* name : kOfLabels) {
    INFO(name);
    CHECK(make(name).measure(ones, twos) == 1);
  }
}

TEST_CASE("clusters of equal rows are as narrow as can be", "[plugins]") {
  const XYData x = XYData::mock({{0.0}, {0.0}, {5.0}, {5.0}});
  const XYData y = XYData::mock<std::int64_t>({0, 0, 1, 1});
  CHECK(make("CalinskiHarabasz").measure(x, XYData(), y) == 1);  // scikit-learn's value for W = 0
  CHECK(make("Silhouette").measure(x, XYData(), y) == 1);
}

TEST_CASE("a higher value of the clustering metrics is the better one", "[plugins]") {
  for (const char* name : kOfLabels) CHECK(make(name).higher_better());
  for (const char* name : kOfPoints) CHECK(make(name).higher_better());
}

TEST_CASE("the clustering metrics refuse what they cannot score, in these words", "[plugins]") {
  const XYData three = XYData::mock<std::int64_t>({0, 1, 1});
  for (const char* name : kOfLabels) {
    CHECK_THROWS_MATCHES(make(name).measure(three, XYData::mock<std::int64_t>({0, 1})), Failure,
                         fails(PET_BAD_INPUT, {"y_true has 3 rows, but y_pred has 2"}));
  }
  const XYData x = XYData::mock({{0.0}, {1.0}, {5.0}});
  struct Bad {
    XYData x, labels;
    std::string text;
  };
  Bad table[] = {
      {x.clone(), XYData::mock<std::int64_t>({0, 1}), "x has 3 rows, but y_pred has 2"},
      {x.clone(), XYData::mock<std::int64_t>({4, 4, 4}),
       "y_pred: expected 2 to 2 different clusters for 3 rows, got 1"},
      {x.clone(), XYData::mock<std::int64_t>({4, 5, 6}),
       "y_pred: expected 2 to 2 different clusters for 3 rows, got 3"},
      {XYData::mock({{0.0}, {std::nan("")}, {1.0}}), three.clone(), "row 1, column 0 is NaN"},
      {XYData::mock({0.0, 1.0, 2.0}), three.clone(), "x: expected rows and columns"},
  };
  for (const Bad& bad : table) {
    for (const char* name : kOfPoints) {
      CHECK_THROWS_MATCHES(make(name).measure(bad.x, XYData(), bad.labels), Failure,
                           fails(PET_BAD_INPUT, {bad.text}));
    }
  }
}

}  // namespace pet::test
