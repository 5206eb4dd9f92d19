// What a core can do at most, and what a step asks of it.
#include "motorium/core/counted.h"
#include "motorium/core/team.h"
#include "motorium/physics/pack.h"
#include "motorium/physics/roofline_kernels.h"

namespace motorium {
namespace {

#if defined(__AVX512F__)
using Wide = Pack<16>;
#else
using Wide = Pack<8>;
#endif

// `rounds` of fused multiply-adds that wait for nobody: as many chains as hide their latency
STAGE double multiply_add(int64_t rounds, float* out) {
  Wide x[8], y[4];
  for (int i = 0; i < 8; ++i) x[i] = Wide(static_cast<float>(i));
  for (int i = 0; i < 4; ++i) y[i] = Wide(static_cast<float>(-i));
  const Wide a = Wide(0.999f), b = Wide(0.001f);
  for (int64_t r = 0; r < rounds; ++r) {
    MOTORIUM_UNROLL
    for (int i = 0; i < 8; ++i) x[i] = fma(x[i], a, b);
    MOTORIUM_UNROLL
    for (int i = 0; i < 4; ++i) y[i] = fma(y[i], a, b);
  }
  Wide sum = y[0] + y[1] + y[2] + y[3];
  for (int i = 0; i < 8; ++i) sum += x[i];
  store<Wide>(out, sum);
  return 2.0 * 12 * kWidth<Wide> * static_cast<double>(rounds);
}

#if !defined(__AVX512F__) && !defined(MOTORIUM_DOUBLE_ONLY)
// one step of one world, counted; arrays of Counted have the layout of arrays of float
STAGE int64_t counted_step(const PackArgs<float>& args, int world) {
  static_assert(sizeof(Counted) == sizeof(float) &&
                sizeof(PackArgs<Counted>) == sizeof(PackArgs<float>) &&
                sizeof(ModelData<Counted>) == sizeof(ModelData<float>));
  counted_flops = 0;
  const auto& counted = reinterpret_cast<const PackArgs<Counted>&>(args);
  Views<Counted> views(counted);
  Pack3<Counted> p = views.pack(&world, 1);
  step_pack(Solo{}, p, 1, Refresh::none);
  return counted_flops;
}
#endif

}  // namespace
}  // namespace motorium

extern "C" __attribute__((visibility("default"))) const motorium::RooflineKernels
#if defined(__AVX512F__)
    motorium_physics_v4_roofline = {motorium::multiply_add, nullptr};
#elif defined(MOTORIUM_DOUBLE_ONLY)
    motorium_physics_v3_roofline = {motorium::multiply_add, nullptr};
#else
    motorium_physics_v3_roofline = {motorium::multiply_add, motorium::counted_step};
#endif
