// Outputs of the present state on CUDA.
#include "motorium/physics/kernels_cuda_worlds.h"
#include "motorium/physics/pack.h"

namespace motorium {
namespace {

template <int L>
__global__ void __launch_bounds__(kThreads)
    forward_worlds(const __grid_constant__ DeviceCall call, Refresh upto) {
  each_world<L>(call, [&](const PackArgs<float>& args, const int* world) {
    forward_pack<Tile<L>, float>(Tile<L>{}, args, world, 1, upto);
  });
}

}  // namespace

template <int L> void cuda_forward(const DeviceCall& c, Refresh upto) {
  const cudaStream_t stream = static_cast<cudaStream_t>(c.stream);
  forward_worlds<L><<<blocks_of<L>(c), kThreads, 0, stream>>>(c, upto);
}

#if MOTORIUM_CUDA_LANES == 0 || MOTORIUM_CUDA_LANES == 8
template void cuda_forward<8>(const DeviceCall&, Refresh);
#endif
#if MOTORIUM_CUDA_LANES == 0 || MOTORIUM_CUDA_LANES == 16
template void cuda_forward<16>(const DeviceCall&, Refresh);
#endif
#if MOTORIUM_CUDA_LANES == 0 || MOTORIUM_CUDA_LANES == 32
template void cuda_forward<32>(const DeviceCall&, Refresh);
#endif

}  // namespace motorium
