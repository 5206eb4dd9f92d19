// Force of a fluid on an ellipsoid with half axes r that moves with velocity v and turns with w
// relative to it, all in its own axes; V its volume, A the area of its shadow along v:
//   added mass   force  (rho m_A o v) x w,  torque  (rho m_A o v) x v + (rho I_A o w) x w
//   Magnus lift  C_M rho V w x v
//   Kutta lift   C_K rho A cos(alpha) (n x v) x v,  n the normal of the section that throws the
//                shadow, alpha between it and v
//   drag         -(6 pi r_mean beta + rho |v| (C_blunt A + C_slender (A_max - A))) v
//                -(8 pi r_mean^3 beta + rho |c o w|) w,  c_i = C_angular I_i + C_slender (I_max -
//                I_i)
// Derivatives are exact; with a = (r_y r_z)^2 and so on, N = sum a v^2, P = sum a^2 v^2:
//   A = pi sqrt(P / N),  cos(alpha) / |n| = N / (|v| P)
#pragma once
#include "motorium/core/spatial.h"
#include "motorium/physics/scratch.h"

namespace motorium {

// what does not depend on the velocity
template <class Real> struct FluidEllipsoid {
  Vec3<Real> area2;              // (r_y r_z)^2, ...
  Vec3<Real> moment;             // c
  Vec3<Real> mass, inertia;      // rho m_A, rho I_A
  Real area_max, magnus, kutta;  // A_max, C_M rho V, C_K rho
  Real drag, slender;            // rho (C_blunt - C_slender), rho C_slender
  Real stokes_force, stokes_torque, rho;
};

template <class Real> FN Real fourth_power(const Real& x) { return (x * x) * (x * x); }

template <class Real> FN FluidEllipsoid<Real> fluid_ellipsoid(const ModelView<Real>& m, int g) {
  const auto p = [&](int i) { return m.geom_fluid[12 * g + i]; };
  const Real pi = number<Real>(3.14159265358979323846), rho = Real(m.density);
  const Real s0 = m.geom_size[3 * g], s1 = m.geom_size[3 * g + 1], s2 = m.geom_size[3 * g + 2];
  Vec3<Real> r = {s0, s1, s2};
  const auto type = static_cast<GeomType>(m.geom_type[g]);
  if (type == GeomType::sphere) r = {s0, s0, s0};
  if (type == GeomType::capsule) r = {s0, s0, s0 + s1};
  if (type == GeomType::cylinder) r = {s0, s0, s1};
  const Real largest = max(max(r.x, r.y), r.z), least = min(min(r.x, r.y), r.z);
  const Real middle = r.x + r.y + r.z - largest - least;
  const Real mean = (r.x + r.y + r.z) * number<Real>(1.0 / 3.0);
  const Real turned = number<Real>(8.0 / 15.0) * pi;
  const Real I_max = turned * middle * fourth_power(largest);

  FluidEllipsoid<Real> e;
  e.rho = rho;
  for (int i = 0; i < 3; ++i) {
    const Real j = r[(i + 1) % 3], k = r[(i + 2) % 3];
    const Real I = turned * r[i] * fourth_power(max(j, k));
    e.area2[i] = (j * k) * (j * k);
    e.moment[i] = fma(p(3), I, p(2) * (I_max - I));
    e.mass[i] = rho * p(6 + i);
    e.inertia[i] = rho * p(9 + i);
  }
  e.area_max = pi * largest * middle;
  e.magnus = p(5) * rho * number<Real>(4.0 / 3.0) * pi * r.x * r.y * r.z;
  e.kutta = p(4) * rho;
  e.drag = rho * (p(1) - p(2));
  e.slender = rho * p(2);
  e.stokes_force = Real(6.f) * pi * mean * Real(m.viscosity);
  e.stokes_torque = Real(8.f) * pi * mean * mean * mean * Real(m.viscosity);
  return e;
}

template <class Real> FN Vec3<Real> by_element(const Vec3<Real>& a, const Vec3<Real>& b) {
  return {a.x * b.x, a.y * b.y, a.z * b.z};
}

// sums over the velocity's components
template <class Real> struct Shadow {
  Vec3<Real> n;      // a o v
  Real N, P, speed;  // sum a v^2, sum a^2 v^2, |v|
  Real area;         // A
};
template <class Real> FN Shadow<Real> shadow(const FluidEllipsoid<Real>& e, const Vec3<Real>& v) {
  const Real tiny = number<Real>(1e-15), pi = number<Real>(3.14159265358979323846);
  Shadow<Real> s;
  s.n = by_element(e.area2, v);
  s.N = dot(s.n, v);
  s.P = dot(s.n, s.n);
  s.speed = norm(v);
  s.area = pi * sqrt(s.P / max(s.N, tiny));
  return s;
}

template <class Real>
FN Spatial<Real> ellipsoid_force(const ModelView<Real>& m, int g, const Spatial<Real>& u) {
  const Real tiny = number<Real>(1e-15);
  const FluidEllipsoid<Real> e = fluid_ellipsoid(m, g);
  const Vec3<Real>&v = u.t, &w = u.r;
  const Shadow<Real> s = shadow(e, v);

  // added mass, Magnus lift
  const Vec3<Real> momentum = by_element(e.mass, v);
  Vec3<Real> force = cross(momentum, w) + e.magnus * cross(w, v);
  Vec3<Real> torque = cross(momentum, v) + cross(by_element(e.inertia, w), w);

  // Kutta lift
  const Real cosine = s.N / max(s.speed * s.P, tiny);
  force = force + (e.kutta * s.area * cosine) * cross(cross(s.n, v), v);

  // drag
  const Real push = fma(s.speed, fma(e.drag, s.area, e.slender * e.area_max), e.stokes_force);
  const Real turn = fma(e.rho, norm(by_element(e.moment, w)), e.stokes_torque);
  return {torque - turn * w, force - push * v};
}

}  // namespace motorium
