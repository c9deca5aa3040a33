// A version of a class that is bad in one way, in one phase of its life: no call is answered otherwise, or not
// at all.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <thread>

#include "core/live/live_pipeline.hpp"
#include "core/live/trial_channel_posix.hpp"
#include "core/loader/loader.hpp"
#include "tests/await.hpp"
#include "tests/core/live/service.hpp"
#include "tests/core/live/trial_site.hpp"
#include "tests/core/loader/loading.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Short only for those who do not come back: a busy machine may be slow with the others.
std::shared_ptr<const Trial> trial_for(const std::string& how) {
  TrialLimits limits{.memory = std::uint64_t{256} << 20};
  if (how == "hang") limits.time = milliseconds(3000);
  if (how == "hang" || how == "slow") limits.call = milliseconds(500);
  return std::make_shared<const Trial>(PET_TRIAL_PROGRAM, limits);
}

// {"clazz": "Misbehaves"} that has learned, follows its class, and does `how` in the phase `when`.
std::string misbehaving(const Hash& state, const std::string& when, const std::string& how) {
  return R"({"clazz": "Misbehaves", "params": )" + behaviour(when, how) + R"(, "state_hash": ")" +
         state.hex() + "\"}";
}

// A service over which a reader watches, in the version that behaves: it multiplies by three.
struct Watched {
  Watched(const std::string& when, const std::string& how, const std::string& config_how,
          LiveOptions options = {})
      : service(std::move(options)) {
    BasePlugin fitted = load_fixture("misbehaves").create();
    fitted.fit(XYData::mock<double>({{1.0}, {2.0}, {3.0}}));
    const FittedState state{"Misbehaves", Binary::from_bytes(fitted.save_state())};
    service.author.persist_states({&state, 1});
    write_file(service.folder / "pipeline.json", misbehaving(state.bytes.hash(), when, config_how));
    service.options.trial = trial_for(how);
    service.restart();
    first = service.push("behaves");
    service.settle();
    REQUIRE(service.answer(1) == 3);
    reader = std::thread([this] {
      const XYData one = XYData::mock({{1.0}});
      while (!done) {
        try {
          const double answer = service.live->predict(one).matrix<double>()(0, 0);
          if (answer != 3 && answer != allowed) ++wrong;
        } catch (const std::exception&) {
          ++wrong;
        }
        ++answers;
      }
    });
  }
  ~Watched() {
    done = true;
    reader.join();
  }

  // Reads go on, whatever happened.
  void await_reads() const {
    const std::uint64_t before = answers;
    await("a hundred answers more", [&] { return answers >= before + 100; });
  }

  Service service;
  Hash first{Hash::Bytes{}};
  std::atomic<bool> done{false};
  std::atomic<double> allowed{3};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> answers{0};
  std::thread reader;
};

struct Fault {
  const char* when;
  const char* how;
  const char* reason;
};

void check_rejected(Watched& watched, const Hash& bad, const std::string& reason) {
  watched.await_reads();
  CHECK(watched.wrong == 0);
  const LiveStatus status = watched.service.live->status();
  CHECK(status.swaps == 1);
  REQUIRE(status.current.classes.size() == 1);
  CHECK(status.current.classes.front().hash == watched.first);
  REQUIRE(status.rejections.size() == 1);
  CHECK(status.rejections.front().hash == bad);
  CHECK_THAT(status.rejections.front().reason, Contains(reason));
  CHECK(Loader::process().find(bad) == nullptr);
}

}  // namespace

TEST_CASE("a plugin that is bad in any phase changes no answer", "[live][faults]") {
  const Fault faults[] = {
      {"construct", "crash", "crashed (SIGSEGV) in construct"},
      {"construct", "hang", "and was in construct"},
      {"construct", "allocate", "of memory in construct"},
      {"construct", "throw", "failed in construct"},
      {"import", "crash", "crashed (SIGSEGV) in import"},
      {"import", "hang", "and was in import"},
      {"import", "allocate", "of memory in import"},
      {"import", "throw", "failed in import"},
      {"import", "forget", "does not keep what it imported"},
      {"export", "crash", "crashed (SIGSEGV) in export"},
      {"export", "hang", "and was in export"},
      {"export", "allocate", "of memory in export"},
      {"export", "throw", "failed in export"},
      {"export", "differ", "saves its state in other bytes each time"},
      {"warm", "crash", "crashed (SIGSEGV) in warm"},
      {"warm", "hang", "and was in warm"},
      {"warm", "allocate", "of memory in warm"},
      {"warm", "throw", "failed in warm"},
      {"call", "crash", "crashed (SIGSEGV) in call 1 of 1"},
      {"call", "hang", "took longer than 500 ms in call 1 of 1"},
      {"call", "sleep", "took longer than 500 ms in call 1 of 1"},
      {"call", "allocate", "of memory in call"},
      {"call", "throw", "failed in call 1 of 1"},
      {"call", "nan", "expected finite numbers, got nan"},
      {"destroy", "crash", "crashed (SIGSEGV) in destroy"},
      {"destroy", "hang", "and was in destroy"},
      {"destroy", "allocate", "in destroy"},
      {"destroy", "throw", "crashed (SIGABRT) in destroy"},
  };
  for (const Fault& fault : faults) {
    CAPTURE(fault.when, fault.how);
    const std::string how = fault.how;
    if (how == "allocate" && !trial::kMemoryIsLimited) continue;
    Watched watched(fault.when, how == "sleep" ? "slow" : how, how);
    const Hash bad = watched.service.push("misbehaves");
    watched.service.settle();
    check_rejected(watched, bad, fault.reason);
  }
}

