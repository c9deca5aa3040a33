#include "storage/s3/s3_settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "storage/ascii.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"
#include "storage/percent.hpp"

namespace pet {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScheme = "s3://";
constexpr char kDefaultRegion[] = "us-east-1";
constexpr std::uintmax_t kMaxFile = 1 << 20;

[[noreturn]] void throw_usage(const std::string& why) {
  throw Error(ErrorCode::kUsage,
              "not an S3 storage: " + why +
                  "\n  try: s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION");
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string first_of(std::initializer_list<std::string> values) {
  for (const std::string& value : values) {
    if (!value.empty()) return value;
  }
  return "";
}

// A file of AWS's below $HOME, or where the variable says; empty when there is none.
std::string aws_file(const char* variable, const char* name) {
  const std::string named = environment(variable);
  const std::string home = environment("HOME");
  if (named.empty() && home.empty()) return "";
  const fs::path path = named.empty() ? fs::path(home) / ".aws" / name : fs::path(named);
  std::error_code absent;
  if (!fs::exists(path, absent)) return "";
  if (fs::file_size(path, absent) > kMaxFile || absent) {
    throw Error(ErrorCode::kUsage, path.string() + " is not a file of AWS's settings");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorCode::kUsage, path.string() + " cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string config_value(const S3Settings& settings, std::string_view key) {
  return ini_value(aws_file("AWS_CONFIG_FILE", "config"), settings.profile, key);
}

void check_region(const std::string& region) {
  const bool valid = region.size() <= 64 && region.find_first_not_of(
                                                "abcdefghijklmnopqrstuvwxyz0123456789-"
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
  if (!valid) throw_usage("the region is not letters, digits and '-'");
}

// Keys of secrets' files often end in a line break, which no header may have.
void check_credential(const std::string& value, const std::string& name) {
  if (std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7F; })) return;
  throw Error(ErrorCode::kUsage,
              name + " has a space, a line break or another character that no credential has");
}

void check_credentials(const S3Credentials& found, const std::string& where) {
  check_credential(found.access_key, "the access key of " + where);
  check_credential(found.secret_key, "the secret key of " + where);
  check_credential(found.session_token, "the session token of " + where);
  if (found.access_key.empty() == found.secret_key.empty()) return;
  throw Error(ErrorCode::kUsage, where + " has only one of access key and secret key: set both");
}

// Whether the bucket stands in the path when nothing else is said.
bool usual_style(const S3Settings& settings) {
  return settings.endpoint_given || settings.bucket.find('.') != std::string::npos;
}

void check_bucket(const std::string& bucket) {
  const bool valid = bucket.size() >= 3 && bucket.size() <= 63 &&
                     bucket.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyz0123456789.-_"
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
  if (!valid) {
    throw_usage("the bucket's name " + pet::quoted(bucket) +
                " is not 3 to 63 letters, digits, '.', '-' and '_'");
  }
}

void check_endpoint(const std::string& endpoint) {
  const std::size_t scheme = endpoint.starts_with("https://")  ? 8
                             : endpoint.starts_with("http://") ? 7
                                                               : 0;
  const std::string_view host = std::string_view(endpoint).substr(scheme);
  const auto is_odd = [](char c) { return c <= ' ' || c >= 0x7F; };  // char is signed or not: both
  if (scheme == 0 || host.empty() || host.find_first_of("/?#@\\") != std::string_view::npos ||
      std::ranges::any_of(host, is_odd)) {
    throw_usage("the endpoint is not https://HOST or http://HOST, perhaps with a port");
  }
}

}  // namespace

std::string ini_value(std::string_view text, std::string_view section, std::string_view key) {
  bool here = false;
  std::string found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      std::string_view name = line.substr(1, std::min(line.find(']'), line.size()) - 1);
      name = trimmed(name);
      if (name.starts_with("profile ")) name = trimmed(name.substr(8));
      here = name == section;
    } else if (here && line.front() != ' ' && line.front() != '\t') {
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos || trimmed(line.substr(0, equals)) != key) continue;
      found = trimmed(line.substr(equals + 1));
    }
  }
  return found;
}

