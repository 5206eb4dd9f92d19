// Policies on CUDA: the lanes of a block share a few rows.
#include "motorium/policy/nn/device_launch.h"

namespace motorium {
namespace {

constexpr int kThreads = 128;  // of a block: hidden layers have 128 outputs or more
constexpr int kBlocksOfProcessor = 8;

// each() alone: what one writes the others see after it
struct Block {
  template <class F> __device__ void each(int n, F f) const {
    for (int i = static_cast<int>(threadIdx.x); i < n; i += kThreads) f(i);
    __syncthreads();
  }
};

__global__ void __launch_bounds__(kThreads) act_rows(const __grid_constant__ ActCall c) {
  float* y = c.scratch + static_cast<int64_t>(blockIdx.x) * 2 * kMlpRows * c.net.widest;
  const int passes = (c.rows + kMlpRows - 1) / kMlpRows;
  for (int i = static_cast<int>(blockIdx.x); i < passes; i += static_cast<int>(gridDim.x))
    mlp_rows(Block{}, c.net, c.observations, i * kMlpRows, c.rows, y, c.actions, c.only);
}

}  // namespace

int cuda_act_teams(Device& device) {
  int processors = 1;
  device.use();
  cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device.index());
  return processors * kBlocksOfProcessor;
}

void cuda_act(Device& device, const ActCall& c) {
  const int passes = (c.rows + kMlpRows - 1) / kMlpRows;
  const int blocks = passes < c.teams ? passes : c.teams;
  device.use();
  act_rows<<<blocks, kThreads, 0, static_cast<cudaStream_t>(c.stream)>>>(c);
  device.launched("act_rows");
}

}  // namespace motorium
