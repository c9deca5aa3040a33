// petctl pull: a class's binary, fetched, checked and loaded once, so that what is printed works.
#include "core/cache/binary_cache.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/files.hpp"
#include "tools/petctl/lookup.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

PetClass pull_class(const Container& container, const std::string& target) {
  return asking_for(target.substr(0, target.find('@')), container, [&] {
    const WantedVersion wanted = wanted_version(container.pcm, target);
    return wanted.hash ? container.pcm.recover_class(wanted.class_name, *wanted.hash)
                       : container.pcm.pull(wanted.class_name);
  });
}

}  // namespace

void run_pull(const Settings& given, const PullOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  const PetClass clazz = pull_class(*container, options.target);
  const std::string& name = clazz.name();
  const std::string hash = clazz.hash()->hex();
  if (!options.out.empty()) {
    const auto cached = container->pcm.cache().find(*clazz.hash());
    if (!cached) {
      throw Error(ErrorCode::kStorageRefused, "the cache lost " + name + " " + hash +
                                                  " right after it was pulled\n  try: again");
    }
    write_output(options.out, cached->binary.view());
  }
  if (settings.json) {
    print_json(ParamObject{{"class", clazz.name()},
                           {"hash", hash},
                           {"platform", this_platform()},
                           {"source", clazz.source()},
                           {"file", options.out.empty() ? ParamValue() : ParamValue(options.out)}});
  } else {
    print_line(clazz.name() + " " + hash + " " + this_platform() + "  from " + clazz.source() +
               (options.out.empty() ? "" : ", written to " + one_line(options.out)));
  }
}

}  // namespace pet::tools
