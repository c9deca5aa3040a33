// output_of: what the process writes to stdout, past every buffer of C++, while something is done.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>

namespace pet::test {

template <class Action>
std::string output_of(Action&& action) {
  std::FILE* const file = std::tmpfile();
  const int stdout_before = ::dup(STDOUT_FILENO);
  if (file == nullptr || stdout_before < 0) throw std::runtime_error("no file for stdout");
  std::fflush(stdout);
  ::dup2(::fileno(file), STDOUT_FILENO);
  action();
  std::fflush(stdout);
  ::dup2(stdout_before, STDOUT_FILENO);
  ::close(stdout_before);
  std::string text;
  std::rewind(file);
  for (int byte = std::fgetc(file); byte != EOF; byte = std::fgetc(file)) {
    text.push_back(static_cast<char>(byte));
  }
  std::fclose(file);
  return text;
}

}  // namespace pet::test
