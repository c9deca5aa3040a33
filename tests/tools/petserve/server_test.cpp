// The server with clients that speak HTTP by hand, well and badly.
#include "tools/petserve/server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <future>
#include <latch>
#include <string>
#include <thread>

#include "storage/error.hpp"

using namespace pet::tools;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

// Sends and reads as it is told.
class Client {
 public:
  explicit Client(const std::string& url) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool is_connected() const { return is_connected_; }
  bool send(const std::string& bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  void finish() const { ::shutdown(fd_, SHUT_WR); }
  // One answer: its head, and as many bytes as that says.
  std::string answer() {
    while (in_.find("\r\n\r\n") == std::string::npos && more()) {
    }
    const auto end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return std::exchange(in_, {});
    const auto length = in_.find("Content-Length: ");
    const std::size_t body = length < end ? std::stoul(in_.substr(length + 16)) : 0;
    while (in_.size() < end + 4 + body && more()) {
    }
    std::string answer = in_.substr(0, end + 4 + body);
    in_.erase(0, end + 4 + body);
    return answer;
  }
  // Whether the server has nothing more to say.
  bool is_at_end() { return in_.empty() && !more(); }

 private:
  bool more() {
    char bytes[4096];
    const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got > 0) in_.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  }

  int fd_;
  bool is_connected_;
  std::string in_;
};

// A server in a thread of its own.
class Running {
 public:
  Running(ServerOptions options, Server::Handler handler)
      : server_(
            [&] {
              options.port = 0;
              options.shutdown_delay = 50ms;
              return options;
            }(),
            std::move(handler)) {
    REQUIRE(::pipe(stop_) == 0);
    ended_ = std::async(std::launch::async, [this] {
      return server_.run(stop_[0], [this] { draining_.set_value(); });
    });
  }
  ~Running() {
    if (ended_.valid()) stop();
    ::close(stop_[0]);
    ::close(stop_[1]);
  }

  void begin_stop() {
    REQUIRE(::write(stop_[1], "x", 1) == 1);
    REQUIRE(draining_.get_future().wait_for(60s) == std::future_status::ready);
  }
  bool wait() { return ended_.get(); }
  bool stop() {
    begin_stop();
    return wait();
  }
  std::string url() const { return server_.url(); }
  const ServerCounts& counts() const { return server_.counts(); }

 private:
  Server server_;
  std::promise<void> draining_;
  int stop_[2];
  std::future<bool> ended_;
};

HttpAnswer echo(const HttpRequest& request) {
  return {.status = 200,
          .body = request.method + " " + request.path + " " + request.body,
          .type = "text/plain"};
}

std::string post(const std::string& body, const std::string& headers = "") {
  return "POST /p HTTP/1.1\r\nHost: h\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string ask(const std::string& url, const std::string& bytes) {
  Client client(url);
  CHECK(client.send(bytes));
  return client.answer();
}

}  // namespace

TEST_CASE("a connection carries request after request, also sent at once", "[petserve]") {
  Running server({}, echo);
  Client client(server.url());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /a%20b?c=d HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string answer = client.answer();
    CHECK_THAT(answer, StartsWith("HTTP/1.1 200"));
    CHECK_THAT(answer, Contains("\r\n\r\nGET /a b "));
  }
  client.send(post("one") + post("two") +
              "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK_THAT(client.answer(), Contains("POST /p one"));
  CHECK_THAT(client.answer(), Contains("POST /p two"));
  CHECK_THAT(client.answer(), Contains("GET /last "));
  CHECK(client.is_at_end());
}

