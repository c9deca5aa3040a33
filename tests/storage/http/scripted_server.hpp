// ScriptedServer: an HTTP server on loopback that answers as a test says, byte for byte, also wrongly.
//
//   ScriptedServer server([](ScriptedServer::Client& client) {
//     const std::string request = client.request();   // head and body
//     client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
//   });
//   client.send({.url = server.url() + "/a"});
//
// The script runs for each request; when it returns, the connection waits for the next one.
// Lifetime: the destructor ends all connections. Threads: one for each connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace pet::test {

class ScriptedServer {
 public:
  class Client {
   public:
    explicit Client(int socket) : socket_(socket) {}

    // Waits for a whole request; empty when the client has gone.
    std::string request() {
      while (true) {
        const std::size_t end = buffer_.find("\r\n\r\n");
        if (end != std::string::npos) {
          const std::size_t size = end + 4 + content_length(buffer_.substr(0, end + 2));
          if (buffer_.size() >= size) {
            std::string request = buffer_.substr(0, size);
            buffer_.erase(0, size);
            return request;
          }
        }
        char bytes[65536];
        const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
        if (got <= 0) return is_open_ = false, "";
        buffer_.append(bytes, static_cast<std::size_t>(got));
      }
    }
    // false: the client has gone.
    bool send(std::string_view bytes) {
      while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return is_open_ = false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      }
      return true;
    }
    void answer(int status, std::string_view body, std::string_view headers = {}) {
      send("HTTP/1.1 " + std::to_string(status) +
           " Scripted\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(headers) + "\r\n" + std::string(body));
    }
    // From now on bytes pass to another socket and back, until one of them ends, or has sent so many.
    void pass_to(int other, std::size_t most = SIZE_MAX) {
      std::size_t left[2] = {most, most};
      pollfd ends[2] = {{socket_, POLLIN, 0}, {other, POLLIN, 0}};
      while (::poll(ends, 2, -1) > 0) {
        for (int from = 0; from < 2; ++from) {
          if (ends[from].revents == 0) continue;
          char bytes[65536];
          const ssize_t got = ::recv(ends[from].fd, bytes, sizeof bytes, 0);
          const ssize_t size = std::max<ssize_t>(got, 0);
          if (got <= 0 || ::send(ends[1 - from].fd, bytes, static_cast<std::size_t>(size),
                                 MSG_NOSIGNAL) != got) {
            return close();
          }
          if (left[from] < static_cast<std::size_t>(got)) return end(ends[1 - from].fd);
          left[from] -= static_cast<std::size_t>(got);
        }
      }
    }
    // The connection ends, in order or with a reset.
    void close() { is_open_ = false; }
    void reset() {
      const linger now{1, 0};
      ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      is_open_ = false;
    }
    bool is_open() const { return is_open_; }

   private:
    // What was sent arrives: with something unread, close() would reset, and lose it.
    void end(int other) {
      char bytes[65536];
      ::shutdown(other, SHUT_WR);
      while (::recv(other, bytes, sizeof bytes, 0) > 0) {
      }
      close();
    }

    static std::size_t content_length(const std::string& head) {
      const std::size_t at = head.find("Content-Length: ");
      return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    }

    int socket_;
    std::string buffer_;
    bool is_open_ = true;
  };
  using Script = std::function<void(Client&)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, any, size) != 0 || ::listen(listener_, 128) != 0 ||
        ::getsockname(listener_, any, &size) != 0) {
      throw std::runtime_error("no loopback socket to listen on");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~ScriptedServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }
  // Until the server goes: for scripts that hang.
  bool stopping() const { return stopping_; }

 private:
  void accept_all() {
    while (!stopping_) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      ++connections_;
      const std::lock_guard lock(mutex_);
      open_.push_back(socket);
      threads_.emplace_back([this, socket] { serve(socket); });
    }
  }

  void serve(int socket) {
    Client client(socket);
    while (!stopping_ && client.is_open()) {
      // Only when there is something to answer.
      pollfd waiting{socket, POLLIN, 0};
      if (::poll(&waiting, 1, 50) <= 0) continue;
      char byte;
      if (::recv(socket, &byte, 1, MSG_PEEK) <= 0) break;
      script_(client);
    }
    const std::lock_guard lock(mutex_);
    open_.remove(socket);
    ::close(socket);
  }

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::list<int> open_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace pet::test
