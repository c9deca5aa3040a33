#include "core/loader/base_plugin.hpp"

#include <catch2/catch.hpp>

#include "core/loader/plugin_host.hpp"
#include "tests/core/loader/loading.hpp"

namespace pet {
namespace {

using test::error_of;
using test::fails;
using test::label;
using test::load_fixture;
using test::vector_of;

std::vector<double> predicted(const BasePlugin& plugin, const XYData& x) {
  return plugin.predict(x).value<double>();
}

TEST_CASE("a filter from a binary predicts", "[core]") {
  const PetClass clazz = load_fixture("good_filter");
  CHECK(predicted(clazz.create(), vector_of({1, 2})) == std::vector<double>{2, 4});
  CHECK(predicted(clazz.create({{"factor", 3}}), vector_of({1, 2})) == std::vector<double>{3, 6});
}

TEST_CASE("a filter in plain C predicts", "[core]") {
  CHECK(predicted(load_fixture("plain_c_filter").create(), vector_of({1, 2})) ==
        std::vector<double>{2, 4});
}

TEST_CASE("an output outlives instance, class and library", "[core]") {
  XYData y;
  {
    const PetClass clazz = load_fixture("good_filter");
    y = clazz.create().predict(XYData::mock({{1.0, 2.0}, {3.0, 4.0}}));
  }
  CHECK(y.value<double>() == std::vector<double>{2, 4, 6, 8});
  CHECK(y.shape() == Shape{2, 2});
}

TEST_CASE("a binary of another C++ library, string or macro works all the same", "[core]") {
  const auto name =
      GENERATE(std::string("debug_stl"), std::string("old_strings"), std::string("clang_libcxx"));
  CAPTURE(name);
  if (!std::filesystem::exists(test::fixture_path(name))) {
    WARN("skipped: " << name << " was not built, there is no clang++ with libc++ here");
    return;
  }
  const PetClass clazz = load_fixture(name);
  const std::string text = "a text that no small buffer holds, so it lies on the heap";
  std::string logged;
  const auto host =
      PluginHost::make({.observer = [&](const Event& event) { logged = event.message; }});
  const BasePlugin plugin = clazz.create({{"name", text}, {"weights", ParamList{1, 0.5}}}, host);
  CHECK(predicted(plugin, XYData::mock({{1.0, 2.0}, {3.0, 4.0}})) ==
        std::vector<double>{1, 1, 3, 2});
  CHECK(logged == "info: " + text);

  const BasePlugin failing =
      clazz.create({{"name", "Ann"}, {"options", ParamObject{{"fail", true}}}});
  CHECK_THROWS_MATCHES(
      failing.predict(vector_of({1})), Error,
      fails(ErrorCode::kPluginError, {label(clazz) + " predict: failed as asked, Ann"}));
}

TEST_CASE("what a class throws arrives with class, hash and method", "[core]") {
  const PetClass thrower = load_fixture("throws_std_exception");
  const Error error = error_of([&] { thrower.create().predict(vector_of({1})); });
  CHECK(error.code() == ErrorCode::kPluginError);
  CHECK(error.what() == label(thrower) + " predict: the dog ate it");
  CHECK(error.class_name() == "ThrowsStdException");
  CHECK(error.hash() == thrower.hash()->hex());

  BasePlugin plugin = thrower.create();
  CHECK(error_of([&] { plugin.fit(vector_of({1})); }).what() ==
        label(thrower) + " fit: fit went too far");
}

TEST_CASE("what is thrown and is no exception arrives too", "[core]") {
  const PetClass clazz = load_fixture("throws_int");
  CHECK_THROWS_MATCHES(
      clazz.create().predict(vector_of({1})), Error,
      fails(ErrorCode::kPluginError,
            {label(clazz) + " predict: threw something that is not a std::exception"}));
}

TEST_CASE("a constructor that throws makes no instance", "[core]") {
  const PetClass clazz = load_fixture("throws_from_constructor");
  const Error error = error_of([&] { clazz.create(); });
  CHECK(error.code() == ErrorCode::kPluginError);
  CHECK(error.what() == label(clazz) + " create: no licence");
}

TEST_CASE("nothing as an answer is an error", "[core]") {
  const PetClass clazz = load_fixture("returns_null");
  CHECK_THROWS_MATCHES(clazz.create().predict(vector_of({1})), Error,
                       fails(ErrorCode::kPluginError,
                             {label(clazz) + " predict: returned nothing; expected a tensor"}));
}

TEST_CASE("an answer that claims more than was allocated is an error", "[core]") {
  const PetClass clazz = load_fixture("returns_wrong_shape");
  const Error error = error_of([&] { clazz.create().predict(vector_of({1, 2})); });
  CHECK(error.code() == ErrorCode::kPluginError);
  CHECK(error.what() == label(clazz) +
                            " predict: returned float64 [2000], which reaches beyond the 16 "
                            "bytes that it allocated");
}

TEST_CASE("an answer in the plugin's own memory is copied, and released at once", "[core]") {
  std::vector<XYData> answers;
  {
    const BasePlugin plugin = load_fixture("returns_foreign_tensor").create();
    for (int i = 0; i < 3; ++i) answers.push_back(plugin.predict(vector_of({1})));
  }
  for (std::int64_t i = 0; i < 3; ++i) {
    CHECK(answers[static_cast<std::size_t>(i)].value<std::int64_t>() == std::vector{i});
  }
}

TEST_CASE("the input as the answer is copied", "[core]") {
  const XYData x = vector_of({1, 2});
  const XYData y = load_fixture("returns_input").create().predict(x);
  CHECK(y.value<double>() == std::vector<double>{1, 2});
  CHECK(y.raw_data() != x.raw_data());
}

TEST_CASE("a failure that claims more text than fits is cut", "[core]") {
  const PetClass clazz = load_fixture("lying_failure");
  const std::string message = error_of([&] { clazz.create().predict(vector_of({1})); }).what();
  CHECK(message.size() < 4096);
  CHECK(message.starts_with(label(clazz) + " predict: xxx"));
}

TEST_CASE("fit on a class that learns nothing is not_trainable", "[core]") {
  const PetClass clazz = load_fixture("good_filter");
  BasePlugin plugin = clazz.create();
  CHECK_FALSE(plugin.has("fit"));
  const Error error = error_of([&] { plugin.fit(vector_of({1})); });
  CHECK(error.code() == ErrorCode::kNotTrainable);
  CHECK(error.what() == label(clazz) + " fit: it learns nothing, so there is nothing to fit");
}

TEST_CASE("an ability that the class lacks is a usage error", "[core]") {
  const BasePlugin metric = load_fixture("mean_error").create();
  BasePlugin filter = load_fixture("good_filter").create();
  const XYData x = vector_of({1});
  CHECK_THROWS_MATCHES(metric.predict(x), Error,
                       fails(ErrorCode::kUsage, {"predict: a metric has no predict"}));
  CHECK_THROWS_MATCHES(filter.measure(&x, &x, x), Error,
                       fails(ErrorCode::kUsage, {"a filter has no measure"}));
  CHECK_THROWS_MATCHES(filter.higher_better(), Error,
                       fails(ErrorCode::kUsage, {"a filter has no higher_better"}));
  CHECK_THROWS_MATCHES(filter.evaluate(x, x, x), Error,
                       fails(ErrorCode::kUsage, {"a filter has no evaluate"}));
  CHECK_THROWS_MATCHES(filter.split(x, nullptr), Error,
                       fails(ErrorCode::kUsage, {"a filter has no split"}));
  CHECK_THROWS_MATCHES(filter.optimize(x, nullptr), Error,
                       fails(ErrorCode::kUsage, {"a filter has no optimize"}));
  CHECK_THROWS_MATCHES(filter.save_state(), Error,
                       fails(ErrorCode::kUsage, {"a filter has no save_state"}));
  CHECK_THROWS_MATCHES(filter.load_state(""), Error,
                       fails(ErrorCode::kUsage, {"a filter has no load_state"}));
}

TEST_CASE("a metric measures", "[core]") {
  const BasePlugin metric = load_fixture("mean_error").create();
  const XYData truth = vector_of({1, 2});
  CHECK(metric.measure(nullptr, &truth, vector_of({2, 4})) == 1.5);
  CHECK_FALSE(metric.higher_better());
}

TEST_CASE("what fit learned is saved and loaded", "[core]") {
  const PetClass clazz = load_fixture("learning_filter");
  BasePlugin fitted = clazz.create();
  fitted.fit(vector_of({1, 3}));
  CHECK(predicted(fitted, vector_of({2, 5})) == std::vector<double>{0, 3});

  BasePlugin fresh = clazz.create();
  fresh.load_state(fitted.save_state());
  CHECK(predicted(fresh, vector_of({2, 5})) == std::vector<double>{0, 3});
}

TEST_CASE("damaged state is corrupt, and changes nothing", "[core]") {
  const PetClass clazz = load_fixture("learning_filter");
  BasePlugin plugin = clazz.create();
  plugin.fit(vector_of({1, 3}));
  std::string state = plugin.save_state();
  state[state.size() / 2] ^= 1;
  CHECK_THROWS_MATCHES(plugin.load_state(state), Error,
                       fails(ErrorCode::kCorrupt, {label(clazz) + " load_state: "}));
  CHECK_THROWS_MATCHES(plugin.load_state(""), Error, fails(ErrorCode::kCorrupt));
  CHECK(predicted(plugin, vector_of({2})) == std::vector<double>{0});
}

TEST_CASE("a tunable parameter changes, and is read back", "[core]") {
  BasePlugin plugin = load_fixture("learning_filter").create();
  plugin.set("scale", 10);
  CHECK(plugin.params().at("scale") == ParamValue(10.0));
  CHECK(predicted(plugin, vector_of({2})) == std::vector<double>{20});
}

TEST_CASE("a parameter that is fixed, unknown or out of range does not change", "[core]") {
  const PetClass clazz = load_fixture("learning_filter");
  BasePlugin plugin = clazz.create();
  const auto set = [&](const char* name, ParamValue value) {
    return error_of([&] { plugin.set(name, std::move(value)); });
  };
  CHECK(set("limit", 3).what() == label(clazz) +
                                      " set: parameter 'limit' is fixed when the instance is "
                                      "made; clone it with another value");
  CHECK(set("limits", 3).what() == label(clazz) + " set: no parameter 'limits'");
  CHECK(set("scale", "ten").what() ==
        label(clazz) + " set: parameter 'scale' expects float64, got text 'ten'");
  CHECK(set("scale", -1).what() == label(clazz) + " set: scale: expected at least 0");
  CHECK(set("scale", -1).code() == ErrorCode::kBadParams);
  CHECK(plugin.params().at("scale") == ParamValue(1.0));
  CHECK(predicted(plugin, vector_of({2})) == std::vector<double>{2});
}

TEST_CASE("a pipeline works with its children", "[core]") {
  const PetClass wrapper = load_fixture("wrapper_pipeline");
  const BasePlugin learning = load_fixture("learning_filter").create();
  BasePlugin pipeline =
      wrapper.create({{"filters", ParamList{load_fixture("good_filter").create(), learning}},
                      {"metrics", ParamList{load_fixture("mean_error").create()}}});
  pipeline.fit(vector_of({1, 3}));  // doubled: 2, 6; mean 4
  const XYData x = vector_of({2, 5});
  const XYData y = pipeline.predict(x);
  CHECK(y.value<double>() == std::vector<double>{0, 6});
  CHECK(pipeline.evaluate(x, vector_of({1, 6}), y) == BasePlugin::Scores{{"MeanError", 0.5}});
  CHECK(predicted(learning, vector_of({4})) == std::vector<double>{0});

  BasePlugin copy = pipeline.clone();
  copy.load_state(pipeline.save_state());
  CHECK(predicted(copy, x) == std::vector<double>{0, 6});
}

TEST_CASE("a child's failure names the child and every parent", "[core]") {
  const PetClass wrapper = load_fixture("wrapper_pipeline");
  const PetClass thrower = load_fixture("throws_std_exception");
  const BasePlugin inner = wrapper.create({{"filters", ParamList{thrower.create()}}});
  const BasePlugin outer = wrapper.create({{"filters", ParamList{inner}}});
  CHECK(error_of([&] { outer.predict(vector_of({1})); }).what() ==
        label(wrapper) + " predict: " + label(wrapper) + " predict: " + label(thrower) +
            " predict: the dog ate it");
}

TEST_CASE("a child of the wrong kind is refused by the parent", "[core]") {
  const PetClass wrapper = load_fixture("wrapper_pipeline");
  const BasePlugin metric = load_fixture("mean_error").create();
  CHECK_THROWS_MATCHES(
      wrapper.create({{"filters", ParamList{metric}}}), Error,
      fails(ErrorCode::kBadParams, {label(wrapper) + " create: ", "filters", "MeanError"}));
  CHECK_THROWS_MATCHES(
      wrapper.create({{"filters", ParamList{1}}}), Error,
      fails(ErrorCode::kBadParams,
            {"parameter 'filters' expects list of instance, got int64 1 at index 0"}));
}

TEST_CASE("a dump has class, hash and all parameters, at any depth", "[core]") {
  const PetClass wrapper = load_fixture("wrapper_pipeline");
  const PetClass good = load_fixture("good_filter");
  BasePlugin child = good.create({{"factor", 3}});
  child.set_attribute("_grid", ParamObject{{"factor", ParamList{1.0, 2.0}}});
  child.set_attribute("_note", "kept out");
  const BasePlugin pipeline = wrapper.create({{"filters", ParamList{child}}});

  const ParamObject plain = pipeline.item_dump();
  CHECK(plain ==
        ParamObject{{"clazz", "WrapperPipeline"},
                    {"version_hash", wrapper.hash()->hex()},
                    {"params",
                     ParamObject{{"filters",
                                  ParamList{ParamObject{{"clazz", "GoodFilter"},
                                                        {"version_hash", good.hash()->hex()},
                                                        {"params", ParamObject{{"factor", 3.0}}}}}},
                                 {"metrics", ParamList{}}}}});
  CHECK(plain.fields()[0].first == "clazz");
  CHECK(plain.fields()[1].first == "version_hash");

  const std::vector<std::string> include = {"_grid"};
  const ParamObject with_grid = pipeline.item_dump(include);
  const ParamObject& node =
      with_grid.at("params").as_object().at("filters").as_list()[0].as_object();
  CHECK(node.at("_grid") == ParamValue(ParamObject{{"factor", ParamList{1.0, 2.0}}}));
  CHECK_FALSE(node.contains("_note"));
  CHECK_FALSE(with_grid.contains("_grid"));
}

TEST_CASE("a private attribute's name begins with an underscore", "[core]") {
  BasePlugin plugin = load_fixture("good_filter").create();
  CHECK_THROWS_MATCHES(plugin.set_attribute("grid", 1), Error,
                       fails(ErrorCode::kUsage, {"begins with '_', 'grid' does not"}));
}

TEST_CASE("instances are equal when class, hash and parameters are", "[core]") {
  const PetClass clazz = load_fixture("good_filter");
  const BasePlugin a = clazz.create();
  const BasePlugin copy_of_handle = a;
  CHECK(a == clazz.create({{"factor", 2}}));
  CHECK_FALSE(a == clazz.create({{"factor", 3}}));
  CHECK_FALSE(a == load_fixture("good_filter_v2").create());
  CHECK(a.same_instance(copy_of_handle));
  CHECK_FALSE(a.same_instance(clazz.create()));
}

}  // namespace
}  // namespace pet
