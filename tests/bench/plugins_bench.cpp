// The built-in classes at work, through core, each beside what it cannot do without.
//
// scaler_predict  StandardScalerPlugin on 1,000,000 x 30 float64, beside a plain pass over the same
//                 numbers into an output of the host's. Both on one thread. Asked: at most 1.5 times.
// f3_stage        A stage of an F3Pipeline of eight cheap filters, beside calling the same filters
//                 by hand, one after the other. Asked: at most 1 µs beyond.
// local_thread    LocalThreadPipeline of two equally heavy filters, beside MonoPipeline of the same.
//                 Asked, on two cores: a ratio of at most 0.62, which is 1.6 times as fast.
// knn_digits      KnnFilter, 5 neighbours of the 1797 x 64 digits among themselves, beside
// knn_15          scikit-learn's KNeighborsClassifier; and of 10,000 x 15 uniform numbers. Asked: not
//                 slower, and faster up to 15 columns. Both sides on all cores. scikit-learn times its
//                 predict itself (knn_bound.py); without it these two are left out.
#include <benchmark/benchmark.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <pet/filter.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/loader/base_plugin.hpp"
#include "core/loader/host_memory.hpp"
#include "core/loader/pet_class.hpp"
#include "plugins/builtins.hpp"
#include "tests/bench/bench_plugins.hpp"
#include "tools/data/npy.hpp"

