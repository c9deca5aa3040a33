#include "core/artifact/notes.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "storage/error.hpp"
#include "tests/core/artifact/note_bytes.hpp"

namespace {

using namespace pet::test;
using pet::ClassFacts;
using pet::ErrorCode;
using pet::FactList;
using pet::FactObject;
using pet::FactType;
using pet::FactValue;

ClassFacts read(const std::string& notes) { return pet::read_notes(bytes_of(notes)); }

// The default that a parameter of type any gets back.
FactValue round_trip(const std::string& value) {
  return *read(required_notes() + param(0, "p", PET_TYPE_ANY, 0, value))
              .parameters.at(0)
              .default_value;
}

std::string nested(int depth) {
  std::string value = null_value();
  for (int i = 1; i < depth; ++i) value = list_value(1, value);
  return value;
}

TEST_CASE("notes give every fact of a class", "[core][artifact]") {
  const ClassFacts facts =
      read(required_notes() + note(PET_NOTE_VERSION, text("1.2.0")) +
           note(PET_NOTE_DOC, text("Doubles. Größe: ×2")) +
           note(PET_NOTE_INTERFACE, text("pet.filter/1")) +
           note(PET_NOTE_INTERFACE, text("pet.state/1")) + note(PET_NOTE_STATE_SCHEMA, u32(3)) +
           note(PET_NOTE_COMPILER, text("g++ 12.2.0")) + note(PET_NOTE_OPEN_PARAMS, "") +
           param(0, "k", PET_TYPE_INT64, PET_PARAM_NULLABLE | PET_PARAM_TUNABLE, int_value(5),
                 "neighbours"));
  CHECK(facts.abi_major == 1);
  CHECK(facts.abi_minor == 0);
  CHECK(facts.name == "MyFilter");
  CHECK(facts.kind == "filter");
  CHECK(facts.version == "1.2.0");
  CHECK(facts.doc == "Doubles. Größe: ×2");
  CHECK(facts.interfaces == std::vector<std::string>{"pet.filter/1", "pet.state/1"});
  CHECK(facts.has_interface("pet.state/1"));
  CHECK_FALSE(facts.has_interface("pet.metric/1"));
  CHECK(facts.state_schema == 3u);
  CHECK(facts.isa == "x86-64");
  CHECK(facts.compiler == "g++ 12.2.0");
  CHECK(facts.open_params);
  REQUIRE(facts.parameters.size() == 1);
  CHECK(facts.parameters[0].type.text() == "int64 or null");
  CHECK(facts.parameters[0].type.tunable);
  CHECK(facts.parameters[0].doc == "neighbours");
  CHECK(facts.parameter("k") == &facts.parameters[0]);
  CHECK(facts.parameter("n") == nullptr);
}

TEST_CASE("notes may stand in any order; parameters come in declared order", "[core][artifact]") {
  const ClassFacts facts =
      read(param(2, "c", PET_TYPE_TEXT) + isa_note() + param(0, "a", PET_TYPE_BOOL) + class_note() +
           param(1, "b", PET_TYPE_FLOAT64, PET_PARAM_LIST) + kind_note() + abi_note());
  REQUIRE(facts.parameters.size() == 3);
  CHECK(facts.parameters[0].name == "a");
  CHECK(facts.parameters[1].name == "b");
  CHECK(facts.parameters[1].type.text() == "list of float64");
  CHECK(facts.parameters[2].name == "c");
  CHECK_FALSE(facts.parameters[2].default_value);
}

TEST_CASE("a default of every type comes back as it was written", "[core][artifact]") {
  CHECK(round_trip(null_value()) == FactValue{});
  CHECK(round_trip(bool_value(1)) == FactValue{true});
  CHECK(round_trip(int_value(std::numeric_limits<std::int64_t>::min())) ==
        FactValue{std::numeric_limits<std::int64_t>::min()});
  CHECK(round_trip(float_value(0.1)) == FactValue{0.1});
  CHECK(round_trip(text_value("ü\n")) == FactValue{std::string("ü\n")});
  CHECK(round_trip(list_value(2, int_value(1) + null_value())) ==
        FactValue{FactList{FactValue{std::int64_t{1}}, FactValue{}}});
  CHECK(round_trip(object_value(2, text("b") + bool_value(0) + text("a") + list_value(0, ""))) ==
        FactValue{FactObject{{"b", FactValue{false}}, {"a", FactValue{FactList{}}}}});
}

TEST_CASE("values may be nested 8 deep and no deeper", "[core][artifact]") {
  CHECK_NOTHROW(round_trip(nested(8)));
  CHECK_THROWS_WITH(round_trip(nested(9)),
                    Catch::Contains("the parameter note has a value nested deeper than 8"));
}

TEST_CASE("notes of others and of types to come are passed over", "[core][artifact]") {
  const std::string others = note(1, u32(7), std::string("GNU", 4)) +
                             note(PET_NOTE_CLASS, "junk", "PetFactory") + note(900, "anything") +
                             note(0, "");
  CHECK(read(others + required_notes() + others).name == "MyFilter");
}

TEST_CASE("an integer default serves a float parameter, as everywhere", "[core][artifact]") {
  CHECK_NOTHROW(read(required_notes() + param(0, "p", PET_TYPE_FLOAT64, 0, int_value(2))));
}

TEST_CASE("malformed notes are refused with the note and the reason", "[core][artifact]") {
  struct Row {
    const char* what;
    std::string notes;
    const char* reason;
  };
  const std::string good = required_notes();
  const Row rows[] = {
      {"no ABI", class_note() + kind_note() + isa_note(), "the ABI note is missing"},
      {"no class", abi_note() + kind_note() + isa_note(), "the class note is missing"},
      {"no kind", abi_note() + class_note() + isa_note(), "the kind note is missing"},
      {"no ISA", abi_note() + class_note() + kind_note(), "the ISA note is missing"},
      {"two classes", good + class_note("Other"), "the class note is there twice"},
      {"twice open", good + note(PET_NOTE_OPEN_PARAMS, "") + note(PET_NOTE_OPEN_PARAMS, ""),
       "the open parameters note is there twice"},
      {"same interface",
       good + note(PET_NOTE_INTERFACE, text("a/1")) + note(PET_NOTE_INTERFACE, text("a/1")),
       "the interface note names a/1 a second time"},
      {"schema alone", good + note(PET_NOTE_STATE_SCHEMA, u32(1)), "belong together"},
      {"state alone", good + note(PET_NOTE_INTERFACE, text("pet.state/1")), "belong together"},
      {"index gap", good + param(0, "a", PET_TYPE_BOOL) + param(2, "b", PET_TYPE_BOOL),
       "its parameters are not numbered 0 to 1: number 1 is missing or there twice"},
      {"index twice", good + param(0, "a", PET_TYPE_BOOL) + param(0, "b", PET_TYPE_BOOL),
       "number 1 is missing"},
      {"name twice", good + param(0, "a", PET_TYPE_BOOL) + param(1, "a", PET_TYPE_BOOL),
       "the parameter 'a' is there twice"},
      {"bad name", good + param(0, "a b", PET_TYPE_BOOL),
       "the parameter note names its parameter 'a b'"},
      {"type 9", good + param(0, "a", 9), "has the unknown type 9"},
      {"type null", good + param(0, "a", PET_TYPE_NULL), "has the unknown type 0"},
      {"value type 9", good + param(0, "a", PET_TYPE_ANY, 0, u8(9)),
       "has a value of the unknown type 9"},
      {"bool 2", good + param(0, "a", PET_TYPE_BOOL, 0, bool_value(2)),
       "has 2 where 0 or 1 is expected"},
      {"wrong default", good + param(0, "a", PET_TYPE_INT64, 0, text_value("5")),
       "gives 'a' a default that is not of its type, int64"},
      {"null default", good + param(0, "a", PET_TYPE_INT64, 0, null_value()),
       "not of its type, int64"},
      {"wrong item",
       good + param(0, "a", PET_TYPE_INT64, PET_PARAM_LIST, list_value(1, text_value("x"))),
       "not of its type, list of int64"},
      {"key twice",
       good + param(0, "a", PET_TYPE_ANY, 0,
                    object_value(2, text("k") + null_value() + text("k") + null_value())),
       "has an object with a key twice"},
      {"long list", good + param(0, "a", PET_TYPE_ANY, 0, list_value(0xffffffff, null_value())),
       "parameter note"},
      {"not UTF-8", good + note(PET_NOTE_DOC, text("\xff")),
       "the doc note has a text that is not UTF-8"},
      {"overlong", good + note(PET_NOTE_DOC, text("\xc0\xaf")), "not UTF-8"},
      {"surrogate", good + note(PET_NOTE_DOC, text("\xed\xa0\x80")), "not UTF-8"},
      {"control", good + note(PET_NOTE_VERSION, text("1\x1b[2J")),
       "the version note has control characters"},
      {"empty kind", abi_note() + class_note() + isa_note() + note(PET_NOTE_KIND, text("")),
       "where one word is expected"},
      {"short ABI", note(PET_NOTE_ABI, u8(1)), "the ABI note is cut off"},
      {"long ABI", note(PET_NOTE_ABI, u32(1) + u32(0)), "the ABI note is 4 bytes too long"},
      {"long text", good + note(PET_NOTE_DOC, u32(5) + "abc"), "the doc note is cut off"},
      {"huge name", u32(0xffffffff) + u32(0) + u32(1), "they are cut off"},
      {"huge description", u32(11) + u32(0xfffffffe) + u32(1) + "PetFactory", "they are cut off"},
      {"half a head", good + u32(11), "they are cut off"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    try {
      read(row.notes);
      FAIL("accepted");
    } catch (const pet::Error& error) {
      CHECK(error.code() == ErrorCode::kCorrupt);
      CHECK_THAT(error.what(), Catch::StartsWith("a class has malformed notes: "));
      CHECK_THAT(error.what(), Catch::Contains(row.reason));
    }
  }
}

TEST_CASE("a class has at most 64 interfaces", "[core][artifact]") {
  std::string notes = required_notes();
  for (int i = 0; i < 64; ++i) {
    notes += note(PET_NOTE_INTERFACE, text("a" + std::to_string(i) + "/1"));
  }
  CHECK(read(notes).interfaces.size() == 64);
  CHECK_THROWS_WITH(read(notes + note(PET_NOTE_INTERFACE, text("one.more/1"))),
                    Catch::Contains("the interface note is one of more than 64: the limit"));
}

TEST_CASE("a class name outside the rule is its own error", "[core][artifact]") {
  for (const char* name : {"", "../evil", "My Filter", "Ünicode"}) {
    try {
      read(abi_note() + class_note(name) + kind_note() + isa_note());
      FAIL("accepted");
    } catch (const pet::Error& error) {
      CHECK(error.code() == ErrorCode::kInvalidName);
    }
  }
}

TEST_CASE("no notes of ours is not a plugin", "[core][artifact]") {
  for (const std::string& notes : {std::string(), note(1, u32(7), std::string("GNU", 4))}) {
    try {
      read(notes);
      FAIL("accepted");
    } catch (const pet::Error& error) {
      CHECK(error.code() == ErrorCode::kNotAPlugin);
      CHECK(error.what() == std::string("a class has no PetFactory notes"));
    }
  }
}

TEST_CASE("notes cut off at any length, or with any byte flipped, never do more than throw",
          "[core][artifact]") {
  const std::string good =
      required_notes() + note(PET_NOTE_INTERFACE, text("pet.filter/1")) +
      param(0, "k", PET_TYPE_ANY, 0, list_value(2, int_value(1) + text_value("x")), "doc") +
      param(1, "o", PET_TYPE_OBJECT, 0, object_value(1, text("key") + float_value(1)));
  const auto survives = [](const std::string& notes) {
    // A heap block of just this size, so that a sanitizer sees a read beyond it.
    const std::string exact(notes);
    try {
      read(exact);
    } catch (const pet::Error&) {
    }
  };
  for (std::size_t length = 0; length <= good.size(); ++length) survives(good.substr(0, length));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = good;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      survives(flipped);
    }
  }
  SUCCEED();
}

}  // namespace
