#include "core/live/trial.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/live/trial_channel_posix.hpp"
#include "storage/error.hpp"
#include "tests/core/live/trial_site.hpp"
#include "tests/core/loader/loading.hpp"

using namespace pet;
using namespace pet::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

// A candidate of the class Misbehaves that has learned, so that it has something to import and export.
struct Misbehaving : TrialSite {
  Misbehaving() {
    BasePlugin fitted = load_fixture("misbehaves").create();
    fitted.fit(XYData::mock<double>({{1.0}, {2.0}, {3.0}}));
    state = add_state(fitted.save_state());
  }
  TrialRequest candidate(const std::string& when, const std::string& how,
                         std::size_t samples = 3) const {
    return request(
        node("Misbehaves", hash, behaviour(when, how), R"(, "state_hash": ")" + state + '"'),
        samples);
  }

  std::string hash = add("misbehaves");
  std::string state;
};

constexpr TrialLimits kSmall{.memory = std::uint64_t{256} << 20};

// Short only for those who do not come back: a busy machine may be slow with the others.
TrialLimits limits_for(const std::string& how) {
  TrialLimits limits = kSmall;
  if (how.ends_with("hang")) limits.time = std::chrono::milliseconds(3000);
  if (how.ends_with("hang") || how == "sleep") limits.call = std::chrono::milliseconds(500);
  return limits;
}

// What one that behaves answers to samples_of(3).
std::vector<XYData> good_answers() {
  std::vector<XYData> answers;
  for (const double first : {0.0, 2.0, 4.0}) {
    answers.push_back(XYData::mock<double>({{first, 2.0}, {4.0, 6.0}, {8.0, 10.0}}));
  }
  return answers;
}

}  // namespace

TEST_CASE("a good candidate passes, with its answers and what they took", "[live][trial]") {
  const Misbehaving site;
  TrialRequest request = site.candidate("never", "");
  request.expected = good_answers();
  request.answer_rules.tolerance = 0;
  const TrialReport report = site.try_it(request);
  CHECK(report.reason == "");
  REQUIRE(report.passed);
  CHECK(report.phase == TrialPhase::kDestroy);
  CHECK(report.answered == 3);
  CHECK(report.slowest_call.count() > 0);
  CHECK(report.duration > report.slowest_call);
  CHECK(report.peak_memory > 1 << 20);
}

TEST_CASE("a misbehaving candidate is rejected in its phase, in a sentence", "[live][trial]") {
  const struct {
    const char* when;
    const char* how;
    TrialPhase phase;
    const char* reason;
  } cases[] = {
      {"construct", "crash", TrialPhase::kConstruct, "crashed (SIGSEGV) in construct"},
      {"construct", "abort", TrialPhase::kConstruct, "crashed (SIGABRT) in construct"},
      {"construct", "exit", TrialPhase::kConstruct,
       "ended the process (exit status 0) in construct"},
      {"construct", "throw", TrialPhase::kConstruct, "failed in construct: "},
      {"construct", "hang", TrialPhase::kConstruct,
       "took longer than 3 s in all, and was in construct"},
      {"import", "crash", TrialPhase::kImport, "crashed (SIGSEGV) in import"},
      {"import", "throw", TrialPhase::kImport, "out of order"},
      {"import", "hang", TrialPhase::kImport, "took longer than 3 s in all, and was in import"},
      {"import", "forget", TrialPhase::kExport, "does not keep what it imported: expected 'rows'"},
      {"export", "crash", TrialPhase::kExport, "crashed (SIGSEGV) in export"},
      {"export", "throw", TrialPhase::kExport, "out of order"},
      {"export", "hang", TrialPhase::kExport, "took longer than 3 s in all, and was in export"},
      {"export", "differ", TrialPhase::kExport, "saves its state in other bytes each time"},
      {"export", "forget", TrialPhase::kExport, "does not load all of what it saves"},
      {"warm", "crash", TrialPhase::kWarm, "crashed (SIGSEGV) in warm"},
      {"warm", "throw", TrialPhase::kWarm, "failed in warm: Misbehaves "},
      {"warm", "hang", TrialPhase::kWarm, "took longer than 3 s in all, and was in warm"},
      {"warm", "raise", TrialPhase::kWarm, "crashed (SIGFPE) in warm"},
      {"warm", "recurse", TrialPhase::kWarm, "crashed (SIGSEGV) in warm"},
      {"warm", "complain", TrialPhase::kWarm, "crashed (SIGABRT) in warm: no licence?[31m found"},
      {"call", "crash", TrialPhase::kCall, "crashed (SIGSEGV) in call 1 of 3"},
      {"call", "exit", TrialPhase::kCall, "ended the process (exit status 0) in call 1 of 3"},
      {"call", "throw", TrialPhase::kCall, "failed in call 1 of 3: Misbehaves "},
      {"call", "hang", TrialPhase::kCall, "took longer than 500 ms in call 1 of 3"},
      {"call", "sleep", TrialPhase::kCall, "took longer than 500 ms in call 1 of 3"},
      {"call", "close", TrialPhase::kCall, "in call 1 of 3"},
      {"call", "rubbish", TrialPhase::kCall, "disturbed the helper in call 1 of 3"},
      {"destroy", "crash", TrialPhase::kDestroy, "crashed (SIGSEGV) in destroy"},
      {"destroy", "throw", TrialPhase::kDestroy, "crashed (SIGABRT) in destroy"},
      {"destroy", "exit", TrialPhase::kDestroy, "ended the process (exit status 0) in destroy"},
      {"destroy", "hang", TrialPhase::kDestroy, "took longer than 3 s in all, and was in destroy"},
  };
  const Misbehaving site;
  for (const auto& c : cases) {
    CAPTURE(c.when, c.how);
    const TrialReport report = site.try_it(site.candidate(c.when, c.how), limits_for(c.how));
    CHECK(!report.passed);
    CHECK(!report.cancelled);
    CHECK(to_string(report.phase) == to_string(c.phase));
    CHECK_THAT(report.reason, Contains(c.reason));
  }
}

