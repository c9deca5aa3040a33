// metrics: what Prometheus scrapes, in its text format 0.0.4.
//
//   pet_requests_total{model,code}           inference requests, by status
//   pet_request_duration_seconds{model}      a histogram of them, reading the JSON and writing it included
//   pet_model_ready{model}                   1, or 0
//   pet_model_version{model,version,id}      1: the version that is current, and its config's hash
//   pet_model_class{model,class,hash}        1: what it is made of; "built in" as hash when it is
//   pet_swaps_total{model}  pet_rollbacks_total{model}
//   pet_rejections_total{model,cause}        cause: fetch, gate, trial/PHASE, here, budget
//   pet_draining_calls{model}                calls that go on with a version that was replaced
//   pet_in_flight  pet_connections  pet_refused_total{reason}  pet_ready
//   pet_libraries_loaded  process_resident_memory_bytes  process_start_time_seconds
//
// Threads: any.
#pragma once

#include <string>

namespace pet::tools {

class Service;

std::string metrics_text(const Service& service);

}  // namespace pet::tools
