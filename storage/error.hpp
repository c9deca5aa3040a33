// pet::Error: the one family of exceptions that PetFactory throws.
//
// Every error has a stable code (programs branch on it; petctl's exit status follows from it), names
// the class, hash and storage key concerned as far as they are known, and says in its message what
// was expected, what came, and what to do next. It lives on the lowest floor because storage throws it.
//
//   try {
//     factory.get_version("MyFilter", hash);
//   } catch (const pet::Error& error) {
//     if (error.code() == pet::ErrorCode::kVersionNotFound) ...
//   }
//
// Threads: an Error is a value; copy it freely.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace pet {

// The comment names the exception of the Python original that each code replaces.
enum class ErrorCode {
  kClassNotFound,        // KeyError, ValueError("No remote versions found")
  kVersionNotFound,      // FileNotFoundError, ValueError
  kNoBinaryForPlatform,  // (the original ships source: no counterpart)
  kInvalidName,          // (none: the original trusts names)
  kInvalidHash,          // ValueError
  kNoBinary,             // TypeError from inspect.getsource
  kNotAPlugin,           // ImportError, AttributeError
  kNotTrainable,         // NotTrainableFilterError
  kBadConfig,            // json.JSONDecodeError, KeyError
  kBadParams,            // TypeError from __init__
  kGateRefused,          // ImportError
  kUntrusted,            // (none)
  kCorrupt,              // (none: the original verifies nothing)
  kStorageUnreachable,   // botocore EndpointConnectionError
  kStorageRefused,       // botocore ClientError 403, PermissionError
  kStorageUnsupported,   // NotImplementedError
  kPluginError,          // whatever the class raised
  kUsage,                // ValueError: the caller asked for something contradictory
};

// The stable text of a code: "class_not_found". Never changes between releases.
std::string_view to_string(ErrorCode code) noexcept;

// petctl's exit status for a code: 1 failed, 2 usage, 3 not found, 4 refused, 5 storage unreachable.
int exit_status(ErrorCode code) noexcept;

class Error : public std::runtime_error {
 public:
  // What the error is about; unknown members stay empty.
  struct Subject {
    std::string class_name;
    std::string hash;
    std::string key;  // storage key or file path
  };

  Error(ErrorCode code, const std::string& message) : Error(code, message, Subject{}) {}
  Error(ErrorCode code, const std::string& message, Subject subject)
      : std::runtime_error(message), code_(code), subject_(std::move(subject)) {}

  ErrorCode code() const noexcept { return code_; }
  const std::string& class_name() const noexcept { return subject_.class_name; }
  const std::string& hash() const noexcept { return subject_.hash; }
  const std::string& key() const noexcept { return subject_.key; }

 private:
  ErrorCode code_;
  Subject subject_;
};

}  // namespace pet
