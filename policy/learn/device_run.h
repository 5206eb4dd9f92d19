// Kernels of learning as launches: a thread for each item, or a block of threads (block.h) for each
// part. Private to policy/learn/.
#pragma once
#include "motorium/core/device_emulated.h"
#include "motorium/policy/nn/block.h"

namespace motorium {

// defined in kernels_cuda_learn.cu, for the kernels that it names
template <class Kernel> void cuda_items(Device& device, Stream stream, int n, const Kernel& kernel);
template <class Kernel>
void cuda_blocks(Device& device, Stream stream, int blocks, const Kernel& kernel);

template <class Kernel> void run_items(Device& device, Stream stream, int n, const Kernel& kernel) {
#if defined(MOTORIUM_WITH_CUDA)
  if (device.kind() == Device::Kind::cuda) return cuda_items(device, stream, n, kernel);
#endif
  auto& emulated = static_cast<EmulatedDevice&>(device);
  emulated.launch(stream, [kernel, n, backwards = emulated.backwards] {
    for (int i = 0; i < n; ++i) kernel(backwards ? n - 1 - i : i);
  });
}

template <class Kernel>
void run_blocks(Device& device, Stream stream, int blocks, const Kernel& kernel) {
#if defined(MOTORIUM_WITH_CUDA)
  if (device.kind() == Device::Kind::cuda) return cuda_blocks(device, stream, blocks, kernel);
#endif
  auto& emulated = static_cast<EmulatedDevice&>(device);
  emulated.launch(stream, [kernel, blocks, backwards = emulated.backwards] {
    typename Kernel::Shared shared;
    for (int i = 0; i < blocks; ++i)
      kernel(SoloBlock{backwards}, backwards ? blocks - 1 - i : i, shared);
  });
}

}  // namespace motorium
