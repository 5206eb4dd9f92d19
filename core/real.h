// One number of the simulation. On the GPU it is a float; on the CPU it is a pack of W floats, the
// same quantity of W worlds side by side; in the reference build it is a double. Kernels never ask.
//
//   Real          number            float, double, Pack<W>
//   Scalar<Real>  one lane of it    float, double, float
//   Int<Real>     integer companion int, int, IntPack<W>       (per-world counts and indices)
//   Mask<Real>    truth companion   bool, bool, LaneMask<W>    (no `if`: use select, any)
#pragma once
#include <cmath>
#include <cstdint>
#if defined(__AVX2__) && defined(__FMA__) && !defined(__CUDACC__)
#define MOTORIUM_PACKS 1
#include <immintrin.h>
#endif

// FN is leaf mathematics: always inlined. STAGE is a line of the step: one local copy per source
// file, so that no weak symbol can carry one instruction set into an object built for another
// (and on CUDA a function of its own: as one body, the step costs ptxas three times as long).
// STAGES is a list of stages: on CUDA a part of the kernel, since a function that calls others has
// to put what it keeps in memory, and a kernel has not
#if defined(__CUDACC__)
#define FN __host__ __device__ __forceinline__
#define STAGE static __noinline__ __host__ __device__
#define STAGES static __forceinline__ __host__ __device__
#define MOTORIUM_UNROLL
// before a loop whose copies would only hold registers: nvcc makes four of any, calls inside or not
#define MOTORIUM_ROLLED _Pragma("unroll 1")
#else
#define FN inline __attribute__((always_inline))
#define STAGE static __attribute__((noinline, unused))
#define STAGES STAGE
// before a short loop over an array that should stay in registers: gcc does not unroll at -O2
#define MOTORIUM_UNROLL _Pragma("GCC unroll 8")
#define MOTORIUM_ROLLED
#endif

