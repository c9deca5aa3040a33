// npy: NumPy's file of one array, versions 1 to 3, as XYData.
//
//   pet::XYData x = pet::tools::read_npy("x_train.npy");
//   pet::tools::write_npy("pred.npy", pipeline.predict(x));
//
// Read are float32, float64, bool and the integers, little-endian, in either order; the result is
// row-major. The header is not trusted: sizes are compared with the file before anything is
// allocated.
//
// Threads: any. Throws: as data_file.hpp says.
#pragma once

#include <filesystem>
#include <pet/xydata.hpp>
#include <string>
#include <vector>

#include "tools/data/labels.hpp"

namespace pet::tools {

XYData read_npy(const std::filesystem::path& path);

// The same for targets, which may also be texts ('<U10'), in one column.
Targets read_npy_targets(const std::filesystem::path& path);

// Byte for byte what np.save writes. kBadParams for an element type that .npy has no name for.
void write_npy(const std::filesystem::path& path, const XYData& data);

// An array of texts, as np.save writes one. REQUIRES: UTF-8, and as many as `shape` says.
void write_npy(const std::filesystem::path& path, const std::vector<std::string>& texts,
               const Shape& shape);

}  // namespace pet::tools