TEST_CASE("a plugin that leaks in each call is rejected when that is too much", "[live][faults]") {
  if (!trial::kMemoryIsLimited) {
    WARN("skipped: memory is not limited under sanitizers");
    return;
  }
  LiveOptions options;
  for (int i = 0; i < 8; ++i) {
    options.samples.push_back(std::make_shared<const XYData>(XYData::mock({{1.0}})));
  }
  Watched watched("call", "leak", "leak", options);
  const Hash bad = watched.service.push("misbehaves");
  watched.service.settle();
  check_rejected(watched, bad, "used more than 256 MiB of memory in call");
}

TEST_CASE("a plugin that is bad while its library is loaded or unloaded changes no answer",
          "[live][faults]") {
  const Fault faults[] = {
      {"load", "crash", "crashed (SIGSEGV) in load"},
      {"load", "hang", "and was in load"},
      {"load", "allocate", "in load"},
      {"load", "throw", "crashed (SIGABRT) in load"},
      {"load", "exit", "ended the process (exit status 3) in load"},
      {"unload", "crash", "crashed (SIGSEGV) in destroy"},
      {"unload", "hang", "and was in destroy"},
  };
  for (const Fault& fault : faults) {
    CAPTURE(fault.when, fault.how);
    const std::string how = fault.how;
    if (how == "allocate" && !trial::kMemoryIsLimited) continue;
    Service service({}, R"({"clazz": "MisbehavesInLoad", "params": {}})");
    service.options.trial = trial_for(how);
    service.restart();
    service.push("behaves_in_load");
    service.settle();
    CHECK(service.answer(1) == 1);
    ::setenv("PET_MISBEHAVE", (std::string(fault.when) + " " + how).c_str(), 1);
    const auto bad = Binary::read(Service::fixture("misbehaves_in_load"));
    service.author.push({&bad, 1});  // as from another machine: not loaded here
    service.settle();
    ::unsetenv("PET_MISBEHAVE");
    CHECK(service.answer(1) == 1);
    CHECK(service.live->status().swaps == 1);
    REQUIRE(service.live->status().rejections.size() == 1);
    CHECK_THAT(service.live->status().rejections.front().reason, Contains(fault.reason));
    CHECK(Loader::process().find(bad.hash()) == nullptr);
  }
}

TEST_CASE("a plugin that throws here, though it passed its trial, changes no answer",
          "[live][faults]") {
  const Fault faults[] = {
      {"construct", "here throw", "here: "},
      {"import", "here throw", "here: "},
      {"warm", "here throw", "here: "},
      {"call", "here throw", "here: "},  // of the samples, with which it is warmed
  };
  LiveOptions options;
  for (int i = 0; i < 2; ++i) {
    options.samples.push_back(std::make_shared<const XYData>(XYData::mock({{1.0}})));
  }
  for (const Fault& fault : faults) {
    CAPTURE(fault.when);
    Watched watched(fault.when, "throw", fault.how, options);
    const Hash bad = watched.service.push("misbehaves");
    watched.service.settle();
    check_rejected(watched, bad, fault.reason);
  }
}

TEST_CASE("a plugin that is slow in any phase, within its limits, delays no answer",
          "[live][faults]") {
  for (const char* const when : {"construct", "import", "warm", "destroy"}) {
    CAPTURE(when);
    Watched watched(when, "", "sleep", {.budget = {.probation = seconds(0)}});
    Service& service = watched.service;
    watched.allowed = 2;
    service.push("misbehaves");
    service.settle();
    CHECK(service.answer(1) == 2);
    // And back, so that it is destroyed here.
    service.push("behaves");
    service.settle();
    CHECK(service.answer(1) == 3);
    while (!service.live->status().draining.empty()) service.settle();  // a read may go on
    CHECK(service.states().back() == "unloaded");
    watched.await_reads();
    CHECK(watched.wrong == 0);
  }
}
