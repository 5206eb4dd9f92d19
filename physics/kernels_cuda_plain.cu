// The kernels of plain models (plain_model.h): less code, no spills.
#include "motorium/physics/tile_kernels.h"

namespace motorium {

template <int L> CudaKernels cuda_kernels_of_plain_models() { return kernels<Plain<Tile<L>>>(); }
template CudaKernels cuda_kernels_of_plain_models<MOTORIUM_CUDA_LANES>();

}  // namespace motorium
