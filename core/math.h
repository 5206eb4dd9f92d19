// Elementary functions of Real: float, Pack<W> and double.
//
// float and packs run the same code, made of + - * / fma sqrt and integer operations, so the bits
// are equal on every device, width and instruction set. Errors are at most 2 ulp over the range
// given at each function (tests/core/math_test.cpp visits all floats). double calls the standard
// library: it is compared by tolerance, never by bits.
//
// The polynomials are our own minimax fits (Lawson iteration, coefficients rounded to float one by
// one, the others fitted again); the figure beside each is its relative error.
#pragma once
#include "motorium/core/real.h"

namespace motorium {

inline constexpr int kSignBit = -2147483647 - 1;
inline constexpr int kBadBits = 0x501502f9;  // of 1e10f: what is larger counts as a bad number

// a parameter that takes no part in template deduction, so that plain constants may be passed
template <class T> struct Given { using type = T; };
template <class Real> using Like = typename Given<Real>::type;

// ---- comparisons and signs ------------------------------------------------------------------
template <class Real> FN Real abs(Real x) { return from_bits(bits(x) & 0x7fffffff); }
FN double abs(double x) { return ::fabs(x); }
FN int abs(int x) { return x < 0 ? -x : x; }

// |magnitude| with the sign of `signs`, also of its zeros
template <class Real> FN Real copy_sign(Real magnitude, Like<Real> signs) {
  return from_bits((bits(magnitude) & 0x7fffffff) | (bits(signs) & kSignBit));
}
FN double copy_sign(double magnitude, double signs) { return ::copysign(magnitude, signs); }

// -1, 0 or 1; 0 for NaN
template <class Real> FN Real sign(Real x) {
  return select(x > Real(0.f), Real(1.f), select(x < Real(0.f), Real(-1.f), Real(0.f)));
}

// x moved into lo .. hi; NaN gives lo
template <class Real> FN Real clamp(Real x, Like<Real> lo, Like<Real> hi) {
  return min(max(x, lo), hi);
}

template <class Real> FN Real square(Real x) { return x * x; }

// NaN, infinite or larger than 1e10, by one integer comparison that no compiler flag can fold
template <class Real> FN Mask<Real> is_bad(Real x) { return (bits(x) & 0x7fffffff) > kBadBits; }
FN bool is_bad(double x) {
  union {
    double f;
    int64_t i;
  } u;
  u.f = x;
  return (u.i & 0x7fffffffffffffff) > 0x4202a05f20000000;  // bits of 1e10
}

// ---- to integers
// --------------------------------------------------------------------------------- adding it
// rounds a number below 2^22 to an integer (ties to even), found in the lowest bits
inline constexpr float kRounder = 12582912.f;  // 1.5 * 2^23
inline constexpr int kRounderBits = 0x4b400000;

// nearest integer, ties to even; |x| <= 2^22
template <class Real> FN Int<Real> round_to_int(Real x) {
  return bits(x + Real(kRounder)) - kRounderBits;
}
FN int round_to_int(double x) {
  return static_cast<int>((x + 6755399441055744.) - 6755399441055744.);
}

// largest integer not above x; |x| < 2^30
template <class Real> FN Int<Real> floor_to_int(Real x) {
  const Int<Real> i = to_int(x);
  return i - select(to_real<Real>(i) > x, Int<Real>(1), Int<Real>(0));
}

// ---- sine and cosine
// ----------------------------------------------------------------------------- |x| <= 1e6; up to
// 4e6 slowly worse, beyond that sin = 0 and cos = 1 (no digit of the angle is left in a float). NaN
// and infinity give NaN.
template <class Real> FN void sincos(Real x, Real& s, Real& c) {
  // x = k pi/2 + r; pi/2 in three parts, the first product is exact because r has its last bits
  x = select(abs(x) > Real(4e6f), x * Real(0.f), x);
  const Real shifted = fma(x, Real(0x1.45f306p-1f), Real(kRounder));
  const Real k = shifted - Real(kRounder);
  Real r = fma(k, Real(-0x1.921fb6p+0f), x);
  r = fma(k, Real(0x1.777a5cp-25f), r);
  r = fma(k, Real(0x1.ee59dap-50f), r);

  // on |r| <= 0.83: sin r = r + r^3 P(r^2) [6e-9], cos r = 1 - r^2/2 + r^4 Q(r^2) [2e-10]
  const Real z = r * r;
  Real p = fma(Real(-0x1.9862b2p-13f), z, Real(0x1.110486p-7f));
  p = fma(p, z, Real(-0x1.55553ep-3f));
  const Real sin_r = fma(p * z, r, r);
  Real q = fma(Real(0x1.993bcep-16f), z, Real(-0x1.6c09c0p-10f));
  q = fma(q, z, Real(0x1.555546p-5f));
  q = fma(q, z, Real(-0.5f));
  const Real cos_r = fma(q, z, Real(1.f));

  // quadrants: odd k swap the two, bit 1 of k and of k + 1 are the signs
  const Int<Real> turn = bits(shifted);
  const Mask<Real> even = (turn & 1) == 0;
  s = select(even, sin_r, cos_r);
  c = select(even, cos_r, sin_r);
  s = from_bits(bits(s) ^ ((turn & 2) << 30));
  c = from_bits(bits(c) ^ (((turn + 1) & 2) << 30));
}
FN void sincos(double x, double& s, double& c) {
  s = ::sin(x);
  c = ::cos(x);
}

template <class Real> FN Real sin(Real x) {
  Real s, c;
  sincos(x, s, c);
  return s;
}
FN double sin(double x) { return ::sin(x); }

template <class Real> FN Real cos(Real x) {
  Real s, c;
  sincos(x, s, c);
  return c;
}
FN double cos(double x) { return ::cos(x); }

// ---- exponential and logarithm
// ------------------------------------------------------------------- all x: 0 below -104, infinity
// above 88.73, denormal results are rounded once
template <class Real> FN Real exp(Real x) {
  // x = k ln 2 + r; both ends are chosen so that the result is 0 or infinity by itself
  x = select(x > Real(89.f), Real(89.f), x);
  x = select(x < Real(-104.f), Real(-104.f), x);
  const Real shifted = fma(x, Real(0x1.715476p+0f), Real(kRounder));
  const Real k = shifted - Real(kRounder);
  Real r = fma(k, Real(-0x1.62e430p-1f), x);
  r = fma(k, Real(0x1.05c610p-29f), r);

  // on |r| <= 0.348: exp r = 1 + r + r^2 P(r) [3e-9]
  Real p = fma(Real(0x1.6a47d8p-10f), r, Real(0x1.123b3ap-7f));
  p = fma(p, r, Real(0x1.5558b8p-5f));
  p = fma(p, r, Real(0x1.555490p-3f));
  p = fma(p, r, Real(0x1.fffffcp-2f));
  p = fma(p, r, Real(1.f));
  p = fma(p, r, Real(1.f));

  // times 2^k in two factors, because 2^-149 and 2^128 do not fit into one
  const Int<Real> n = bits(shifted) - kRounderBits;
  const Int<Real> half = n >> 1;
  return p * from_bits((half + 127) << 23) * from_bits((n - half + 127) << 23);
}
FN double exp(double x) { return ::exp(x); }

// x = 2^e m with 2/3 <= m < 4/3, for positive finite x, denormals included
template <class Real> FN void split_exponent(Real x, Real& m, Int<Real>& e) {
  const Mask<Real> tiny = x < Real(0x1p-126f);
  x = select(tiny, x * Real(0x1p+23f), x);
  const Int<Real> b = bits(x) & 0x7fffffff;
  e = (b - 0x3f2aaaab) >> 23;
  m = from_bits(b - (e << 23));
  e = e - select(tiny, Int<Real>(23), Int<Real>(0));
}

// natural logarithm, x > 0; -infinity for 0, NaN below
template <class Real> FN Real log(Real x) {
  Real m;
  Int<Real> e;
  split_exponent(x, m, e);

  // on -1/3 <= f <= 1/3: log(1 + f) = f - f^2/2 + f^3 P(f) [5e-9]
  const Real f = m - Real(1.f);
  const Real z = f * f;
  Real p = fma(Real(-0x1.07c894p-3f), f, Real(0x1.1e678cp-3f));
  p = fma(p, f, Real(-0x1.f332f8p-4f));
  p = fma(p, f, Real(0x1.1ed662p-3f));
  p = fma(p, f, Real(-0x1.559c44p-3f));
  p = fma(p, f, Real(0x1.99d044p-3f));
  p = fma(p, f, Real(-0x1.fffefcp-3f));
  p = fma(p, f, Real(0x1.555506p-2f));
  p = fma(p, f, Real(-0.5f));
  const Real k = to_real<Real>(e);
  Real y = fma(k, Real(-0x1.05c610p-29f), p * z) + f;
  y = fma(k, Real(0x1.62e430p-1f), y);

  // zero, negative, infinite and NaN arguments
  y = select(x == Real(0.f), from_bits(Int<Real>(int(0xff800000))), y);
  y = select(x < Real(0.f), from_bits(Int<Real>(0x7fc00000)), y);
  return select(bits(x) >= 0x7f800000, x, y);
}
FN double log(double x) { return ::log(x); }

// x^p for finite x >= 0 and |p| <= 1e4; 0^p is 0, 1 or infinity; results in the denormal range may
// be one more ulp off
template <class Real> FN Real pow(Real x, Like<Real> p) {
  Real m;
  Int<Real> e;
  split_exponent(x, m, e);

  // log m = 2 atanh u with u = (m - 1) / (m + 1), as a sum of two floats: |u| <= 0.2
  const Real f = m - Real(1.f);
  const Real d = m + Real(1.f);
  const Real d_low = m - (d - Real(1.f));
  const Real u = f / d;
  const Real u_low = fma(-u, d_low, fma(-u, d, f)) / d;
  const Real z = u * u;
  const Real z_low = fma(u, u, -z) + Real(2.f) * u * u_low;

  // 2 atanh u = 2 u + u^3 w, w = 2/3 + u^2 Q(u^2) [1e-10]; w and u^3 keep their low parts
  Real q = fma(Real(0x1.e95530p-3f), z, Real(0x1.24173ap-2f));
  q = fma(q, z, Real(0x1.999aaap-2f)) * z;
  const Real w = q + Real(0x1.555556p-1f);
  const Real w_low = (q - (w - Real(0x1.555556p-1f))) + Real(-0x1.555556p-26f);
  const Real cube = z * u;
  const Real cube_low = fma(z, u, -cube) + fma(z, u_low, z_low * u);
  const Real t = cube * w;
  const Real t_low = fma(cube, w, -t) + fma(cube, w_low, cube_low * w);

  // log x = e ln 2 + 2 u + t: the first product is exact, sums keep what they round away
  const Real k = to_real<Real>(e);
  const Real a = k * Real(0x1.62e400p-1f);
  const Real b = Real(2.f) * u;
  const Real ab = a + b;
  const Real b_in = ab - a;
  Real low = (a - (ab - b_in)) + (b - b_in);
  const Real sum = ab + t;
  const Real t_in = sum - ab;
  low = low + ((ab - (sum - t_in)) + (t - t_in));
  low = low + fma(k, Real(0x1.7f7d1cp-20f), fma(Real(2.f), u_low, t_low));
  const Real log_x = sum + low;
  const Real log_low = (sum - log_x) + low;

  // x^p = exp(h) (1 + l), h + l = p log x
  const Real h = p * log_x;
  const Real l = fma(p, log_x, -h) + p * log_low;
  const Real y = exp(h);
  const Mask<Real> inside = (h > Real(-104.f)) & (y < from_bits(Int<Real>(0x7f800000)));
  const Real power = select(inside, fma(y, l, y), y);
  const Real at_zero = select(p == Real(0.f), Real(1.f),
                              select(p > Real(0.f), Real(0.f), from_bits(Int<Real>(0x7f800000))));
  return select(x == Real(0.f), at_zero, power);
}
FN double pow(double x, double p) { return ::pow(x, p); }

// all x
template <class Real> FN Real tanh(Real x) {
  // on |x| < 0.6: x + x^3 P(x^2) [3e-9]
  const Real z = x * x;
  Real p = fma(Real(-0x1.828776p-8f), z, Real(0x1.54c3c2p-6f));
  p = fma(p, z, Real(-0x1.b89abap-5f));
  p = fma(p, z, Real(0x1.1109bep-3f));
  p = fma(p, z, Real(-0x1.55553ep-2f));
  const Real near = fma(p * z, x, x);

  // elsewhere 1 - 2 / (exp(2 |x|) + 1)
  const Real a = abs(x);
  const Real far = Real(1.f) - Real(2.f) / (exp(a + a) + Real(1.f));
  return select(a < Real(0.6f), near, copy_sign(far, x));
}
FN double tanh(double x) { return ::tanh(x); }

// ---- inverse trigonometric functions
// ------------------------------------------------------------- angle of (x, y) in -pi .. pi;
// finite arguments; signed zeros as in the standard library
template <class Real> FN Real atan2(Real y, Like<Real> x) {
  // a = tan of the angle to the nearer axis; 0 / 0 counts as 0
  const Real ax = abs(x);
  const Real ay = abs(y);
  const Mask<Real> steep = ay > ax;
  const Real top = select(steep, ax, ay);
  const Real bottom = select(steep, ay, ax);
  const Real a = top / select(bottom == Real(0.f), Real(1.f), bottom);

  // on 0 <= a <= 1: atan a = a + a^3 P(a^2) [2e-8]
  const Real z = a * a;
  Real p = fma(Real(0x1.7eb2c4p-9f), z, Real(-0x1.0c1c96p-6f));
  p = fma(p, z, Real(0x1.61f17ep-5f));
  p = fma(p, z, Real(-0x1.35519ep-4f));
  p = fma(p, z, Real(0x1.b4dee0p-4f));
  p = fma(p, z, Real(-0x1.230a96p-3f));
  p = fma(p, z, Real(0x1.9978ecp-3f));
  p = fma(p, z, Real(-0x1.5554dcp-2f));
  Real r = fma(p * z, a, a);

  // mirror at the diagonal and at the y axis; pi in two parts
  r = select(steep, Real(0x1.921fb6p+0f) - (r + Real(0x1.777a5cp-25f)), r);
  r = select(bits(x) < 0, Real(0x1.921fb6p+1f) - (r + Real(0x1.777a5cp-24f)), r);
  return copy_sign(r, y);
}
FN double atan2(double y, double x) { return ::atan2(y, x); }

// asin a = a + a^3 P(a^2) on 0 <= a <= 0.55 [2e-8]
template <class Real> FN Real asin_small(Real a) {
  const Real z = a * a;
  Real p = fma(Real(0x1.926e72p-5f), z, Real(0x1.46852cp-6f));
  p = fma(p, z, Real(0x1.7bc3a4p-5f));
  p = fma(p, z, Real(0x1.32b626p-4f));
  p = fma(p, z, Real(0x1.5556bap-3f));
  return fma(p * z, a, a);
}

// |x| <= 1; what is beyond counts as -1 or 1, so that rounding of a unit vector does no harm
template <class Real> FN Real asin(Real x) {
  // asin a = pi/2 - 2 asin(sqrt((1 - a) / 2)) for large a
  Real a = abs(x);
  a = select(a > Real(1.f), Real(1.f), a);
  const Mask<Real> large = a > Real(0.55f);
  const Real half = Real(0.5f) * (Real(1.f) - a);
  const Real r = asin_small(select(large, sqrt(half), a));
  const Real y = select(large, Real(0x1.921fb6p+0f) - (r + r + Real(0x1.777a5cp-25f)), r);
  return copy_sign(y, x);
}
FN double asin(double x) { return ::asin(x > 1 ? 1 : x < -1 ? -1 : x); }

// |x| <= 1; what is beyond counts as -1 or 1
template <class Real> FN Real acos(Real x) {
  // acos a = 2 asin(sqrt((1 - a) / 2)) for large a, pi - that for large -a, pi/2 - asin x between
  Real a = abs(x);
  a = select(a > Real(1.f), Real(1.f), a);
  const Mask<Real> large = a > Real(0.55f);
  const Real half = Real(0.5f) * (Real(1.f) - a);
  const Real r = asin_small(select(large, sqrt(half), a));
  const Real near = Real(0x1.921fb6p+0f) - (copy_sign(r, x) + Real(0x1.777a5cp-25f));
  const Real far = r + r;
  const Real mirrored = Real(0x1.921fb6p+1f) - (far + Real(0x1.777a5cp-24f));
  return select(large, select(bits(x) < 0, mirrored, far), near);
}
FN double acos(double x) { return ::acos(x > 1 ? 1 : x < -1 ? -1 : x); }

}  // namespace motorium
