// Spec -> Model.
#pragma once
#include <memory>

#include "motorium/physics/model.h"
#include "motorium/physics/spec/spec.h"

namespace motorium {

// Checks meaning and references, computes masses, frames, derived constants, collision pairs and
// kernel tables, and validates the result. Throws UnsupportedModel or Error with all problems
// found.
Model compile(const Spec& spec);

// The same, and the model keeps its scene, so that it can be written again.
std::shared_ptr<Model> compile_and_keep(Spec spec);

}  // namespace motorium
