#include "storage/http/byte_range.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "storage/ascii.hpp"

namespace pet {

std::string byte_range(std::uint64_t offset, std::uint64_t end) {
  const std::string from = "bytes=" + std::to_string(offset) + "-";
  return end > std::numeric_limits<std::int64_t>::max() ? from : from + std::to_string(end - 1);
}

bool has_byte_range(const HttpResponse& response, std::uint64_t offset, std::uint64_t end) {
  constexpr std::string_view kUnit = "bytes ";
  std::string_view text = response.header("content-range");  // "bytes 0-99/1000", or "…/*"
  if (!text.starts_with(kUnit)) return false;
  text.remove_prefix(kUnit.size());
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash > slash || slash == std::string_view::npos) return false;
  const std::optional<std::uint64_t> first = number_in(text.substr(0, dash));
  const std::optional<std::uint64_t> last = number_in(text.substr(dash + 1, slash - dash - 1));
  const std::string_view size = text.substr(slash + 1);
  if (first != offset || !last) return false;
  const std::optional<std::uint64_t> most = size == "*" ? end : number_in(size);
  return most && *most > offset && *last == std::min(end, *most) - 1 &&
         response.body.size() == *last - offset + 1;
}

}  // namespace pet
