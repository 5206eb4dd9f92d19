// A compiled model as text, for comparison and for people.
#pragma once
#include <string>

#include "motorium/physics/model.h"

namespace motorium {

// One JSON object: sizes, options, names, report, and every array as flat list; numbers read back
// exactly.
std::string model_to_json(const Model& m);

}  // namespace motorium
