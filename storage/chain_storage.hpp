// ChainStorage: several storages with one layout, asked in order: a mirror, a bucket, a directory.
//
// The last member is the authority: it alone says what there is. Logs, pointers, lists, heads and
// ranges are its answers, writes go to it alone, and while it is unreachable so is the chain, since
// another member's log may be older. Objects that never change are the others' use: any member's
// copy serves, in order, and one that has none, cannot be reached or has other bytes is passed over.
//
//   ChainStorage chain({open_storage("https://mirror/pets"), open_storage("file:///srv/pets")},
//                      {.layout = {is_immutable, check_of}, .report = warn});
//   chain.get("plugins/MyFilter/" + hash + ".so");    // from the mirror, if what it has is right
//   chain.get("plugins/MyFilter/latest.json");        // from /srv/pets
//
// Absence:  an object is absent when the authority says so and no other member has it. A mirror
//           without it while the authority is unreachable is kStorageUnreachable.
// Damage:   a copy is checked while it streams through. One with a fault is reported and passed over,
//           and the sink begins again with the next. Where every copy has one, kCorrupt names each.
// Ranges:   a part of an object cannot be told right from wrong, so get_range is the authority's
//           own object: also the way to examine what it has.
// Waiting:  a mirror that was unreachable is not asked for options.rest, so that of a hundred
//           objects not each waits for a timeout. One that has yet to answer, or to answer again,
//           is asked by one thread: others that need something else of it go on to the next member
//           after a second, and come back only if that has not got it. The authority is always
//           asked: it may be back.
// Threads:  as of every storage; `report` may be called from several at once.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base_storage.hpp"

namespace pet {

// Sees an object's bytes as they pass, and says at the end whether they are that object.
class ContentCheck : public ByteSink {
 public:
  // What shows that the bytes since begin() are not that object ("has sha256 3fa9…"); empty when
  // nothing does. Called once, at the end.
  virtual std::string fault() = 0;
};

// What the owner of the layout knows of its objects, and a storage does not.
struct ChainLayout {
  // Whether the object never changes once it is there.
  std::function<bool(std::string_view key)> is_immutable;
  // A check of one object's bytes; never null.
  std::function<std::unique_ptr<ContentCheck>(std::string_view key)> check_of;
};

// A member that had to be passed over for a reason that somebody should look into. (The authority
// never is: what is wrong with it is thrown.)
struct PassedOver {
  std::string member;  // its describe()
  std::string key;
  std::string reason;
};

struct ChainOptions {
  ChainLayout layout;
  std::function<void(const PassedOver&)> report = {};
  std::chrono::milliseconds rest = std::chrono::seconds(10);
  // So long others wait for the first answer of a member, which mostly comes much sooner.
  std::chrono::milliseconds contact = std::chrono::seconds(1);
};

class ChainStorage : public BaseStorage {
 public:
  // The last member is the authority. Throws kUsage for fewer than two members and for a layout
  // without its functions.
  ChainStorage(std::vector<std::shared_ptr<BaseStorage>> members, ChainOptions options);
  ~ChainStorage() override;

  void ensure_exists() override;                       // of the authority
  void watch_transfers(TransferWatch watch) override;  // of its members, who name themselves
  std::string describe() const override;  // "chain:https://mirror/pets|file:///srv/pets"
  std::string local_directory(std::string_view folder) const override;  // the authority's
  Capabilities capabilities() const override;  // the authority's; remote as any member

 protected:
  bool do_read(std::string_view key, ByteSink& sink, std::uint64_t max_size) const override;
  std::optional<std::string> do_get_range(std::string_view key, std::uint64_t offset,
                                          std::uint64_t length) const override;
  void do_put(std::string_view key, std::string_view bytes) override;
  bool do_put_if_absent(std::string_view key, std::string_view bytes) override;
  std::vector<PutOutcome> do_put_many(std::span<const PutItem> items) override;
  std::optional<ObjectInfo> do_head(std::string_view key) const override;
  std::vector<std::string> do_list(std::string_view prefix, std::string_view start_after,
                                   std::size_t limit) const override;
  std::vector<ListedObject> do_list_objects(std::string_view prefix, std::string_view start_after,
                                            std::size_t limit) const override;
  bool do_remove(std::string_view key) override;

 private:
  class Member;
  enum class Contact;
  struct Question;
  struct Answer;

  BaseStorage& authority() const;
  Answer ask(Member& member, const Question& question) const;
  // Nullopt: another thread makes contact with it.
  std::optional<Answer> ask_mirror(Member& mirror, const Question& question, Contact contact) const;
  [[noreturn]] void throw_unavailable(std::string_view key,
                                      const std::vector<std::optional<Answer>>& answers) const;
  void report(const Member& member, std::string_view key, const std::string& reason) const;

  std::vector<std::unique_ptr<Member>> members_;
  ChainOptions options_;
};

}  // namespace pet
