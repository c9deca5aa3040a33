#include "tools/session/session_options.hpp"

#include <CLI/CLI.hpp>
#include <string>

#include "storage/open_storage.hpp"

namespace pet::tools {

void add_session_options(CLI::App& app, Settings& settings) {
  app.add_option(
         "--storage", settings.storage,
         "Where binaries are (or PET_STORAGE, or the config file): " + std::string(kStorageForms) +
             ". The last storage of a chain counts, the others are mirrors")
      ->type_name("URL");
  app.add_option("--cache", settings.cache, "Verified copies on this machine (or PET_CACHE)")
      ->type_name("DIR");
  app.add_option("--config", settings.config,
                 "Config file instead of $XDG_CONFIG_HOME/petfactory/config.toml")
      ->type_name("FILE");
}

}  // namespace pet::tools
