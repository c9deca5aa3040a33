#include "tools/petctl/entry_text.hpp"

#include <cstdint>

namespace pet::tools {
namespace {

std::int64_t as_int(std::uint64_t number) { return static_cast<std::int64_t>(number); }

}  // namespace

ParamObject entry_json(const LogEntry& entry) {
  ParamObject release;
  for (const auto& [platform, file] : entry.release) {
    release.set(platform, ParamObject{{"hash", file.hash.hex()}, {"size", as_int(file.size)}});
  }
  ParamObject document{{"number", as_int(entry.number)},
                       {"class", entry.class_name},
                       {"hash", entry.hash.hex()},
                       {"release", release},
                       {"time", entry.time},
                       {"by", entry.by},
                       {"message", entry.message}};
  if (entry.from) {
    document.set("from", ParamObject{{"storage", entry.from->storage},
                                     {"number", as_int(entry.from->number)}});
  }
  return document;
}

std::string entry_message(const LogEntry& entry) {
  if (!entry.from) return entry.message;
  return entry.message + (entry.message.empty() ? "(from " : " (from ") + entry.from->storage +
         " #" + std::to_string(entry.from->number) + ")";
}

}  // namespace pet::tools
