// How petctl prints: lines and tables for people, one JSON document for programs, errors on stderr.
#pragma once

#include <string>
#include <vector>

#include "core/loader/param_value.hpp"
#include "storage/error.hpp"

namespace pet::tools {

void print_line(const std::string& line);
void print_json(const ParamValue& document);

// Rows of cells, columns aligned; the first row is the header.
void print_table(const std::vector<std::vector<std::string>>& rows);

// "error: …" on stderr; with json, also {"error": {code, message, class, hash, key}} on stdout.
void print_error(const Error& error, bool json);

// "\n  did you mean 'push'?" for the end of a message; empty when nothing is close.
std::string suggestion(const std::string& wanted, const std::vector<std::string>& known);

// 0, or 1 with a message when stdout could not take what was printed (a full disk, a closed pipe).
int flush_output();

}  // namespace pet::tools
