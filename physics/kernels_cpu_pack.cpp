// Physics for a pack of worlds: 16 with AVX-512, 8 with AVX2.
#include "motorium/physics/kernels_table.h"

#if defined(MOTORIUM_DOUBLE_ONLY)
// an empty table: Batch says that this build has none
#if defined(__AVX512F__)
extern "C" __attribute__((visibility("default"))) const motorium::PhysicsKernels<float>
    motorium_physics_v4_pack = {};
#else
extern "C" __attribute__((visibility("default"))) const motorium::PhysicsKernels<float>
    motorium_physics_v3_pack = {};
#endif
#elif defined(__AVX512F__)
extern "C" __attribute__((visibility("default"))) const motorium::PhysicsKernels<float>
    motorium_physics_v4_pack = motorium::physics_kernels<motorium::Pack<16>>();
#else
extern "C" __attribute__((visibility("default"))) const motorium::PhysicsKernels<float>
    motorium_physics_v3_pack = motorium::physics_kernels<motorium::Pack<8>>();
#endif
