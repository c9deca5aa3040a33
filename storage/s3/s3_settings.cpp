#include "storage/s3/s3_settings.hpp"

#include <algorithm>
#include <optional>

#include "storage/ascii.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"
#include "storage/percent.hpp"
#include "storage/s3/aws_files.hpp"

namespace pet {
namespace {

constexpr std::string_view kScheme = "s3://";
constexpr char kDefaultRegion[] = "us-east-1";

[[noreturn]] void throw_usage(const std::string& why) {
  throw Error(ErrorCode::kUsage,
              "not an S3 storage: " + why +
                  "\n  try: s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION");
}

std::string first_of(std::initializer_list<std::string> values) {
  for (const std::string& value : values) {
    if (!value.empty()) return value;
  }
  return "";
}

std::string config_value(const S3Settings& settings, std::string_view key) {
  return ini_value(read_aws_file(aws_config_path()), settings.profile, key);
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

// `from` says where it stands. A password in it is not repeated.
void check_endpoint(const std::string& endpoint, const std::string& from) {
  const std::size_t scheme = endpoint.starts_with("https://")  ? 8
                             : endpoint.starts_with("http://") ? 7
                                                               : 0;
  const std::string_view host = std::string_view(endpoint).substr(scheme);
  const auto is_odd = [](char c) { return c <= ' ' || c >= 0x7F; };  // char is signed or not: both
  if (scheme == 0 || host.empty() || host.find_first_of("/?#@\\") != std::string_view::npos ||
      std::ranges::any_of(host, is_odd)) {
    const bool may_be_shown = endpoint.find('@') == std::string::npos;
    throw_usage("the endpoint " + (may_be_shown ? pet::quoted(endpoint) + " " : "") + "of " + from +
                " is not https://HOST or http://HOST, perhaps with a port");
  }
}

// "bucket/prefix"
void read_place(S3Settings& settings, std::string_view place) {
  const std::size_t slash = std::min(place.find('/'), place.size());
  // A secret may have a '/' in it: nothing of such a URL is repeated.
  if (place.find('@') != std::string_view::npos ||
      place.substr(0, slash).find(':') != std::string_view::npos) {
    throw_usage(
        "credentials do not belong in a URL: set AWS_ACCESS_KEY_ID and its kin, or a profile");
  }
  settings.bucket = place.substr(0, slash);
  check_bucket(settings.bucket);
  std::string_view prefix = place.substr(std::min(slash + 1, place.size()));
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (prefix.empty()) return;
  check_key(prefix);
  settings.prefix = std::string(prefix) + "/";
}

// "endpoint=…&region=…"; the style, which is none of the settings, comes back.
std::string read_query(S3Settings& settings, std::string_view query) {
  std::string style;
  std::string mode;
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
                               : name == "mode"    ? &mode
                                                   : nullptr;
    if (place == nullptr) {
      throw_usage("unknown setting " + pet::quoted(name) +
                  "; there are endpoint, region, style, profile, mode");
    }
    if (!value || value->empty()) throw_usage(std::string(name) + " has no value");
    *place = *value;
  }
  if (!style.empty() && style != "path" && style != "virtual") {
    throw_usage("style is 'path' or 'virtual', not " + pet::quoted(style));
  }
  if (!mode.empty() && mode != "single-writer") {
    throw_usage("mode is 'single-writer' or not given, not " + pet::quoted(mode));
  }
  settings.single_writer = !mode.empty();
  return style;
}

void fill_in_endpoint(S3Settings& settings) {
  std::string from = "the URL";
  for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
    if (!settings.endpoint.empty()) break;
    settings.endpoint = aws_variable(name);
    from = name;
  }
  if (settings.endpoint.empty()) {
    settings.endpoint = config_value(settings, "endpoint_url");
    from = "the profile " + pet::quoted(settings.profile) + " in " + aws_config_path();
  }
  settings.endpoint_given = !settings.endpoint.empty();
  if (!settings.endpoint_given) settings.endpoint = amazon_endpoint(settings.region);
  while (settings.endpoint.ends_with('/')) settings.endpoint.pop_back();
  check_endpoint(settings.endpoint, from);
}

// What the URL does not say, the environment and the profile do.
void fill_in(S3Settings& settings) {
  settings.profile_given = !settings.profile.empty();
  settings.profile = first_of({settings.profile, aws_variable("AWS_PROFILE"), "default"});
  settings.region =
      first_of({settings.region, aws_variable("AWS_REGION"), aws_variable("AWS_DEFAULT_REGION"),
                config_value(settings, "region"), kDefaultRegion});
  if (!is_region(settings.region)) {
    throw_usage("the region " + pet::quoted(settings.region) + " is not letters, digits and '-'");
  }
  fill_in_endpoint(settings);
}

}  // namespace

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyz0123456789-"
             "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

S3Settings S3Settings::from_url(std::string_view url) {
  S3Settings settings;
  if (!url.starts_with(kScheme)) {
    const bool may_be_shown = url.find('@') == std::string_view::npos;
    throw_usage((may_be_shown ? pet::quoted(url) : "it") + " does not begin with s3://");
  }
  std::string_view rest = url.substr(kScheme.size());
  if (rest.find('#') != std::string_view::npos) throw_usage("a URL with '#'");
  std::string_view query;
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  read_place(settings, rest);
  const std::string style = read_query(settings, query);
  fill_in(settings);
  settings.in_path = style.empty() ? usual_style(settings) : style == "path";
  return settings;
}

std::string amazon_endpoint(std::string_view region) {
  return "https://s3." + std::string(region) + ".amazonaws.com" +
         (region.starts_with("cn-") ? ".cn" : "");
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
  if (single_writer) add("mode", "single-writer");
  return text;
}

}  // namespace pet
