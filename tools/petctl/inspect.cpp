// petctl inspect: every fact of a binary, read without running it, and whether it loads here.
#include "core/artifact/describe.hpp"
#include "core/artifact/gate.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/files.hpp"
#include "tools/petctl/output.hpp"

namespace pet::tools {

void run_inspect(const Settings& settings, const InspectOptions& options) {
  const auto [binary, facts] = read_plugin(options.file);
  const Verdict verdict = check(facts, Machine::current());
  const ParamObject document = class_document(inspect_json(facts, binary.hash(), verdict));
  if (!settings.json) {
    std::string text = describe(facts, binary.hash(), verdict);
    text.pop_back();  // its newline: print_line has one
    print_line(text);
  }
  // A script can rely on the exit status: 4 for what the gate refuses.
  try {
    require_loadable(facts, Machine::current(), binary.hash(), binary.origin());
  } catch (const Error& refusal) {
    throw ReportedError(refusal, document);
  }
  if (settings.json) print_json(document);
}

}  // namespace pet::tools
