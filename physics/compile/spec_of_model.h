// A compiled model as a scene again, with the numbers that it has now.
#pragma once
#include "motorium/physics/model.h"
#include "motorium/physics/spec/spec.h"

namespace motorium {

// The scene of m.source, bodies as they were compiled, every number from the model: compiling it
// gives the model back. Throws Error where the model keeps no scene, and naming the first number
// that MJCF has no words for (per-dof numbers within a joint, references of ball joints, ...).
Spec spec_of(const Model& m);

}  // namespace motorium
