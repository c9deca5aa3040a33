#include "core/artifact/gate.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "storage/error.hpp"
#include "tests/core/artifact/fixture.hpp"

namespace {

using namespace pet::test;
using pet::ErrorCode;
using pet::Facts;
using pet::Machine;
using pet::Verdict;

// A made-up machine, so that the texts are the same everywhere.
Machine machine() {
  Machine made_up;
  made_up.platform = Machine::current().platform;
  made_up.glibc = "2.36";
  made_up.isa_levels = {"aarch64", "x86-64", "x86-64-v2", "x86-64-v3"};
  made_up.library_versions["libstdc++.so.6"] = {"GLIBCXX_3.4", "GLIBCXX_3.4.30"};
  return made_up;
}

Facts good_facts() { return fixture_facts("plain_c_filter"); }

void check_only_problem(const Verdict& verdict, const std::string& code,
                        const std::string& sentence) {
  REQUIRE(verdict.problems.size() == 1);
  CHECK(verdict.problems[0].code == code);
  CHECK(verdict.problems[0].sentence == sentence);
  CHECK_FALSE(verdict.problems[0].next_step.empty());
  CHECK_FALSE(verdict.loadable());
}

TEST_CASE("good plugins pass, without a warning", "[core][artifact]") {
  for (const char* name : {"plain_c_filter", "newer_abi_minor", "sysv_hash", "undefined_symbol",
                           "notes_lie_about_class"}) {
    INFO(name);
    const Verdict verdict = check(fixture_facts(name), machine());
    CHECK(verdict.loadable());
    CHECK(verdict.warnings.empty());
  }
}

TEST_CASE("each fixture is refused with one sentence", "[core][artifact]") {
  struct Row {
    const char* fixture;
    const char* code;
    std::string sentence;
  };
  const Row rows[] = {
      {"wrong_abi_major", "abi_major", "was built for ABI 9.0; this host speaks 1.0"},
      {"no_entry", "no_entry", "does not export pet_entry_v1"},
      {"notes_missing", "no_notes", "has no PetFactory notes"},
      {"needs_isa_v4", "isa", "needs a processor of level 'x86-64-v4'; this machine has x86-64-v3"},
      {"needs_newer_glibc", "needs_glibc", "needs GLIBC_2.99; this machine has 2.36"},
      {"needs_unknown_glibc", "needs_glibc",
       "needs 'GLIBC_ABI_PET_FIXTURE' of glibc, which this host does not know"},
      {"gnu_unique", "gnu_unique",
       "shares statics with its other versions and never unloads (STB_GNU_UNIQUE: "
       "'pet_fixture_shared')"},
      {"static_tls", "static_tls",
       "uses thread-locals of the initial-exec model, for which few plugins have room"},
      {"has_rpath", "rpath",
       "carries the RPATH '/opt/pet/lib'; a plugin may not choose where libraries come from"},
      {"has_runpath", "rpath",
       "carries the RUNPATH '/opt/pet/lib'; a plugin may not choose where libraries come from"},
      {"needs_library_by_path", "needed_path",
       "needs 'plugins/libpet_fixture_by_path.so' by its path, which the loader would follow from "
       "wherever it runs"},
      {"auxiliary_library", "side_loaded",
       "loads '/opt/pet/libaux.so' as a filter, auxiliary or audit library; a plugin may not "
       "choose "
       "what else is loaded"},
      {"exec_stack", "executable_stack", "asks for an executable stack"},
      {"text_relocations", "text_relocations", "writes into its own code when loaded"},
      {"wrong_machine", "wrong_platform",
       "is built for unknown machine 243; this machine is " + machine().platform},
  };
  for (const Row& row : rows) {
    INFO(row.fixture);
    check_only_problem(check(fixture_facts(row.fixture), machine()), row.code, row.sentence);
  }
}

TEST_CASE("the versions of glibc are compared as numbers", "[core][artifact]") {
  struct Row {
    const char* needed;
    const char* here;
    bool loadable;
  };
  for (const Row& row :
       {Row{"2.36", "2.36", true}, Row{"2.4", "2.36", true}, Row{"2.37", "2.36", false},
        Row{"2.3.4", "2.3", false}, Row{"3.0", "2.99", false}, Row{"2.99", "", true}}) {
    INFO(row.needed << " on " << row.here);
    Facts facts = good_facts();
    facts.glibc_floor = row.needed;
    facts.version_needs = {{"libc.so.6", {std::string("GLIBC_") + row.needed}}};
    Machine here = machine();
    here.glibc = row.here;
    CHECK(check(facts, here).loadable() == row.loadable);
  }
}

TEST_CASE("GLIBC_ABI_DT_RELR came with 2.36; private symbols are never promised",
          "[core][artifact]") {
  Facts facts = good_facts();
  facts.version_needs = {{"libc.so.6", {"GLIBC_ABI_DT_RELR"}}};
  Machine here = machine();
  CHECK(check(facts, here).loadable());
  here.glibc = "2.35";
  check_only_problem(
      check(facts, here), "needs_glibc",
      "needs 'GLIBC_ABI_DT_RELR' of glibc, which came with 2.36; this machine has 2.35");
  facts.version_needs = {{"libc.so.6", {"GLIBC_PRIVATE"}}};
  check_only_problem(check(facts, here), "needs_glibc",
                     "needs 'GLIBC_PRIVATE' of glibc, which this host does not know");
}

TEST_CASE("versions of a library are compared when the process has it, else left to dlopen",
          "[core][artifact]") {
  Facts facts = good_facts();
  facts.version_needs = {{"libstdc++.so.6", {"GLIBCXX_3.4.30"}}, {"libother.so.1", {"OTHER_9"}}};
  CHECK(check(facts, machine()).loadable());
  facts.version_needs = {{"libstdc++.so.6", {"GLIBCXX_3.4.99"}}};
  check_only_problem(
      check(facts, machine()), "needs_library",
      "needs 'GLIBCXX_3.4.99' of libstdc++.so.6, which this machine's does not have");
}

TEST_CASE("a class name outside the rule is refused, however the facts came about",
          "[core][artifact]") {
  Facts facts = good_facts();
  facts.clazz.name = "../evil";
  check_only_problem(check(facts, machine()), "class_name", "names its class '../evil'");
}

TEST_CASE("what is no plugin at all is told so in one sentence", "[core][artifact]") {
  Facts facts = good_facts();
  facts.has_notes = facts.has_entry = false;
  facts.static_tls = true;
  check_only_problem(
      check(facts, machine()), "no_plugin",
      "is not a PetFactory plugin: it has no notes and does not export pet_entry_v1");
}

TEST_CASE("of many unique symbols three are named", "[core][artifact]") {
  Facts facts = good_facts();
  facts.unique_symbols = {{"a", "b", "c", "d"}, 70};
  CHECK_THAT(check(facts, machine()).problems.at(0).sentence,
             Catch::Contains("'a', 'b', 'c' and 67 more"));
}

TEST_CASE("what works but is unusual is a warning", "[core][artifact]") {
  const Verdict foreign = check(fixture_facts("needs_missing_library"), machine());
  CHECK(foreign.loadable());
  CHECK(
      foreign.warnings.at(0).sentence ==
      "needs 'libpet_fixture_missing.so.1', which has to be installed wherever it is loaded: link "
      "it statically to ship one file");

  const Verdict nodelete = check(fixture_facts("nodelete"), machine());
  CHECK(nodelete.loadable());
  CHECK(nodelete.warnings.at(0).sentence == "stays in memory until the process ends (-z nodelete)");

  Facts facts = good_facts();
  facts.exports = {{"helper", "pet_entry_v1"}, 2};
  facts.has_ifunc = true;
  facts.needed = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "libstdc++.so.6"};
  const Verdict verdict = check(facts, machine());
  CHECK(verdict.loadable());
  REQUIRE(verdict.warnings.size() == 2);
  CHECK(verdict.warnings[0].sentence == "exports more than pet_entry_v1: 'helper'");
  CHECK(verdict.warnings[1].code == "ifunc");
}

