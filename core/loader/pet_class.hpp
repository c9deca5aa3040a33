// PetClass: the class object. A copyable handle on a class that this process can make instances of,
// from a binary or compiled in.
//
//   pet::PetClass knn = container.ppif["KnnFilter"];
//   pet::BasePlugin filter = knn.create({{"n_neighbors", 3}});
//
// Lifetime: the handle keeps its library mapped, and so does every instance.
// Threads:  a value; its const members may be called from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/artifact/facts.hpp"
#include "core/artifact/hash.hpp"
#include "core/loader/param_value.hpp"

struct pet_entry;

namespace pet {

class BasePlugin;
class Binary;
class PluginHost;
class Library;

class PetClass {
 public:
  // A class that is part of this program. `entry` has static lifetime. Throws kNotAPlugin when it
  // disagrees with its notes, kCorrupt when those are malformed.
  static PetClass compiled_in(const pet_entry& entry);
  // The class of a loaded library. `source` as in source() below; `binary` are the bytes that a
  // push stores.
  static PetClass from_library(std::shared_ptr<const Library> library,
                               std::shared_ptr<const Binary> binary, std::string source);

  const std::string& name() const noexcept;
  const std::optional<Hash>& hash() const noexcept;  // none when compiled in
  const std::string& kind() const noexcept;          // "filter", "metric", "pipeline"…
  const std::string& version() const noexcept;  // the author's, or the built-in's behaviour version
  const std::string& doc() const noexcept;
  const std::vector<ParameterFacts>& parameters() const noexcept;
  const ClassFacts& facts() const noexcept;

  // has("fit"), has("state"), has("predict")…, or an interface id as in pet/abi.h. has("clusters"):
  // the integers that it predicts are clusters, not labels.
  bool has(std::string_view ability) const noexcept;

  // Where it came from: "cache", "built in", or a storage's or file's URL.
  const std::string& source() const noexcept;

  // The bytes that it was loaded from, of a class that was bound or assigned from a file, which push
  // stores; nullptr when compiled in, and when pulled: those bytes are in cache and storage.
  const std::shared_ptr<const Binary>& binary() const noexcept;

  // A new instance. Defaults are filled in. Throws kBadParams naming the class, the parameter and,
  // for an unknown one, the near miss; kPluginError when the constructor failed.
  BasePlugin create(ParamObject params = {}) const;
  BasePlugin create(ParamObject params, std::shared_ptr<PluginHost> host) const;

  // Equal exactly when name and hash are equal; compiled in: the same registration.
  friend bool operator==(const PetClass&, const PetClass&) noexcept;

  struct Record;
  const Record& record() const noexcept { return *record_; }

 private:
  explicit PetClass(std::shared_ptr<const Record> record) : record_(std::move(record)) {}
  std::shared_ptr<const Record> record_;
};

}  // namespace pet
