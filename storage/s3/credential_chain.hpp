// CredentialChain: whose name requests to S3 are signed with, also when that changes.
//
//   CredentialChain chain(settings);
//   sign(request, chain.current(), …);
//
// Places:  of a profile that the URL names, its files alone; else the environment, the profile's
//          files, and the agent of a container, in this order. The first that has credentials
//          counts. Nothing is looked at before current(). Where none has any, all are looked at again
//          after ten seconds: a service may start before its credentials are there.
// Renewal: what expires is asked for again before: five minutes, or a quarter of its time if that is
//          less. One thread does it while the others go on with what they have, and when it fails
//          they do so until it has expired. Files are read again when they have changed.
// Threads: any. Those that cannot go on wait for the same answer, and fail together.
// Throws:  as CredentialSource says, and kUsage for a named profile without credentials.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/once_flight.hpp"
#include "storage/s3/credential_source.hpp"
#include "storage/s3/s3_settings.hpp"

namespace pet {

class CredentialChain {
 public:
  using Time = std::chrono::system_clock::time_point;
  using Clock = std::function<Time()>;

  explicit CredentialChain(const S3Settings& settings,
                           Clock clock = std::chrono::system_clock::now);

  // Without any, an empty access key: requests are not signed.
  S3Credentials current();

  // The server says that these have expired. Whether there are others now.
  bool renew(const S3Credentials& refused);

  // What current() gave last, without looking anywhere.
  S3Credentials last() const;

  // Where credentials are looked for, for messages.
  std::string places() const;

 private:
  struct Held {
    S3Credentials credentials;
    CredentialSource* source = nullptr;  // null: nobody has any
    Time since;
  };
  using HeldPtr = std::shared_ptr<const Held>;

  HeldPtr held() const;
  Held look();
  HeldPtr fetch(const HeldPtr& before);
  HeldPtr renew_early(HeldPtr held, Time now);

  std::vector<std::unique_ptr<CredentialSource>> sources_;
  std::string must_have_;  // the profile that was asked for by name
  Clock clock_;
  mutable std::mutex mutex_;
  HeldPtr held_;
  std::shared_ptr<OnceFlight> flight_ = std::make_shared<OnceFlight>();
  std::atomic<bool> renewing_{false};
  std::atomic<Time> pause_until_{Time{}};  // after a renewal that brought nothing
};

}  // namespace pet
