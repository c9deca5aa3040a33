// HttpStorage against a real nginx, which tests/servers/with_nginx starts.
#include "storage/http/http_storage.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <thread>

#include "storage/local_storage.hpp"
#include "storage/open_storage.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/http/connect_proxy.hpp"
#include "tests/storage/recording_sink.hpp"
#include "tests/storage/storage_contract.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace pet::test {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string url(const std::string& path = {}) { return environment("PET_WEB_URL") + path; }

// What the server has, as whoever fills the mirror writes it.
LocalStorage& origin() {
  static LocalStorage storage(environment("PET_WEB_ROOT"));
  return storage;
}

HttpStorage mirror(const std::string& at = url()) {
  return HttpStorage(at, {.ca_file = environment("PET_WEB_CA")},
                     {.attempts = 2, .sleep = [](auto) {}});
}

// How often the server answered a request for the path with this status.
int answers(const std::string& path, int status) {
  const std::string log = read_file(environment("PET_WEB_LOG"));
  const std::string wanted = " " + path + " HTTP/2.0\" " + std::to_string(status) + " ";
  int count = 0;
  for (std::size_t at = log.find(wanted); at != std::string::npos; at = log.find(wanted, at + 1)) {
    ++count;
  }
  return count;
}

template <class Call>
std::string refusal(ErrorCode code, const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.code() == code);
    const std::string text = error.what();
    CHECK(text.find("secret") == std::string::npos);
    return text;
  }
  return "answered";
}

}  // namespace

TEST_CASE("HttpStorage keeps the half of the contract that reads", "[http]") {
  static int folders = 0;
  check_read_contract([] {
    const std::string folder = "/contract-" + std::to_string(++folders);
    auto writer = std::make_shared<LocalStorage>(environment("PET_WEB_ROOT") + folder);
    writer->ensure_exists();
    return ReadSubject{writer, std::make_shared<HttpStorage>(
                                   url(folder), HttpOptions{.ca_file = environment("PET_WEB_CA")})};
  });
}

TEST_CASE("a mirror reads what was put where the server finds it", "[http]") {
  std::string varied(1 << 20, '\0');
  for (std::size_t i = 0; i < varied.size(); ++i) varied[i] = static_cast<char>(i * 31 + (i >> 8));
  const HttpStorage storage = mirror();
  origin().put("plugins/A/object.so", varied);
  origin().put("plugins/A/empty.so", "");
  origin().put("plugins/A/digits.so", "0123456789");
  CHECK((storage.get("plugins/A/object.so") == varied));
  CHECK(storage.get("plugins/A/empty.so") == "");
  CHECK(storage.head("plugins/A/object.so")->size == varied.size());
  CHECK(storage.head("plugins/A/empty.so")->size == 0);
  CHECK(storage.get_range("plugins/A/digits.so", 3, 4) == "3456");
  CHECK(storage.get_range("plugins/A/digits.so", 8, 10) == "89");
  CHECK(storage.get_range("plugins/A/digits.so", 10, 1) == "");
  CHECK(storage.get_range("plugins/A/digits.so", 5, UINT64_MAX) == "56789");
  CHECK(storage.get_range("plugins/A/digits.so", 0, 0) == "");
  for (const char* key : {"absent.so", "plugins/A/absent.json"}) {
    CHECK(storage.get(key) == std::nullopt);
    CHECK(storage.get_range(key, 0, 10) == std::nullopt);
    CHECK_FALSE(storage.head(key));
  }
  CHECK_THROWS_MATCHES(storage.get("plugins/A/digits.so", 9), Error,
                       fails(ErrorCode::kCorrupt, {"plugins/A/digits.so", url(), "has 10 bytes",
                                                   "at most 9 were expected"}));
  CHECK(open_storage(url())->describe() == url());
}

TEST_CASE("a mirror is read-only and has no list", "[http]") {
  HttpStorage storage = mirror();
  CHECK_THROWS_MATCHES(storage.put("a", "x"), Error, fails(ErrorCode::kStorageUnsupported));
  CHECK_THROWS_MATCHES(storage.put_if_absent("a", "x"), Error,
                       fails(ErrorCode::kStorageUnsupported));
  CHECK_THROWS_MATCHES(storage.remove("a"), Error, fails(ErrorCode::kStorageUnsupported));
  CHECK_THROWS_MATCHES(storage.list(""), Error, fails(ErrorCode::kStorageUnsupported));
}

