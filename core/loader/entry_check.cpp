#include "core/loader/entry_check.hpp"

#include <span>

#include "storage/error.hpp"

namespace pet {
namespace {

std::string view(pet_text text) {
  return text.data == nullptr ? std::string()
                              : std::string(text.data, static_cast<std::size_t>(text.size));
}

std::string abi(unsigned major, unsigned minor) {
  return "ABI " + std::to_string(major) + "." + std::to_string(minor);
}

[[noreturn]] void refuse(const pet_entry& entry, const std::string& text) {
  const std::string name = view(entry.class_name);
  throw Error(ErrorCode::kNotAPlugin, name + ": " + text,
              {.class_name = name, .hash = "", .key = ""});
}

std::string differ(const std::string& notes, const std::string& entry) {
  return "its notes say " + notes + ", its entry says " + entry;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "nothing" : text;
}

std::string parameters(const ClassFacts& facts) {
  std::vector<std::string> texts;
  for (const ParameterFacts& parameter : facts.parameters) {
    texts.push_back(parameter.name + " (" + parameter.type.text() + ")");
  }
  return "the parameters " + listed(texts);
}

bool same_parameters(const ClassFacts& a, const ClassFacts& b) {
  if (a.parameters.size() != b.parameters.size() || a.open_params != b.open_params) return false;
  for (std::size_t i = 0; i < a.parameters.size(); ++i) {
    const ParameterFacts& x = a.parameters[i];
    const ParameterFacts& y = b.parameters[i];
    if (x.name != y.name || x.type != y.type || x.default_value != y.default_value) return false;
  }
  return true;
}

}  // namespace

ClassFacts read_entry_notes(const pet_entry& entry) {
  if (entry.size < sizeof(pet_entry)) {
    throw Error(ErrorCode::kNotAPlugin, "a class's entry has " + std::to_string(entry.size) +
                                            " bytes; expected " +
                                            std::to_string(sizeof(pet_entry)));
  }
  if (entry.abi_major != PET_ABI_MAJOR) {
    refuse(entry, "its entry is of " + abi(entry.abi_major, entry.abi_minor) +
                      "; this host speaks " + abi(PET_ABI_MAJOR, PET_ABI_MINOR));
  }
  if (entry.create == nullptr || entry.destroy == nullptr || entry.query == nullptr) {
    refuse(entry, "its entry lacks create, destroy or query");
  }
  const auto* bytes = reinterpret_cast<const std::byte*>(entry.notes.data);
  ClassFacts facts = read_notes(std::span(bytes, static_cast<std::size_t>(entry.notes.size)));
  if (facts.name != view(entry.class_name)) {
    refuse(entry, differ("class " + facts.name, "class " + view(entry.class_name)));
  }
  if (facts.abi_major != entry.abi_major || facts.abi_minor != entry.abi_minor) {
    refuse(entry,
           differ(abi(facts.abi_major, facts.abi_minor), abi(entry.abi_major, entry.abi_minor)));
  }
  return facts;
}

std::string difference(const ClassFacts& notes, const ClassFacts& entry) {
  if (notes.name != entry.name) return differ("class " + notes.name, "class " + entry.name);
  if (notes.kind != entry.kind) return differ("kind " + notes.kind, "kind " + entry.kind);
  if (notes.abi_major != entry.abi_major || notes.abi_minor != entry.abi_minor) {
    return differ(abi(notes.abi_major, notes.abi_minor), abi(entry.abi_major, entry.abi_minor));
  }
  if (notes.version != entry.version) {
    return differ("version '" + notes.version + "'", "version '" + entry.version + "'");
  }
  if (notes.interfaces != entry.interfaces) {
    return differ("interfaces " + listed(notes.interfaces),
                  "interfaces " + listed(entry.interfaces));
  }
  if (notes.state_schema != entry.state_schema) {
    const auto schema = [](const ClassFacts& facts) {
      return facts.state_schema ? "state schema " + std::to_string(*facts.state_schema)
                                : std::string("no state schema");
    };
    return differ(schema(notes), schema(entry));
  }
  if (notes.isa != entry.isa) return differ("ISA " + notes.isa, "ISA " + entry.isa);
  if (!same_parameters(notes, entry)) return differ(parameters(notes), parameters(entry));
  return {};
}

InterfaceTables checked_tables(const pet_entry& entry, const ClassFacts& facts) {
  for (const std::string& id : facts.interfaces) {
    if (entry.query(id.c_str()) == nullptr) {
      refuse(entry, differ("it has " + id, "it has not"));
    }
  }
  return InterfaceTables::of(entry);
}

}  // namespace pet
