#include "tools/petserve/http_posix.hpp"

#include <charconv>

#include "core/pipeline/json_document.hpp"
#include "storage/key.hpp"
#include "tools/petserve/error_answer.hpp"

namespace pet::tools {
namespace {

constexpr std::size_t kMaxPath = 1024;  // the library matches paths recursively

// The library hands a request to its handler without its connection.
thread_local Connection* here = nullptr;

std::string seconds_text(std::chrono::milliseconds time) {
  return python_float(static_cast<double>(time.count()) / 1000) + " s";
}

std::string late_answer_of(const ServerOptions& options) {
  const std::string body =
      error_json("the answer took longer than " + seconds_text(options.deadline) + " (--deadline)");
  return "HTTP/1.1 504 Gateway Timeout\r\nContent-Type: application/json\r\nConnection: close\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

bool has_body(const std::string& method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

// Of a page that is not this server's, which a browser would let send a request to any server.
bool is_foreign(const httplib::Request& request) {
  if (!request.has_header("Origin")) return false;
  return request.get_header_value("Origin") != "http://" + request.get_header_value("Host");
}

// Counts a request while it is read and answered.
class InFlight {
 public:
  explicit InFlight(std::atomic<std::uint64_t>& count) : count_(count), number_(++count) {}
  ~InFlight() { --count_; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  std::uint64_t number() const noexcept { return number_; }

 private:
  std::atomic<std::uint64_t>& count_;
  const std::uint64_t number_;
};

}  // namespace

Server::Http::Http(const ServerOptions& options, ServerCounts& counts,
                   pet::tools::Server::Handler handler)
    : options_(options),
      counts_(counts),
      handler_(std::move(handler)),
      late_answer_(late_answer_of(options)) {
  set_keep_alive_timeout(std::chrono::ceil<std::chrono::seconds>(options.idle_time).count());
  set_keep_alive_max_count(1'000'000);
  set_payload_max_length(options.max_body);
  set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    if (request.path.size() > kMaxPath) {
      here->close_after();
      refuse(response, 414,
             "the path has " + std::to_string(request.path.size()) + " bytes, expected at most " +
                 std::to_string(kMaxPath));
    } else if (is_foreign(request)) {
      here->close_after();
      refuse(response, 403,
             "a page of " + request.get_header_value("Origin") + " may not send requests here");
    } else if (request.method == "POST") {
      return HandlerResponse::Unhandled;
    } else {
      if (has_body(request.method)) here->close_after();  // of which nothing is read
      answer(request, response, {});
    }
    return HandlerResponse::Handled;
  });
  Post("[^]*", [this](const httplib::Request& request, httplib::Response& response,
                      const httplib::ContentReader& content) {
    answer_with_body(request, response, content);
  });
  // The library has decided of the connection before there was an answer.
  set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
    if (!here->closes()) return;
    response.headers.erase("Keep-Alive");
    response.headers.erase("Connection");
    response.set_header("Connection", "close");
  });
  // What the library itself refuses.
  set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.body.empty()) {
      here->close_after();
      response.set_content(error_json("the request is malformed, or larger than its head may be"),
                           "application/json");
    }
  });
}

bool Server::Http::process(Connection& connection) {
  here = &connection;
  bool closed = false;
  const bool done =
      process_request(connection, connection.closes(), closed, [&](httplib::Request& request) {
        connection.begin_body(Connection::Clock::now() + options_.body_time);
        // Answers are short, and compressing them would cost more than sending them.
        request.headers.erase("Accept-Encoding");
        request.headers.erase("Range");
        request.ranges.clear();
      });
  here = nullptr;
  return done && !closed;
}

void Server::Http::refuse(httplib::Response& response, int status, const std::string& why) {
  response.status = status;
  response.set_content(error_json(why), "application/json");
}

void Server::Http::answer(const httplib::Request& request, httplib::Response& response,
                          std::string body) {
  here->begin_answer(Connection::Clock::now() + options_.deadline);
  HttpAnswer answer = handler_({request.method, request.path, std::move(body)});
  response.status = answer.status;
  response.headers.emplace("Content-Type", std::move(answer.type));
  response.body = std::move(answer.body);
  for (auto& [name, value] : answer.headers) response.headers.emplace(name, std::move(value));
}

void Server::Http::answer_with_body(const httplib::Request& request, httplib::Response& response,
                                    const httplib::ContentReader& content) {
  const InFlight in_flight(counts_.in_flight);
  if (in_flight.number() > options_.max_requests) {
    ++counts_.too_many;
    here->close_after();
    response.set_header("Retry-After", "1");
    return refuse(response, 503,
                  "there are " + std::to_string(options_.max_requests) +
                      " requests at work already (--max-requests)\n  try: later");
  }
  std::string body;
  if (read_body(request, response, content, body)) {
    answer(request, response, std::move(body));
  } else {
    here->close_after();  // the rest of the body would be taken for another request
  }
}

bool Server::Http::read_body(const httplib::Request& request, httplib::Response& response,
                             const httplib::ContentReader& content, std::string& body) {
  const bool is_chunked = request.has_header("Transfer-Encoding");
  const std::string length_text = request.get_header_value("Content-Length");
  std::uint64_t length = 0;
  const char* const end = length_text.data() + length_text.size();
  const auto parsed = std::from_chars(length_text.data(), end, length);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == end;
  if (request.is_multipart_form_data()) {
    refuse(response, 415, "expected application/json, got a multipart form");
    return false;
  }
  if (is_chunked
          ? request.get_header_value("Transfer-Encoding") != "chunked" || !length_text.empty()
          : !length_text.empty() && !is_number) {
    refuse(response, 400, "expected either a Content-Length or Transfer-Encoding: chunked");
    return false;
  }
  const auto too_large = [&] {
    ++counts_.too_large;
    refuse(response, 413,
           "the body is larger than " + std::to_string(options_.max_body) +
               " bytes (--max-body)\n  try: fewer rows at a time");
    return false;
  };
  if (length > options_.max_body) return too_large();
  if (!is_chunked && length == 0) return true;
  body.reserve(length);
  bool is_too_large = false;
  const bool is_read = content([&](const char* bytes, std::size_t size) {
    is_too_large = body.size() + size > options_.max_body;
    if (!is_too_large) body.append(bytes, size);
    return !is_too_large;
  });
  if (is_too_large) return too_large();
  if (is_read) return true;
  if (here->has_timed_out()) {
    ++counts_.too_slow;
    refuse(response, 408, "the body did not come within " + seconds_text(options_.body_time));
  } else if (response.status < 400) {
    refuse(response, 400, "the body ends before its length, or is not what its headers say");
  } else {
    const std::string coding = request.get_header_value("Content-Encoding");
    refuse(response, response.status,
           coding.empty() ? "the body cannot be read"
                          : "the body is not what its Content-Encoding says, " +
                                pet::quoted(coding) + "\n  try: without that header, or 'gzip'");
  }
  return false;
}

}  // namespace pet::tools
