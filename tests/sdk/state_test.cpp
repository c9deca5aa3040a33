// State: it comes back as it was, and bytes that are not what was written are refused.
#include <catch2/catch.hpp>
#include <cmath>

#include "pet/filter.hpp"
#include "pet/pipeline.hpp"
#include "pet/testing.hpp"
#include "tests/sdk/messages.hpp"
#include "tests/watchdog.hpp"

namespace {

using pet::Value;
using pet::XYData;
using pet::testing::make;

class Learner : public pet::Filter<Learner> {
 public:
  PET_STATE(bool, fitted, "");
  PET_STATE(std::int64_t, rows, "");
  PET_STATE(double, mean, "");
  PET_STATE(std::string, label, "");
  PET_STATE(std::vector<double>, numbers, "");
  PET_STATE(std::vector<std::string>, names, "");
  PET_STATE(std::vector<std::vector<std::int64_t>>, nested, "");
  PET_STATE(std::vector<bool>, flags, "");
  PET_STATE(XYData, data, "");
  PET_STATE(XYData, nothing, "");

  void fit(const XYData& x) {
    fitted = true;
    rows = x.rows();
    mean = std::nan("");
    label = std::string("a\0b", 3);
    numbers = {1.5, -0.0, INFINITY};
    names = {"", "x"};
    nested = {{}, {1, 2}};
    flags = {true, false, true};
    data = x.clone();
  }
  XYData predict(const XYData&) const {
    if (!fitted) throw pet::Failure::not_fitted("predict before fit");
    const bool same = rows == 2 && std::isnan(mean) && label.size() == 3 &&
                      std::signbit(numbers.at(1)) && names.at(1) == "x" &&
                      nested.at(1).at(1) == 2 && flags.at(2) && !nothing;
    return same ? data.view() : XYData();
  }
};
PET_CLASS(Learner)

class Other : public pet::Filter<Other> {
 public:
  PET_STATE(bool, fitted, "");
  XYData predict(const XYData& x) const { return x.view(); }
};
PET_CLASS(Other)

namespace newer {
class Learner2 : public pet::Filter<Learner2> {
 public:
  static constexpr std::uint32_t kStateSchema = 2;
  PET_STATE(std::int64_t, rows, "");
  PET_STATE(double, added, "not in schema 1");
  XYData predict(const XYData&) const { return XYData::mock({static_cast<double>(rows), added}); }
};
PET_CLASS(Learner2)
}  // namespace newer

class Custom : public pet::Filter<Custom> {
 public:
  std::int64_t seen = 0;
  void fit(const XYData& x) { seen += x.rows(); }
  XYData predict(const XYData&) const { return XYData::mock({seen}); }
  void save(pet::StateWriter& state) const { state.put("seen", seen); }
  void load(pet::StateReader& state) { state.get("seen", seen); }
};
PET_CLASS(Custom)

class Stateless : public pet::Filter<Stateless> {
 public:
  XYData predict(const XYData& x) const { return x.view(); }
};
PET_CLASS(Stateless)

class Forgetful : public pet::Filter<Forgetful> {
 public:
  void fit(const XYData&) {}
  XYData predict(const XYData& x) const { return x.view(); }
};
PET_CLASS(Forgetful)

class Holder : public pet::Filter<Holder> {
 public:
  PET_PARAM(std::vector<pet::FilterChild>, filters, pet::required, "");
  void fit(const XYData& x) {
    for (auto& filter : filters) {
      if (filter.has_fit()) filter.fit(x);
    }
  }
  XYData predict(const XYData& x) const { return filters.at(0).predict(x); }
  void save(pet::StateWriter& state) const { state.put("filters", filters); }
  void load(pet::StateReader& state) { state.get("filters", filters); }
};
PET_CLASS(Holder)

std::string fitted_state() {
  auto learner = make<Learner>();
  learner.fit(XYData::mock({{1.0, 2.0}, {3.0, 4.0}}));
  return learner.save();
}

std::string state_of(std::string_view class_name, std::uint32_t schema, std::int64_t rows) {
  pet::StateWriter writer(class_name, schema);
  writer.put("rows", rows);
  return writer.finish();
}

}  // namespace

TEST_CASE("what was fitted predicts the same where it is loaded", "[sdk][state]") {
  const std::string state = fitted_state();
  auto landed = make<Learner>();
  CHECK(thrown_by([&] { landed.predict(XYData::mock({1.0})); }).status == PET_NOT_FITTED);
  landed.load(state);
  CHECK(landed.predict(XYData::mock({1.0})).value<double>() == std::vector<double>{1, 2, 3, 4});
  CHECK(landed.save() == state);
}

