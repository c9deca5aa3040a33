#include "core/factory/base_factory.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>

#include "core/artifact/class_name.hpp"
#include "core/near_miss.hpp"
#include "storage/error.hpp"

namespace pet {

BaseFactory::BaseFactory(std::string label) : label_(std::move(label)) {}
BaseFactory::~BaseFactory() = default;

const PetClass& BaseFactory::operator[](std::string_view name) const {
  if (const PetClass* const clazz = find(name)) return *clazz;
  throw_class_not_found(name);
}

std::optional<PetClass> BaseFactory::get(std::string_view name) const {
  const PetClass* const clazz = find(name);
  return clazz == nullptr ? std::nullopt : std::optional(*clazz);
}

PetClass BaseFactory::get(std::string_view name, const PetClass& default_class) const {
  const PetClass* const clazz = find(name);
  return clazz == nullptr ? default_class : *clazz;
}

const PetClass* BaseFactory::find(std::string_view name) const {
  if (const PetClass* const clazz = table_.find(name)) return clazz;
  require_class_name(name);
  return resolve(name);
}

const PetClass* BaseFactory::resolve(std::string_view) const { return nullptr; }

std::vector<BaseFactory::Item> BaseFactory::items() const { return table_.snapshot(); }
BaseFactory::Iterator BaseFactory::begin() const { return Iterator(items()); }

void BaseFactory::print_available_components(std::ostream& out) const {
  const std::vector<Item> all = items();
  out << "Available " << label_ << (all.empty() ? ": none" : ":") << '\n';
  std::size_t width = 0;
  for (const auto& [name, clazz] : all) width = std::max(width, name.size());
  for (const auto& [name, clazz] : all) {
    out << "  " << name << std::string(width - name.size() + 2, ' ') << clazz.kind();
    if (name != clazz.name()) out << " " << clazz.name();
    if (!clazz.version().empty()) out << ", version " << clazz.version();
    if (clazz.hash()) out << ", " << clazz.hash()->short_hex();
    out << ", " << clazz.source() << '\n';
  }
}

const PetClass& BaseFactory::assign(std::string_view name, const PetClass& clazz) {
  require_class_name(name);
  return table_.assign(name, clazz);
}

bool BaseFactory::erase(std::string_view name) { return table_.erase(name); }
void BaseFactory::clear() { table_.clear(); }

PetClass BaseFactory::get_version(std::string_view name, const Hash& hash) const {
  require_class_name(name);
  throw Error(ErrorCode::kUsage,
              "the " + label_ + " have no versions: cannot answer for " + std::string(name) + " " +
                  hash.short_hex() + "\n  try: ask a PetFactory, such as a Container's ppif",
              {std::string(name), hash.hex(), {}});
}

PetClass BaseFactory::get_version(std::string_view name, std::string_view hex) const {
  return get_version(name, Hash::require(hex));
}

Binary BaseFactory::get_state(std::string_view name, const Hash& hash) const {
  require_class_name(name);
  throw Error(ErrorCode::kUsage,
              "the " + label_ + " have no fitted states: cannot answer for " + std::string(name) +
                  " " + hash.short_hex() + "\n  try: ask a PetFactory, such as a Container's ppif",
              {std::string(name), hash.hex(), {}});
}

std::optional<PetClass> BaseFactory::get_builtin(std::string_view name) const {
  return table_.find_compiled_in(name);
}

ClassAnswer BaseFactory::answer(const ClassRequest& request) const noexcept {
  try {
    if (request.hash) return {get_version(request.name, *request.hash), nullptr};
    return {(*this)[request.name], nullptr};
  } catch (...) {
    return {std::nullopt, std::current_exception()};
  }
}

std::vector<ClassAnswer> BaseFactory::prefetch(std::span<const ClassRequest> requests) const {
  std::vector<ClassAnswer> answers;
  answers.reserve(requests.size());
  for (const ClassRequest& request : requests) answers.push_back(answer(request));
  return answers;
}

std::vector<std::string> BaseFactory::places_tried() const { return {"not among the " + label_}; }

std::vector<BaseFactory::Candidate> BaseFactory::candidates(std::string_view) const {
  std::vector<Candidate> found;
  for (const auto& [name, clazz] : items()) found.push_back({name, {}});
  return found;
}

namespace {

// "'A' (built in), 'B' or 'C'"
std::string alternatives(const std::vector<std::string>& texts) {
  std::string text;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) text += i + 1 == texts.size() ? " or " : ", ";
    text += texts[i];
  }
  return text;
}

}  // namespace

void BaseFactory::throw_class_not_found(std::string_view name) const {
  std::string message = "no class '" + std::string(name) + "'";
  std::string separator = ": ";
  for (const std::string& place : places_tried()) {
    message += separator + place;
    separator = ", ";
  }
  const std::vector<Candidate> known = candidates(name);
  std::vector<std::string> names;
  for (const Candidate& candidate : known) {
    if (std::find(names.begin(), names.end(), candidate.name) == names.end()) {
      names.push_back(candidate.name);
    }
  }
  std::vector<std::string> meant;
  for (const std::string& near : near_misses(name, names)) {
    const auto at = std::find_if(known.begin(), known.end(), [&](const Candidate& candidate) {
      return candidate.name == near;
    });
    meant.push_back("'" + near + "'" + (at->place.empty() ? "" : " (" + at->place + ")"));
  }
  if (!meant.empty()) message += "\n  did you mean " + alternatives(meant) + "?";
  throw Error(ErrorCode::kClassNotFound, message, {std::string(name), {}, {}});
}

}  // namespace pet
