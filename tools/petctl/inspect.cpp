// petctl inspect: what can be read from a binary without running any of it, and whether it loads here.
#include <cstdio>

#include "core/artifact/binary.hpp"
#include "core/artifact/describe.hpp"
#include "core/artifact/facts.hpp"
#include "core/artifact/gate.hpp"
#include "core/pipeline/json_document.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/output.hpp"

namespace pet::tools {

void run_inspect(const Settings& settings, const InspectOptions& options) {
  const Binary binary = Binary::read(options.file);
  const Facts facts = read_facts(binary.bytes());
  const Verdict verdict = check(facts, Machine::current());
  if (settings.json) {
    print_json(parse_json(inspect_json(facts, binary.hash(), verdict)));
  } else {
    std::fputs(describe(facts, binary.hash(), verdict).c_str(), stdout);
  }
  // A script can rely on the exit status: 4 for what the gate refuses.
  require_loadable(facts, Machine::current(), binary.hash(), binary.origin());
}

}  // namespace pet::tools
