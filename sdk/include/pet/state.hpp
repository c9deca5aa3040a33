// What fit learned, as bytes that travel: PET_STATE, StateWriter, StateReader.
//
//   PET_STATE(std::vector<double>, mean, "of every column");  // a field that is saved and loaded
//   static constexpr std::uint32_t kStateSchema = 2;               // 1 unless said otherwise
//
// Types: bool, std::int64_t, double, std::string, pet::XYData, and std::vector of these. A class
// with other needs, or one that reads an older schema, writes both methods by itself instead:
//
//   void save(pet::StateWriter& state) const { state.put("mean", mean_); }
//   void load(pet::StateReader& state) { if (state.schema() >= 2) state.get("mean", mean_); }
//
// Children: PET_STATE holds the states of the child parameters too (pet::FilterChild… and lists and
// optionals of them). Where one that learns stands in a pet::Value, a pet::Object or an open
// parameter, saving fails with unsupported. A class that saves by itself saves them by itself, under
// names: state.put("filters", filters), state.get("filters", filters); so does one that holds an
// OwnedChild. As many are loaded as were saved: a state with more is refused.
//
// Layout, little-endian: "PETSTATE", u32 format 1, u64 size of everything, text class, u32 schema,
// u32 fields, each (text name, text type, u64 size, bytes), u64 FNV-1a of all before. A text is u32
// length and bytes.
//
// Throws: pet::Failure(PET_BAD_STATE) for bytes that are cut, altered, another class's or of a
//         newer schema, for fields that are missing, stand twice or have another type, and for
//         other children than were saved. load() of a class with PET_STATE changes all fields or
//         none; of its children, those before the one that refuses its state are loaded.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "pet/child.hpp"
#include "pet/failure.hpp"
#include "pet/params.hpp"
#include "pet/xydata.hpp"

namespace pet {

namespace detail {

inline constexpr std::string_view kStateMagic = "PETSTATE";
inline constexpr std::uint32_t kStateFormat = 1;

inline std::uint64_t fnv1a(std::string_view bytes) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  return hash;
}

inline void append_number(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

inline void append_text(std::string& out, std::string_view text) {
  append_number(out, text.size(), 4);
  out.append(text);
}

// Reads from the front of a text and never beyond its end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::size_t left() const noexcept { return rest_.size(); }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size())
      throw Failure::bad_state("the saved state is damaged: it ends too early");
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(static_cast<std::size_t>(size));
    return taken;
  }
  std::uint64_t number(int bytes) {
    std::uint64_t value = 0;
    int shift = 0;
    for (const char byte : take(static_cast<std::uint64_t>(bytes))) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(byte)) << shift;
      shift += 8;
    }
    return value;
  }
  std::string_view text() { return take(number(4)); }
  // A count of things of at least `item` bytes each, so that a forged one cannot ask for memory.
  std::uint64_t count(std::size_t item) {
    const std::uint64_t count = number(8);
    if (count > rest_.size() / item)
      throw Failure::bad_state("the saved state is damaged: it ends too early");
    return count;
  }

 private:
  std::string_view rest_;
};

// name(), write() and read() of a type that a state can hold.
template <class T>
struct StateType {
  static_assert(!sizeof(T),
                "a state holds bool, std::int64_t, double, std::string, pet::XYData and "
                "std::vector of these");
};

template <>
struct StateType<bool> {
  static std::string name() { return "bool"; }
  static void write(std::string& out, bool value) { append_number(out, value ? 1 : 0, 1); }
  static bool read(ByteReader& in) { return in.number(1) != 0; }
};

template <>
struct StateType<std::int64_t> {
  static std::string name() { return "int64"; }
  static void write(std::string& out, std::int64_t value) {
    append_number(out, static_cast<std::uint64_t>(value), 8);
  }
  static std::int64_t read(ByteReader& in) { return static_cast<std::int64_t>(in.number(8)); }
};

template <>
struct StateType<double> {
  static std::string name() { return "float64"; }
  static void write(std::string& out, double value) {
    append_number(out, __builtin_bit_cast(std::uint64_t, value), 8);
  }
  static double read(ByteReader& in) { return __builtin_bit_cast(double, in.number(8)); }
};

