// Rotations and frames in double for readers and compiler. Quaternions are (w, x, y, z).
#pragma once
#include <array>
#include <cmath>
#include <string>

#include "motorium/physics/spec/spec.h"

namespace motorium {

using Vec = std::array<double, 3>;
using Quaternion = std::array<double, 4>;
using Matrix = std::array<double, 9>;  // row-major

inline constexpr double kMinVal = 1e-15;

inline double dot(const Vec& a, const Vec& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline Vec cross(const Vec& a, const Vec& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
inline double length(const Vec& a) { return std::sqrt(dot(a, a)); }
inline Vec add(const Vec& a, const Vec& b) { return {a[0] + b[0], a[1] + b[1], a[2] + b[2]}; }
inline Vec subtract(const Vec& a, const Vec& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
inline Vec scaled(const Vec& a, double s) { return {a[0] * s, a[1] * s, a[2] * s}; }

inline Quaternion multiply(const Quaternion& a, const Quaternion& b) {
  return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
          a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
          a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
          a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}
inline Quaternion conjugate(const Quaternion& q) { return {q[0], -q[1], -q[2], -q[3]}; }
// the identity for a quaternion without length
inline Quaternion normalized(const Quaternion& q) {
  const double n = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
  if (!(n > kMinVal)) return {1, 0, 0, 0};
  return {q[0] / n, q[1] / n, q[2] / n, q[3] / n};
}
inline Matrix to_matrix(const Quaternion& q) {
  const double w = q[0], x = q[1], y = q[2], z = q[3];
  return {
      w * w + x * x - y * y - z * z, 2 * (x * y - w * z),           2 * (x * z + w * y),
      2 * (x * y + w * z),           w * w - x * x + y * y - z * z, 2 * (y * z - w * x),
      2 * (x * z - w * y),           2 * (y * z + w * x),           w * w - x * x - y * y + z * z};
}
inline Vec times(const Matrix& m, const Vec& v) {
  return {m[0] * v[0] + m[1] * v[1] + m[2] * v[2], m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
          m[6] * v[0] + m[7] * v[1] + m[8] * v[2]};
}
inline Vec rotate(const Quaternion& q, const Vec& v) { return times(to_matrix(q), v); }

// the pose `b`, given in the frame `a`, in the frame that `a` is given in
inline Pose compose(const Pose& a, const Pose& b) {
  return {add(a.pos, rotate(a.quat, b.pos)), normalized(multiply(a.quat, b.quat))};
}
// pose of the identity of `b`'s frame seen from `a`
inline Pose relative(const Pose& a, const Pose& b) {
  const Quaternion back = conjugate(a.quat);
  return {rotate(back, subtract(b.pos, a.pos)), normalized(multiply(back, b.quat))};
}

// quaternion of a rotation matrix whose columns are x, y, z
Quaternion from_axes(const Vec& x, const Vec& y, const Vec& z);
// smallest rotation that takes +z to `direction` (any length > 0); antiparallel: about x
Quaternion from_z(const Vec& direction);

// Unit quaternion of an orientation in any notation; degrees and Euler sequence from `compiler`.
// On failure `why` says what is wrong with it.
Quaternion resolve(const Orientation& orientation, const CompilerSpec& compiler, std::string& why);

// Principal axes of a symmetric matrix: eigenvalues in decreasing order, rotation of their frame.
// Elements off the diagonal, and differences of order, below `tolerance` times the largest element
// are left alone, so that the axes of a nearly isotropic body stay where the file has them.
inline constexpr double kBodyAxesTolerance = 1e-12;
inline constexpr double kMeshAxesTolerance = 1e-7;  // vertices are good to single precision
void principal_axes(const Matrix& symmetric, double tolerance, Vec& values, Quaternion& rotation);

}  // namespace motorium
