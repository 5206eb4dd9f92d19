// Physics on CUDA: one tile of L lanes per world, all steps of a call in one launch. The same step
// as the CPU's, instantiated for Tile<L>. Scratch lives in one arena slice per resident tile.
#include "motorium/core/team.h"
#include "motorium/physics/kernels_cuda.h"
#include "motorium/physics/pack.h"

namespace motorium {
namespace {

constexpr int kThreads = 128;

// persistent tiles: tile t works on worlds t, t + tiles, ...
template <int L>
__global__ void __launch_bounds__(kThreads)
    step_worlds(const __grid_constant__ PackArgs<float> args, const int* worlds, int count,
                int nstep, Refresh refresh, char* scratch, size_t scratch_stride) {
  const int tile = static_cast<int>(blockIdx.x * (kThreads / L) + threadIdx.x / L);
  const int tiles = static_cast<int>(gridDim.x * (kThreads / L));
  PackArgs<float> mine = args;
  mine.scratch = scratch + static_cast<size_t>(tile) * scratch_stride;
  for (int i = tile; i < count; i += tiles)
    step_pack<Tile<L>, float>(Tile<L>{}, mine, worlds + i, 1, nstep, refresh);
}

template <int L> int launch(const CudaStep& c) {
  const int blocks = c.tiles / (kThreads / L);
  step_worlds<L><<<blocks, kThreads, 0, static_cast<cudaStream_t>(c.stream)>>>(
      c.args, c.worlds, c.count, c.nstep, c.refresh, static_cast<char*>(c.scratch),
      c.scratch_stride);
  return static_cast<int>(cudaGetLastError());
}

}  // namespace

// each width costs ptxas minutes: developers build one, releases all
int cuda_step(int lanes, const CudaStep& c) {
#if MOTORIUM_CUDA_LANES == 0 || MOTORIUM_CUDA_LANES == 8
  if (lanes == 8) return launch<8>(c);
#endif
#if MOTORIUM_CUDA_LANES == 0 || MOTORIUM_CUDA_LANES == 16
  if (lanes == 16) return launch<16>(c);
#endif
#if MOTORIUM_CUDA_LANES == 0 || MOTORIUM_CUDA_LANES == 32
  if (lanes == 32) return launch<32>(c);
#endif
  return static_cast<int>(cudaErrorNoKernelImageForDevice);
}

size_t cuda_scratch_bytes(const ModelData<float>& d) { return pack_bytes<float>(d); }

}  // namespace motorium
