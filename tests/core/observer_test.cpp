#include "core/observer.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

namespace pet {
namespace {

TEST_CASE("an event is one line with a short hash", "[core]") {
  const Event event{.kind = EventKind::kLazyPull,
                    .class_name = "MyFilter",
                    .hash = std::string("3fa9c1") + std::string(58, '0'),
                    .source = "file:///srv/pets",
                    .message = "",
                    .duration = std::chrono::microseconds(12340)};
  CHECK(to_string(event) == "lazy_pull MyFilter 3fa9c1… from file:///srv/pets (12.3 ms)");
}

TEST_CASE("an event says only what is known", "[core]") {
  CHECK(to_string(Event{EventKind::kDamage, "", "", "", "latest.json is cut off"}) ==
        "damage: latest.json is cut off");
  CHECK(to_string(Event{EventKind::kPublish, "MyFilter", "", "", ""}) == "publish MyFilter");
}

TEST_CASE("an observer that throws does not disturb the work that it watches", "[core]") {
  int calls = 0;
  notify(
      [&calls](const Event&) {
        ++calls;
        throw std::runtime_error("the log is full");
      },
      Event{EventKind::kUnload, "", "", "", ""});
  CHECK(calls == 1);
  CHECK_NOTHROW(notify({}, Event{EventKind::kUnload, "", "", "", ""}));
}

}  // namespace
}  // namespace pet
