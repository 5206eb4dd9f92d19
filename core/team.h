// The workers that share one world (or one pack of worlds).
//   each(n, f)     runs f(0) .. f(n-1) in any order, perhaps at once. All that was written before
//   it
//                  is visible inside it; its items must not depend on each other.
//   once(f)        runs f() on one worker; everything after it sees what it wrote.
//   sum(n, f)      adds f(0) .. f(n-1) along one tree that depends on n alone, so every team
//   returns
//                  the same bits, and every worker gets the result. Real or Sums<Real, K>.
//   max(n, f)      largest of f(0) .. f(n-1), at least 0.
//   sum_at(n, index, f)   like sum over the *sparse* items index(0) < index(1) < ...: an absent
//   item
//                  counts as zero, so the bits do not depend on which zeros were left out.
//   sum_at(index, items(n, f), items(m, g), ...)   the same over n items of one kind, then m of
//                  another.
//
// The tree: P partial sums; partial k starts from +0 and adds the items k, k+P, k+2P, ... in this
// order, then the upper half of the partials is added to the lower half until one is left.
// P = 8 for n <= 8, 16 for n <= 16, else 32 (`sum`); always 8 for `sum_at`. Items that are exactly
// zero at the end of the list change nothing.
#pragma once
#include "motorium/core/real.h"

namespace motorium {

// the last levels of the tree, written out: loops would keep the partials in memory
template <class Real> FN Real sum_of_four(const Real* part) {
  Real low = part[0], high = part[1];
  low += part[2];
  high += part[3];
  low += high;
  return low;
}
template <class Real> FN Real sum_of_eight(const Real* part) {
  Real four[4] = {part[0], part[1], part[2], part[3]};
  four[0] += part[4];
  four[1] += part[5];
  four[2] += part[6];
  four[3] += part[7];
  return sum_of_four(four);
}

FN int tree_width(int n) { return n <= 8 ? 8 : n <= 16 ? 16 : 32; }

// several sums along one tree
template <class Real, int K> struct Sums {
  Real v[K];
  Sums() = default;
  FN explicit Sums(float x) {
    for (int k = 0; k < K; ++k) v[k] = Real(x);
  }
  FN Sums& operator+=(const Sums& o) {
    MOTORIUM_UNROLL
    for (int k = 0; k < K; ++k) v[k] = v[k] + o.v[k];
    return *this;
  }
};

// n items of one kind
template <class F> struct Items {
  int n;
  F f;
};
template <class F> FN Items<F> items(int n, F f) { return {n, f}; }

// kChunk: how many neighbouring outputs one item should compute, so that a CPU keeps them in
// registers. one CPU thread
// kAtOnce: how many items of one `each` may run at the same time.
struct Solo {
  static constexpr int kChunk = 8, kAtOnce = 1;
  static constexpr bool kPlain = false;
  template <class F> FN void each(int n, F f) const {
    for (int i = 0; i < n; ++i) f(i);
  }
  template <class F> FN void once(F f) const { f(); }
  template <class F> FN auto sum(int n, F f) const {
    return n <= 8 ? tree<8>(n, f) : n <= 16 ? tree<16>(n, f) : tree<32>(n, f);
  }
  template <class F> FN auto max(int n, F f) const {
    using Real = decltype(f(0));
    Real best = Real(0.f);
    for (int i = 0; i < n; ++i) best = motorium::max(best, f(i));
    return best;
  }
  template <class I, class F> FN auto sum_at(int n, I index, F f) const {
    return sum_at(index, items(n, f));
  }
  template <class I, class F, class... G>
  FN auto sum_at(I index, Items<F> first, Items<G>... more) const {
    using Real = decltype(first.f(0));
    Real part[8];
    for (int k = 0; k < 8; ++k) part[k] = Real(0.f);
    int before = 0;
    const auto add = [&](const auto& kind) {
      for (int i = 0; i < kind.n; ++i) part[index(before + i) & 7] += kind.f(i);
      before += kind.n;
    };
    add(first);
    (add(more), ...);
    return sum_of_eight(part);
  }

