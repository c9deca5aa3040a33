#include "storage/http/download.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "storage/ascii.hpp"
#include "storage/http/byte_range.hpp"

namespace pet {
namespace {

// Below it, to start again costs less than a mistake could.
constexpr std::uint64_t kWorthGoingOn = std::uint64_t{1} << 20;

// The ETag, unless it is weak: equal ones of those need not mean equal bytes.
std::string strong_etag(const HttpResponse& head) {
  const std::string_view etag = head.header("etag");
  return etag.starts_with('"') ? std::string(etag) : std::string();
}

}  // namespace

Download::Download(ByteSink& sink, DownloadRules rules) : sink_(sink), rules_(std::move(rules)) {}

std::function<ByteSink*(const HttpResponse& head)> Download::taker() {
  return [this](const HttpResponse& head) { return take(head); };
}

bool Download::may_go_on() const noexcept {
  return received_ >= kWorthGoingOn && size_ && received_ < *size_ && !etag_.empty();
}

HttpResponse Download::run(const RetryPolicy& policy, const Attempt& attempt) {
  // Farther than ever: of an object that changes again and again each attempt might move on.
  std::uint64_t farthest = 0;
  const auto moved_on = [&] {
    const bool moved = may_go_on() && received_ >= farthest + kWorthGoingOn;
    farthest = std::max(farthest, received_);
    return moved;
  };
  return with_retries(
      policy, [&] { return attempt_once(attempt); }, moved_on);
}

HttpResponse Download::attempt_once(const Attempt& attempt) {
  is_taken_ = false;
  asked_from_ = may_go_on() ? received_ : 0;
  HttpHeaders range;
  if (asked_from_ > 0) {
    range = {{"Range", byte_range(asked_from_, std::numeric_limits<std::uint64_t>::max())},
             {rules_.condition, etag_}};
  }
  HttpResponse answer = attempt(range);
  if (asked_from_ > 0 && (answer.status == 412 || answer.status == 416)) {
    start_again("the object changed while it was sent");
  }
  if (!is_taken_) return answer;
  if (size_ && received_ != *size_) {
    start_again("the answer has " + std::to_string(received_) + " bytes of " +
                std::to_string(*size_));
  }
  is_complete_ = true;
  return answer;
}

void Download::start_again(const std::string& why) {
  received_ = 0;
  etag_.clear();
  throw HttpFailure(HttpFailure::Kind::kBrokenOff, why);
}

ByteSink* Download::take(const HttpResponse& head) {
  if (!rules_.accepts(head)) return nullptr;
  ByteSink* const taker = head.status == 206 && asked_from_ > 0 ? go_on(head) : start(head);
  is_taken_ = taker != nullptr;
  return taker;
}

ByteSink* Download::start(const HttpResponse& head) {
  if (head.status != 200) return nullptr;
  etag_ = strong_etag(head);
  begin(number_in(head.header("content-length")));
  return this;
}

ByteSink* Download::go_on(const HttpResponse& head) {
  const std::string range = "bytes " + std::to_string(asked_from_) + "-" +
                            std::to_string(*size_ - 1) + "/" + std::to_string(*size_);
  if (head.header("content-range") != range || strong_etag(head) != etag_) {
    start_again("another part came than the one that was asked for");
  }
  return this;
}

void Download::begin(std::optional<std::uint64_t> size) {
  if (size) rules_.check_size(*size, SizeIs::kKnown);
  size_ = size;
  received_ = 0;
  sink_.begin(size);
}

void Download::write(std::string_view piece) {
  rules_.check_size(received_ + piece.size(), SizeIs::kAtLeast);
  sink_.write(piece);
  received_ += piece.size();
}

}  // namespace pet
