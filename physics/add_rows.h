// Sums of rows that stay in registers: the inner loop of assembling and of factoring H.
#pragma once
#include "motorium/core/real.h"

namespace motorium {

// a number of rows that the compiler knows
template <int N> struct Known {
  FN constexpr operator int() const { return N; }
};

// how far `to` lies behind `from`
template <class Real> FN long bytes_between(const Real* from, const Real* to) {
  return reinterpret_cast<const char*>(to) - reinterpret_cast<const char*>(from);
}

template <class Real> FN const Real* bytes_behind(const Real* from, long bytes) {
  return reinterpret_cast<const Real*>(reinterpret_cast<const char*>(from) + bytes);
}
template <class Real> FN Real* bytes_behind(Real* from, long bytes) {
  return reinterpret_cast<Real*>(reinterpret_cast<char*>(from) + bytes);
}

// the same pointer, of which the compiler knows nothing: gcc takes the columns of a row for so many
// pointers otherwise, each in a register of its own
template <class T> FN T* as_one(T* p) {
#if !defined(__CUDACC__)
  asm("" : "+r"(p));
#endif
  return p;
}

// f(columns) with a number of 1 .. Most that the compiler knows
template <int Most, class F> FN void with_columns(int columns, F f) {
  static_assert(Most <= 8);
  switch (columns) {
    case 8:
      if constexpr (Most >= 8) return f(Known<8>{});
    case 7:
      if constexpr (Most >= 7) return f(Known<7>{});
    case 6:
      if constexpr (Most >= 6) return f(Known<6>{});
    case 5:
      if constexpr (Most >= 5) return f(Known<5>{});
    case 4:
      if constexpr (Most >= 4) return f(Known<4>{});
    case 3:
      if constexpr (Most >= 3) return f(Known<3>{});
    case 2:
      if constexpr (Most >= 2) return f(Known<2>{});
    default:
      return f(Known<1>{});
  }
}

// y[0 .. N) += sum over r, in order, of c[r] row_r[0 .. N); row r lies at[r] bytes behind
// `rows`
template <int N, class Real>
FN void add_rows(int count, const Real* c, const Real* rows, const int* at, Real* y) {
  Real sum[N];
  MOTORIUM_UNROLL
  for (int n = 0; n < N; ++n) sum[n] = y[n];
  rows = as_one(rows);
  for (int r = 0; r < count; ++r) {
    const Real factor = c[r];
    const Real* row = bytes_behind(rows, at[r]);
    MOTORIUM_UNROLL
    for (int n = 0; n < N; ++n) sum[n] = fma(factor, row[n], sum[n]);
  }
  MOTORIUM_UNROLL
  for (int n = 0; n < N; ++n) y[n] = sum[n];
}

// y[0 .. N) += c a[0 .. N)
template <int N, class Real> FN void add_scaled(const Real& c, const Real* a, Real* y) {
  MOTORIUM_UNROLL
  for (int n = 0; n < N; ++n) y[n] = fma(a[n], c, y[n]);
}

// sum + a[0] b[0] + ... + a[N - 1] b[N - 1], in order
template <int N, class Real> FN Real add_products(const Real* a, const Real* b, Real sum) {
  MOTORIUM_UNROLL
  for (int n = 0; n < N; ++n) sum = fma(a[n], b[n], sum);
  return sum;
}

}  // namespace motorium
