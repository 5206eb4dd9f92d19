// Forces of a fluid of given density, viscosity and wind on bodies (MuJoCo's "fluid forces").
//
// A body is its box of equal inertia, with full sizes s_i and mean size d, at its centre of mass;
// v, w its velocity relative to the fluid in the axes of the box:
//   force   -3 pi d beta v_i - 1/2 rho s_j s_k |v_i| v_i
//   torque  -pi d^3 beta w_i - 1/64 rho s_i (s_j^4 + s_k^4) |w_i| w_i
// unless one of its geoms asks for the ellipsoid model (fluid_ellipsoid.h): then only its geoms
// act.
#pragma once
#include "motorium/core/spatial.h"
#include "motorium/physics/fluid_ellipsoid.h"
#include "motorium/physics/jacobian.h"

namespace motorium {

// a frame fixed to a body, in which the fluid acts
template <class Real> struct FluidFrame {
  Vec3<Real> arm;  // its origin from the centre of mass of the body's tree
  Mat3<Real> axes;
};

// velocity of the frame relative to the fluid, in its axes
template <class Real>
FN Spatial<Real> fluid_velocity(const ModelView<Real>& m, const Scratch<Real>& x, int b,
                                const FluidFrame<Real>& f) {
  const Spatial<Real> v = spatial(x.cvel + 6 * b);
  const Vec3<Real> wind = {Real(m.wind[0]), Real(m.wind[1]), Real(m.wind[2])};
  return {transpose_times(f.axes, v.r), transpose_times(f.axes, v.t + cross(v.r, f.arm) - wind)};
}

// a force in the frame becomes one about the tree's centre of mass in world axes
template <class Real>
FN Spatial<Real> fluid_wrench(const FluidFrame<Real>& f, const Spatial<Real>& local) {
  const Vec3<Real> force = f.axes * local.t;
  return {f.axes * local.r + cross(f.arm, force), force};
}

template <class Real>
FN FluidFrame<Real> inertial_frame(const ModelView<Real>& m, const Scratch<Real>& x, int b) {
  return {vec3(x.xipos + 3 * b) - vec3(x.subtree_com + 3 * m.body_rootid[b]),
          mat3(x.ximat + 9 * b)};
}
template <class Real>
FN FluidFrame<Real> geom_frame(const ModelView<Real>& m, const Scratch<Real>& x, int g) {
  const int b = m.geom_bodyid[g];
  const Quat<Real> q = m.geom_quat.four(4 * g);
  const Vec3<Real> local = m.geom_pos.three(3 * g);
  const Vec3<Real> p = vec3(x.xpos + 3 * b) + mat3(x.xmat + 9 * b) * local;
  return {p - vec3(x.subtree_com + 3 * m.body_rootid[b]), to_mat3(quat(x.xquat + 4 * b) * q)};
}

// is the geom an ellipsoid in the fluid? (uniform)
template <class Real> FN bool is_fluid_ellipsoid(const ModelView<Real>& m, int g) {
  return m.geom_fluid.shared[12 * g] > 0;
}
template <class Real> FN bool has_fluid_ellipsoid(const ModelView<Real>& m, int b) {
  for (int g = m.body_geomadr[b]; g < m.body_geomadr[b] + m.body_geomnum[b]; ++g)
    if (is_fluid_ellipsoid(m, g)) return true;
  return false;
}

// ---- box of equal inertia -----------------------------------------------------------------------

// resistance of the box: -f_i = (linear + quadratic |u_i|) u_i for each of the six components u
template <class Real> struct BoxDrag { Spatial<Real> linear, quadratic; };
template <class Real> FN BoxDrag<Real> box_drag(const ModelView<Real>& m, int b) {
  const Real tiny = number<Real>(1e-15), pi = number<Real>(3.14159265358979323846);
  const Mask<Real> heavy = m.body_mass[b] >= tiny;
  const Real inv = Real(6.f) / select(heavy, m.body_mass[b], Real(1.f));
  const auto I = [&](int i) { return m.body_inertia[3 * b + i]; };
  Vec3<Real> s;
  for (int i = 0; i < 3; ++i) s[i] = sqrt(max(I((i + 1) % 3) + I((i + 2) % 3) - I(i), tiny) * inv);
  const Real d = (s.x + s.y + s.z) * number<Real>(1.0 / 3.0);
  const Real beta = select(heavy, Real(m.viscosity), Real(0.f)),
             rho = select(heavy, Real(m.density), Real(0.f));
  BoxDrag<Real> drag;
  for (int i = 0; i < 3; ++i) {
    const Real sj = s[(i + 1) % 3], sk = s[(i + 2) % 3];
    const Real j2 = sj * sj, k2 = sk * sk;
    drag.linear.r[i] = pi * d * d * d * beta;
    drag.linear.t[i] = Real(3.f) * pi * d * beta;
    drag.quadratic.r[i] = rho * s[i] * fma(j2, j2, k2 * k2) * Real(1.f / 64.f);
    drag.quadratic.t[i] = Real(0.5f) * rho * sj * sk;
  }
  return drag;
}

template <class Real>
FN Spatial<Real> box_fluid_force(const ModelView<Real>& m, const Scratch<Real>& x, int b) {
  const FluidFrame<Real> frame = inertial_frame(m, x, b);
  const Spatial<Real> u = fluid_velocity(m, x, b, frame);
  const BoxDrag<Real> drag = box_drag(m, b);
  Spatial<Real> f;
  for (int i = 0; i < 3; ++i) {
    f.r[i] = -(fma(drag.quadratic.r[i], abs(u.r[i]), drag.linear.r[i]) * u.r[i]);
    f.t[i] = -(fma(drag.quadratic.t[i], abs(u.t[i]), drag.linear.t[i]) * u.t[i]);
  }
  return fluid_wrench(frame, f);
}

// ---- all bodies ---------------------------------------------------------------------------------

template <class Real>
FN Spatial<Real> body_fluid_force(const ModelView<Real>& m, const Scratch<Real>& x, int b) {
  if (!has_fluid_ellipsoid(m, b)) return box_fluid_force(m, x, b);
  const Vec3<Real> zero = {Real(0.f), Real(0.f), Real(0.f)};
  Spatial<Real> sum = {zero, zero};
  for (int g = m.body_geomadr[b]; g < m.body_geomadr[b] + m.body_geomnum[b]; ++g) {
    if (!is_fluid_ellipsoid(m, g)) continue;
    const FluidFrame<Real> frame = geom_frame(m, x, g);
    const Spatial<Real> u = fluid_velocity(m, x, b, frame);
    sum = sum + fluid_wrench(frame, ellipsoid_force(m, g, u));
  }
  const Mask<Real> heavy = m.body_mass[b] >= number<Real>(1e-15);
  return {select<Real>(heavy, sum.r, zero), select<Real>(heavy, sum.t, zero)};
}

// joint forces, in qfrc_fluid and as a part of qfrc_passive
template <class Team, class Real>
STAGE void fluid(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  // a parent gathers its children, leaves first
  for (int level = m.nlevel - 1; level >= 1; --level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first, [&](int i) {
      const int b = m.level_body[first + i];
      Spatial<Real> f = body_fluid_force(m, x, b);
      for (int k = 0; k < m.body_childnum[b]; ++k)
        f = f + spatial(x.fluid_wrench + 6 * m.child_body[m.body_childadr[b] + k]);
      put6(x.fluid_wrench + 6 * b, f);
    });
  }
  team.each(m.nv, [&](int i) {
    x.qfrc_fluid[i] = dot(spatial(x.cdof + 6 * i), spatial(x.fluid_wrench + 6 * m.dof_bodyid[i]));
    x.qfrc_passive[i] += x.qfrc_fluid[i];
  });
}

}  // namespace motorium
