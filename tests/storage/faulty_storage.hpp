// FaultyStorage: any storage, with its failures at our command and a record of what was asked of
// it.
//
//   pet::MemoryStorage memory;
//   pet::test::FaultyStorage storage(memory);
//   storage.fail(3, pet::ErrorCode::kStorageUnreachable);  // the third operation from now
//   ...
//   CHECK(storage.recorded() == std::vector<std::string>{"get a", "put_many a b", "head c"});
//
// One operation is one call of a public method, put_many included. It is recorded also when it
// fails; a call that BaseStorage refuses by itself (an invalid key) is none.
//
// Threads: any, as every storage. Lifetime: the storage within must outlive this one.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "storage/base_storage.hpp"
#include "storage/error.hpp"

namespace pet::test {

enum class FaultAt {
  kBefore,  // the operation does not happen
  kAfter,   // it happens, but the answer is lost: what a broken connection looks like to a writer
};

class FaultyStorage : public BaseStorage {
 public:
  explicit FaultyStorage(BaseStorage& within)
      : within_(within), capabilities_(within.capabilities()) {}

  // The `nth` operation from now (1: the next) fails; the `count - 1` after it too.
  void fail(std::uint64_t nth, ErrorCode code, FaultAt at = FaultAt::kBefore,
            std::uint64_t count = 1) {
    const std::lock_guard lock(mutex_);
    fault_ = Fault{operations_ + nth, count, code, at};
  }

  // From now on every operation fails, until heal().
  void break_down(ErrorCode code) { fail(1, code, FaultAt::kBefore, UINT64_MAX / 2); }

  void heal() {
    const std::lock_guard lock(mutex_);
    fault_.reset();
  }

  // Pretends to be a lesser backend, e.g. {.list = false, .write = true, .put_if_absent = true}.
  void limit_to(Capabilities capabilities) {
    const std::lock_guard lock(mutex_);
    capabilities_ = capabilities;
  }

  // `call` is made before every operation, in the thread that asks, with its text.
  void before_each(std::function<void(const std::string&)> call) { before_ = std::move(call); }

  // The operations since construction or forget(): verb and keys, "put_many a b", "list plugins/
  // after plugins/A".
  std::vector<std::string> recorded() const {
    const std::lock_guard lock(mutex_);
    return recorded_;
  }

  void forget() {
    const std::lock_guard lock(mutex_);
    recorded_.clear();
  }

  void ensure_exists() override { within_.ensure_exists(); }
  std::string describe() const override { return within_.describe(); }
  std::string local_directory(std::string_view folder) const override {
    return within_.local_directory(folder);
  }
  Capabilities capabilities() const override {
    const std::lock_guard lock(mutex_);
    return capabilities_;
  }

 protected:
  bool do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const override {
    return operation(text_of("get", key), [&] { return within_.read(key, sink, max_size); });
  }
  std::optional<std::string> do_get_range(std::string_view key, std::uint64_t offset,
                                          std::uint64_t length) const override {
    return operation(text_of("get_range", key),
                     [&] { return within_.get_range(key, offset, length); });
  }
  void do_put(std::string_view key, std::string_view bytes) override {
    operation(text_of("put", key), [&] {
      within_.put(key, bytes);
      return true;
    });
  }
  bool do_put_if_absent(std::string_view key, std::string_view bytes) override {
    return operation(text_of("put_if_absent", key),
                     [&] { return within_.put_if_absent(key, bytes); });
  }
  std::vector<PutOutcome> do_put_many(std::span<const PutItem> items) override {
    std::string text = "put_many";
    for (const PutItem& item : items) text.append(" ").append(item.key);
    return operation(std::move(text), [&] { return within_.put_many(items); });
  }
  std::optional<ObjectInfo> do_head(std::string_view key) const override {
    return operation(text_of("head", key), [&] { return within_.head(key); });
  }
  std::vector<std::string> do_list(std::string_view prefix, std::string_view start_after,
                                   std::size_t limit) const override {
    std::string text = text_of("list", prefix);
    if (!start_after.empty()) text.append(" after ").append(start_after);
    return operation(std::move(text), [&] { return within_.list(prefix, start_after, limit); });
  }
  std::vector<ListedObject> do_list_objects(std::string_view prefix, std::string_view start_after,
                                            std::size_t limit) const override {
    return operation(text_of("list_objects", prefix),
                     [&] { return within_.list_objects(prefix, start_after, limit); });
  }
  bool do_remove(std::string_view key) override {
    return operation(text_of("remove", key), [&] { return within_.remove(key); });
  }

 private:
  struct Fault {
    std::uint64_t first;  // number of the first operation that fails
    std::uint64_t count;
    ErrorCode code;
    FaultAt at;
  };

  static std::string text_of(std::string_view verb, std::string_view key) {
    return std::string(verb).append(" ").append(key);
  }

  template <typename Call>
  std::invoke_result_t<Call> operation(std::string text, const Call& call) const {
    const std::optional<Fault> fault = record(text);
    if (before_) before_(text);
    if (fault && fault->at == FaultAt::kBefore) throw_fault(*fault, text);
    auto result = call();
    if (fault) throw_fault(*fault, text);
    return result;
  }

  std::optional<Fault> record(const std::string& text) const {
    const std::lock_guard lock(mutex_);
    recorded_.push_back(text);
    ++operations_;
    const bool hit =
        fault_ && operations_ >= fault_->first && operations_ - fault_->first < fault_->count;
    return hit ? fault_ : std::nullopt;
  }

  [[noreturn]] void throw_fault(const Fault& fault, const std::string& text) const {
    throw Error(fault.code, "injected fault: " + text + " on " + describe());
  }

  BaseStorage& within_;
  mutable std::mutex mutex_;
  Capabilities capabilities_;
  std::optional<Fault> fault_;
  mutable std::uint64_t operations_ = 0;
  mutable std::vector<std::string> recorded_;
  std::function<void(const std::string&)> before_;  // set before threads ask
};

}  // namespace pet::test
