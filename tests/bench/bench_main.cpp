// pet_bench: every figure beside its lower bound of the same run, and their ratio. Takes Google
// Benchmark's options, and --few for a quick look.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/bench_plugins.hpp"

namespace pet::bench {

void register_load_benchmarks();
void register_lookup_benchmarks();
void register_call_benchmarks();
void register_live_benchmarks();
void register_plugins_benchmarks();
void register_transfer_benchmarks();
void register_far_benchmarks();
void register_start_benchmarks();
void register_trial_benchmarks();
void register_swap_benchmarks();
void register_watch_benchmarks();

namespace {

// Keeps the least time of each figure: noise only ever adds.
class RatioReporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.iterations == 0) continue;
      const std::string& name = run.run_name.function_name;
      const double ns =
          run.GetAdjustedRealTime() * 1e9 / benchmark::GetTimeUnitMultiplier(run.time_unit);
      const std::size_t slash = name.rfind('/');
      Pair& pair = pairs_[name.substr(0, slash)];
      if (pair.bound == 0 && pair.ours == 0) order_.push_back(name.substr(0, slash));
      double& least = name.substr(slash) == "/bound" ? pair.bound : pair.ours;
      if (least == 0 || ns < least) least = ns;
    }
  }

  void Finalize() override {
    std::printf("\n%-20s %14s %14s %8s %14s\n", "figure", "bound [ns]", "ours [ns]", "ratio",
                "beyond [ns]");
    for (const std::string& name : order_) {
      const Pair& pair = pairs_[name];
      std::printf("%-20s %14.1f %14.1f %8.2f %14.1f\n", name.c_str(), pair.bound, pair.ours,
                  pair.ours / pair.bound, pair.ours - pair.bound);
    }
  }

 private:
  struct Pair {
    double bound = 0;
    double ours = 0;
  };
  std::map<std::string, Pair> pairs_;
  std::vector<std::string> order_;
};

}  // namespace
}  // namespace pet::bench

int main(int argc, char** argv) {
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--few") == 0) {
      pet::bench::set_few_plugins();
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  pet::bench::register_load_benchmarks();
  pet::bench::register_lookup_benchmarks();
  pet::bench::register_call_benchmarks();
  pet::bench::register_live_benchmarks();
  pet::bench::register_plugins_benchmarks();
  pet::bench::register_transfer_benchmarks();
  pet::bench::register_far_benchmarks();
#ifdef PET_PETCTL
  pet::bench::register_start_benchmarks();
  pet::bench::register_trial_benchmarks();
  pet::bench::register_swap_benchmarks();
  pet::bench::register_watch_benchmarks();
#endif
  pet::bench::RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
}
