// The services of the host, through what an author writes: classes that are compiled into this
// test.
#include <catch2/catch.hpp>
#include <functional>
#include <pet/filter.hpp>
#include <pet/optimizer.hpp>
#include <pet/pipeline.hpp>
#include <pet/splitter.hpp>

#include "core/loader/plugin_host.hpp"
#include "tests/core/loader/loading.hpp"

namespace pet::host_instances_test {

// What a test wants done inside a plugin, where the host's services are.
std::function<void(const class Probe&)> probe;
std::vector<std::string> destroyed;

class Probe : public pet::Filter<Probe> {
 public:
  PET_PARAM(std::optional<pet::AnyChild>, child, pet::null, "anything");
  PET_PARAM(std::optional<pet::ClassRef>, clazz, pet::null, "a class by itself");
  PET_PARAM(std::string, name, "", "noted when it dies");

  ~Probe() {
    if (!name.empty()) destroyed.push_back(name);
  }
  pet::XYData predict(const pet::XYData& x) const {
    if (probe) probe(*this);
    return x.clone();
  }
  using Plugin::host;
};
PET_CLASS(Probe, "3")

class Search : public pet::Optimizer<Search> {
 public:
  PET_PARAM(pet::FilterChild, filter, pet::required, "whose parameters are searched");

