// Spec -> Model.
#pragma once
#include "motorium/physics/model.h"
#include "motorium/physics/spec/spec.h"

namespace motorium {

// Checks meaning and references, computes masses, frames, derived constants, collision pairs and
// kernel tables, and validates the result. Throws UnsupportedModel or Error with all problems
// found.
Model compile(const Spec& spec);

}  // namespace motorium
