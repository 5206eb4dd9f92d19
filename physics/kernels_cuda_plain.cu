// The kernels of plain models (plain_model.h): less code, no spills.
#include "motorium/physics/tile_kernels.h"

namespace motorium {

CudaKernelList cuda_kernels_of_plain_models() {
  static const CudaKernels list[] = {
#if MOTORIUM_CUDA_LANES == 0
    kernels<Plain<Tile<8>>>(),
    kernels<Plain<Tile<16>>>(),
    kernels<Plain<Tile<32>>>(),
    kernels<Plain<Tile<64>>>(),
    kernels<Plain<Tile<128>>>(),
#else
    kernels<Plain<Tile<MOTORIUM_CUDA_LANES>>>(),
#endif
  };
  return {list, sizeof list / sizeof list[0]};
}

}  // namespace motorium
