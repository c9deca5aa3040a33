// The functions of a class, looked up once when its binary is loaded. (Inside core/loader only.)
//
// A slot that lies beyond its table's size came with a newer minor version than the plugin was
// built against: it is absent, as one that the plugin set to NULL.
#pragma once

#include <pet/abi.h>

#include <cstdint>

namespace pet {

struct InterfaceTables {
  decltype(pet_filter_v1::predict) predict = nullptr;
  decltype(pet_filter_v1::fit) fit = nullptr;
  decltype(pet_metric_v1::measure) measure = nullptr;
  bool higher_better = false;
  decltype(pet_pipeline_v1::evaluate) evaluate = nullptr;
  decltype(pet_splitter_v1::split) split = nullptr;
  decltype(pet_optimizer_v1::optimize) optimize = nullptr;
  decltype(pet_state_v1::save) save_state = nullptr;
  decltype(pet_state_v1::load) load_state = nullptr;
  std::uint32_t state_schema = 0;
  decltype(pet_params_v1::set) set = nullptr;
  bool clusters = false;

  // Calls entry.query, which is code of the plugin.
  static InterfaceTables of(const pet_entry& entry);
};

}  // namespace pet
