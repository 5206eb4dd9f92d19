// Spatial vectors (rotation, translation) and inertias about one point, world axes (Featherstone).
#pragma once
#include "motorium/core/vec.h"

namespace motorium {

template <class Real> struct Spatial {
  Vec3<Real> r, t;  // rotation, translation
};
template <class Real> FN Spatial<Real> spatial(const Real* p) { return {vec3(p), vec3(p + 3)}; }
template <class Real> FN void put6(Real* p, const Spatial<Real>& v) {
  put3(p, v.r);
  put3(p + 3, v.t);
}
template <class Real> FN Spatial<Real> operator+(const Spatial<Real>& a, const Spatial<Real>& b) {
  return {a.r + b.r, a.t + b.t};
}
template <class Real> FN Spatial<Real> operator-(const Spatial<Real>& a, const Spatial<Real>& b) {
  return {a.r - b.r, a.t - b.t};
}
// a + s b
template <class Real>
FN Spatial<Real> add_scaled(const Spatial<Real>& a, const Real& s, const Spatial<Real>& b) {
  return {add_scaled(a.r, s, b.r), add_scaled(a.t, s, b.t)};
}
template <class Real> FN Real dot(const Spatial<Real>& a, const Spatial<Real>& b) {
  return dot(a.r, b.r) + dot(a.t, b.t);
}
// v x m for motions:   (w x m_r, w x m_t + u x m_r)
template <class Real>
FN Spatial<Real> cross_motion(const Spatial<Real>& v, const Spatial<Real>& m) {
  return {cross(v.r, m.r), cross(v.r, m.t) + cross(v.t, m.r)};
}
// v x* f for forces:   (w x f_r + u x f_t, w x f_t)
template <class Real> FN Spatial<Real> cross_force(const Spatial<Real>& v, const Spatial<Real>& f) {
  return {cross(v.r, f.r) + cross(v.t, f.t), cross(v.r, f.t)};
}
// inertia (xx yy zz xy xz yz, m c, m) times a motion:   (I w + m c x u, m u - m c x w)
template <class Real> FN Spatial<Real> inertia_times(const Real* i, const Spatial<Real>& v) {
  const Vec3<Real> mc = vec3(i + 6);
  const Vec3<Real> Iw = {fma(i[4], v.r.z, fma(i[3], v.r.y, i[0] * v.r.x)),
                         fma(i[5], v.r.z, fma(i[1], v.r.y, i[3] * v.r.x)),
                         fma(i[2], v.r.z, fma(i[5], v.r.y, i[4] * v.r.x))};
  return {Iw + cross(mc, v.t), i[9] * v.t - cross(mc, v.r)};
}

}  // namespace motorium
