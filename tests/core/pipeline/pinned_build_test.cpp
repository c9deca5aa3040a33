// Configs over real binaries in a real storage.
#include <catch2/catch.hpp>
#include <string>

#include "core/pipeline/build.hpp"
#include "core/pipeline/dump.hpp"
#include "core/pipeline/json_document.hpp"
#include "tests/barrier.hpp"
#include "tests/core/factory/compiled_in.hpp"
#include "tests/core/factory/site.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

// {"clazz": "GoodFilter", "params": {}, …}
std::string good_filter(const std::string& more = {}) {
  return R"({"clazz": "GoodFilter", "params": {})" + (more.empty() ? "" : ", " + more) + "}";
}

std::string chain(const std::string& filters) {
  return R"({"clazz": "WrapperPipeline", "params": {"filters": [)" + filters + "]}}";
}

std::string pin(const PetClass& clazz) {
  return "\"version_hash\": \"" + clazz.hash()->hex() + '"';
}

// Two versions of a filter and a pipeline, published by another machine.
struct Published {
  Published() {
    author.manager.push(first);
    author.manager.push(second);
    author.manager.push(author.open("wrapper_pipeline"));
  }
  Site author;
  PetClass first = author.open("good_filter");
  PetClass second = author.open("good_filter_v2");
  Site here{author.memory};
};

std::string refusal(const std::string& json, const BaseFactory& factory, ErrorCode code) {
  try {
    build_from_dump(json, factory);
  } catch (const Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a pinned dump rebuilds to the same binaries when latest has moved",
          "[pipeline][build]") {
  Published site;
  const std::string config = chain(good_filter(pin(site.first)) + ", " + good_filter());
  const BasePlugin pipeline = build_from_dump(config, site.here.factory);
  const ParamList& filters = pipeline.params().at("filters").as_list();
  CHECK(filters[0].as_instance().get_class().hash() == site.first.hash());
  CHECK(filters[1].as_instance().get_class().hash() == site.second.hash());

  const std::string pinned = to_json(pinned_dump(pipeline), 1);
  CHECK(pinned == item_dump_json(pipeline, {}, 1));  // of binaries, every dump is pinned
  site.author.manager.push(site.first);              // back
  Site elsewhere(site.author.memory);
  CHECK(build_from_dump(pinned, elsewhere.factory) == pipeline);
  CHECK(elsewhere.requests("list").empty());  // no pointer was asked
}

TEST_CASE("building fetches exactly the binaries that the config names, each once",
          "[pipeline][build]") {
  Published site;
  const std::string config =
      chain(good_filter(pin(site.first)) + ", " + good_filter(pin(site.first)));
  build_from_dump(config, site.here.factory);
  std::vector<std::string> binaries;
  for (const std::string& request : site.here.requests("get")) {
    if (request.ends_with(".so")) binaries.push_back(request);
  }
  CHECK(binaries.size() == 2);  // the pipeline and one version of the filter
  for (const std::string& request : binaries)
    CHECK_THAT(request, !Contains(site.second.hash()->hex()));
}

TEST_CASE("the binaries of a config are fetched at the same time", "[pipeline][build]") {
  Published site;
  Barrier fetching(3);
  site.here.storage->before_each([&](const std::string& request) {
    if (request.starts_with("get ") && request.ends_with(".so")) fetching.arrive_and_wait();
  });
  build_from_dump(chain(good_filter(pin(site.first)) + ", " + good_filter()), site.here.factory);
  CHECK(fetching.met());
}

TEST_CASE("a hash per platform takes this platform's", "[pipeline][build]") {
  Published site;
  const std::string other(64, 'a');
  const std::string platforms =
      "\"version_hash\": \"" + other + R"(", "platforms": {"windows-x86_64": ")" + other +
      "\", \"" + Machine::current().platform + "\": \"" + site.first.hash()->hex() + "\"}";
  CHECK(build_from_dump(good_filter(platforms), site.here.factory).get_class().hash() ==
        site.first.hash());
}

TEST_CASE("a builtin pin is not shadowed by a published binary, and asks no storage",
          "[pipeline][build]") {
  Published site;
  site.here.fallback.assign("GoodFilter", compiled_in<GoodFilter>());
  const BasePlugin filter =
      build_from_dump(good_filter(R"("builtin": "built-in")"), site.here.factory);
  CHECK(!filter.get_class().hash());
  CHECK(site.here.requests().empty());
  CHECK_THAT(
      refusal(good_filter(R"("builtin": "0.9")"), site.here.factory, ErrorCode::kVersionNotFound),
      StartsWith("config, (root): GoodFilter is pinned to the built-in of version \"0.9\", and "
                 "this program has "
                 "version \"built-in\""));
}

TEST_CASE("every absent pin of a config is named, with what the original's hashes mean",
          "[pipeline][build]") {
  Published site;
  const std::string message =
      refusal(chain(good_filter("\"version_hash\": \"" + std::string(64, 'a') + '"') + ", " +
                    good_filter("\"version_hash\": \"" + std::string(64, 'b') + '"')),
              site.here.factory, ErrorCode::kVersionNotFound);
  CHECK_THAT(message, StartsWith("config: 2 problems\n  /params/filters/0: "));
  CHECK_THAT(message, Contains("\n  /params/filters/1: "));
  CHECK_THAT(
      message,
      Contains(
          "if this config was dumped by the Python original, its hashes pin Python code: remove "
          "them or pin binaries"));
}
