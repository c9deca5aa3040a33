// The config file's text: of TOML what three texts need, and nothing that is merely close to it,
// since a path that was misread would be another storage.
//
//   # a comment
//   storage = "file:///srv/pets"   # "…" with the escapes \" \\ \t, or '…' as it stands
//   cache = '/var/cache/pets'
//   cache_max_size = "10 GB"
//
// Throws: kUsage with file and line: no text in quotes, an unknown key (with the near miss), a key
//         that is there twice, a table, a path that does not begin with / or ~.
#pragma once

#include <istream>
#include <string>

namespace pet::tools {

struct ConfigFile {
  std::string storage;  // empty: not there
  std::string cache;
  std::string cache_max_size;
};

ConfigFile parse_config_file(std::istream& in, const std::string& name);

}  // namespace pet::tools
