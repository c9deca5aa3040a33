// Watched are folders, since a file is mostly exchanged by renaming another to its name. A folder that is not
// there is heard of by the nearest one above it that is. The kernel's queue is bounded, and what does not fit
// is one event more: so nobody is overrun by a busy folder.
//
// listen() looks at paths, which may be on a file system that hangs; heard() is called by who may not wait for
// it, and so asks only the queue. While the one is under way, events stay in the queue for the other.
#include "core/live/file_events_posix.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>

namespace pet {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kAppears = IN_CREATE | IN_MOVED_TO;
constexpr std::uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
// Of a folder on the way: what is written in it, which may be much, is nobody's business.
constexpr std::uint32_t kWay = kAppears | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t kPlace = kWay | IN_CLOSE_WRITE;
constexpr int kMostLinks = 40;   // of one path, as the kernel has it
constexpr int kMostRepeats = 8;  // while folders come and go

}  // namespace

FileEvents::FileEvents() : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

void FileEvents::listen(const std::vector<Place>& places) {
  if (!inotify_) return;
  const std::lock_guard lock(mutex_);
  Watches watches;
  for (const Place& place : places) add(place, watches);
  for (const auto& [watch, wanted] : watches_) {
    if (!watches.contains(watch)) ::inotify_rm_watch(inotify_.get(), watch);
  }
  watches_ = std::move(watches);
}

void FileEvents::add(const Place& place, Watches& watches) const {
  std::error_code error;
  const fs::path path = fs::absolute(place.path, error);
  if (error) return;
  if (place.kind == Kind::kFile) return add_file(path, watches);
  add_folder(path, {}, kPlace, watches);
}

// Its own name, and that of all on the way to it: a mounted config is often exchanged with its folder, or
// with a link to that. Each is watched before it is looked at, so that a change between is heard of.
void FileEvents::add_file(fs::path file, Watches& watches) const {
  for (int links = 0; links < kMostLinks; ++links) {
    fs::path there;
    fs::path next;
    for (auto part = file.begin(); part != file.end(); ++part) {
      if (!next.empty()) {
        next /= *part;
        continue;
      }
      if (*part == "..") {
        there = there.parent_path();
        continue;
      }
      const bool is_last = std::next(part) == file.end();
      if (!there.empty()) add_folder(there, *part, is_last ? kPlace : kWay, watches);
      std::error_code error;
      const fs::path target = fs::read_symlink(there / *part, error);
      if (error) {
        there /= *part;
      } else {
        next = there / target;
      }
    }
    if (next.empty()) return;
    file = std::move(next);
  }
}

// One folder may be the place of one file and on the way to another: what is asked of it adds up.
void FileEvents::add_folder(const fs::path& folder, const std::string& name, unsigned mask,
                            Watches& watches) const {
  const auto watched = [this](const fs::path& path, std::uint32_t events) {
    return ::inotify_add_watch(inotify_.get(), path.c_str(), events | IN_MASK_ADD | IN_ONLYDIR);
  };
  for (int repeats = 0; repeats < kMostRepeats; ++repeats) {
    fs::path there = folder;
    std::string wanted = name;
    int watch = watched(there, mask);
    while (watch < 0 && (errno == ENOENT || errno == ENOTDIR) && there.has_relative_path()) {
      wanted = there.filename();
      there = there.parent_path();
      watch = watched(there, kWay);
    }
    if (watch < 0) return;
    watches[watch].push_back(wanted);
    std::error_code error;
    const bool came_meanwhile = there != folder && fs::is_directory(there / wanted, error);
    if (!came_meanwhile) return;
  }
}

bool FileEvents::heard() {
  if (!inotify_) return false;
  alignas(inotify_event) std::array<char, 64 << 10> buffer;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return false;  // not yet
  const ssize_t count = ::read(inotify_.get(), buffer.data(), buffer.size());
  bool concerns_us = false;
  for (ssize_t at = 0; at < count;) {
    inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    const char* const name = buffer.data() + at + sizeof event;  // ends with one zero or more
    concerns_us =
        concerns_us || concerns(event.wd, event.mask, event.len == 0 ? std::string_view() : name);
    at += static_cast<ssize_t>(sizeof event + event.len);
  }
  return concerns_us;
}

// REQUIRES: mutex_.
bool FileEvents::concerns(int watch, unsigned mask, std::string_view name) const {
  if ((mask & IN_Q_OVERFLOW) != 0) return true;
  const auto found = watches_.find(watch);
  if (found == watches_.end()) return false;
  if ((mask & kGone) != 0) return true;
  return std::ranges::any_of(found->second, [&](const std::string& wanted) {
    return wanted.empty() ? !name.starts_with('.') : wanted == name;
  });
}

}  // namespace pet
