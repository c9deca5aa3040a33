#include "core/artifact/describe.hpp"

#include <pet/abi.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <type_traits>

#include "core/artifact/note_reader.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

// NaN and Infinity are written as Python's json writes them: a default may be one.
using Writer = rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>,
                                 rapidjson::CrtAllocator, rapidjson::kWriteNanAndInfFlag>;

class Json {
 public:
  Json() : writer_(buffer_) {}

  std::string take() const { return std::string(buffer_.GetString(), buffer_.GetSize()); }

  // Names in a binary are any bytes; JSON is UTF-8.
  void text(std::string_view value) {
    if (!is_utf8(value)) return text(pet::quoted(value));
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  }
  void key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  }
  void field(std::string_view name, std::string_view value) { key(name), text(value); }
  void field(std::string_view name, const char* value) { field(name, std::string_view(value)); }
  void field(std::string_view name, bool value) { key(name), writer_.Bool(value); }
  void field(std::string_view name, std::uint64_t value) { key(name), writer_.Uint64(value); }
  void field(std::string_view name, const std::vector<std::string>& values) {
    key(name), writer_.StartArray();
    for (const std::string& value : values) text(value);
    writer_.EndArray();
  }

  template <class Body>
  void object(Body body) {
    writer_.StartObject();
    body();
    writer_.EndObject();
  }
  template <class Items, class Body>
  void array(std::string_view name, const Items& items, Body body) {
    key(name);
    writer_.StartArray();
    for (const auto& item : items) object([&] { body(item); });
    writer_.EndArray();
  }

  void value(const FactValue& value);

 private:
  rapidjson::StringBuffer buffer_;
  Writer writer_;
};

void Json::value(const FactValue& wanted) {
  std::visit(
      [this](const auto& data) {
        using T = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          writer_.Null();
        } else if constexpr (std::is_same_v<T, bool>) {
          writer_.Bool(data);
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          writer_.Int64(data);
        } else if constexpr (std::is_same_v<T, double>) {
          writer_.Double(data);
        } else if constexpr (std::is_same_v<T, std::string>) {
          text(data);
        } else if constexpr (std::is_same_v<T, FactList>) {
          writer_.StartArray();
          for (const FactValue& item : data) value(item);
          writer_.EndArray();
        } else {
          writer_.StartObject();
          for (const FactField& field : data) key(field.key), value(field.value);
          writer_.EndObject();
        }
      },
      wanted.data);
}

void write_class(Json& json, const ClassFacts& clazz) {
  json.field("kind", clazz.kind);
  json.field("version", clazz.version);
  json.field("doc", clazz.doc);
  json.field("abi", std::to_string(clazz.abi_major) + "." + std::to_string(clazz.abi_minor));
  json.field("interfaces", clazz.interfaces);
  if (clazz.state_schema) json.field("state_schema", std::uint64_t{*clazz.state_schema});
  json.field("isa", clazz.isa);
  json.field("compiler", clazz.compiler);
  json.field("open_params", clazz.open_params);
  json.array("parameters", clazz.parameters, [&](const ParameterFacts& parameter) {
    json.field("name", parameter.name);
    json.field("type", to_string(parameter.type.base));
    json.field("nullable", parameter.type.nullable);
    json.field("list", parameter.type.list);
    json.field("tunable", parameter.type.tunable);
    if (parameter.default_value) json.key("default"), json.value(*parameter.default_value);
    json.field("doc", parameter.doc);
  });
}

void write_symbols(Json& json, std::string_view name, const SymbolNames& symbols) {
  json.field(name, symbols.names);
  if (symbols.count > symbols.names.size()) {
    json.field(std::string(name) + "_count", std::uint64_t{symbols.count});
  }
}

void write_facts(Json& json, const Facts& facts, const Hash& hash) {
  if (facts.has_notes) json.field("class_name", facts.clazz.name);
  json.field("hash", hash.hex());
  json.field("platform", facts.platform);
  json.field("size", facts.size);
  if (facts.has_notes) write_class(json, facts.clazz);
  json.field("has_notes", facts.has_notes);
  json.field("has_entry", facts.has_entry);
  json.field("needed", facts.needed);
  json.array("version_needs", facts.version_needs, [&](const VersionNeed& need) {
    json.field("library", need.library);
    json.field("versions", need.versions);
  });
  json.field("glibc_floor", facts.glibc_floor);
  json.field("glibcxx_floor", facts.glibcxx_floor);
  write_symbols(json, "exports", facts.exports);
  write_symbols(json, "unique_symbols", facts.unique_symbols);
  json.field("constructors", std::uint64_t{facts.constructors});
  json.field("ifunc", facts.has_ifunc);
  json.field("executable", facts.is_executable);
  json.field("side_loaded", facts.side_loaded);
  json.field("rpath", facts.rpath);
  json.field("runpath", facts.runpath);
  json.field("static_tls", facts.static_tls);
  json.field("nodelete", facts.nodelete);
  json.field("executable_stack", facts.executable_stack);
  json.field("text_relocations", facts.text_relocations);
}

// ---- words ----

// A text of the file's for a terminal: as it is when it is plain, quoted when it holds anything that could move the cursor.
std::string shown(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return pet::quoted(text);
  }
  return text;
}

std::string joined(std::span<const std::string> texts) {
  std::string line;
  for (const std::string& text : texts) line += (line.empty() ? "" : ", ") + shown(text);
  return line.empty() ? "none" : line;
}

