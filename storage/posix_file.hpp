// POSIX files: the one way to write a file durably, and to report why a system call failed.
//
// A file that must survive a power cut is written as: a unique temporary in the folder it will live
// in, write, fsync, rename or link to its name, fsync of the folder. Each half alone loses data:
// without the first fsync the name can come back with no bytes behind it, without the second the
// name can be gone.
//
//   posix::durable_write("/srv/pets/keys.json", bytes);      // all of it in one call
//
// TemporaryFile is the same in steps, for callers who batch the fsyncs or need none.
//
// Threads: functions may be called from any thread; an object belongs to one thread at a time.
// Throws:  pet::Error with the path: see throw_errno.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "storage/byte_sink.hpp"
#include "storage/error.hpp"

namespace pet::posix {

// Owns a file descriptor; -1 is none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { close(); }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }

 private:
  // What close() reports is of no use: whoever cares has called sync() before.
  void close() noexcept;

  int fd_ = -1;
};

// Opens for reading without waiting for somebody to write: a FIFO that lies there shall not hold us for
// ever. While another program has a lease on the file (Samba, an NFS server) it waits until that is given
// back, which Linux sees to, at most a minute. Without a descriptor errno says why.
FileDescriptor open_to_read(int folder, const std::string& name, int flags);

// Throws the pet::Error for an errno: "cannot write '/srv/pets/a': …: free space there, or …".
//   kStorageRefused      permission, space, a file system that is read-only
//   kStorageUnsupported  the file system has no such operation
//   kCorrupt             a file where a folder should be, or the reverse
//   kStorageUnreachable  everything else (EIO, ESTALE, EMFILE…)
[[noreturn]] void throw_errno(int error, std::string_view doing, const std::string& path);

// What a failed call is reported by, for callers with words of their own. Has to throw.
using Fail = void (*)(int error, std::string_view doing, const std::string& path);

// Writes all of `bytes`. `path` is for the message, here and below.
void write_all(int fd, std::string_view bytes, const std::string& path, Fail fail = throw_errno);

// Reads exactly `length` bytes from `offset`; fewer is kCorrupt: the file shrank.
std::string read_exactly(int fd, std::uint64_t offset, std::uint64_t length,
                         const std::string& path);

// Writes the first `size` bytes to `sink`, in pieces, after its begin(); fewer is kCorrupt.
void read_pieces(int fd, std::uint64_t size, const std::string& path, ByteSink& sink);

// fsync. After it failed once the kernel may have dropped the pages: write the file again, never
// only sync it again.
void sync(int fd, const std::string& path);

// syncfs: everything written so far to the file system that holds `fd`, files and names. false,
// with nothing promised, where it is missing, does not report write errors (Linux before 5.8), or is that
// of a file system of which nobody knows that it does (FUSE's does nothing):
// then sync() each file and folder.
bool sync_file_system(int fd, const std::string& path);

// "<pid>-<random>": a name that no other process, and no other call, makes.
std::string unique_name();

struct TemporaryFileOptions {
  unsigned mode = 0666;  // less the umask
  Fail fail = throw_errno;
};

// A file on its way to its name: until published it is ".tmp-<pid>-<random>" in the same folder,
// and is removed when this object dies. Messages speak of the name it will have.
// REQUIRES: the folder's descriptor stays open for the life of this object.
class TemporaryFile {
 public:
  TemporaryFile(int folder, const std::string& folder_path, std::string name,
                TemporaryFileOptions options = {});
  ~TemporaryFile();
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;

  void write(std::string_view bytes) { write_all(fd_.get(), bytes, path_, fail_); }
  void sync() { posix::sync(fd_.get(), path_); }
  int descriptor() const noexcept { return fd_.get(); }  // for reading too; this object's

  // Gives the file its name, in place of what has it now.
  void publish();

  // Gives the file its name unless something has it: false, and the file is gone, when it was
  // taken. Atomic between processes. kStorageUnsupported on a file system with neither
  // renameat2 nor link.
  bool publish_if_absent();

 private:
  bool link_if_absent();
  void discard() noexcept;

  int folder_;
  std::string name_;
  std::string path_;       // of the name
  std::string temporary_;  // empty once the temporary name is gone
  FileDescriptor fd_;
  Fail fail_;
};

// Removes what dead writers left in the folder: temporaries an hour old whose process does not run
// here. Looks at a bounded number of names and throws nothing: it is housekeeping on the way.
void sweep_temporaries(int folder) noexcept;

// Creates the folder and those above it, with mode 0777 less the umask; each that was missing is
// durable on return. Follows symbolic links.
void make_folders(const std::string& path);

// Creates or replaces the file `path`, durably and atomically, with mode 0666 less the umask.
// REQUIRES: its folder exists.
void durable_write(const std::string& path, std::string_view bytes);

}  // namespace pet::posix
