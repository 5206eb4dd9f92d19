// Unit quaternions (w, x, y, z): rotations of one frame in another.
#pragma once
#include "motorium/core/math.h"
#include "motorium/core/vec.h"

namespace motorium {

template <class Real> struct Quat { Real w, x, y, z; };

template <class Real> FN Quat<Real> quat(const Real* p) { return {p[0], p[1], p[2], p[3]}; }
template <class Real> FN void put4(Real* p, const Quat<Real>& q) {
  p[0] = q.w;
  p[1] = q.x;
  p[2] = q.y;
  p[3] = q.z;
}
template <class Real> FN Quat<Real> identity_quat() {
  return {Real(1.f), Real(0.f), Real(0.f), Real(0.f)};
}
template <class Real> FN Quat<Real> conjugate(const Quat<Real>& q) {
  return {q.w, -q.x, -q.y, -q.z};
}
template <class Real> FN Quat<Real> operator*(const Quat<Real>& a, const Quat<Real>& b) {
  return {fma(-a.z, b.z, fma(-a.y, b.y, fma(-a.x, b.x, a.w * b.w))),
          fma(-a.z, b.y, fma(a.y, b.z, fma(a.x, b.w, a.w * b.x))),
          fma(a.z, b.x, fma(a.y, b.w, fma(-a.x, b.z, a.w * b.y))),
          fma(a.z, b.w, fma(-a.y, b.x, fma(a.x, b.y, a.w * b.z)))};
}
// the identity where the norm vanishes; untouched where the norm is one but for rounding, so that a
// quaternion that is normalized already comes back
template <class Real> FN Quat<Real> normalize(const Quat<Real>& q) {
  const Real n = sqrt(fma(q.z, q.z, fma(q.y, q.y, fma(q.x, q.x, q.w * q.w))));
  const Mask<Real> ok = n > number<Real>(1e-15);
  const Mask<Real> off = ok & (abs(n - Real(1.f)) > number<Real>(1e-15));
  const Real s = Real(1.f) / select(off, n, Real(1.f));
  return {select(ok, q.w * s, Real(1.f)), select(ok, q.x * s, Real(0.f)),
          select(ok, q.y * s, Real(0.f)), select(ok, q.z * s, Real(0.f))};
}
template <class Real> FN Mat3<Real> to_mat3(const Quat<Real>& q) {
  const Real two = Real(2.f);
  const Real xx = q.x * q.x, yy = q.y * q.y, zz = q.z * q.z, ww = q.w * q.w;
  const Real xy = two * q.x * q.y, xz = two * q.x * q.z, yz = two * q.y * q.z;
  const Real wx = two * q.w * q.x, wy = two * q.w * q.y, wz = two * q.w * q.z;
  return {{ww + xx - yy - zz, xy - wz, xz + wy, xy + wz, ww - xx + yy - zz, yz - wx, xz - wy,
           yz + wx, ww - xx - yy + zz}};
}
// q v q*
template <class Real> FN Vec3<Real> rotate(const Quat<Real>& q, const Vec3<Real>& v) {
  const Vec3<Real> u = {q.x, q.y, q.z};
  const Vec3<Real> t = Real(2.f) * cross(u, v);
  return add_scaled(v, q.w, t) + cross(u, t);
}
// rotation by `angle` [rad] about a unit axis
template <class Real> FN Quat<Real> axis_angle(const Vec3<Real>& axis, const Real& angle) {
  Real s, c;
  sincos(Real(0.5f) * angle, s, c);
  return {c, axis.x * s, axis.y * s, axis.z * s};
}
// rotation vector of a unit quaternion, angle in (-pi, pi]   [rad]
template <class Real> FN Vec3<Real> rotation_vector(const Quat<Real>& q) {
  const Vec3<Real> u = {q.x, q.y, q.z};
  const Real s = norm(u);
  const Mask<Real> ok = s > number<Real>(1e-15);
  Real angle = Real(2.f) * atan2(s, q.w);
  angle = select(angle > number<Real>(3.14159265358979323846),
                 angle - number<Real>(6.28318530717958647692), angle);
  const Real scale = select(ok, angle / select(ok, s, Real(1.f)), Real(0.f));
  return u * scale;
}
// q advanced by the body-frame angular velocity w over h seconds: normalize(q) * exp(h w)
template <class Real>
FN Quat<Real> integrate(const Quat<Real>& q, const Vec3<Real>& w, const Real& h) {
  const Real n = norm(w);
  const Mask<Real> ok = n > number<Real>(1e-15);
  const Real inv = Real(1.f) / select(ok, n, Real(1.f));
  const Quat<Real> e = axis_angle(w * inv, h * select(ok, n, Real(0.f)));
  return normalize(q) * e;
}

}  // namespace motorium
