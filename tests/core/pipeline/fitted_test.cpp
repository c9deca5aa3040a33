// Fitted pipelines that travel: what fit learned, through a storage, into another process's place.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <pet/state.hpp>
#include <string>

#include "core/pipeline/build.hpp"
#include "core/pipeline/dump.hpp"
#include "core/pipeline/json_document.hpp"
#include "tests/core/factory/compiled_in.hpp"
#include "tests/core/factory/site.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::string kChain =
    R"({"clazz": "WrapperPipeline", "params": {"filters": [{"clazz": "LearningFilter", "params": {}},
        {"clazz": "LearningFilter", "params": {"scale": 2.0}}]}})";

const XYData kTrain = XYData::mock<double>({1, 2, 3, 6}, {4, 1});
const XYData kAsked = XYData::mock<double>({0.1, 0.7}, {2, 1});

// An author who has fitted a chain of two filters, and a machine that has seen nothing of it.
struct Fitted {
  Fitted() {
    author.manager.push(author.open("learning_filter"));
    author.manager.push(author.open("wrapper_pipeline"));
    pipeline = std::make_unique<BasePlugin>(build_from_dump(kChain, author.factory));
    pipeline->fit(kTrain, kTrain);
    config = save_fitted(*pipeline, author.manager);
  }

  std::string state_hash() const { return config.at("state_hash").as_text(); }
  std::string state_key() const {
    return pet::state_key("WrapperPipeline", Hash::require(state_hash()));
  }
  ParamObject with_state(const std::string& bytes) {
    ParamObject changed = config;
    const FittedState state{"WrapperPipeline", Binary::from_bytes(bytes)};
    author.manager.persist_states({&state, 1});
    changed.set("state_hash", state.bytes.hash().hex());
    return changed;
  }

  Site author;
  std::unique_ptr<BasePlugin> pipeline;
  ParamObject config;
  Site here{author.memory};
};

Error refusal(const ParamObject& config, const BaseFactory& factory) {
  try {
    build_from_dump(config, factory);
  } catch (const Error& error) {
    return error;
  }
  return {ErrorCode::kUsage, "accepted"};
}

// Holds anything anywhere.
class Holder : public Filter<Holder> {
 public:
  PET_PARAM(Value, anything, null, "any value, list or object, with nodes in it");
  XYData predict(const XYData& x) const { return x.clone(); }
};
PET_CLASS(Holder, "1")

// Can be fitted and forgets it.
class Forgetful : public Filter<Forgetful> {
 public:
  void fit(const XYData&) {}
  XYData predict(const XYData& x) const { return x.clone(); }
};
PET_CLASS(Forgetful, "1")

// Fits its child and keeps a number of its own, both by PET_STATE.
class Wrap : public Filter<Wrap> {
 public:
  PET_PARAM(FilterChild, inner, required, "what is fitted");
  PET_PARAM(Value, free, null, "anything");
  PET_STATE(std::int64_t, rows, "how many fit saw");
  void fit(const XYData& x) {
    inner.fit(x);
    rows = x.rows();
  }
  XYData predict(const XYData& x) const { return inner.predict(x); }
};
PET_CLASS(Wrap, "1")

}  // namespace

TEST_CASE("a fitted pipeline predicts elsewhere at once, to the last bit", "[pipeline][state]") {
  Fitted site;
  const std::string text = to_json(ParamValue(site.config), 1);
  const BasePlugin there = build_from_dump(text, site.here.factory);
  CHECK(there.predict(kAsked).value<double>() == site.pipeline->predict(kAsked).value<double>());
  CHECK(there.predict(kAsked).value<double>() != std::vector<double>{0.2, 1.4});  // unfitted
  CHECK(there == *site.pipeline);

  CHECK(site.here.requests("list").empty());  // pinned: no name was looked up
}

TEST_CASE("one state holds those of all children", "[pipeline][state]") {
  Fitted site;
  CHECK(site.state_hash().size() == 64);
  for (const ParamValue& child : site.config.at("params").as_object().at("filters").as_list()) {
    CHECK(child.as_object().find("state_hash") == nullptr);
    CHECK(child.as_object().at("version_hash").as_text().size() == 64);
  }
}

