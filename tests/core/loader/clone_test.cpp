#include "core/loader/clone.hpp"

#include <catch2/catch.hpp>

#include "tests/core/loader/loading.hpp"

namespace pet {
namespace {

using test::fails;
using test::load_fixture;
using test::vector_of;

struct Tree {
  PetClass wrapper = load_fixture("wrapper_pipeline");
  PetClass good = load_fixture("good_filter");
  BasePlugin a = good.create({{"factor", 2}});
  BasePlugin b = good.create({{"factor", 3}});
  BasePlugin inner = wrapper.create({{"filters", ParamList{a, b}}});
  BasePlugin root = wrapper.create({{"filters", ParamList{inner, a}}});

  static double at_one(const BasePlugin& plugin) {
    return plugin.predict(vector_of({1})).value<double>()[0];
  }
};

TEST_CASE("a clone is equal, and another instance all the way down", "[core]") {
  const Tree tree;
  const BasePlugin copy = tree.root.clone();
  CHECK(copy == tree.root);
  CHECK_FALSE(copy.same_instance(tree.root));
  const BasePlugin& copied = copy.params().at("filters").as_list()[1].as_instance();
  CHECK_FALSE(copied.same_instance(tree.a));
}

TEST_CASE("a clone has learned nothing", "[core]") {
  BasePlugin plugin = load_fixture("learning_filter").create();
  plugin.fit(vector_of({10}));
  CHECK(Tree::at_one(plugin) == -9);
  CHECK(Tree::at_one(plugin.clone()) == 1);
}

TEST_CASE("overrides reach any parameter of the tree", "[core]") {
  const Tree tree;
  CHECK(Tree::at_one(tree.root) == 2 * 3 * 2);
  CHECK(Tree::at_one(tree.root.clone({{"filters/0/filters/1/factor", 5}})) == 2 * 5 * 2);
  CHECK(Tree::at_one(tree.a.clone({{"factor", 7}})) == 7);
  CHECK(Tree::at_one(tree.root) == 2 * 3 * 2);
}

TEST_CASE("an override may replace a child, or a whole list", "[core]") {
  const Tree tree;
  CHECK(Tree::at_one(tree.root.clone({{"filters/0", tree.b}})) == 3 * 2);
  CHECK(Tree::at_one(tree.root.clone({{"filters", ParamList{tree.b}}})) == 3);
}

TEST_CASE("a child at two places stays one, and an override of one is of both", "[core]") {
  const Tree tree;
  const BasePlugin copy = tree.root.clone({{"filters/1/factor", 10}});
  CHECK(Tree::at_one(copy) == 10 * 3 * 10);
  const ParamList& filters = copy.params().at("filters").as_list();
  const ParamList& inner = filters[0].as_instance().params().at("filters").as_list();
  CHECK(filters[1].as_instance().same_instance(inner[0].as_instance()));
}

TEST_CASE("private attributes are cloned", "[core]") {
  Tree tree;
  tree.a.set_attribute("_grid", ParamObject{{"factor", ParamList{1, 2}}});
  CHECK(tree.a.clone().attributes() == tree.a.attributes());
}

TEST_CASE("an override inside a list or an object changes that element", "[core]") {
  const BasePlugin plugin =
      load_fixture("debug_stl")
          .create({{"weights", ParamList{1, 2}},
                   {"options", ParamObject{{"deep", ParamObject{{"x", 1}}}}}});
  const BasePlugin copy = plugin.clone({{"weights/1", 9.0}, {"options/deep/x", "y"}});
  CHECK(copy.params().at("weights") == ParamValue(ParamList{1.0, 9.0}));
  CHECK(copy.params().at("options") == ParamValue(ParamObject{{"deep", ParamObject{{"x", "y"}}}}));
}

TEST_CASE("a path that leads nowhere is refused, with what was meant", "[core]") {
  const Tree tree;
  struct Case {
    std::string path;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {
      {"filter", {"WrapperPipeline", "clone: no parameter 'filter'; did you mean 'filters'?"}},
      {"filters/0/filters/1/facto",
       {"clone: no parameter 'filters/0/filters/1/facto': GoodFilter has no 'facto'; did you mean "
        "'factor'?"}},
      {"filters/7/factor", {"no parameter 'filters/7/factor'"}},
      {"filters/-1/factor", {"no parameter"}},
      {"filters/0x/factor", {"no parameter"}},
      {"filters/1/factor/deep", {"no parameter"}},
      {"filters/1/", {"no parameter"}},
      {"/filters", {"no parameter"}},
      {"", {"no parameter ''"}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.path);
    CHECK_THROWS_MATCHES(tree.root.clone({{c.path, 1}}), Error,
                         fails(ErrorCode::kBadParams, c.parts));
  }
}

TEST_CASE("an override of the wrong type is refused by the class", "[core]") {
  const Tree tree;
  CHECK_THROWS_MATCHES(
      tree.root.clone({{"filters/1/factor", "ten"}}), Error,
      fails(ErrorCode::kBadParams, {"GoodFilter", "expects float64, got text 'ten'"}));
}

}  // namespace
}  // namespace pet
