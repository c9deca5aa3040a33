#include "tools/data/npy.hpp"

#include <random>

#include "tests/tools/data/temporary_file.hpp"

using namespace pet;
using namespace pet::tools;
using Catch::Matchers::Contains;

namespace {

// A version 1 file with that header (unpadded) and those elements.
std::string npy_bytes(const std::string& header, const std::string& elements, char major = 1) {
  std::string out = std::string("\x93NUMPY") + major + '\0';
  out += static_cast<char>(header.size() & 0xFF);
  out += static_cast<char>(header.size() >> 8);
  if (major > 1) out += std::string(2, '\0');
  return out + header + elements;
}

template <class T>
std::string elements(std::initializer_list<T> values) {
  std::string out;
  for (const T value : values) out.append(reinterpret_cast<const char*>(&value), sizeof value);
  return out;
}

std::string refusal_of(const std::string& bytes) {
  const TemporaryFile file("bad.npy", bytes);
  return refusal(file.path(), ErrorCode::kBadParams, [&] { read_npy(file.path()); });
}

}  // namespace

TEST_CASE("what NumPy wrote is read, and written back byte for byte", "[tools][npy]") {
  int seen = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(PET_TEST_DATA)) {
    if (entry.path().extension() != ".npy") continue;
    CAPTURE(entry.path());
    const TemporaryFile copy("copy.npy");
    write_npy(copy.path(), read_npy(entry.path()));
    CHECK(copy.read() == file_bytes(entry.path()));
    ++seen;
  }
  CHECK(seen >= 10);
  const XYData x = read_npy(PET_TEST_DATA "/iris/x_train.npy");
  CHECK(x.describe() == "float64 [105, 4]");
  CHECK(read_npy(PET_TEST_DATA "/iris/y_train.npy").describe() == "int64 [105]");
}

TEST_CASE("all element types, versions and spellings are read", "[tools][npy]") {
  const auto read = [](const std::string& bytes) {
    const TemporaryFile file("good.npy", bytes);
    return read_npy(file.path());
  };
  const std::string f8 = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n";
  for (const char major : {1, 2, 3}) {
    CHECK(read(npy_bytes(f8, elements({1.5, -2.0}), major)).value<double>() ==
          std::vector{1.5, -2.0});
  }
  CHECK(read(npy_bytes("{\"shape\":(2),\"descr\":\"<f4\",\"fortran_order\":False}",
                       elements({1.5f, 2.f})))
            .value<float>() == std::vector{1.5f, 2.f});
  CHECK(read(npy_bytes("{'descr': '<i4', 'fortran_order': False, 'shape': (1, 2)}",
                       elements({7, -8})))
            .value<std::int32_t>() == std::vector{7, -8});
  CHECK(read(npy_bytes("{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}", "\x01\xff"))
            .value<std::uint8_t>() == std::vector<std::uint8_t>{1, 255});
  CHECK(read(npy_bytes("{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}",
                       std::string("\0\1\7", 3)))
            .value<bool>() == std::vector<bool>{false, true, true});
  CHECK(
      read(npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4)}", "")).describe() ==
      "float64 [0, 4]");
  CHECK(read(npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", elements({3.0})))
            .describe() == "float64 []");
}

