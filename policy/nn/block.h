// Threads that share one part of a device's work, as a block of CUDA does.
//
//   each(f)   f(0) .. f(kBlockThreads - 1), in any order, perhaps at once; what one of them writes
//             all see in the next each
//   Own<T>    a T of every thread that stays from one each to the next: own(thread)
#pragma once
#include "motorium/core/real.h"

namespace motorium {

// before a loop over an array that must stay in registers
#if defined(__CUDACC__)
#define MOTORIUM_UNROLL_ALL _Pragma("unroll")
#else
#define MOTORIUM_UNROLL_ALL _Pragma("GCC unroll 16")
#endif

constexpr int kBlockThreads = 256;

// all of them by one thread of the CPU; `backwards`: from last to first
struct SoloBlock {
  bool backwards = false;
  template <class F> FN void each(F f) const {
    for (int i = 0; i < kBlockThreads; ++i) f(backwards ? kBlockThreads - 1 - i : i);
  }
  template <class T> struct Own {
    T x[kBlockThreads];
    FN T& operator()(int thread) { return x[thread]; }
  };
};

}  // namespace motorium