namespace pet::bench {

// One multiplication a value: next to nothing.
class Half : public Filter<Half> {
 public:
  XYData predict(const XYData& x) const {
    XYData y = like(x);
    double* out = y.data<double>();
    for (const double value : x.elements<double>()) *out++ = 0.5 * value;
    return y;
  }
};
PET_CLASS(Half, "1")

// Ten thousand roots a value, each of the one before.
class Roots : public Filter<Roots> {
 public:
  XYData predict(const XYData& x) const {
    XYData y = like(x);
    double* out = y.data<double>();
    for (double value : x.elements<double>()) {
      for (int i = 0; i < 10000; ++i) value = std::sqrt(value + 1);
      *out++ = value;
    }
    return y;
  }
};
PET_CLASS(Roots, "1")

namespace {

PetClass built_in(std::string_view name) {
  for (const pet_entry* entry : builtins()) {
    if (std::string_view(entry->class_name.data, entry->class_name.size) == name)
      return PetClass::compiled_in(*entry);
  }
  throw std::runtime_error("no built-in " + std::string(name));
}

// ---- scaler_predict ----

constexpr std::int64_t kColumns = 30;

const XYData& scaled_rows() {
  static const XYData rows = [] {
    XYData x = XYData::empty(dtype_of<double>(), {many_rows(), kColumns});
    std::int64_t i = 0;
    for (double& value : x.elements<double>())
      value = static_cast<double>(i++ * 2654435761 % 1000003) / 1000;
    return x;
  }();
  return rows;
}

void scaler_bound(benchmark::State& state) {
  const XYData& x = scaled_rows();
  const std::int64_t shape[] = {x.rows(), kColumns};
  const std::vector<double> mean(kColumns, 500.0);
  const std::vector<double> scale(kColumns, 288.7);
  for (auto _ : state) {
    XYData y = XYData::adopt(host_tensor_new(x.dtype(), 2, shape));
    const double* in = x.data<double>();
    double* out = y.data<double>();
    for (std::int64_t i = 0; i < shape[0]; ++i) {
      for (std::size_t j = 0; j < kColumns; ++j) *out++ = (*in++ - mean[j]) / scale[j];
    }
    benchmark::DoNotOptimize(y.get());
  }
}

void scaler_ours(benchmark::State& state) {
  const XYData& x = scaled_rows();
  BasePlugin scaler = built_in("StandardScalerPlugin").create();
  scaler.fit(x);
  for (auto _ : state) {
    const XYData y = scaler.predict(x);
    benchmark::DoNotOptimize(y.get());
  }
}

// ---- f3_stage ----

constexpr int kStages = 8;

std::vector<BasePlugin> cheap_filters() {
  std::vector<BasePlugin> filters;
  for (int i = 0; i < kStages; ++i)
    filters.push_back(PetClass::compiled_in(entry_of<Half>()).create());
  return filters;
}

XYData small_input() { return XYData::mock(std::vector<double>(4, 1.5), {1, 4}); }

// An iteration is one stage, so that the times are.
void f3_stage_bound(benchmark::State& state) {
  const std::vector<BasePlugin> filters = cheap_filters();
  const XYData x = small_input();
  while (state.KeepRunningBatch(kStages)) {
    XYData y = filters[0].predict(x);
    for (std::size_t i = 1; i < filters.size(); ++i) y = filters[i].predict(y);
    benchmark::DoNotOptimize(y.get());
  }
}

void f3_stage_ours(benchmark::State& state) {
  const std::vector<BasePlugin> filters = cheap_filters();
  const BasePlugin pipeline =
      built_in("F3Pipeline").create({{"filters", ParamList(filters.begin(), filters.end())}});
  const XYData x = small_input();
  while (state.KeepRunningBatch(kStages)) {
    const XYData y = pipeline.predict(x);
    benchmark::DoNotOptimize(y.get());
  }
}

// ---- local_thread ----

void side_by_side(benchmark::State& state, const char* pipeline_class) {
  const PetClass roots = PetClass::compiled_in(entry_of<Roots>());
  const BasePlugin pipeline =
      built_in(pipeline_class).create({{"filters", ParamList{roots.create(), roots.create()}}});
  const XYData x = XYData::mock(std::vector<double>(100, 1.5), {100, 1});
  for (auto _ : state) {
    const XYData y = pipeline.predict(x);
    benchmark::DoNotOptimize(y.get());
  }
}

// ---- knn_* ----

// What knn_bound.py wrote and measured.
struct Neighbors {
  XYData x, y, predicted;
  double bound_seconds = 0;
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "pet-bench-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// How long each side repeats its predict, to keep the least time.
double knn_seconds() { return many_rows() < 1000000 ? 0.01 : 2; }

// Nothing where there is no scikit-learn.
std::unique_ptr<Neighbors> measure_bound(const std::string& data) {
  const TemporaryDirectory directory;
  const std::string command = std::string(PET_PYTHON) + " '" + PET_KNN_BOUND + "' " + data + " " +
                              std::to_string(knn_seconds()) + " '" + directory.path().string() +
                              "'";
  std::FILE* script = popen(command.c_str(), "r");
  if (script == nullptr) throw std::runtime_error("cannot run " + command);
  auto out = std::make_unique<Neighbors>();
  const int read = std::fscanf(script, "%lf", &out->bound_seconds);
  const int status = pclose(script);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == 3 || code == 127) return nullptr;  // 127: no Python either
  if (status != 0 || read != 1) throw std::runtime_error(command + " failed");
  out->x = tools::read_npy(directory.path() / "x.npy");
  out->y = tools::read_npy(directory.path() / "y.npy");
  out->predicted = tools::read_npy(directory.path() / "predicted.npy");
  return out;
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void leave_out(benchmark::State& state) {
  state.SkipWithError("left out: needs scikit-learn (python3-sklearn)");
}

void knn_bound(benchmark::State& state, const char* data) {
  const std::unique_ptr<Neighbors> neighbors = measure_bound(data);
  if (neighbors == nullptr) return leave_out(state);
  for (auto _ : state) state.SetIterationTime(neighbors->bound_seconds);
}

void knn_ours(benchmark::State& state, const char* data) {
  static std::map<std::string, std::unique_ptr<Neighbors>> measured;
  const auto found = measured.try_emplace(data);
  if (found.second) found.first->second = measure_bound(data);
  const Neighbors* neighbors = found.first->second.get();
  if (neighbors == nullptr) return leave_out(state);
  BasePlugin knn = built_in("KnnFilter").create({{"n_neighbors", 5}});
  knn.fit(neighbors->x, neighbors->y);

  XYData predicted;
  double least = std::numeric_limits<double>::infinity();
  for (const auto begin = now(); now() - begin < knn_seconds();) {
    const double start = now();
    predicted = knn.predict(neighbors->x);
    least = std::min(least, now() - start);
  }
  for (auto _ : state) state.SetIterationTime(least);

  const auto answers = std::as_const(predicted).value<std::int64_t>();
  const auto theirs = neighbors->predicted.value<std::int64_t>();
  std::size_t different = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) different += answers[i] != theirs[i];
  state.SetLabel(std::to_string(different) + " of " + std::to_string(answers.size()) +
                 " labels differ");
}

}  // namespace

void register_plugins_benchmarks() {
  const auto add = [](const char* name, auto... arguments) {
    return benchmark::RegisterBenchmark(name, arguments...)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  };
  add("scaler_predict/bound", scaler_bound);
  add("scaler_predict/ours", scaler_ours);
  benchmark::RegisterBenchmark("f3_stage/bound", f3_stage_bound);
  benchmark::RegisterBenchmark("f3_stage/ours", f3_stage_ours);
  add("local_thread/bound", side_by_side, "MonoPipeline");
  add("local_thread/ours", side_by_side, "LocalThreadPipeline");
  for (const char* data : {"digits", "15"}) {
    const std::string name = std::string("knn_") + data;
    const auto add_knn = [&](const char* side, auto function) {
      benchmark::RegisterBenchmark((name + side).c_str(), function, data)
          ->Unit(benchmark::kMillisecond)
          ->Iterations(1)
          ->UseManualTime();
    };
    add_knn("/bound", knn_bound);
    add_knn("/ours", knn_ours);
  }
}

}  // namespace pet::bench
