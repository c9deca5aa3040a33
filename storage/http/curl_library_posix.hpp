// libcurl, loaded when it is first needed: linking it would cost every start of a program some
// milliseconds, also of those that only use a directory. (Inside storage/http only.)
//
// Threads: any. Lifetime: once loaded it stays. Throws: kStorageUnsupported when it is not there.
#pragma once

#ifndef CURL_DISABLE_TYPECHECK
#define CURL_DISABLE_TYPECHECK  // its macros would hide the functions
#endif
#include <curl/curl.h>

namespace pet {

struct CurlLibrary {
  decltype(&::curl_version) version;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_reset) easy_reset;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_perform) easy_perform;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_free) free;
  decltype(&::curl_url) url;
  decltype(&::curl_url_set) url_set;
  decltype(&::curl_url_get) url_get;
  decltype(&::curl_url_cleanup) url_cleanup;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;

  static const CurlLibrary& get();
};

}  // namespace pet
