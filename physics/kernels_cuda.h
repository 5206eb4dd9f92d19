// The kernels of one tile width on CUDA, and how they are launched. kernels_cuda.cu instantiates
// them; device_physics_cuda.cu hands them out.
#pragma once
#include "motorium/physics/device_physics.h"

namespace motorium {

struct LaunchShape {
  int threads = 128;  // of a block: four warps hide each other's latency, one scheduler each
  int lanes = 16;     // of a tile
  int tiles_of_block() const { return threads / lanes; }
};

struct CudaKernels {
  int lanes = 0;
  size_t (*scratch_bytes)(const ModelData<float>& model) = nullptr;  // of a tile
  int (*blocks_per_processor)() = nullptr;
  int (*chip_bytes)(int device) = nullptr;  // of a tile, so that no fewer blocks are resident
  void (*allow_chip)(int bytes) = nullptr;  // before the first launch with so much
  void (*step)(const DeviceCall& call, int nstep) = nullptr;
  void (*forward)(const DeviceCall& call, Refresh upto) = nullptr;
  // of models with searches; null in kernels of plain models
  void (*queue)(const DeviceCall& call) = nullptr;
  void (*search)(const DeviceCall& call) = nullptr;
};

// tiles of L lanes: for all models, and for plain ones (plain_model.h)
template <int L> CudaKernels cuda_kernels();
template <int L> CudaKernels cuda_kernels_of_plain_models();

}  // namespace motorium
