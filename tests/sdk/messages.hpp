// How the SDK's tests look at failures.
#pragma once

#include <string>

#include "pet/failure.hpp"

// Status and text of the Failure that `body` throws; PET_OK and nothing when it throws none.
struct Thrown {
  pet_status status = PET_OK;
  std::string text;
};

template <class Body>
Thrown thrown_by(Body&& body) {
  try {
    body();
  } catch (const pet::Failure& failure) {
    return {failure.status(), failure.what()};
  }
  return {};
}
