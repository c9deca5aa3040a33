// Two layers: a walk over the notes, of which only ours are looked at, and a reader of one note's description. Every
// read is checked against the end of what it reads from, and counts are never believed: a list of n values
// needs at least n bytes, so the walk ends with the bytes.
#include "core/artifact/notes.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/artifact/class_name.hpp"
#include "core/artifact/note_reader.hpp"
#include "pet/abi.h"
#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

std::optional<FactType> fact_type(std::uint8_t byte) noexcept {
  if (byte <= PET_TYPE_CLASS || byte == PET_TYPE_ANY) return static_cast<FactType>(byte);
  return std::nullopt;
}

const char* note_title(std::uint32_t type) noexcept {
  switch (type) {
    case PET_NOTE_ABI:
      return "ABI";
    case PET_NOTE_CLASS:
      return "class";
    case PET_NOTE_KIND:
      return "kind";
    case PET_NOTE_VERSION:
      return "version";
    case PET_NOTE_DOC:
      return "doc";
    case PET_NOTE_INTERFACE:
      return "interface";
    case PET_NOTE_STATE_SCHEMA:
      return "state schema";
    case PET_NOTE_ISA:
      return "ISA";
    case PET_NOTE_COMPILER:
      return "compiler";
    case PET_NOTE_OPEN_PARAMS:
      return "open parameters";
    case PET_NOTE_PARAM:
      return "parameter";
    default:
      return "unknown";
  }
}

bool is_value_of(const FactValue& value, FactType base) noexcept {
  switch (base) {
    case FactType::kBool:
      return value.get_if<bool>() != nullptr;
    case FactType::kInt64:
      return value.get_if<std::int64_t>() != nullptr;
    case FactType::kFloat64:
      return value.get_if<double>() != nullptr || value.get_if<std::int64_t>() != nullptr;
    case FactType::kText:
      return value.get_if<std::string>() != nullptr;
    case FactType::kList:
      return value.get_if<FactList>() != nullptr;
    case FactType::kObject:
      return value.get_if<FactObject>() != nullptr;
    case FactType::kAny:
      return true;
    default:
      return false;  // there are no constants of instances and classes
  }
}

bool fits(const FactValue& value, const ParameterType& type) {
  if (value.is_null() && type.nullable) return true;
  if (!type.list) return is_value_of(value, type.base);
  const FactList* items = value.get_if<FactList>();
  return items != nullptr && std::all_of(items->begin(), items->end(), [&](const FactValue& item) {
           return is_value_of(item, type.base);
         });
}

ParameterType read_type(NoteReader& in) {
  const std::uint8_t byte = in.u8();
  const std::optional<FactType> base = fact_type(byte);
  if (!base || *base == FactType::kNull) in.fail("has the unknown type " + std::to_string(byte));
  const std::uint8_t flags = in.u8();  // others than these may come with a newer minor version
  return {.base = *base,
          .nullable = (flags & PET_PARAM_NULLABLE) != 0,
          .list = (flags & PET_PARAM_LIST) != 0,
          .tunable = (flags & PET_PARAM_TUNABLE) != 0};
}

ParameterFacts read_parameter(NoteReader& in) {
  ParameterFacts parameter;
  parameter.name = in.text();
  if (!is_parameter_name(parameter.name)) {
    in.fail("names its parameter " + pet::quoted(parameter.name) +
            ": expected a letter or '_', then letters, digits and '_', 128 characters at most");
  }
  parameter.type = read_type(in);
  if (in.flag()) {
    parameter.default_value = in.value();
    if (!fits(*parameter.default_value, parameter.type)) {
      in.fail("gives '" + parameter.name + "' a default that is not of its type, " +
              parameter.type.text());
    }
  }
  parameter.doc = in.text();
  return parameter;
}

// Far beyond what a class has. Each is looked for among the others.
constexpr std::size_t kMaxInterfaces = 64;

// Gathers the notes of one class. They may stand in any order: g++ emits them reversed.
class ClassReader {
 public:
  void add(std::uint32_t type, NoteReader in);
  ClassFacts finish();

 private:
  void once(std::uint32_t type, NoteReader& in);
  void require(std::uint32_t type) const;
  void order_parameters();

  ClassFacts facts_;
  std::uint32_t seen_ = 0;  // a bit for each type
  std::vector<std::pair<std::uint32_t, ParameterFacts>> parameters_;
};

void ClassReader::once(std::uint32_t type, NoteReader& in) {
  if ((seen_ >> type & 1) != 0) in.fail("is there twice");
  seen_ |= std::uint32_t{1} << type;
}

