// The table of kernels of one instruction set. Host code calls through it and never includes a
// kernel header's templates.
#pragma once
#include <cstdint>
#include <string>

#include "motorium/policy/nn/net_view.h"

namespace motorium {

struct GatherArgs;
struct PolicyHeadArgs;
struct ValueHeadArgs;
struct GaeArgs;
struct AdamArgs;
struct SampleArgs;

struct PolicyKernels {
  const char* isa;
  int width;  // floats per pack
  void (*gemm_packed)(int rows, int width, const TileArgs* t);
  void (*gemm_across)(int rows, int width, const TileArgs* t);
  void (*pack_panels)(int depth, int columns, const float* from, int k_stride, int j_stride,
                      float* packed);
  void (*activate)(Activation kind, long count, float* y);
  void (*forward)(const NetView* net, const NetBuffers* buffers, int rows);
  void (*backward)(const NetView* net, const NetBuffers* buffers, int rows, float* gradient);
  void (*pack)(const NetView* net, int layer);
  void (*add_columns)(int rows, int width, const float* d, int stride, float* sum);
  void (*gather_rows)(const GatherArgs* g);
  void (*sample)(const SampleArgs* s);
  void (*policy_head)(const PolicyHeadArgs* h);
  void (*value_head)(const ValueHeadArgs* h);
  void (*gae)(const GaeArgs* g, int begin, int end);
  void (*adam)(const AdamArgs* a, long count, float* parameter, float* m, float* v,
               const float* gradient);
  double (*sum_blocks)(int blocks, const float* from, long stride, long begin, long end,
                       float* sum);
  // Operands of a product in pairs of bfloat16 (operands.h), along rows and across two of them;
  // null in tables whose products take floats.
  void (*pair_neighbours)(int rows, int width, const float* from, int stride, int* to,
                          int to_stride) = nullptr;
  void (*pair_rows)(int rows, int width, const float* from, int stride, int* to,
                    int to_stride) = nullptr;
};

// Kernels of the best instruction set of this machine (core/cpu.h); MOTORIUM_ISA=v3 forces another.
const PolicyKernels& policy_kernels();
// Those of one instruction set ("v3", "v4", "v4bf16"); null when this CPU has not got it.
const PolicyKernels* policy_kernels(const char* isa);
// Those for "fp32" or "bf16" products; weights, sums and everything else are float in both. Throws
// UnsupportedCpu where the CPU has no AVX512-BF16 or MOTORIUM_ISA forbids it, Error for another
// word.
const PolicyKernels& policy_kernels_for(const std::string& precision);

}  // namespace motorium
