#include "core/live/trial_frame.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <string>

#include "storage/error.hpp"
#include "tests/core/loader/loading.hpp"

using namespace pet;
using namespace pet::trial;
using Catch::Matchers::Contains;
using pet::test::error_of;

namespace {

std::string raw_frame(std::uint32_t head, std::uint64_t body, const std::string& rest) {
  std::string bytes("PETt\0\0\0\0\0\0\0\0\0\0\0\0", 16);
  std::memcpy(bytes.data() + 4, &head, sizeof head);
  std::memcpy(bytes.data() + 8, &body, sizeof body);
  return bytes + rest;
}

ParamObject tensor_head(ParamList dtype, ParamList shape) {
  return {{"dtype", std::move(dtype)}, {"shape", std::move(shape)}};
}

}  // namespace

TEST_CASE("frames come out as they went in, however their bytes are cut", "[live][trial]") {
  const std::string bytes =
      to_bytes({{"answer", 1}}, std::string("\0body", 5)) + to_bytes({{"x", "é"}});
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameReader reader({.body = 5});
    reader.append(bytes.substr(0, cut));
    std::vector<Frame> frames;
    while (!reader.empty()) {
      auto frame = reader.next();
      if (!frame) break;
      frames.push_back(std::move(*frame));
    }
    CHECK(reader.missing() <= bytes.size() - cut + 16);
    reader.append(bytes.substr(cut));
    while (!reader.empty()) frames.push_back(reader.next().value());
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].number("answer") == 1);
    CHECK(frames[0].body == std::string("\0body", 5));
    CHECK(frames[1].text("x") == "é");
  }
}

TEST_CASE("what is no frame is refused before anything is allocated for it", "[live][trial]") {
  const struct {
    std::string bytes;
    const char* why;
  } cases[] = {
      {"GET / HTTP/1.1", "expected a frame, which begins with \"PETt\", got \"GET / HTTP/1.1\""},
      {"PETs", "got \"PETs\""},
      {raw_frame(0xffffffff, 0, ""), "got one of 4294967295 + 0"},
      {raw_frame(2, ~std::uint64_t{0}, "{}"), "got one of 2 + 18446744073709551615"},
      {raw_frame(2, 11, "{}"), "at most 65536 + 10 bytes"},
      {raw_frame(2, 0, "[]"), "expected a frame's head, an object, got a list"},
  };
  for (const auto& c : cases) {
    FrameReader reader({.body = 10});
    reader.append(c.bytes);
    const Error error = error_of([&] { reader.next(); });
    CHECK(error.code() == ErrorCode::kCorrupt);
    CHECK_THAT(error.what(), Contains(c.why));
  }
  FrameReader reader({.body = 10});
  reader.append(raw_frame(2, 0, "{,"));
  CHECK(error_of([&] { reader.next(); }).code() == ErrorCode::kBadConfig);  // the JSON reader's own
}

TEST_CASE("tensors of every kind travel", "[live][trial]") {
  const XYData wide = XYData::mock<double>({{1, 2, 3}, {4, 5, 6}, {7, 8, 9}});
  std::vector<XYData> tensors;
  tensors.push_back(wide.clone());
  tensors.push_back(wide.rows(1, 3));
  tensors.push_back(XYData::mock<std::int64_t>({7}));
  tensors.push_back(XYData::mock<bool>({true, false}));
  tensors.push_back(XYData::empty(dtype_of<float>(), {0, 4}));
  tensors.push_back(XYData::mock<std::uint8_t>({9}, {}));
  for (const XYData& tensor : tensors) {
    CAPTURE(tensor.describe());
    ParamObject head;
    std::string body;
    describe_tensor(tensor, head);
    append_elements(tensor, body);
    CHECK(body.size() == tensor_bytes(tensor));
    body += "more";
    std::string_view rest = body;
    const XYData back = take_tensor(head, rest);
    CHECK(rest == "more");
    CHECK(back.describe() == tensor.describe());
    CHECK(back.converted<double>() == tensor.converted<double>());
  }
}

TEST_CASE("a tensor whose words contradict one another is not made", "[live][trial]") {
  const std::int64_t huge = std::int64_t{1} << 62;
  const ParamList float64{2, 64, 1};
  const ParamObject heads[] = {
      {},
      tensor_head(float64, {2}),  // 16 bytes of 15
      tensor_head(float64, {huge, huge}),
      tensor_head(float64, {huge}),
      tensor_head(float64, {-1}),
      tensor_head(float64, {1.0}),
      tensor_head(float64, {"1"}),
      tensor_head(float64, ParamList(33, ParamValue(1))),
      tensor_head({2, 64}, {1}),
      tensor_head({2, 64, 2}, {1}),
      tensor_head({2, 0, 1}, {1}),
      tensor_head({2, 12, 1}, {1}),
      tensor_head({2, 128, 1}, {0}),
      tensor_head({256, 64, 1}, {1}),
      {{"dtype", "float64"}, {"shape", ParamList{1}}},
      {{"dtype", float64}, {"shape", 1}},
  };
  const std::string body(15, 'x');
  for (const ParamObject& head : heads) {
    std::string_view rest = body;
    CHECK(error_of([&] { take_tensor(head, rest); }).code() == ErrorCode::kCorrupt);
  }
}

TEST_CASE("a bool that travelled is true or false, whatever its byte was", "[live][trial]") {
  std::string_view body("\0\1\x7f", 3);
  const XYData flags = take_tensor(tensor_head({std::int64_t{PET_DTYPE_BOOL}, 8, 1}, {3}), body);
  CHECK(flags.value<bool>() == std::vector<bool>{false, true, true});
}

TEST_CASE("damaged frames are frames or errors, never anything else", "[live][trial]") {
  ParamObject head;
  const XYData tensor = XYData::mock<double>({1, 2, 3});
  describe_tensor(tensor, head);
  std::string body;
  append_elements(tensor, body);
  const std::string whole = to_bytes(head, body);
  std::mt19937 random(7);
  int errors = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = whole;
    for (int i = 0; i <= round % 3; ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    FrameReader reader({.body = 1024});
    reader.append(bytes);
    try {
      if (const auto frame = reader.next()) {
        std::string_view rest = frame->body;
        const XYData data = take_tensor(frame->head, rest);
        CHECK(tensor_bytes(data) + rest.size() == frame->body.size());
      }
    } catch (const Error& error) {
      ++errors;
      const bool expected =
          error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kBadConfig;
      CHECK(expected);
    }
  }
  CHECK(errors > 1000);
}

TEST_CASE("others' text is printable, and short", "[live][trial]") {
  CHECK(printable("a\tb\nc\x1b[31m\x7f", 100) == "a?b\nc?[31m?");
  CHECK(printable("gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x90\xbe", 100) == "grüße 🐾");
  CHECK(printable("\xc2\x9b\xff\xc3", 100) == "???");
  CHECK(printable(std::string(100, 'x'), 7) == "xxxxxxx");
}
