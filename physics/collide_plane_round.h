// The plane against ellipsoids and cylinders. n is the plane's normal, heights are n.(point -
// plane).
#pragma once
#include "motorium/physics/collider_result.h"

namespace motorium {

// a point of geom 2 below the plane, the contact midway between it and its foot
template <class Real>
FN ContactPoint<Real> touch_plane_point(const Vec3<Real>& point, const Real& height,
                                        const Vec3<Real>& n, const Real& margin,
                                        const Mask<Real>& active) {
  return {height, add_scaled(point, Real(-0.5f) * height, n), n,
          Mask<Real>(active & (height <= margin))};
}

// the lowest point of an ellipsoid of half axes s, with the normal m in its frame:
//   p = - s^2 m / |s m|,   height = n.c - |s m|
template <class Real>
FN void collide_plane_ellipsoid(const GeomPose<Real>& a, const GeomPose<Real>& b,
                                const Real& margin, const Mask<Real>& active,
                                ContactPoint<Real>* out) {
  const Vec3<Real> n = a.R.column(2), s = b.size;
  const Vec3<Real> m = transpose_times(b.R, n);
  const Vec3<Real> sm = {s.x * m.x, s.y * m.y, s.z * m.z};
  const Real reach = norm(sm);
  const Real inv = Real(-1.f) / select(reach > shortest<Real>(), reach, Real(1.f));
  const Vec3<Real> p = {s.x * sm.x * inv, s.y * sm.y * inv, s.z * sm.z * inv};
  out[0] = touch_plane_point(b.pos + b.R * p, dot(n, b.pos - a.pos) - reach, n, margin, active);
}

// a cylinder of radius r and half length h, axis u turned towards the plane (n.u <= 0):
//   v = r unit(u (n.u) - n), the lowest direction of the disks (r x where a disk is parallel)
//   points c + h u + v, c - h u + v, c + h u - v/2 +- sqrt(3)/2 r unit(v x u); nothing if the first
//   one is out of reach
template <class Real>
FN void collide_plane_cylinder(const GeomPose<Real>& a, const GeomPose<Real>& b, const Real& margin,
                               const Mask<Real>& active, ContactPoint<Real>* out) {
  const Real one = Real(1.f), half = Real(0.5f), r = b.size.x;
  const Vec3<Real> n = a.R.column(2), axis = b.R.column(2);
  const Real fall = dot(n, axis);
  const Mask<Real> up = fall > Real(0.f);
  const Vec3<Real> u = b.size.y * select<Real>(up, -axis, axis);
  const Real drop = -(b.size.y * abs(fall)), height = dot(n, b.pos - a.pos);

  // the lowest direction of the disks
  Vec3<Real> v = axis * fall - n;
  const Real length = norm(v);
  const Mask<Real> parallel = length < by_precision<Real>(1e-15, 1e-6);
  v = select<Real>(parallel, b.R.column(0), v * (one / select(parallel, one, length)));
  v = r * v;
  const Real dip = dot(v, n);

  const Mask<Real> first = active & (height + drop + dip <= margin);
  out[0] = touch_plane_point(b.pos + u + v, height + drop + dip, n, margin, first);
  out[1] = touch_plane_point(b.pos - u + v, height - drop + dip, n, margin, first);
  Vec3<Real> side = cross(v, u);
  const Real size = norm(side);
  side = side * (number<Real>(0.86602540378443864676) * r / select(size > Real(0.f), size, one));
  const Vec3<Real> back = add_scaled(b.pos + u, -half, v);
  const Real rest = height + drop - half * dip;
  out[2] = touch_plane_point(back + side, rest, n, margin, first);
  out[3] = touch_plane_point(back - side, rest, n, margin, first);
}

}  // namespace motorium