TEST_CASE("a class with PET_STATE saves its children with its fields", "[pipeline][state]") {
  Fitted site;
  site.author.fallback.assign("Wrap", compiled_in<Wrap>());
  site.here.fallback.assign("Wrap", compiled_in<Wrap>());
  const std::string config =
      R"({"clazz": "Wrap", "params": {"inner": {"clazz": "LearningFilter", "params": {}}}})";
  BasePlugin wrap = build_from_dump(config, site.author.factory);
  wrap.fit(kTrain);
  const BasePlugin there =
      build_from_dump(save_fitted(wrap, site.author.manager), site.here.factory);
  CHECK(there.predict(kAsked).value<double>() == wrap.predict(kAsked).value<double>());
  CHECK(there.save_state() == wrap.save_state());
  CHECK(there.save_state() !=
        build_from_dump(config, site.author.factory).save_state());  // unfitted
}

TEST_CASE("an instance that learns in a free value of a class with PET_STATE is refused at save",
          "[pipeline][state]") {
  Fitted site;
  site.author.fallback.assign("Wrap", compiled_in<Wrap>());
  BasePlugin wrap = build_from_dump(
      R"({"clazz": "Wrap", "params": {"inner": {"clazz": "LearningFilter", "params": {}},
          "free": [{"clazz": "LearningFilter", "params": {}}]}})",
      site.author.factory);
  wrap.fit(kTrain);
  const std::size_t before = site.author.memory->list("").size();
  CHECK_THROWS_MATCHES(
      save_fitted(wrap, site.author.manager), Error,
      fails(ErrorCode::kPluginError,
            {"parameter 'free' holds LearningFilter, whose state PET_STATE does not save: give the "
             "class save and load instead, or the parameter the type pet::FilterChild"}));
  CHECK(site.author.memory->list("").size() == before);
}

TEST_CASE("where a parent saves nothing, its children's states are named one by one",
          "[pipeline][state]") {
  Fitted site;
  site.author.fallback.assign("Holder", compiled_in<Holder>());
  BasePlugin holder = build_from_dump(
      R"({"clazz": "Holder", "params": {"anything": {"a": {"clazz": "LearningFilter", "params": {}},
          "b": [{"clazz": "LearningFilter", "params": {}}], "c": {"clazz": "LearningFilter"}}}})",
      site.author.factory);
  const ParamObject& held = holder.params().at("anything").as_object();
  BasePlugin(held.at("a").as_instance()).fit(kTrain);
  const ParamObject config = save_fitted(holder, site.author.manager);
  const ParamObject& nodes = config.at("params").as_object().at("anything").as_object();
  CHECK(config.find("state_hash") == nullptr);
  const std::string fitted = nodes.at("a").as_object().at("state_hash").as_text();
  const std::string unfitted = nodes.at("b").as_list()[0].as_object().at("state_hash").as_text();
  CHECK(fitted != unfitted);
  CHECK(nodes.at("c").as_object().find("state_hash") == nullptr);  // a class

  site.here.fallback.assign("Holder", compiled_in<Holder>());
  const BasePlugin there = build_from_dump(config, site.here.factory);
  const ParamObject& again = there.params().at("anything").as_object();
  CHECK(again.at("a").as_instance().save_state() == held.at("a").as_instance().save_state());
}

TEST_CASE("saving twice stores once, and equal states are one object", "[pipeline][state]") {
  Fitted site;
  CHECK(save_fitted(*site.pipeline, site.author.manager) == site.config);
  CHECK(site.author.memory->list("plugins/WrapperPipeline/state/").size() == 1);
  CHECK(site.author.manager.class_names() ==
        std::vector<std::string>{"LearningFilter", "WrapperPipeline"});
}

TEST_CASE("a class of which only states are stored is not one of the storage's classes",
          "[pipeline][state]") {
  Site site;
  const FittedState state{"KnnFilter", Binary::from_bytes("x")};
  site.manager.persist_states({&state, 1});
  CHECK(site.manager.class_names().empty());
  CHECK(site.manager.find_latest("KnnFilter") == std::nullopt);
  const PetClass filter = site.open("good_filter");
  site.manager.push(filter);
  CHECK(site.manager.class_names() == std::vector<std::string>{"GoodFilter"});
}

