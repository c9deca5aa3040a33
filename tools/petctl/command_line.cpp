#include "tools/petctl/command_line.hpp"

#include <CLI/CLI.hpp>
#include <string>
#include <utility>

#include "tools/session/session_options.hpp"

namespace pet::tools {
namespace {

constexpr char kAllVerbs[] =
    "Also, with every verb: --storage URL, --cache DIR, --config FILE, --offline, --json, "
    "--verbose:\n"
    "see petctl --help.";

CLI::App* add_verb(CLI::App& app, CommandLine& line, const std::string& name,
                   const std::string& help, const std::string& example,
                   std::function<void(const Settings&)> action) {
  CLI::App* verb = app.add_subcommand(name, help);
  verb->footer(kAllVerbs + ("\nExample:\n  " + example));
  verb->callback([&line, action = std::move(action)] {
    line.action = [&line, action] { action(line.settings); };
  });
  verb->fallthrough();  // petctl VERB --storage URL means the same as petctl --storage URL VERB
  return verb;
}

void add_global_options(CLI::App& app, Settings& settings) {
  add_session_options(app, settings);
  app.add_flag("--offline", settings.offline, "Ask only the cache and the built-in classes");
  app.add_flag("--json", settings.json,
               "Print one JSON document; a failure is {\"error\": {\"code\", \"message\", …}}, its "
               "text on stderr");
  app.add_flag("-v,--verbose", settings.verbose, "Tell on stderr what is fetched, loaded, refused");
}

void add_author_verbs(CLI::App& app, CommandLine& line) {
  auto* make = add_verb(app, line, "new", "Start a class: NAME/NAME.cpp and NAME/CMakeLists.txt",
                        "petctl new filter MyFilter && cmake -S MyFilter -B MyFilter/build && "
                        "cmake --build MyFilter/build",
                        [&](const Settings& s) { run_new(s, line.make); });
  make->add_option("kind", line.make.kind, "filter, metric or pipeline")
      ->required()
      ->type_name("KIND");
  make->add_option("name", line.make.name, "The class's name")->required()->type_name("NAME");
  make->add_option("--directory", line.make.directory, "Where to make it")->type_name("DIR");

  auto* inspect =
      add_verb(app, line, "inspect", "Print every fact of a binary and whether it loads here",
               "petctl inspect MyFilter/build/MyFilter.so",
               [&](const Settings& s) { run_inspect(s, line.inspect); });
  inspect->add_option("file", line.inspect.file, "The binary")->required()->type_name("FILE");

  auto* push = add_verb(app, line, "push", "Store binaries and make them their class's latest",
                        "petctl push MyFilter/build/MyFilter.so --message 'faster on wide inputs'",
                        [&](const Settings& s) { run_push(s, line.push); });
  push->add_option("files", line.push.files, "The binaries")->required()->type_name("FILE");
  push->add_flag("--no-latest", line.push.no_latest, "Store only; latest stays where it is");
  push->add_flag("--move-back", line.push.move_back, "Allow latest to go back to an older version");
  push->add_flag("--verify", line.push.verify,
                 "Read what is stored already and compare its bytes, not only its size");
  push->add_option("-m,--message", line.push.message, "A line for the log")->type_name("TEXT");

  auto* status =
      add_verb(app, line, "status", "Compare binaries with storage: synced, out_of_sync, untracked",
               "petctl status MyFilter/build/MyFilter.so",
               [&](const Settings& s) { line.succeeded = run_status(s, line.status); });
  status->add_option("files", line.status.files, "The binaries")->required()->type_name("FILE");
  status->add_flag("--exit-code", line.status.exit_code, "Exit with 1 unless all are synced");
}

void add_storage_verbs(CLI::App& app, CommandLine& line) {
  auto* pull = add_verb(app, line, "pull", "Fetch and check a class's binary",
                        "petctl pull MyFilter --out MyFilter.so",
                        [&](const Settings& s) { run_pull(s, line.pull); });
  pull->add_option(
          "class", line.pull.target,
          "The class, or one version of it by its hash or the hash's first digits, 6 at least")
      ->required()
      ->type_name("CLASS[@HASH]");
  pull->add_option("-o,--out", line.pull.out, "Copy the binary here too")->type_name("FILE");

  auto* list = add_verb(app, line, "list", "List classes, or the versions of one",
                        "petctl list MyFilter", [&](const Settings& s) { run_list(s, line.list); });
  list->add_option("class", line.list.class_name, "The class")->type_name("CLASS");
  list->add_flag("--builtin", line.list.builtin, "The built-in classes, with their parameters");

  auto* log = add_verb(app, line, "log", "Every move of a class's latest, newest first",
                       "petctl log MyFilter", [&](const Settings& s) { run_log(s, line.log); });
  log->add_option("class", line.log.class_name, "The class")->required()->type_name("CLASS");
}

void add_run_verb(CLI::App& app, CommandLine& line) {
  auto* run =
      add_verb(app, line, "run",
               "Build a pipeline from its config; fit, predict, evaluate. Without data: fetch and "
               "check all that it names",
               "petctl run pipeline.json --x-train iris.csv --x iris.csv --target target",
               [&](const Settings& s) { run_run(s, line.run); });
  RunOptions& options = line.run;
  run->add_option("pipeline", options.pipeline, "The config")
      ->required()
      ->type_name("PIPELINE.json");
  run->add_option("--plugin", options.plugins, "Use this binary, pushed or not (repeatable)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  run->add_option("--x-train", options.x_train,
                  "Fit on these rows: .npy, or .csv with a header row")
      ->type_name("FILE");
  run->add_option("--y-train", options.y_train, "… with these targets")->type_name("FILE");
  run->add_option("--x", options.x, "Predict these rows")->type_name("FILE");
  run->add_option("--y", options.y, "Evaluate against these targets")->type_name("FILE");
  run->add_option("--target", options.target, "The .csv column that holds the targets")
      ->type_name("COLUMN");
  run->add_option("-o,--out", options.out, "Write the predictions: .npy or .csv")
      ->type_name("FILE");
  run->add_option("--save", options.save,
                  "Write a config of the fitted pipeline, which predicts wherever it is run; what "
                  "fit learned goes into the storage")
      ->type_name("FITTED.json");
}

void add_pin_verb(CLI::App& app, CommandLine& line) {
  auto* pin =
      add_verb(app, line, "pin", "Write a config that names exact versions of all its classes",
               "petctl pin pipeline.json --out pinned.json",
               [&](const Settings& s) { run_pin(s, line.pin); });
  pin->add_option("pipeline", line.pin.pipeline, "The config")
      ->required()
      ->type_name("PIPELINE.json");
  pin->add_option("--plugin", line.pin.plugins, "Use this binary, pushed or not (repeatable)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  pin->add_option("-o,--out", line.pin.out, "Write here instead of stdout")->type_name("FILE");
}

void add_promote_verb(CLI::App& app, CommandLine& line) {
  auto* promote =
      add_verb(app, line, "promote", "Make a release of one storage the latest of another",
               "petctl promote MyFilter --from file:///srv/staging --to file:///srv/pets",
               [&](const Settings& s) { run_promote(s, line.promote); });
  promote
      ->add_option("class", line.promote.target,
                   "The class, whose latest release is meant, or one of its binaries")
      ->required()
      ->type_name("CLASS[@HASH]");
  promote->add_option("--from", line.promote.from, "The storage that has it")
      ->required()
      ->type_name("URL");
  promote->add_option("--to", line.promote.to, "The storage that gets it")
      ->required()
      ->type_name("URL");
  promote->add_flag("--move-back", line.promote.move_back,
                    "Allow latest to go back to an older version");
  promote
      ->add_option("-m,--message", line.promote.message,
                   "A line for the log instead of the one it has")
      ->type_name("TEXT");
}

void add_move_verbs(CLI::App& app, CommandLine& line) {
  auto* rollback =
      add_verb(app, line, "rollback", "Make an older release the latest again, by a new log entry",
               "petctl rollback MyFilter\n  petctl rollback MyFilter 3 --message 'v4 is too slow'",
               [&](const Settings& s) { run_rollback(s, line.rollback); });
  rollback->add_option("class", line.rollback.class_name, "The class")
      ->required()
      ->type_name("CLASS");
  rollback
      ->add_option("to", line.rollback.to,
                   "A hash or its first digits, or a number of the log (3 or #3); else what was "
                   "latest before")
      ->type_name("HASH|NUMBER");
  rollback->add_option("-m,--message", line.rollback.message, "A line for the log")
      ->type_name("TEXT");

  auto* watch = add_verb(app, line, "watch", "Print every move of a class's latest as it comes",
                         "petctl watch MyFilter --interval 5",
                         [&](const Settings& s) { run_watch(s, line.watch); });
  watch->add_option("class", line.watch.class_name, "The class")->required()->type_name("CLASS");
  watch->add_option("--interval", line.watch.interval, "Seconds between looks (default 2)")
      ->type_name("SECONDS");
  watch->add_option("--moves", line.watch.moves, "End after so many moves")->type_name("N");
}

void add_forgive_verb(CLI::App& app, CommandLine& line) {
  auto* forgive =
      add_verb(app, line, "forgive", "Let services here try a version again that they rejected",
               "petctl forgive                       # what is rejected, and why\n"
               "  petctl forgive MyFilter@3fa9c1\n"
               "  petctl forgive MyFilter --rejections /var/lib/pets/rejections",
               [&](const Settings& s) { run_forgive(s, line.forgive); });
  forgive
      ->add_option("class", line.forgive.target,
                   "All of the class, or one by its hash or the hash's first digits, 6 at least; "
                   "without it, what is rejected is printed")
      ->type_name("CLASS[@HASH]");
  forgive
      ->add_option("--rejections", line.forgive.rejections,
                   "As petserve has it; else where it remembers them by itself")
      ->type_name("DIR");
}

void add_cache_verb(CLI::App& app, CommandLine& line) {
  auto* cache = add_verb(app, line, "cache", "Show or clear this machine's verified copies",
                         "petctl cache show\n  petctl cache clear --quarantine",
                         [&](const Settings& s) { run_cache(s, line.cache); });
  cache->add_option("action", line.cache.action, "show or clear")
      ->required()
      ->type_name("show|clear");
  cache->add_flag("--quarantine", line.cache.quarantine,
                  "Clear only the damaged files that were kept to be looked at");
}

void add_doctor_verb(CLI::App& app, CommandLine& line) {
  const std::string example =
      "petctl doctor --storage s3://bucket/prefix\n  petctl doctor --read-only --json";
  auto* doctor = add_verb(app, line, "doctor",
                          "Check the storage, this machine and an author's tools: what to fix",
                          example, [&](const Settings& s) { run_doctor(s, line.doctor); });
  doctor->add_flag("--read-only", line.doctor.read_only, "Write nothing to the storage");
  doctor->footer(
      kAllVerbs +
      ("\n"
       "Writes two small objects to the storage, plugins/pet-probe-…, and removes them. Of a "
       "chain\n"
       "each storage is checked, and the last one written to.\n"
       "Exit status: 0 nothing failed (there may be warnings), 5 a storage cannot be reached,\n"
       "4 one refuses or is damaged, 1 anything else failed.\n"
       "Example:\n  " +
       example));
}

}  // namespace

void CommandLine::declare(CLI::App& app) {
  add_global_options(app, settings);
  add_author_verbs(app, *this);
  add_storage_verbs(app, *this);
  add_run_verb(app, *this);
  add_pin_verb(app, *this);
  add_promote_verb(app, *this);
  add_move_verbs(app, *this);
  add_forgive_verb(app, *this);
  add_cache_verb(app, *this);
  add_doctor_verb(app, *this);
}

}  // namespace pet::tools
