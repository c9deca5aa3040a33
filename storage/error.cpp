#include "storage/error.hpp"

#include <cstddef>

namespace pet {
namespace {

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < kErrorCodes.size(); ++i) {
    if (kErrorCodes[i].code != static_cast<ErrorCode>(i)) return false;
  }
  return true;
}
static_assert(rows_are_in_order());

// Null for a number that is no code.
const ErrorCodeRow* row_of(ErrorCode code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return index < kErrorCodes.size() ? &kErrorCodes[index] : nullptr;
}

}  // namespace

std::string_view to_string(ErrorCode code) noexcept {
  const ErrorCodeRow* const row = row_of(code);
  return row == nullptr ? "unknown" : row->name;
}

int exit_status(ErrorCode code) noexcept {
  const ErrorCodeRow* const row = row_of(code);
  return static_cast<int>(row == nullptr ? ExitStatus::kFailed : row->exit_status);
}

}  // namespace pet
