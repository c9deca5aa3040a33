#include "tools/petctl/lookup.hpp"

#include "tools/petctl/output.hpp"

namespace pet::tools {

std::vector<std::string> builtin_names(const Container& container) {
  std::vector<std::string> names;
  for (const auto& [name, clazz] : container.pif) {
    if (!clazz.hash()) names.push_back(name);
  }
  return names;
}

Error about_class(const Error& error, const std::string& name, const Container& container) {
  if (error.code() != ErrorCode::kClassNotFound) return error;
  std::string hint;
  if (const auto builtin = container.pif.get(name); builtin && !builtin->hash()) {
    hint = "\n  " + name +
           " is built in: it has no binary and no log\n  try: petctl list --builtin " + name;
  } else {
    hint = suggestion(name, container.pcm.similar_names(name));
    if (hint.empty()) {
      hint = suggestion(name, builtin_names(container));
      if (!hint.empty()) hint += " (built in: petctl list --builtin)";
    }
  }
  return {error.code(),
          error.what() + hint,
          {.class_name = name, .hash = error.hash(), .key = error.key()}};
}

}  // namespace pet::tools
