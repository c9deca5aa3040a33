// CommandLine: the verbs of petctl and their options, and what of them was given. What a verb does stands in
// the file of its name.
//
//   CLI::App app;
//   CommandLine line;
//   line.declare(app);
//   app.parse(argc, argv);
//   line.action();
#pragma once

#include <functional>

#include "tools/petctl/commands.hpp"

namespace CLI {
class App;
}

namespace pet::tools {

struct CommandLine {
  Settings settings;
  NewOptions make;
  InspectOptions inspect;
  PushOptions push;
  StatusOptions status;
  PullOptions pull;
  ListOptions list;
  LogOptions log;
  RunOptions run;
  PinOptions pin;
  PromoteOptions promote;
  RollbackOptions rollback;
  WatchOptions watch;
  ForgiveOptions forgive;
  CacheVerbOptions cache;
  DoctorOptions doctor;
  std::function<void()> action;  // of the verb that was given
  bool succeeded = true;  // false: all was done, and --exit-code wants the answer as a status

  // REQUIRES: this outlives `app` and stays where it is.
  void declare(CLI::App& app);
};

}  // namespace pet::tools
