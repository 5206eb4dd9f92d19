// What kernels_cuda.cu and kernels_cuda_forward.cu share: persistent tiles over worlds.
#pragma once
#include "motorium/core/team.h"
#include "motorium/physics/kernels_cuda.h"

namespace motorium {

constexpr int kThreads = LaunchShape{}.threads;

// tile t works on worlds t, t + tiles, ...
template <int L, class F> __device__ __forceinline__ void each_world(const DeviceCall& call, F f) {
  const int tile = static_cast<int>(blockIdx.x * (kThreads / L) + threadIdx.x / L);
  const int tiles = static_cast<int>(gridDim.x * (kThreads / L));
  PackArgs<float> mine = call.args;
  mine.scratch =
      static_cast<char*>(call.args.scratch) + static_cast<size_t>(tile) * call.scratch_stride;
  for (int i = tile; i < call.count; i += tiles) f(mine, call.worlds + i);
}

template <int L> int blocks_of(const DeviceCall& c) { return c.tiles / (kThreads / L); }

}  // namespace motorium
