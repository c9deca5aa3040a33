// Nothing but a status and a text leaves a class, whatever it throws.
#include <catch2/catch.hpp>
#include <new>
#include <stdexcept>

#include "pet/filter.hpp"
#include "pet/metric.hpp"
#include "pet/testing.hpp"
#include "tests/sdk/messages.hpp"

namespace {

using pet::testing::make;

[[noreturn]] void throw_a(const std::string& what) {
  if (what == "runtime_error") throw std::runtime_error("went wrong");
  if (what == "empty") throw std::runtime_error("");
  if (what == "int") throw 42;
  if (what == "bad_alloc") throw std::bad_alloc();
  if (what == "length_error") throw std::length_error("too long");
  if (what == "ok") throw pet::Failure(PET_OK, "a failure is never ok");
  throw pet::Failure(PET_NOT_FITTED, "predict before fit");
}

class Thrower : public pet::Filter<Thrower> {
 public:
  PET_PARAM(std::string, at, "predict", "");
  PET_PARAM(std::string, what, "runtime_error", "");
  Thrower() = default;
  void validate() const {
    if (at == "create") throw_a(what);
  }
  void fit(const pet::XYData&) {
    if (at == "fit") throw_a(what);
  }
  pet::XYData predict(const pet::XYData& x) const {
    if (at == "predict") throw_a(what);
    if (at == "nothing") return {};
    return x.view();
  }
  void save(pet::StateWriter&) const {
    if (at == "save") throw_a(what);
  }
  void load(pet::StateReader&) {
    if (at == "load") throw_a(what);
  }
};
PET_CLASS(Thrower)

class BadConstructor : public pet::Filter<BadConstructor> {
 public:
  BadConstructor() { throw std::logic_error("no constructor today"); }
  pet::XYData predict(const pet::XYData& x) const { return x.view(); }
};
PET_CLASS(BadConstructor)

class BadMetric : public pet::Metric<BadMetric> {
 public:
  static constexpr bool kHigherBetter = true;
  double measure(const pet::XYData&, const pet::XYData&) const { throw 1; }
};
PET_CLASS(BadMetric)

const struct {
  const char* what;
  pet_status status;
  const char* text;
} kThrown[] = {
    {"runtime_error", PET_FAILED, "went wrong"},
    {"empty", PET_FAILED, "failed without a reason"},
    {"int", PET_FAILED, "threw something that is not a std::exception"},
    {"bad_alloc", PET_OUT_OF_MEMORY, "out of memory"},
    {"length_error", PET_FAILED, "too long"},
    {"ok", PET_FAILED, "a failure is never ok"},
    {"failure", PET_NOT_FITTED, "predict before fit"},
};

}  // namespace

TEST_CASE("whatever a method throws arrives as a status and a text", "[sdk][failure]") {
  const pet::XYData x = pet::XYData::mock({1.0});
  for (const auto& row : kThrown) {
    for (const char* at : {"create", "fit", "predict", "save", "load"}) {
      const auto run = [&] {
        auto thrower = make<Thrower>({{"at", at}, {"what", row.what}});
        thrower.fit(x);
        thrower.predict(x);
        thrower.load(thrower.save());
      };
      INFO(row.what << " at " << at);
      const Thrown thrown = thrown_by(run);
      CHECK(thrown.status == row.status);
      CHECK(thrown.text == row.text);
    }
  }
}

TEST_CASE("a constructor that throws makes no instance", "[sdk][failure]") {
  CHECK(thrown_by([] { make<BadConstructor>(); }).text == "no constructor today");
}

TEST_CASE("a metric that throws an int is a failure", "[sdk][failure]") {
  const pet::XYData y = pet::XYData::mock({1.0});
  CHECK(thrown_by([&] { make<BadMetric>().measure(y, y); }).text ==
        "threw something that is not a std::exception");
}

