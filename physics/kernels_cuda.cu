// Physics on CUDA: one tile of L lanes per world, all steps of a call in one launch. The same step
// as the CPU's, instantiated for Tile<L>. Scratch lives in one arena slice per resident tile.
// `forward` is in a file of its own: two kernels that share stages keep these out of each other's
// registers (2.4 kB of spills, measured).
#include "motorium/physics/kernels_cuda_worlds.h"
#include "motorium/physics/pack.h"

namespace motorium {
namespace {

template <int L>
__global__ void __launch_bounds__(kThreads)
    step_worlds(const __grid_constant__ DeviceCall call, int nstep, Refresh refresh) {
  each_world<L>(call, [&](const PackArgs<float>& args, const int* world) {
    step_pack<Tile<L>, float>(Tile<L>{}, args, world, 1, nstep, refresh);
  });
}

template <int L> CudaKernels kernels() {
  CudaKernels k;
  k.lanes = L;
  k.blocks_per_processor = [] {
    int blocks = 0;
    cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, step_worlds<L>, kThreads, 0);
    return blocks;
  };
  k.step = [](const DeviceCall& c, int nstep, Refresh refresh) {
    const cudaStream_t stream = static_cast<cudaStream_t>(c.stream);
    step_worlds<L><<<blocks_of<L>(c), kThreads, 0, stream>>>(c, nstep, refresh);
  };
  k.forward = cuda_forward<L>;
  return k;
}

}  // namespace

// each width costs ptxas minutes: developers build one, releases all
CudaKernelList cuda_kernels() {
  static const CudaKernels list[] = {
#if MOTORIUM_CUDA_LANES == 0 || MOTORIUM_CUDA_LANES == 8
    kernels<8>(),
#endif
#if MOTORIUM_CUDA_LANES == 0 || MOTORIUM_CUDA_LANES == 16
    kernels<16>(),
#endif
#if MOTORIUM_CUDA_LANES == 0 || MOTORIUM_CUDA_LANES == 32
    kernels<32>(),
#endif
  };
  return {list, sizeof list / sizeof list[0]};
}

size_t cuda_scratch_bytes(const ModelData<float>& d) { return pack_bytes<float>(d); }

}  // namespace motorium