TEST_CASE("an unfitted instance can be saved too", "[sdk][state]") {
  auto landed = make<Learner>();
  landed.load(make<Learner>().save());
  CHECK(thrown_by([&] { landed.predict(XYData::mock({1.0})); }).status == PET_NOT_FITTED);
}

TEST_CASE("state cut at any length is refused", "[sdk][state]") {
  const std::string state = fitted_state();
  auto learner = make<Learner>();
  for (std::size_t size = 0; size < state.size(); ++size) {
    const Thrown thrown = thrown_by([&] { learner.load(std::string_view(state).substr(0, size)); });
    INFO("first " << size << " of " << state.size() << " bytes: " << thrown.text);
    CHECK(thrown.status == PET_BAD_STATE);
    CHECK(thrown.text.rfind("the saved state ", 0) == 0);
  }
  CHECK(thrown_by([&] { learner.load(state + "x"); }).text ==
        "the saved state is damaged: expected " + std::to_string(state.size()) + " bytes, got " +
            std::to_string(state.size() + 1));
}

TEST_CASE("state with any byte altered is refused, and the instance keeps what it had",
          "[sdk][state]") {
  const std::string state = fitted_state();
  auto learner = make<Learner>();
  learner.load(state);
  for (std::size_t i = 0; i < state.size(); ++i) {
    std::string altered = state;
    altered[i] = static_cast<char>(altered[i] ^ 0x41);
    INFO("byte " << i);
    CHECK(thrown_by([&] { learner.load(altered); }).status == PET_BAD_STATE);
  }
  CHECK(learner.save() == state);
}

TEST_CASE("state of another class, or of a newer schema, is refused in those words",
          "[sdk][state]") {
  CHECK(thrown_by([] { make<Other>().load(fitted_state()); }).text ==
        "the saved state is of Learner, not of Other");
  CHECK(thrown_by([] { make<newer::Learner2>().load(state_of("Learner2", 3, 1)); }).text ==
        "the saved state has schema 3; this version of the class reads up to 2: load a newer "
        "version of the class");
}

TEST_CASE("an older schema may lack fields; the own one may not", "[sdk][state]") {
  auto learner = make<newer::Learner2>();
  learner.load(state_of("Learner2", 1, 7));
  CHECK(learner.predict(XYData::mock({0.0})).value<double>() == std::vector<double>{7, 0});
  const Thrown thrown = thrown_by([&] { learner.load(state_of("Learner2", 2, 8)); });
  CHECK(thrown.text == "saved field 'added' is missing");
  CHECK(learner.predict(XYData::mock({0.0})).value<double>() == std::vector<double>{7, 0});
}

TEST_CASE("a saved field of another type is refused", "[sdk][state]") {
  pet::StateWriter writer("Learner2", 1);
  writer.put("rows", 1.5);
  CHECK(thrown_by([&] { make<newer::Learner2>().load(writer.finish()); }).text ==
        "saved field 'rows': expected int64, got float64");
}

TEST_CASE("a forged count asks for no memory", "[sdk][state]") {
  std::string forged;
  pet::detail::append_number(forged, UINT64_MAX, 8);
  pet::detail::ByteReader in(forged);
  CHECK(thrown_by([&] { pet::detail::StateType<std::vector<double>>::read(in); }).status ==
        PET_BAD_STATE);

  std::string tensor("\1\2\100\1\0\0\0", 7);  // float64, one dimension
  pet::detail::append_number(tensor, UINT64_MAX / 4, 8);
  pet::detail::ByteReader shape(tensor);
  CHECK(thrown_by([&] { pet::detail::StateType<XYData>::read(shape); }).status == PET_BAD_STATE);
}

TEST_CASE("a saved tensor of more than 32 dimensions is refused", "[sdk][state]") {
  for (const std::uint32_t ndim : {33u, 60u, 64u + 1u}) {
    std::string forged("\1\2\100", 3);  // float64
    pet::detail::append_number(forged, ndim, 4);
    for (std::uint32_t i = 0; i < ndim; ++i) pet::detail::append_number(forged, 1, 8);
    pet::detail::append_number(forged, 0, 8);
    pet::detail::ByteReader in(forged);
    const Thrown failure = thrown_by([&] { pet::detail::StateType<XYData>::read(in); });
    CHECK(failure.status == PET_BAD_STATE);
    CHECK(failure.text ==
          "the saved state is damaged: a tensor of " + std::to_string(ndim) + " dimensions");
  }
}

