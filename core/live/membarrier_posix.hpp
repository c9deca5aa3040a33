// membarrier: makes every running thread of this process pass a full memory barrier. (Inside core/live
// only.)
#pragma once

namespace pet::hazard {

// Whether the kernel can; asked for once, before membarrier().
bool register_membarrier() noexcept;

void membarrier() noexcept;

}  // namespace pet::hazard
