#include "core/artifact/hash.hpp"

#include <openssl/evp.h>

#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

constexpr std::size_t kShortDigits = 6;
constexpr char kDigits[] = "0123456789abcdef";

[[noreturn]] void throw_no_sha256() {
  throw Error(ErrorCode::kUsage,
              "OpenSSL cannot compute SHA-256 here\n"
              "  try:  check its configuration (OPENSSL_CONF, OPENSSL_MODULES)");
}

// Fetched once, since a fetch costs more than the digest of a short text; never freed, so that hashing
// works until the process ends.
const EVP_MD* sha256() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (algorithm == nullptr) throw_no_sha256();
  return algorithm;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string to_hex(const Hash::Bytes& bytes, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = 0; i < digits; ++i) {
    const unsigned char byte = bytes[i / 2];
    text[i] = kDigits[i % 2 == 0 ? byte >> 4 : byte & 15];
  }
  return text;
}

std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Hash Hash::of(std::span<const std::byte> bytes) { return of(as_text(bytes)); }

Hash Hash::of(std::string_view bytes) {
  Bytes digest;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, sha256(), nullptr) != 1) {
    throw_no_sha256();
  }
  return Hash(digest);
}

std::optional<Hash> Hash::parse(std::string_view hex) noexcept {
  if (hex.size() != kHexDigits) return std::nullopt;
  Bytes bytes;
  for (std::size_t i = 0; i < kBytes; ++i) {
    const int high = hex_digit(hex[2 * i]);
    const int low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<unsigned char>(high << 4 | low);
  }
  return Hash(bytes);
}

Hash Hash::require(std::string_view hex) {
  if (const std::optional<Hash> hash = parse(hex)) return *hash;
  throw Error(ErrorCode::kInvalidHash,
              quoted(hex) +
                  " is not a version: expected a SHA-256 as 64 lower-case hex digits, got " +
                  std::to_string(hex.size()) + " characters",
              {.class_name = {}, .hash = std::string(hex), .key = {}});
}

std::string Hash::hex() const { return to_hex(bytes_, kHexDigits); }

std::string Hash::short_hex() const { return to_hex(bytes_, kShortDigits) + "…"; }

struct Hasher::State {
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> digest{EVP_MD_CTX_new()};

  void start() {
    if (!digest || EVP_DigestInit_ex2(digest.get(), sha256(), nullptr) != 1) throw_no_sha256();
  }
};

Hasher::Hasher() : state_(std::make_unique<State>()) { state_->start(); }
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

Hasher& Hasher::update(std::span<const std::byte> bytes) { return update(as_text(bytes)); }

Hasher& Hasher::update(std::string_view bytes) {
  if (EVP_DigestUpdate(state_->digest.get(), bytes.data(), bytes.size()) != 1) throw_no_sha256();
  return *this;
}

Hash Hasher::finish() {
  Hash::Bytes bytes;
  if (EVP_DigestFinal_ex(state_->digest.get(), bytes.data(), nullptr) != 1) throw_no_sha256();
  state_->start();
  return Hash(bytes);
}

}  // namespace pet
