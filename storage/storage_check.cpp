#include "storage/storage_check.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

#include "storage/key.hpp"

namespace pet {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kProbeBytes = 4096;  // a block of a disk that may be full
constexpr int kWriters = 4;
constexpr int kQuestions = 9;
constexpr seconds kLongEnough{5};   // no further question is begun then
constexpr seconds kNoticeable{60};  // of a clock
constexpr seconds kRefused{900};    // S3 refuses signatures from here on

std::string milliseconds(Clock::duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f ms",
                std::chrono::duration<double, std::milli>(time).count());
  return text;
}

std::string in_words(seconds time) {
  const long long count = std::chrono::abs(time).count();
  if (count < 180) return std::to_string(count) + " seconds";
  if (count < 3 * 3600) return std::to_string(count / 60) + " minutes";
  return std::to_string(count / 3600) + " hours";
}

class Examination {
 public:
  Examination(BaseStorage& storage, const StorageCheckOptions& options)
      : storage_(storage),
        options_(options),
        race_key_(options.probe + "-race"),
        checks_(options.report) {}

  std::vector<Check> run() {
    const bool reachable = checks_.run("reachable", "", [&] { return reach(); });
    std::string obstacle = reachable ? "" : "the storage cannot be reached";
    checks_.run("clock", "", [&] { return clock(); });
    checks_.run("encryption", "", [&] { return encryption(); });
    const bool allowed = checks_.run("credentials", obstacle, [&] { return credentials(); });
    if (reachable && !allowed) obstacle = "nothing can be asked of the storage";
    checks_.run("list", obstacle, [&] { return list(); });
    checks_.run("read", obstacle, [&] { return read(); });
    write(obstacle);
    checks_.run("latency", obstacle, [&] { return latency(); });
    return checks_.take();
  }

 private:
  Check reach();
  Check clock() const;
  Check encryption() const;
  Check credentials() const;
  Check list();
  Check read() const;
  void write(const std::string& obstacle);
  Check write_probe();
  Check conditional_writes();
  Check race();
  Check remove();
  Check latency() const;

  BaseStorage& storage_;
  const StorageCheckOptions& options_;
  const std::string race_key_;
  Checklist checks_;
  std::optional<Error> refusal_;
  std::string listed_;  // the key of an object; empty: none is known
};

// What refuses is there. Settings that contradict each other (kUsage) ask nobody.
Check Examination::reach() {
  const auto asked = Clock::now();
  try {
    storage_.get(options_.probe);
  } catch (const Error& error) {
    const bool is_usage = error.code() == ErrorCode::kUsage;
    if (!is_usage && error.code() != ErrorCode::kStorageRefused) throw;
    // Of a server that has said nothing at all, its certificate was refused: nobody was asked, and
    // credentials are not what is wrong.
    if (!is_usage && storage_.capabilities().remote && !storage_.clock_skew()) throw;
    refusal_ = error;
    return is_usage ? Check::skipped("nothing was asked") : Check::ok("it answers, with a refusal");
  }
  return Check::ok("the first answer came after " + milliseconds(Clock::now() - asked));
}

Check Examination::clock() const {
  const std::optional<seconds> skew = storage_.clock_skew();
  if (!skew) return Check::skipped("no server says what time it is");
  if (*skew == seconds(0)) return Check::ok("the server's clock and this machine's agree");
  std::string found = "this machine's clock is " + in_words(*skew) +
                      (*skew > seconds(0) ? " behind" : " ahead of") + " the server's";
  if (std::chrono::abs(*skew) <= kNoticeable) return Check::ok(std::move(found));
  Check check = Check::warning(std::move(found),
                               "set the clock of this machine, or of the server, whichever is "
                               "wrong (timedatectl set-ntp true)");
  if (refusal_ && std::chrono::abs(*skew) >= kRefused) {
    check.status = CheckStatus::kFailed;
    check.code = ErrorCode::kStorageRefused;
  }
  return check;
}

Check Examination::encryption() const {
  if (!storage_.capabilities().remote) return Check::skipped("nothing goes over a network");
  const std::string server = storage_.unencrypted_server();
  if (server.empty()) return Check::ok("over TLS, or within this machine");
  return Check::warning(
      server +
          " is asked without TLS: whoever is in between can read objects and "
          "session tokens",
      "https:// in place of http://, where the server has it; else a network that "
      "nobody else is on");
}

Check Examination::credentials() const {
  if (refusal_) throw *refusal_;
  return Check::ok("an object that is not there is said to be absent");
}

Check Examination::list() {
  if (!storage_.capabilities().list) return Check::skipped("this kind of storage does not list");
  const std::vector<std::string> keys = storage_.list(options_.prefix, {}, 1);
  if (keys.empty()) return Check::ok("allowed; nothing is there yet");
  listed_ = keys.front();
  return Check::ok("allowed");
}

