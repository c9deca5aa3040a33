#include "storage/error.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace pet::test {
namespace {

// Programs branch on the names, scripts on the statuses: 0 done, 1 failed, 2 usage, 3 not found,
// 4 refused, 5 storage unreachable.
TEST_CASE("30: every code has its name, its exit status and what it replaces", "[storage]") {
  struct {
    ErrorCode code;
    const char* name;
    int exit_status;
    const char* replaces;  // of the Python original, among others
  } const cases[] = {
      {ErrorCode::kClassNotFound, "class_not_found", 3, "KeyError"},
      {ErrorCode::kVersionNotFound, "version_not_found", 3, "FileNotFoundError"},
      {ErrorCode::kNoBinaryForPlatform, "no_binary_for_platform", 3, ""},
      {ErrorCode::kInvalidName, "invalid_name", 2, ""},
      {ErrorCode::kInvalidHash, "invalid_hash", 2, "ValueError"},
      {ErrorCode::kNoBinary, "no_binary", 1, "TypeError"},
      {ErrorCode::kNotAPlugin, "not_a_plugin", 4, "ImportError"},
      {ErrorCode::kNotTrainable, "not_trainable", 1, "NotTrainableFilterError"},
      {ErrorCode::kBadConfig, "bad_config", 1, "json.JSONDecodeError"},
      {ErrorCode::kBadParams, "bad_params", 1, "TypeError"},
      {ErrorCode::kGateRefused, "gate_refused", 4, "ImportError"},
      {ErrorCode::kUntrusted, "untrusted", 4, ""},
      {ErrorCode::kCorrupt, "corrupt", 4, ""},
      {ErrorCode::kStorageUnreachable, "storage_unreachable", 5, "EndpointConnectionError"},
      {ErrorCode::kStorageRefused, "storage_refused", 1, "PermissionError"},
      {ErrorCode::kStorageUnsupported, "storage_unsupported", 1, "NotImplementedError"},
      {ErrorCode::kPluginError, "plugin_error", 1, "whatever the class raised"},
      {ErrorCode::kUsage, "usage", 2, "ValueError"},
  };
  CHECK(std::size(cases) == kErrorCodes.size());
  for (const auto& each : cases) {
    CAPTURE(each.name);
    CHECK(to_string(each.code) == each.name);
    CHECK(exit_status(each.code) == each.exit_status);
    const std::string replaces(kErrorCodes.at(static_cast<std::size_t>(each.code)).replaces);
    CHECK_THAT(replaces, Catch::Contains(each.replaces));
    CHECK(replaces.empty() == std::string(each.replaces).empty());
  }
}

TEST_CASE("30: a number that is no code is a failure without a name", "[storage]") {
  CHECK(to_string(static_cast<ErrorCode>(kErrorCodes.size())) == "unknown");
  CHECK(exit_status(static_cast<ErrorCode>(-1)) == 1);
}

TEST_CASE("30: an error knows what it is about", "[storage]") {
  const Error error(ErrorCode::kCorrupt, "damaged", {.class_name = "A", .hash = "h", .key = "k"});
  CHECK(error.code() == ErrorCode::kCorrupt);
  CHECK(std::string(error.what()) == "damaged");
  CHECK(error.class_name() == "A");
  CHECK(error.hash() == "h");
  CHECK(error.key() == "k");
  CHECK(Error(ErrorCode::kUsage, "text").class_name().empty());
}

}  // namespace
}  // namespace pet::test
