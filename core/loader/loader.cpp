// The table maps a hash to a slot, which is in one of three states:
//
//   loading   a Flight: the first thread maps, the others wait for its library or its error
//   mapped    a weak reference that locks
//   leaving   a weak reference that no longer locks: some thread is in ~Library, or about to be
//
// A load that meets a leaving slot waits until the slot is gone. Were it to dlopen at once, it
// would get the old mapping back, statics and all, and the leaving thread would find the library
// still mapped without a reason. So a hash is opened by one Library at a time, and every unload can
// be verified.
#include "core/loader/loader.hpp"

#include <condition_variable>
#include <exception>
#include <filesystem>
#include <mutex>
#include <new>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/artifact/gate.hpp"
#include "core/artifact/machine.hpp"
#include "core/loader/dynamic_library.hpp"
#include "core/loader/entry_check.hpp"
#include "storage/error.hpp"

namespace pet {

struct Library::Impl {
  Hash hash;
  Facts facts;
  std::string path;
  std::optional<DynamicLibrary> dynamic;  // from dlopen on
  const pet_entry* entry = nullptr;
  InterfaceTables tables;

  [[noreturn]] void refuse(ErrorCode code, const std::string& text,
                           const std::string& next_step) const;
  void open();
  void check_entry();
  std::string cause_of_stay() const;
};

void Library::Impl::refuse(ErrorCode code, const std::string& text,
                           const std::string& next_step) const {
  throw Error(code,
              facts.clazz.name + " " + hash.short_hex() + " " + text + "\n  file: " + path +
                  "\n  try:  " + next_step,
              {.class_name = facts.clazz.name, .hash = hash.hex(), .key = path});
}

namespace {

// What to do about dlopen's words.
std::string next_step_after(const std::string& text) {
  if (text.find("undefined symbol") != std::string::npos) {
    return "rebuild it with pet_add_plugin, which links with -Wl,--no-undefined";
  }
  if (text.find("cannot open shared object file") != std::string::npos) {
    return "install that library on this machine, or link it statically into the plugin";
  }
  if (text.find("static TLS") != std::string::npos) {
    return "compile it, and what is linked into it, without -ftls-model=initial-exec";
  }
  return "see what is said above; petctl inspect shows what the file needs";
}

}  // namespace

void Library::Impl::open() {
  try {
    dynamic.emplace(DynamicLibrary::open(path));
  } catch (const DynamicLibraryError& error) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
      refuse(ErrorCode::kNoBinary, "cannot be loaded: its file is gone", "fetch it again");
    }
    const std::string text = error.what();
    refuse(ErrorCode::kGateRefused, "cannot be loaded: " + text, next_step_after(text));
  }
}

// Looks at what was mapped.
void Library::Impl::check_entry() {
  entry = static_cast<const pet_entry*>(dynamic->find(PET_ENTRY_SYMBOL));
  const std::string next_step = "build it with pet_add_plugin";
  if (entry == nullptr) {
    refuse(ErrorCode::kNotAPlugin, "does not export " PET_ENTRY_SYMBOL, next_step);
  }
  std::string problem;
  try {
    problem = difference(facts.clazz, read_entry_notes(*entry));
  } catch (const Error& error) {
    problem = error.what();
  }
  if (!problem.empty()) {
    refuse(ErrorCode::kNotAPlugin, "contradicts itself: " + problem, next_step);
  }
  tables = checked_tables(*entry, facts.clazz);
}

std::string Library::Impl::cause_of_stay() const {
  if (facts.nodelete) return "it is linked with -z nodelete";
  if (facts.unique_symbols.count > 0) {
    return "it has the unique symbol " + facts.unique_symbols.names.front();
  }
  if (dynamic->has_thread_destructors()) {
    return "a thread that used it lives on, with a thread_local object of it to destroy; it leaves "
           "with a later unload after that thread's end";
  }
  return "something else in this process holds a reference to it";
}

