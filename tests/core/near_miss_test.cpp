#include "core/near_miss.hpp"

#include <catch2/catch.hpp>

namespace pet {
namespace {

TEST_CASE("a mistyped name finds what was meant", "[core]") {
  struct Case {
    std::string wanted;
    std::vector<std::string> candidates;
    std::vector<std::string> found;
  };
  const std::vector<Case> cases = {
      {"n_neighbours", {"weights", "n_neighbors"}, {"n_neighbors"}},
      {"StandardScalar", {"StandardScalerPlugin", "KnnFilter"}, {"StandardScalerPlugin"}},
      {"StandardScaler", {"StandardScalerPlugin"}, {"StandardScalerPlugin"}},
      {"KnnFilterPlugin", {"KnnFilter", "F1"}, {"KnnFilter"}},
      {"knnfilter", {"KnnFilter"}, {"KnnFilter"}},
      {"fcator", {"factor"}, {"factor"}},
      {"Precission", {"Precision", "Recall"}, {"Precision"}},
      {"F2", {"F1", "Recall"}, {"F1"}},
      {"alpha", {"beta", "gamma"}, {}},
      {"x", {"scale", "mean"}, {}},
      {"", {"scale"}, {}},
      {"factor", {}, {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.wanted);
    CHECK(near_misses(c.wanted, c.candidates) == c.found);
  }
}

TEST_CASE("near misses come closest first, a few at most", "[core]") {
  const std::vector<std::string> candidates = {"filters_", "filter", "Filtr", "fitters", "alpha"};
  CHECK(near_misses("filtr", candidates) ==
        std::vector<std::string>{"Filtr", "filter", "filters_"});
  CHECK(near_misses("filtr", candidates, 1) == std::vector<std::string>{"Filtr"});
}

TEST_CASE("a very long name is something else, not a mistyped one", "[core]") {
  const std::vector<std::string> candidates = {std::string(1000, 'a')};
  CHECK(near_misses(std::string(1001, 'a'), candidates).empty());
}

TEST_CASE("did you mean is a question of one, two or three names, or nothing", "[core]") {
  const std::vector<std::string> one = {"factor", "weights"};
  const std::vector<std::string> two = {"factor1", "factor2"};
  const std::vector<std::string> three = {"factor1", "factor2", "factor3"};
  CHECK(did_you_mean("facto", one) == "did you mean 'factor'?");
  CHECK(did_you_mean("factor", two) == "did you mean 'factor1' or 'factor2'?");
  CHECK(did_you_mean("factor", three) == "did you mean 'factor1', 'factor2' or 'factor3'?");
  CHECK(did_you_mean("quite different", one) == "");
}

}  // namespace
}  // namespace pet
