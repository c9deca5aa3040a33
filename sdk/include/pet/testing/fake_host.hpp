// The services of a host, in memory, and the instances that they are given to. Included by
// pet/testing.hpp.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "pet/abi.h"
#include "pet/child.hpp"
#include "pet/failure.hpp"
#include "pet/tensor.hpp"
#include "pet/testing/notes_reader.hpp"
#include "pet/value.hpp"
#include "pet/xydata.hpp"

namespace pet::testing {

struct LogLine {
  std::int32_t level;  // PET_LOG_*
  std::string message;
};

// What a pet_child points to. It lasts as long as its host and is never used again, so that a value
// which outlived its instance is noticed.
struct Ticket {
  void* body;
};

// Every service of abi.h. What a test wants to see or change is a public member; a service whose id
// stands in `missing` is not offered. The digest is no SHA-256: equal contents have equal ones, and
// that is all.
class FakeHost {
 public:
  FakeHost() : table_{sizeof(pet_host), PET_ABI_MAJOR, PET_ABI_MINOR, this, query} {}
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  // The one that make() uses by default. Never destroyed, so that instances of any lifetime may use
  // it.
  static FakeHost& shared() {
    static FakeHost& host = *new FakeHost;
    return host;
  }

  const pet_host* get() const noexcept { return &table_; }

  std::vector<LogLine> log;
  std::map<std::string, std::string> blobs;
  std::vector<std::string> missing;
  std::atomic<bool> cancelled{false};
  std::atomic<int> live_tensors{0};  // made by tensor_new and not yet deleted
  std::uint32_t threads = 2;

 private:
  static FakeHost& self(const pet_host* host) { return *static_cast<FakeHost*>(host->context); }
  static const void* query(const pet_host* host, const char* id);

  static pet_tensor* tensor_new(const pet_host* host, pet_dtype dtype, std::int32_t ndim,
                                const std::int64_t* shape);
  static void delete_counted(pet_tensor* tensor);
  static void write_log(const pet_host* host, std::int32_t level, pet_text message);
  static pet_status for_each(const pet_host* host, std::uint64_t count,
                             pet_status (*body)(void*, std::uint64_t, pet_failure*), void* context,
                             pet_failure* failure);
  static pet_status digest(const pet_host* host, const pet_text* parts, std::uint64_t count,
                           char hex[64], pet_failure* failure);
  static std::string blob_key(pet_text text);
  static pet_status get_blob(const pet_host* host, pet_text key, const pet_sink* sink,
                             pet_failure* failure);
  static pet_status put_blob(const pet_host* host, pet_text key, pet_text bytes,
                             pet_failure* failure);

  friend class Instance;
  friend class FakeInstances;

  pet_host table_;
  std::mutex mutex_;
  std::deque<Ticket> tickets_;
};

struct Trial {
  Object overrides;
  double score;
};

// One instance of a class, as a host holds it.
class Instance {
 public:
  static Instance create(FakeHost& host, const pet_entry& entry, const Object& params);

  XYData predict(const XYData& x) const;
  void fit(const XYData& x, const XYData& y = {});
  double measure(const XYData& y_true, const XYData& y_pred) const {
    return measure({}, y_true, y_pred);
  }
  double measure(const XYData& x, const XYData& y_true, const XYData& y_pred) const;
  bool higher_better() const;
  std::vector<Score> evaluate(const XYData& x, const XYData& y_true, const XYData& y_pred) const;
  std::vector<Fold> split(const XYData& x, const XYData& y = {}) const;
  std::vector<Trial> optimize(const XYData& x, const XYData& y = {});
  std::string save() const;
  void load(std::string_view state);
  // Changes a parameter that is tunable.
  void set(std::string_view name, const Value& value);

  bool has(const char* interface_id) const { return body_->find(interface_id) != nullptr; }
  // As given, with the defaults filled in.
  const Object& params() const { return body_->params; }
  const Notes& notes() const { return body_->notes; }
  // What a config's `_grid` would give: parameter → list of candidates. Children's grids are added
  // by themselves.
  void set_grid(Object grid) { body_->grid = std::move(grid); }

  // Itself as a parameter's value. The instance that it is given to keeps it alive; the value alone
  // does not.
  operator Value() const { return body_->value(); }

 private:
  friend class FakeInstances;

  struct Body : std::enable_shared_from_this<Body> {
    Body(FakeHost& owner, const pet_entry& of) : host(owner), entry(of) {
      const std::lock_guard<std::mutex> lock(host.mutex_);
      ticket = &host.tickets_.emplace_back(Ticket{this});
    }
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    ~Body() {  // before `children`: parents die first
      if (object != nullptr) entry.destroy(object);
      ticket->body = nullptr;
    }
    static Body& of(const pet_child* child) {
      if (void* body = reinterpret_cast<const Ticket*>(child)->body)
        return *static_cast<Body*>(body);
      throw Failure::bad_params("a value's instance is gone: keep the Instance in a variable");
    }
    Value value() const { return Value::instance(reinterpret_cast<pet_child*>(ticket)); }
    void keep_children(const Value& value);
    const void* find(const char* id) const {
      const void* table = entry.query(id);
      if (table != nullptr && std::string_view(id) == PET_FILTER_FIT) {
        return static_cast<const pet_filter_v1*>(table)->fit == nullptr ? nullptr : table;
      }
      return table;
    }
    template <class Table>
    const Table& need(const char* id) const {
      if (const void* table = find(id)) return *static_cast<const Table*>(table);
      throw Failure::unsupported(notes.class_name + " has no " + id);
    }

    FakeHost& host;
    const pet_entry& entry;
    Notes notes;
    Object params;
    Object grid;
    std::vector<std::shared_ptr<Body>> children;
    pet_instance* object = nullptr;
    Ticket* ticket = nullptr;
    std::vector<std::unique_ptr<std::pair<Value, std::unique_ptr<ValueView>>>>
        kept;  // answers, for the life
  };

  explicit Instance(std::shared_ptr<Body> body) : body_(std::move(body)) {}

  template <class Call>
  static void checked(Call&& call) {
    detail::FailureBuffer failure;
    failure.check(call(failure.get()));
  }

  std::shared_ptr<Body> body_;
};

// The value of a pet::ClassRef parameter.
inline Value class_value(const pet_entry& entry) {
  return Value::clazz(reinterpret_cast<pet_class*>(const_cast<pet_entry*>(&entry)));
}

}  // namespace pet::testing

#include "pet/testing/fake_instances.hpp"
#include "pet/testing/fake_services.hpp"
