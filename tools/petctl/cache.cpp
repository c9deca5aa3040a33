// petctl cache: what lies in this machine's cache directory, and emptying it.
#include <filesystem>

#include "core/cache/binary_cache.hpp"
#include "core/loader/plugin_host.hpp"
#include "storage/key.hpp"
#include "storage/local_storage.hpp"
#include "tools/session/byte_size.hpp"
#include "tools/petctl/commands.hpp"
#include "tools/petctl/output.hpp"
#include "tools/petctl/session.hpp"

namespace pet::tools {
namespace {

namespace fs = std::filesystem;

fs::path blobs_of(const Settings& settings) { return fs::path(settings.cache) / kBlobs; }

// What wrappers such as Cached keep, of which the limit does not count. Nothing else that lies there
// is: an OCI layout has a folder of this name too.
CacheSize each_blob(const fs::path& directory, bool remove) {
  CacheSize size;
  if (!fs::is_directory(directory)) return size;
  LocalStorage blobs(directory.string());
  for (const std::string& key : blobs.list({})) {
    if (!is_blob_key(key)) continue;
    const auto info = blobs.head(key);
    if (!info || (remove && !blobs.remove(key))) continue;
    ++size.files;
    size.bytes += info->size;
  }
  return size;
}

ParamObject size_json(const CacheSize& size) {
  return {{"files", static_cast<std::int64_t>(size.files)},
          {"bytes", static_cast<std::int64_t>(size.bytes)}};
}

std::string size_text(const CacheSize& size) {
  return std::to_string(size.files) + (size.files == 1 ? " file, " : " files, ") +
         byte_count(size.bytes);
}

void show(const Settings& settings, BinaryCache& cache, bool exists) {
  const CacheContents contents = exists ? cache.contents() : CacheContents{};
  const CacheSize blobs = exists ? each_blob(blobs_of(settings), false) : CacheSize{};
  const bool limited =
      settings.cache != "memory:" && settings.cache_max_bytes != CacheOptions::kNoLimit;
  if (settings.json) {
    const auto limit = static_cast<std::int64_t>(settings.cache_max_bytes);
    return print_json(ParamObject{{"directory", settings.cache},
                                  {"files", static_cast<std::int64_t>(contents.binaries.files)},
                                  {"bytes", static_cast<std::int64_t>(contents.binaries.bytes)},
                                  {"limit", limited ? ParamValue(limit) : ParamValue()},
                                  {"quarantine", size_json(contents.quarantine)},
                                  {"blobs", size_json(blobs)}});
  }
  print_line(one_line(settings.cache) + (exists ? "" : " (not there yet)"));
  print_table(
      {{"WHAT", "HOLDS"},
       {"binaries and states",
        size_text(contents.binaries) +
            (limited ? " of at most " + byte_count(settings.cache_max_bytes) : " without a limit")},
       {"quarantine", size_text(contents.quarantine)},
       {"blobs", size_text(blobs)}});
}

// What lies elsewhere may be somebody else's.
void require_no_link(const fs::path& directory) {
  if (!fs::is_symlink(fs::symlink_status(directory))) return;
  throw Error(ErrorCode::kStorageRefused,
              pet::quoted(directory.string()) +
                  " is a symbolic link: nothing was cleared\n  try: again after removing the link, "
                  "and clear by hand what it leads to",
              {.class_name = {}, .hash = {}, .key = directory.string()});
}

void clear(const Settings& settings, BinaryCache& cache, bool exists, bool quarantine_alone) {
  CacheContents removed;
  CacheSize blobs;
  if (exists && quarantine_alone) removed.quarantine = cache.clear_quarantine();
  if (exists && !quarantine_alone) {
    require_no_link(blobs_of(settings));
    removed = cache.clear();
    blobs = each_blob(blobs_of(settings), true);
  }
  if (settings.json) {
    return print_json(
        ParamObject{{"directory", settings.cache},
                    {"removed", ParamObject{{"binaries", size_json(removed.binaries)},
                                            {"quarantine", size_json(removed.quarantine)},
                                            {"blobs", size_json(blobs)}}}});
  }
  std::string what;
  if (!quarantine_alone) what = "binaries and states: " + size_text(removed.binaries) + "; ";
  what += "quarantine: " + size_text(removed.quarantine);
  if (!quarantine_alone) what += "; blobs: " + size_text(blobs);
  print_line("removed from " + one_line(settings.cache) + ": " + what);
}

}  // namespace

void run_cache(const Settings& given, const CacheVerbOptions& options) {
  Settings settings = given;
  const bool clears = options.action == "clear";
  if (!clears && options.action != "show") {
    throw Error(ErrorCode::kUsage,
                "petctl cache can show or clear, not '" + one_line(options.action) + "'" +
                    suggestion(options.action, {"show", "clear"}) + "\n  try: petctl cache --help");
  }
  if (!clears && options.quarantine) {
    throw Error(ErrorCode::kUsage,
                "--quarantine says what to clear; show always tells of it"
                "\n  try: petctl cache show, or petctl cache clear --quarantine");
  }
  complete(settings);
  const auto cache = BinaryCache::open(settings.cache);
  // To look into a cache that nobody has used makes none.
  const bool exists = settings.cache == "memory:" || fs::exists(settings.cache);
  if (clears) {
    clear(settings, *cache, exists, options.quarantine);
  } else {
    show(settings, *cache, exists);
  }
}

}  // namespace pet::tools
