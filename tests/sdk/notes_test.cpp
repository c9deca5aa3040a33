// The notes of a class, written by the compiler, read back.
#include <catch2/catch.hpp>

#include "pet/filter.hpp"
#include "pet/metric.hpp"
#include "pet/optimizer.hpp"
#include "pet/pipeline.hpp"
#include "pet/splitter.hpp"
#include "pet/testing.hpp"

namespace {

using pet::Object;
using pet::Value;
using pet::testing::Notes;
using pet::testing::NotesReader;

template <class T>
Notes notes_of() {
  return NotesReader::read(pet::detail::view_of(pet::entry_of<T>().notes));
}

class Rich : public pet::Filter<Rich> {
 public:
  PET_DOC("one sentence, in UTF-8: é");
  PET_PARAM(bool, flag, false, "first");
  PET_PARAM(std::int64_t, count, 1'000, "second");
  PET_PARAM(double, ratio, .5, "");
  PET_PARAM(double, whole, 2, "an integer literal");
  PET_TUNABLE(std::string, text, "a\"b", "");
  PET_PARAM(std::optional<double>, gamma, pet::null, "");
  PET_PARAM(std::optional<std::int64_t>, jobs, -1, "");
  PET_PARAM(std::vector<double>, list, pet::list_of(1.0, 2.0), "");
  PET_PARAM(std::optional<std::vector<std::string>>, names, pet::list_of("x", "y"), "");
  PET_PARAM(std::vector<pet::FilterChild>, filters, {}, "");
  PET_PARAM(pet::AnyChild, child, pet::required, "");
  PET_PARAM(pet::ClassRef, clazz, pet::required, "");
  PET_PARAM(pet::Value, any, true, "");
  PET_PARAM(std::vector<pet::Value>, anys, pet::list_of(1, 2), "");
  PET_PARAM(pet::Object, object, {}, "");
  PET_OPEN_PARAMS(others);
  PET_STATE(std::int64_t, seen, "");
  static constexpr std::uint32_t kStateSchema = 3;

  void fit(const pet::XYData&) {}
  pet::XYData predict(const pet::XYData& x) const { return x.view(); }
};
PET_CLASS(Rich, "1.2.0")

class Plain : public pet::Filter<Plain> {
 public:
  pet::XYData predict(const pet::XYData& x) const { return x.view(); }
};
PET_CLASS(Plain)

class Groups : public pet::Filter<Groups> {
 public:
  static constexpr bool kClusters = true;
  pet::XYData predict(const pet::XYData& x) const { return x.view(); }
};
PET_CLASS(Groups)

class Ungrouped : public pet::Filter<Ungrouped> {
 public:
  static constexpr bool kClusters = false;
  pet::XYData predict(const pet::XYData& x) const { return x.view(); }
};
PET_CLASS(Ungrouped)

class Score1 : public pet::Metric<Score1> {
 public:
  static constexpr bool kHigherBetter = true;
  double measure(const pet::XYData&, const pet::XYData&, const pet::XYData&) const { return 1; }
};
PET_CLASS(Score1)

class Chain : public pet::Pipeline<Chain> {
 public:
  pet::XYData predict(const pet::XYData& x) const { return x.view(); }
  void evaluate(const pet::XYData&, const pet::XYData&, const pet::XYData&, pet::Scores&) const {}
};
PET_CLASS(Chain)

class Cut : public pet::Splitter<Cut> {
 public:
  void split(const pet::XYData&, const pet::XYData&, pet::Folds&) const {}
};
PET_CLASS(Cut)

class Search : public pet::Optimizer<Search> {
 public:
  void optimize(const pet::XYData&, const pet::XYData&, pet::Trials&) {}
  pet::XYData predict(const pet::XYData& x) const { return x.view(); }
};
PET_CLASS(Search)

}  // namespace

TEST_CASE("notes say name, kind, version, documentation, ABI, machine and compiler",
          "[sdk][notes]") {
  const Notes notes = notes_of<Rich>();
  CHECK(notes.abi_major == PET_ABI_MAJOR);
  CHECK(notes.abi_minor == PET_ABI_MINOR);
  CHECK(notes.class_name == "Rich");
  CHECK(notes.kind == "filter");
  CHECK(notes.version == "1.2.0");
  CHECK(notes.doc == "one sentence, in UTF-8: é");
  CHECK(notes.state_schema == 3u);
  CHECK(notes.open_params);
#if defined(__x86_64__)
  CHECK(notes.isa.rfind("x86-64", 0) == 0);
#endif
  CHECK(notes.compiler.find("lib") != std::string::npos);
}

TEST_CASE("notes list every interface that the entry answers to, and no other", "[sdk][notes]") {
  const struct {
    const pet_entry& entry;
    std::vector<std::string> expected;
  } table[] = {
      {pet::entry_of<Rich>(), {PET_FILTER_1, PET_FILTER_FIT, PET_STATE_1, PET_PARAMS_1}},
      {pet::entry_of<Plain>(), {PET_FILTER_1}},
      {pet::entry_of<Groups>(), {PET_FILTER_1, PET_CLUSTERS_1}},
      {pet::entry_of<Ungrouped>(), {PET_FILTER_1}},
      {pet::entry_of<Score1>(), {PET_METRIC_1}},
      {pet::entry_of<Chain>(), {PET_FILTER_1, PET_PIPELINE_1}},
      {pet::entry_of<Cut>(), {PET_SPLITTER_1}},
      {pet::entry_of<Search>(), {PET_FILTER_1, PET_OPTIMIZER_1}},
  };
  const char* all[] = {PET_FILTER_1,   PET_FILTER_FIT,  PET_METRIC_1, PET_PIPELINE_1,
                       PET_SPLITTER_1, PET_OPTIMIZER_1, PET_STATE_1,  PET_PARAMS_1,
                       PET_CLUSTERS_1};
  for (const auto& row : table) {
    const Notes notes = NotesReader::read(pet::detail::view_of(row.entry.notes));
    INFO(notes.class_name);
    CHECK(notes.interfaces == row.expected);
    for (const char* id : all) {
      const bool noted =
          std::find(row.expected.begin(), row.expected.end(), id) != row.expected.end();
      CHECK((row.entry.query(id) != nullptr) == noted);
    }
    CHECK(row.entry.query("pet.unknown/9") == nullptr);
    CHECK(row.entry.query(nullptr) == nullptr);
  }
}

TEST_CASE("a fact that a class lacks has no note", "[sdk][notes]") {
  const Notes notes = notes_of<Plain>();
  CHECK(notes.version.empty());
  CHECK(notes.doc.empty());
  CHECK_FALSE(notes.state_schema.has_value());
  CHECK_FALSE(notes.open_params);
  CHECK(notes.params.empty());
}

TEST_CASE("notes hold every parameter in order, with type, flags, default and documentation",
          "[sdk][notes]") {
  const struct {
    const char* name;
    int type;
    int flags;
    std::optional<Value> fallback;
    const char* doc;
  } expected[] = {
      {"flag", PET_TYPE_BOOL, 0, Value(false), "first"},
      {"count", PET_TYPE_INT64, 0, Value(1000), "second"},
      {"ratio", PET_TYPE_FLOAT64, 0, Value(0.5), ""},
      {"whole", PET_TYPE_FLOAT64, 0, Value(2.0), "an integer literal"},
      {"text", PET_TYPE_TEXT, PET_PARAM_TUNABLE, Value("a\"b"), ""},
      {"gamma", PET_TYPE_FLOAT64, PET_PARAM_NULLABLE, Value(), ""},
      {"jobs", PET_TYPE_INT64, PET_PARAM_NULLABLE, Value(-1), ""},
      {"list", PET_TYPE_FLOAT64, PET_PARAM_LIST, Value(Value::List{1.0, 2.0}), ""},
      {"names", PET_TYPE_TEXT, PET_PARAM_LIST | PET_PARAM_NULLABLE, Value(Value::List{"x", "y"}),
       ""},
      {"filters", PET_TYPE_INSTANCE, PET_PARAM_LIST, Value(Value::List{}), ""},
      {"child", PET_TYPE_INSTANCE, 0, std::nullopt, ""},
      {"clazz", PET_TYPE_CLASS, 0, std::nullopt, ""},
      {"any", PET_TYPE_ANY, 0, Value(true), ""},
      {"anys", PET_TYPE_ANY, PET_PARAM_LIST, Value(Value::List{1, 2}), ""},
      {"object", PET_TYPE_OBJECT, 0, Value(Object{}), ""},
  };
  const Notes notes = notes_of<Rich>();
  REQUIRE(notes.params.size() == std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    INFO(expected[i].name);
    CHECK(notes.params[i].index == i);
    CHECK(notes.params[i].name == expected[i].name);
    CHECK(notes.params[i].type == expected[i].type);
    CHECK(notes.params[i].flags == expected[i].flags);
    CHECK(notes.params[i].default_value == expected[i].fallback);
    CHECK(notes.params[i].doc == expected[i].doc);
  }
}

TEST_CASE("notes are padded to four bytes, and a cut inside one is noticed", "[sdk][notes]") {
  const std::string_view bytes = pet::detail::view_of(pet::entry_of<Plain>().notes);
  CHECK(bytes.size() % 4 == 0);
  std::size_t whole = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    try {
      NotesReader::read(bytes.substr(0, size));
      ++whole;
    } catch (const std::runtime_error&) {
    }
  }
  CHECK(whole ==
        6);  // before, between and after ABI, CLASS, KIND, INTERFACE, ISA; COMPILER is the last
}

TEST_CASE("the entry has the ABI's size and version and the class's name", "[sdk][notes]") {
  constexpr const pet_entry& entry = pet::entry_of<Rich>();  // constant: no code runs to make it
  static_assert(entry.size == sizeof(pet_entry) && entry.abi_major == PET_ABI_MAJOR, "");
  CHECK(pet::detail::view_of(entry.class_name) == "Rich");
  CHECK(&pet::entry_of<Rich>() == &entry);
}

TEST_CASE("names of classes", "[sdk][notes]") {
  for (const char* good : {"A", "_a", "MyFilter2", "a_b"}) CHECK(pet::detail::is_class_name(good));
  for (const char* bad : {"", "2A", "a-b", "a::b", "a b", "é", "a.b", "a/b"}) {
    CHECK_FALSE(pet::detail::is_class_name(bad));
  }
  CHECK(pet::detail::is_class_name(std::string(128, 'a')));
  CHECK_FALSE(pet::detail::is_class_name(std::string(129, 'a')));
}
