#include "core/loader/interface_tables.hpp"

#include <cstddef>

namespace pet {
namespace {

template <class Table>
const Table* find(const pet_entry& entry, const char* id) {
  const auto* table = static_cast<const Table*>(entry.query(id));
  return table != nullptr && table->size >= 2 * sizeof(std::uint32_t) ? table : nullptr;
}

template <class Table, class Slot>
Slot slot(const Table* table, Slot Table::*member) {
  if (table == nullptr) return nullptr;
  const auto* begin = reinterpret_cast<const char*>(table);
  const auto* end = reinterpret_cast<const char*>(&(table->*member)) + sizeof(Slot);
  return end <= begin + table->size ? table->*member : nullptr;
}

}  // namespace

InterfaceTables InterfaceTables::of(const pet_entry& entry) {
  InterfaceTables tables;
  const auto* filter = find<pet_filter_v1>(entry, PET_FILTER_1);
  tables.predict = slot(filter, &pet_filter_v1::predict);
  tables.fit = slot(filter, &pet_filter_v1::fit);
  const auto* metric = find<pet_metric_v1>(entry, PET_METRIC_1);
  tables.measure = slot(metric, &pet_metric_v1::measure);
  tables.higher_better = metric != nullptr && metric->higher_better != 0;
  tables.evaluate = slot(find<pet_pipeline_v1>(entry, PET_PIPELINE_1), &pet_pipeline_v1::evaluate);
  tables.split = slot(find<pet_splitter_v1>(entry, PET_SPLITTER_1), &pet_splitter_v1::split);
  tables.optimize =
      slot(find<pet_optimizer_v1>(entry, PET_OPTIMIZER_1), &pet_optimizer_v1::optimize);
  const auto* state = find<pet_state_v1>(entry, PET_STATE_1);
  tables.save_state = slot(state, &pet_state_v1::save);
  tables.load_state = slot(state, &pet_state_v1::load);
  tables.state_schema = state != nullptr ? state->schema : 0;
  tables.set = slot(find<pet_params_v1>(entry, PET_PARAMS_1), &pet_params_v1::set);
  tables.clusters = find<pet_clusters_v1>(entry, PET_CLUSTERS_1) != nullptr;
  return tables;
}

}  // namespace pet