TEST_CASE("a document that has not changed is not sent again, a changed one is", "[http]") {
  const HttpStorage storage = mirror();
  origin().put("plugins/B/latest.json", "one");
  for (int i = 0; i < 3; ++i) CHECK(storage.get("plugins/B/latest.json") == "one");
  CHECK(answers("/plugins/B/latest.json", 200) == 1);
  CHECK(answers("/plugins/B/latest.json", 304) == 2);
  origin().put("plugins/B/latest.json", "two, longer");
  CHECK(storage.get("plugins/B/latest.json") == "two, longer");
  CHECK(storage.get("plugins/B/latest.json", 11) == "two, longer");
  CHECK_THROWS_MATCHES(storage.get("plugins/B/latest.json", 10), Error, fails(ErrorCode::kCorrupt));
  origin().remove("plugins/B/latest.json");
  CHECK(storage.get("plugins/B/latest.json") == std::nullopt);
}

TEST_CASE("a URL where nothing is, is unreachable, not empty", "[http]") {
  origin().put("plugins/C/a.so", "x");
  CHECK_THAT(refusal(ErrorCode::kStorageUnreachable,
                     [] { mirror(url("/mistyped")).get("plugins/C/a.so"); }),
             Catch::Contains(url("/mistyped") + ": the server has no such folder (404)") &&
                 Catch::Contains("try: the mirror's right URL"));
  origin().put("elsewhere/petfactory.json", "");
  CHECK(mirror(url("/elsewhere")).get("plugins/C/a.so") == std::nullopt);
}

TEST_CASE("whom the server's certificate does not name is not talked to", "[http]") {
  origin().put("plugins/D/a.so", "x");
  const auto asks = [](const std::string& at) {
    return [at] { mirror(at).get("plugins/D/a.so"); };
  };
  CHECK_THAT(refusal(ErrorCode::kStorageRefused, asks(environment("PET_WEB_EXPIRED"))),
             Catch::Contains("certificate is not trusted") && Catch::Contains("expired") &&
                 Catch::Contains("try: is this machine's clock right"));
  CHECK_THAT(refusal(ErrorCode::kStorageRefused, asks(environment("PET_WEB_OTHER_HOST"))),
             Catch::Contains("certificate is not trusted") &&
                 Catch::Contains("try: the host name that the certificate is for"));
  CHECK_THAT(refusal(ErrorCode::kStorageRefused, [] { HttpStorage(url()).get("plugins/D/a.so"); }),
             Catch::Contains("certificate is not trusted") &&
                 Catch::Contains("try: the right host name; SSL_CERT_FILE=FILE.pem"));
  // A server that speaks plain http there.
  std::string plain = environment("PET_WEB_PLAIN");
  plain.replace(0, 4, "https");
  CHECK_THAT(refusal(ErrorCode::kStorageUnreachable, asks(plain)),
             Catch::Contains("no answer over TLS: ") && Catch::Contains("or http:// if none does"));
  CHECK(mirror(environment("PET_WEB_PLAIN")).get("plugins/D/a.so") == "x");  // loopback
}

TEST_CASE("redirects are followed, but not round in circles and not to http", "[http]") {
  origin().put("plugins/E/a.so", "x");
  CHECK(mirror(url("/moved")).get("plugins/E/a.so") == "x");
  CHECK_THAT(
      refusal(ErrorCode::kStorageRefused, [] { mirror(url("/circle")).get("plugins/E/a.so"); }),
      Catch::Contains("more than 5 redirects"));
  CHECK_THAT(
      refusal(ErrorCode::kStorageRefused, [] { mirror(url("/down")).get("plugins/E/a.so"); }),
      Catch::Contains("redirected from https to http"));
}

TEST_CASE("credentials come from netrc or as a token, and stay with their host", "[http]") {
  origin().put("private/plugins/F/a.so", "x");
  origin().put("plugins/F/a.so", "x");
  const auto asks = [] { return mirror(url("/private")).get("plugins/F/a.so"); };
  CHECK_THAT(
      refusal(ErrorCode::kStorageRefused, asks),
      Catch::Contains("401: the server wants credentials") && Catch::Contains("PET_HTTP_TOKEN"));

  const TemporaryFolder home;
  const std::string before = environment("HOME");
  setenv("HOME", home.path().c_str(), 1);
  write_file(home / ".netrc", "machine localhost login ann password secret-word\n");
  CHECK(asks() == "x");
  write_file(home / ".netrc", "machine localhost login ann password not-the-secret\n");
  CHECK_THAT(refusal(ErrorCode::kStorageRefused, asks), Catch::Contains("401"));
  std::filesystem::remove(home / ".netrc");
  setenv("HOME", before.c_str(), 1);

  setenv("PET_HTTP_TOKEN", "secret-token", 1);
  CHECK(asks() == "x");
  // The same server by another name gets no token.
  CHECK_THAT(
      refusal(ErrorCode::kStorageRefused, [] { mirror(url("/away")).get("plugins/F/a.so"); }),
      Catch::Contains("401"));
  unsetenv("PET_HTTP_TOKEN");
}

