// pet::testing: try a class without a host.
//
//   #include <pet/testing.hpp>
//   #include "MyFilter.cpp"
//
//   auto filter = pet::testing::make<MyFilter>({{"factor", 3.0}});
//   pet::XYData y = filter.predict(pet::XYData::mock({1.0, 2.0}));        // 3 and 6
//
// Everything goes through the C tables that a real host would call, so that parameters, defaults,
// failures and state behave as they will. The host is a FakeHost: memory, log, threads, blobs and
// instances, in this process.
//
// An instance is a parameter of another by being put where a value stands; a class, by class_of:
//   auto chain = make<Chain>({{"filters", pet::Value::List{make<Scaler>(), filter}}});
//
// Lifetime: an Instance is a handle; the object dies with the last of them, parents before
//           children. The FakeHost outlives them all; the default one lives for ever.
// Threads:  as the class's methods. Throws: pet::Failure, as the class reported it.
//
// Include this header first: then several classes fit into one test, though each of them ends in
// PET_PLUGIN, which in a binary of its own exports the one entry.
#pragma once

#ifndef PET_STATIC_PLUGINS
#define PET_STATIC_PLUGINS  // an entry for each class, under a name of its own
#endif

#include <string>
#include <utility>
#include <vector>

#include "pet/plugin.hpp"
#include "pet/testing/fake_host.hpp"

namespace pet::testing {

// An instance of `T` with these parameters, defaults filled in from the notes.
template <class T>
Instance make(const Object& params = {}, FakeHost& host = FakeHost::shared()) {
  return Instance::create(host, entry_of<T>(), params);
}

// The same for an entry that stands in a binary, or is written in C.
inline Instance make(const pet_entry& entry, const Object& params = {},
                     FakeHost& host = FakeHost::shared()) {
  return Instance::create(host, entry, params);
}

// The class itself, as the value of a pet::ClassRef parameter.
template <class T>
Value class_of() {
  return class_value(entry_of<T>());
}

}  // namespace pet::testing
