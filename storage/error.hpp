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

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace pet {

enum class ErrorCode {
  kClassNotFound,
  kVersionNotFound,
  kNoBinaryForPlatform,
  kInvalidName,
  kInvalidHash,
  kNoBinary,
  kNotAPlugin,
  kNotTrainable,
  kBadConfig,
  kBadParams,
  kGateRefused,
  kUntrusted,
  kCorrupt,
  kStorageUnreachable,
  kStorageRefused,
  kStorageUnsupported,
  kPluginError,
  kUsage,  // the caller asked for something contradictory
};

// What petctl ends with.
enum class ExitStatus { kDone, kFailed, kUsage, kNotFound, kRefused, kUnreachable };

struct ErrorCodeRow {
  ErrorCode code;
  std::string_view name;  // never changes between releases
  ExitStatus exit_status;
  std::string_view replaces;  // the exception of the Python original; empty: it had none
};

// One row a code, in their order.
inline constexpr std::array kErrorCodes{
    ErrorCodeRow{ErrorCode::kClassNotFound, "class_not_found", ExitStatus::kNotFound,
                 "KeyError, ValueError(\"No remote versions found\")"},
    ErrorCodeRow{ErrorCode::kVersionNotFound, "version_not_found", ExitStatus::kNotFound,
                 "FileNotFoundError, ValueError"},
    ErrorCodeRow{ErrorCode::kNoBinaryForPlatform, "no_binary_for_platform", ExitStatus::kNotFound,
                 ""},  // it ships source
    ErrorCodeRow{ErrorCode::kInvalidName, "invalid_name", ExitStatus::kUsage,
                 ""},  // it trusts names
    ErrorCodeRow{ErrorCode::kInvalidHash, "invalid_hash", ExitStatus::kUsage, "ValueError"},
    ErrorCodeRow{ErrorCode::kNoBinary, "no_binary", ExitStatus::kFailed,
                 "TypeError from inspect.getsource"},
    ErrorCodeRow{ErrorCode::kNotAPlugin, "not_a_plugin", ExitStatus::kRefused,
                 "ImportError, AttributeError"},
    ErrorCodeRow{ErrorCode::kNotTrainable, "not_trainable", ExitStatus::kFailed,
                 "NotTrainableFilterError"},
    ErrorCodeRow{ErrorCode::kBadConfig, "bad_config", ExitStatus::kFailed,
                 "json.JSONDecodeError, KeyError"},
    ErrorCodeRow{ErrorCode::kBadParams, "bad_params", ExitStatus::kFailed,
                 "TypeError from __init__"},
    ErrorCodeRow{ErrorCode::kGateRefused, "gate_refused", ExitStatus::kRefused, "ImportError"},
    ErrorCodeRow{ErrorCode::kUntrusted, "untrusted", ExitStatus::kRefused, ""},
    ErrorCodeRow{ErrorCode::kCorrupt, "corrupt", ExitStatus::kRefused, ""},  // it verifies nothing
    ErrorCodeRow{ErrorCode::kStorageUnreachable, "storage_unreachable", ExitStatus::kUnreachable,
                 "botocore EndpointConnectionError"},
    ErrorCodeRow{ErrorCode::kStorageRefused, "storage_refused", ExitStatus::kFailed,
                 "botocore ClientError 403, PermissionError"},
    ErrorCodeRow{ErrorCode::kStorageUnsupported, "storage_unsupported", ExitStatus::kFailed,
                 "NotImplementedError"},
    ErrorCodeRow{ErrorCode::kPluginError, "plugin_error", ExitStatus::kFailed,
                 "whatever the class raised"},
    ErrorCodeRow{ErrorCode::kUsage, "usage", ExitStatus::kUsage, "ValueError"},
};

// The stable text of a code: "class_not_found".
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