template <>
struct StateType<std::string> {
  static std::string name() { return "text"; }
  static void write(std::string& out, const std::string& value) {
    append_number(out, value.size(), 8);
    out.append(value);
  }
  static std::string read(ByteReader& in) { return std::string(in.take(in.number(8))); }
};

template <>
struct StateType<XYData> {
  static std::string name() { return "tensor"; }
  static void write(std::string& out, const XYData& value);
  static XYData read(ByteReader& in);
};

template <class T>
struct StateType<std::vector<T>> {
  static std::string name() { return "list<" + StateType<T>::name() + ">"; }
  static void write(std::string& out, const std::vector<T>& list) {
    append_number(out, list.size(), 8);
    for (const auto& item : list) StateType<T>::write(out, item);
  }
  static std::vector<T> read(ByteReader& in) {
    const std::uint64_t count = in.count(1);
    std::vector<T> list;
    list.reserve(static_cast<std::size_t>(count < 4096 ? count : 4096));
    for (std::uint64_t i = 0; i < count; ++i) list.push_back(StateType<T>::read(in));
    return list;
  }
};

// Whether a child has something to save, or would need to.
inline bool learns(const Child& child) { return child.has(PET_STATE_1) || child.has_fit(); }

}  // namespace detail

class StateWriter {
 public:
  StateWriter(std::string_view class_name, std::uint32_t schema)
      : class_name_(class_name), schema_(schema) {}

  template <class T>
  void put(std::string_view name, const T& value) {
    std::string bytes;
    detail::StateType<T>::write(bytes, value);
    put_bytes(name, detail::StateType<T>::name(), bytes);
  }
  void put(std::string_view name, const char* text) { put(name, std::string(text)); }
  // The child's own state; a child that cannot be fitted has none, and none is written.
  void put(std::string_view name, const Child& child) {
    const bool has_state = child.has(PET_STATE_1);
    if (!has_state && child.has_fit()) {
      throw Failure::unsupported(child.class_name() + " can be fitted, but cannot save its state");
    }
    put_bytes(name, has_state ? "child" : "child without state",
              has_state ? child.save_state() : std::string());
  }
  template <class Tag>
  void put(std::string_view name, const ChildOf<Tag>& child) {
    put(name, static_cast<const Child&>(child));
  }
  template <class Tag>
  void put(std::string_view name, const std::vector<ChildOf<Tag>>& children) {
    for (std::size_t i = 0; i < children.size(); ++i) {
      put(std::string(name) + "/" + std::to_string(i), children[i]);
    }
  }

  std::string finish() const {
    std::vector<std::string> names = names_;
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) throw Failure::failed("the state has two fields '" + *twice + "'");
    std::string out(detail::kStateMagic);
    detail::append_number(out, detail::kStateFormat, 4);
    const std::size_t head = out.size() + 8 + 4 + class_name_.size() + 4 + 4;
    detail::append_number(out, head + fields_.size() + 8, 8);
    detail::append_text(out, class_name_);
    detail::append_number(out, schema_, 4);
    detail::append_number(out, names_.size(), 4);
    out += fields_;
    detail::append_number(out, detail::fnv1a(out), 8);
    return out;
  }

 private:
  void put_bytes(std::string_view name, std::string_view type, std::string_view bytes) {
    detail::append_text(fields_, name);
    detail::append_text(fields_, type);
    detail::append_number(fields_, bytes.size(), 8);
    fields_.append(bytes);
    names_.emplace_back(name);
  }

  std::string class_name_;
  std::uint32_t schema_;
  std::vector<std::string> names_;
  std::string fields_;
};

class StateReader {
 public:
  // Checks everything but the fields' contents. `bytes` outlives the reader.
  StateReader(std::string_view class_name, std::uint32_t newest_schema, std::string_view bytes);

  // The schema that the bytes were written with: at most the class's own.
  std::uint32_t schema() const noexcept { return schema_; }
  bool has(std::string_view name) const noexcept { return find(name) != nullptr; }

