// The SDK's templates (sdk/templates), compiled in so that petctl is one file.
#pragma once

#include <span>
#include <string_view>

namespace pet::tools {

struct Template {
  std::string_view kind;
  std::string_view text;  // @NAME@ stands for the class's name
};

std::span<const Template> source_templates() noexcept;
std::string_view build_template() noexcept;  // of CMakeLists.txt

}  // namespace pet::tools