S3Settings S3Settings::from_url(std::string_view url) {
  S3Settings settings;
  if (!url.starts_with(kScheme)) throw_usage("it does not begin with s3://");
  std::string_view rest = url.substr(kScheme.size());
  if (rest.find('#') != std::string_view::npos) throw_usage("a URL with '#'");
  std::string_view query;
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  // A secret may have a '/' in it: nothing of such a URL is repeated.
  if (rest.find('@') != std::string_view::npos ||
      rest.substr(0, slash).find(':') != std::string_view::npos) {
    throw_usage(
        "credentials do not belong in a URL: set AWS_ACCESS_KEY_ID and its kin, or a profile");
  }
  settings.bucket = rest.substr(0, slash);
  check_bucket(settings.bucket);
  std::string_view prefix = rest.substr(std::min(slash + 1, rest.size()));
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!prefix.empty()) {
    check_key(prefix);
    settings.prefix = std::string(prefix) + "/";
  }

  std::string style;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view field = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(field.find('='), field.size());
    const std::string_view name = field.substr(0, equals);
    const std::optional<std::string> value =
        percent_decoded(field.substr(std::min(equals + 1, field.size())));
    std::string* const place = name == "endpoint"  ? &settings.endpoint
                               : name == "region"  ? &settings.region
                               : name == "profile" ? &settings.profile
                               : name == "style"   ? &style
                                                   : nullptr;
    if (place == nullptr) {
      throw_usage("unknown setting " + pet::quoted(name) +
                  "; there are endpoint, region, style, profile");
    }
    if (!value || value->empty()) throw_usage(std::string(name) + " has no value");
    *place = *value;
  }
  if (!style.empty() && style != "path" && style != "virtual") {
    throw_usage("style is 'path' or 'virtual', not " + pet::quoted(style));
  }

  settings.profile_given = !settings.profile.empty();
  settings.profile = first_of({settings.profile, environment("AWS_PROFILE"), "default"});
  settings.region =
      first_of({settings.region, environment("AWS_REGION"), environment("AWS_DEFAULT_REGION"),
                config_value(settings, "region"), kDefaultRegion});
  check_region(settings.region);
  settings.endpoint =
      first_of({settings.endpoint, environment("AWS_ENDPOINT_URL_S3"),
                environment("AWS_ENDPOINT_URL"), config_value(settings, "endpoint_url")});
  settings.endpoint_given = !settings.endpoint.empty();
  if (!settings.endpoint_given)
    settings.endpoint = "https://s3." + settings.region + ".amazonaws.com";
  while (settings.endpoint.ends_with('/')) settings.endpoint.pop_back();
  check_endpoint(settings.endpoint);
  settings.in_path = style.empty() ? usual_style(settings) : style == "path";
  return settings;
}

std::string S3Settings::url() const {
  std::string text = std::string(kScheme) + bucket;
  if (!prefix.empty()) text += "/" + prefix.substr(0, prefix.size() - 1);
  char separator = '?';
  const auto add = [&](const char* name, const std::string& value) {
    text += separator + std::string(name) + "=" + value;
    separator = '&';
  };
  if (endpoint_given) add("endpoint", endpoint);
  if (region != kDefaultRegion) add("region", region);
  if (in_path != usual_style(*this)) add("style", in_path ? "path" : "virtual");
  return text;
}

S3Credentials find_credentials(const S3Settings& settings) {
  S3Credentials found;
  if (!settings.profile_given) {
    found = {environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
             environment("AWS_SESSION_TOKEN")};
    check_credentials(found, "the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)");
    if (!found.access_key.empty()) return found;
  }
  for (const auto& [variable, name] : {std::pair{"AWS_SHARED_CREDENTIALS_FILE", "credentials"},
                                       std::pair{"AWS_CONFIG_FILE", "config"}}) {
    const std::string text = aws_file(variable, name);
    found = {ini_value(text, settings.profile, "aws_access_key_id"),
             ini_value(text, settings.profile, "aws_secret_access_key"),
             ini_value(text, settings.profile, "aws_session_token")};
    check_credentials(found, "the profile " + pet::quoted(settings.profile));
    if (!found.access_key.empty()) return found;
  }
  if (!settings.profile_given && environment("AWS_PROFILE").empty()) return {};
  throw Error(ErrorCode::kUsage, "the profile " + pet::quoted(settings.profile) +
                                     " has no credentials in ~/.aws/credentials or ~/.aws/config");
}

}  // namespace pet
