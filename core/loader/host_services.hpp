// The tables that pet_host::query gives to plugins; one file for each service. (Inside core/loader
// only.)
//
// Every function of them is called from code of plugins: what throws inside is turned into a
// status.
#pragma once

#include <pet/abi.h>

namespace pet {

extern const pet_host_memory_v1 kHostMemory;        // host_memory.cpp
extern const pet_host_parallel_v1 kHostParallel;    // host_parallel.cpp
extern const pet_host_blobs_v1 kHostBlobs;          // host_blobs.cpp
extern const pet_host_instances_v1 kHostInstances;  // host_instances.cpp

// The host as the instance of `context`, a BasePlugin::Record, sees it.
pet_host host_table_for(void* context) noexcept;

}  // namespace pet
