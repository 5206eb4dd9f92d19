// Tasks for a pack of worlds: 16 with AVX-512, 8 with AVX2, and single worlds.
#include "motorium/robots/tasks/kernels.h"
#include "motorium/robots/tasks/stages.h"

#if defined(__AVX512F__)
extern "C" __attribute__((visibility("default")))
const motorium::TaskKernels motorium_tasks_v4_pack = motorium::task_kernels<motorium::Pack<16>>();
#else
extern "C" __attribute__((visibility("default")))
const motorium::TaskKernels motorium_tasks_v3_pack = motorium::task_kernels<motorium::Pack<8>>();
extern "C" __attribute__((visibility("default")))
const motorium::TaskKernels motorium_tasks_v3_float = motorium::task_kernels<float>();
#endif
