#include "core/live/state_loss.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <pet/state.hpp>
#include <string>

using namespace pet;
using pet::trial::lost_field;

namespace {

std::string state(double mean, std::int64_t rows, std::uint32_t schema = 1,
                  const std::string& clazz = "Scaler") {
  StateWriter writer(clazz, schema);
  writer.put("mean", mean);
  writer.put("rows", rows);
  return writer.finish();
}

}  // namespace

TEST_CASE("a field that is not exported as it was imported is lost", "[live][trial]") {
  CHECK(!lost_field(state(1, 2), state(1, 2)));
  CHECK(lost_field(state(1, 2), state(1.5, 2)) == "mean");
  CHECK(lost_field(state(1, 2), state(1, 0)) == "rows");
  StateWriter fewer("Scaler", 1);
  fewer.put("mean", 1.0);
  CHECK(lost_field(state(1, 2), fewer.finish()) == "rows");
  CHECK(!lost_field(fewer.finish(), state(1, 2)));  // one more
  StateWriter other("Scaler", 1);
  other.put("rows", std::int64_t{2});
  other.put("mean", 1.0);
  CHECK(!lost_field(state(1, 2), other.finish()));  // in another order
}

TEST_CASE("what was migrated, or is no state of the SDK's, has lost nothing", "[live][trial]") {
  CHECK(!lost_field(state(1, 2), state(5, 5, 2)));
  CHECK(!lost_field(state(1, 2), state(5, 5, 1, "Other")));
  CHECK(!lost_field("own format", "own format, changed"));
  CHECK(!lost_field(state(1, 2), ""));
  for (std::size_t size = 0; size < state(1, 2).size(); ++size) {
    CHECK(!lost_field(state(5, 5).substr(0, size), state(1, 2).substr(0, 30)));
  }
}
