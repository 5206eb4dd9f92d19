// Physics in float, one world at a time: batches of fewer than half a pack.
#include "motorium/physics/kernels_table.h"

#if !defined(__AVX512F__)
extern "C" __attribute__((visibility("default"))) const motorium::PhysicsKernels<float>
#if defined(MOTORIUM_DOUBLE_ONLY)
    motorium_physics_v3_float = {};
#else
    motorium_physics_v3_float = motorium::physics_kernels<float>();
#endif
#endif
