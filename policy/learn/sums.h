// Sums of doubles whose bits do not depend on who adds. Item i belongs to chain i mod 32:
//
//   c[k] = 0 + f(k) + f(k + 32) + ...,   sum = 0 + c[0] + c[1] + ... + c[31]
//
// so that 32 threads of a device can add at once, and one of the CPU gets the same.
#pragma once
#include "motorium/core/real.h"

namespace motorium {

constexpr int kSumLanes = 32;

template <class F> FN double lane_sum(int n, int lane, F f) {
  double s = 0;
  for (int i = lane; i < n; i += kSumLanes) s += f(i);
  return s;
}
FN double add_lanes(const double* lanes) {
  double s = 0;
  for (int k = 0; k < kSumLanes; ++k) s += lanes[k];
  return s;
}

}  // namespace motorium
