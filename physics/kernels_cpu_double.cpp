// Physics in double, one world at a time: the reference that is compared with MuJoCo.
#include "motorium/physics/kernels_table.h"

#if !defined(__AVX512F__)
extern "C" __attribute__((visibility("default"))) const motorium::PhysicsKernels<double>
    motorium_physics_v3_double = motorium::physics_kernels<double>();
#endif