void ClassReader::add(std::uint32_t type, NoteReader in) {
  if (type < PET_NOTE_ABI || type > PET_NOTE_PARAM) return;
  if (type != PET_NOTE_INTERFACE && type != PET_NOTE_PARAM) once(type, in);
  switch (type) {
    case PET_NOTE_ABI:
      facts_.abi_major = in.u16();
      facts_.abi_minor = in.u16();
      break;
    case PET_NOTE_CLASS:
      facts_.name = in.text();
      if (!is_class_name(facts_.name)) in.fail_name(facts_.name);
      break;
    case PET_NOTE_KIND:
      facts_.kind = in.word();
      break;
    case PET_NOTE_VERSION:
      facts_.version = in.line();
      break;
    case PET_NOTE_DOC:
      facts_.doc = in.text();
      break;
    case PET_NOTE_INTERFACE: {
      std::string id = in.word();
      if (facts_.interfaces.size() == kMaxInterfaces) {
        in.fail("is one of more than " + std::to_string(kMaxInterfaces) + ": the limit");
      }
      if (facts_.has_interface(id)) in.fail("names " + id + " a second time");
      facts_.interfaces.push_back(std::move(id));
      break;
    }
    case PET_NOTE_STATE_SCHEMA:
      facts_.state_schema = in.u32();
      break;
    case PET_NOTE_ISA:
      facts_.isa = in.word();
      break;
    case PET_NOTE_COMPILER:
      facts_.compiler = in.line();
      break;
    case PET_NOTE_OPEN_PARAMS:
      facts_.open_params = true;
      break;
    case PET_NOTE_PARAM: {
      const std::uint32_t index = in.u32();
      parameters_.emplace_back(index, read_parameter(in));
      break;
    }
  }
  in.require_end();
}

void ClassReader::require(std::uint32_t type) const {
  if ((seen_ >> type & 1) == 0) {
    throw MalformedNotes{ErrorCode::kCorrupt,
                         std::string("the ") + note_title(type) + " note is missing"};
  }
}

void ClassReader::order_parameters() {
  std::sort(parameters_.begin(), parameters_.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].first != i) {
      throw MalformedNotes{ErrorCode::kCorrupt, "its parameters are not numbered 0 to " +
                                                    std::to_string(parameters_.size() - 1) +
                                                    ": number " + std::to_string(i) +
                                                    " is missing or there twice"};
    }
    names.push_back(parameters_[i].second.name);
  }
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
    throw MalformedNotes{ErrorCode::kCorrupt,
                         "the parameter '" + std::string(*twice) + "' is there twice"};
  }
  for (auto& [index, parameter] : parameters_) facts_.parameters.push_back(std::move(parameter));
}

ClassFacts ClassReader::finish() {
  for (const std::uint32_t type : {PET_NOTE_ABI, PET_NOTE_CLASS, PET_NOTE_KIND, PET_NOTE_ISA}) {
    require(type);
  }
  if (facts_.state_schema.has_value() != facts_.has_interface(PET_STATE_1)) {
    throw MalformedNotes{ErrorCode::kCorrupt,
                         "a state schema and the interface " PET_STATE_1 " belong together"};
  }
  order_parameters();
  return std::move(facts_);
}

}  // namespace

std::string_view to_string(FactType type) noexcept {
  switch (type) {
    case FactType::kNull:
      return "null";
    case FactType::kBool:
      return "bool";
    case FactType::kInt64:
      return "int64";
    case FactType::kFloat64:
      return "float64";
    case FactType::kText:
      return "text";
    case FactType::kList:
      return "list";
    case FactType::kObject:
      return "object";
    case FactType::kInstance:
      return "instance";
    case FactType::kClass:
      return "class";
    case FactType::kAny:
      return "any";
  }
  return "unknown";
}

std::string ParameterType::text() const {
  std::string text = list ? "list of " : "";
  text += to_string(base);
  if (nullable) text += " or null";
  return text;
}

bool ClassFacts::has_interface(std::string_view id) const noexcept {
  return std::find(interfaces.begin(), interfaces.end(), id) != interfaces.end();
}

const ParameterFacts* ClassFacts::parameter(std::string_view wanted) const noexcept {
  for (const ParameterFacts& candidate : parameters) {
    if (candidate.name == wanted) return &candidate;
  }
  return nullptr;
}

std::optional<ClassFacts> parse_notes(std::span<const std::byte> notes) {
  ClassReader reader;
  bool any = false;
  for (NoteWalk walk(notes); walk.next();) {
    if (!walk.is_ours()) continue;
    any = true;
    reader.add(walk.type(), NoteReader(note_title(walk.type()), walk.description()));
  }
  if (!any) return std::nullopt;
  return reader.finish();
}

ClassFacts read_notes(std::span<const std::byte> notes) {
  try {
    if (std::optional<ClassFacts> facts = parse_notes(notes)) return *std::move(facts);
  } catch (const MalformedNotes& malformed) {
    throw Error(malformed.code, "a class has malformed notes: " + malformed.reason);
  }
  throw Error(ErrorCode::kNotAPlugin, "a class has no PetFactory notes");
}

}  // namespace pet
