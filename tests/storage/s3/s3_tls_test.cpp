// The real server over TLS, and with the bucket in the host's name.
#include "storage/open_storage.hpp"
#include "tests/storage/error_matcher.hpp"
#include "tests/storage/http/connect_proxy.hpp"
#include "tests/storage/s3/real_s3.hpp"

namespace pet::test {
namespace {

std::string port_of(const std::string& url) { return url.substr(url.rfind(':') + 1); }

}  // namespace

TEST_CASE("S3 over TLS is read and written, the bucket in the path or in the host's name", "[s3]") {
  const Environment ca("AWS_CA_BUNDLE", environment("PET_S3_CA"));
  const std::string url = bucket_url("tls?endpoint=" + environment("PET_S3_TLS"));
  for (const std::string style : {"path", "virtual"}) {
    CAPTURE(style);
    const auto storage = open_storage(url + "&style=" + style);
    storage->put(style, "x");
    CHECK_FALSE(storage->put_if_absent(style, "y"));
    CHECK(storage->get(style) == "x");
    CHECK(storage->list(style) == std::vector<std::string>{style});
    CHECK(open_storage(bucket_url("tls"))->get(style) == "x");
  }
  const auto nowhere = [] {
    open_storage("s3://no-such-bucket?style=virtual&endpoint=" + environment("PET_S3_TLS"))
        ->list("");
  };
  CHECK_THROWS_MATCHES(
      nowhere(), Error,
      fails(ErrorCode::kStorageUnreachable, {"there is no bucket 'no-such-bucket'"}));
}

TEST_CASE("S3 through a proxy's tunnel knows what is absent", "[s3]") {
  ConnectProxy proxy;
  const Environment ca("AWS_CA_BUNDLE", environment("PET_S3_CA"));
  const Environment by("https_proxy", proxy.url());
  const auto storage = open_storage(bucket_url("tunnel?endpoint=" + environment("PET_S3_TLS")));
  storage->put("a", "x");
  // Asks while its own connection is in use, so by a tunnel that is opened for the question.
  struct Asking final : ByteSink {
    BaseStorage& of;
    explicit Asking(BaseStorage& storage) : of(storage) {}
    void begin(std::optional<std::uint64_t>) override {}
    void write(std::string_view) override { CHECK(of.get("absent") == std::nullopt); }
  } sink(*storage);
  CHECK(storage->read("a", sink));
  CHECK(proxy.tunnels() > 1);
}

TEST_CASE("an S3 server whose certificate does not fit is not talked to", "[s3]") {
  const std::string bundle = environment("PET_S3_CA");
  const std::string other_host = "https://localhost:" + port_of(environment("PET_S3_TLS"));
  struct Case {
    const char* ca;
    std::string endpoint;
    const char* why;
    const char* next_step;
  };
  for (const Case& c : {
           Case{nullptr, environment("PET_S3_TLS"), "certificate",
                "the right host name; AWS_CA_BUNDLE=FILE.pem for a CA of your own"},
           Case{"/no/such.pem", environment("PET_S3_TLS"), "/no/such.pem",
                "AWS_CA_BUNDLE=FILE.pem, a file of certificates that you may read"},
           Case{bundle.c_str(), environment("PET_S3_TLS_EXPIRED"), "expired",
                "is this machine's clock right (timedatectl)? else the server needs a new "
                "certificate"},
           Case{bundle.c_str(), other_host, "host name 'localhost'",
                "the host name that the certificate is for, in the URL"},
       }) {
    CAPTURE(c.endpoint, c.ca);
    const Environment ca("AWS_CA_BUNDLE", c.ca);
    const std::string url = bucket_url("tls") + "?endpoint=" + c.endpoint;
    CHECK_THROWS_MATCHES(open_storage(url)->get("a"), Error,
                         fails(ErrorCode::kStorageRefused,
                               {url + ": the server's certificate is not trusted: ", c.why,
                                "try: " + std::string(c.next_step)}));
  }
}

}  // namespace pet::test
