// HttpStorage: a read-only mirror of a storage's objects on any web server: the object
// "plugins/A/latest.json" is the file of that name below the URL.
//
//   pet::HttpStorage storage("https://pets.example/mirror");
//
// Listing:  a web server has none that could be relied on: kStorageUnsupported. Nor is there any
//           writing: copy a storage's directory to where the server finds it.
// Absence:  404 and 410, of a mirror that is there: a file petfactory.json in it, the folder plugins/ or
//           the mirror's own folder is (or is a folder that must not be listed). A URL that is
//           mistyped is kStorageUnreachable.
// Freshness: what may change (.json) is asked for with Cache-Control: no-cache, and with the ETag of
//           what came before, so that an unchanged document costs no bytes. Binaries may come from
//           any cache in between: their hash is checked by who asks.
// Memory:   binaries pass in pieces; a document (.json) is held once.
// Broken:   a transfer goes on where it stopped (download.hpp).
// Redirects: at most five, never from https to http, nor over http to another machine.
// Credentials: ~/.netrc for each host; PET_HTTP_TOKEN as bearer token, for the URL's own host and
//           over https alone. A CA of your own: SSL_CERT_FILE.
// Errors:   as BaseStorage says; a message has the URL and the next step, never a credential.
// Threads:  any.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "storage/base_storage.hpp"
#include "storage/error.hpp"
#include "storage/http/download.hpp"
#include "storage/http/http_client.hpp"
#include "storage/http/retry.hpp"

namespace pet {

struct Url;

class HttpStorage : public BaseStorage {
 public:
  // Throws kUsage for a URL with credentials, a query or a fragment, and for http:// to a host that
  // is not this machine: who stands in between could say what is latest.
  explicit HttpStorage(std::string url, HttpOptions http = {}, RetryPolicy retry = {});
  ~HttpStorage() override;

  std::string describe() const override { return url_; }
  Capabilities capabilities() const override { return {.remote = true}; }
  std::optional<std::chrono::seconds> clock_skew() const override { return http_.clock_skew(); }

 protected:
  bool do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const override;
  std::optional<std::string> do_get_range(std::string_view key, std::uint64_t offset,
                                          std::uint64_t length) const override;
  std::optional<ObjectInfo> do_head(std::string_view key) const override;
  void do_put(std::string_view key, std::string_view bytes) override;
  bool do_put_if_absent(std::string_view key, std::string_view bytes) override;
  std::vector<std::string> do_list(std::string_view prefix, std::string_view start_after,
                                   std::size_t limit) const override;
  bool do_remove(std::string_view key) override;

 private:
  struct Document {
    std::string etag;
    std::string bytes;
  };

  bool read_document(std::string_view key, ByteSink& sink, std::uint64_t max_size) const;
  std::optional<Document> remembered(std::string_view key, std::uint64_t max_size) const;
  void remember(std::string_view key, const HttpResponse& response, const std::string& bytes) const;
  DownloadRules rules_for(std::string_view key, std::uint64_t max_size) const;
  void require_object(std::string_view key, const HttpResponse& response) const;
  Error unexpected(std::string_view key, const HttpResponse& response) const;
  HttpRequest request_for(std::string_view key, HttpRequest request) const;
  HttpResponse ask(std::string_view key, HttpRequest request) const;
  HttpResponse ask(std::string_view key, HttpRequest request, Download& download) const;
  template <class Send>
  HttpResponse answered(std::string_view key, const Send& send) const;
  HttpResponse send(std::string_view key, const HttpRequest& request) const;
  void require_answer(std::string_view key, const HttpResponse& response) const;
  HttpResponse follow(std::string_view key, HttpRequest request) const;
  std::string redirected(std::string_view key, const Url& here, std::string_view location) const;
  bool is_absent(const HttpResponse& response) const;
  void require_mirror() const;
  Error about(ErrorCode code, std::string_view key, const std::string& what) const;

  std::string url_;  // without a '/' at its end
  std::string token_;
  mutable HttpClient http_;
  RetryPolicy retry_;
  mutable std::mutex mutex_;
  mutable bool is_there_ = false;
  mutable std::map<std::string, Document, std::less<>> documents_;
};

}  // namespace pet
