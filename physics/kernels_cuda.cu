// The kernels of all models; those whose pairs need searches take three launches a step
// (search_queue.h).
#include "motorium/physics/tile_kernels.h"

namespace motorium {
namespace {

template <class Team>
__global__ void __launch_bounds__(kThreads, kBlocks)
    queue_worlds(const __grid_constant__ DeviceCall call) {
  Pack3<float> p = tile_pack<Team>(call);
  for (; has_world(call, p); next_world<Team>(p)) queue_pack(Team{}, p);
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

template <int L> CudaKernels full_kernels() {
  using Team = Tile<L>;
  CudaKernels k = kernels<Team>();
  k.allow_chip = [](int bytes) {
    kernels<Team>().allow_chip(bytes);
    allow_chip(queue_worlds<Team>, bytes * (kThreads / L));
  };
  k.queue = [](const DeviceCall& c) { launch<Team>(queue_worlds<Team>, c); };
  k.search = [](const DeviceCall& c) {
    const int blocks = (c.tiles * kConvexAtOnce + kThreads - 1) / kThreads;
    search_places<<<blocks, kThreads, 0, static_cast<cudaStream_t>(c.stream)>>>(c);
  };
  return k;
}

}  // namespace

template <int L> CudaKernels cuda_kernels() { return full_kernels<L>(); }
template CudaKernels cuda_kernels<MOTORIUM_CUDA_LANES>();

}  // namespace motorium
