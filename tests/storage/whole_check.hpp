// WholeCheck: a chain's ContentCheck for tests, from a function of the whole bytes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/chain_storage.hpp"

namespace pet::test {

class WholeCheck final : public ContentCheck {
 public:
  using FaultOf = std::function<std::string(std::string_view key, std::string_view bytes)>;

  WholeCheck(std::string_view key, FaultOf fault_of) : key_(key), fault_of_(std::move(fault_of)) {}

  void begin(std::optional<std::uint64_t>) override { bytes_.clear(); }
  void write(std::string_view piece) override { bytes_.append(piece); }
  std::string fault() override { return fault_of_(key_, bytes_); }

 private:
  const std::string key_;
  const FaultOf fault_of_;
  std::string bytes_;
};

// ChainLayout::check_of.
inline auto checks(WholeCheck::FaultOf fault_of) {
  return [fault_of = std::move(fault_of)](std::string_view key) {
    return std::make_unique<WholeCheck>(key, fault_of);
  };
}

}  // namespace pet::test
