// ServeOptions: petserve's command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/session/settings.hpp"

namespace pet::tools {

struct ServeOptions {
  std::vector<std::string> pipelines;
  Settings settings;

  std::string listen = "127.0.0.1:8080";
  std::string max_body = "16 MiB";
  std::size_t max_requests = 64;
  std::size_t max_connections = 256;
  double deadline = 30;  // times are in seconds
  double shutdown_delay = 0.5;
  double shutdown_limit = 30;
  std::string log_format;  // empty: as stderr is
  std::string log_level = "info";

  std::vector<std::string> follow;
  std::vector<std::string> samples;  // [NAME=]FILE
  std::size_t record = 0;
  std::optional<double> tolerance;
  double poll = 5;
  double trial_time = 30;
  double failure_rate = 0.01;
  double latency_factor = 3;
  std::uint64_t min_calls = 50;
  double probation = 600;
  std::string rejections;  // empty: below the XDG data home
};

}  // namespace pet::tools
