// http: a request as the server has read it, and what it is answered with.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pet::tools {

struct HttpRequest {
  std::string method;  // of HEAD, GET
  std::string path;    // decoded, without the query
  std::string body;
};

struct HttpAnswer {
  int status = 200;
  std::string body = {};
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
};

}  // namespace pet::tools
