// What AWS's tools leave for other programs: variables of the environment, and two files of settings.
// (Inside storage/s3 only.)
//
// Threads: any, as long as none changes the environment.
#pragma once

#include <string>
#include <string_view>

namespace pet {

// A variable's value; empty when there is none.
std::string aws_variable(const char* name);

// AWS_CONFIG_FILE or ~/.aws/config, AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials; empty without
// a home.
std::string aws_config_path();
std::string aws_credentials_path();

// The file's text; empty when there is no such file. Throws kUsage for one that cannot be read or is
// larger than a megabyte.
std::string read_aws_file(const std::string& path);

// One section of an INI file as AWS's tools read it: "[profile pets]" is pets in the config file.
// Lines that are indented belong to the key above and are passed over.
std::string ini_value(std::string_view text, std::string_view section, std::string_view key);

}  // namespace pet
