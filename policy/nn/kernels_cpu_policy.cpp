// All kernels of policy/, compiled once per instruction set, and for AVX-512 once more with
// products of bfloat16; the one global symbol is the table.
#include "motorium/policy/learn/ppo_kernels.h"
#include "motorium/policy/learn/sample_kernel.h"
#include "motorium/policy/nn/kernels.h"
#include "motorium/policy/nn/mlp_kernels.h"

#define MOTORIUM_PASTE2(a, b) a##b
#define MOTORIUM_PASTE(a, b) MOTORIUM_PASTE2(a, b)
#define MOTORIUM_TEXT2(a) #a
#define MOTORIUM_TEXT(a) MOTORIUM_TEXT2(a)

namespace motorium {
namespace {

#if defined(__AVX512F__)
using Real = Pack<16>;
#else
using Real = Pack<8>;
#endif
#if defined(__AVX512BF16__)
using Operands = Bf16;
#else
using Operands = Fp32;
#endif

void run_gemm_packed(int rows, int width, const TileArgs* t) {
  gemm_packed<Real, Operands>(rows, width, *t);
}
void run_gemm_across(int rows, int width, const TileArgs* t) {
  gemm_across<Real, Operands>(rows, width, *t);
}
void run_pack_panels(int depth, int columns, const float* from, int k_stride, int j_stride,
                     float* packed) {
  pack_panels<Real, Operands>(depth, columns, from, k_stride, j_stride, packed);
}
#if defined(__AVX512BF16__)
void run_pair_neighbours(int rows, int width, const float* from, int stride, int* to,
                         int to_stride) {
  Operands::pair_neighbours(rows, width, from, stride, to, to_stride);
}
void run_pair_rows(int rows, int width, const float* from, int stride, int* to, int to_stride) {
  Operands::pair_rows(rows, width, from, stride, to, to_stride);
}
#endif
void run_activate(Activation kind, long count, float* y) {
  for (long i = 0; i < count; i += kWidth<Real>)
    store<Real>(y + i, activate<Real>(kind, load<Real>(y + i)));
}
void run_forward(const NetView* net, const NetBuffers* b, int rows) {
  mlp_forward<Real, Operands>(*net, *b, rows);
}
void run_backward(const NetView* net, const NetBuffers* b, int rows, float* gradient) {
  mlp_backward<Real, Operands>(*net, *b, rows, gradient);
}
void run_pack(const NetView* net, int layer) { mlp_pack<Real, Operands>(*net, layer); }
void run_add_columns(int rows, int width, const float* d, int stride, float* sum) {
  add_columns<Real>(rows, width, d, stride, sum);
}
void run_gather_rows(const GatherArgs* g) { gather_rows<Real>(*g); }
void run_sample(const SampleArgs* s) { sample_actions<Real>(*s); }
void run_policy_head(const PolicyHeadArgs* h) { policy_head<Real>(*h); }
void run_value_head(const ValueHeadArgs* h) { value_head<Real>(*h); }
void run_gae(const GaeArgs* g, int begin, int end) { gae<Real>(*g, begin, end); }
void run_adam(const AdamArgs* a, long count, float* p, float* m, float* v, const float* gradient) {
  adam<Real>(*a, count, p, m, v, gradient);
}
double run_sum_blocks(int blocks, const float* from, long stride, long begin, long end,
                      float* sum) {
  return sum_blocks<Real>(blocks, from, stride, begin, end, sum);
}

}  // namespace
}  // namespace motorium

extern "C" const motorium::PolicyKernels MOTORIUM_PASTE(motorium_policy_, MOTORIUM_ISA_NAME);
extern "C" const motorium::PolicyKernels MOTORIUM_PASTE(motorium_policy_, MOTORIUM_ISA_NAME)
    __attribute__((visibility("default"))) = {
        MOTORIUM_TEXT(MOTORIUM_ISA_NAME),
        motorium::kWidth<motorium::Real>,
        motorium::run_gemm_packed,
        motorium::run_gemm_across,
        motorium::run_pack_panels,
        motorium::run_activate,
        motorium::run_forward,
        motorium::run_backward,
        motorium::run_pack,
        motorium::run_add_columns,
        motorium::run_gather_rows,
        motorium::run_sample,
        motorium::run_policy_head,
        motorium::run_value_head,
        motorium::run_gae,
        motorium::run_adam,
        motorium::run_sum_blocks,
#if defined(__AVX512BF16__)
        motorium::run_pair_neighbours,
        motorium::run_pair_rows,
#endif
};
