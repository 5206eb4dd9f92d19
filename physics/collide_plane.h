// The plane is geom 1: its normal n is the z axis of its frame, and it fills the half space below.
// height = n.(point - plane), contact midway between the point and its foot: point - height/2 n.
#pragma once
#include "motorium/physics/collider_result.h"

namespace motorium {

template <class Real>
FN ContactPoint<Real> touch_plane_ball(const Real& height, const Vec3<Real>& centre, const Real& r,
                                       const Vec3<Real>& n, const Real& margin,
                                       const Mask<Real>& active) {
  const Real dist = height - r;
  return {dist, add_scaled(centre, fma(Real(-0.5f), dist, -r), n), n,
          Mask<Real>(active & (dist <= margin))};
}

template <class Real>
FN void collide_plane_sphere(const GeomPose<Real>& a, const GeomPose<Real>& b, const Real& margin,
                             const Mask<Real>& active, ContactPoint<Real>* out) {
  const Vec3<Real> n = a.R.column(2);
  out[0] = touch_plane_ball(dot(n, b.pos - a.pos), b.pos, b.size.x, n, margin, active);
}

// the two end balls, the one along +axis first. Tangent hint of both contacts: the capsule's axis,
// b.R.column(2)
template <class Real>
FN void collide_plane_capsule(const GeomPose<Real>& a, const GeomPose<Real>& b, const Real& margin,
                              const Mask<Real>& active, ContactPoint<Real>* out) {
  const Vec3<Real> n = a.R.column(2), axis = b.R.column(2);
  const Real height = dot(n, b.pos - a.pos), rise = dot(n, axis), l = b.size.y;
  out[0] = touch_plane_ball(fma(l, rise, height), add_scaled(b.pos, l, axis), b.size.x, n, margin,
                            active);
  out[1] = touch_plane_ball(fma(-l, rise, height), add_scaled(b.pos, -l, axis), b.size.x, n, margin,
                            active);
}

// corner i = (+-s0, +-s1, +-s2), + where the bit is set; its height is c + l_i with
// l_i = +-g0 +-g1 +-g2,  g_k = s_k n.R_k
template <class Real> FN Real plane_box_rise(int i, const Vec3<Real>& g) {
  return ((i & 1 ? g.x : -g.x) + (i & 2 ? g.y : -g.y)) + (i & 4 ? g.z : -g.z);
}

// all eight corners in index order, the first four kept: only for l_i = 0, where a corner and its
// opposite both count as pointing down
template <class Real>
STAGE void plane_box_ties(const Vec3<Real>& g, const Real& c, const Real& margin,
                          const Mask<Real>& tie, Int<Real>* corner, Real* height) {
  const Mask<Real> none = Mask<Real>(false);
  Mask<Real> used[4] = {none, none, none, none};
  for (int i = 0; i < 8; ++i) {
    const Real rise = plane_box_rise(i, g), h = c + rise;
    Mask<Real> free = tie & (rise <= Real(0.f)) & (h <= margin);
    for (int k = 0; k < 4; ++k) {
      const Mask<Real> here = free & !used[k];
      corner[k] = select(here, Int<Real>(i), corner[k]);
      height[k] = select(here, h, height[k]);
      used[k] = used[k] | here;
      free = free & !here;
    }
  }
  // slots that stayed empty must not look like contacts
  for (int k = 0; k < 4; ++k) height[k] = select(tie & !used[k], margin + Real(1.f), height[k]);
}

// corners in index order that point down (l_i <= 0) and lie within the margin. Opposite corners
// have opposite l_i, so exactly one of each pair {i, 7 - i} points down: four candidates, sorted by
// index
template <class Real>
FN void collide_plane_box(const GeomPose<Real>& a, const GeomPose<Real>& b, const Real& margin,
                          const Mask<Real>& active, ContactPoint<Real>* out) {
  const Vec3<Real> n = a.R.column(2);
  const Vec3<Real> edge[3] = {b.size.x * b.R.column(0), b.size.y * b.R.column(1),
                              b.size.z * b.R.column(2)};
  const Vec3<Real> g = {dot(n, edge[0]), dot(n, edge[1]), dot(n, edge[2])};
  const Real c = dot(n, b.pos - a.pos), zero = Real(0.f);

  // the lower corner of each pair
  Int<Real> corner[4];
  Real height[4];
  Mask<Real> tie = Mask<Real>(false);
  const auto lower = [&](int i) {
    const Real rise = plane_box_rise(i, g);
    corner[i] = select(rise > zero, Int<Real>(7 - i), Int<Real>(i));
    height[i] = c - abs(rise);
    tie = tie | (rise == zero);
  };
  lower(0);
  lower(1);
  lower(2);
  lower(3);

  // a sorting network
  const auto sort = [&](int lo, int hi) {
    const Mask<Real> swap = corner[lo] > corner[hi];
    const Int<Real> first = min(corner[lo], corner[hi]);
    const Real first_height = select(swap, height[hi], height[lo]);
    corner[hi] = max(corner[lo], corner[hi]);
    height[hi] = select(swap, height[lo], height[hi]);
    corner[lo] = first;
    height[lo] = first_height;
  };
  sort(0, 1);
  sort(2, 3);
  sort(0, 2);
  sort(1, 3);
  sort(1, 2);
  tie = tie & active & (c <= margin);
  if (any(tie)) plane_box_ties(g, c, margin, tie, corner, height);

  const auto report = [&](int k) {
    const Int<Real> none = Int<Real>(0);
    const auto side = [&](int bit) {
      return select<Real>((corner[k] & Int<Real>(1 << bit)) != none, edge[bit], -edge[bit]);
    };
    const Vec3<Real> p = b.pos + side(0) + side(1) + side(2);
    out[k] = {height[k], add_scaled(p, Real(-0.5f) * height[k], n), n,
              Mask<Real>(active & (height[k] <= margin))};
  };
  report(0);
  report(1);
  report(2);
  report(3);
}

}  // namespace motorium
