// Kernels of learning on CUDA: an item is a thread, a part is a block of threads.
#include "motorium/policy/learn/device_kernels.h"
#include "motorium/policy/learn/device_run.h"
#include "motorium/policy/nn/normalizer_kernel.h"

namespace motorium {
namespace {

constexpr int kItemThreads = 128;

struct CudaBlock {
  template <class F> __device__ __forceinline__ void each(F f) const {
    f(static_cast<int>(threadIdx.x));
    __syncthreads();
  }
  template <class T> struct Own {
    T x;
    __device__ __forceinline__ T& operator()(int) { return x; }
  };
};

template <class Kernel>
__global__ void __launch_bounds__(kItemThreads)
    items(const __grid_constant__ Kernel kernel, int n) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kItemThreads + threadIdx.x;
  if (i < n) kernel(static_cast<int>(i));
}

template <class Kernel>
__global__ void __launch_bounds__(kBlockThreads) parts(const __grid_constant__ Kernel kernel) {
  __shared__ typename Kernel::Shared shared;
  kernel(CudaBlock{}, static_cast<int>(blockIdx.x), shared);
}

}  // namespace

template <class Kernel>
void cuda_items(Device& device, Stream stream, int n, const Kernel& kernel) {
  if (n == 0) return;
  device.use();
  const int blocks = n / kItemThreads + (n % kItemThreads != 0);
  items<<<blocks, kItemThreads, 0, static_cast<cudaStream_t>(stream)>>>(kernel, n);
  device.launched("items of learning");
}

template <class Kernel>
void cuda_blocks(Device& device, Stream stream, int blocks, const Kernel& kernel) {
  device.use();
  parts<<<blocks, kBlockThreads, 0, static_cast<cudaStream_t>(stream)>>>(kernel);
  device.launched("parts of learning");
}

#define ITEMS(Kernel) template void cuda_items<Kernel>(Device&, Stream, int, const Kernel&);
#define PARTS(Kernel) template void cuda_blocks<Kernel>(Device&, Stream, int, const Kernel&);

ITEMS(BeginRollout)
ITEMS(StoreRows)
ITEMS(SampleWorld)
ITEMS(AfterStep)
ITEMS(ScanRows)
ITEMS(NormalizerSums)
ITEMS(NormalizerColumn)
ITEMS(NormalizerCount)
ITEMS(AddFinalValue)
ITEMS(EndStep)
ITEMS(LastValue)
PARTS(CountEnds)
PARTS(KeepEnds)
ITEMS(EndRollout)
ITEMS(Returns)
ITEMS(BeginUpdate)
ITEMS(PermuteSamples)
PARTS(CountValid)
PARTS(AdvantageSum)
PARTS(AdvantageFinish)
ITEMS(GatherObservations)
PARTS(Product<Forward>)
PARTS(Product<Inputs>)
PARTS(Product<Gradient>)
ITEMS(PolicyRows)
ITEMS(ValueRows)
PARTS(LossSums)
PARTS(SumRanges)
PARTS(DecideStep)
ITEMS(AdamStep)
ITEMS(LayAcross)
ITEMS(EndUpdate)

}  // namespace motorium
