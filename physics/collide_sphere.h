// Balls against balls, capsules, cylinders and boxes: closest points. What ends in a round surface
// elsewhere (capsule-capsule, capsule-box) comes back here with a ball at the closest point of the
// axis.
#pragma once
#include "motorium/physics/collider_result.h"

namespace motorium {

// two balls; where the centres coincide the normal is across the geoms' z axes, or x if these agree
//   d = c2 - c1,   n = d/|d|,   dist = |d| - r1 - r2,   pos = c1 + (r1 + dist/2) n
template <class Real>
FN ContactPoint<Real> touch_balls(const Vec3<Real>& c1, const Real& r1, const Vec3<Real>& z1,
                                  const Vec3<Real>& c2, const Real& r2, const Vec3<Real>& z2,
                                  const Real& margin, const Mask<Real>& active) {
  const Real one = Real(1.f), zero = Real(0.f);
  const Vec3<Real> d = c2 - c1;
  const Real length = norm(d), dist = length - (r1 + r2);
  const Mask<Real> found = active & (dist <= margin);
  if (!any(found)) return {dist, c1, {one, zero, zero}, found};
  const Mask<Real> lost = length < shortest<Real>();
  Vec3<Real> n = d * (one / select(lost, one, length));
  if (any(lost)) {
    const Vec3<Real> across = cross(z1, z2);
    const Real size = norm(across);
    const Mask<Real> agree = size < by_precision<Real>(1e-15, 1e-6);
    const Vec3<Real> unit = across * (one / select(agree, one, size));
    n = select<Real>(lost, select<Real>(agree, {one, zero, zero}, unit), n);
  }
  return {dist, add_scaled(c1, fma(Real(0.5f), dist, r1), n), n, found};
}

template <class Real>
FN void collide_sphere_sphere(const GeomPose<Real>& a, const GeomPose<Real>& b, const Real& margin,
                              const Mask<Real>& active, ContactPoint<Real>* out) {
  out[0] =
      touch_balls(a.pos, a.size.x, a.R.column(2), b.pos, b.size.x, b.R.column(2), margin, active);
}

// the capsule is a ball at the point of its axis nearest to the sphere
template <class Real>
FN void collide_sphere_capsule(const GeomPose<Real>& a, const GeomPose<Real>& b, const Real& margin,
                               const Mask<Real>& active, ContactPoint<Real>* out) {
  const Vec3<Real> axis = b.R.column(2);
  const Real t = clamp(dot(a.pos - b.pos, axis), -b.size.y, b.size.y);
  out[0] = touch_balls(a.pos, a.size.x, a.R.column(2), add_scaled(b.pos, t, axis), b.size.x, axis,
                       margin, active);
}

// a ball against a cylinder of radius r and half length h; x is the ball's place along the axis u,
// q its distance from the axis. Beside the cylinder (|x| < h) it meets a ball of radius r on the
// axis, over a cap (q < r) the plane of the cap, else the rim; inside, the nearer of side and cap
template <class Real>
FN void collide_sphere_cylinder(const GeomPose<Real>& a, const GeomPose<Real>& b,
                                const Real& margin, const Mask<Real>& active,
                                ContactPoint<Real>* out) {
  const Real zero = Real(0.f), one = Real(1.f), r = b.size.x, h = b.size.y;
  const Vec3<Real> u = b.R.column(2), d = a.pos - b.pos;
  const Real x = dot(u, d);
  const Vec3<Real> across = add_scaled(d, -x, u);
  const Real q = norm(across);
  const Mask<Real> beside = abs(x) < h, over = q < r;
  const Mask<Real> to_cap = over & (!beside | (h - abs(x) < r - q));
  const Mask<Real> to_rim = !to_cap & !beside;

  // side and rim: a ball on the axis, or the point of the rim
  const Vec3<Real> end = select(x > zero, h, -h) * u;
  const Vec3<Real> rim = add_scaled(end, r / select(q > zero, q, one), across);
  out[0] = touch_balls(a.pos, a.size.x, a.R.column(2), b.pos + select<Real>(to_rim, rim, x * u),
                       select(to_rim, zero, r), u, margin, active);
  if (!any(to_cap & active)) return;

  // the cap is a plane with the normal towards the ball
  const Vec3<Real> n = select<Real>(x > zero, u, -u);
  const Real dist = abs(x) - h - a.size.x;
  out[0].dist = select(to_cap, dist, out[0].dist);
  out[0].pos =
      select<Real>(to_cap, add_scaled(a.pos, fma(Real(-0.5f), dist, -a.size.x), n), out[0].pos);
  out[0].normal = select<Real>(to_cap, -n, out[0].normal);
  out[0].found = (to_cap & active & (dist <= margin)) | (!to_cap & out[0].found);
}

// a ball against a box of half sizes s, its centre p given in the box frame
//   outside:  q = p clamped to the box, n = (q - p)/|q - p|, dist = |q - p| - r
//   inside:   towards the nearest face k (of -x +x -y +y -z +z the first), dist = -|p_k -+ s_k| - r
template <class Real>
FN ContactPoint<Real> touch_ball_box(const Vec3<Real>& p, const Real& r, const GeomPose<Real>& box,
                                     const Real& margin, const Mask<Real>& active) {
  const Real zero = Real(0.f), one = Real(1.f), half = Real(0.5f);
  const Vec3<Real> s = box.size;
  const Vec3<Real> q = {clamp(p.x, -s.x, s.x), clamp(p.y, -s.y, s.y), clamp(p.z, -s.z, s.z)};
  const Vec3<Real> t = q - p;
  const Real length = norm(t);
  const Mask<Real> inside = length <= shortest<Real>();
  Vec3<Real> n = t * (one / select(inside, one, length));
  Real dist = length - r;

  // midway between the box surface q and the deepest point p + r n
  Vec3<Real> mid = half * (q + add_scaled(p, r, n));
  if (any(inside)) {
    Real best = Real(2.f) * (s.x + s.y + s.z);
    Vec3<Real> nearest = {one, zero, zero};
    for (int k = 0; k < 3; ++k)
      for (int side = -1; side <= 1; side += 2) {
        const Real gap = abs(side < 0 ? s[k] + p[k] : s[k] - p[k]);
        const Mask<Real> closer = gap < best;
        Vec3<Real> face = {zero, zero, zero};
        face[k] = side < 0 ? one : -one;
        best = select(closer, gap, best);
        nearest = select<Real>(closer, face, nearest);
      }
    n = select<Real>(inside, nearest, n);
    dist = select(inside, -(best + r), dist);
    mid = select<Real>(inside, add_scaled(p, half * (r - best), nearest), mid);
  }
  return {dist, box.pos + box.R * mid, box.R * n, Mask<Real>(active & (dist <= margin))};
}

template <class Real>
FN void collide_sphere_box(const GeomPose<Real>& a, const GeomPose<Real>& b, const Real& margin,
                           const Mask<Real>& active, ContactPoint<Real>* out) {
  out[0] = touch_ball_box(transpose_times(b.R, a.pos - b.pos), a.size.x, b, margin, active);
}

}  // namespace motorium
