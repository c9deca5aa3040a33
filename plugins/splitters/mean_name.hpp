// How a splitter names what it measured over its folds, and an optimizer finds it.
#pragma once

#include <string>

namespace pet::plugins {

// The name under which evaluate() gives a metric's mean over the folds: "F1_mean" of "F1".
inline std::string mean_name(const std::string& metric) { return metric + "_mean"; }

}  // namespace pet::plugins
