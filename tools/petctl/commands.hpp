// The verbs of petctl. Each takes its options and the settings, prints to stdout, and throws
// pet::Error; main.cpp turns that into a message and an exit status.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/session/settings.hpp"

namespace pet::tools {

struct NewOptions {
  std::string kind;  // filter, metric, pipeline
  std::string name;
  std::string directory;  // where NAME/ is made; empty: here
};
void run_new(const Settings& settings, const NewOptions& options);

struct InspectOptions {
  std::string file;
};
// Throws after printing when the gate refuses the file.
void run_inspect(const Settings& settings, const InspectOptions& options);

struct PushOptions {
  std::vector<std::string> files;
  bool no_latest = false;
  bool move_back = false;
  bool verify = false;
  std::string message;
};
void run_push(const Settings& settings, const PushOptions& options);

struct StatusOptions {
  std::vector<std::string> files;
  bool exit_code = false;
};
// false: one is not synced, and exit_code was asked for.
bool run_status(const Settings& settings, const StatusOptions& options);

struct PullOptions {
  std::string target;  // CLASS, CLASS@HASH or CLASS@FIRST-DIGITS
  std::string out;     // a file to copy the binary to; empty: only the cache
};
void run_pull(const Settings& settings, const PullOptions& options);

struct ListOptions {
  std::string class_name;  // empty: all classes
  bool builtin = false;
};
void run_list(const Settings& settings, const ListOptions& options);

struct LogOptions {
  std::string class_name;
};
void run_log(const Settings& settings, const LogOptions& options);

struct RunOptions {
  std::string pipeline;
  std::vector<std::string> plugins;
  std::string x_train, y_train, x, y, out, save, target;
};
void run_run(const Settings& settings, const RunOptions& options);

struct PinOptions {
  std::string pipeline;
  std::vector<std::string> plugins;
  std::string out;  // empty: stdout
};
void run_pin(const Settings& settings, const PinOptions& options);

struct PromoteOptions {
  std::string target;  // CLASS, CLASS@HASH or CLASS@FIRST-DIGITS
  std::string from, to;
  bool move_back = false;
  std::string message;  // empty: that of the entry it comes from
};
void run_promote(const Settings& settings, const PromoteOptions& options);

struct RollbackOptions {
  std::string class_name;
  std::string to;       // a hash, its first digits, or a number of the log; empty: the release before
  std::string message;  // empty: "back to #3"
};
void run_rollback(const Settings& settings, const RollbackOptions& options);

struct WatchOptions {
  std::string class_name;
  double interval = 2;      // seconds between looks
  std::uint64_t moves = 0;  // after which it ends; 0: never
};
// Prints every move as it comes, until it is stopped. With --json a document a line.
void run_watch(const Settings& settings, const WatchOptions& options);

struct ForgiveOptions {
  std::string target;      // CLASS, CLASS@HASH or CLASS@FIRST-DIGITS; empty: all are printed
  std::string rejections;  // a directory; empty: usual_rejections()
};
// Of services on this machine: they try it again at their next poll.
void run_forgive(const Settings& settings, const ForgiveOptions& options);

struct CacheVerbOptions {
  std::string action;  // show, clear
  bool quarantine = false;
};
void run_cache(const Settings& settings, const CacheVerbOptions& options);

struct DoctorOptions {
  bool read_only = false;
};
// Throws after printing when a check failed.
void run_doctor(const Settings& settings, const DoctorOptions& options);

}  // namespace pet::tools
