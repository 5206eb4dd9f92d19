// Physics on CUDA: one tile of L lanes per world, all steps of a call in one launch. The same step
// as the CPU's, instantiated for a team: Tile<L>, or Plain<Tile<L>> without what few models need.
// Scratch lives in one arena slice per resident tile. Included by kernels_cuda*.cu only, which are
// compiled once for each width: it costs ptxas minutes.
#pragma once
#if !defined(MOTORIUM_CUDA_LANES)
#define MOTORIUM_CUDA_LANES 16
#endif
#include "motorium/core/team.h"
#include "motorium/physics/kernels_cuda.h"
#include "motorium/physics/pack.h"

namespace motorium {
namespace {

constexpr int kThreads = LaunchShape{}.threads;
constexpr int kBlocks = 4;  // at least, of a processor: 128 registers a thread

// the views of a block, on chip: that of the model for all tiles, arguments, state and scratch of
// each
template <int L> struct BlockViews {
  ModelView<float> m;
  PackArgs<float> args[kThreads / L];
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

// the tile of this thread: where its views lie, what it works with, and its first world
template <class Team> __device__ __forceinline__ Pack3<float> tile_pack(const DeviceCall& call) {
  constexpr int L = Team::kLanes;
  __shared__ alignas(16) char memory[sizeof(BlockViews<L>)];
  BlockViews<L>& views = *reinterpret_cast<BlockViews<L>*>(memory);
  const int place = static_cast<int>(threadIdx.x) / L;
  const int tile = static_cast<int>(blockIdx.x) * (kThreads / L) + place;
  PackArgs<float>& mine = views.args[place];
  Team{}.once([&] {
    mine = call.args;
    mine.scratch =
        static_cast<char*>(call.args.scratch) + static_cast<size_t>(tile) * call.scratch_stride;
    mine.chip = call.chip_bytes ? chip + place * call.chip_bytes : nullptr;
    mine.chip_bytes = call.chip_bytes;
  });

  const ModelData<float>& d = *mine.model;
  ModelView<float>* m = &views.m;
  if (d.any_worlds) {
    char* end = static_cast<char*>(mine.scratch) + call.scratch_stride;
    m = reinterpret_cast<ModelView<float>*>(end - kOwnView);
    Team{}.once([&] { make_view(d, *m); });
  } else {
    if (threadIdx.x == 0) make_view(d, *m);
    __syncthreads();
  }
  return {*m, views.s[place], views.x[place], mine, call.worlds + tile, 1};
}

// persistent tiles: tile t works on worlds t, t + tiles, ... The place in the list is kept in the
// pack, in memory: what a kernel keeps across its stages would spill
__device__ __forceinline__ bool has_world(const DeviceCall& call, const Pack3<float>& p) {
  return p.worlds < call.worlds + call.count;
}
template <class Team> __device__ __forceinline__ void next_world(Pack3<float>& p) {
  Team::meet();  // all are done with the views before one lane writes those of the next world
  p.worlds += gridDim.x * (kThreads / Team::kLanes);
}

template <class Team>
__global__ void __launch_bounds__(kThreads, kBlocks)
    step_worlds(const __grid_constant__ DeviceCall call, int nstep) {
  // the queue of this step is full, that of the next is empty
  if (call.args.queue && blockIdx.x == 0 && threadIdx.x < 2)
    call.args.queue->taken[threadIdx.x] = 0;
  Pack3<float> p = tile_pack<Team>(call);
  for (; has_world(call, p); next_world<Team>(p)) step_pack(Team{}, p, nstep, Refresh::none);
}

template <class Team>
__global__ void __launch_bounds__(kThreads, kBlocks)
    forward_worlds(const __grid_constant__ DeviceCall call, Refresh upto) {
  Pack3<float> p = tile_pack<Team>(call);
  for (; has_world(call, p); next_world<Team>(p)) forward_pack(Team{}, p, upto);
}

// how a kernel that works by tiles is launched
template <class Team, class... Args, class... Given>
void launch(void (*kernel)(const DeviceCall, Args...), const DeviceCall& c, Given... given) {
  constexpr int kTiles = kThreads / Team::kLanes;
  kernel<<<c.tiles / kTiles, kThreads, kTiles * c.chip_bytes,
           static_cast<cudaStream_t>(c.stream)>>>(c, given...);
}

template <class Team> int resident_blocks() {
  int blocks = 0;
  cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, step_worlds<Team>, kThreads, 0);
  return blocks;
}

// what a processor has for each of the blocks that its registers let in, less the views
template <class Team> int chip_bytes(int device) {
  int all = 0, most = 0, reserved = 0;
  cudaFuncAttributes used = {};
  cudaFuncGetAttributes(&used, step_worlds<Team>);
  cudaDeviceGetAttribute(&all, cudaDevAttrMaxSharedMemoryPerMultiprocessor, device);
  cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  cudaDeviceGetAttribute(&reserved, cudaDevAttrReservedSharedMemoryPerBlock, device);
  const int blocks = resident_blocks<Team>();
  if (blocks == 0) return 0;
  const int fixed = static_cast<int>(used.sharedSizeBytes);
  const int share = all / blocks - reserved, room = (share < most ? share : most) - fixed;
  return room > 0 ? room / (kThreads / Team::kLanes) / 64 * 64 : 0;
}

// a kernel must be told once that it may have so much
template <class... Args> void allow_chip(void (*kernel)(const DeviceCall, Args...), int bytes) {
  cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
}

template <class Team> CudaKernels kernels() {
  CudaKernels k;
  k.lanes = Team::kLanes;
  k.scratch_bytes = [](const ModelData<float>& d) { return pack_bytes<float>(d) + kOwnView; };
  k.blocks_per_processor = resident_blocks<Team>;
  k.chip_bytes = chip_bytes<Team>;
  k.allow_chip = [](int bytes) {
    allow_chip(step_worlds<Team>, bytes * (kThreads / Team::kLanes));
    allow_chip(forward_worlds<Team>, bytes * (kThreads / Team::kLanes));
  };
  k.step = [](const DeviceCall& c, int nstep) { launch<Team>(step_worlds<Team>, c, nstep); };
  k.forward = [](const DeviceCall& c, Refresh upto) {
    launch<Team>(forward_worlds<Team>, c, upto);
  };
  return k;
}

}  // namespace
}  // namespace motorium
