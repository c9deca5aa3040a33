// ConnectProxy: a proxy on loopback for HTTPS, which opens tunnels and sees nothing of what passes.
//
//   ConnectProxy proxy;
//   setenv("https_proxy", proxy.url().c_str(), 1);
//
// Every host is this machine.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "tests/storage/http/scripted_server.hpp"

namespace pet::test {

class ConnectProxy {
 public:
  std::string url() const { return server_.url(); }
  int tunnels() const { return tunnels_; }
  void refuse_all() { refuses_ = true; }
  // The next tunnel breaks when so many bytes have passed one way.
  void break_next_after(std::size_t bytes) { most_ = bytes; }

 private:
  using Client = ScriptedServer::Client;

  // "CONNECT localhost:4711 HTTP/1.1"
  void serve(Client& client) {
    const std::string request = client.request();
    if (!request.starts_with("CONNECT ")) return client.close();
    if (refuses_) return client.answer(403, "");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(request.substr(request.find(':') + 1))));
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      ++tunnels_;
      client.send("HTTP/1.1 200 Connection established\r\nProxy-Agent: tests\r\n\r\n");
      client.pass_to(server, most_.exchange(SIZE_MAX));
    }
    ::close(server);
    client.close();
  }

  std::atomic<int> tunnels_{0};
  std::atomic<bool> refuses_{false};
  std::atomic<std::size_t> most_{SIZE_MAX};
  ScriptedServer server_{[this](Client& client) { serve(client); }};
};

}  // namespace pet::test
