#include "storage/error.hpp"

namespace pet {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kClassNotFound: return "class_not_found";
    case ErrorCode::kVersionNotFound: return "version_not_found";
    case ErrorCode::kNoBinaryForPlatform: return "no_binary_for_platform";
    case ErrorCode::kInvalidName: return "invalid_name";
    case ErrorCode::kInvalidHash: return "invalid_hash";
    case ErrorCode::kNoBinary: return "no_binary";
    case ErrorCode::kNotAPlugin: return "not_a_plugin";
    case ErrorCode::kNotTrainable: return "not_trainable";
    case ErrorCode::kBadConfig: return "bad_config";
    case ErrorCode::kBadParams: return "bad_params";
    case ErrorCode::kGateRefused: return "gate_refused";
    case ErrorCode::kUntrusted: return "untrusted";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kStorageUnreachable: return "storage_unreachable";
    case ErrorCode::kStorageRefused: return "storage_refused";
    case ErrorCode::kStorageUnsupported: return "storage_unsupported";
    case ErrorCode::kPluginError: return "plugin_error";
    case ErrorCode::kUsage: return "usage";
  }
  return "unknown";
}

int exit_status(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kUsage:
    case ErrorCode::kInvalidName:
    case ErrorCode::kInvalidHash: return 2;
    case ErrorCode::kClassNotFound:
    case ErrorCode::kVersionNotFound:
    case ErrorCode::kNoBinaryForPlatform: return 3;
    case ErrorCode::kNotAPlugin:
    case ErrorCode::kGateRefused:
    case ErrorCode::kUntrusted:
    case ErrorCode::kCorrupt: return 4;
    case ErrorCode::kStorageUnreachable: return 5;
    default: return 1;
  }
}

}  // namespace pet
