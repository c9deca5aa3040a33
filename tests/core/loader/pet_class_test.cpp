#include "core/loader/pet_class.hpp"

#include <catch2/catch.hpp>
#include <pet/filter.hpp>
#include <pet/metric.hpp>

#include "core/loader/plugin_host.hpp"
#include "tests/core/loader/loading.hpp"

namespace pet::loader_test {

class Doubler : public pet::Filter<Doubler> {
 public:
  PET_DOC("doubles");
  PET_PARAM(std::int64_t, times, 1, "how often");

  pet::XYData predict(const pet::XYData& x) const {
    pet::XYData y = like(x);
    for (std::int64_t i = 0; i < x.size(); ++i)
      y.data<double>()[i] = x.data<double>()[i] * (1 << times);
    return y;
  }
};
PET_CLASS(Doubler, "4")

class Grouper : public pet::Filter<Grouper> {
 public:
  static constexpr bool kClusters = true;
  pet::XYData predict(const pet::XYData& x) const { return x.clone(); }
};
PET_CLASS(Grouper)

class Tripler : public pet::Filter<Tripler> {
 public:
  pet::XYData predict(const pet::XYData& x) const { return x.clone(); }
};
PET_CLASS(Tripler)

namespace {

using test::fails;
using test::label;
using test::load_fixture;
using test::vector_of;

TEST_CASE("a class of a binary knows its facts", "[core]") {
  const PetClass clazz = load_fixture("learning_filter");
  CHECK(clazz.name() == "LearningFilter");
  CHECK(clazz.kind() == "filter");
  CHECK(clazz.hash() == Binary::read(test::fixture_path("learning_filter")).hash());
  CHECK(clazz.doc() == "subtracts the mean of what fit saw");
  CHECK(clazz.source() == test::fixture_path("learning_filter"));
  CHECK(clazz.binary()->hash() == clazz.hash());
  REQUIRE(clazz.parameters().size() == 2);
  CHECK(clazz.parameters()[0].name == "scale");
  CHECK(clazz.parameters()[0].type.text() == "float64");
  CHECK(clazz.parameters()[0].doc == "what the difference is multiplied with; at least 0");
}

TEST_CASE("a class knows its abilities by plain names and by interface ids", "[core]") {
  const PetClass learning = load_fixture("learning_filter");
  const PetClass good = load_fixture("good_filter");
  const PetClass metric = load_fixture("mean_error");
  const PetClass pipeline = load_fixture("wrapper_pipeline");
  for (const char* ability :
       {"predict", "fit", "state", "set", "pet.filter/1", "pet.filter.fit/1", "pet.state/1"}) {
    CAPTURE(ability);
    CHECK(learning.has(ability));
    CHECK_FALSE(metric.has(ability));
  }
  CHECK(good.has("predict"));
  CHECK_FALSE(good.has("fit"));
  CHECK_FALSE(good.has("pet.filter.fit/1"));
  CHECK(metric.has("measure"));
  CHECK(pipeline.has("evaluate"));
  CHECK(pipeline.has("pet.pipeline/1"));
  CHECK_FALSE(pipeline.has("split"));
  CHECK_FALSE(pipeline.has("optimize"));
  CHECK_FALSE(pipeline.has("pet.unheard-of/1"));
}

TEST_CASE("a filter may say that its integers are clusters", "[core]") {
  const PetClass grouper = PetClass::compiled_in(entry_of<Grouper>());
  CHECK(grouper.has("clusters"));
  CHECK(grouper.has("pet.clusters/1"));
  CHECK_FALSE(PetClass::compiled_in(entry_of<Doubler>()).has("clusters"));
}

TEST_CASE("a compiled-in class has no binary, and works like any other", "[core]") {
  const PetClass clazz = PetClass::compiled_in(entry_of<Doubler>());
  CHECK(clazz.name() == "Doubler");
  CHECK(clazz.kind() == "filter");
  CHECK(clazz.version() == "4");
  CHECK_FALSE(clazz.hash().has_value());
  CHECK(clazz.binary() == nullptr);
  CHECK(clazz.source() == "built in");
  const BasePlugin plugin = clazz.create({{"times", 2}});
  CHECK(plugin.predict(vector_of({1, 2})).value<double>() == std::vector<double>{4, 8});
  CHECK(plugin.item_dump() == ParamObject{{"clazz", "Doubler"},
                                          {"version_hash", nullptr},
                                          {"params", ParamObject{{"times", 2}}}});
}

TEST_CASE("classes are equal when name and hash are, or the registration", "[core]") {
  const PetClass good = load_fixture("good_filter");
  const PetClass copy = good;
  const PetClass doubler = PetClass::compiled_in(entry_of<Doubler>());
  CHECK(good == copy);
  CHECK(good == load_fixture("good_filter"));
  CHECK_FALSE(good == load_fixture("good_filter_v2"));
  CHECK(doubler == PetClass::compiled_in(entry_of<Doubler>()));
  CHECK_FALSE(doubler == PetClass::compiled_in(entry_of<Tripler>()));
  CHECK_FALSE(doubler == good);
}

TEST_CASE("bad parameters name class, parameter and near miss, all at once", "[core]") {
  const PetClass good = load_fixture("good_filter");
  const Error error = test::error_of([&] { good.create({{"facto", 3.0}, {"factor", "x"}}); });
  CHECK(error.code() == ErrorCode::kBadParams);
  CHECK(error.what() == label(good) +
                            ": parameter 'factor' expects float64, got text 'x'; "
                            "has no parameter 'facto'; did you mean 'factor'?");
  CHECK(error.class_name() == "GoodFilter");
  CHECK(error.hash() == good.hash()->hex());

  const PetClass doubler = PetClass::compiled_in(entry_of<Doubler>());
  CHECK(test::error_of([&] {
          doubler.create({{"time", 3}});
        }).what() == std::string("Doubler: has no parameter 'time'; did you mean 'times'?"));
}

TEST_CASE("an entry that contradicts its notes is not a plugin", "[core]") {
  static pet_entry entry = entry_of<Doubler>();
  const pet_entry good = entry;
  const auto refused = [] { return test::error_of([] { PetClass::compiled_in(entry); }); };

  entry.class_name = entry_of<Tripler>().class_name;
  CHECK(refused().what() ==
        std::string("Tripler: its notes say class Doubler, its entry says class Tripler"));
  CHECK(refused().code() == ErrorCode::kNotAPlugin);

  entry = good;
  entry.size = 40;
  CHECK(refused().what() == std::string("a class's entry has 40 bytes; expected 64"));

  entry = good;
  entry.abi_major = 9;
  CHECK(refused().what() ==
        std::string("Doubler: its entry is of ABI 9.0; this host speaks ABI 1.0"));

  entry = good;
  entry.query = [](const char*) -> const void* { return nullptr; };
  CHECK(refused().what() ==
        std::string("Doubler: its notes say it has pet.filter/1, its entry says it has not"));

  entry = good;
  entry.destroy = nullptr;
  CHECK(refused().what() == std::string("Doubler: its entry lacks create, destroy or query"));

  entry = good;
  entry.notes.size /= 2;
  CHECK(refused().code() == ErrorCode::kCorrupt);
}

TEST_CASE("a slot beyond a table's size is absent", "[core]") {
  static pet_filter_v1 table =
      *static_cast<const pet_filter_v1*>(entry_of<Doubler>().query(PET_FILTER_1));
  static pet_entry entry = entry_of<Doubler>();
  entry.query = [](const char* id) -> const void* {
    return std::string_view(id) == PET_FILTER_1 ? &table : nullptr;
  };
  table.fit = [](pet_instance*, const pet_tensor*, const pet_tensor*, pet_failure*) -> pet_status {
    return PET_OK;
  };
  CHECK(PetClass::compiled_in(entry).has("fit"));
  table.size = offsetof(pet_filter_v1, fit);
  CHECK_FALSE(PetClass::compiled_in(entry).has("fit"));
  CHECK(PetClass::compiled_in(entry).has("predict"));
}

TEST_CASE("create that says all is well and makes nothing is an error", "[core]") {
  static pet_entry entry = entry_of<Doubler>();
  entry.create = [](const pet_host*, const pet_value*, pet_instance**, pet_failure*) -> pet_status {
    return PET_OK;
  };
  CHECK_THROWS_MATCHES(
      PetClass::compiled_in(entry).create(), Error,
      fails(ErrorCode::kPluginError, {"Doubler create: returned nothing; expected an instance"}));
}

TEST_CASE("a status without a text is named by its number", "[core]") {
  static pet_entry entry = entry_of<Doubler>();
  entry.create = [](const pet_host*, const pet_value*, pet_instance**, pet_failure*) -> pet_status {
    return 77;
  };
  CHECK_THROWS_MATCHES(
      PetClass::compiled_in(entry).create(), Error,
      fails(ErrorCode::kPluginError, {"Doubler create: failed without a reason (status 77)"}));
}

}  // namespace
}  // namespace pet::loader_test
