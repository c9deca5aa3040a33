// BadInput: what a class throws that refuses the data of a call: their shape, type or content. Who only
// wants to know that the call failed catches Error; a service tells its clients' mistakes by it.
#pragma once

#include <string>
#include <utility>

#include "storage/error.hpp"

namespace pet {

class BadInput : public Error {
 public:
  BadInput(const std::string& message, Subject subject)
      : Error(ErrorCode::kPluginError, message, std::move(subject)) {}
};

}  // namespace pet
