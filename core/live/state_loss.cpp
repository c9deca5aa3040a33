#include "core/live/state_loss.hpp"

#include <cstdint>
#include <map>
#include <pet/state.hpp>
#include <utility>

namespace pet::trial {
namespace {

using pet::detail::ByteReader;

struct Fields {
  std::string_view clazz;
  std::uint64_t schema = 0;
  std::map<std::string_view, std::pair<std::string_view, std::string_view>> by_name;  // type, bytes
};

// Its class has read these bytes, checksum and all.
std::optional<Fields> fields_of(std::string_view state) {
  try {
    ByteReader in(state);
    if (in.take(pet::detail::kStateMagic.size()) != pet::detail::kStateMagic) return std::nullopt;
    if (in.number(4) != pet::detail::kStateFormat) return std::nullopt;
    in.number(8);  // bytes of all
    Fields fields;
    fields.clazz = in.text();
    fields.schema = in.number(4);
    for (std::uint64_t left = in.number(4); left > 0; --left) {
      const std::string_view name = in.text();
      const std::string_view type = in.text();
      fields.by_name[name] = {type, in.take(in.number(8))};
    }
    return fields;
  } catch (const Failure&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> lost_field(std::string_view imported, std::string_view exported) {
  if (imported == exported) return std::nullopt;
  const std::optional<Fields> before = fields_of(imported);
  const std::optional<Fields> after = fields_of(exported);
  if (!before || !after) return std::nullopt;
  if (before->clazz != after->clazz || before->schema != after->schema) return std::nullopt;
  for (const auto& [name, field] : before->by_name) {
    const auto found = after->by_name.find(name);
    if (found != after->by_name.end() && found->second == field) continue;
    const bool is_child =
        found != after->by_name.end() && field.first == "child" && found->second.first == "child";
    if (!is_child) return std::string(name);
    const auto inside = lost_field(field.second, found->second.second);
    if (inside) return std::string(name) + ", " + *inside;
  }
  return std::nullopt;
}

}  // namespace pet::trial
