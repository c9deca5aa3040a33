#include "tools/session/config_file.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "storage/ascii.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"
#include "tools/session/terminal_text.hpp"

namespace pet::tools {
namespace {

// One line of a file, for its messages.
struct Line {
  const std::string& file;
  std::size_t number;

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorCode::kUsage,
                file + ", line " + std::to_string(number) + ": " + why +
                    "\n  expected: storage = \"URL\" or cache = \"DIRECTORY\" or "
                    "cache_max_size = \"10 GB\"");
  }
};

// What stands between the quotes that `rest` begins with; only a comment may follow them.
std::string text_of(const Line& line, const std::string& key, std::string_view rest) {
  const char quote = rest.empty() ? '\0' : rest.front();
  if (quote != '"' && quote != '\'') {
    line.refuse(key + ": expected a text in quotes, got " +
                (rest.empty() ? "nothing" : pet::quoted(rest)));
  }
  std::string text;
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] != quote; ++i) {
    if (quote == '"' && rest[i] == '\\') {
      if (++i == rest.size()) break;
      const char code = rest[i];
      if (code != '"' && code != '\\' && code != 't') {
        line.refuse(key + ": '\\" + std::string(1, code) +
                    "' is no escape here: " + "write the text in single quotes");
      }
      text += code == 't' ? '\t' : code;
    } else {
      text += rest[i];
    }
  }
  if (i >= rest.size()) line.refuse(key + ": the closing " + quote + " is missing");
  const std::string_view after = trimmed(rest.substr(i + 1));
  if (!after.empty() && after.front() != '#') {
    line.refuse(key + ": not expected after the text: " + pet::quoted(after));
  }
  if (text.empty()) line.refuse(key + ": the text is empty");
  return text;
}

// A file counts wherever a program is started: "pets" would be another directory each time.
void require_place(const Line& line, const std::string& key, const std::string& place) {
  if (place.starts_with('/') || place.starts_with('~') || place.find(':') != std::string::npos) {
    return;
  }
  line.refuse(key + ": " + pet::quoted(place) +
              " would be another directory wherever this is used: begin it with '/' or '~/'");
}

void read_line(const Line& line, std::string_view text, ConfigFile& config) {
  if (text.empty() || text.front() == '#') return;
  if (text.front() == '[') line.refuse("there are no tables here, got " + pet::quoted(text));
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    line.refuse("is not TOML: no '=' in " + pet::quoted(text));
  }
  const std::string key(trimmed(text.substr(0, equals)));
  const std::vector<std::string> known{"storage", "cache", "cache_max_size"};
  std::string* const values[] = {&config.storage, &config.cache, &config.cache_max_size};
  const auto found = std::ranges::find(known, key);
  if (found == known.end()) {
    line.refuse("unknown key " + pet::quoted(key) + suggestion(key, known));
  }
  std::string& value = *values[found - known.begin()];
  if (!value.empty()) line.refuse(key + " is there twice");
  value = text_of(line, key, trimmed(text.substr(equals + 1)));
  if (key != "cache_max_size") require_place(line, key, value);
}

}  // namespace

ConfigFile parse_config_file(std::istream& in, const std::string& name) {
  ConfigFile config;
  std::string text;
  for (std::size_t number = 1; std::getline(in, text); ++number) {
    read_line({name, number}, trimmed(text), config);
  }
  return config;
}

}  // namespace pet::tools
