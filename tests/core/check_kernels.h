// Core code compiled for each instruction set, for tests: one table per set.
#pragma once
#include <cstdint>

namespace motorium {

enum class Function { sin, cos, exp, log, tanh, asin, acos, atan2, pow, kCount };

struct CheckKernels {
  int widest;  // 8 or 16 worlds in a pack

  // out[i] = function(x[i], y[i]) by numbers of `width` lanes (1, 8, 16); n is a multiple of 16
  void (*evaluate)(Function function, int width, const float* x, const float* y, float* out, int n);

  // out[i] = 1 if x[i] counts as a bad number
  void (*find_bad)(int width, const float* x, int* out, int n);

  // words and normal numbers of worlds first .. first + 15: (16, 4) and (16)
  void (*draw)(int width, uint64_t seed, int first, int step, int index, int* words,
               float* normals);

  // sums of n items of 16 worlds, world by world, (n, 16) -> (16); team 0: Solo, 1: Shuffled
  void (*add)(int width, int team, uint64_t seed, const float* items, int n, float* sum, float* max,
              float* sum_at);

  // x + y as a denormal number must not be flushed
  float (*tiny_sum)(float x, float y);
};

}  // namespace motorium

extern "C" const motorium::CheckKernels motorium_core_check_v3, motorium_core_check_v4;
