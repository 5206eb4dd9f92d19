// Launching the step on CUDA. Compiled wherever nvcc is; running it needs a device.
#pragma once
#include <cstddef>

#include "motorium/physics/entry.h"

namespace motorium {

// every pointer, also those inside args and its model, is device memory
struct CudaStep {
  PackArgs<float> args;         // args.scratch is ignored
  const int* worlds = nullptr;  // ids of the worlds to step
  int count = 0;
  int nstep = 1;
  Refresh refresh = Refresh::none;
  void* scratch = nullptr;    // tiles * scratch_stride bytes
  size_t scratch_stride = 0;  // cuda_scratch_bytes, a multiple of 64
  int tiles = 0;              // resident tiles, a multiple of 128 / lanes
  void* stream = nullptr;     // cudaStream_t
};

// launches with 8, 16 or 32 lanes per world (those that MOTORIUM_CUDA_LANES compiled); returns the
// CUDA error code, 0: launched
int cuda_step(int lanes, const CudaStep& step);
size_t cuda_scratch_bytes(const ModelData<float>& model);

}  // namespace motorium
