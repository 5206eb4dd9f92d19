// Physics of a CUDA device: the step kernels, and those that move rows of worlds.
#include <algorithm>

#include "motorium/core/team.h"
#include "motorium/physics/kernels_cuda.h"

namespace motorium {
namespace {

constexpr int kThreads = 128;  // of the kernels below
using Row = Tile<32>;          // a warp moves a row
constexpr int kRows = kThreads / 32;

cudaStream_t of(Stream stream) { return static_cast<cudaStream_t>(stream); }
int blocks(int rows) { return std::max(1, (rows + kRows - 1) / kRows); }
__device__ int my_row() { return static_cast<int>(blockIdx.x * kRows + threadIdx.x / 32); }

template <bool kGather> __global__ void move_rows(const __grid_constant__ RowsCall c) {
  const int i = my_row();
  if (i >= c.count) return;
  uint32_t* row = c.rows + static_cast<int64_t>(c.ids[i]) * c.words;
  uint32_t* dense = c.dense + static_cast<int64_t>(i) * c.words;
  Row{}.each(c.words, [&](int k) { kGather ? dense[k] = row[k] : row[k] = dense[k]; });
}

__global__ void restart_worlds(const __grid_constant__ RestartCall c) {
  const int i = my_row();
  if (i >= c.count) return;
  const int w = c.worlds[i];
  const bool frozen = (c.state.arrays.status[w] & kStatusFrozen) != 0;
  __syncwarp();
  if (frozen || !c.frozen_only) restart_world(Row{}, c.sizes, c.state, w, c.starts, c.seen);
}

__global__ void keep_worlds(const __grid_constant__ KeepCall c) {
  const int i = my_row();
  if (i >= c.count) return;
  const int w = c.worlds[i];
  const bool frozen = (c.state.arrays.status[w] & kStatusFrozen) != 0;
  const bool fresh = frozen && !c.slots.seen[w];
  __syncwarp();
  int slot = 0;
  if (Row::lane() == 0) {
    c.slots.seen[w] = frozen;
    if (fresh) slot = atomicAdd(c.slots.count, 1);
  }
  slot = __shfl_sync(0xffffffffu, slot, 0);
  if (fresh) keep_world(Row{}, c.sizes, c.state, w, c.slots, slot);
}

// the kernels that were built
template <int... L> std::vector<CudaKernels> of_widths(bool plain) {
  return {(plain ? cuda_kernels_of_plain_models<L>() : cuda_kernels<L>())...};
}
std::vector<CudaKernels> built(bool plain) {
#if MOTORIUM_CUDA_LANES == 0
  return of_widths<8, 16, 32, 64, 128>(plain);
#else
  return of_widths<MOTORIUM_CUDA_LANES>(plain);
#endif
}

class CudaPhysics final : public DevicePhysics {
 public:
  explicit CudaPhysics(std::shared_ptr<Device> device) : device_(std::move(device)) {
    device_->use();
    cudaDeviceGetAttribute(&processors_, cudaDevAttrMultiProcessorCount, device_->index());
  }

  std::vector<int> widths() const override {
    std::vector<int> lanes;
    for (const CudaKernels& k : kernels_) lanes.push_back(k.lanes);
    return lanes;
  }
  int resident_tiles(int lanes) override {
    device_->use();
    const int blocks_of_processor = std::max(1, of_width(lanes, false).blocks_per_processor());
    device_->launched("ask for the occupancy");
    return processors_ * blocks_of_processor * LaunchShape{.lanes = lanes}.tiles_of_block();
  }
  int chip_bytes(int lanes) override {
    device_->use();
    // both kinds of models have what both kinds of kernels can be given
    int bytes = 1 << 30;
    for (const bool plain : {false, true})
      bytes = std::min(bytes, of_width(lanes, plain).chip_bytes(device_->index()));
    for (const bool plain : {false, true}) of_width(lanes, plain).allow_chip(bytes);
    device_->launched("ask for shared memory");
    return bytes;
  }
  size_t scratch_bytes(const ModelData<float>& host) const override {
    return kernels_.front().scratch_bytes(host);
  }

  void step(const DeviceCall& c, int nstep) override {
    const CudaKernels& kernels = of_width(c.lanes, c.plain);
    device_->use();
    if (!c.args.queue) {
      kernels.step(c, nstep);
      device_->launched("step_worlds");
      return;
    }
    for (int k = 0; k < nstep; ++k) {
      DeviceCall one = c;
      one.args = args_of_step(c, k, nstep);
      kernels.queue(one);
      device_->launched("queue_worlds");
      kernels.search(one);
      device_->launched("search_places");
      kernels.step(one, 1);
      device_->launched("step_worlds");
    }
  }
  void forward(const DeviceCall& c, Refresh upto) override {
    device_->use();
    of_width(c.lanes, c.plain).forward(c, upto);
    device_->launched("forward_worlds");
  }
  void gather(const RowsCall& c) override {
    device_->use();
    move_rows<true><<<blocks(c.count), kThreads, 0, of(c.stream)>>>(c);
    device_->launched("move_rows");
  }
  void scatter(const RowsCall& c) override {
    device_->use();
    move_rows<false><<<blocks(c.count), kThreads, 0, of(c.stream)>>>(c);
    device_->launched("move_rows");
  }
  void restart(const RestartCall& c) override {
    device_->use();
    restart_worlds<<<blocks(c.count), kThreads, 0, of(c.stream)>>>(c);
    device_->launched("restart_worlds");
  }
  void keep(const KeepCall& c) override {
    device_->use();
    keep_worlds<<<blocks(c.count), kThreads, 0, of(c.stream)>>>(c);
    device_->launched("keep_worlds");
  }

 private:
  const CudaKernels& of_width(int lanes, bool plain) const {
    for (const CudaKernels& k : plain ? plain_kernels_ : kernels_)
      if (k.lanes == lanes) return k;
    throw Error("device cuda: no kernels of " + std::to_string(lanes) + " lanes in this build");
  }

  std::shared_ptr<Device> device_;
  int processors_ = 1;
  std::vector<CudaKernels> kernels_ = built(false), plain_kernels_ = built(true);
};

}  // namespace

std::unique_ptr<DevicePhysics> cuda_physics(const std::shared_ptr<Device>& device) {
  return std::make_unique<CudaPhysics>(device);
}

}  // namespace motorium