 private:
  template <int P, class F> FN static auto tree(int n, F f) {
    using Real = decltype(f(0));
    Real part[P];
    // where no partial has two items, the upper half is added to the lower one as it comes
    const int width = n <= P ? P / 2 : P;
    for (int k = 0; k < width; ++k) part[k] = Real(0.f);
    for (int i = 0; i < n; ++i) part[i & (width - 1)] += f(i);
    for (int half = width / 2; half > 4; half /= 2)
      for (int k = 0; k < half; ++k) part[k] += part[k + half];
    if constexpr (P == 8)
      return width == 4 ? sum_of_four(part) : sum_of_eight(part);
    else
      return sum_of_eight(part);
  }
};

// the logic that Tile (GPU lanes) and Crew (test threads) share word for word; `Lane` supplies
// lane(), exchange(x, distance) and meet() (a barrier of the team). Lanes exchange within 32: of
// a team of 64 or 128 each warp reduces everything for itself
template <int L, class Lane> struct LaneTeam {
  static_assert(L == 8 || L == 16 || L == 32 || L == 64 || L == 128);
  static constexpr int kChunk = 1, kLanes = L, kAtOnce = L, kWarp = L < 32 ? L : 32;
  static constexpr bool kPlain = false;
  template <class F> FN void each(int n, F f) const {
    MOTORIUM_ROLLED
    for (int i = self().lane(); i < n; i += L) f(i);
    self().meet();
  }
  template <class F> FN void once(F f) const {
    if (self().lane() == 0) f();
    self().meet();
  }
  template <class F> FN auto sum(int n, F f) const {
    const int width = tree_width(n);
    using Real = decltype(f(0));

    // a lane keeps the partials lane, lane+L, ...; lanes beyond the width repeat the others' work
    Real part[32 / kWarp];
    for (int r = 0; r < 32 / kWarp; ++r) {
      part[r] = Real(0.f);
      MOTORIUM_ROLLED
      for (int i = (self().lane() + r * kWarp) % width; i < n; i += width) part[r] += f(i);
    }

    // halve inside the lane, then across lanes
    for (int half = 16; half >= kWarp; half /= 2)
      if (half < width)
        for (int r = 0; r < half / kWarp; ++r) part[r] += part[r + half / kWarp];
    for (int half = kWarp / 2; half > 0; half /= 2)
      if (half < width) part[0] += self().exchange(part[0], half);
    self().meet();
    return part[0];
  }
  template <class F> FN auto max(int n, F f) const {
    using Real = decltype(f(0));
    Real best = Real(0.f);
    MOTORIUM_ROLLED
    for (int i = self().lane() % kWarp; i < n; i += kWarp) best = motorium::max(best, f(i));
    for (int half = kWarp / 2; half > 0; half /= 2)
      best = motorium::max(best, self().exchange(best, half));
    self().meet();
    return best;
  }
  template <class I, class F> FN auto sum_at(int n, I index, F f) const {
    return sum_at(index, items(n, f));
  }
  template <class I, class F, class... G>
  FN auto sum_at(I index, Items<F> first, Items<G>... more) const {
    using Real = decltype(first.f(0));
    Real part = Real(0.f);
    int before = 0;
    const auto add = [&](const auto& kind) {
      MOTORIUM_ROLLED
      for (int i = 0; i < kind.n; ++i)
        if ((index(before + i) & 7) == (self().lane() & 7)) part += kind.f(i);
      before += kind.n;
    };
    add(first);
    (add(more), ...);
    for (int half = 4; half > 0; half /= 2) part += self().exchange(part, half);
    self().meet();
    return part;
  }

 private:
  FN const Lane& self() const { return static_cast<const Lane&>(*this); }
};

// the team of a kernel without the parts that few models need; kRare: does a kernel hold them?
// (physics/plain_model.h)
template <class Team> struct Plain : Team { static constexpr bool kPlain = true; };
template <class Team> inline constexpr bool kRare = !Team::kPlain;

#if defined(__CUDACC__)

// L lanes of a block. Up to 32 are lanes of one warp, which carries 32/L worlds that may diverge;
// collectives name only the lanes of their own tile. 64 and 128 are whole warps: each tile of a
// block has a barrier of its own (0 is __syncthreads)
template <int L> struct Tile : LaneTeam<L, Tile<L>> {
  static constexpr int kWarp = LaneTeam<L, Tile<L>>::kWarp;
  __device__ __forceinline__ static int lane() { return threadIdx.x & (L - 1); }
  __device__ __forceinline__ static unsigned mask() {
    return (0xffffffffu >> (32 - kWarp)) << (threadIdx.x & 31 & ~(kWarp - 1));
  }
  __device__ __forceinline__ static void meet() {
    if constexpr (L <= 32) {
      __syncwarp(mask());
    } else {
      asm volatile("barrier.sync %0, %1;" ::"r"(threadIdx.x / L + 1), "n"(L) : "memory");
    }
  }
  __device__ __forceinline__ static float exchange(float x, int distance) {
    return __shfl_xor_sync(mask(), x, distance, kWarp);
  }
  template <class Real, int K>
  __device__ __forceinline__ static Sums<Real, K> exchange(Sums<Real, K> x, int distance) {
    for (int k = 0; k < K; ++k) x.v[k] = exchange(x.v[k], distance);
    return x;
  }
};

#endif

}  // namespace motorium