TEST_CASE("a body comes in chunks, after 100-continue, or not at all", "[petserve]") {
  Running server({}, echo);
  CHECK_THAT(ask(server.url(),
                 "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
             Contains("POST /p abcde"));
  CHECK_THAT(ask(server.url(), "POST /p HTTP/1.1\r\nHost: h\r\n\r\n"), Contains("POST /p "));
  Client client(server.url());
  client.send("POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK_THAT(client.answer(), StartsWith("HTTP/1.1 100"));
  client.send("ok");
  CHECK_THAT(client.answer(), Contains("POST /p ok"));
  CHECK_THAT(ask(server.url(), "HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
             StartsWith("HTTP/1.1 200"));
}

TEST_CASE("what is too large is refused before it is held", "[petserve]") {
  Running server({.max_body = 1000}, echo);
  const std::string refusal = "the body is larger than 1000 bytes (--max-body)";
  CHECK_THAT(ask(server.url(), post(std::string(1000, 'a'))), StartsWith("HTTP/1.1 200"));
  for (const std::string& request :
       {post(std::string(1001, 'a')),
        std::string("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999\r\n\r\nabc"),
        "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
            std::string(2000, 'a') + "\r\n0\r\n\r\n"}) {
    Client client(server.url());
    client.send(request);
    const std::string answer = client.answer();
    CHECK_THAT(answer, StartsWith("HTTP/1.1 413"));
    CHECK_THAT(answer, Contains(refusal));
    CHECK_THAT(answer, Contains("Connection: close"));
    client.finish();
    CHECK(client.is_at_end());
  }
  CHECK(server.counts().too_large == 3);
  CHECK_THAT(ask(server.url(), "GET /" + std::string(2000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"),
             StartsWith("HTTP/1.1 414"));
  std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 2000; ++i)
    head += "X-" + std::to_string(i) + ": " + std::string(50, 'a') + "\r\n";
  CHECK_THAT(ask(server.url(), head + "\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST_CASE("a length that is none, or that comes beside chunks, is refused", "[petserve]") {
  Running server({}, echo);
  for (const std::string headers :
       {"Content-Length: abc", "Content-Length: -1",
        "Content-Length: 3\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip"}) {
    INFO(headers);
    CHECK_THAT(ask(server.url(), "POST /p HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n\r\nabc"),
               StartsWith("HTTP/1.1 400"));
  }
  CHECK_THAT(ask(server.url(), "nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  CHECK_THAT(ask(server.url(),
                 "POST /p HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; "
                 "boundary=b\r\nContent-Length: 3\r\n\r\nabc"),
             StartsWith("HTTP/1.1 415"));
}

TEST_CASE("a page of somebody else's may send nothing", "[petserve]") {
  Running server({}, echo);
  CHECK_THAT(ask(server.url(), post("a", "Origin: http://evil.example\r\n")),
             StartsWith("HTTP/1.1 403"));
  CHECK_THAT(ask(server.url(), post("a", "Origin: http://h\r\n")), StartsWith("HTTP/1.1 200"));
}

TEST_CASE("who sends too slowly is told so, and holds nobody up", "[petserve]") {
  Running server({.max_connections = 2, .head_time = 200ms, .body_time = 200ms}, echo);
  Client head(server.url());
  Client body(server.url());
  head.send("GET / HT");
  body.send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  CHECK_THAT(body.answer(), StartsWith("HTTP/1.1 408"));
  CHECK(server.counts().too_slow == 1);
  head.answer();
  CHECK(head.is_at_end());
  CHECK_THAT(ask(server.url(), post("c")), Contains("POST /p c"));
}

TEST_CASE("beyond max_requests the answer is 503, and the others are answered", "[petserve]") {
  std::latch inside(2);
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  Running server({.max_requests = 2}, [&](const HttpRequest& request) {
    inside.count_down();
    gone.wait();
    return echo(request);
  });
  Client first(server.url());
  Client second(server.url());
  first.send(post("1"));
  second.send(post("2"));
  inside.wait();
  const std::string refused = ask(server.url(), post("3"));
  CHECK_THAT(refused, StartsWith("HTTP/1.1 503"));
  CHECK_THAT(refused, Contains("Retry-After: 1"));
  CHECK(server.counts().too_many == 1);
  go.set_value();
  CHECK_THAT(first.answer(), Contains("POST /p 1"));
  CHECK_THAT(second.answer(), Contains("POST /p 2"));
}

TEST_CASE("more connections than threads are all served", "[petserve]") {
  Running server({.max_connections = 2}, echo);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 12; ++i) clients.push_back(std::make_unique<Client>(server.url()));
  for (int i = 0; i < 12; ++i) clients[i]->send(post(std::to_string(i)));
  for (int i = 0; i < 12; ++i) {
    CHECK_THAT(clients[i]->answer(), Contains("POST /p " + std::to_string(i)));
  }
}

TEST_CASE("an answer past its deadline is a 504 at once; the work goes on", "[petserve]") {
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  std::atomic<int> done{0};
  Running server({.deadline = 1s}, [&](const HttpRequest& request) {
    if (request.path == "/p") gone.wait();
    ++done;
    return echo(request);
  });
  Client client(server.url());
  client.send(post("1"));
  const std::string answer = client.answer();
  CHECK_THAT(answer, StartsWith("HTTP/1.1 504"));
  CHECK_THAT(answer, Contains("the answer took longer than 1.0 s (--deadline)"));
  CHECK(client.is_at_end());
  CHECK(done == 0);
  CHECK(server.counts().past_deadline == 1);
  CHECK(server.counts().in_flight == 1);
  CHECK_THAT(ask(server.url(), "GET /other HTTP/1.1\r\nHost: h\r\n\r\n"),
             StartsWith("HTTP/1.1 200"));
  go.set_value();
}

TEST_CASE("at the end what has begun is answered, and nobody is let in any more", "[petserve]") {
  std::latch inside(1);
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  Running server({}, [&](const HttpRequest& request) {
    if (request.body == "slow") {
      inside.count_down();
      gone.wait();
    }
    return echo(request);
  });
  Client slow(server.url());
  Client idle(server.url());
  idle.send(post("before"));
  CHECK_THAT(idle.answer(), Contains("POST /p before"));
  slow.send(post("slow"));
  inside.wait();
  server.begin_stop();
  CHECK(idle.is_at_end());  // after the delay
  CHECK_FALSE(Client(server.url()).is_connected());
  go.set_value();
  CHECK_THAT(slow.answer(), Contains("POST /p slow"));
  CHECK(server.wait());
}

TEST_CASE("the answer that begins while the server ends is its connection's last", "[petserve]") {
  Running server({}, [&](const HttpRequest& request) { return echo(request); });
  Client client(server.url());
  client.send(post("1"));
  CHECK_THAT(client.answer(), !Contains("Connection: close"));
  server.begin_stop();
  if (client.send(post("2"))) {
    const std::string answer = client.answer();
    if (!answer.empty()) CHECK_THAT(answer, Contains("Connection: close"));
  }
  CHECK(server.wait());
}

TEST_CASE("requests that do not end are cut off after the limit", "[petserve]") {
  std::latch inside(1);
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  Running server({.shutdown_limit = 100ms}, [&](const HttpRequest& request) {
    inside.count_down();
    gone.wait();
    return echo(request);
  });
  Client client(server.url());
  client.send(post("1"));
  inside.wait();
  CHECK_FALSE(server.stop());
  go.set_value();
}

TEST_CASE("an address that cannot be had is refused with what to try", "[petserve]") {
  Running server({}, echo);
  const int port = std::stoi(server.url().substr(server.url().rfind(':') + 1));
  CHECK_THROWS_WITH(Server({.port = port}, echo),
                    Contains("cannot listen on 127.0.0.1:" + std::to_string(port)) &&
                        Contains("Address already in use") && Contains("--listen 127.0.0.1:0"));
  CHECK_THROWS_WITH(
      Server({.host = "no.such.host.invalid"}, echo),
      Contains("cannot listen on") && Contains("0 for all of this machine's addresses"));
  CHECK_THROWS_WITH(
      Server({.host = "203.0.113.1", .port = port}, echo),
      Contains("Cannot assign") && Contains("--listen 0.0.0.0:" + std::to_string(port)));
}
