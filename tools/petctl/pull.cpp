// petctl pull: a class's binary, fetched, checked and loaded once, so that what is printed works.
#include <string_view>
#include <vector>

#include "core/artifact/class_name.hpp"
#include "core/artifact/hash.hpp"
#include "core/cache/binary_cache.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/files.hpp"
#include "tools/petctl/lookup.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

constexpr std::size_t kFewestDigits = 6;     // as many as petctl list shows
constexpr std::string_view kEllipsis = "…";  // and what it shows after them

bool are_hex_digits(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The version that `digits` are the first digits of.
Hash version_of(const PetClassManager& manager, const std::string& name,
                const std::string& digits) {
  std::vector<std::string> meant;
  for (const StoredVersion& version : manager.versions(name)) {
    if (version.stored && version.hash.hex().starts_with(digits)) {
      meant.push_back(version.hash.hex());
    }
  }
  if (meant.size() == 1) return Hash::require(meant.front());
  const Error::Subject subject{.class_name = name, .hash = digits, .key = {}};
  if (meant.empty()) {
    manager.history(name);  // throws when there is no class of that name
    throw Error(ErrorCode::kVersionNotFound,
                "no version of " + name + " in " + manager.storage() + " begins with " + digits +
                    "\n  try: petctl list " + name,
                subject);
  }
  std::string text = "several versions of " + name + " begin with " + digits + ":";
  for (const std::string& hash : meant) text += "\n  " + hash;
  throw Error(ErrorCode::kUsage, text + "\n  try: more digits", subject);
}

// What stands behind the '@': a hash, or the first digits of one.
Hash wanted_version(const PetClassManager& manager, const std::string& name, std::string text) {
  if (text.ends_with(kEllipsis)) text.resize(text.size() - kEllipsis.size());
  const bool begins_one = text.size() >= kFewestDigits && text.size() < 2 * Hash::kBytes;
  return begins_one && are_hex_digits(text) ? version_of(manager, name, text) : Hash::require(text);
}

PetClass pull_class(const Container& container, const std::string& target) {
  const std::size_t at = target.find('@');
  const std::string name = target.substr(0, at);
  return asking_for(name, container, [&] {
    if (at == std::string::npos) return container.pcm.pull(name);
    require_class_name(name);
    const Hash hash = wanted_version(container.pcm, name, target.substr(at + 1));
    return container.pcm.recover_class(name, hash);
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
