// petserve: serves pipelines over the Open Inference Protocol, each in the version that is current.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/error.hpp"
#include "tools/petserve/options.hpp"
#include "tools/petserve/process_posix.hpp"
#include "tools/petserve/serve.hpp"
#include "tools/session/session_options.hpp"
#include "tools/session/terminal_text.hpp"
#include "tools/session/usage.hpp"

namespace pet::tools {
namespace {

void add_live_options(CLI::App& app, ServeOptions& options) {
  app.add_option("--follow", options.follow,
                 "Follow this class's latest though a config pins it (repeatable)")
      ->type_name("CLASS")
      ->allow_extra_args(false);
  app.add_option(
         "--samples", options.samples,
         "Rows to try and warm new versions with, .npy or .csv without a target; NAME= says "
         "for which model (repeatable)")
      ->type_name("[NAME=]FILE")
      ->allow_extra_args(false);
  app.add_option("--record", options.record,
                 "Also try new versions with so many of the last inputs, 8 at most (default: none)")
      ->type_name("N");
  app.add_option(
         "--tolerance", options.tolerance,
         "A new version's answers to the samples may differ so much, as numpy.allclose has it")
      ->type_name("X");
  app.add_option("--poll", options.poll,
                 "Look for moves so often; those of files on this machine are heard of at once")
      ->capture_default_str()
      ->type_name("SECONDS");
  app.add_option("--trial-time", options.trial_time, "A trial may take so long")
      ->capture_default_str()
      ->type_name("SECONDS");
  app.add_option(
         "--failure-rate", options.failure_rate,
         "A version that fails more often than this, and twice as often as the one before, is "
         "rolled back")
      ->capture_default_str()
      ->type_name("SHARE");
  app.add_option("--latency-factor", options.latency_factor,
                 "… or whose median is so many times that of the one before; 0: never")
      ->capture_default_str()
      ->type_name("X");
  app.add_option("--min-calls", options.min_calls, "… judged by so many calls at least")
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--probation", options.probation,
                 "For so long the version before stays loaded, to be back at once")
      ->capture_default_str()
      ->type_name("SECONDS");
  app.add_option(
         "--rejections", options.rejections,
         "Where versions that were found bad are remembered, when another one works; 'none': only "
         "until the end (default: below $XDG_DATA_HOME, for all services of this user)")
      ->type_name("DIR");
}

void add_server_options(CLI::App& app, ServeOptions& options) {
  app.add_option("--listen", options.listen, "Port 0: any that is free; it is printed")
      ->capture_default_str()
      ->type_name("HOST:PORT");
  app.add_option("--max-body", options.max_body, "A larger request is refused (413)")
      ->capture_default_str()
      ->type_name("SIZE");
  app.add_option("--max-requests", options.max_requests, "More at the same time are refused (503)")
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--max-connections", options.max_connections, "More have to wait")
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--deadline", options.deadline, "An answer that takes longer is a 504")
      ->capture_default_str()
      ->type_name("SECONDS");
  app.add_option("--shutdown-delay", options.shutdown_delay,
                 "After SIGTERM, go on for so long while /v2/health/ready says 503")
      ->capture_default_str()
      ->type_name("SECONDS");
  app.add_option("--shutdown-limit", options.shutdown_limit,
                 "… and then wait so long for requests that have begun")
      ->capture_default_str()
      ->type_name("SECONDS");
  app.add_option("--log-format", options.log_format,
                 "json or text; text is the default on a terminal")
      ->type_name("FORMAT");
  app.add_option("--log-level", options.log_level, "debug (each request), info, warning or error")
      ->capture_default_str()
      ->type_name("LEVEL");
}

int main_of(int argc, char** argv) {
  const StopSignals stop;  // before any thread is there
  CLI::App app{
      "petserve serves pipelines over HTTP (Open Inference Protocol, version 2), and follows their "
      "configs and storage: a new version is tried, warmed and swapped in while requests go on."};
  app.name("petserve");
  app.set_version_flag("--version", "petserve " PET_VERSION_TEXT);
  app.footer(
      "A model's name is its file's: iris.json is served as /v2/models/iris.\n"
      "/ is a status page, /metrics is for Prometheus.\n"
      "Examples:\n"
      "  petserve fitted.json --storage file:///srv/pets --follow MyFilter --samples x.npy\n"
      "  petserve iris.json digits.json --listen 0.0.0.0:8080 --samples iris=x.npy --tolerance "
      "1e-9\n"
      "  curl -d '{\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"FP64\","
      "\"data\":[5.1,3.5,1.4,0.2]}]}' \\\n"
      "    http://127.0.0.1:8080/v2/models/fitted/infer\n"
      "Exit status: 0 ended by SIGTERM or SIGINT and all was answered, 1 failed or requests were "
      "cut "
      "off, 2 usage,\n"
      "or an address that cannot be listened on. A config, a class or a storage that is wrong ends "
      "nothing:\n"
      "it is logged, shown at / and looked at again.");
  ServeOptions options;
  app.add_option("pipelines", options.pipelines, "The configs")
      ->required()
      ->type_name("PIPELINE.json");
  add_server_options(app, options);
  add_live_options(app, options);
  add_session_options(app, options.settings);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    throw usage_error(app, error);
  }
  require_texts(app);
  return serve(options, stop.descriptor());
}

}  // namespace
}  // namespace pet::tools

int main(int argc, char** argv) try {
  return pet::tools::main_of(argc, argv);
} catch (const pet::Error& error) {
  std::fprintf(stderr, "error: %s\n", pet::tools::paragraph(error.what()).c_str());
  return pet::exit_status(error.code());
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", pet::tools::paragraph(error.what()).c_str());
  return 1;
}
