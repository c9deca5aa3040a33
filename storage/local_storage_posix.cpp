// How a directory keeps BaseStorage's promises.
//
// Every write goes through a Batch: all temporaries first, then one barrier that makes their
// bytes durable, then the names, then one barrier that makes the names durable. Few objects are
// synced one by one; for many, one syncfs per barrier replaces hundreds of fsyncs and is several
// times faster.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <boost/filesystem/path.hpp>
#include <cerrno>
#include <map>
#include <memory>
#include <utility>

#include "storage/error.hpp"
#include "storage/key.hpp"
#include "storage/local_folder_posix.hpp"
#include "storage/local_storage.hpp"
#include "storage/posix_file.hpp"

namespace pet {
namespace {

using posix::CreatedFolder;
using posix::FileDescriptor;
using posix::Folder;
using posix::OpenedObject;
using posix::TemporaryFile;

// From this many on, a file system is synced as a whole. A syncfs also writes what other programs
// left unwritten, so a lone put does not pay for them.
constexpr std::size_t kSyncWholeFrom = 8;

// Descriptors are a bounded resource (1,024 by default): so many objects are written between two
// barriers.
constexpr std::size_t kItemsPerBatch = 128;

// Syncs the file system behind each of `folders` as a whole, each once: a folder may be a mount of
// its own. false when that is not to be had, and each file and folder must be synced by itself.
bool sync_whole(const std::map<std::string, CreatedFolder, std::less<>>& folders) {
  std::set<dev_t> done;
  for (const auto& [name, opened] : folders) {
    struct stat status {};
    if (::fstat(opened.folder.fd.get(), &status) != 0) {
      posix::throw_errno(errno, "examine", opened.folder.path);
    }
    if (!done.insert(status.st_dev).second) continue;
    if (!posix::sync_file_system(opened.folder.fd.get(), opened.folder.path)) return false;
  }
  return true;
}

// The walk behind list(): depth first, in the order of whole keys, so that it can stop at the
// limit.
class Listing {
 public:
  Listing(std::string_view prefix, std::string_view start_after, std::size_t limit)
      : prefix_(prefix), start_after_(start_after), limit_(limit) {}

  // Adds the keys below `folder`, whose own keys begin with `base`: "" or "plugins/".
  void walk(const Folder& folder, const std::string& base) {
    for (const std::string& name : names_of(folder, base)) {
      if (keys_.size() >= limit_) return;
      if (name.back() != '/') {
        keys_.push_back(base + name);
      } else if (const auto child = posix::open_child(folder, name.substr(0, name.size() - 1))) {
        walk(*child, base + name);
      }
    }
  }

  std::vector<std::string> take() { return std::move(keys_); }

 private:
  // The names in `folder` that matter, folders with a '/' behind them: so they sort as their keys
  // do ("a-b" < "a/b").
  std::vector<std::string> names_of(const Folder& folder, const std::string& base) const {
    const int copy = ::openat(folder.fd.get(), ".", posix::kOpenFolder);
    if (copy < 0) posix::throw_errno(errno, "list", folder.path);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy), ::closedir);
    if (!entries) {
      const FileDescriptor unused(copy);
      posix::throw_errno(errno, "list", folder.path);
    }
    std::vector<std::string> names;
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(entries.get());
      if (entry == nullptr && errno != 0) posix::throw_errno(errno, "list", folder.path);
      if (entry == nullptr) break;
      std::string name = sortable_name(folder, *entry);
      if (!name.empty() && matters(base + name)) names.push_back(std::move(name));
    }
    std::ranges::sort(names);
    return names;
  }

  // Empty for what is no object and holds none: links, devices, what went away.
  static std::string sortable_name(const Folder& folder, const dirent& entry) {
    unsigned char type = entry.d_type;
    struct stat status {};
    if (type == DT_UNKNOWN) {  // some file systems do not say
      if (::fstatat(folder.fd.get(), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
      type = S_ISREG(status.st_mode) ? DT_REG : S_ISDIR(status.st_mode) ? DT_DIR : DT_UNKNOWN;
    }
    if (type == DT_REG) return entry.d_name;
    if (type == DT_DIR) return std::string(entry.d_name) + "/";
    return {};
  }

  // Whether the key, or some key below the folder "a/b/", belongs in the answer. Names that no key
  // can have, such as ours for temporaries or lost+found, do not.
  bool matters(std::string_view path) const {
    if (path.back() != '/') {
      return path.starts_with(prefix_) && path > start_after_ && is_key(path);
    }
    return (path.starts_with(prefix_) || prefix_.starts_with(path)) &&
           start_after_.substr(0, path.size()) <= path && is_key(path.substr(0, path.size() - 1));
  }

  const std::string_view prefix_;
  const std::string_view start_after_;
  const std::size_t limit_;
  std::vector<std::string> keys_;
};

}  // namespace

