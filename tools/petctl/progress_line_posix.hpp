// What petctl shows of a transfer that takes its time: one line on a terminal, rewritten, and gone at
// its end.
#pragma once

#include "storage/transfer_watch.hpp"

namespace pet::tools {

// Shows transfers of more than a second on stderr; null where stderr is no terminal. Of several at
// once the line is about the one that was heard of last.
TransferWatch progress_line();

// Removes the line, before something else goes to stderr.
void erase_progress_line();

}  // namespace pet::tools
