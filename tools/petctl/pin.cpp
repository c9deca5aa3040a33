// petctl pin: a config written back with every class pinned.
#include "core/pipeline/build.hpp"
#include "core/pipeline/dump.hpp"
#include "core/pipeline/json_document.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/files.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/pipeline_config.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {

void run_pin(const Settings& given, const PinOptions& options) {
  Settings settings = given;
  if (options.out.empty()) reserve_stdout();
  const auto container = open_session(settings, SessionUse::kRun);
  const std::vector<PetClass> given_classes = bind_plugins(*container, options.plugins);
  const ParamObject config = read_config(options.pipeline);
  if (has_state(ParamValue(config))) {
    throw Error(ErrorCode::kUsage,
                options.pipeline +
                    ": a fitted pipeline is pinned already\n  try: use it as it is, or pin the "
                    "config that it was fitted from");
  }
  const BasePlugin pipeline = build_from_dump(config, *container, {.source = options.pipeline});
  warn_of_unused(options.plugins, given_classes, classes_of(pipeline), options.pipeline);
  const ParamValue pinned(pinned_dump(pipeline));
  if (options.out.empty() && settings.json) return print_json(pinned);
  const std::string text = to_json(pinned, 1);
  if (options.out.empty()) return print_document(text);
  write_output(options.out, text + "\n");
  if (settings.json) return print_json(ParamObject{{"file", options.out}});
  print_line("wrote " + one_line(options.out));
}

}  // namespace pet::tools
