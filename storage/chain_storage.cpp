#include "storage/chain_storage.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "storage/ascii.hpp"
#include "storage/error.hpp"
#include "storage/key.hpp"

namespace pet {
namespace {

using Clock = std::chrono::steady_clock;

// The next steps below what an error says.
std::string further_lines(std::string_view text) {
  return std::string(text.substr(std::min(text.find('\n'), text.size())));
}

// Passes an object on while it is checked, and tells a sink that fails from a storage that does.
class CheckedSink final : public ByteSink {
 public:
  CheckedSink(ByteSink& sink, ContentCheck& check, std::function<void()> begun)
      : sink_(sink), check_(check), begun_(std::move(begun)) {}

  void begin(std::optional<std::uint64_t> size) override {
    begun_();
    check_.begin(size);
    pass_on([&] { sink_.begin(size); });
  }
  void write(std::string_view piece) override {
    check_.write(piece);
    pass_on([&] { sink_.write(piece); });
  }
  std::span<char> room(std::size_t most) noexcept override { return sink_.room(most); }

  bool has_failed() const noexcept { return has_failed_; }

 private:
  template <class Call>
  void pass_on(const Call& call) {
    has_failed_ = true;  // unless it returns
    call();
    has_failed_ = false;
  }

  ByteSink& sink_;
  ContentCheck& check_;
  const std::function<void()> begun_;
  bool has_failed_ = false;
};

}  // namespace

// What a thread does about a member with which another one makes contact.
enum class ChainStorage::Contact {
  kOne,   // waits for a moment, and then goes on without it
  kEach,  // asks too
};

// Whether a member may be asked. One that has not answered yet, or not since it was unreachable, may
// keep whoever asks it waiting for a timeout: that is for one thread to find out.
class ChainStorage::Member {
 public:
  Member(std::shared_ptr<BaseStorage> of, std::chrono::milliseconds contact)
      : storage(std::move(of)), contact_wait_(contact) {}

  const std::shared_ptr<BaseStorage> storage;

  struct Turn {
    bool asks = false;    // now: what came of it has to be said to answered() or unreachable()
    std::string resting;  // why it is not asked; empty, too, while another thread makes contact
  };

  Turn turn(Contact contact) {
    std::unique_lock lock(mutex_);
    if (contact == Contact::kOne && contact_since_) {
      changed_.wait_until(lock, *contact_since_ + contact_wait_, [&] { return !contact_since_; });
    }
    if (Clock::now() < rests_until_) return {false, rests_because_};
    if (answers_) return {true, {}};
    if (contact == Contact::kOne && contact_since_) return {};
    if (!contact_since_) contact_since_ = Clock::now();
    return {true, {}};
  }

  void answered() {
    const std::lock_guard lock(mutex_);
    end_contact(true);
  }

  void unreachable(std::chrono::milliseconds rest, std::string why) {
    const std::lock_guard lock(mutex_);
    rests_until_ = Clock::now() + rest;
    rests_because_ = std::move(why);
    end_contact(false);
  }

 private:
  void end_contact(bool answers) {
    answers_ = answers;
    contact_since_.reset();
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool answers_ = false;  // it did, the last time
  const std::chrono::milliseconds contact_wait_;
  std::optional<Clock::time_point> contact_since_;
  Clock::time_point rests_until_;
  std::string rests_because_;
};

struct ChainStorage::Question {
  std::string_view key;
  ByteSink& sink;
  std::uint64_t max_size;

