#include "core/held_events.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace pet::test {
namespace {

using Names = std::vector<std::string>;

Event event(const std::string& name) { return {EventKind::kLazyPull, name, {}, {}, {}, {}}; }

TEST_CASE("held events arrive in order when the outermost holder ends", "[core]") {
  Names heard;
  const Observer observer = [&](const Event& heard_of) { heard.push_back(heard_of.class_name); };
  {
    HeldEvents outer;
    notify(observer, event("A"));
    {
      HeldEvents inner;
      notify(observer, event("B"));
    }
    notify(observer, event("C"));
    CHECK(heard.empty());
  }
  CHECK(heard == Names{"A", "B", "C"});
  notify(observer, event("D"));
  CHECK(heard == Names{"A", "B", "C", "D"});
}

TEST_CASE("an observer is told although what owned it is gone", "[core]") {
  Names heard;
  {
    HeldEvents held;
    const auto observer = std::make_unique<Observer>(
        [&](const Event& heard_of) { heard.push_back(heard_of.class_name); });
    notify(*observer, event("A"));
  }
  CHECK(heard == Names{"A"});
}

TEST_CASE("what a helping thread reports is held with the rest, another's is not", "[core]") {
  Names heard;
  const Observer observer = [&](const Event& heard_of) { heard.push_back(heard_of.class_name); };
  {
    HeldEvents held;
    std::thread([&, here = HeldEvents::here()] {
      const HeldEvents::Share share(here);
      notify(observer, event("helper"));
    }).join();
    CHECK(heard.empty());
    std::thread([&] { notify(observer, event("stranger")); }).join();
    CHECK(heard == Names{"stranger"});
  }
  CHECK(heard == Names{"stranger", "helper"});
  CHECK(HeldEvents::here() == nullptr);
}

TEST_CASE("what an observer reports itself arrives at once", "[core]") {
  Names heard;
  const Observer observer = [&](const Event& heard_of) {
    heard.push_back(heard_of.class_name);
    if (heard_of.class_name == "A") notify(observer, event("from A"));
  };
  {
    HeldEvents held;
    notify(observer, event("A"));
    notify(observer, event("B"));
  }
  CHECK(heard == Names{"A", "from A", "B"});
}

}  // namespace
}  // namespace pet::test
