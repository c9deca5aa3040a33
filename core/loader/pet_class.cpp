#include "core/loader/pet_class.hpp"

#include <utility>

#include "core/loader/class_record.hpp"
#include "core/loader/entry_check.hpp"
#include "core/loader/failure_text.hpp"
#include "core/loader/instance_record.hpp"
#include "core/loader/parameters.hpp"
#include "core/loader/value_bridge.hpp"
#include "storage/error.hpp"

namespace pet {
namespace {

struct Ability {
  std::string_view name;
  bool (*present)(const InterfaceTables& tables);
};

// What the plain names mean; PET_FILTER_FIT is the boundary's way to ask for fit.
constexpr Ability kAbilities[] = {
    {"predict", [](const InterfaceTables& t) { return t.predict != nullptr; }},
    {"fit", [](const InterfaceTables& t) { return t.fit != nullptr; }},
    {PET_FILTER_FIT, [](const InterfaceTables& t) { return t.fit != nullptr; }},
    {"measure", [](const InterfaceTables& t) { return t.measure != nullptr; }},
    {"evaluate", [](const InterfaceTables& t) { return t.evaluate != nullptr; }},
    {"split", [](const InterfaceTables& t) { return t.split != nullptr; }},
    {"optimize", [](const InterfaceTables& t) { return t.optimize != nullptr; }},
    {"state", [](const InterfaceTables& t) { return t.save_state != nullptr; }},
    {"set", [](const InterfaceTables& t) { return t.set != nullptr; }},
    {"clusters", [](const InterfaceTables& t) { return t.clusters; }},
};

[[noreturn]] void throw_bad_params(const PetClass::Record& clazz,
                                   const std::vector<ParamProblem>& problems) {
  std::string text = clazz.label;
  for (std::size_t i = 0; i < problems.size(); ++i) {
    text += (i == 0 ? ": " : "; ") + problems[i].text;
  }
  throw Error(
      ErrorCode::kBadParams, text,
      {.class_name = clazz.facts->name, .hash = clazz.hash ? clazz.hash->hex() : "", .key = ""});
}

}  // namespace

PetClass PetClass::compiled_in(const pet_entry& entry) {
  auto record = std::make_shared<Record>();
  record->own_facts = read_entry_notes(entry);
  record->facts = &record->own_facts;
  record->entry = &entry;
  record->tables = checked_tables(entry, record->own_facts);
  record->source = "built in";
  record->label = record->facts->name;
  return PetClass(std::move(record));
}

PetClass PetClass::from_library(std::shared_ptr<const Library> library,
                                std::shared_ptr<const Binary> binary, std::string source) {
  auto record = std::make_shared<Record>();
  record->facts = &library->facts().clazz;
  record->entry = &library->entry();
  record->tables = library->tables();
  record->hash = library->hash();
  record->label = record->facts->name + " " + library->hash().short_hex();
  record->binary = std::move(binary);
  record->source = std::move(source);
  record->library = std::move(library);
  return PetClass(std::move(record));
}

const std::string& PetClass::name() const noexcept { return record_->facts->name; }
const std::optional<Hash>& PetClass::hash() const noexcept { return record_->hash; }
const std::string& PetClass::kind() const noexcept { return record_->facts->kind; }
const std::string& PetClass::version() const noexcept { return record_->facts->version; }
const std::string& PetClass::doc() const noexcept { return record_->facts->doc; }
const std::vector<ParameterFacts>& PetClass::parameters() const noexcept {
  return record_->facts->parameters;
}
const ClassFacts& PetClass::facts() const noexcept { return *record_->facts; }
const std::string& PetClass::source() const noexcept { return record_->source; }
const std::shared_ptr<const Binary>& PetClass::binary() const noexcept { return record_->binary; }

bool PetClass::has(std::string_view ability) const noexcept {
  for (const Ability& known : kAbilities) {
    if (known.name == ability) return known.present(record_->tables);
  }
  return record_->facts->has_interface(ability);
}

BasePlugin PetClass::create(ParamObject params) const {
  return create(std::move(params), PluginHost::process());
}

BasePlugin PetClass::create(ParamObject params, std::shared_ptr<PluginHost> host) const {
  const auto problems = complete_parameters(*record_->facts, params);
  if (!problems.empty()) throw_bad_params(*record_, problems);

  auto instance = std::make_shared<BasePlugin::Record>(*this, std::move(host));
  instance->params = std::move(params);
  ValueArena arena;
  const pet_value values = to_boundary(instance->params, arena);
  FailureText failure;
  pet_instance* made = nullptr;
  pet_status status = record_->entry->create(&instance->host_table, &values, &made, failure.get());
  if (status == PET_OK && made == nullptr) {
    status = report(failure.get(), PET_FAILED, "returned nothing; expected an instance");
  }
  if (status != PET_OK) {
    label_failure(*record_, "create", status, failure.get());
    raise(*record_, code_of(status), failure);
  }
  instance->instance = made;
  return BasePlugin(std::move(instance));
}

bool operator==(const PetClass& a, const PetClass& b) noexcept {
  if (a.record_ == b.record_) return true;
  if (a.hash() || b.hash()) return a.hash() == b.hash() && a.name() == b.name();
  return a.record_->entry == b.record_->entry;
}

}  // namespace pet
