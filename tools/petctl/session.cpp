#include "tools/petctl/session.hpp"

#include <cstdio>
#include <filesystem>

#include "core/artifact/machine.hpp"
#include "storage/base_storage.hpp"
#include "tools/petctl/files.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/progress_line_posix.hpp"

namespace pet::tools {
namespace {

// What is no warning is for --verbose.
Observer observer_for(const Settings& settings) {
  return [verbose = settings.verbose](const Event& event) {
    if (is_warning(event.kind)) {
      print_warning(to_string(event));
    } else if (verbose) {
      erase_progress_line();
      std::fprintf(stderr, "%s\n", paragraph(to_string(event)).c_str());
    }
  };
}

}  // namespace

std::unique_ptr<Container> open_session(Settings& settings, SessionUse use) {
  auto container = open_session(settings, use, observer_for(settings));
  if (!settings.json) container->storage()->watch_transfers(progress_line());
  return container;
}

std::vector<PetClass> bind_plugins(Container& container, const std::vector<std::string>& files) {
  std::vector<PetClass> classes;
  for (const std::string& file : files) {
    try {
      const PetClass clazz = container.bind(std::filesystem::path(file), {.persist = true});
      for (std::size_t i = 0; i < classes.size(); ++i) {
        if (classes[i].name() != clazz.name()) continue;
        throw Error(ErrorCode::kUsage,
                    "--plugin " + files[i] + " and --plugin " + file + " are both of the class " +
                        clazz.name() + "\n  try: one binary of a class",
                    {.class_name = clazz.name(), .hash = {}, .key = file});
      }
      classes.push_back(clazz);
    } catch (const Error& error) {
      throw about_plugin_file(error);
    }
  }
  return classes;
}

std::string this_platform() { return Machine::current().platform; }

}  // namespace pet::tools
