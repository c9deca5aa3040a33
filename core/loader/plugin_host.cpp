#include "core/loader/plugin_host.hpp"

#include <cstring>
#include <utility>

#include "core/loader/host_services.hpp"
#include "core/loader/instance_record.hpp"
#include "core/loader/thread_pool.hpp"

namespace pet {
namespace {

std::string_view level_name(std::int32_t level) noexcept {
  switch (level) {
    case PET_LOG_DEBUG:
      return "debug";
    case PET_LOG_INFO:
      return "info";
    case PET_LOG_WARNING:
      return "warning";
    default:
      return "error";
  }
}

void write_log(const pet_host* host, std::int32_t level, pet_text message) noexcept {
  try {
    const BasePlugin::Record& record = BasePlugin::Record::of(host);
    const Observer& observer = record.host->options().observer;
    if (!observer) return;
    const PetClass::Record& clazz = record.class_record();
    std::string text(level_name(level));
    text += ": ";
    if (message.data != nullptr) text.append(message.data, static_cast<std::size_t>(message.size));
    notify(observer, {.kind = EventKind::kPluginLog,
                      .class_name = clazz.facts->name,
                      .hash = clazz.hash ? clazz.hash->hex() : "",
                      .source = "",
                      .message = std::move(text)});
  } catch (...) {
    // No memory for a message: the plugin's work goes on without it.
  }
}

std::int32_t cancel_requested(const pet_host* host) noexcept {
  return BasePlugin::Record::of(host).host->cancelled() ? 1 : 0;
}

constexpr pet_host_log_v1 kHostLog{sizeof(pet_host_log_v1), 0, write_log};
constexpr pet_host_cancel_v1 kHostCancel{sizeof(pet_host_cancel_v1), 0, cancel_requested};

const void* query_host(const pet_host* self, const char* id) noexcept {
  if (id == nullptr) return nullptr;
  if (std::strcmp(id, PET_HOST_MEMORY_1) == 0) return &kHostMemory;
  if (std::strcmp(id, PET_HOST_INSTANCES_1) == 0) return &kHostInstances;
  if (std::strcmp(id, PET_HOST_PARALLEL_1) == 0) return &kHostParallel;
  if (std::strcmp(id, PET_HOST_LOG_1) == 0) return &kHostLog;
  if (std::strcmp(id, PET_HOST_CANCEL_1) == 0) return &kHostCancel;
  if (std::strcmp(id, PET_HOST_BLOBS_1) == 0) {
    return BasePlugin::Record::of(self).host->options().blobs ? &kHostBlobs : nullptr;
  }
  return nullptr;
}

// Shared by all hosts that do not ask for a number of threads, and never destroyed: an instance
// with static lifetime may still compute while the process exits.
const std::shared_ptr<PluginHost::ThreadPool>& process_pool() {
  static const auto& pool = *new auto(std::make_shared<PluginHost::ThreadPool>(0));
  return pool;
}

}  // namespace

pet_host host_table_for(void* context) noexcept {
  return {sizeof(pet_host), PET_ABI_MAJOR, PET_ABI_MINOR, context, query_host};
}

PluginHost::PluginHost(HostOptions options)
    : options_(std::move(options)),
      pool_(options_.threads == 0 ? process_pool()
                                  : std::make_shared<ThreadPool>(options_.threads)) {}

PluginHost::~PluginHost() = default;

std::shared_ptr<PluginHost> PluginHost::make(HostOptions options) {
  return std::shared_ptr<PluginHost>(new PluginHost(std::move(options)));
}

std::shared_ptr<PluginHost> PluginHost::process() {
  static const auto& host = *new std::shared_ptr<PluginHost>(make({}));
  return host;
}

unsigned PluginHost::concurrency() const noexcept { return pool_->concurrency(); }

}  // namespace pet