// One round of writing: prepare, sync the bytes, publish the names, sync the names.
class LocalStorage::Batch {
 public:
  Batch(LocalStorage& storage, std::span<const PutItem> items) : storage_(storage), items_(items) {
    entries_.reserve(items.size());
  }

  void write(std::vector<PutOutcome>& outcomes) {
    prepare();
    sync_bytes();
    publish();
    sync_names();
    for (const Entry& entry : entries_) outcomes.push_back(entry.outcome);
  }

 private:
  struct Entry {
    const PutItem* item;
    const Folder* folder;
    std::string name;
    std::optional<TemporaryFile> temporary;
    std::optional<OpenedObject> existing;
    PutOutcome outcome = PutOutcome::kWritten;
  };

  void prepare() {
    for (const PutItem& item : items_) {
      auto [folder_name, name] = posix::split_key(item.key);
      const auto& [folder, is_new] = folder_of(folder_name);
      Entry& entry = entries_.emplace_back(Entry{&item, &folder, name, {}, {}});
      // A new folder is empty, or another writer's since a moment ago: publish() finds that out.
      if (item.mode == PutMode::kIfAbsent && !is_new) {
        entry.existing = posix::open_object(folder, name);
      }
      if (entry.existing) {
        entry.outcome = PutOutcome::kAlreadyThere;
      } else {
        entry.temporary.emplace(folder.fd.get(), folder.path, name).write(item.bytes);
      }
    }
  }

  const CreatedFolder& folder_of(std::string_view name) {
    const auto found = folders_.find(name);
    if (found != folders_.end()) return found->second;
    return folders_.emplace(name, created(name)).first->second;
  }

  // From the folder above it, which is opened once for all that are in it.
  CreatedFolder created(std::string_view name) {
    if (name.empty()) return posix::create_folder(storage_.root_, "");
    const auto [above, own_name] = posix::split_key(name);
    auto parent = above_.find(above);
    if (parent == above_.end()) parent = above_.emplace(above, created(above)).first;
    return posix::create_child(parent->second, own_name);
  }

  void sync_bytes() {
    if (entries_.size() >= kSyncWholeFrom && sync_whole(folders_)) {
      settle([](const std::string&) {});  // the folders' names are synced with everything else
      return;
    }
    for (Entry& entry : entries_) {
      if (entry.temporary) entry.temporary->sync();
      // "Already there" is not "durable": whoever put it may have died before its own fsync, or
      // copied it here by hand.
      if (entry.existing) posix::sync(entry.existing->fd.get(), entry.existing->path);
    }
    settle([this](const std::string& name) { posix::sync_path_to(storage_.root_, name); });
  }

  // An object is durable when all folders above it are. Those may be new, or made by another
  // process that has not synced them yet; so each is synced once per LocalStorage, and again if it
  // had to be created again.
  template <typename Sync>
  void settle(const Sync& sync) {
    for (const auto& [name, opened] : folders_) {
      if (!opened.created && storage_.is_settled(name)) continue;
      sync(name);
      if (!opened.created) posix::sweep_temporaries(opened.folder.fd.get());  // a new one has none
      const std::lock_guard lock(storage_.settled_mutex_);
      storage_.settled_.insert(name);
    }
  }

  void publish() {
    for (Entry& entry : entries_) {
      if (!entry.temporary) continue;
      if (entry.item->mode == PutMode::kReplace) {
        entry.temporary->publish();
      } else if (!entry.temporary->publish_if_absent()) {
        entry.outcome = PutOutcome::kAlreadyThere;
        const auto winner = posix::open_object(*entry.folder, entry.name);
        if (winner) posix::sync(winner->fd.get(), winner->path);
      }
    }
  }

  void sync_names() {
    if (folders_.size() >= kSyncWholeFrom && sync_whole(folders_)) return;
    for (const auto& [name, opened] : folders_) {
      posix::sync(opened.folder.fd.get(), opened.folder.path);
    }
  }

