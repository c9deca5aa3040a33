#include <sys/random.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "storage/random_hex.hpp"

namespace pet {

std::string random_hex(std::size_t digits) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::vector<unsigned char> bytes((digits + 1) / 2);
  for (std::size_t got = 0; got < bytes.size();) {
    const ssize_t more = ::getrandom(bytes.data() + got, bytes.size() - got, 0);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) throw std::system_error(errno, std::generic_category(), "getrandom");
    got += static_cast<std::size_t>(more);
  }
  std::string text;
  text.reserve(digits);
  for (std::size_t i = 0; i < digits; ++i) {
    text += kDigits[(i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2]) & 15];
  }
  return text;
}

}  // namespace pet