TEST_CASE("a fitted pipeline builds offline from the cache", "[pipeline][state]") {
  Fitted site;
  build_from_dump(site.config, site.here.factory);
  Site offline(site.author.memory, {.offline = true});
  CHECK(refusal(site.config, offline.factory).code() == ErrorCode::kVersionNotFound);
  PetClassManager cached(site.here.storage, site.here.cache, {.offline = true});
  const PetFactory factory(cached);
  site.here.storage->forget();
  CHECK_NOTHROW(build_from_dump(site.config, factory));
  CHECK(site.here.requests().empty());
}

TEST_CASE("a state that is gone, altered or cut is refused", "[pipeline][state]") {
  Fitted site;
  const std::string key = site.state_key();
  const std::string bytes = *site.author.memory->get(key);
  SECTION("gone") {
    site.author.memory->remove(key);
    const Error error = refusal(site.config, site.here.factory);
    CHECK(error.code() == ErrorCode::kVersionNotFound);
    CHECK_THAT(error.what(), StartsWith("config, /state_hash: no fitted state " +
                                        site.state_hash().substr(0, 6)));
    CHECK_THAT(error.what(), Contains("try: the storage in which it was saved"));
  }
  SECTION("altered or cut in the storage") {
    const std::size_t kept = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{40});
    site.author.memory->put(key, kept == 40 ? bytes + "x" : bytes.substr(0, kept * 20));
    const Error error = refusal(site.config, site.here.factory);
    CHECK(error.code() == ErrorCode::kCorrupt);
    CHECK_THAT(error.what(), Contains("is damaged: expected sha256 " + site.state_hash()));
  }
  SECTION("damaged before it was hashed: at every length, and with every byte changed") {
    for (std::size_t length = 0; length < bytes.size(); length += 7) {
      CHECK(refusal(site.with_state(bytes.substr(0, length)), site.here.factory).code() ==
            ErrorCode::kCorrupt);
    }
    for (std::size_t at = 0; at < bytes.size(); at += 5) {
      std::string altered = bytes;
      altered[at] = static_cast<char>(altered[at] ^ 0x41);
      CHECK(refusal(site.with_state(altered), site.here.factory).code() == ErrorCode::kCorrupt);
    }
  }
}

TEST_CASE("a state of another class or of a newer schema is refused in those words",
          "[pipeline][state]") {
  Fitted site;
  const Error other =
      refusal(site.with_state(StateWriter("LearningFilter", 1).finish()), site.here.factory);
  CHECK(other.code() == ErrorCode::kCorrupt);
  CHECK_THAT(other.what(),
             Contains("the saved state is of LearningFilter, not of WrapperPipeline"));
  const Error newer =
      refusal(site.with_state(StateWriter("WrapperPipeline", 7).finish()), site.here.factory);
  CHECK(newer.code() == ErrorCode::kCorrupt);
  CHECK_THAT(newer.what(), Contains("the saved state has schema 7; this version of the class reads "
                                    "up to 1: load a newer version of the class"));
  CHECK_THAT(newer.what(), Contains("\n  state: "));
}

TEST_CASE("every missing state of a config is named", "[pipeline][state]") {
  Fitted site;
  const std::string leaf = R"({"clazz": "LearningFilter", "params": {}, "state_hash": ")";
  const ParamValue config =
      parse_json(R"({"clazz": "WrapperPipeline", "params": {"filters": [)" + leaf +
                 std::string(64, 'a') + "\"}, " + leaf + std::string(64, 'b') + "\"}]}}");
  const Error error = refusal(*config.if_object(), site.here.factory);
  CHECK(error.code() == ErrorCode::kVersionNotFound);
  CHECK_THAT(error.what(), Contains("/params/filters/0/state_hash: no fitted state aaaaaa"));
  CHECK_THAT(error.what(), Contains("/params/filters/1/state_hash: no fitted state bbbbbb"));
}

TEST_CASE("what can be fitted but not saved is refused before the fit and after it",
          "[pipeline][state]") {
  Site site;
  site.fallback.assign("Forgetful", compiled_in<Forgetful>());
  site.fallback.assign("Holder", compiled_in<Holder>());
  const BasePlugin pipeline = build_from_dump(
      R"({"clazz": "Holder", "params": {"anything": [{"clazz": "Forgetful", "params": {}}]}})",
      site.factory);
  const std::string why =
      "Forgetful can be fitted, but cannot save what it learned: declare its fields with PET_STATE "
      "(pet/state.hpp), or give it save and load";
  const auto refused = fails(ErrorCode::kNotTrainable, {why});
  CHECK_THROWS_MATCHES(require_savable(pipeline), Error, refused);
  CHECK_THROWS_MATCHES(save_fitted(pipeline, site.manager), Error, refused);
  CHECK(site.memory->list("").empty());
}

