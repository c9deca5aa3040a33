#include "core/factory/name_table.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "tests/core/factory/compiled_in.hpp"

namespace pet::test {
namespace {

// As names go: short, long, and with common beginnings and ends.
std::vector<std::string> many_names() {
  std::vector<std::string> names{"A", "B", "AB", "BA", "ABC", "ABCD", "ABCDEFG", "ABCDEFGH"};
  for (int i = 0; i < 3000; ++i) names.push_back("Class" + std::to_string(i));
  for (int i = 1; i < 120; ++i) names.push_back(std::string(static_cast<std::size_t>(i), 'x'));
  return names;
}

TEST_CASE("a name that was never assigned has no class", "[core][factory]") {
  NameTable table;
  CHECK(table.find("PlainFilter") == nullptr);
  CHECK(table.find("") == nullptr);
}

TEST_CASE("every name is found again, however many there are", "[core][factory]") {
  NameTable table;
  const PetClass plain = compiled_in<PlainFilter>();
  const std::vector<std::string> names = many_names();
  std::vector<const PetClass*> given;
  for (const std::string& name : names) given.push_back(&table.assign(name, plain));
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (table.find(names[i]) != given[i]) FAIL("lost " << names[i]);
  }
  CHECK(std::set(given.begin(), given.end()).size() == names.size());
  CHECK(table.find("Class3000") == nullptr);
  CHECK(table.snapshot().size() == names.size());
}

TEST_CASE("a class that was displaced stays where it was", "[core][factory]") {
  NameTable table;
  const PetClass& first = table.assign("A", compiled_in<PlainFilter>());
  const PetClass& second = table.assign("A", compiled_in<StandardScalerPlugin>());
  CHECK(table.find("A") == &second);
  CHECK(first.name() == "PlainFilter");
  CHECK(table.erase("A"));
  CHECK(second.name() == "StandardScalerPlugin");
}

TEST_CASE("assigning a class that the name had before takes no memory", "[core][factory]") {
  NameTable table;
  const PetClass& first = table.assign("A", compiled_in<PlainFilter>());
  table.assign("A", compiled_in<StandardScalerPlugin>());
  CHECK(&table.assign("A", compiled_in<PlainFilter>()) == &first);
  CHECK(table.find("A") == &first);
  table.clear();
  CHECK(&table.assign("A", compiled_in<PlainFilter>()) == &first);
}

TEST_CASE("assign_if_absent keeps what is there", "[core][factory]") {
  NameTable table;
  const PetClass& first = table.assign_if_absent("A", compiled_in<PlainFilter>());
  CHECK(&table.assign_if_absent("A", compiled_in<Precission>()) == &first);
  CHECK(table.erase("A"));
  CHECK(table.assign_if_absent("A", compiled_in<Precission>()).name() == "Precission");
}

TEST_CASE("erasing tells whether there was a class", "[core][factory]") {
  NameTable table;
  CHECK_FALSE(table.erase("A"));
  table.assign("A", compiled_in<PlainFilter>());
  CHECK(table.erase("A"));
  CHECK_FALSE(table.erase("A"));
  CHECK(table.find("A") == nullptr);
}

TEST_CASE("a name keeps its place when reassigned and loses it when erased", "[core][factory]") {
  NameTable table;
  for (const char* name : {"A", "B", "C"}) table.assign(name, compiled_in<PlainFilter>());
  table.assign("A", compiled_in<Precission>());
  table.erase("B");
  table.assign("B", compiled_in<PlainFilter>());
  std::string order;
  for (const auto& [name, clazz] : table.snapshot()) order += name + "=" + clazz.name() + " ";
  CHECK(order == "A=Precission C=PlainFilter B=PlainFilter ");
}

}  // namespace
}  // namespace pet::test