TEST_CASE("a refusal names class, hash, file and next step", "[core][artifact]") {
  const pet::Binary binary = fixture("needs_newer_glibc");
  try {
    require_loadable(read_facts(binary), machine(), binary.hash(), "s3://models/a.so");
    FAIL("loadable");
  } catch (const pet::Error& error) {
    CHECK(error.code() == ErrorCode::kGateRefused);
    CHECK(error.class_name() == "NeedsNewerGlibc");
    CHECK(error.hash() == binary.hash().hex());
    CHECK(error.key() == "s3://models/a.so");
    CHECK(error.what() == "NeedsNewerGlibc " + binary.hash().short_hex() +
                              " needs GLIBC_2.99; this machine has 2.36\n"
                              "  file: s3://models/a.so\n"
                              "  try:  rebuild it on a system with glibc 2.36 or older, or pin a "
                              "version for this machine");
  }
}

TEST_CASE("all problems are reported at once", "[core][artifact]") {
  Facts facts = good_facts();
  facts.executable_stack = true;
  facts.rpath = "$ORIGIN";
  const pet::Hash hash = pet::Hash::of("x");
  CHECK_THROWS_WITH(
      require_loadable(facts, machine(), hash, ""),
      "PlainCFilter " + hash.short_hex() +
          " cannot be loaded here for 2 reasons\n"
          "  - it asks for an executable stack\n"
          "    try:  link it with -z noexecstack, and end assembly files with .note.GNU-stack\n"
          "  - it carries the RPATH '$ORIGIN'; a plugin may not choose where libraries come from\n"
          "    try:  link it with pet_add_plugin, or with CMAKE_SKIP_RPATH");
}

TEST_CASE("without notes or entry the error is not_a_plugin", "[core][artifact]") {
  for (const char* name : {"no_entry", "notes_missing"}) {
    try {
      require_loadable(fixture_facts(name), machine(), pet::Hash::of("x"), "");
      FAIL("loadable");
    } catch (const pet::Error& error) {
      CHECK(error.code() == ErrorCode::kNotAPlugin);
    }
  }
}

TEST_CASE("this machine is known, and loads the good plugin", "[core][artifact]") {
  const Machine& here = Machine::current();
  CHECK(&here == &Machine::current());
  CHECK_THAT(here.platform, Catch::StartsWith("linux-"));
  CHECK_FALSE(here.glibc.empty());
  CHECK_FALSE(here.isa_levels.empty());
  CHECK(check(good_facts(), here).loadable());
  CHECK_FALSE(check(fixture_facts("needs_unknown_isa"), here).loadable());
}

TEST_CASE("some machine of a platform refuses only what no such machine should load",
          "[core][artifact]") {
  CHECK(check(fixture_facts("needs_newer_glibc"), Machine::any_of(machine().platform)).loadable());
  CHECK(check(fixture_facts("needs_isa_v4"), Machine::any_of(machine().platform)).loadable());
  CHECK_FALSE(check(fixture_facts("static_tls"), Machine::any_of(machine().platform)).loadable());
  CHECK_FALSE(check(good_facts(), Machine::any_of("linux-riscv64-gnu")).loadable());
}

}  // namespace