TEST_CASE("through a proxy's tunnel the server's answer counts, not the proxy's", "[http]") {
  origin().put("plugins/G/a.so", "0123456789");
  ConnectProxy proxy;
  setenv("https_proxy", proxy.url().c_str(), 1);
  RecordingSink sink;
  CHECK(mirror().read("plugins/G/a.so", sink));
  CHECK(mirror().get("plugins/G/absent.so") == std::nullopt);
  unsetenv("https_proxy");
  CHECK(sink.bytes == "0123456789");
  CHECK(sink.begun == std::vector<std::optional<std::uint64_t>>{10});
  CHECK(proxy.tunnels() > 0);
}

TEST_CASE("a proxy that refuses the tunnel is named as what to look at", "[http]") {
  ConnectProxy proxy;
  proxy.refuse_all();
  setenv("https_proxy", proxy.url().c_str(), 1);
  const std::string why =
      refusal(ErrorCode::kStorageUnreachable, [] { mirror().get("plugins/G/a.so"); });
  unsetenv("https_proxy");
  CHECK_THAT(why, Catch::Contains("403") && Catch::Contains("does the proxy allow that host?") &&
                      Catch::Contains("https_proxy"));
}

TEST_CASE("a transfer goes on where it stopped, through another tunnel too", "[http]") {
  std::string varied(5 << 20, '\0');
  for (std::size_t i = 0; i < varied.size(); ++i) varied[i] = static_cast<char>(i * 31 + (i >> 8));
  origin().put("plugins/G/large.so", varied);
  ConnectProxy proxy;
  proxy.break_next_after(3 << 20);
  setenv("https_proxy", proxy.url().c_str(), 1);
  RecordingSink sink;
  CHECK(mirror().read("plugins/G/large.so", sink));
  unsetenv("https_proxy");
  CHECK((sink.bytes == varied));
  CHECK(sink.begun == std::vector<std::optional<std::uint64_t>>{varied.size()});
  CHECK(proxy.tunnels() == 2);
}

TEST_CASE("what is no mirror's URL is refused", "[http]") {
  struct Case {
    const char* url;
    const char* why;
  };
  for (const Case& c : {Case{"https://", "a URL without a host"},
                        Case{"https://user:secret@host/x", "credentials do not belong in a URL"},
                        Case{"https://host/a?b", "a URL with '?' or '#'"},
                        Case{"https://host/a#b", "a URL with '?' or '#'"},
                        Case{"http://host/a", "over http:// anybody in between"},
                        Case{"http://127.0.0.1.evil/a", "over http:// anybody in between"}}) {
    CAPTURE(c.url);
    CHECK_THAT(refusal(ErrorCode::kUsage, [&] { open_storage(c.url); }), Catch::Contains(c.why));
  }
}

TEST_CASE("requests go over one connection, by HTTP/2 where the server has it", "[http]") {
  const HttpStorage storage = mirror();
  std::set<std::string> connections;
  for (int i = 0; i < 20; ++i) {
    const std::string key = "plugins/Reuse/" + std::to_string(i) + ".so";
    origin().put(key, "bytes");
    CHECK(storage.get(key) == "bytes");
  }
  // The server writes a line when it is done with the request, which may be after its answer came.
  int requests = 0;
  for (int patience = 100; requests < 20 && patience > 0; --patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    requests = 0;
    std::istringstream log(read_file(environment("PET_WEB_CONNECTIONS")));
    for (std::string connection, protocol, path; log >> connection >> protocol >> path;) {
      if (path.find("/plugins/Reuse/") == std::string::npos) continue;
      ++requests;
      CHECK(protocol == "HTTP/2.0");
      connections.insert(connection);
    }
  }
  CHECK(requests == 20);
  CHECK(connections.size() == 1);
}

}  // namespace pet::test
