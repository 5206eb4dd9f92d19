// Scenes with attached models, as one file says them.
#pragma once
#include "motorium/physics/spec/spec.h"

namespace motorium {

// The scene without what only its own reader knows of attached models: keyframes give every number
// of the state, bodies from files with other compiler settings their masses. Compiles such scenes.
// Throws Error as `compile` does.
Spec as_one_file(const Spec& spec);

}  // namespace motorium
