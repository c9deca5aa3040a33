// What it means for a storage when an HTTP server is silent or fails: the same words, whoever asked.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "storage/error.hpp"
#include "storage/http/http_client.hpp"

namespace pet {

struct HttpProblem {
  ErrorCode code;
  std::string text;  // what happened, and the next step; neither URL nor key
};

// Text of a server's, fit for a terminal: the first 300 characters, '?' for what cannot be printed.
std::string printable(std::string_view text);

// Nothing came. `ca_variable` is where a CA of one's own is named, `try_this` what may help when
// nobody answers.
HttpProblem problem_of(const HttpFailure& failure, std::string_view ca_variable,
                       std::string_view try_this);

// Whether the status says that the server may do better later: 408, 429 and 5xx.
bool is_failing(long status);

// For such a status, and what the server said with it.
HttpProblem failing_problem(std::string_view said);

// For a 206 with other bytes than were asked for, or a 416 for bytes that are there.
HttpProblem other_range_problem();

}  // namespace pet
