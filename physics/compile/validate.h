// Parts of `validate`, by kind of data; private to the compiler.
#pragma once
#include "motorium/physics/model.h"

namespace motorium {

// meshes, their hulls, height fields
void validate_assets(const Model& m);
// needs valid joints, limits, tendons and actuators
void validate_sensors(const Model& m);
// laws, targets, and the blocks of controls, forces, activations and samples of every actuator
void validate_actuators(const Model& m);

}  // namespace motorium
