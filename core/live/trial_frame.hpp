// Frames: what a trial's two processes tell one another. A head of JSON, and raw bytes after it.
//
//   "PETt", u32 bytes of the head, u64 bytes of the body, head, body    both on one machine: no byte order
//
// From the helper:  {"pet_trial": 1}                               first of all
//                   {"phase": "call", "number": 3}                 before it begins
//                   {"answer": 3, "nanoseconds": …, "dtype": […], "shape": […]}   body: the elements
//                   {"failed": text, "code": …, "out_of_memory": bool}
//                   {"crashing": bytes of address space}           from a signal's handler
//                   {"done": true}
// To the helper:    {"pet_trial": 1, "cache": bytes, "config": bytes, "memory": …, "answer": most bytes, "parent": pid, "samples":
//                   [{"dtype", "shape"}…]}                         body: these, one after the other
//
// Neither side trusts what it reads: sizes are bounded before anything is allocated, memory grows with
// the bytes that came and not with those announced, heads go through the one JSON reader, and tensors
// are made only where type, shape and bytes agree.
//
// Threads: a reader belongs to one; the rest are free functions. (Inside core/live only.)
// Throws:  kCorrupt for what is no frame, or not the one expected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <pet/xydata.hpp>
#include <string>
#include <string_view>

#include "core/loader/param_value.hpp"

namespace pet::trial {

inline constexpr std::int64_t kProtocol = 1;
inline constexpr std::size_t kMostSamples = 4096;  // of one trial

struct Frame {
  ParamObject head;
  std::string body;

  // Fields of the head, of the kind asked for.
  std::int64_t number(std::string_view key) const;
  const std::string& text(std::string_view key) const;
};

std::string to_bytes(const ParamObject& head, std::string_view body = {});

struct FrameLimits {
  std::size_t head = std::size_t{64} << 10;
  std::uint64_t body = 0;
};

class FrameReader {
 public:
  explicit FrameReader(FrameLimits limits) : limits_(limits) {}

  void append(std::string_view bytes) { buffer_.append(bytes); }
  // The next whole frame of what was appended.
  std::optional<Frame> next();
  // How many bytes the next frame still needs, as far as it is known: 1 at least.
  std::size_t missing() const noexcept;
  bool empty() const noexcept { return buffer_.empty(); }

 private:
  FrameLimits limits_;
  std::string buffer_;
};

// {"dtype": [code, bits, lanes], "shape": […]} as further fields of a head.
void describe_tensor(const XYData& data, ParamObject& head);
std::uint64_t tensor_bytes(const XYData& data);
void append_elements(const XYData& data, std::string& body);

// The tensor that a head's fields describe, made of the first bytes of `body`, which are taken off.
XYData take_tensor(const ParamObject& head, std::string_view& body);

// Text that anybody may print: UTF-8 without control characters, cut to `most` bytes.
std::string printable(std::string_view text, std::size_t most);

}  // namespace pet::trial
