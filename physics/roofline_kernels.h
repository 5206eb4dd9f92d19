// The door to kernels_cpu_roofline.cpp.
#pragma once
#include "motorium/physics/entry.h"

namespace motorium {

struct RooflineKernels {
  // runs `rounds` rounds in registers, leaves their sum (16 floats) in `out`; returns the
  // operations
  double (*multiply_add)(int64_t rounds, float* out) = nullptr;
  // one step of one world, and the floating-point operations it took
  int64_t (*counted_step)(const PackArgs<float>& args, int world) = nullptr;
};

}  // namespace motorium

extern "C" {
extern const motorium::RooflineKernels motorium_physics_v3_roofline;
extern const motorium::RooflineKernels motorium_physics_v4_roofline;
}
