// LocalStorage: a directory as storage. The object "plugins/A/latest.json" is the file of that name
// under the root.
//
//   pet::LocalStorage storage("/srv/pets");
//   storage.put("plugins/A/latest.json", hint);
//
// Any number of processes may share the directory, over NFS too: nothing is locked, and every
// object appears by one atomic rename or link. The directory is created by ensure_exists() or the
// first write; reading one that does not exist is kStorageUnreachable, since a path mistyped or not
// mounted is no empty storage.
//
// Keys stay inside: below the root no symbolic link is followed, so nobody who may write here can
// make a reader or writer elsewhere touch another file. The root itself may be reached through
// links.
//
// Left over: a writer that is killed leaves a file ".tmp-…", which no key can name and no list
// shows; a later writer to the same folder removes it after an hour. remove() leaves empty folders
// standing, since a writer may be about to use them.
#pragma once

#include <mutex>
#include <set>
#include <string>

#include "storage/base_storage.hpp"

namespace pet {

class LocalStorage : public BaseStorage {
 public:
  // A relative path is taken from the current directory now, once. Touches nothing.
  explicit LocalStorage(std::string root);

  // The root, absolute, without a trailing '/'.
  const std::string& root() const noexcept { return root_; }

  void ensure_exists() override;
  std::string describe() const override;
  std::string local_directory(std::string_view folder) const override;

  // put_if_absent needs link(2) or renameat2(2), which are atomic or fail: a file system without
  // them answers the first call with kStorageUnsupported.
  Capabilities capabilities() const override { return {true, true, true}; }

 protected:
  bool do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const override;
  std::optional<std::string> do_get_range(std::string_view key, std::uint64_t offset,
                                          std::uint64_t length) const override;
  void do_put(std::string_view key, std::string_view bytes) override;
  bool do_put_if_absent(std::string_view key, std::string_view bytes) override;
  std::vector<PutOutcome> do_put_many(std::span<const PutItem> items) override;
  std::optional<ObjectInfo> do_head(std::string_view key) const override;
  std::vector<std::string> do_list(std::string_view prefix, std::string_view start_after,
                                   std::size_t limit) const override;
  bool do_remove(std::string_view key) override;

 private:
  class Batch;

  bool is_settled(std::string_view folder) const;

  std::string root_;

  // Folders whose own names this object has made durable, all the way up to the root.
  mutable std::mutex settled_mutex_;
  std::set<std::string, std::less<>> settled_;
};

}  // namespace pet