struct Loader::Impl {
  struct Flight {
    bool done = false;
    std::shared_ptr<const Library> library;
    // The first one's error: every thread throws a copy of its own. Nothing, and no library: why is
    // not known any more, and whoever waited tries by himself.
    std::optional<Error> error;

    // From a catch block.
    void fail(const Hash& hash) noexcept {
      try {
        try {
          throw;
        } catch (const Error& thrown) {
          error.emplace(thrown.code(), thrown.what(),
                        Error::Subject{thrown.class_name(), thrown.hash(), thrown.key()});
        } catch (const std::bad_alloc&) {
          // Others may have the memory.
        } catch (...) {
          error.emplace(ErrorCode::kPluginError,
                        "loading " + hash.short_hex() + " failed, as another thread learned",
                        Error::Subject{.class_name = {}, .hash = hash.hex(), .key = {}});
        }
      } catch (const std::bad_alloc&) {
        error.reset();
      }
    }
  };
  struct Slot {
    std::shared_ptr<Flight> flight;
    std::weak_ptr<const Library> library;
    std::shared_ptr<const Library> resident;
  };
  struct StuckLibrary {
    std::unique_ptr<Library::Impl> library;  // closed, and still mapped
    std::string cause;
  };

  mutable std::mutex mutex;  // of everything here; taken after dl_mutex where both are
  std::condition_variable changed;
  std::unordered_map<Hash, Slot> slots;
  std::unordered_map<Hash, StuckLibrary> stuck;
  std::unordered_map<std::string, Hash> paths;  // of all that is mapped; only under dl_mutex
  UnloadPolicy policy = UnloadPolicy::kUnload;
  std::shared_ptr<const Observer> observer;

  std::mutex dl_mutex;  // around dlopen and dlclose

  std::shared_ptr<const Library> find_or_wait(const Hash& hash, std::unique_lock<std::mutex>& lock,
                                              std::shared_ptr<Flight>& flight);
  std::shared_ptr<const Library> map(const Binary& binary, const std::string& file);
  void open(Library::Impl& library, const std::string& file, std::vector<Event>& events);
  void require_own_path(const Library::Impl& library) const;
  static Event late_unload(const Library::Impl& library);
  void leave(std::unique_ptr<Library::Impl> library) noexcept;
  void unmap(std::unique_ptr<Library::Impl> library, std::vector<Event>& events) noexcept;
  void sweep_stuck(std::vector<Event>& events);
  void tell(const std::vector<Event>& events) noexcept;

  static Impl& process() { return *Loader::process().impl_; }
};

