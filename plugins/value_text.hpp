// text_of: a value as text that two equal values share and two different ones do not.
//
// For content hashes and comparisons, not for people: numbers are exact, texts carry their length.
// Objects keep the order of their keys.
//
// Throws: pet::Failure(PET_UNSUPPORTED) for instances and classes, which are not values that
//         travel.
#pragma once

#include <pet/value.hpp>
#include <string>

namespace pet::plugins {

std::string text_of(const Value& value);
std::string text_of(const Object& object);

}  // namespace pet::plugins