TEST_CASE("a class node has no state, and a plain factory has none for anybody",
          "[pipeline][state]") {
  Fitted site;
  ParamObject node{{"clazz", "LearningFilter"}, {"state_hash", site.state_hash()}};
  const ParamValue tree(ParamObject{{"clazz", "WrapperPipeline"},
                                    {"params", ParamObject{{"filters", ParamList{node}}}}});
  CHECK_THAT(refusal(*tree.if_object(), site.here.factory).what(),
             Contains("a class has learned nothing: add \"params\": {} for an instance of it"));

  BaseFactory plain("filters");
  plain.assign("Forgetful", compiled_in<Forgetful>());
  const ParamObject fitted{
      {"clazz", "Forgetful"}, {"params", ParamObject()}, {"state_hash", site.state_hash()}};
  const Error error = refusal(fitted, plain);
  CHECK(error.code() == ErrorCode::kUsage);
  CHECK_THAT(error.what(), Contains("the filters have no fitted states"));
}

TEST_CASE("a state whose key is taken by other bytes moves nothing and is named",
          "[pipeline][state]") {
  Fitted site;
  site.author.memory->put(site.state_key(), "short");
  const auto is_damaged = fails(ErrorCode::kCorrupt, {"is damaged: it holds other bytes than"});
  CHECK_THROWS_MATCHES(save_fitted(*site.pipeline, site.author.manager), Error, is_damaged);
  std::string same_size = site.pipeline->save_state();
  same_size.back() = static_cast<char>(same_size.back() ^ 1);
  site.author.memory->put(site.state_key(), same_size);
  CHECK_THROWS_MATCHES(save_fitted(*site.pipeline, site.author.manager), Error, is_damaged);
}

TEST_CASE("two equal filters ask once for their state", "[pipeline][state]") {
  Fitted site;
  BasePlugin one = site.author.factory["LearningFilter"].create({});
  one.fit(kTrain);
  const ParamValue node(save_fitted(one, site.author.manager));
  site.here.fallback.assign("Holder", compiled_in<Holder>());
  const ParamObject twice{{"clazz", "Holder"},
                          {"params", ParamObject{{"anything", ParamList{node, node}}}}};
  build_from_dump(twice, site.here.factory);
  const std::vector<std::string> gets = site.here.requests("get ");
  CHECK(std::ranges::count_if(gets, [](const std::string& request) {
          return request.find("/state/") != std::string::npos;
        }) == 1);
}

TEST_CASE("a cache that cannot be used is done without, and one in memory keeps no states",
          "[pipeline][state]") {
  Fitted site;
  const Hash hash = Hash::require(site.state_hash());
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "no directory";
  const auto unusable = std::make_shared<BinaryCache>(folder / "file");
  const PetClassManager manager(site.author.storage, unusable);
  CHECK_THROWS_MATCHES(unusable->find(hash), Error, fails(ErrorCode::kStorageRefused, {}));
  CHECK(manager.recover_state("WrapperPipeline", hash).hash() == hash);
  const FittedState state{"WrapperPipeline", Binary::from_bytes("anything")};
  manager.persist_states({&state, 1});
  CHECK(site.author.memory->get(pet::state_key("WrapperPipeline", state.bytes.hash())) ==
        "anything");

  const auto memory = BinaryCache::in_memory();
  const PetClassManager in_memory(site.author.storage, memory);
  const std::uint64_t before = memory->size().files;
  in_memory.recover_state("WrapperPipeline", hash);
  in_memory.persist_states({&state, 1});
  CHECK(memory->size().files == before);

  site.author.memory->put(site.state_key(), "other");
  CHECK_THROWS_MATCHES(in_memory.recover_state("WrapperPipeline", hash), Error,
                       fails(ErrorCode::kCorrupt, {"is damaged: expected sha256"}));
}

TEST_CASE("a class of which the storage has states alone is not what was meant",
          "[pipeline][state]") {
  Fitted site;
  const FittedState state{"WrapPipeline", Binary::from_bytes("learned")};
  site.author.manager.persist_states({&state, 1});
  CHECK(site.here.manager.similar_names("WrapPipelin") ==
        std::vector<std::string>{"WrapperPipeline"});
}
