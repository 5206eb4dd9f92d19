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
  static_cast<EmulatedDevice&>(device).launch(stream, [kernel, n] {
    for (int i = 0; i < n; ++i) kernel(i);
  });
}

template <class Kernel>
void run_blocks(Device& device, Stream stream, int blocks, const Kernel& kernel) {
#if defined(MOTORIUM_WITH_CUDA)
  if (device.kind() == Device::Kind::cuda) return cuda_blocks(device, stream, blocks, kernel);
#endif
  static_cast<EmulatedDevice&>(device).launch(stream, [kernel, blocks] {
    typename Kernel::Shared shared;
    for (int i = 0; i < blocks; ++i) kernel(SoloBlock{}, i, shared);
  });
}

}  // namespace motorium
