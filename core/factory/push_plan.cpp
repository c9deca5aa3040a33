#include "core/factory/push_plan.hpp"

#include <algorithm>
#include <optional>

#include "storage/error.hpp"

namespace pet {
namespace {

struct Failure {
  const PetClass* clazz;
  Error error;
};

std::string label(const PetClass& clazz) { return clazz.name() + " " + clazz.hash()->short_hex(); }

std::string indented(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? "\n    " : std::string(1, c);
  return out;
}

[[noreturn]] void throw_all(const std::vector<Failure>& failures, std::size_t total,
                            const std::vector<PushResult>& results, const std::string& storage) {
  if (total == 1) throw failures.front().error;
  std::string message = std::to_string(failures.size()) + " of " + std::to_string(total) +
                        " classes did not reach " + storage + ":";
  for (const auto& [clazz, error] : failures) {
    message += "\n  " + label(*clazz) + ": " + indented(error.what());
  }
  if (!results.empty()) {
    std::string separator = "\n  published: ";
    for (const PushResult& result : results) {
      message += separator + result.class_name + " " + result.hash.short_hex();
      separator = ", ";
    }
  }
  const Error& first = failures.front().error;
  throw Error(first.code(), message, {first.class_name(), first.hash(), first.key()});
}

}  // namespace

void PushPlan::add(std::string_view registered_as, const PetClass& clazz) {
  const bool own = registered_as == clazz.name();
  const bool settled = std::find(settled_.begin(), settled_.end(), clazz.name()) != settled_.end();
  if (own) settled_.push_back(clazz.name());
  const auto planned = std::find_if(to_push_.begin(), to_push_.end(), [&](const PetClass& other) {
    return other.name() == clazz.name();
  });
  if (planned == to_push_.end()) {
    to_push_.push_back(clazz);
  } else if (*planned != clazz) {
    to_persist_.push_back(clazz);
    if (!settled) std::swap(*planned, to_persist_.back());
  }
}

std::vector<PushResult> PushPlan::carry_out(const PetClassManager& manager,
                                            const PublishOptions& options) const {
  std::vector<PushResult> results;
  std::vector<Failure> failures;
  for (const PetClass& clazz : to_persist_) {
    try {
      manager.persist_class(clazz);
    } catch (const Error& error) {
      failures.push_back({&clazz, error});
    }
  }
  std::vector<PushOutcome> outcomes = manager.push_many(to_push_, options);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].result) {
      results.push_back(*outcomes[i].result);
    } else {
      failures.push_back({&to_push_[i], *outcomes[i].error});
    }
  }
  if (!failures.empty()) {
    throw_all(failures, to_push_.size() + to_persist_.size(), results, manager.storage());
  }
  return results;
}

}  // namespace pet