TEST_CASE("predict that returns nothing is a failure", "[sdk][failure]") {
  const auto thrower = make<Thrower>({{"at", "nothing"}});
  CHECK(thrown_by([&] { thrower.predict(pet::XYData::mock({1.0})); }).text ==
        "predict returned nothing");
}

TEST_CASE("a text is cut at its buffer's end, on a UTF-8 boundary", "[sdk][failure]") {
  const struct {
    const char* text;
    std::size_t capacity;
    const char* expected;
  } table[] = {
      {"abc", 3, "abc"}, {"abc", 2, "ab"}, {"abc", 0, ""},   {"aé", 3, "aé"}, {"aé", 2, "a"},
      {"é", 1, ""},      {"a€b", 3, "a"},  {"a€b", 4, "a€"}, {"😀", 3, ""},    {"x😀y", 5, "x😀"},
  };
  for (const auto& row : table) {
    char buffer[16] = {};
    pet_failure failure{sizeof(pet_failure), 0, buffer, row.capacity, 99};
    pet::detail::write_failure(&failure, row.text);
    INFO(row.text << " into " << row.capacity);
    CHECK(std::string(buffer, failure.length) == row.expected);
  }
}

TEST_CASE("a caller without room for a text still gets the status", "[sdk][failure]") {
  const auto fail = [](pet_failure* failure) {
    return pet::detail::guarded(failure, [] { throw pet::Failure::bad_input("text"); });
  };
  pet_failure no_text{sizeof(pet_failure), 0, nullptr, 100, 7};
  pet_failure too_old{4, 0, nullptr, 100, 7};
  CHECK(fail(nullptr) == PET_BAD_INPUT);
  CHECK(fail(&no_text) == PET_BAD_INPUT);
  CHECK(no_text.length == 0);
  CHECK(fail(&too_old) == PET_BAD_INPUT);
  CHECK(too_old.length == 7);  // written by a caller that knows no such member
}

TEST_CASE("null pointers at the boundary are failures", "[sdk][failure]") {
  const pet_entry& entry = pet::entry_of<Thrower>();
  const pet_host* host = pet::testing::FakeHost::shared().get();
  const auto* filter = static_cast<const pet_filter_v1*>(entry.query(PET_FILTER_1));
  const auto* state = static_cast<const pet_state_v1*>(entry.query(PET_STATE_1));
  const pet::XYData x = pet::XYData::mock({1.0});
  pet_instance* instance = nullptr;
  pet_tensor* out = nullptr;
  CHECK(entry.create(nullptr, nullptr, &instance, nullptr) == PET_BAD_INPUT);
  CHECK(entry.create(host, nullptr, nullptr, nullptr) == PET_BAD_INPUT);
  REQUIRE(entry.create(host, nullptr, &instance, nullptr) == PET_OK);
  CHECK(filter->predict(nullptr, x.get(), &out, nullptr) == PET_BAD_INPUT);
  CHECK(filter->predict(instance, nullptr, &out, nullptr) == PET_BAD_INPUT);
  CHECK(filter->predict(instance, x.get(), nullptr, nullptr) == PET_BAD_INPUT);
  CHECK(filter->fit(instance, nullptr, nullptr, nullptr) == PET_BAD_INPUT);
  CHECK(state->save(instance, nullptr, nullptr) == PET_BAD_INPUT);
  CHECK(state->load(instance, {nullptr, 0}, nullptr) == PET_BAD_STATE);
  entry.destroy(instance);
  entry.destroy(nullptr);
}

TEST_CASE("a host of another ABI, or an older one, is refused", "[sdk][failure]") {
  pet_host other = *pet::testing::FakeHost::shared().get();
  other.abi_major = 2;
  pet_instance* instance = nullptr;
  pet::detail::FailureBuffer failure;
  CHECK(pet::entry_of<Thrower>().create(&other, nullptr, &instance, failure.get()) ==
        PET_UNSUPPORTED);
  CHECK(failure.text() == "this class speaks ABI 1, the host 2");
}
