// CACHEDIR.TAG (bford.info/cachedir): the sign that a directory is a cache of ours, so that nobody
// who names another one by mistake clears it. Backups leave tagged directories out.
//
// Threads: functions may be called from any thread.
#pragma once

#include "core/cache/trusted_directory_posix.hpp"

namespace pet::posix {

// Tags the directory unless something of that name is there. It is housekeeping on the way: where
// the directory takes no file there is nothing to clear either, and who needs it is told.
void tag_cache(const TrustedDirectory& directory);

// Whether it has that tag, or was a cache's before there were tags.
bool is_tagged_cache(int directory);

}  // namespace pet::posix
