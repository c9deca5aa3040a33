// A part of an object over HTTP: how it is asked for, and whether what came is that part (RFC 9110, 14).
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "storage/http/http_client.hpp"

namespace pet {

// The value of a Range header for the bytes [offset, end); servers read numbers up to 2^63 - 1.
std::string byte_range(std::uint64_t offset, std::uint64_t end);

// Whether a 206 has the bytes [offset, end), or, of an object that ends sooner, all from offset on, as its
// headers say. A server may send less, which would look like the object's end.
bool has_byte_range(const HttpResponse& response, std::uint64_t offset, std::uint64_t end);

}  // namespace pet