  void optimize(const pet::XYData& x, const pet::XYData&, pet::Trials& trials) {
    const pet::Object grid = filter.grid();
    for (const auto& [path, values] : grid) {
      for (const pet::Value& value : values.as_list()) {
        const pet::Object overrides{{path, value}};
        const pet::OwnedChild trial = filter.clone(overrides);
        trials.add(overrides, trial.predict(x).value<double>()[0]);
      }
    }
  }
};
PET_CLASS(Search)

class Halves : public pet::Splitter<Halves> {
 public:
  void split(const pet::XYData& x, const pet::XYData&, pet::Folds& folds) const {
    std::vector<std::int64_t> first, second;
    for (std::int64_t i = 0; i < x.rows(); ++i) (i * 2 < x.rows() ? first : second).push_back(i);
    folds.add(first, second);
    folds.add(second, first);
  }
};
PET_CLASS(Halves)

namespace {

using test::fails;
using test::label;
using test::load_fixture;
using test::vector_of;

PetClass probe_class() { return PetClass::compiled_in(entry_of<Probe>()); }

// Runs `body` inside an instance with these parameters.
void inside(ParamObject params, std::function<void(const Probe&)> body) {
  probe = std::move(body);
  const BasePlugin plugin = probe_class().create(std::move(params));
  plugin.predict(vector_of({1}));
  probe = nullptr;
}

TEST_CASE("a parent knows its child's class, kind and abilities", "[core]") {
  inside({{"child", load_fixture("learning_filter").create()}}, [](const Probe& self) {
    CHECK(self.child->class_name() == "LearningFilter");
    CHECK(self.child->kind() == "filter");
    CHECK(self.child->has_fit());
    CHECK(self.child->has(PET_STATE_1));
    CHECK_FALSE(self.child->has(PET_METRIC_1));
  });
}

TEST_CASE("a parent reads its child's dump", "[core]") {
  const PetClass clazz = load_fixture("good_filter");
  const BasePlugin child =
      probe_class().create({{"child", clazz.create({{"factor", 3}})}, {"clazz", clazz}});
  inside({{"child", child}}, [&](const Probe& self) {
    const pet::Object dump = self.child->describe().as_object();
    CHECK(dump.at("clazz").as_text() == "Probe");
    CHECK(dump.at("version_hash").is_null());
    CHECK(dump.at("builtin").as_text() == "3");
    const pet::Object& params = dump.at("params").as_object();
    CHECK(params.at("child").as_object().at("version_hash").as_text() == clazz.hash()->hex());
    CHECK(params.at("child").as_object().at("params").as_object().at("factor").as_double() == 3);
    CHECK(params.at("clazz").as_object().at("clazz").as_text() == "GoodFilter");
    CHECK_FALSE(params.at("clazz").as_object().contains("params"));
    CHECK_FALSE(params.at("clazz").as_object().contains("builtin"));
    CHECK_FALSE(params.at("child").as_object().contains("builtin"));
  });
  CHECK_FALSE(child.item_dump().contains("builtin"));
}

TEST_CASE("a child's dump stays readable, and follows what was set", "[core]") {
  BasePlugin child = load_fixture("learning_filter").create();
  const pet_value* before = nullptr;
  const auto described = [](const Probe& self) {
    return self.host().instances().describe(self.host().get(), self.child->get());
  };
  inside({{"child", child}}, [&](const Probe& self) {
    before = described(self);
    CHECK(described(self) == before);
  });
  child.set("scale", 5);
  inside({{"child", child}}, [&](const Probe& self) {
    CHECK(described(self) != before);
    CHECK(Value::copy_of(*described(self))
              .as_object()
              .at("params")
              .as_object()
              .at("scale")
              .as_double() == 5);
  });
  CHECK(Value::copy_of(*before).as_object().at("params").as_object().at("scale").as_double() == 1);
}

TEST_CASE("a parent finds every grid below, by path", "[core]") {
  BasePlugin leaf = load_fixture("good_filter").create();
  leaf.set_attribute("_grid", ParamObject{{"factor", ParamList{1.0, 2.0}}});
  BasePlugin pipeline =
      load_fixture("wrapper_pipeline")
          .create({{"filters", ParamList{load_fixture("learning_filter").create(), leaf}}});
  pipeline.set_attribute("_grid", ParamObject{{"metrics", "just one"}});
  inside({{"child", pipeline}}, [](const Probe& self) {
    const pet::Object grid = self.child->grid();
    REQUIRE(grid.size() == 2);
    CHECK(grid.at("metrics").as_list().at(0).as_text() == "just one");
    CHECK(grid.at("filters/1/factor").as_list().at(1).as_double() == 2);
  });
}

TEST_CASE("a parent clones a child with other parameters, and gives it back", "[core]") {
  inside({{"child", load_fixture("good_filter").create()}}, [](const Probe& self) {
    const pet::OwnedChild clone = self.child->clone({{"factor", 5}});
    CHECK(clone.predict(vector_of({2})).value<double>() == std::vector<double>{10});
    CHECK(self.child->predict(vector_of({2})).value<double>() == std::vector<double>{4});
    CHECK_THROWS_WITH(self.child->clone({{"facto", 5}}), Catch::Contains("did you mean 'factor'?"));
    CHECK_THROWS_WITH(self.child->clone({{"factor", "x"}}),
                      Catch::Contains("expects float64, got text 'x'"));
  });
}

TEST_CASE("a parent makes instances of a class that it was given", "[core]") {
  const PetClass clazz = load_fixture("good_filter");
  inside({{"clazz", clazz}}, [&](const Probe& self) {
    CHECK(self.clazz->instantiate().predict(vector_of({2})).value<double>() ==
          std::vector<double>{4});
    CHECK(self.clazz->instantiate({{"factor", 5}}).predict(vector_of({2})).value<double>() ==
          std::vector<double>{10});
    CHECK_THROWS_WITH(self.clazz->instantiate({{"facto", 5}}),
                      label(clazz) + ": has no parameter 'facto'; did you mean 'factor'?");
  });
}

TEST_CASE("a child's failure keeps its status and text", "[core]") {
  const PetClass thrower = load_fixture("throws_std_exception");
  inside({{"child", thrower.create()}}, [&](const Probe& self) {
    CHECK_THROWS_WITH(self.child->predict(vector_of({1})),
                      label(thrower) + " predict: the dog ate it");
  });
  inside({{"child", load_fixture("good_filter").create()}}, [&](const Probe& self) {
    pet::AnyChild child = *self.child;
    try {
      child.fit(vector_of({1}));
      FAIL("fitted");
    } catch (const Failure& failure) {
      CHECK(failure.status() == PET_NOT_TRAINABLE);
    }
    try {
      child.save_state();
      FAIL("saved");
    } catch (const Failure& failure) {
      CHECK(failure.status() == PET_UNSUPPORTED);
    }
  });
}

TEST_CASE("children are shared, and die after their parents", "[core]") {
  destroyed.clear();
  {
    const BasePlugin child = probe_class().create({{"name", "child"}});
    BasePlugin parent = probe_class().create({{"child", child}, {"name", "parent"}});
    const BasePlugin other = probe_class().create({{"child", child}, {"name", "other parent"}});
  }
  CHECK(destroyed == std::vector<std::string>{"other parent", "parent", "child"});
}

TEST_CASE("a clone that was never given back dies after its owner", "[core]") {
  destroyed.clear();
  {
    const BasePlugin owner = probe_class().create(
        {{"child", probe_class().create({{"name", "child"}})}, {"name", "owner"}});
    probe = [](const Probe& self) {
      pet_child* clone = nullptr;
      const pet::Object overrides{{"name", "clone"}};
      const ValueView view(overrides);
      REQUIRE(self.host().instances().clone(self.host().get(), self.child->get(), view.get(),
                                            &clone, nullptr) == PET_OK);
      // What is only borrowed cannot be ended.
      self.host().instances().release(self.host().get(), self.child->get());
    };
    owner.predict(vector_of({1}));
    probe = nullptr;
    CHECK(destroyed.empty());
  }
  CHECK(destroyed == std::vector<std::string>{"owner", "clone", "child"});
}

TEST_CASE("an optimizer tries every value of a grid", "[core]") {
  BasePlugin filter = load_fixture("good_filter").create();
  filter.set_attribute("_grid", ParamObject{{"factor", ParamList{2.0, 3.0}}});
  BasePlugin search = PetClass::compiled_in(entry_of<Search>()).create({{"filter", filter}});
  const auto trials = search.optimize(vector_of({10}), nullptr);
  REQUIRE(trials.size() == 2);
  CHECK(trials[0].overrides == ParamObject{{"factor", 2.0}});
  CHECK(trials[0].score == 20);
  CHECK(trials[1].score == 30);
}

TEST_CASE("a splitter gives folds, to callers and to parents", "[core]") {
  const BasePlugin splitter = PetClass::compiled_in(entry_of<Halves>()).create();
  const auto folds = splitter.split(vector_of({1, 2, 3}), nullptr);
  REQUIRE(folds.size() == 2);
  CHECK(folds[0].train == std::vector<std::int64_t>{0, 1});
  CHECK(folds[0].test == std::vector<std::int64_t>{2});
  inside({{"child", splitter}}, [](const Probe& self) {
    CHECK(self.child->split(vector_of({1, 2})).at(1).train == std::vector<std::int64_t>{1});
  });
}

TEST_CASE("a log line arrives at the observer with class and level", "[core]") {
  std::vector<Event> events;
  const auto host =
      PluginHost::make({.observer = [&](const Event& event) { events.push_back(event); }});
  probe = [](const Probe& self) { self.host().warning("it is late"); };
  probe_class().create({}, host).predict(vector_of({1}));
  probe = nullptr;
  REQUIRE(events.size() == 1);
  CHECK(to_string(events[0]) == "plugin_log Probe: warning: it is late");
}

TEST_CASE("cancellation is seen by who asks, until it is reset", "[core]") {
  const auto host = PluginHost::make({});
  std::vector<bool> seen;
  probe = [&](const Probe& self) { seen.push_back(self.host().cancelled()); };
  const BasePlugin plugin = probe_class().create({}, host);
  plugin.predict(vector_of({1}));
  host->cancel();
  plugin.predict(vector_of({1}));
  host->reset_cancel();
  plugin.predict(vector_of({1}));
  probe = nullptr;
  CHECK(seen == std::vector<bool>{false, true, false});
}

TEST_CASE("an unknown service is absent", "[core]") {
  inside({}, [](const Probe& self) {
    CHECK_FALSE(self.host().has("pet.unheard-of/1"));
    CHECK_FALSE(self.host().has(PET_HOST_BLOBS_1));
    CHECK(self.host().has(PET_HOST_MEMORY_1));
    CHECK(self.host().get()->query(self.host().get(), nullptr) == nullptr);
  });
}

}  // namespace
}  // namespace pet::host_instances_test
