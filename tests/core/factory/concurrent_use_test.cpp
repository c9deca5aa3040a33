// What many threads may do at once to a factory, a manager and a container. Run under TSan.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "core/factory/container.hpp"
#include "core/factory/name_table.hpp"
#include "core/loader/base_plugin.hpp"
#include "storage/error.hpp"
#include "tests/core/factory/compiled_in.hpp"
#include "tests/core/factory/site.hpp"

namespace pet::test {
namespace {

// Runs work(0) … work(count - 1), each on a thread of its own, all at once.
template <class Work>
void together(int count, const Work& work) {
  std::atomic<int> waiting{count};
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      work(i);
    });
  }
}

TEST_CASE("readers of a name table find what was there, whatever a writer does",
          "[core][factory][concurrent]") {
  NameTable table;
  const PetClass plain = compiled_in<PlainFilter>();
  const PetClass metric = compiled_in<Precission>();
  table.assign("Stays", plain);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        while (!done) {
          const PetClass* const stays = table.find("Stays");
          if (stays == nullptr || stays->name() != "PlainFilter") ++wrong;
          const PetClass* const changes = table.find("Changes");
          if (changes != nullptr && changes->name() != "PlainFilter" &&
              changes->name() != "Precission") {
            ++wrong;
          }
        }
      });
    }
    for (int i = 0; i < 2000; ++i) {
      table.assign("Class" + std::to_string(i), plain);  // the table grows five times
      table.assign("Changes", i % 2 == 0 ? plain : metric);
      if (i % 7 == 0) table.erase("Changes");
    }
    done = true;
  }
  CHECK(wrong == 0);
  CHECK(table.find("Class1999") != nullptr);
}

TEST_CASE("18: the first uses of one name ask storage once", "[core][factory][concurrent]") {
  Site author;
  const PetClass filter = author.open("good_filter");
  author.manager.push(filter);
  for (int round = 0; round < 20; ++round) {
    Site site(author.memory);
    std::vector<const PetClass*> found(6);
    together(6, [&](int i) { found[static_cast<std::size_t>(i)] = &site.factory["GoodFilter"]; });
    for (const PetClass* clazz : found) CHECK(clazz == found[0]);
    CHECK(*found[0] == filter);
    CHECK(site.requests("get " + binary_key_of(filter)).size() == 1);
    CHECK(site.requests("list plugins/GoodFilter/log/").size() == 1);
  }
}

TEST_CASE("the first uses of a name that fails all get the error", "[core][factory][concurrent]") {
  Site site;
  site.storage->break_down(ErrorCode::kStorageUnreachable);
  std::atomic<int> unreachable{0};
  together(6, [&](int) {
    try {
      site.factory["GoodFilter"];
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kStorageUnreachable) ++unreachable;
    }
  });
  CHECK(unreachable == 6);
}

TEST_CASE("19: concurrent requests for one version fetch it once", "[core][factory][concurrent]") {
  Site author;
  const PetClass filter = author.open("good_filter");
  author.manager.push(filter);
  Site site(author.memory);
  std::atomic<int> right{0};
  together(6, [&](int) {
    if (site.factory.get_version("GoodFilter", *filter.hash()) == filter) ++right;
  });
  CHECK(right == 6);
  CHECK(site.requests("get " + binary_key_of(filter)).size() == 1);
}

TEST_CASE("an assignment beats a lazy load that is on its way", "[core][factory][concurrent]") {
  Site author;
  author.manager.push(author.open("good_filter"));
  const PetClass second = author.open("good_filter_v2");
  for (int round = 0; round < 20; ++round) {
    Site site(author.memory);
    together(2, [&](int i) {
      if (i == 0) {
        site.factory["GoodFilter"];
      } else {
        site.factory.assign("GoodFilter", second);
      }
    });
    CHECK(site.factory["GoodFilter"] == second);
    CHECK(site.factory.tracked_hashes().at("GoodFilter") == second.hash());
  }
}

TEST_CASE("9: storages change while classes are resolved and pushed",
          "[core][factory][concurrent]") {
  Site one, other;
  const PetClass filter = one.open("good_filter");
  one.manager.push(filter);
  other.manager.push(filter);
  Container container(
      {.storage = one.storage, .cache = std::make_shared<BinaryCache>(one.folder / "shared")});
  std::atomic<int> wrong{0};
  together(4, [&](int i) {
    for (int round = 0; round < 30; ++round) {
      if (i == 0) {
        container.set_storage(round % 2 == 0 ? other.storage : one.storage);
      } else if (i == 1) {
        container.ppif.erase("GoodFilter");
        container.ppif.push_all();
      } else if (container.ppif["GoodFilter"] != filter ||
                 container.pcm.check_status(filter) != Status::kSynced) {
        ++wrong;
      }
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("many threads bind, list, prefetch and predict at once", "[core][factory][concurrent]") {
  Site author;
  for (const char* name : {"good_filter", "counter_v1"}) author.manager.push(author.open(name));
  Container container({.storage = author.storage,
                       .cache = std::make_shared<BinaryCache>(author.folder / "shared")});
  const std::vector<ClassRequest> requests{{"GoodFilter"}, {"Counter"}, {"Absent"}};
  const XYData x = XYData::mock({{1.0}});
  std::atomic<int> wrong{0};
  together(4, [&](int i) {
    for (int round = 0; round < 10; ++round) {
      if (i == 0) container.bind(fixture("good_filter_v2"), {.persist = true});
      if (i == 1) container.bind<PlainFilter>();
      const std::vector<ClassAnswer> answers = container.ppif.prefetch(requests);
      if (!answers[0].clazz || !answers[1].clazz || !answers[2].error) ++wrong;
      const double value = container.ppif["GoodFilter"].create().predict(x).data<double>()[0];
      if (value != 2.0 && value != 3.0) ++wrong;
      for (const auto& [name, clazz] : container.pif) wrong += name.empty() ? 1 : 0;
      container.ppif.tracked_hashes();
    }
  });
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace pet::test