  Error::Subject subject() const { return {.class_name = {}, .hash = {}, .key = std::string(key)}; }
};

// One member's: the sink has the bytes, or an error, or neither: absent.
struct ChainStorage::Answer {
  bool is_here = false;
  std::optional<Error> error = {};
};

ChainStorage::ChainStorage(std::vector<std::shared_ptr<BaseStorage>> members, ChainOptions options)
    : options_(std::move(options)) {
  if (members.size() < 2) {
    throw Error(ErrorCode::kUsage,
                "a chain has " + std::to_string(members.size()) +
                    " storages, at least two were expected: give those to be asked in order, the "
                    "authority last");
  }
  if (!options_.layout.is_immutable || !options_.layout.check_of) {
    throw Error(ErrorCode::kUsage,
                "a chain does not know which objects never change: open it with "
                "open_plugin_storage (core/registry/open_plugin_storage.hpp), or give it a layout");
  }
  for (std::shared_ptr<BaseStorage>& member : members) {
    if (member == nullptr) throw Error(ErrorCode::kUsage, "a storage of a chain is null");
    members_.push_back(std::make_unique<Member>(std::move(member), options_.contact));
  }
}

ChainStorage::~ChainStorage() = default;

BaseStorage& ChainStorage::authority() const { return *members_.back()->storage; }

void ChainStorage::ensure_exists() { authority().ensure_exists(); }

void ChainStorage::watch_transfers(TransferWatch watch) {
  for (const auto& member : members_) member->storage->watch_transfers(watch);
}

std::string ChainStorage::local_directory(std::string_view folder) const {
  return authority().local_directory(folder);
}

std::string ChainStorage::describe() const {
  std::string text = "chain:";
  for (const auto& member : members_) {
    if (member != members_.front()) text += "|";
    text += member->storage->describe();
  }
  return text;
}

Capabilities ChainStorage::capabilities() const {
  Capabilities able = authority().capabilities();
  for (const auto& member : members_) able.remote |= member->storage->capabilities().remote;
  return able;
}

// --- what never changes: from any member ---

void ChainStorage::report(const Member& member, std::string_view key,
                          const std::string& reason) const {
  // After the authority nobody is asked: its failure is thrown.
  if (options_.report && &member != members_.back().get()) {
    options_.report({member.storage->describe(), std::string(key), reason});
  }
}

ChainStorage::Answer ChainStorage::ask(Member& member, const Question& question) const {
  const std::unique_ptr<ContentCheck> check = options_.layout.check_of(question.key);
  // From its first byte on nobody waits for contact: the rest of a large object may take long.
  CheckedSink sink(question.sink, *check, [&] { member.answered(); });
  try {
    if (!member.storage->read(question.key, sink, question.max_size)) return {};
    const std::string fault = check->fault();
    if (fault.empty()) return {.is_here = true};
    report(member, question.key, fault);
    return {.error = Error(ErrorCode::kCorrupt, fault, question.subject())};
  } catch (const Error& error) {
    if (sink.has_failed()) throw;
    report(member, question.key, error.what());
    return {.error = error};
  }
}

std::optional<ChainStorage::Answer> ChainStorage::ask_mirror(Member& mirror,
                                                             const Question& question,
                                                             Contact contact) const {
  const Member::Turn turn = mirror.turn(contact);
  if (!turn.resting.empty()) {
    return Answer{.error = Error(ErrorCode::kStorageUnreachable,
                                 "not asked again so soon: " + turn.resting, question.subject())};
  }
  if (!turn.asks) return std::nullopt;
  try {
    Answer answer = ask(mirror, question);
    if (answer.error && answer.error->code() == ErrorCode::kStorageUnreachable) {
      mirror.unreachable(options_.rest, answer.error->what());
    } else {
      mirror.answered();
    }
    return answer;
  } catch (...) {  // nobody may wait for this thread's contact any more
    mirror.answered();
    throw;
  }
}

bool ChainStorage::do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const {
  if (!options_.layout.is_immutable(key)) return authority().read(key, sink, max_size);
  const Question question{key, sink, max_size};
  const std::size_t last = members_.size() - 1;
  std::vector<std::optional<Answer>> answers(members_.size());
  for (std::size_t i = 0; i <= last; ++i) {
    answers[i] =
        i == last ? ask(*members_[i], question) : ask_mirror(*members_[i], question, Contact::kOne);
    if (answers[i] && answers[i]->is_here) return true;
  }
  for (std::size_t i = 0; i < last; ++i) {  // nothing else is left
    if (answers[i]) continue;
    answers[i] = ask_mirror(*members_[i], question, Contact::kEach);
    if (answers[i]->is_here) return true;
  }
  if (!answers[last]->error) return false;
  throw_unavailable(key, answers);
}

void ChainStorage::throw_unavailable(std::string_view key,
                                     const std::vector<std::optional<Answer>>& answers) const {
  std::string said;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const std::optional<Error>& error = answers[i]->error;
    said += (i == 0 ? "" : "; ") + members_[i]->storage->describe() +
            (i + 1 == members_.size() ? " (the authority): " : ": ") +
            (error ? first_line(error->what()) : "does not have it");
  }
  const Error& authority = *answers.back()->error;
  const bool damaged = authority.code() == ErrorCode::kCorrupt;
  throw Error(authority.code(),
              pet::quoted(key) + " cannot be had from any storage of a chain: " + said +
                  (damaged ? ": restore it in the authority from a copy, or remove it there and "
                             "push or save it again"
                           : "") +
                  further_lines(authority.what()),
              {.class_name = {}, .hash = {}, .key = std::string(key)});
}

// --- everything else: the authority ---

std::optional<std::string> ChainStorage::do_get_range(std::string_view key, std::uint64_t offset,
                                                      std::uint64_t length) const {
  return authority().get_range(key, offset, length);
}

void ChainStorage::do_put(std::string_view key, std::string_view bytes) {
  authority().put(key, bytes);
}

bool ChainStorage::do_put_if_absent(std::string_view key, std::string_view bytes) {
  return authority().put_if_absent(key, bytes);
}

std::vector<PutOutcome> ChainStorage::do_put_many(std::span<const PutItem> items) {
  return authority().put_many(items);
}

std::optional<ObjectInfo> ChainStorage::do_head(std::string_view key) const {
  return authority().head(key);
}

std::vector<std::string> ChainStorage::do_list(std::string_view prefix,
                                               std::string_view start_after,
                                               std::size_t limit) const {
  return authority().list(prefix, start_after, limit);
}

std::vector<ListedObject> ChainStorage::do_list_objects(std::string_view prefix,
                                                        std::string_view start_after,
                                                        std::size_t limit) const {
  return authority().list_objects(prefix, start_after, limit);
}

bool ChainStorage::do_remove(std::string_view key) { return authority().remove(key); }

}  // namespace pet
