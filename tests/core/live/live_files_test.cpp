// A live pipeline hears of files: its poll comes once an hour here, so what arrives was heard of.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "core/live/live_pipeline.hpp"
#include "tests/await.hpp"
#include "tests/core/live/service.hpp"

using namespace pet;
using namespace pet::test;
namespace fs = std::filesystem;

namespace {

void start(Service& service) {
  service.options.clock = {};
  service.options.poll = std::chrono::hours(1);
  service.options.longest_pause = std::chrono::hours(1);
  service.restart();
  service.live->start();
}

void await_answer(const Service& service, double expected) {
  await("the answer " + std::to_string(expected),
        [&] { return service.live->is_ready() && service.answer() == expected; });
}

std::string stamp_and(const std::string& others) {
  return R"({"clazz": "WrapperPipeline", "params": {"filters": [
    {"clazz": "Stamp", "params": {}}, )" +
         others + "]}}";
}

}  // namespace

TEST_CASE("a push into a storage on this machine is heard of", "[live][files]") {
  Service service;
  start(service);
  await("the first poll", [&] { return service.live->status().polls > 0; });
  service.push("stamp_1");  // the class's first
  await_answer(service, 11);
  service.push("stamp_2");
  await_answer(service, 22);
}

TEST_CASE("a storage that was wiped, and is filled again, is heard of", "[live][files]") {
  Service service;
  service.push("stamp_1");
  start(service);
  await_answer(service, 11);
  const auto polls = service.live->status().polls;
  fs::remove_all(service.folder / "pets");
  await("another poll", [&] { return service.live->status().polls > polls; });
  CHECK(service.answer() == 11);
  service.storage->ensure_exists();
  const PetClassManager another(service.storage,
                                std::make_shared<BinaryCache>(service.folder / "another"));
  for (const char* const name : {"stamp_1", "stamp_2"}) {  // beyond where the log was
    another.push(another.open_plugin(Service::fixture(name)));
  }
  await_answer(service, 22);
}

TEST_CASE("a config that is saved is heard of", "[live][files]") {
  Service service;
  service.push("stamp_1");
  start(service);
  await_answer(service, 11);
  const std::string file = service.folder / "pipeline.json";
  const std::string stamp = R"({"clazz": "Stamp", "params": {}})";
  SECTION("in place") { write_file(file, stamp_and(stamp + "," + stamp)); }
  SECTION("by another that takes its name") {
    write_file(file + ".new", stamp_and(stamp + "," + stamp));
    fs::rename(file + ".new", file);
  }
  await_answer(service, 111);
}

TEST_CASE("a class that a new config names is heard of", "[live][files]") {
  Service service;
  service.push("stamp_1");
  start(service);
  await_answer(service, 11);
  write_file(service.folder / "pipeline.json", stamp_and(R"({"clazz": "Picky", "params": {}})"));
  await("a problem", [&] { return service.live->status().problem != ""; });  // it is not there yet
  service.push("picky_1");
  await("the second swap", [&] { return service.live->status().swaps == 2; });
  CHECK(service.live->status().problem == "");
}
