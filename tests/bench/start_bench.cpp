// What a user waits for before petctl does anything: a process from posix_spawn to its end, beside an
// empty program of the same compiler.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace pet::bench {
namespace {

void run(benchmark::State& state, const char* program) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  std::string name = program;
  std::string help = "--help";
  char* const arguments[] = {name.data(), help.data(), nullptr};
  for (auto _ : state) {
    pid_t child = 0;
    int status = -1;
    if (posix_spawn(&child, program, &actions, nullptr, arguments, environ) != 0 ||
        waitpid(child, &status, 0) != child || status != 0) {
      throw std::runtime_error(name + " --help failed");
    }
  }
  posix_spawn_file_actions_destroy(&actions);
}

}  // namespace

void register_start_benchmarks() {
  const auto add = [](const char* name, const char* program) {
    benchmark::RegisterBenchmark(name, run, program)->Unit(benchmark::kMillisecond)->UseRealTime();
  };
  add("petctl_help/bound", PET_EMPTY_PROGRAM);
  add("petctl_help/ours", PET_PETCTL);
}

}  // namespace pet::bench
