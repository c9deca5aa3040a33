// open_storage: from the text after --storage, or in PET_STORAGE, to a storage.
//
//   file:///srv/pets     a directory; %XX is decoded
//   /srv/pets  pets      a directory, as a path
//   s3://bucket/prefix   Amazon S3 or a server like it: see s3/s3_settings.hpp
//   https://host/mirror  a read-only mirror on a web server: see http/http_storage.hpp
//   memory:              a new, empty MemoryStorage
//   chain:URL|URL|URL    these, asked in order; the last is the authority (chain_storage.hpp)
//
// Opening asks no storage: one that cannot be reached says so at the first use. (For S3 it reads the
// environment and AWS's files.)
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base_storage.hpp"
#include "storage/chain_storage.hpp"

namespace pet {

// What a storage may be, for messages and help.
inline constexpr std::string_view kStorageForms =
    "file:///dir, a path, s3://bucket/prefix, https://host/mirror, memory:, chain:URL|URL";

// Throws pet::Error: kUsage for a text that names no storage (empty, an unknown scheme,
// file://host/…), kStorageUnsupported for HTTP where libcurl is not installed.
// No message repeats more than the scheme of a URL with a host, which may hold a password.
// A chain needs to be told which objects never change: without `chain` it is kUsage.
// core/registry/open_plugin_storage.hpp opens every URL with what a registry's layout says.
std::unique_ptr<BaseStorage> open_storage(std::string_view url, const ChainOptions& chain = {});

// The members of a "chain:" as they stand there, in order; none for any other text. A '|' in a member's
// name is %7C.
std::vector<std::string_view> chain_members(std::string_view url);

// The scheme that it, or the first such member of a chain, has and no storage; empty: there is none.
std::string unknown_scheme(std::string_view url);

// The schemes that there are.
std::vector<std::string> storage_schemes();

// Whether it, or a member of the chain, is asked over HTTP, for which libcurl has to be there. False for
// what names no storage.
bool is_over_http(std::string_view url);

}  // namespace pet
