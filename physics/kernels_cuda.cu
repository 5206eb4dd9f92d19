// Physics on CUDA: one tile of L lanes per world, all steps of a call in one launch. The same step
// as the CPU's, instantiated for Tile<L>. Scratch lives in one arena slice per resident tile.
#include "motorium/core/team.h"
#include "motorium/physics/kernels_cuda.h"
#include "motorium/physics/pack.h"

namespace motorium {
namespace {

constexpr int kThreads = LaunchShape{}.threads;
constexpr int kBlocks = 4;  // at least, of a processor: 128 registers a thread

// the views of a block, on chip: that of the model for all tiles, state and scratch of each
template <int L> struct BlockViews {
  ModelView<float> m;
  State<float> s[kThreads / L];
  Scratch<float> x[kThreads / L];
};

// number by number, into the place: a whole view at once would pass through registers
__device__ __noinline__ void make_view(const ModelData<float>& d, ModelView<float>& m) {
  view_into(d, m);
}

// of models whose worlds override something, the view differs from tile to tile: at the end of the
// tile's slice
constexpr size_t kOwnView = (sizeof(ModelView<float>) + 63) & ~size_t{63};

// persistent tiles: tile t works on worlds t, t + tiles, ...
template <int L, class F> __device__ void each_world(const DeviceCall& call, F f) {
  __shared__ alignas(16) char memory[sizeof(BlockViews<L>)];
  BlockViews<L>& views = *reinterpret_cast<BlockViews<L>*>(memory);
  const int place = static_cast<int>(threadIdx.x) / L;
  const int tile = static_cast<int>(blockIdx.x) * (kThreads / L) + place;
  const int tiles = static_cast<int>(gridDim.x) * (kThreads / L);
  PackArgs<float> mine = call.args;
  mine.scratch =
      static_cast<char*>(call.args.scratch) + static_cast<size_t>(tile) * call.scratch_stride;

  const ModelData<float>& d = *mine.model;
  ModelView<float>* m = &views.m;
  if (d.any_worlds) {
    char* end = static_cast<char*>(mine.scratch) + call.scratch_stride;
    m = reinterpret_cast<ModelView<float>*>(end - kOwnView);
    Tile<L>{}.once([&] { make_view(d, *m); });
  } else {
    if (threadIdx.x == 0) make_view(d, *m);
    __syncthreads();
  }
  const Pack3<float> p = {*m, views.s[place], views.x[place]};
  for (int i = tile; i < call.count; i += tiles) f(p, mine, call.worlds + i);
}

template <int L>
__global__ void __launch_bounds__(kThreads, kBlocks)
    step_worlds(const __grid_constant__ DeviceCall call, int nstep, Refresh refresh) {
  each_world<L>(call, [&](const Pack3<float>& p, const PackArgs<float>& args, const int* world) {
    step_pack<Tile<L>, float>(Tile<L>{}, p, args, world, 1, nstep, refresh);
  });
}

template <int L>
__global__ void __launch_bounds__(kThreads, kBlocks)
    forward_worlds(const __grid_constant__ DeviceCall call, Refresh upto) {
  each_world<L>(call, [&](const Pack3<float>& p, const PackArgs<float>& args, const int* world) {
    forward_pack<Tile<L>, float>(Tile<L>{}, p, args, world, 1, upto);
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
    step_worlds<L><<<c.tiles / (kThreads / L), kThreads, 0, static_cast<cudaStream_t>(c.stream)>>>(
        c, nstep, refresh);
  };
  k.forward = [](const DeviceCall& c, Refresh upto) {
    forward_worlds<L>
        <<<c.tiles / (kThreads / L), kThreads, 0, static_cast<cudaStream_t>(c.stream)>>>(c, upto);
  };
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

size_t cuda_scratch_bytes(const ModelData<float>& d) { return pack_bytes<float>(d) + kOwnView; }

}  // namespace motorium
