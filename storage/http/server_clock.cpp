#include "storage/http/server_clock.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "storage/http/http_client.hpp"

namespace pet {
namespace {

constexpr std::string_view kForm = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Digits alone.
std::optional<int> number_in(std::string_view digits) {
  int number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_whole = read.ec == std::errc{} && read.ptr == digits.data() + digits.size();
  return is_whole && number >= 0 ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != kForm.size()) return std::nullopt;
  for (const std::size_t i : {3, 4, 7, 11, 16, 19, 22, 25, 26, 27, 28}) {
    if (text[i] != kForm[i]) return std::nullopt;
  }
  const auto name = std::ranges::find(kMonths, text.substr(8, 3));
  const auto day_of_month = number_in(text.substr(5, 2)), of_year = number_in(text.substr(12, 4));
  const auto hour = number_in(text.substr(17, 2)), minute = number_in(text.substr(20, 2));
  const auto second = number_in(text.substr(23, 2));
  if (name == kMonths.end() || !day_of_month || !of_year || !hour || !minute || !second) {
    return std::nullopt;
  }
  const auto month_number = static_cast<unsigned>(name - kMonths.begin()) + 1;
  const year_month_day date{year{*of_year}, month{month_number},
                            day{static_cast<unsigned>(*day_of_month)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return sys_days{date} + hours{*hour} + minutes{*minute} + seconds{*second};
}

void ServerClock::hear(const HttpResponse& response, Time asked, Time answered) {
  using namespace std::chrono;
  const std::optional<sys_seconds> said = parse_http_date(response.header("date"));
  if (!said || !response.header("age").empty()) return;
  // A Date is cut to whole seconds.
  const sys_seconds earliest = floor<seconds>(asked), latest = floor<seconds>(answered);
  seconds skew{0};
  if (*said < earliest) skew = *said - earliest;
  if (*said > latest) skew = *said - latest;
  seconds_ = skew.count();
}

std::optional<std::chrono::seconds> ServerClock::skew() const {
  const std::int64_t seconds = seconds_;
  return seconds == kUnknown ? std::nullopt : std::optional(std::chrono::seconds(seconds));
}

}  // namespace pet