std::string joined(const SymbolNames& symbols) {
  constexpr std::size_t kShown = 10;
  const std::size_t count = std::min(symbols.names.size(), kShown);
  std::string line = joined(std::span(symbols.names).first(count));
  if (symbols.count > count) line += " and " + std::to_string(symbols.count - count) + " more";
  return line;
}

class Lines {
 public:
  void add(std::string_view name, const std::string& value) {
    constexpr std::size_t kColumn = 14;
    if (value.empty()) return;
    std::string label = std::string(name) + ":";
    label.resize(std::max(kColumn, label.size() + 1), ' ');
    text_ += label + value + "\n";
  }
  void raw(const std::string& line) { text_ += line + "\n"; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string json_of(const FactValue& value) {
  Json json;
  json.value(value);
  return json.take();
}

void add_class(Lines& lines, const ClassFacts& clazz) {
  lines.add("class", clazz.name);
  lines.add("kind", clazz.kind);
  lines.add("version", clazz.version);
  lines.add("doc", shown(clazz.doc));
  lines.add("abi", std::to_string(clazz.abi_major) + "." + std::to_string(clazz.abi_minor));
  lines.add("interfaces", joined(clazz.interfaces));
  if (clazz.state_schema) lines.add("state schema", std::to_string(*clazz.state_schema));
  lines.add("isa", clazz.isa);
  lines.add("compiler", clazz.compiler);
}

void add_parameters(Lines& lines, const ClassFacts& clazz) {
  lines.add("parameters", clazz.parameters.empty() ? (clazz.open_params ? "any" : "none")
                          : clazz.open_params      ? "these, and any others"
                                                   : std::to_string(clazz.parameters.size()));
  for (const ParameterFacts& parameter : clazz.parameters) {
    std::string line = "  " + parameter.name + ": " + parameter.type.text();
    line +=
        parameter.default_value ? " = " + shown(json_of(*parameter.default_value)) : ", required";
    if (parameter.type.tunable) line += ", tunable";
    if (!parameter.doc.empty()) line += "  (" + shown(parameter.doc) + ")";
    lines.raw(line);
  }
}

void add_binary(Lines& lines, const Facts& facts) {
  lines.add("needs", joined(facts.needed));
  if (!facts.side_loaded.empty()) lines.add("side loads", joined(facts.side_loaded));
  for (const VersionNeed& need : facts.version_needs) {
    lines.raw("  " + shown(need.library) + ": " + joined(need.versions));
  }
  lines.add("glibc floor", facts.glibc_floor);
  lines.add("glibcxx floor", facts.glibcxx_floor);
  lines.add("exports", joined(facts.exports));
  if (facts.unique_symbols.count > 0) lines.add("gnu unique", joined(facts.unique_symbols));
  lines.add("constructors", std::to_string(facts.constructors));
  lines.add("rpath", shown(facts.rpath));
  lines.add("runpath", shown(facts.runpath));
  std::vector<std::string> flags;
  if (facts.static_tls) flags.emplace_back("static TLS");
  if (facts.nodelete) flags.emplace_back("never unloaded");
  if (facts.executable_stack) flags.emplace_back("executable stack");
  if (facts.text_relocations) flags.emplace_back("text relocations");
  if (facts.has_ifunc) flags.emplace_back("IFUNC");
  if (facts.is_executable) flags.emplace_back("a program");
  lines.add("flags", joined(flags));
}

void add_verdict(Lines& lines, const Verdict& verdict) {
  lines.add("verdict", verdict.loadable() ? "loadable here" : "refused here");
  for (const Problem& problem : verdict.problems) {
    lines.raw("  - it " + problem.sentence);
    lines.raw("    try:  " + problem.next_step);
  }
  for (const Warning& warning : verdict.warnings) lines.raw("  warning: it " + warning.sentence);
}

}  // namespace

std::string describe(const Facts& facts, const Hash& hash, const Verdict& verdict) {
  Lines lines;
  if (facts.has_notes) {
    add_class(lines, facts.clazz);
  } else {
    lines.add("class", "none: it has no PetFactory notes");
  }
  lines.add("entry", facts.has_entry ? PET_ENTRY_SYMBOL : "none");
  lines.add("hash", hash.hex());
  lines.add("platform", facts.platform);
  lines.add("size", std::to_string(facts.size) + " bytes");
  if (facts.has_notes) add_parameters(lines, facts.clazz);
  add_binary(lines, facts);
  add_verdict(lines, verdict);
  return lines.take();
}

std::string describe(const ClassFacts& clazz) {
  Lines lines;
  add_class(lines, clazz);
  add_parameters(lines, clazz);
  return lines.take();
}

std::string facts_json(const Facts& facts, const Hash& hash) {
  Json json;
  json.object([&] { write_facts(json, facts, hash); });
  return json.take();
}

std::string inspect_json(const Facts& facts, const Hash& hash, const Verdict& verdict) {
  Json json;
  json.object([&] {
    write_facts(json, facts, hash);
    json.field("loadable", verdict.loadable());
    json.array("problems", verdict.problems, [&](const Problem& problem) {
      json.field("code", problem.code);
      json.field("sentence", problem.sentence);
      json.field("next_step", problem.next_step);
    });
    json.array("warnings", verdict.warnings, [&](const Warning& warning) {
      json.field("code", warning.code);
      json.field("sentence", warning.sentence);
    });
  });
  return json.take();
}

std::string class_json(const ClassFacts& clazz) {
  Json json;
  json.object([&] {
    json.field("class_name", clazz.name);
    write_class(json, clazz);
  });
  return json.take();
}

}  // namespace pet
