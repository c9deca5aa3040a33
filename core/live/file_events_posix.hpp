// FileEvents: hears of changes of files on this machine, so that who looks for them from time to time may
// look at once.
//
//   events.listen({{FileEvents::Kind::kFile, "iris.json"}});   // before looking: nothing falls between
//   look();
//   if (events.heard()) …                                       // look again; asks only, waits for nothing
//
// What is heard are hints: a change may be heard that is none, and none of a change, where the system tells
// nothing (another machine's writes to a shared file system, no permission, its limits used up). So
// nothing here fails, and looking from time to time remains the truth. A file that is written anew is heard of
// when it is made, and again when it is closed: who looks in between sees a part of it, and looks again.
//
// Threads: any. listen() waits for the file systems of its places, which may hang; heard() for nothing and
//          nobody. (Inside core/live only.)
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "storage/posix_file.hpp"

namespace pet {

class FileEvents {
 public:
  enum class Kind {
    kFile,    // appears, is written and closed, or exchanged, or a folder or a link above it is
    kFolder,  // gets a file, whose name does not begin with '.'
  };
  struct Place {
    Kind kind;
    std::filesystem::path path;  // there or not
  };

  FileEvents();

  // To these alone, from now on. Asked for again from time to time, it finds what was moved or removed.
  void listen(const std::vector<Place>& places);

  // Whether anything has happened to them since it was asked. What happens while somebody listens is told
  // after that.
  bool heard();

 private:
  // By folder, the names in it that are meant; "": all but temporaries'.
  using Watches = std::map<int, std::vector<std::string>>;

  void add(const Place& place, Watches& watches) const;
  void add_file(std::filesystem::path file, Watches& watches) const;
  void add_folder(const std::filesystem::path& folder, const std::string& name, unsigned mask,
                  Watches& watches) const;
  bool concerns(int watch, unsigned mask, std::string_view name) const;

  posix::FileDescriptor inotify_;  // none: deaf
  std::mutex mutex_;               // guards all below
  Watches watches_;
};

}  // namespace pet