TEST_CASE("a candidate that allocates without end is told by its limit", "[live][trial]") {
  if (!trial::kMemoryIsLimited) {
    WARN("skipped: memory is not limited under sanitizers");
    return;
  }
  const Misbehaving site;
  for (const char* const how : {"allocate", "allocate_unchecked"}) {
    for (const char* const when : {"construct", "import", "export", "warm", "call", "destroy"}) {
      CAPTURE(when, how);
      const TrialReport report = site.try_it(site.candidate(when, how), kSmall);
      CHECK(!report.passed);
      CHECK_THAT(report.reason,
                 Contains("used more than 256 MiB of memory in " + std::string(when)));
    }
  }
}

TEST_CASE("a candidate that leaks in each call is told when that is too much", "[live][trial]") {
  if (!trial::kMemoryIsLimited) {
    WARN("skipped: memory is not limited under sanitizers");
    return;
  }
  const Misbehaving site;
  const TrialReport report = site.try_it(site.candidate("call", "leak", 8), kSmall);
  CHECK(!report.passed);
  CHECK_THAT(report.reason, Contains("used more than 256 MiB of memory in call"));
  CHECK(report.answered > 1);
  CHECK(site.try_it(site.candidate("call", "leak", 2), kSmall).passed);  // not too much
}

TEST_CASE("what a library does while it is loaded and unloaded is tried, too", "[live][trial]") {
  const struct {
    const char* what;
    TrialPhase phase;
    const char* reason;
  } cases[] = {
      {"load crash", TrialPhase::kLoad, "crashed (SIGSEGV) in load"},
      {"load exit", TrialPhase::kLoad, "ended the process (exit status 3) in load"},
      {"load throw", TrialPhase::kLoad, "crashed (SIGABRT) in load"},
      {"load hang", TrialPhase::kLoad, "took longer than 3 s in all, and was in load"},
      {"unload crash", TrialPhase::kDestroy, "crashed (SIGSEGV) in destroy"},
      {"unload hang", TrialPhase::kDestroy, "took longer than 3 s in all, and was in destroy"},
  };
  TrialSite site;
  const std::string config = node("MisbehavesInLoad", site.add("misbehaves_in_load"));
  for (const auto& c : cases) {
    CAPTURE(c.what);
    ::setenv("PET_MISBEHAVE", c.what, 1);
    const TrialReport report = site.try_it(site.request(config, 1), limits_for(c.what));
    CHECK(!report.passed);
    CHECK(to_string(report.phase) == to_string(c.phase));
    CHECK_THAT(report.reason, Contains(c.reason));
  }
  ::unsetenv("PET_MISBEHAVE");
  CHECK(site.try_it(site.request(config, 1)).reason == "");
}