namespace motorium {

// scalars: min and max are written out because the library versions disagree about NaN and -0
FN float select(bool m, float a, float b) { return m ? a : b; }
FN double select(bool m, double a, double b) { return m ? a : b; }
FN int select(bool m, int a, int b) { return m ? a : b; }
FN float min(float a, float b) { return a < b ? a : b; }
FN double min(double a, double b) { return a < b ? a : b; }
FN int min(int a, int b) { return a < b ? a : b; }
FN float max(float a, float b) { return a > b ? a : b; }
FN double max(double a, double b) { return a > b ? a : b; }
FN int max(int a, int b) { return a > b ? a : b; }
FN float sqrt(float a) { return ::sqrtf(a); }
FN double sqrt(double a) { return ::sqrt(a); }
#if defined(MOTORIUM_NO_FUSE)
// test D10: with fma written as a multiply and an add, objects must hold no fused instruction
FN float fma(float a, float b, float c) { return a * b + c; }
FN double fma(double a, double b, double c) { return a * b + c; }
#else
// a b + c, rounded once. Write fma(-a, b, -c), not -fma(a, b, c): compilers fold the scalar form
// into one instruction with another sign of zero, the pack form not
FN float fma(float a, float b, float c) { return ::fmaf(a, b, c); }
FN double fma(double a, double b, double c) { return ::fma(a, b, c); }
#endif
FN bool any(bool m) { return m; }
FN bool all(bool m) { return m; }

// float and integer bits of the same width; conversions want a value that was clamped before
FN int bits(float x) {
  union {
    float f;
    int i;
  } u;
  u.f = x;
  return u.i;
}
FN float from_bits(int i) {
  union {
    int i;
    float f;
  } u;
  u.i = i;
  return u.f;
}
// adds to a number that workers of other teams add to as well; returns what it was
FN int fetch_add(int* total, int n) {
#if defined(__CUDA_ARCH__)
  return atomicAdd(total, n);
#else
  return __atomic_fetch_add(total, n, __ATOMIC_RELAXED);
#endif
}
// what such a number is at about this moment
FN int peek(const int* total) {
#if defined(__CUDA_ARCH__)
  return *static_cast<const volatile int*>(total);
#else
  return __atomic_load_n(total, __ATOMIC_RELAXED);
#endif
}
// number of the lowest set bit of x != 0
FN int lowest_bit(unsigned x) {
#if defined(__CUDA_ARCH__)
  return __ffs(static_cast<int>(x)) - 1;
#else
  return __builtin_ctz(x);
#endif
}
FN int to_int(float x) { return static_cast<int>(x); }  // towards zero
FN int to_int(double x) { return static_cast<int>(x); }

template <class Real> struct RealTraits;
template <> struct RealTraits<float> {
  using Scalar = float;
  using Int = int;
  using Mask = bool;
  static constexpr int width = 1;
};
template <> struct RealTraits<double> {
  using Scalar = double;
  using Int = int;
  using Mask = bool;
  static constexpr int width = 1;
};

#if defined(MOTORIUM_PACKS)

// the vector types of W lanes. gcc 12 ignores a vector_size that depends on a template parameter,
// so each width is spelled out. fma and sqrt are intrinsics: a loop over lanes may stay a loop
template <int W> struct Lanes;
template <> struct Lanes<8> {
  typedef float Float __attribute__((vector_size(32)));
  typedef int Integer __attribute__((vector_size(32)));
#if defined(MOTORIUM_NO_FUSE)
  static FN Float fma(Float a, Float b, Float c) { return a * b + c; }
#else
  static FN Float fma(Float a, Float b, Float c) { return _mm256_fmadd_ps(a, b, c); }
#endif
  static FN Float sqrt(Float a) { return _mm256_sqrt_ps(a); }
  static FN Float min(Float a, Float b) { return _mm256_min_ps(a, b); }
  static FN Float max(Float a, Float b) { return _mm256_max_ps(a, b); }
  static FN bool any(Integer m) { return _mm256_movemask_epi8((__m256i)m) != 0; }
  static FN bool all(Integer m) { return _mm256_movemask_epi8((__m256i)m) == -1; }
  static FN Integer truncate(Float a) { return (Integer)_mm256_cvttps_epi32(a); }
  static FN Float convert(Integer a) { return _mm256_cvtepi32_ps((__m256i)a); }
};
#if defined(__AVX512F__)
template <> struct Lanes<16> {
  typedef float Float __attribute__((vector_size(64)));
  typedef int Integer __attribute__((vector_size(64)));
  // the masked forms, because gcc 12 warns about an undefined value in the plain ones
#if defined(MOTORIUM_NO_FUSE)
  static FN Float fma(Float a, Float b, Float c) { return a * b + c; }
#else
  static FN Float fma(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }
#endif
  static FN Float sqrt(Float a) { return _mm512_maskz_sqrt_ps(0xffff, a); }
  static FN Float min(Float a, Float b) { return _mm512_maskz_min_ps(0xffff, a, b); }
  static FN Float max(Float a, Float b) { return _mm512_maskz_max_ps(0xffff, a, b); }
  static FN bool any(Integer m) { return _mm512_test_epi32_mask((__m512i)m, (__m512i)m) != 0; }
  static FN bool all(Integer m) { return _mm512_test_epi32_mask((__m512i)m, (__m512i)m) == 0xffff; }
  static FN Integer truncate(Float a) { return (Integer)_mm512_maskz_cvttps_epi32(0xffff, a); }
  static FN Float convert(Integer a) { return _mm512_maskz_cvtepi32_ps(0xffff, (__m512i)a); }
};
#endif

// one truth value per world, all bits or none; no conversion to bool, so `if (a < b)` on state
// does not compile
template <int W> struct LaneMask {
  typename Lanes<W>::Integer v;
  LaneMask() = default;
  FN LaneMask(typename Lanes<W>::Integer x) : v(x) {}
  FN explicit LaneMask(bool b) : v((b ? -1 : 0) - typename Lanes<W>::Integer{}) {}
  friend FN LaneMask operator&(LaneMask a, LaneMask b) { return LaneMask(a.v & b.v); }
  friend FN LaneMask operator|(LaneMask a, LaneMask b) { return LaneMask(a.v | b.v); }
  friend FN LaneMask operator^(LaneMask a, LaneMask b) { return LaneMask(a.v ^ b.v); }
  friend FN LaneMask operator!(LaneMask a) { return LaneMask(~a.v); }
};

template <int W> struct IntPack {
  using Vector = typename Lanes<W>::Integer;
  Vector v;
  IntPack() = default;
  FN IntPack(int s) : v(s - Vector{}) {}
  FN IntPack(Vector x) : v(x) {}
  friend FN IntPack operator+(IntPack a, IntPack b) { return a.v + b.v; }
  friend FN IntPack operator-(IntPack a, IntPack b) { return a.v - b.v; }
  friend FN IntPack operator*(IntPack a, IntPack b) { return a.v * b.v; }
  friend FN IntPack operator&(IntPack a, IntPack b) { return a.v & b.v; }
  friend FN IntPack operator|(IntPack a, IntPack b) { return a.v | b.v; }
  friend FN IntPack operator^(IntPack a, IntPack b) { return a.v ^ b.v; }
  friend FN IntPack operator<<(IntPack a, int n) { return a.v << n; }
  friend FN IntPack operator>>(IntPack a, int n) { return a.v >> n; }  // arithmetic
  friend FN LaneMask<W> operator<(IntPack a, IntPack b) { return LaneMask<W>(Vector(a.v < b.v)); }
  friend FN LaneMask<W> operator>(IntPack a, IntPack b) { return LaneMask<W>(Vector(a.v > b.v)); }
  friend FN LaneMask<W> operator<=(IntPack a, IntPack b) { return LaneMask<W>(Vector(a.v <= b.v)); }
  friend FN LaneMask<W> operator>=(IntPack a, IntPack b) { return LaneMask<W>(Vector(a.v >= b.v)); }
  friend FN LaneMask<W> operator==(IntPack a, IntPack b) { return LaneMask<W>(Vector(a.v == b.v)); }
  friend FN LaneMask<W> operator!=(IntPack a, IntPack b) { return LaneMask<W>(Vector(a.v != b.v)); }
};

template <int W> struct Pack {
  using Vector = typename Lanes<W>::Float;
  using IntVector = typename Lanes<W>::Integer;
  Vector v;
  Pack() = default;
  FN Pack(float s) : v(s - Vector{}) {}
  FN Pack(Vector x) : v(x) {}
  friend FN Pack operator+(Pack a, Pack b) { return a.v + b.v; }
  friend FN Pack operator-(Pack a, Pack b) { return a.v - b.v; }
  friend FN Pack operator*(Pack a, Pack b) { return a.v * b.v; }
  friend FN Pack operator/(Pack a, Pack b) { return a.v / b.v; }
  friend FN Pack operator-(Pack a) { return -a.v; }
  friend FN LaneMask<W> operator<(Pack a, Pack b) { return LaneMask<W>(IntVector(a.v < b.v)); }
  friend FN LaneMask<W> operator>(Pack a, Pack b) { return LaneMask<W>(IntVector(a.v > b.v)); }
  friend FN LaneMask<W> operator<=(Pack a, Pack b) { return LaneMask<W>(IntVector(a.v <= b.v)); }
  friend FN LaneMask<W> operator>=(Pack a, Pack b) { return LaneMask<W>(IntVector(a.v >= b.v)); }
  friend FN LaneMask<W> operator==(Pack a, Pack b) { return LaneMask<W>(IntVector(a.v == b.v)); }
  friend FN LaneMask<W> operator!=(Pack a, Pack b) { return LaneMask<W>(IntVector(a.v != b.v)); }
  FN Pack& operator+=(Pack b) {
    v += b.v;
    return *this;
  }
  FN Pack& operator-=(Pack b) {
    v -= b.v;
    return *this;
  }
  FN Pack& operator*=(Pack b) {
    v *= b.v;
    return *this;
  }
};

template <int W> struct RealTraits<Pack<W>> {
  using Scalar = float;
  using Int = IntPack<W>;
  using Mask = LaneMask<W>;
  static constexpr int width = W;
};

template <int W> FN Pack<W> select(LaneMask<W> m, Pack<W> a, Pack<W> b) { return m.v ? a.v : b.v; }
template <int W> FN IntPack<W> select(LaneMask<W> m, IntPack<W> a, IntPack<W> b) {
  return m.v ? a.v : b.v;
}
// as for scalars: the second of two zeros, and where one is no number
template <int W> FN Pack<W> min(Pack<W> a, Pack<W> b) { return Lanes<W>::min(a.v, b.v); }
template <int W> FN Pack<W> max(Pack<W> a, Pack<W> b) { return Lanes<W>::max(a.v, b.v); }
template <int W> FN IntPack<W> min(IntPack<W> a, IntPack<W> b) { return a.v < b.v ? a.v : b.v; }
template <int W> FN IntPack<W> max(IntPack<W> a, IntPack<W> b) { return a.v > b.v ? a.v : b.v; }
template <int W> FN Pack<W> sqrt(Pack<W> a) { return Lanes<W>::sqrt(a.v); }
template <int W> FN Pack<W> fma(Pack<W> a, Pack<W> b, Pack<W> c) {
  return Lanes<W>::fma(a.v, b.v, c.v);
}
template <int W> FN bool any(LaneMask<W> m) { return Lanes<W>::any(m.v); }
template <int W> FN bool all(LaneMask<W> m) { return Lanes<W>::all(m.v); }
template <int W> FN IntPack<W> bits(Pack<W> a) { return (typename Lanes<W>::Integer)a.v; }
template <int W> FN Pack<W> from_bits(IntPack<W> a) { return (typename Lanes<W>::Float)a.v; }
template <int W> FN IntPack<W> to_int(Pack<W> a) { return Lanes<W>::truncate(a.v); }
template <int W> FN Pack<W> to_real_pack(IntPack<W> a) { return Lanes<W>::convert(a.v); }

#endif  // MOTORIUM_PACKS

template <class Real> using Scalar = typename RealTraits<Real>::Scalar;
template <class Real> using Int = typename RealTraits<Real>::Int;
template <class Real> using Mask = typename RealTraits<Real>::Mask;
template <class Real> inline constexpr int kWidth = RealTraits<Real>::width;

// integer -> number, exact below 2^24
template <class Real> FN Real to_real(Int<Real> i) {
  if constexpr (kWidth<Real> == 1)
    return static_cast<Real>(i);
  else
    return to_real_pack(i);
}

// lanes: only for what differs per world and has no wide form (indices, scatter, host I/O)
template <class Real> FN Scalar<Real> get(const Real& r, int lane) {
  if constexpr (kWidth<Real> == 1)
    return r;
  else
    return reinterpret_cast<const float*>(&r)[lane];
}
template <class Real> FN void put(Real& r, int lane, Scalar<Real> x) {
  if constexpr (kWidth<Real> == 1)
    r = x;
  else
    reinterpret_cast<float*>(&r)[lane] = x;
}
template <class Real> FN int get_int(const Int<Real>& r, int lane) {
  if constexpr (kWidth<Real> == 1)
    return r;
  else
    return reinterpret_cast<const int*>(&r)[lane];
}
template <class Real> FN void put_int(Int<Real>& r, int lane, int x) {
  if constexpr (kWidth<Real> == 1)
    r = x;
  else
    reinterpret_cast<int*>(&r)[lane] = x;
}
template <class Real> FN bool get_mask(const Mask<Real>& m, int lane) {
  if constexpr (kWidth<Real> == 1)
    return m;
  else
    return reinterpret_cast<const int*>(&m)[lane] != 0;
}
template <class Real> FN void put_mask(Mask<Real>& m, int lane, bool b) {
  if constexpr (kWidth<Real> == 1)
    m = b;
  else
    reinterpret_cast<int*>(&m)[lane] = b ? -1 : 0;
}

// W scalars side by side
template <class Real> FN Real load(const Scalar<Real>* p) {
  if constexpr (kWidth<Real> == 1) {
    return *p;
  } else {
    typedef typename Real::Vector Unaligned __attribute__((aligned(4), may_alias));
    return Real(typename Real::Vector(*reinterpret_cast<const Unaligned*>(p)));
  }
}
template <class Real> FN void store(Scalar<Real>* p, const Real& x) {
  if constexpr (kWidth<Real> == 1) {
    *p = x;
  } else {
    typedef typename Real::Vector Unaligned __attribute__((aligned(4), may_alias));
    *reinterpret_cast<Unaligned*>(p) = x.v;
  }
}

// the mask that is true everywhere
template <class Real> FN Mask<Real> everywhere() { return Mask<Real>(true); }

// `static_cast` to Real from a host number, without a double-promotion surprise
template <class Real> FN Real number(double x) { return Real(static_cast<Scalar<Real>>(x)); }

}  // namespace motorium
