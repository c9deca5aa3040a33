// load_generator: requests without pause, or so many a second, and what came of each.
//
//   load_generator URL PATH BODY-FILE SECONDS [--threads N] [--rate R] [--stamp]
//
// Prints one line: requests, failed (a status other than 200), lost (no answer to a request that was
// sent), refused (no connection), mixed, quantiles, and the versions that answered. With --stamp an
// answer's values must be multiples of 11, which tells two filters of one version (tests/fixtures/
// behaviour/stamp.cpp on zeros). With --rate, time is counted from when a request was due. It ends early
// on SIGTERM, or after refusals only, for a second.
#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> ends{false};

struct Tally {
  std::uint64_t requests = 0, failed = 0, lost = 0, refused = 0, mixed = 0;
  std::map<std::string, std::uint64_t> versions;
  std::vector<std::int64_t> microseconds;
  std::string example;  // of a failure
};

struct Plan {
  std::string url, path, body;
  double seconds = 1;
  int threads = 2;
  double rate = 0;  // of all threads; 0: without pause
  bool stamp = false;
};

std::string text_after(const std::string& json, const std::string& key) {
  const auto at = json.find(key);
  if (at == std::string::npos) return "";
  const auto begin = at + key.size();
  return json.substr(begin, json.find_first_of("\"]", begin) - begin);
}

bool is_whole(const std::string& json) {
  std::string data = text_after(json, "\"data\":[");
  if (data.empty()) return false;
  for (const char* at = data.c_str(); *at != '\0';) {
    char* end = nullptr;
    const double value = std::strtod(at, &end);
    if (end == at || std::fmod(value, 11) != 0) return false;
    at = *end == ',' ? end + 1 : end;
  }
  return true;
}

void judge(const httplib::Result& result, const Plan& plan, Tally& tally) {
  if (!result) {
    const bool is_refused = result.error() == httplib::Error::Connection;
    ++(is_refused ? tally.refused : tally.lost);
    if (!is_refused) tally.example = httplib::to_string(result.error());
    if (is_refused) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return;
  }
  ++tally.requests;
  if (result->status != 200) {
    ++tally.failed;
    tally.example = result->body.substr(0, 300);
    return;
  }
  ++tally.versions[text_after(result->body, "\"model_version\":\"")];
  if (plan.stamp && !is_whole(result->body)) {
    ++tally.mixed;
    tally.example = result->body.substr(0, 300);
  }
}

Tally run(const Plan& plan, int thread, Clock::time_point start) {
  httplib::Client client(plan.url);
  client.set_keep_alive(true);
  client.set_tcp_nodelay(true);
  client.set_read_timeout(60);
  Tally tally;
  const auto end = start + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(plan.seconds));
  std::uint64_t answered_before = 0;
  auto last_answer = start;
  for (std::int64_t i = 0; !ends && Clock::now() < end; ++i) {
    auto due = Clock::now();
    if (plan.rate > 0) {
      due = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                        static_cast<double>(i * plan.threads + thread) / plan.rate));
      if (due >= end) break;
      std::this_thread::sleep_until(due);
    }
    judge(client.Post(plan.path, plan.body, "application/json"), plan, tally);
    tally.microseconds.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - due).count());
    if (tally.requests != answered_before) last_answer = Clock::now();
    answered_before = tally.requests;
    if (Clock::now() - last_answer > std::chrono::seconds(1)) break;
  }
  return tally;
}

void add(Tally& sum, const Tally& part) {
  sum.requests += part.requests;
  sum.failed += part.failed;
  sum.lost += part.lost;
  sum.refused += part.refused;
  sum.mixed += part.mixed;
  for (const auto& [version, count] : part.versions) sum.versions[version] += count;
  sum.microseconds.insert(sum.microseconds.end(), part.microseconds.begin(),
                          part.microseconds.end());
  if (!part.example.empty()) sum.example = part.example;
}

std::int64_t quantile(const std::vector<std::int64_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(at, sorted.size() - 1)];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return std::fputs("usage: load_generator URL PATH BODY-FILE SECONDS\n", stderr), 2;
  Plan plan{.url = argv[1], .path = argv[2], .body = {}, .seconds = std::atof(argv[4])};
  std::ifstream in(argv[3]);
  plan.body.assign(std::istreambuf_iterator<char>(in), {});
  for (int i = 5; i < argc; ++i) {
    if (std::strcmp(argv[i], "--stamp") == 0) plan.stamp = true;
    if (std::strcmp(argv[i], "--threads") == 0)
      plan.threads = std::atoi(argv[++i]);
    else if (std::strcmp(argv[i], "--rate") == 0)
      plan.rate = std::atof(argv[++i]);
  }
  std::signal(SIGTERM, [](int) { ends = true; });
  const auto start = Clock::now();
  std::vector<Tally> tallies(static_cast<std::size_t>(plan.threads));
  std::vector<std::thread> threads;
  for (int i = 0; i < plan.threads; ++i) {
    threads.emplace_back([&, i] { tallies[static_cast<std::size_t>(i)] = run(plan, i, start); });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  Tally sum;
  for (const Tally& tally : tallies) add(sum, tally);
  std::sort(sum.microseconds.begin(), sum.microseconds.end());
  std::printf(
      "requests=%llu failed=%llu lost=%llu refused=%llu mixed=%llu per_second=%.0f p50_us=%lld "
      "p99_us=%lld p999_us=%lld versions=",
      static_cast<unsigned long long>(sum.requests), static_cast<unsigned long long>(sum.failed),
      static_cast<unsigned long long>(sum.lost), static_cast<unsigned long long>(sum.refused),
      static_cast<unsigned long long>(sum.mixed), static_cast<double>(sum.requests) / seconds,
      static_cast<long long>(quantile(sum.microseconds, 0.5)),
      static_cast<long long>(quantile(sum.microseconds, 0.99)),
      static_cast<long long>(quantile(sum.microseconds, 0.999)));
  const char* separator = "";
  for (const auto& [version, count] : sum.versions) {
    std::printf("%s%s", separator, version.c_str());
    separator = ",";
  }
  std::printf("\n");
  if (!sum.example.empty()) std::fprintf(stderr, "load_generator: %s\n", sum.example.c_str());
  return sum.failed + sum.lost + sum.mixed == 0 ? 0 : 1;
}
