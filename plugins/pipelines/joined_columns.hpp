// What the pipelines whose filters stand side by side share: outputs, made ready to be joined as
// columns.
//
// Threads: any. Throws: pet::Failure(PET_BAD_INPUT).
#pragma once

#include <cstddef>
#include <pet/child.hpp>
#include <vector>

namespace pet::plugins {

// The output of filters[place] has 1 or 2 dimensions and as many rows as the first one's.
void require_joinable(const std::vector<FilterChild>& filters, std::size_t place,
                      const XYData& first, const XYData& output);

// Gives all parts one element type: outputs of one type keep it; of integers only, it is int64;
// otherwise float64.
void unify_types(std::vector<XYData>& parts);

}  // namespace pet::plugins
