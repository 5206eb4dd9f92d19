// A float that counts: the kernels run on it as on any Real, and every operation of theirs that a
// processor would do in floating point is counted. The numbers, and so the branches, are those of
// float.
//   1: + - * / sqrt    2: fma    0: negation, comparison, min, max, select, conversion
#pragma once
#include "motorium/core/real.h"

namespace motorium {

// of the process: who counts, counts alone. Not of a thread: kernels call nothing to find theirs,
// and a Python module may not ask for static thread memory beside CUDA's
static int64_t counted_flops = 0;

struct Counted {
  float v;
  Counted() = default;
  FN Counted(float x) : v(x) {}
  FN explicit Counted(double x) : v(static_cast<float>(x)) {}
  FN explicit Counted(int x) : v(static_cast<float>(x)) {}
  FN explicit operator float() const { return v; }
  FN explicit operator double() const { return static_cast<double>(v); }
  FN explicit operator int() const { return static_cast<int>(v); }
  friend FN Counted operator+(Counted a, Counted b) { return ++counted_flops, a.v + b.v; }
  friend FN Counted operator-(Counted a, Counted b) { return ++counted_flops, a.v - b.v; }
  friend FN Counted operator*(Counted a, Counted b) { return ++counted_flops, a.v * b.v; }
  friend FN Counted operator/(Counted a, Counted b) { return ++counted_flops, a.v / b.v; }
  friend FN Counted operator-(Counted a) { return -a.v; }
  friend FN bool operator<(Counted a, Counted b) { return a.v < b.v; }
  friend FN bool operator>(Counted a, Counted b) { return a.v > b.v; }
  friend FN bool operator<=(Counted a, Counted b) { return a.v <= b.v; }
  friend FN bool operator>=(Counted a, Counted b) { return a.v >= b.v; }
  friend FN bool operator==(Counted a, Counted b) { return a.v == b.v; }
  friend FN bool operator!=(Counted a, Counted b) { return a.v != b.v; }
  FN Counted& operator+=(Counted b) { return *this = *this + b; }
  FN Counted& operator-=(Counted b) { return *this = *this - b; }
  FN Counted& operator*=(Counted b) { return *this = *this * b; }
  FN Counted& operator/=(Counted b) { return *this = *this / b; }
};

FN Counted select(bool m, Counted a, Counted b) { return m ? a : b; }
FN Counted min(Counted a, Counted b) { return min(a.v, b.v); }
FN Counted max(Counted a, Counted b) { return max(a.v, b.v); }
FN Counted sqrt(Counted a) { return ++counted_flops, sqrt(a.v); }
FN Counted fma(Counted a, Counted b, Counted c) {
  counted_flops += 2;
  return fma(a.v, b.v, c.v);
}
FN int bits(Counted a) { return bits(a.v); }
FN int to_int(Counted a) { return to_int(a.v); }

// its own scalar, so that one-by-one colliders count too
template <> struct RealTraits<Counted> {
  using Scalar = Counted;
  using Int = int;
  using Mask = bool;
  static constexpr int width = 1;
};

}  // namespace motorium
