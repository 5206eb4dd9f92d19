// d(fluid force) / d(velocity) of one body: 6 x 6 about the centre of mass of its tree, world axes.
#pragma once
#include "motorium/physics/fluid.h"

namespace motorium {

// drag is -push v and -turn w; how push and turn change when the velocity changes by e, and with it
// the area of the shadow
template <class Real> struct DragChange { Real push, push_change, turn, turn_change; };
template <class Real>
FN DragChange<Real> ellipsoid_drag(const FluidEllipsoid<Real>& p, const Shadow<Real>& s,
                                   const Spatial<Real>& u, const Spatial<Real>& e,
                                   const Real& area_change) {
  const Real tiny = number<Real>(1e-15);
  const Real areas = fma(p.drag, s.area, p.slender * p.area_max);
  const Real push = fma(s.speed, areas, p.stokes_force);
  const Real ve = dot(u.t, e.t);
  const Real push_change = fma(ve / max(s.speed, tiny), areas, s.speed * p.drag * area_change);
  const Vec3<Real> cw = by_element(p.moment, u.r);
  const Real size = norm(cw), slope = p.rho / max(size, tiny);
  return {push, push_change, fma(slope * size, size, p.stokes_torque),
          slope * dot(cw, by_element(p.moment, e.r))};
}

// change of the force on an ellipsoid that moves with u when u changes by e
template <class Real>
FN Spatial<Real> ellipsoid_force_change(const FluidEllipsoid<Real>& p, const Spatial<Real>& u,
                                        const Spatial<Real>& e) {
  const Real tiny = number<Real>(1e-15), pi = number<Real>(3.14159265358979323846);
  const Vec3<Real>&v = u.t, &w = u.r;
  const Shadow<Real> s = shadow(p, v);

  // added mass, Magnus lift
  const Vec3<Real> momentum = by_element(p.mass, v), change = by_element(p.mass, e.t);
  Vec3<Real> force =
      cross(change, w) + cross(momentum, e.r) + p.magnus * (cross(e.r, v) + cross(w, e.t));
  Vec3<Real> torque = cross(change, v) + cross(momentum, e.t) +
                      cross(by_element(p.inertia, e.r), w) + cross(by_element(p.inertia, w), e.r);

  // Kutta lift:  K N (v N - n |v|^2),  K = pi C_K rho / sqrt(P N |v|^2)
  const Real vv = dot(v, v), ve = dot(v, e.t), ne = dot(s.n, e.t);
  const Real K = pi * p.kutta / max(sqrt(s.P * s.N * vv), tiny);
  const Vec3<Real> an = by_element(p.area2, s.n), ae = by_element(p.area2, e.t);
  const Vec3<Real> lift = v * s.N - s.n * vv;
  const Vec3<Real> lift_change =
      e.t * s.N + v * (Real(2.f) * ne) - ae * vv - s.n * (Real(2.f) * ve);
  const Real factor = ne - s.N / max(s.P, tiny) * dot(an, e.t) - s.N / max(vv, tiny) * ve;
  force = force + K * (s.N * lift_change + factor * lift);

  const Real area_change =
      pi / max(sqrt(s.N * s.N * s.N * s.P), tiny) * fma(s.N, dot(an, e.t), -(s.P * ne));
  const DragChange<Real> drag = ellipsoid_drag(p, s, u, e, area_change);
  force = force - drag.push * e.t - drag.push_change * v;
  torque = torque - drag.turn * e.r - drag.turn_change * w;
  return {torque, force};
}

// the part of it that resists: drag, without lift and added mass
template <class Real>
FN Spatial<Real> ellipsoid_drag_change(const FluidEllipsoid<Real>& p, const Spatial<Real>& u,
                                       const Spatial<Real>& e) {
  // exact for the smallest geoms too
  const Shadow<Real> s = shadow(p, u.t);
  const Real least = number<Real>(1e-30);
  const Real area_change = s.area * (dot(by_element(p.area2, s.n), e.t) / max(s.P, least) -
                                     dot(s.n, e.t) / max(s.N, least));
  const DragChange<Real> drag = ellipsoid_drag(p, s, u, e, area_change);
  return {-(drag.turn * e.r) - drag.turn_change * u.r, -(drag.push * e.t) - drag.push_change * u.t};
}

// adds the 6 x 6 matrix of a map in a frame of the body, given column by column, to out
// (row-major). symmetric: only its symmetric part
template <class Real, class Map>
FN void add_in_frame(const FluidFrame<Real>& f, bool symmetric, Map map, Real* out) {
  const Vec3<Real> none = {Real(0.f), Real(0.f), Real(0.f)};
  Real B[6][6];
  for (int c = 0; c < 6; ++c) {
    Spatial<Real> e = {none, none};
    (c < 3 ? e.r : e.t)[c % 3] = Real(1.f);
    const Spatial<Real> column = map(e);
    for (int i = 0; i < 3; ++i) {
      B[i][c] = column.r[i];
      B[3 + i][c] = column.t[i];
    }
  }
  if (symmetric)
    for (int i = 0; i < 6; ++i)
      for (int j = 0; j < i; ++j) B[i][j] = B[j][i] = Real(0.5f) * (B[i][j] + B[j][i]);

  // a motion about the tree's centre of mass, seen in the frame, and its force back
  for (int c = 0; c < 6; ++c) {
    Spatial<Real> e = {none, none};
    (c < 3 ? e.r : e.t)[c % 3] = Real(1.f);
    const Vec3<Real> turn = transpose_times(f.axes, e.r),
                     way = transpose_times(f.axes, e.t + cross(e.r, f.arm));
    Spatial<Real> local;
    for (int i = 0; i < 3; ++i) {
      local.r[i] = local.t[i] = Real(0.f);
      for (int j = 0; j < 3; ++j) {
        local.r[i] = fma(B[i][3 + j], way[j], fma(B[i][j], turn[j], local.r[i]));
        local.t[i] = fma(B[3 + i][3 + j], way[j], fma(B[3 + i][j], turn[j], local.t[i]));
      }
    }
    const Spatial<Real> w = fluid_wrench(f, local);
    for (int i = 0; i < 3; ++i) {
      out[6 * i + c] += w.r[i];
      out[6 * (3 + i) + c] += w.t[i];
    }
  }
}

// adds d(force of the fluid on body b) / d(velocity); for the integrator discrete only what resists
template <class Real>
STAGE void add_fluid_slope(const ModelView<Real>& m, const Scratch<Real>& x, int b, bool symmetric,
                           Real* out) {
  if (!has_fluid_ellipsoid(m, b)) {
    const FluidFrame<Real> frame = inertial_frame(m, x, b);
    const Spatial<Real> u = fluid_velocity(m, x, b, frame);
    const BoxDrag<Real> drag = box_drag(m, b);
    add_in_frame(
        frame, false,
        [&](const Spatial<Real>& e) {
          Spatial<Real> f;
          for (int i = 0; i < 3; ++i) {
            const Real two = Real(2.f);
            f.r[i] = -(fma(two * drag.quadratic.r[i], abs(u.r[i]), drag.linear.r[i]) * e.r[i]);
            f.t[i] = -(fma(two * drag.quadratic.t[i], abs(u.t[i]), drag.linear.t[i]) * e.t[i]);
          }
          return f;
        },
        out);
    return;
  }
  for (int g = m.body_geomadr[b]; g < m.body_geomadr[b] + m.body_geomnum[b]; ++g) {
    if (!is_fluid_ellipsoid(m, g)) continue;
    const FluidFrame<Real> frame = geom_frame(m, x, g);
    const Spatial<Real> u = fluid_velocity(m, x, b, frame);
    const FluidEllipsoid<Real> p = fluid_ellipsoid(m, g);
    if (m.discrete()) {
      add_in_frame(
          frame, true, [&](const Spatial<Real>& e) { return ellipsoid_drag_change(p, u, e); }, out);
      continue;
    }
    add_in_frame(
        frame, symmetric, [&](const Spatial<Real>& e) { return ellipsoid_force_change(p, u, e); },
        out);
  }
}

}  // namespace motorium