Check Examination::read() const {
  if (listed_.empty()) return Check::skipped("no object is known to be there");
  const std::optional<std::string> byte = storage_.get_range(listed_, 0, 1);
  return Check::ok(byte ? "allowed" : "allowed; the object has gone meanwhile");
}

void Examination::write(const std::string& obstacle) {
  std::string why = obstacle;
  if (why.empty() && !storage_.capabilities().write) why = "this kind of storage is read-only";
  if (why.empty()) why = options_.not_written;
  const bool written = checks_.run("write", why, [&] { return write_probe(); });
  if (why.empty() && !written) {
    why = "writing failed";
    try {
      storage_.remove(options_.probe);  // it may be there all the same
    } catch (const Error&) {
    }
  }
  checks_.run("conditional_writes", why, [&] { return conditional_writes(); });
  checks_.run("remove", why, [&] { return remove(); });
}

Check Examination::write_probe() {
  const std::string bytes(kProbeBytes, '.');
  storage_.put(options_.probe, bytes);
  const std::optional<std::string> there = storage_.get(options_.probe);
  if (there == bytes) return Check::ok("an object was written and read back");
  throw Error(ErrorCode::kCorrupt,
              storage_.describe() + ": " + quoted(options_.probe) + " was written and is then " +
                  (there ? "another object" : "absent") +
                  "\n  try: a storage that shows what was written at once; nothing in between that "
                  "keeps old answers");
}

// Where nobody else ever writes, there is no need of them.
Check Examination::conditional_writes() {
  if (!storage_.capabilities().single_writer) return race();
  try {
    return race();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kStorageUnsupported) throw;
    return Check::warning("it has none, and is used in single-writer mode",
                          "let nobody else ever write there: the last writer would win");
  }
}

// Not one after the other alone: who looks first and then writes lets two writers be the first.
Check Examination::race() {
  std::vector<char> is_first(kWriters);
  std::vector<std::exception_ptr> failures(kWriters);
  const auto put = [&](std::size_t i) {
    try {
      is_first[i] = storage_.put_if_absent(race_key_, std::to_string(i));
    } catch (...) {
      failures[i] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    try {
      for (std::size_t i = 1; i < kWriters; ++i) threads.emplace_back(put, i);
    } catch (const std::system_error&) {
      // No more threads to be had: there are fewer writers.
    }
    put(0);
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  const auto first = std::ranges::find(is_first, char{1}) - is_first.begin();
  const auto count = std::ranges::count(is_first, char{1});
  const bool again = storage_.put_if_absent(race_key_, "again");
  const std::optional<std::string> there = storage_.get(race_key_);
  if (count == 1 && !again && there == std::to_string(first)) {
    return Check::ok("of writers at once exactly one is the first, and its object stays");
  }
  throw Error(ErrorCode::kStorageUnsupported,
              storage_.describe() + ": of " + std::to_string(kWriters) + " writers at once " +
                  std::to_string(count) + " were told that they were the first" +
                  (again ? ", and a later one was too" : "") +
                  ", expected one whose object stays\n  try: push nothing there; a storage with "
                  "atomic conditional writes");
}

// Of a registry's verbs only tidying up removes anything.
Check Examination::remove() {
  try {
    for (const std::string& key : {options_.probe, race_key_}) {
      // Where the race failed, its object may not have come into being.
      const bool was_there = storage_.remove(key) || key == race_key_;
      if (was_there && !storage_.get(key)) continue;
      throw Error(ErrorCode::kCorrupt, storage_.describe() + ": " + quoted(key) +
                                           (was_there ? " is still there after it was removed"
                                                      : " was written and is not there any more"));
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kStorageRefused) throw;
    Check check = Check::failed(error);
    check.status = CheckStatus::kWarning;
    check.code.reset();
    check.next_step += (check.next_step.empty() ? "" : "\n") +
                       ("have " + quoted(options_.probe) + " and " + quoted(race_key_)) +
                       " removed, which stayed behind";
    return check;
  }
  return Check::ok("what was written has been removed");
}

Check Examination::latency() const {
  std::vector<Clock::duration> times;
  const auto begin = Clock::now();
  while (times.size() < kQuestions && (times.empty() || Clock::now() - begin < kLongEnough)) {
    const auto asked = Clock::now();
    storage_.get(options_.probe);
    times.push_back(Clock::now() - asked);
  }
  std::ranges::sort(times);
  const Clock::duration median = times[times.size() / 2];
  Check check =
      Check::ok("median " + milliseconds(median) + ", worst " + milliseconds(times.back()) +
                " of " + std::to_string(times.size()) + " small questions");
  if (median >= options_.slow) {
    check.status = CheckStatus::kWarning;
    check.next_step = "a storage, or a mirror in a chain:, that is nearer to this machine";
  }
  return check;
}

}  // namespace

std::vector<Check> check_storage(BaseStorage& storage, const StorageCheckOptions& options) {
  return Examination(storage, options).run();
}

}  // namespace pet