TEST_CASE("a field that stands twice is refused, at save and at load", "[sdk][state]") {
  pet::StateWriter twice("Learner2", 1);
  twice.put("rows", std::int64_t{1});
  twice.put("rows", std::int64_t{2});
  CHECK(thrown_by([&] { twice.finish(); }).text == "the state has two fields 'rows'");

  pet::StateWriter writer("Learner2", 1);
  writer.put("rows", std::int64_t{1});
  writer.put("rowz", std::int64_t{2});
  std::string forged = writer.finish();
  forged.replace(forged.find("rowz"), 4, "rows");
  forged.resize(forged.size() - 8);
  pet::detail::append_number(forged, pet::detail::fnv1a(forged), 8);
  const Thrown thrown = thrown_by([&] { make<newer::Learner2>().load(forged); });
  CHECK(thrown.status == PET_BAD_STATE);
  CHECK(thrown.text == "the saved state is damaged: it has two fields 'rows'");
}

TEST_CASE("a state of many fields is read in no time", "[sdk][state]") {
  constexpr int kFields = 200000;
  pet::StateWriter writer("Many", 1);
  for (int i = 0; i < kFields; ++i) writer.put("f/" + std::to_string(i), std::int64_t{i});
  const auto bytes = std::make_shared<const std::string>(writer.finish());
  const auto sum = std::make_shared<std::int64_t>(0);
  CHECK(pet::test::finishes([bytes, sum] {
    const pet::StateReader reader("Many", 1, *bytes);
    std::int64_t total = 0;
    for (int i = 0; i < kFields; ++i) total += reader.get<std::int64_t>("f/" + std::to_string(i));
    *sum = total;
  }));
  CHECK(*sum == std::int64_t{kFields} * (kFields - 1) / 2);
}

TEST_CASE("a bool read from a state is 0 or 1", "[sdk][state]") {
  std::string forged("\1\6\10\1\0\0\0", 7);  // bool, one dimension
  pet::detail::append_number(forged, 4, 8);
  forged += std::string("\0\1\2\377", 4);
  pet::detail::ByteReader in(forged);
  const XYData data = pet::detail::StateType<XYData>::read(in);
  CHECK(std::string(data.raw_data(), 4) == std::string("\0\1\1\1", 4));
  CHECK(data.value<bool>() == std::vector<bool>{false, true, true, true});
}

TEST_CASE("a class may write its state by itself", "[sdk][state]") {
  auto custom = make<Custom>();
  custom.fit(XYData::mock({1.0, 2.0}));
  auto landed = make<Custom>();
  landed.load(custom.save());
  CHECK(landed.predict(XYData::mock({0.0})).value<std::int64_t>() == std::vector<std::int64_t>{2});
}

TEST_CASE("only a class with state has pet.state/1", "[sdk][state]") {
  CHECK(make<Learner>().has(PET_STATE_1));
  CHECK(make<Custom>().has(PET_STATE_1));
  CHECK_FALSE(make<Stateless>().has(PET_STATE_1));
}

TEST_CASE("a parent saves and loads its children", "[sdk][state]") {
  auto fitted = make<Holder>({{"filters", Value::List{make<Learner>(), make<Stateless>()}}});
  fitted.fit(XYData::mock({{1.0}, {2.0}}));
  auto landed = make<Holder>({{"filters", Value::List{make<Learner>(), make<Stateless>()}}});
  landed.load(fitted.save());
  CHECK(landed.predict(XYData::mock({0.0})).value<double>() == std::vector<double>{1, 2});

  auto fewer = make<Holder>({{"filters", Value::List{make<Learner>()}}});
  const Thrown more = thrown_by([&] { fewer.load(fitted.save()); });
  CHECK(more.status == PET_BAD_STATE);
  CHECK(more.text == "the saved state has more 'filters' than the 1 here");
  auto other = make<Holder>({{"filters", Value::List{make<Learner>(), make<Learner>()}}});
  const Thrown learns = thrown_by([&] { other.load(fitted.save()); });
  CHECK(learns.status == PET_BAD_STATE);
  CHECK(learns.text ==
        "saved field 'filters/1' is of a child that learns nothing, and Learner learns");

  const auto forgetful = make<Holder>({{"filters", Value::List{make<Forgetful>()}}});
  const Thrown thrown = thrown_by([&] { forgetful.save(); });
  CHECK(thrown.status == PET_UNSUPPORTED);
  CHECK(thrown.text == "Forgetful can be fitted, but cannot save its state");
}