  template <class T>
  T get(std::string_view name) const {
    const std::string type = detail::StateType<T>::name();
    detail::ByteReader in(need(name, type).bytes);
    T value = detail::StateType<T>::read(in);
    if (in.left() != 0) throw Failure::bad_state(about(name) + " is damaged: it is too long");
    return value;
  }
  template <class T>
  void get(std::string_view name, T& out) const {
    out = get<T>(name);
  }
  void get(std::string_view name, Child& child) const {
    const StoredField* field = find(name);
    const bool saved_none = field != nullptr && field->type == "child without state";
    if (saved_none && !detail::learns(child)) return;
    if (saved_none) {
      throw Failure::bad_state(about(name) + " is of a child that learns nothing, and " +
                               child.class_name() + " learns");
    }
    child.load_state(need(name, "child").bytes);
  }
  template <class Tag>
  void get(std::string_view name, ChildOf<Tag>& child) const {
    get(name, static_cast<Child&>(child));
  }
  template <class Tag>
  void get(std::string_view name, std::vector<ChildOf<Tag>>& children) const {
    const std::string prefix = std::string(name) + "/";
    for (std::size_t i = 0; i < children.size(); ++i) {
      get(prefix + std::to_string(i), children[i]);
    }
    if (!has(prefix + std::to_string(children.size()))) return;
    throw Failure::bad_state("the saved state has more '" + std::string(name) + "' than the " +
                             std::to_string(children.size()) + " here");
  }

 private:
  struct StoredField {
    std::string_view name, type, bytes;
  };

  const StoredField* find(std::string_view name) const noexcept {
    const auto found = std::lower_bound(
        fields_.begin(), fields_.end(), name,
        [](const StoredField& field, std::string_view wanted) { return field.name < wanted; });
    return found != fields_.end() && found->name == name ? &*found : nullptr;
  }
  const StoredField& need(std::string_view name, std::string_view type) const {
    const StoredField* field = find(name);
    if (field == nullptr) throw Failure::bad_state(about(name) + " is missing");
    if (field->type == type) return *field;
    throw Failure::bad_state(about(name) + ": expected " + std::string(type) + ", got " +
                             std::string(field->type));
  }
  static std::string about(std::string_view name) {
    return "saved field '" + std::string(name) + "'";
  }

  std::uint32_t schema_ = 0;
  std::vector<StoredField> fields_;  // by name
};