Library::Library(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Library::~Library() {
  if (impl_ != nullptr && impl_->dynamic) Loader::Impl::process().leave(std::move(impl_));
}

const Hash& Library::hash() const noexcept { return impl_->hash; }
const Facts& Library::facts() const noexcept { return impl_->facts; }
const pet_entry& Library::entry() const noexcept { return *impl_->entry; }
const std::string& Library::path() const noexcept { return impl_->path; }
const InterfaceTables& Library::tables() const noexcept { return impl_->tables; }

// Maps the file, or takes up the mapping of the same bytes that stayed: under another path they would
// be mapped twice. REQUIRES: dl_mutex.
void Loader::Impl::open(Library::Impl& library, const std::string& file,
                        std::vector<Event>& events) {
  std::unique_lock lock(mutex);
  const auto stayed = stuck.find(library.hash);
  if (stayed != stuck.end()) {
    library.path = stayed->second.library->path;
    lock.unlock();  // the plugin's own code may run
    if (auto taken_up = DynamicLibrary::open_mapped(library.path)) {
      library.dynamic.emplace(*std::move(taken_up));
    }
    lock.lock();
    if (!library.dynamic) {
      paths.erase(library.path);
      events.push_back(late_unload(*stayed->second.library));
    }
    stuck.erase(stayed);
  }
  if (library.dynamic) return;
  library.path = std::filesystem::absolute(file).lexically_normal().string();
  require_own_path(library);
  lock.unlock();
  library.open();
}

// glibc matches mapped libraries by name first: it would answer with theirs. REQUIRES: dl_mutex.
void Loader::Impl::require_own_path(const Library::Impl& library) const {
  const auto known = paths.find(library.path);
  if (known == paths.end() || known->second == library.hash) return;
  library.refuse(
      ErrorCode::kNoBinary,
      "cannot be loaded: its path is that of " + known->second.short_hex() + ", which is mapped",
      "give every version a path of its own, as a cache does");
}

std::shared_ptr<const Library> Loader::Impl::map(const Binary& binary, const std::string& file) {
  const Hash& hash = binary.hash();
  // All that takes memory comes first: what is mapped has somebody to let go of it.
  const std::shared_ptr<Library> library(new Library(std::unique_ptr<Library::Impl>(
      new Library::Impl{.hash = hash, .facts = read_facts(binary.bytes())})));
  require_loadable(library->facts(), Machine::current(), hash,
                   binary.origin().empty() ? file : binary.origin());

  std::vector<Event> events;
  std::exception_ptr refusal;
  {
    std::lock_guard dl_lock(dl_mutex);
    try {
      open(*library->impl_, file, events);
      paths.insert_or_assign(library->path(), hash);
      library->impl_->check_entry();
    } catch (...) {
      refusal = std::current_exception();
      if (library->impl_->dynamic) unmap(std::move(library->impl_), events);
    }
  }
  tell(events);
  if (refusal != nullptr) std::rethrow_exception(refusal);
  return library;
}

void Loader::Impl::leave(std::unique_ptr<Library::Impl> library) noexcept {
  std::vector<Event> events;
  {
    std::lock_guard dl_lock(dl_mutex);
    unmap(std::move(library), events);
  }
  changed.notify_all();
  tell(events);
}

// Closes the library, verifies that it left, and frees its slot. REQUIRES: dl_mutex.
void Loader::Impl::unmap(std::unique_ptr<Library::Impl> library,
                         std::vector<Event>& events) noexcept {
  const Hash hash = library->hash;
  const bool left = library->dynamic->close();
  if (left) paths.erase(library->path);
  std::lock_guard lock(mutex);
  const auto slot = slots.find(hash);
  if (slot != slots.end() && slot->second.flight == nullptr) slots.erase(slot);
  stuck.erase(hash);
  try {
    Event event{left ? EventKind::kUnload : EventKind::kStaysResident, library->facts.clazz.name,
                hash.hex(), library->path, left ? "" : library->cause_of_stay()};
    if (!left) stuck.emplace(hash, StuckLibrary{std::move(library), event.message});
    events.push_back(std::move(event));
    sweep_stuck(events);
  } catch (const std::bad_alloc&) {
    // It is done, and cannot be told for want of memory.
  }
}

Event Loader::Impl::late_unload(const Library::Impl& library) {
  return {EventKind::kUnload, library.facts.clazz.name, library.hash.hex(), library.path,
          "left with a later unload"};
}

// dlclose of one library also ends those that could not leave before. REQUIRES: both locks.
void Loader::Impl::sweep_stuck(std::vector<Event>& events) {
  for (auto it = stuck.begin(); it != stuck.end();) {
    if (slots.contains(it->first) || it->second.library->dynamic->still_mapped()) {
      ++it;
      continue;
    }
    paths.erase(it->second.library->path);
    events.push_back(late_unload(*it->second.library));
    it = stuck.erase(it);
  }
}

void Loader::Impl::tell(const std::vector<Event>& events) noexcept {
  std::shared_ptr<const Observer> to;
  {
    std::lock_guard lock(mutex);
    to = observer;
  }
  if (to == nullptr) return;
  for (const Event& event : events) notify(*to, event);
}

Loader::Loader() : impl_(std::make_unique<Impl>()) {}

Loader& Loader::process() {
  static Loader& loader = *new Loader;
  return loader;
}

// The library of a slot that there is; waits for one that comes or goes. nullptr: there is no slot
// now, and the caller is to fill it. `flight` outlives the lock, since a library may die with it.
std::shared_ptr<const Library> Loader::Impl::find_or_wait(const Hash& hash,
                                                          std::unique_lock<std::mutex>& lock,
                                                          std::shared_ptr<Flight>& flight) {
  for (;;) {
    const auto found = slots.find(hash);
    if (found == slots.end()) return nullptr;
    if (auto library = found->second.library.lock()) return library;
    if (found->second.flight == nullptr) {  // leaving
      changed.wait(lock);
      continue;
    }
    flight = found->second.flight;
    changed.wait(lock, [&flight] { return flight->done; });
    if (flight->library != nullptr) return flight->library;
    if (flight->error) {
      throw Error(flight->error->code(), flight->error->what(),
                  {flight->error->class_name(), flight->error->hash(), flight->error->key()});
    }
  }
}

std::shared_ptr<const Library> Loader::load(const Binary& binary, const std::string& file) {
  const Hash hash = binary.hash();
  std::shared_ptr<Impl::Flight> flight;
  std::unique_lock lock(impl_->mutex);
  if (auto library = impl_->find_or_wait(hash, lock, flight)) return library;

  flight = std::make_shared<Impl::Flight>();
  impl_->slots[hash].flight = flight;
  lock.unlock();
  std::exception_ptr failure;
  std::shared_ptr<const Library> library;
  try {
    library = impl_->map(binary, file);
  } catch (...) {
    failure = std::current_exception();
    flight->fail(hash);
  }
  lock.lock();
  flight->done = true;
  flight->library = library;
  if (library == nullptr) {
    impl_->slots.erase(hash);
  } else {
    Impl::Slot& slot = impl_->slots[hash];
    slot.flight = nullptr;
    slot.library = library;
    if (impl_->policy == UnloadPolicy::kKeepResident) slot.resident = library;
  }
  impl_->changed.notify_all();
  lock.unlock();
  if (failure != nullptr) std::rethrow_exception(failure);
  return library;
}

std::shared_ptr<const Library> Loader::find(const Hash& hash) const {
  std::lock_guard lock(impl_->mutex);
  const auto found = impl_->slots.find(hash);
  return found == impl_->slots.end() ? nullptr : found->second.library.lock();
}

void Loader::set_policy(UnloadPolicy policy) {
  std::vector<std::shared_ptr<const Library>> released;  // die after the lock
  std::lock_guard lock(impl_->mutex);
  impl_->policy = policy;
  for (auto& [hash, slot] : impl_->slots) {
    if (policy == UnloadPolicy::kKeepResident) {
      slot.resident = slot.library.lock();
    } else if (slot.resident != nullptr) {
      released.push_back(std::move(slot.resident));
    }
  }
}

UnloadPolicy Loader::policy() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->policy;
}

void Loader::observe(Observer observer) {
  auto shared = std::make_shared<const Observer>(std::move(observer));
  std::lock_guard lock(impl_->mutex);
  impl_->observer.swap(shared);
}

std::size_t Loader::loaded_count() const {
  std::lock_guard lock(impl_->mutex);
  std::size_t count = 0;
  for (const auto& [hash, slot] : impl_->slots) count += slot.library.expired() ? 0 : 1;
  return count;
}

std::vector<Loader::Stuck> Loader::stuck() const {
  std::lock_guard lock(impl_->mutex);
  std::vector<Stuck> all;
  for (const auto& [hash, stays] : impl_->stuck) {
    all.push_back({hash, stays.library->facts.clazz.name, stays.cause});
  }
  return all;
}

}  // namespace pet
