// metrics_check: stdin is Prometheus's text format 0.0.4, strictly: each family once and in one piece, help
// and type before its samples, names and labels as they must be, no sample twice, buckets that add up.
#include <cstdio>
#include <iostream>
#include <limits>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace {

int line_number = 0;

int fail(const std::string& line, const std::string& why) {
  std::fprintf(stderr, "line %d: %s\n  %s\n", line_number, why.c_str(), line.c_str());
  return 1;
}

std::string family_of(const std::string& name, const std::map<std::string, std::string>& types) {
  for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
    if (name.size() <= suffix.size() || !name.ends_with(suffix)) continue;
    const std::string family = name.substr(0, name.size() - suffix.size());
    const auto type = types.find(family);
    if (type != types.end() && type->second == "histogram") return family;
  }
  return name;
}

}  // namespace

int main() {
  const std::regex help(R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) [^\n]+)");
  const std::regex type(
      R"(# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped))");
  const std::string label = R"([a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*")";
  const std::regex sample("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(" + label + "(?:," + label +
                          ")*)\\})? (-?[0-9]+(?:\\.[0-9]+)?(?:e[+-]?[0-9]+)?|NaN|[+-]Inf)");
  std::map<std::string, std::string> types;
  std::set<std::string> helped, ended, samples;
  std::map<std::string, double> last_bucket;  // by family and labels without le
  std::map<std::string, double> last_bound;
  std::string open, line;
  while (std::getline(std::cin, line)) {
    ++line_number;
    std::smatch match;
    std::string family;
    if (std::regex_match(line, match, help)) {
      family = match[1];
      if (!helped.insert(family).second) return fail(line, "helped twice");
    } else if (std::regex_match(line, match, type)) {
      family = match[1];
      if (!types.emplace(family, match[2]).second) return fail(line, "typed twice");
      if (match[2] == "counter" && !family.ends_with("_total")) return fail(line, "no _total");
    } else if (std::regex_match(line, match, sample)) {
      family = family_of(match[1], types);
      if (!types.contains(family)) return fail(line, "a sample before its type");
      const std::string labels = match[2];
      if (!samples.insert(match[1].str() + "{" + labels).second) return fail(line, "there twice");
      const double value = std::stod(match[3]);
      const auto le = labels.find("le=\"");
      if (types[family] == "histogram" && match[1].str().ends_with("_bucket")) {
        if (le == std::string::npos) return fail(line, "a bucket without le");
        const std::string text = labels.substr(le + 4, labels.find('"', le + 4) - le - 4);
        const double bound =
            text == "+Inf" ? std::numeric_limits<double>::infinity() : std::stod(text);
        const std::string key = family + "{" + labels.substr(0, le == 0 ? 0 : le - 1);
        if (last_bucket.contains(key) && (value < last_bucket[key] || bound <= last_bound[key])) {
          return fail(line, "buckets go back");
        }
        last_bucket[key] = value;
        last_bound[key] = bound;
      } else if (types[family] == "histogram" && match[1].str().ends_with("_count")) {
        const std::string key = family + "{" + labels;
        if (last_bound[key] != std::numeric_limits<double>::infinity() || last_bucket[key] != value)
          return fail(line, "the last bucket is not +Inf, or not the count");
      }
    } else {
      return fail(line, "neither help, type nor sample");
    }
    if (family != open) {
      if (!ended.insert(open).second || ended.contains(family))
        return fail(line, "a family in pieces");
      open = family;
    }
  }
  if (types.empty()) return fail("", "nothing is there");
  for (const auto& [family, kind] : types) {
    if (!helped.contains(family)) return fail(family, "no help");
  }
  return 0;
}
