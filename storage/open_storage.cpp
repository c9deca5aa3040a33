#include "storage/open_storage.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "storage/ascii.hpp"
#include "storage/error.hpp"
#include "storage/http/http_storage.hpp"
#include "storage/key.hpp"
#include "storage/local_storage.hpp"
#include "storage/memory_storage.hpp"
#include "storage/percent.hpp"
#include "storage/s3/s3_storage.hpp"

namespace pet {
namespace {

[[noreturn]] void throw_usage(const std::string& message) {
  throw Error(ErrorCode::kUsage, message + "; a storage is one of: " + std::string(kStorageForms));
}

std::unique_ptr<BaseStorage> open_path(std::string path, std::string_view as_given) {
  if (path.find('\0') != std::string::npos) {
    throw_usage("storage " + quoted(as_given) + " has a NUL in its path");
  }
  return std::make_unique<LocalStorage>(std::move(path));
}

// A URL that names a host may hold a password.
std::string shown_url(std::string_view rest) {
  return rest.starts_with("//") && !rest.starts_with("///") ? "file://…"
                                                            : quoted("file:" + std::string(rest));
}

// `rest` is what follows "file:".
std::unique_ptr<BaseStorage> open_file(std::string_view rest) {
  const std::string as_given = "file:" + std::string(rest);
  if (!rest.starts_with("///")) {
    throw_usage("storage " + shown_url(rest) +
                " names a host or no absolute path: write file:///dir, three slashes");
  }
  if (rest.find_first_of("?#") != std::string_view::npos) {
    throw_usage("storage " + quoted(as_given) + " has a '?' or '#': write %3F or %23");
  }
  const std::optional<std::string> path = percent_decoded(rest.substr(2));
  if (!path) {
    throw_usage("storage " + quoted(as_given) +
                " has a '%' without two hexadecimal digits: write a plain '%' as %25");
  }
  return open_path(*path, as_given);
}

std::unique_ptr<BaseStorage> open_memory(std::string_view rest) {
  if (!rest.empty())
    throw_usage("storage " + quoted("memory:" + std::string(rest)) + " is not memory:");
  return std::make_unique<MemoryStorage>();
}

std::unique_ptr<BaseStorage> open_s3(std::string_view rest) {
  return std::make_unique<S3Storage>(S3Settings::from_url("s3:" + std::string(rest)));
}

std::unique_ptr<BaseStorage> open_https(std::string_view rest) {
  return std::make_unique<HttpStorage>("https:" + std::string(rest));
}

std::unique_ptr<BaseStorage> open_http(std::string_view rest) {
  return std::make_unique<HttpStorage>("http:" + std::string(rest));
}

// A backend is added by a row here, and a form in kStorageForms.
enum class Over { kNothing, kHttp };
struct Scheme {
  std::string_view name;
  std::unique_ptr<BaseStorage> (*open)(std::string_view rest);
  Over over;
};
constexpr std::array kSchemes{
    Scheme{"file", open_file, Over::kNothing}, Scheme{"memory", open_memory, Over::kNothing},
    Scheme{"s3", open_s3, Over::kHttp},        Scheme{"https", open_https, Over::kHttp},
    Scheme{"http", open_http, Over::kHttp},
};

// The scheme of `url` in small letters. One letter is a drive, not a scheme; "./a:b" is a path.
std::optional<std::string> scheme_of(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon < 2) return std::nullopt;
  const std::string scheme = small_letters(url.substr(0, colon));
  const bool valid =
      scheme.front() >= 'a' && scheme.front() <= 'z' &&
      scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+.-") == std::string::npos;
  return valid ? std::optional(scheme) : std::nullopt;
}

// Null for one that is not known.
const Scheme* find_scheme(std::string_view name) {
  const auto* const found = std::ranges::find(kSchemes, name, &Scheme::name);
  return found == kSchemes.end() ? nullptr : found;
}

std::unique_ptr<BaseStorage> open_chain(std::string_view url, const ChainOptions& options) {
  std::vector<std::shared_ptr<BaseStorage>> members;
  for (const std::string_view member : chain_members(url)) {
    if (member.empty()) throw_usage("a storage chain: has a member without a name");
    if (scheme_of(member) == "chain") throw_usage("a storage chain: cannot hold another chain:");
    members.push_back(open_storage(member));
  }
  return std::make_unique<ChainStorage>(std::move(members), options);
}

}  // namespace

std::vector<std::string_view> chain_members(std::string_view url) {
  std::vector<std::string_view> members;
  if (scheme_of(url) != "chain") return members;
  std::string_view rest = url.substr(url.find(':') + 1);
  for (std::size_t bar = rest.find('|'); bar != std::string_view::npos; bar = rest.find('|')) {
    members.push_back(rest.substr(0, bar));
    rest.remove_prefix(bar + 1);
  }
  members.push_back(rest);
  return members;
}

std::string unknown_scheme(std::string_view url) {
  for (const std::string_view member : chain_members(url)) {
    if (std::string unknown = unknown_scheme(member); !unknown.empty()) return unknown;
  }
  const std::optional<std::string> scheme = scheme_of(url);
  const bool is_known = !scheme || scheme == "chain" || find_scheme(*scheme) != nullptr;
  return is_known ? std::string() : *scheme;
}

std::vector<std::string> storage_schemes() {
  std::vector<std::string> names{"chain"};
  for (const Scheme& scheme : kSchemes) names.emplace_back(scheme.name);
  return names;
}

bool is_over_http(std::string_view url) {
  const std::vector<std::string_view> members = chain_members(url);
  if (!members.empty()) return std::ranges::any_of(members, is_over_http);
  const Scheme* const known = find_scheme(scheme_of(url).value_or(""));
  return known != nullptr && known->over == Over::kHttp;
}

std::unique_ptr<BaseStorage> open_storage(std::string_view url, const ChainOptions& chain) {
  if (url.empty()) throw_usage("no storage was named");
  const std::optional<std::string> scheme = scheme_of(url);
  if (!scheme) return open_path(std::string(url), url);
  if (scheme == "chain") return open_chain(url, chain);

  const Scheme* const known = find_scheme(*scheme);
  if (known == nullptr) {
    throw_usage("storage scheme " + quoted(*scheme + ":") +
                " is not known: for a directory of that name write ./" + *scheme + ":…");
  }
  return known->open(url.substr(scheme->size() + 1));
}

}  // namespace pet
