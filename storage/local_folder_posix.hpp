// The folders and files below a LocalStorage's root, reached without following any symbolic link.
//
// Every path is opened from the root's descriptor, by openat2 without links, or walked with openat,
// one segment at a time, O_NOFOLLOW each. Opened by its whole path, "plugins/A/latest.json" would
// follow a link that somebody put in place of plugins/A, and a reader with more rights than he would
// hand out, or overwrite, a file elsewhere.
//
// For local_storage_posix.cpp only.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/posix_file.hpp"

namespace pet::posix {

inline constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct Folder {
  FileDescriptor fd;
  std::string path;  // absolute, for messages
};

// "a/b/c" -> {"a/b", "c"}; "c" -> {"", "c"}.
std::pair<std::string_view, std::string> split_key(std::string_view key);

// The root itself may be reached through links. nullopt when it does not exist.
std::optional<Folder> open_root(const std::string& root);

std::optional<Folder> open_child(const Folder& parent, const std::string& name);

// The folder "a/b" below the root; nullopt when any part of it is missing.
std::optional<Folder> open_folder(const std::string& root, std::string_view folder);

struct CreatedFolder {
  Folder folder;
  bool created = false;  // a part of its path was missing a moment ago
};

// Opens the folder, creating what is missing. Folders below the root are not yet durable: see
// sync_path_to.
CreatedFolder create_folder(const std::string& root, std::string_view folder);

// The same for one folder in another.
CreatedFolder create_child(const CreatedFolder& parent, const std::string& name);

// Makes the names of `folder` and of the folders above it durable, up to the root.
void sync_path_to(const std::string& root, std::string_view folder);

struct OpenedObject {
  FileDescriptor fd;
  std::string path;
  std::uint64_t size = 0;
};

// The regular file; nullopt when absent. Anything else of that name throws.
std::optional<OpenedObject> open_object(const Folder& folder, const std::string& name);
std::optional<OpenedObject> open_object(const std::string& root, std::string_view key);

}  // namespace pet::posix
