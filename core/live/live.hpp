// Live<T>: the current version of something that many threads use and one replaces, for ever.
//
//   Live<Model> live(Live<Model>::make(first));
//   {
//     const auto model = live.read();      // this version, until the end of the scope
//     answer(model->predict(x));
//   }
//   auto held = live.snapshot();           // this version, for as long as `held` or a copy lives
//   auto before = live.promote(Live<Model>::make(second));
//   if (before.users() == 0) before = {};  // destroyed here, on this thread
//
// Versions: every reader sees one that was whole and current when it asked; none is destroyed while a
//           Read or Snapshot of it lives, and what one reader holds keeps no other version.
// Read:     a few nanoseconds, without a lock or a shared counter. Bound to its thread and scope: it can
//           neither be copied nor moved. A thread may have several, of several Lives, at the same time;
//           from the seventh on they are as dear as Snapshots. Asking is repeated only when a promotion
//           came between two of its instructions.
// Snapshot: counted, copyable, may move to other threads and outlive the Live it came from.
// The last: whoever drops the last handle on a version destroys it, on his thread; while a Read of it is open
//           it is kept, and destroyed by the next promote() or dropped handle that finds it free. Who
//           wants to choose the thread keeps promote()'s answer until its users() are none.
// Threads:  read, snapshot and promote from any; promotions take effect in some order.
// Lifetime: a Read must end before its Live does.
// Throws:   std::bad_alloc, at a thread's first read and in make().
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "core/live/hazard.hpp"

namespace pet {

namespace hazard {

// What Snapshots count. The last reference is never given up while a Read is open, which could make
// another one of it: it goes to a list, whose owner it is then.
class Counted {
 public:
  Counted() = default;
  virtual ~Counted() = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  void add() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop() noexcept {
    std::size_t references = references_.load(std::memory_order_acquire);
    while (references > 1) {
      if (references_.compare_exchange_weak(references, references - 1,
                                            std::memory_order_acq_rel)) {
        return;
      }
    }
    drop_last();
  }
  // Those that hold it beside the caller, who holds one reference. REQUIRES: it is not current.
  std::size_t users() const noexcept {
    // Reads first: one may turn into a reference while it is open.
    const std::size_t reads = users_of(this);
    return reads + references_.load(std::memory_order_acquire) - 1;
  }

 private:
  friend void destroy_unused() noexcept;

  void drop_last() noexcept;

  std::atomic<std::size_t> references_{1};
  Counted* next_retired_ = nullptr;
};

// Destroys what was dropped while it was read, as far as nobody reads it any more.
void destroy_unused() noexcept;

}  // namespace hazard

template <class T>
class Live {
  struct Version final : hazard::Counted {
    template <class... Args>
    explicit Version(Args&&... args) : value(std::forward<Args>(args)...) {}
    T value;
  };

 public:
  class Snapshot {
   public:
    Snapshot() = default;
    Snapshot(const Snapshot& other) noexcept : version_(other.version_) {
      if (version_ != nullptr) version_->add();
    }
    Snapshot(Snapshot&& other) noexcept : version_(std::exchange(other.version_, nullptr)) {}
    Snapshot& operator=(Snapshot other) noexcept {
      std::swap(version_, other.version_);
      return *this;
    }
    ~Snapshot() {
      if (version_ != nullptr) version_->drop();
    }

    explicit operator bool() const noexcept { return version_ != nullptr; }
    T& operator*() const noexcept { return version_->value; }
    T* operator->() const noexcept { return &version_->value; }
    friend bool operator==(const Snapshot&, const Snapshot&) noexcept = default;

    // How many Reads and other Snapshots hold this version. 0: nobody ever will again. REQUIRES: it is
    // not current in any Live.
    std::size_t users() const noexcept { return version_->users(); }

   private:
    friend class Live;
    explicit Snapshot(Version* owned) noexcept : version_(owned) {}
    Version* release() noexcept { return std::exchange(version_, nullptr); }
    Version* version_ = nullptr;
  };

  class [[nodiscard]] Read {
   public:
    explicit Read(const Live& live) : slot_(hazard::free_slot(hazard::here())) {
      if (slot_ != nullptr) [[likely]] {
        version_ = hazard::protect(live.current_, *slot_);
      } else {
        version_ = live.snapshot().release();
      }
    }
    ~Read() {
      if (slot_ != nullptr) [[likely]] {
        hazard::release(*slot_);
      } else {
        version_->drop();
      }
    }
    Read(const Read&) = delete;
    Read& operator=(const Read&) = delete;

    T& operator*() const noexcept { return version_->value; }
    T* operator->() const noexcept { return &version_->value; }

    // This version, to keep it beyond the scope.
    Snapshot snapshot() const noexcept {
      version_->add();
      return Snapshot(version_);
    }

   private:
    std::atomic<const void*>* slot_;  // nullptr: counted
    Version* version_;
  };

  // A version that is current nowhere yet.
  template <class... Args>
  static Snapshot make(Args&&... args) {
    return Snapshot(new Version(std::forward<Args>(args)...));
  }

  // REQUIRES: `first` is a version.
  explicit Live(Snapshot first) : current_(first.release()) { hazard::prepare(); }
  ~Live() { current_.load(std::memory_order_relaxed)->drop(); }
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  Read read() const { return Read(*this); }

  Snapshot snapshot() const {
    std::atomic<const void*>& held = hazard::here().held[hazard::Slots::kPassing];
    Version* const version = hazard::protect(current_, held);
    version->add();
    hazard::release(held);
    return Snapshot(version);
  }

  // Makes `next` current and returns what was. Readers that ask from now on get `next`.
  // REQUIRES: `next` is a version.
  Snapshot promote(Snapshot next) noexcept {
    hazard::destroy_unused();
    return Snapshot(current_.exchange(next.release(), std::memory_order_seq_cst));
  }

 private:
  std::atomic<Version*> current_;
};

}  // namespace pet
