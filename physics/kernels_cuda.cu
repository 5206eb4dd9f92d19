// Physics on CUDA: one tile of L lanes per world, all steps of a call in one launch; of models
// whose pairs need searches, three launches a step (search_queue.h). The same step as the CPU's,
// instantiated for Tile<L>. Scratch lives in one arena slice per resident tile.
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

extern __shared__ __align__(64) char chip[];  // of all tiles of a block

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
  mine.chip = call.chip_bytes ? chip + place * call.chip_bytes : nullptr;
  mine.chip_bytes = call.chip_bytes;

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
    queue_worlds(const __grid_constant__ DeviceCall call) {
  each_world<L>(call, [&](const Pack3<float>& p, const PackArgs<float>& args, const int* world) {
    queue_pack<Tile<L>, float>(Tile<L>{}, p, args, world);
  });
}

// a thread for each search that has memory
__global__ void __launch_bounds__(kThreads) search_places(const __grid_constant__ DeviceCall call) {
  __shared__ ModelView<float> m;
  if (threadIdx.x == 0) make_view(*call.args.model, m);
  __syncthreads();
  const int worker = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  const int workers = call.tiles * kConvexAtOnce;
  if (worker < workers)
    search_queue(m, *call.args.queue, worker, workers,
                 search_memory(call.args.scratch, call.scratch_stride, call.search_bytes, worker));
}

template <int L>
__global__ void __launch_bounds__(kThreads, kBlocks)
    step_worlds(const __grid_constant__ DeviceCall call, int nstep, Refresh refresh) {
  // the queue of this step is full, that of the next is empty
  if (call.args.queue && blockIdx.x == 0 && threadIdx.x < 2)
    call.args.queue->taken[threadIdx.x] = 0;
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

// how a kernel that works by tiles of L lanes is launched
template <int L, class... Args, class... Given>
void launch(void (*kernel)(const DeviceCall, Args...), const DeviceCall& c, Given... given) {
  constexpr int kTiles = kThreads / L;
  kernel<<<c.tiles / kTiles, kThreads, kTiles * c.chip_bytes,
           static_cast<cudaStream_t>(c.stream)>>>(c, given...);
}

// what a processor has for each of the blocks that its registers let in, less the views
template <int L> int chip_bytes(int device) {
  int blocks = 0, all = 0, most = 0, reserved = 0;
  cudaFuncAttributes used = {};
  cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, step_worlds<L>, kThreads, 0);
  cudaFuncGetAttributes(&used, step_worlds<L>);
  cudaDeviceGetAttribute(&all, cudaDevAttrMaxSharedMemoryPerMultiprocessor, device);
  cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  cudaDeviceGetAttribute(&reserved, cudaDevAttrReservedSharedMemoryPerBlock, device);
  if (blocks == 0) return 0;
  const int fixed = static_cast<int>(used.sharedSizeBytes);
  const int share = all / blocks - reserved, room = (share < most ? share : most) - fixed;
  const int bytes = room > 0 ? room / (kThreads / L) / 64 * 64 : 0;
  for (const void* kernel : {reinterpret_cast<const void*>(step_worlds<L>),
                             reinterpret_cast<const void*>(forward_worlds<L>),
                             reinterpret_cast<const void*>(queue_worlds<L>)})
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                         bytes * (kThreads / L));
  return bytes;
}

template <int L> CudaKernels kernels() {
  CudaKernels k;
  k.lanes = L;
  k.blocks_per_processor = [] {
    int blocks = 0;
    cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, step_worlds<L>, kThreads, 0);
    return blocks;
  };
  k.chip_bytes = chip_bytes<L>;
  k.step = [](const DeviceCall& c, int nstep, Refresh refresh) {
    launch<L>(step_worlds<L>, c, nstep, refresh);
  };
  k.forward = [](const DeviceCall& c, Refresh upto) { launch<L>(forward_worlds<L>, c, upto); };
  k.queue = [](const DeviceCall& c) { launch<L>(queue_worlds<L>, c); };
  k.search = [](const DeviceCall& c) {
    const int blocks = (c.tiles * kConvexAtOnce + kThreads - 1) / kThreads;
    search_places<<<blocks, kThreads, 0, static_cast<cudaStream_t>(c.stream)>>>(c);
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
#if MOTORIUM_CUDA_LANES == 0 || MOTORIUM_CUDA_LANES == 64
    kernels<64>(),
#endif
#if MOTORIUM_CUDA_LANES == 0 || MOTORIUM_CUDA_LANES == 128
    kernels<128>(),
#endif
  };
  return {list, sizeof list / sizeof list[0]};
}

size_t cuda_scratch_bytes(const ModelData<float>& d) { return pack_bytes<float>(d) + kOwnView; }

}  // namespace motorium
