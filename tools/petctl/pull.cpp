// petctl pull: a class's binary, fetched, checked and loaded once, so that what is printed works.
#include <optional>

#include "core/artifact/hash.hpp"
#include "core/cache/binary_cache.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/files.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

PetClass pull_latest(const PetClassManager& manager, const std::string& name) {
  try {
    return manager.pull(name);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kClassNotFound) throw;
    throw Error(error.code(), error.what() + suggestion(name, manager.similar_names(name)),
                {.class_name = name, .hash = {}, .key = error.key()});
  }
}

}  // namespace

void run_pull(const Settings& given, const PullOptions& options) {
  Settings settings = given;
  const auto container = open_session(settings);
  const std::size_t at = options.target.find('@');
  const std::string name = options.target.substr(0, at);
  const PetClass clazz =
      at == std::string::npos
          ? pull_latest(container->pcm, name)
          : container->pcm.recover_class(name, Hash::require(options.target.substr(at + 1)));
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
               (options.out.empty() ? "" : ", written to " + options.out));
  }
}

}  // namespace pet::tools