TEST_CASE("a tree of binaries and built-in classes is tried, each with what it learned",
          "[live][trial]") {
  TrialSite site;
  const std::string wrapper = site.add("wrapper_pipeline");
  const std::string filter = site.add("learning_filter");
  const std::string good = site.add("good_filter");
  BasePlugin fitted = load_fixture("learning_filter").create();
  fitted.fit(XYData::mock<double>({{10.0}, {20.0}}));  // the mean is 15
  const std::string learned = R"(, "state_hash": ")" + site.add_state(fitted.save_state()) + '"';
  const std::string inner =
      node("WrapperPipeline", wrapper,
           R"({"filters": [)" + node("GoodFilter", good) + ", " +
               node("LearningFilter", filter, R"({"scale": 2.0})", learned) + "]}");
  // Of the helper's own classes: this program has none.
  const std::string config =
      R"({"clazz": "F3Pipeline", "version_hash": null, "builtin": "1", "params": {"filters": [)" +
      inner +
      R"(], "metrics": [{"clazz": "F1", "version_hash": null, "builtin": "1", "params": {}}]}})";
  TrialRequest request = site.request(config, 1);
  request.expected.push_back(
      XYData::mock<double>({{-30.0, -26.0}, {-22.0, -18.0}, {-14.0, -10.0}}));
  request.answer_rules.tolerance = 0;
  const TrialReport report = site.try_it(request);
  CHECK(report.reason == "");
  CHECK(report.answered == 1);

  const TrialReport newer = site.try_it(
      site.request(R"({"clazz": "F1", "version_hash": null, "builtin": "77", "params": {}})"));
  CHECK(newer.phase == TrialPhase::kConstruct);
  CHECK_THAT(newer.reason, StartsWith("failed in construct: the candidate"));
  const TrialReport malformed = site.try_it(site.request("{\"clazz\": "));
  CHECK(malformed.phase == TrialPhase::kLoad);
  CHECK_THAT(malformed.reason, Contains("the candidate: line 1, column 11"));
}

TEST_CASE("the answers are compared with the current version's", "[live][trial]") {
  const Misbehaving site;
  TrialRequest request = site.candidate("never", "shift");
  request.expected = good_answers();
  CHECK(site.try_it(request).passed);
  request.answer_rules.tolerance = 1e-6;
  const TrialReport report = site.try_it(request);
  CHECK(!report.passed);
  CHECK_THAT(report.reason, StartsWith("answered wrongly in call 1 of 3: expected 4 at [1, 0]"));
  CHECK(report.answered == 1);

  const struct {
    const char* how;
    const char* reason;
  } cases[] = {
      {"nan", "expected finite numbers, got nan at [1, 0]"},
      {"float32", "expected float64 [3, 2] as from the current version, got float32 [3, 2]"},
      {"flat", "expected float64 [3, 2] as from the current version, got float64 [1]"}};
  for (const auto& c : cases) {
    TrialRequest wrong = site.candidate("never", c.how);
    wrong.expected = good_answers();
    CHECK_THAT(site.try_it(wrong).reason, Contains(c.reason));
  }
  CHECK_THAT(site.try_it(site.candidate("never", "nan")).reason, Contains("got nan at [1, 0]"));
}

TEST_CASE("a request that cannot be tried is an error", "[live][trial]") {
  const Misbehaving site;
  TrialRequest one_answer = site.candidate("never", "");
  one_answer.expected.push_back(one_answer.samples.front().clone());
  TrialRequest nothing = site.candidate("never", "");
  nothing.samples.emplace_back();
  TrialRequest many = site.candidate("never", "", 4097);
  const struct {
    const TrialRequest& request;
    const char* message;
  } cases[] = {
      {one_answer,
       "a trial of 3 samples: 1 expected answers were given: give one a sample, or none"},
      {nothing, "a trial of 4 samples: expected data in each, one has nothing"},
      {many, "a trial of 4097 samples: give at most 4096"},
  };
  for (const auto& c : cases) {
    const Error error = error_of([&] { site.try_it(c.request); });
    CHECK(error.code() == ErrorCode::kUsage);
    CHECK(std::string(error.what()) == c.message);
  }
  many.samples.pop_back();
  CHECK(site.try_it(many).answered == 4096);
}

TEST_CASE("an answer larger than allowed is rejected, and one as large passes", "[live][trial]") {
  const Misbehaving site;
  const auto with = [&](std::uint64_t bytes) {
    return site.try_it(site.candidate("never", ""), {.answer = bytes});
  };
  CHECK(with(48).passed);  // three rows of two
  CHECK(with(47).reason ==
        "failed in call 1 of 3: expected an answer of at most 47 bytes, got float64 [3, 2]");
}
