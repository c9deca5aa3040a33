#include "core/artifact/describe.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "tests/core/artifact/fixture.hpp"

namespace {

using namespace pet::test;
using Catch::Contains;
using pet::Facts;
using pet::Hash;

Facts made_up() {
  Facts facts;
  facts.size = 100;
  facts.platform = "linux-x86_64-gnu";
  facts.has_notes = facts.has_entry = true;
  facts.clazz.name = "MyFilter";
  facts.clazz.kind = "filter";
  facts.clazz.abi_major = 1;
  facts.clazz.version = "1.2.0";
  facts.clazz.doc = "Says \"hello\"";
  facts.clazz.interfaces = {"pet.filter/1", "pet.state/1"};
  facts.clazz.state_schema = 2;
  facts.clazz.isa = "x86-64";
  pet::ParameterFacts list{.name = "sizes",
                           .type = {.base = pet::FactType::kInt64, .list = true},
                           .default_value = {},
                           .doc = "of layers"};
  list.default_value = pet::FactValue{
      pet::FactList{pet::FactValue{std::int64_t{3}}, pet::FactValue{std::int64_t{4}}}};
  facts.clazz.parameters.push_back(list);
  facts.clazz.parameters.push_back({.name = "metric",
                                    .type = {.base = pet::FactType::kInstance},
                                    .default_value = {},
                                    .doc = ""});
  facts.exports = {{"pet_entry_v1"}, 1};
  facts.needed = {"libc.so.6"};
  facts.version_needs = {{"libc.so.6", {"GLIBC_2.32"}}};
  facts.glibc_floor = "2.32";
  return facts;
}

TEST_CASE("facts are one JSON object with a fixed key order", "[core][artifact]") {
  const Hash hash = Hash::of("x");
  CHECK(
      facts_json(made_up(), hash) ==
      R"({"class_name":"MyFilter","hash":")" + hash.hex() +
          R"(","platform":"linux-x86_64-gnu","size":100,"kind":"filter","version":"1.2.0","doc":"Says \"hello\"",)"
          R"("abi":"1.0","interfaces":["pet.filter/1","pet.state/1"],"state_schema":2,"isa":"x86-64","compiler":"",)"
          R"("open_params":false,"parameters":[{"name":"sizes","type":"int64","nullable":false,"list":true,)"
          R"("tunable":false,"default":[3,4],"doc":"of layers"},{"name":"metric","type":"instance",)"
          R"("nullable":false,"list":false,"tunable":false,"doc":""}],"has_notes":true,"has_entry":true,)"
          R"("needed":["libc.so.6"],"version_needs":[{"library":"libc.so.6","versions":["GLIBC_2.32"]}],)"
          R"("glibc_floor":"2.32","glibcxx_floor":"","exports":["pet_entry_v1"],"unique_symbols":[],)"
          R"("constructors":0,"ifunc":false,"executable":false,"side_loaded":[],"rpath":"","runpath":"","static_tls":false,)"
          R"("nodelete":false,"executable_stack":false,"text_relocations":false})");
}

TEST_CASE("inspect adds the verdict to the facts", "[core][artifact]") {
  const pet::Verdict verdict{{{"isa", "needs more", "buy"}}, {{"nodelete", "stays"}}};
  const std::string json = inspect_json(made_up(), Hash::of("x"), verdict);
  CHECK_THAT(json,
             Catch::EndsWith(
                 R"(,"loadable":false,"problems":[{"code":"isa","sentence":"needs more",)"
                 R"("next_step":"buy"}],"warnings":[{"code":"nodelete","sentence":"stays"}]})"));
}

TEST_CASE("facts in words name every fact and the verdict", "[core][artifact]") {
  const std::string text = describe(made_up(), Hash::of("x"), pet::Verdict{});
  for (const char* line :
       {"class:        MyFilter\n", "entry:        pet_entry_v1\n",
        "interfaces:   pet.filter/1, pet.state/1\n", "state schema: 2\n", "parameters:   2\n",
        "  sizes: list of int64 = [3,4]  (of layers)\n", "  metric: instance, required\n",
        "needs:        libc.so.6\n", "  libc.so.6: GLIBC_2.32\n", "glibc floor:  2.32\n",
        "flags:        none\n", "verdict:      loadable here\n"}) {
    CHECK_THAT(text, Contains(line));
  }
}

TEST_CASE("refusals and warnings stand below the verdict", "[core][artifact]") {
  const pet::Verdict verdict{{{"isa", "needs more", "buy"}}, {{"nodelete", "stays"}}};
  CHECK_THAT(
      describe(made_up(), Hash::of("x"), verdict),
      Catch::EndsWith(
          "verdict:      refused here\n  - it needs more\n    try:  buy\n  warning: it stays\n"));
}

TEST_CASE("a compiled-in class is described without a file", "[core][artifact]") {
  CHECK_THAT(describe(made_up().clazz), Contains("class:        MyFilter") && !Contains("hash:"));
  CHECK_THAT(class_json(made_up().clazz),
             Catch::StartsWith(R"({"class_name":"MyFilter","kind":"filter")"));
}

TEST_CASE("texts of a hostile file neither move the cursor nor break the JSON",
          "[core][artifact]") {
  Facts facts = made_up();
  facts.clazz.doc = "\x1b[2J";
  facts.needed = {"lib\xff.so"};
  facts.clazz.parameters[0].default_value = pet::FactValue{std::numeric_limits<double>::infinity()};
  CHECK_THAT(describe(facts, Hash::of("x"), {}), !Contains("\x1b"));
  const std::string json = facts_json(facts, Hash::of("x"));
  CHECK_THAT(json, !Contains("\xff") && Contains(R"("default":Infinity)") &&
                       Contains(R"("doc":"\u001B[2J")"));
}

}  // namespace
