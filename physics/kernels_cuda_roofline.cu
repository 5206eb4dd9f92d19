// What a GPU can do at most: multiply-adds in registers, and launches of nothing.
#include "motorium/physics/roofline_device.h"

namespace motorium {
namespace {

constexpr int kThreads = 256;
constexpr int kBlocksOfProcessor = 8;

__global__ void __launch_bounds__(kThreads) roof(int64_t rounds, float* out) {
  if (rounds == 0) return;
  const int i = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  out[i] = roof_chains(rounds, static_cast<float>(i));
}

}  // namespace

int cuda_roof_threads(Device& device) {
  int processors = 1;
  device.use();
  cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device.index());
  return processors * kBlocksOfProcessor * kThreads;
}

void cuda_roof(Device& device, const RoofCall& c) {
  device.use();
  roof<<<c.threads / kThreads, kThreads, 0, static_cast<cudaStream_t>(c.stream)>>>(c.rounds, c.out);
  device.launched("roof");
}

}  // namespace motorium
