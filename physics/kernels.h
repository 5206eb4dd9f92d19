// The tables of entries that each instruction set exports.
#pragma once
#include "motorium/physics/entry.h"

extern "C" {
// one world at a time: float for small batches, double as the reference (x86-64-v3)
extern const motorium::PhysicsKernels<float> motorium_physics_v3_float;
extern const motorium::PhysicsKernels<double> motorium_physics_v3_double;
// packs of 8 and of 16 worlds
extern const motorium::PhysicsKernels<float> motorium_physics_v3_pack;
extern const motorium::PhysicsKernels<float> motorium_physics_v4_pack;
}