  LocalStorage& storage_;
  const std::span<const PutItem> items_;
  std::map<std::string, CreatedFolder, std::less<>> above_;    // on the way to these:
  std::map<std::string, CreatedFolder, std::less<>> folders_;  // of the objects
  std::vector<Entry> entries_;  // destroyed before folders_, whose descriptors they use
};

LocalStorage::LocalStorage(std::string root) {
  if (root.empty()) {
    throw Error(ErrorCode::kUsage, "a local storage needs a path: name a directory with --storage");
  }
  while (root.size() > 2 && root.starts_with("./")) root.erase(0, 2);
  // Not normalised further: "link/.." is not the folder that holds the link.
  root_ = boost::filesystem::absolute(root).string();
  while (root_.size() > 1 && (root_.ends_with('/') || root_.ends_with("/."))) root_.pop_back();
}

void LocalStorage::ensure_exists() {
  if (!posix::open_root(root_)) posix::make_folders(root_);
}

std::string LocalStorage::local_directory(std::string_view folder) const {
  return (root_ + "/").append(folder);
}

std::string LocalStorage::describe() const {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-~+=@,:";
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string url = "file://";
  for (const char c : root_) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain.find(c) != std::string_view::npos) {
      url += c;
    } else {
      url += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return url;
}

bool LocalStorage::is_settled(std::string_view folder) const {
  const std::lock_guard lock(settled_mutex_);
  return settled_.contains(folder);
}

bool LocalStorage::do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const {
  const std::optional<OpenedObject> object = posix::open_object(root_, key);
  if (!object) return false;
  check_size(key, object->size, max_size);
  sink.begin(object->size);
  posix::read_pieces(object->fd.get(), object->size, object->path, sink);
  return true;
}

std::optional<std::string> LocalStorage::do_get_range(std::string_view key, std::uint64_t offset,
                                                      std::uint64_t length) const {
  const std::optional<OpenedObject> object = posix::open_object(root_, key);
  if (!object) return std::nullopt;
  if (offset >= object->size) return std::string();
  return posix::read_exactly(object->fd.get(), offset, std::min(length, object->size - offset),
                             object->path);
}

void LocalStorage::do_put(std::string_view key, std::string_view bytes) {
  const PutItem item{key, bytes, PutMode::kReplace};
  do_put_many({&item, 1});
}

bool LocalStorage::do_put_if_absent(std::string_view key, std::string_view bytes) {
  const PutItem item{key, bytes, PutMode::kIfAbsent};
  return do_put_many({&item, 1}).front() == PutOutcome::kWritten;
}

std::vector<PutOutcome> LocalStorage::do_put_many(std::span<const PutItem> items) {
  std::vector<PutOutcome> outcomes;
  outcomes.reserve(items.size());
  for (std::size_t first = 0; first < items.size(); first += kItemsPerBatch) {
    const std::size_t count = std::min(kItemsPerBatch, items.size() - first);
    Batch(*this, items.subspan(first, count)).write(outcomes);
  }
  return outcomes;
}

std::optional<ObjectInfo> LocalStorage::do_head(std::string_view key) const {
  const std::optional<OpenedObject> object = posix::open_object(root_, key);
  if (!object) return std::nullopt;
  return ObjectInfo{object->size};
}

std::vector<std::string> LocalStorage::do_list(std::string_view prefix,
                                               std::string_view start_after,
                                               std::size_t limit) const {
  const std::size_t slash = prefix.rfind('/');
  const std::string_view folder_name =
      slash == std::string_view::npos ? std::string_view() : prefix.substr(0, slash);
  const std::optional<Folder> folder = posix::open_folder(root_, folder_name);
  if (!folder) return {};
  Listing listing(prefix, start_after, limit);
  listing.walk(*folder, folder_name.empty() ? "" : std::string(folder_name) + "/");
  return listing.take();
}

bool LocalStorage::do_remove(std::string_view key) {
  const auto [folder_name, name] = posix::split_key(key);
  const std::optional<Folder> folder = posix::open_folder(root_, folder_name);
  if (!folder) return false;
  if (::unlinkat(folder->fd.get(), name.c_str(), 0) != 0) {
    if (errno == ENOENT) return false;
    posix::throw_errno(errno, "remove", folder->path + "/" + name);
  }
  posix::sync(folder->fd.get(), folder->path);
  return true;
}

}  // namespace pet
