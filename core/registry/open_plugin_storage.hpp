// open_plugin_storage: open_storage for a registry's layout, so that the text after --storage may
// also be a chain: storage does not know which objects never change and how a wrong copy shows.
//
//   auto storage = pet::open_plugin_storage("chain:https://mirror/pets|file:///srv/pets", observer);
//
// Of a chain, binaries and fitted states come from any member whose bytes have the hash in the
// key, and facts from any that has them as a document about that hash. A member that is passed over
// for another reason than having no copy is reported as kPassedOver.
//
// Threads, throws: as open_storage.
#pragma once

#include <memory>
#include <string_view>

#include "core/observer.hpp"
#include "storage/base_storage.hpp"

namespace pet {

std::unique_ptr<BaseStorage> open_plugin_storage(std::string_view url, Observer observer = {});

}  // namespace pet
