#include "storage/s3/credential_chain.hpp"

#include <algorithm>

#include "storage/error.hpp"
#include "storage/key.hpp"
#include "storage/s3/aws_files.hpp"

namespace pet {
namespace {

using std::chrono::seconds;

constexpr seconds kEarly{300};
constexpr seconds kPause{10};

}  // namespace

CredentialChain::CredentialChain(const S3Settings& settings, Clock clock)
    : clock_(std::move(clock)) {
  if (!settings.profile_given) sources_.push_back(environment_credentials());
  sources_.push_back(file_credentials(settings.profile));
  std::unique_ptr<CredentialSource> container;
  if (!settings.profile_given) container = container_credentials();
  if (container) {
    sources_.push_back(std::move(container));
  } else if (settings.profile_given || !aws_variable("AWS_PROFILE").empty()) {
    must_have_ = settings.profile;
  }
}

std::string CredentialChain::places() const {
  std::string text;
  for (const auto& source : sources_) text += (text.empty() ? "" : "; ") + source->where();
  return text;
}

CredentialChain::HeldPtr CredentialChain::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

S3Credentials CredentialChain::last() const {
  const HeldPtr held = this->held();
  return held ? held->credentials : S3Credentials{};
}

CredentialChain::Held CredentialChain::look() {
  for (const auto& source : sources_) {
    std::optional<S3Credentials> found = source->find();
    if (!found) continue;
    const Time now = clock_();
    if (found->expires && *found->expires <= now) {
      throw Error(ErrorCode::kStorageRefused,
                  "the credentials of " + source->where() +
                      " have expired already when they are handed out\n  try: is this machine's "
                      "clock right (timedatectl)? else restart what hands them out");
    }
    return {*std::move(found), source.get(), now};
  }
  if (must_have_.empty()) return {{}, nullptr, clock_()};
  const std::string unfollowed = unfollowed_key(must_have_);
  const std::string next_step =
      unfollowed.empty()
          ? "aws_access_key_id and aws_secret_access_key there, or another profile"
          : "the variables that 'aws configure export-credentials --format env --profile " +
                must_have_ + "' prints";
  throw Error(ErrorCode::kUsage, "the profile " + pet::quoted(must_have_) +
                                     " has no credentials: looked at " + places() +
                                     "\n  try: " + next_step);
}

// What is held after `before`: of the threads that ask, one looks.
CredentialChain::HeldPtr CredentialChain::fetch(const HeldPtr& before) {
  std::shared_ptr<OnceFlight> flight;
  {
    const std::lock_guard lock(mutex_);
    if (held_ != before) return held_;
    flight = flight_;
  }
  flight->run([&] {
    auto fresh = std::make_shared<const Held>(look());
    if (before && before->source != nullptr && fresh->source == nullptr) {
      throw Error(ErrorCode::kStorageRefused, "the credentials of " + before->source->where() +
                                                  " are gone\n  try: have them written again");
    }
    auto next = std::make_shared<OnceFlight>();
    const std::lock_guard lock(mutex_);
    held_ = std::move(fresh);
    flight_ = std::move(next);
  });
  return held();
}

CredentialChain::HeldPtr CredentialChain::renew_early(HeldPtr held, Time now) {
  if (now < pause_until_.load() || renewing_.exchange(true)) return held;
  struct End {
    std::atomic<bool>& renewing;
    ~End() { renewing = false; }
  } const end{renewing_};
  try {
    return fetch(held);
  } catch (const Error&) {
    pause_until_ = now + kPause;  // what is held still works
    return held;
  }
}

S3Credentials CredentialChain::current() {
  HeldPtr held = this->held();
  if (!held) return fetch(nullptr)->credentials;
  const Time now = clock_();
  if (held->source == nullptr) {
    // A service may be there before they are.
    if (now >= held->since + kPause) held = fetch(held);
    return held->credentials;
  }
  if (const auto expires = held->credentials.expires) {
    if (*expires <= now) return fetch(held)->credentials;
    const auto early = std::min<Time::duration>(kEarly, (*expires - held->since) / 4);
    if (*expires - early <= now) held = renew_early(held, now);
  } else if (held->source->has_changed()) {
    held = renew_early(held, now);
  }
  return held->credentials;
}

bool CredentialChain::renew(const S3Credentials& refused) {
  const HeldPtr held = this->held();
  if (!held || held->credentials != refused) return true;
  const Time now = clock_();
  if (refused.session_token.empty() || now < pause_until_.load()) return false;
  if (fetch(held)->credentials != refused) return true;
  pause_until_ = now + kPause;
  return false;
}

}  // namespace pet
