// DyingProxy: an HTTP proxy on loopback that lets so many requests through and then answers none, as
// if who asks had died between two of them.
//
//   DyingProxy proxy;
//   const Environment by("http_proxy", proxy.url());
//   proxy.let_through(3);
//
// It is no proxy for what is large, or for many.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "storage/ascii.hpp"
#include "storage/http/http_client.hpp"
#include "tests/storage/http/scripted_server.hpp"

namespace pet::test {

class DyingProxy {
 public:
  std::string url() const { return server_.url(); }

  // From now on, so many.
  void let_through(std::uint64_t requests) {
    most_ = requests;
    seen_ = 0;
  }
  // Since then, also those that were not let through.
  std::uint64_t requests() const { return seen_; }

 private:
  using Client = ScriptedServer::Client;

  void serve(Client& client) {
    const std::string request = client.request();
    if (request.empty()) return;
    if (++seen_ > most_) return client.reset();
    const HttpResponse response = forward(request);
    std::string answer = "HTTP/1.1 " + std::to_string(response.status) + " Forwarded\r\n";
    bool says_size = false;
    for (const auto& [name, value] : response.headers) {
      if (name == "transfer-encoding" || name == "connection") continue;
      says_size = says_size || name == "content-length";
      answer += name + ": " + value + "\r\n";
    }
    if (!says_size) answer += "content-length: " + std::to_string(response.body.size()) + "\r\n";
    client.send(answer + "\r\n" + response.body);
  }

  HttpResponse forward(const std::string& text) {
    const std::size_t head = text.find("\r\n\r\n");
    const std::size_t space = text.find(' ');
    HttpRequest request{.method = text.substr(0, space)};
    request.url = text.substr(space + 1, text.find(' ', space + 1) - space - 1);
    request.body = std::string_view(text).substr(head + 4);
    for (std::size_t line = text.find("\r\n") + 2; line < head;
         line = text.find("\r\n", line) + 2) {
      const std::size_t colon = text.find(':', line);
      const std::string name = small_letters(text.substr(line, colon - line));
      if (name == "proxy-connection" || name == "content-length" || name == "host") continue;
      request.headers.emplace_back(name, trimmed(std::string_view(text).substr(
                                             colon + 1, text.find("\r\n", line) - colon - 1)));
    }
    return http_.send(request);
  }

  std::atomic<std::uint64_t> most_{UINT64_MAX};
  std::atomic<std::uint64_t> seen_{0};
  HttpClient http_{{.use_proxy = false}};
  ScriptedServer server_{[this](Client& client) { serve(client); }};
};

}  // namespace pet::test
