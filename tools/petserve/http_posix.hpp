// Server::Http: HTTP/1.1 by cpp-httplib, of which the way of one request is used and nothing else: its
// own loop accepts without a limit, gives a slow client all the time it wants, and drops who waits in
// the queue when it stops. (Inside tools/petserve only.)
#pragma once

#include <httplib.h>

#include <memory>
#include <string>
#include <string_view>

#include "tools/petserve/connection_posix.hpp"
#include "tools/petserve/server.hpp"

namespace pet::tools {

class Server::Http final : private httplib::Server {
 public:
  Http(const ServerOptions& options, ServerCounts& counts, pet::tools::Server::Handler handler);

  // Reads one request and writes its answer. False when the connection is at its end.
  bool process(Connection& connection);

  // What a client gets whose answer takes too long: all of it, head and body.
  const std::string& late_answer() const noexcept { return late_answer_; }

 private:
  void answer(const httplib::Request& request, httplib::Response& response, std::string body);
  void answer_with_body(const httplib::Request& request, httplib::Response& response,
                        const httplib::ContentReader& content);
  bool read_body(const httplib::Request& request, httplib::Response& response,
                 const httplib::ContentReader& content, std::string& body);
  void refuse(httplib::Response& response, int status, const std::string& why);

  const ServerOptions& options_;
  ServerCounts& counts_;
  pet::tools::Server::Handler handler_;
  std::string late_answer_;
};

}  // namespace pet::tools