// Checksum before contents: after it, a wrong field means a wrong writer, and the text can say so.
inline StateReader::StateReader(std::string_view class_name, std::uint32_t newest_schema,
                                std::string_view bytes) {
  const auto damaged = [](const char* how) {
    return Failure::bad_state(std::string("the saved state is damaged: ") + how);
  };
  constexpr std::size_t kFixed = 8 + 4 + 8;
  if (bytes.substr(0, 8) != detail::kStateMagic) throw damaged("it does not begin with PETSTATE");
  if (bytes.size() < kFixed + 8) throw damaged("it ends too early");
  detail::ByteReader in(bytes.substr(8, bytes.size() - 16));
  const std::uint64_t format = in.number(4);
  if (format != detail::kStateFormat) {
    throw Failure::bad_state("the saved state has format " + std::to_string(format) +
                             "; this class reads format " + std::to_string(detail::kStateFormat));
  }
  const std::uint64_t size = in.number(8);
  if (size != bytes.size()) {
    throw Failure::bad_state("the saved state is damaged: expected " + std::to_string(size) +
                             " bytes, got " + std::to_string(bytes.size()));
  }
  detail::ByteReader tail(bytes.substr(bytes.size() - 8));
  if (detail::fnv1a(bytes.substr(0, bytes.size() - 8)) != tail.number(8))
    throw damaged("its checksum differs");

  const std::string_view writer = in.text();
  if (writer != class_name) {
    throw Failure::bad_state("the saved state is of " + std::string(writer) + ", not of " +
                             std::string(class_name));
  }
  schema_ = static_cast<std::uint32_t>(in.number(4));
  if (schema_ > newest_schema) {
    throw Failure::bad_state("the saved state has schema " + std::to_string(schema_) +
                             "; this version of the class reads up to " +
                             std::to_string(newest_schema) + ": load a newer version of the class");
  }
  const std::uint64_t count = in.number(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view name = in.text();
    const std::string_view type = in.text();
    fields_.push_back({name, type, in.take(in.number(8))});
  }
  if (in.left() != 0) throw damaged("bytes follow the last field");
  std::sort(fields_.begin(), fields_.end(),
            [](const StoredField& a, const StoredField& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(
      fields_.begin(), fields_.end(),
      [](const StoredField& a, const StoredField& b) { return a.name == b.name; });
  if (twice != fields_.end())
    throw Failure::bad_state("the saved state is damaged: it has two fields '" +
                             std::string(twice->name) + "'");
}

namespace detail {

inline void StateType<XYData>::write(std::string& out, const XYData& value) {
  append_number(out, value ? 1 : 0, 1);
  if (!value) return;
  append_number(out, value.dtype().code, 1);
  append_number(out, value.dtype().bits, 1);
  append_number(out, static_cast<std::uint64_t>(value.ndim()), 4);
  for (const std::int64_t extent : value.shape())
    append_number(out, static_cast<std::uint64_t>(extent), 8);
  const std::size_t at = out.size();
  out.resize(at + static_cast<std::size_t>(value.size()) * item_size(value.dtype()));
  value.copy_to(&out[at]);
}

inline XYData StateType<XYData>::read(ByteReader& in) {
  if (in.number(1) == 0) return {};
  const auto code = static_cast<std::uint8_t>(in.number(1));
  const auto bits = static_cast<std::uint8_t>(in.number(1));
  const std::uint64_t ndim = in.number(4);
  if (ndim > static_cast<std::uint64_t>(kMaxDims)) {
    throw Failure::bad_state("the saved state is damaged: a tensor of " + std::to_string(ndim) +
                             " dimensions");
  }
  Shape shape(static_cast<std::size_t>(ndim));
  for (std::int64_t& extent : shape) extent = static_cast<std::int64_t>(in.number(8));
  const pet_dtype dtype{code, bits, 1};
  const std::int64_t count = count_elements(shape.data(), static_cast<std::int32_t>(shape.size()));
  const std::size_t step = item_size(dtype);
  if (step == 0 || count < 0 || static_cast<std::uint64_t>(count) > in.left() / step) {
    throw Failure::bad_state("the saved state is damaged: a tensor does not fit in it");
  }
  XYData out = XYData::empty(dtype, shape);
  const std::string_view bytes = in.take(static_cast<std::uint64_t>(count) * step);
  if (!bytes.empty()) std::memcpy(out.raw_data(), bytes.data(), bytes.size());
  if (code == PET_DTYPE_BOOL) {  // a byte that is neither 0 nor 1 is no bool of C++'s
    char* at = out.raw_data();
    for (std::size_t i = 0; i < bytes.size(); ++i) at[i] = at[i] != 0 ? 1 : 0;
  }
  return out;
}

template <class Owner, class T>
struct StateField {
  using Type = T;
  std::string_view name;
  T Owner::*field;
};

}  // namespace detail
}  // namespace pet

#define PET_STATE(type_, name_, doc_)                                                              \
  friend struct ::pet::detail::Access;                                                             \
  static constexpr int pet_state_index_##name_ = decltype(pet_state_count_(                        \
      ::pet::detail::Rank<::pet::detail::kMaxParams>{}, static_cast<pet_self_*>(nullptr)))::value; \
  static_assert(pet_state_index_##name_ < ::pet::detail::kMaxParams,                               \
                "too many state fields: " doc_);                                                   \
  [[maybe_unused]] friend constexpr ::pet::detail::Count<pet_state_index_##name_ + 1>              \
  pet_state_count_(::pet::detail::Rank<pet_state_index_##name_ + 1>, pet_self_*) {                 \
    return {};                                                                                     \
  }                                                                                                \
  static constexpr ::pet::detail::StateField<pet_self_, type_> pet_state_(                         \
      ::pet::detail::Index<pet_state_index_##name_>) {                                             \
    return {#name_, &pet_self_::name_};                                                            \
  }                                                                                                \
  type_ name_ {}
