#include "core/live/trial_answer.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

using namespace pet;
using Catch::Matchers::Contains;
using pet::trial::fault_of;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

XYData numbers(std::initializer_list<double> values) { return XYData::mock(values); }

const XYData kSample = XYData::mock<double>({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});

}  // namespace

TEST_CASE("without an expected answer, one has to be there and to be finite", "[live][trial]") {
  CHECK(fault_of(numbers({1, 2, 3}), kSample, nullptr, {}) == "");
  CHECK(fault_of(numbers({1}), kSample, nullptr, {}) == "");  // as many rows as it likes
  CHECK(fault_of(XYData::mock<std::int64_t>({7}), kSample, nullptr, {}) == "");
  CHECK(fault_of(XYData(), kSample, nullptr, {}) == "expected an answer, got nothing");
  CHECK(fault_of(numbers({}), kSample, nullptr, {}) == "expected an answer, got float64 [0]");
  CHECK(fault_of(numbers({1, kNan}), kSample, nullptr, {}) ==
        "expected finite numbers, got nan at [1]");
  CHECK(fault_of(XYData::mock<float>({{0.F, -1.F / 0.F}}), kSample, nullptr, {}) ==
        "expected finite numbers, got -inf at [0, 1]");
  CHECK(fault_of(numbers({kNan}), numbers({kNan}), nullptr, {}) == "");  // the input is not, either
  CHECK(fault_of(numbers({}), numbers({}), nullptr, {}) == "");
}

TEST_CASE("an answer has the current version's type and shape", "[live][trial]") {
  const XYData expected = numbers({1, 2, 3});
  CHECK(fault_of(numbers({7, 8, 9}), kSample, &expected, {}) == "");
  const XYData others[] = {numbers({1, 2}), XYData::mock<float>({1, 2, 3}),
                           XYData::mock<double>({{1}, {2}, {3}}),
                           XYData::mock<std::int64_t>({1, 2, 3})};
  for (const XYData& other : others) {
    CHECK(fault_of(other, kSample, &expected, {}) ==
          "expected float64 [3] as from the current version, got " + other.describe());
  }
  const XYData nothing;
  CHECK(fault_of(numbers({1, 2}), kSample, &nothing, {}) == "");  // it had failed on this one
}

TEST_CASE("rows are the input's only where the current version's are", "[live][trial]") {
  const XYData expected = XYData::mock<double>({{1, 2}, {3, 4}});  // of three rows
  CHECK(fault_of(XYData::mock<double>({{1, 2}}), kSample, &expected, {0.0}) == "");
  CHECK(fault_of(XYData::mock<double>({{1, 2, 3}}), kSample, &expected, {}) != "");
  CHECK(fault_of(XYData::empty(dtype_of<double>(), {0, 2}), kSample, &expected, {}) != "");
  CHECK(fault_of(XYData::mock<double>({{kNan, 2}}), kSample, &expected, {}) != "");
}

TEST_CASE("numbers that the current version has not either are allowed", "[live][trial]") {
  const XYData expected = numbers({1, kNan, kInfinity});
  CHECK(fault_of(numbers({1, kNan, kInfinity}), kSample, &expected, {0.0}) == "");
  CHECK(fault_of(numbers({1, 5, 5}), kSample, &expected, {}) == "");
  CHECK_THAT(fault_of(numbers({kNan, kNan, kInfinity}), kSample, &expected, {}),
             Contains("got nan at [0]"));
  CHECK_THAT(fault_of(numbers({1, kNan, -kInfinity}), kSample, &expected, {1.0}),
             Contains("expected inf at [2], as from the current version, got -inf"));
}

TEST_CASE("values are compared within the tolerance, when there is one", "[live][trial]") {
  const XYData expected = numbers({0, 100, -1});
  const XYData near = numbers({0.009, 101, -1});
  CHECK(fault_of(near, kSample, &expected, {}) == "");
  CHECK(fault_of(near, kSample, &expected, {0.01}) == "");
  CHECK(
      fault_of(near, kSample, &expected, {0.001}) ==
      "expected 0 at [0], as from the current version, got 0.009, further away than 0.001 allows");
  CHECK(fault_of(expected, kSample, &expected, {0.0}) == "");
  const auto large = std::int64_t{1} << 60;
  const XYData labels = XYData::mock<std::int64_t>({1, 2, large});
  CHECK(fault_of(XYData::mock<std::int64_t>({1, 2, large}), kSample, &labels, {0.0}) == "");
  CHECK_THAT(fault_of(XYData::mock<std::int64_t>({1, 2, large + 1}), kSample, &labels, {0.0}),
             Contains("at [2]"));
  const XYData flags = XYData::mock<bool>({true, false, true});
  CHECK(fault_of(XYData::mock<bool>({true, true, true}), kSample, &flags, {0.0}) != "");
}
