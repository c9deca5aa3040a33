#include "core/registry/log_entry.hpp"

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "core/artifact/class_name.hpp"
#include "core/registry/stored_json.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

using Writer = rapidjson::PrettyWriter<rapidjson::StringBuffer>;
// The pretty one cannot validate.
using Validator = rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>,
                                    rapidjson::CrtAllocator, rapidjson::kWriteValidateEncodingFlag>;

// Throws for what parse_log_entry would refuse.
void require_readable(std::string_view text) {
  rapidjson::StringBuffer buffer;
  Validator validator(buffer);
  const std::string shown = "the text " + pet::quoted(text.substr(0, 120));
  if (text.find('\0') != std::string_view::npos) {
    throw Error(ErrorCode::kUsage,
                shown + " has a NUL character and cannot go into the log: remove it");
  }
  if (validator.String(text.data(), static_cast<rapidjson::SizeType>(text.size()))) return;
  throw Error(ErrorCode::kUsage,
              shown + " is not UTF-8 and cannot go into the log: write it in UTF-8");
}

void write_text(Writer& writer, std::string_view text) {
  require_readable(text);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

template <class Text>
void write_optional(Writer& writer, const std::optional<Text>& text) {
  if (text) {
    write_text(writer, *text);
  } else {
    writer.Null();
  }
}

void write_member(Writer& writer, const char* name, std::string_view text) {
  writer.Key(name);
  write_text(writer, text);
}

void write_release(Writer& writer, const Release& release) {
  writer.Key("release");
  writer.StartObject();
  for (const auto& [platform, file] : release) {
    write_text(writer, platform);
    writer.StartObject();
    write_member(writer, "hash", file.hash.hex());
    writer.Key("size");
    writer.Uint64(file.size);
    writer.EndObject();
  }
  writer.EndObject();
}

// "2025-11-03T09:30:00Z": digits where digits belong, and each part in its range.
bool is_utc_time(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return false;
  }
  const auto part = [text](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  return part(5) >= 1 && part(5) <= 12 && part(8) >= 1 && part(8) <= 31 && part(11) <= 23 &&
         part(14) <= 59 && part(17) <= 60;
}

Hash read_hash(const StoredJson& document, const std::string& text, const std::string& name) {
  const std::optional<Hash> hash = Hash::parse(text);
  if (!hash) document.fail(pet::quoted(name) + " is not a hash of 64 lower-case hex digits");
  return *hash;
}

std::optional<Hash> read_previous(const StoredJson& document) {
  const auto text = document.text_or_null(document.root(), "previous");
  return text ? std::optional(read_hash(document, *text, "previous")) : std::nullopt;
}

Release read_release(const StoredJson& document) {
  const rapidjson::Value& value = document.member(document.root(), "release");
  if (!value.IsObject()) document.fail("'release' is not an object");
  Release release;
  for (const auto& member : value.GetObject()) {
    const std::string platform = document.text_of(member.name, "release");
    const std::string path = "release." + platform + ".";
    if (!member.value.IsObject())
      document.fail(pet::quoted("release." + platform) + " is not an object");
    const Hash hash = read_hash(document, document.text(member.value, "hash", path), path + "hash");
    const std::uint64_t size = document.number(member.value, "size", path);
    if (!release.emplace(platform, ReleaseFile{hash, size}).second) {
      document.fail(pet::quoted("release." + platform) + " is there twice");
    }
  }
  return release;
}

std::string read_time(const StoredJson& document, const std::string& text, const char* name) {
  if (!is_utc_time(text)) {
    document.fail(pet::quoted(name) + " is " + pet::quoted(text.substr(0, 40)) +
                  ", not a time such as 2025-11-03T09:30:00Z");
  }
  return text;
}

std::optional<Origin> read_origin(const StoredJson& document) {
  if (!document.root().HasMember("from")) return std::nullopt;
  const rapidjson::Value& value = document.member(document.root(), "from");
  if (!value.IsObject()) document.fail("'from' is not an object");
  return Origin{document.text(value, "storage", "from."),
                document.number(value, "number", "from.")};
}

// What no single member shows.
void check(const StoredJson& document, const LogEntry& entry) {
  if (!is_class_name(entry.class_name)) document.fail("'class_name' is not a class name");
  if (entry.number == 0 || entry.number > kMaxLogNumber) {
    document.fail("'number' is " + std::to_string(entry.number) + ", not 1 to 9999999999");
  }
  if (entry.previous.has_value() != (entry.number > 1)) {
    document.fail(entry.number > 1 ? "'previous' is null, but it is not the first entry"
                                   : "'previous' is not null, but it is the first entry");
  }
  const auto named = [&](const auto& file) { return file.second.hash == entry.hash; };
  if (std::ranges::none_of(entry.release, named)) {
    document.fail("'hash' is none of those in 'release'");
  }
}

}  // namespace

std::string to_json(const LogEntry& entry) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.SetIndent(' ', 2);
  writer.StartObject();
  writer.Key("number");
  writer.Uint64(entry.number);
  writer.Key("previous");
  write_optional(writer, entry.previous ? std::optional(entry.previous->hex()) : std::nullopt);
  write_member(writer, "class_name", entry.class_name);
  write_member(writer, "hash", entry.hash.hex());
  write_release(writer, entry.release);
  write_member(writer, "time", entry.time);
  write_member(writer, "by", entry.by);
  write_member(writer, "message", entry.message);
  write_member(writer, "write_id", entry.write_id);
  writer.Key("expires");
  write_optional(writer, entry.expires);
  if (entry.from) {
    writer.Key("from");
    writer.StartObject();
    write_member(writer, "storage", entry.from->storage);
    writer.Key("number");
    writer.Uint64(entry.from->number);
    writer.EndObject();
  }
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

LogEntry parse_log_entry(std::string_view json, std::string_view key) {
  const StoredJson document(json, key, kMaxLogEntryBytes);
  const rapidjson::Value& root = document.root();
  LogEntry entry{
      .number = document.number(root, "number"),
      .previous = read_previous(document),
      .class_name = document.text(root, "class_name"),
      .hash = read_hash(document, document.text(root, "hash"), "hash"),
      .release = read_release(document),
      .time = read_time(document, document.text(root, "time"), "time"),
      .by = document.text(root, "by"),
      .message = document.text(root, "message"),
      .write_id = document.text(root, "write_id"),
      .expires = document.text_or_null(root, "expires"),
      .from = read_origin(document),
  };
  if (entry.expires) read_time(document, *entry.expires, "expires");
  check(document, entry);
  return entry;
}

void require_message(std::string_view message) {
  if (message.size() > kMaxMessageBytes) {
    throw Error(ErrorCode::kUsage, "the message has " + std::to_string(message.size()) +
                                       " bytes, at most " + std::to_string(kMaxMessageBytes) +
                                       " are kept: shorten it");
  }
  require_readable(message);
}

std::string utc_time(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace pet
