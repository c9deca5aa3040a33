// status_json: what the status page shows, as a document of its own, at /status.json.
//
//   {"service": {"version", "storage", "started_ms", "now_ms", "ready", "draining", "in_flight",
//                "connections", "libraries", "resident_bytes"},
//    "models": [{
//      "name", "config", "ready",
//      "state": "ready" | "loading" | "unloaded",
//      "problem": TEXT,                          what the last poll or candidate failed with; ""
//      "version": null | {"number", "id", "since_ms", "calls", "failures",
//                         "classes": [{"name", "hash": HEX|null, "builtin", "number", "time"}]},
//      "candidate": null | {"version", "state", "text"},
//      "draining": [{"version", "calls", "since_ms"}],
//      "moves": [{"time_ms", "kind": "swap"|"rollback"|"rejection", "version", "text",
//                 "before": LATENCY, "after": LATENCY}],   the last ten, the latest last; before and after
//                                                          are the 30 s around it, up to the next move
//      "rejections": [{"class", "hash", "reason", "time", "pipeline"}],  the durable ones that concern it
//      "requests": {"total", "failed", "recent": LATENCY, "seconds": [LATENCY with "failed"]}}]}
//
// LATENCY is {"calls", "p50_us", "p99_us"}; "seconds" has one for each of the last sixty. Times are in
// milliseconds since 1970. Texts come from plugins and storages: who shows them shows them as texts.
//
// Threads: any.
#pragma once

#include <string>

namespace pet::tools {

class Service;

std::string status_json(const Service& service);

}  // namespace pet::tools