TEST_CASE("a column-major array is read as the same array", "[tools][npy]") {
  // np.arange(24).reshape(2, 3, 4) in Fortran order.
  std::string bytes;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) bytes += elements<std::int32_t>({i * 12 + j * 4 + k});
    }
  }
  const TemporaryFile file(
      "f.npy", npy_bytes("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3, 4), }", bytes));
  const std::vector<std::int32_t> values = read_npy(file.path()).value<std::int32_t>();
  REQUIRE(values.size() == 24);
  for (int i = 0; i < 24; ++i) CHECK(values[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("a strided view is written as the array that it shows", "[tools][npy]") {
  std::int64_t shape[2] = {3, 2}, strides[2] = {1, 3};
  double columns[6] = {1, 2, 3, 4, 5, 6};
  pet_tensor tensor{};
  tensor.version = {1, 0};
  tensor.array = {columns, {PET_DEVICE_CPU, 0}, 2, dtype_of<double>(), shape, strides, 0};
  const TemporaryFile file("view.npy");
  write_npy(file.path(), XYData::borrow(&tensor));
  CHECK(read_npy(file.path()).value<double>() == std::vector<double>{1, 4, 2, 5, 3, 6});
}

TEST_CASE("a file that is not what its header says is refused", "[tools][npy]") {
  const std::string eight(8, '\0');
  const std::pair<std::string, std::string> cases[] = {
      {"", "is cut off within its first bytes: expected 8 bytes, found 0"},
      {"hello, world", "is not a .npy file: it does not begin with \\x93NUMPY"},
      {npy_bytes("{}", "", 4), "has .npy version 4; expected 1, 2 or 3"},
      {std::string("\x93NUMPY\x02\0\xff\xff\xff\xff", 12),
       "has a header of 4294967295 bytes; the limit is 65536"},
      {npy_bytes("{}", ""),
       "cannot be read: expected the keys 'descr', 'fortran_order' and 'shape'"},
      {npy_bytes("[1]", ""), "cannot be read: expected {, found '[1]'"},
      {npy_bytes("{'descr': '>f8', 'fortran_order': False, 'shape': (1,)}", eight),
       "cannot be read: its type '>f8' is big-endian: save it with .astype('<f8')"},
      {npy_bytes("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", eight),
       "cannot be read: it holds Python objects; expected float32, float64, bool or an integer "
       "type"},
      {npy_bytes("{'descr': '<c16', 'fortran_order': False, 'shape': (1,)}", eight),
       "cannot be read: its type is '<c16'; expected float32, float64, bool or an integer type"},
      {npy_bytes("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", eight),
       "cannot be read: it holds records; expected one number a cell"},
      {npy_bytes("{'descr': '<f8', 'fortran_order': Maybe, 'shape': (1,)}", eight),
       "cannot be read: expected True or False, found 'Maybe, 'shape': (1,)'"},
      {npy_bytes("{'descr': '<f8', 'descr': '<f8', 'shape': (1,)}", eight),
       "cannot be read: twice the key 'descr'"},
      {npy_bytes("{'order': 'C'}", eight), "cannot be read: unknown key 'order'"},
      {npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", eight),
       "cannot be read: expected a dimension from 0 to 2^63 - 1, found '-1,)}'"},
      {npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
                 eight),
       "cannot be read: expected a dimension from 0 to 2^63 - 1, found '99999999999999999999'"},
      {npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 8)}",
                 eight),
       "has an impossible shape: float64 [4611686018427387904, 8]"},
      {npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976,)}",
                 eight),
       "has an impossible shape: float64 [1152921504606846976]"},
      {npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 100)}", eight),
       "is cut off: float64 [1000000000, 100] takes 800000000000 bytes, found 8"},
      {npy_bytes("{'descr': '<i4', 'fortran_order': False, 'shape': (1,)}", eight),
       "goes on after its array: int32 [1] takes 4 bytes, found 8"},
      {npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x", eight),
       "cannot be read: expected nothing after the header's dict, found 'x'"},
  };
  for (const auto& [bytes, message] : cases) {
    CAPTURE(message);
    CHECK(refusal_of(bytes) == message);
  }
  std::string shape;
  for (int i = 0; i < 40; ++i) shape += "1, ";
  CHECK_THAT(refusal_of(npy_bytes(
                 "{'descr': '<f8', 'fortran_order': False, 'shape': (" + shape + ")}", eight)),
             Contains("expected at most 32 dimensions"));
}

TEST_CASE("a file that cannot be had is refused by its path", "[tools][npy]") {
  const TemporaryFile file("there.npy");
  const auto missing = file.path().parent_path() / "missing.npy";
  CHECK(refusal(missing, ErrorCode::kUsage, [&] { read_npy(missing); }) == "no such file");
  const auto folder = file.path().parent_path();
  CHECK(refusal(folder, ErrorCode::kUsage, [&] { read_npy(folder); }) ==
        "is a directory, not a file of data");
  const auto nowhere = folder / "no" / "where.npy";
  CHECK(refusal(nowhere, ErrorCode::kUsage, [&] { write_npy(nowhere, XYData::mock({1.0})); }) ==
        "cannot be written: No such file or directory\n  try: another place with --out");
  const std::filesystem::path full = "/dev/full";
  if (std::filesystem::exists(full)) {
    CHECK_THAT(refusal(full, ErrorCode::kStorageRefused,
                       [&] { write_npy(full, XYData::mock({1.0})); }),
               Contains("cannot be written"));
  }
}

TEST_CASE("a file cut off at any length is refused, and never crashes", "[tools][npy]") {
  const std::string whole = file_bytes(PET_TEST_DATA "/iris/y_test.npy");
  const TemporaryFile file("cut.npy");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    file.write(whole.substr(0, size));
    CHECK_THROWS_AS(read_npy(file.path()), Error);
  }
}

TEST_CASE("a file with changed bytes is read or refused, and never crashes", "[tools][npy][fuzz]") {
  const std::string whole = file_bytes(PET_TEST_DATA "/iris/y_test.npy");
  const TemporaryFile file("mutant.npy");
  std::mt19937 random(11);
  for (int round = 0; round < 5'000; ++round) {
    std::string bytes = whole;
    for (unsigned edits = 1 + random() % 4; edits > 0; --edits) {
      bytes[random() % 140] = static_cast<char>(
          random() % 4 ? "0123456789(),{}'<>|bfiuOTF :"[random() % 28] : random());
    }
    file.write(bytes);
    try {
      const XYData data = read_npy(file.path());
      CHECK(data.size() >= 0);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kBadParams);
    }
  }
}
