// Capsules against capsules and boxes: where the axis comes closest, a ball takes its place.
#pragma once
#include "motorium/physics/collide_sphere.h"

namespace motorium {

// centres c1, c2, unit axes u, v, half lengths l1, l2; b = u.v, d = c2 - c1, w = u x v
//   crossing axes: closest points of the two lines, t1 = (d.u - b d.v)/|w|^2 clamped to its
//   segment,
//                  then t2 = b t1 - d.v clamped, then t1 = d.u + b t2 clamped
//   parallel axes (|w|^2 < 1e-8): the two ends t2 = -+ l2 sign b of the second axis, each carried
//                  to the first, t1 = d.u + b t2, or if that overshoots its end and back
template <class Real>
FN void collide_capsule_capsule(const GeomPose<Real>& a, const GeomPose<Real>& b,
                                const Real& margin, const Mask<Real>& active,
                                ContactPoint<Real>* out) {
  const Vec3<Real> u = a.R.column(2), v = b.R.column(2), d = b.pos - a.pos, w = cross(u, v);
  const Real l1 = a.size.y, l2 = b.size.y;
  const Real cosine = dot(u, v), du = dot(d, u), dv = dot(d, v), sine2 = dot(w, w);
  const Mask<Real> parallel = sine2 < number<Real>(1e-8);

  const Real line = fma(-cosine, dv, du) / select(parallel, Real(1.f), sine2);
  Real t1 = clamp(line, -l1, l1);
  Real t2 = clamp(fma(cosine, t1, -dv), -l2, l2);
  t1 = clamp(fma(cosine, t2, du), -l1, l1);

  out[1] = no_contact<Real>();
  if (any(parallel & active)) {
    for (int k = 1; k >= 0; --k) {
      const Real end = (k == 0 ? -l2 : l2) * sign(cosine);
      const Real carried = fma(cosine, end, du);
      const Mask<Real> over = abs(carried) > l1;
      const Real first = clamp(carried, -l1, l1);
      const Real second = select(over, clamp(fma(cosine, first, -dv), -l2, l2), end);
      if (k == 1) {
        out[1] = touch_balls(add_scaled(a.pos, first, u), a.size.x, u, add_scaled(b.pos, second, v),
                             b.size.x, v, margin, active & parallel);
      } else {
        t1 = select(parallel, first, t1);
        t2 = select(parallel, second, t2);
      }
    }
  }
  out[0] = touch_balls(add_scaled(a.pos, t1, u), a.size.x, u, add_scaled(b.pos, t2, v), b.size.x, v,
                       margin, active);
}

// where the axis of a capsule comes closest to a box
template <class Real> struct CapsuleBoxPoint {
  Real best;      // squared distance
  Real x;         // parameter of the axis, -1 .. 1
  Real y;         // parameter of the edge, -1 .. 1 along +axis
  Int<Real> tag;  // what it is near, as capsule_box_tag packs it; 0 nothing
};

// kind:    1 end of the capsule, 2 inside of an edge, 3 corner
// axis:    end: the one clamped coordinate, or -1 inside the box; else the axis of the edge
// corner:  one bit per axis, set on the + side (edge: without the edge's bit)
FN constexpr int capsule_box_tag(int kind, int axis, int corner) {
  return kind << 5 | (axis + 1) << 3 | corner;
}

// an end of the capsule, over a face or inside the box: at most one coordinate is clamped
template <class Real>
FN void capsule_box_end(const Vec3<Real>& p, const Vec3<Real>& h, const Vec3<Real>& s, float x,
                        CapsuleBoxPoint<Real>& c) {
  const Real zero = Real(0.f);
  const Vec3<Real> e = add_scaled(p, Real(x), h);
  const Vec3<Real> over = {abs(e.x) - s.x, abs(e.y) - s.y, abs(e.z) - s.z};
  const Mask<Real> out_x = over.x > zero, out_y = over.y > zero, out_z = over.z > zero;
  const Mask<Real> corner = (out_x & out_y) | (out_z & (out_x | out_y));
  const Real d = max(max(over.x, over.y), max(over.z, zero)), d2 = d * d;
  const Mask<Real> better = (!corner) & (d2 < c.best);
  const auto face = [](int k) { return Int<Real>(capsule_box_tag(1, k, 0)); };
  const Int<Real> tag =
      select(out_x, face(0), select(out_y, face(1), select(out_z, face(2), face(-1))));
  c.best = select(better, d2, c.best);
  c.x = select(better, Real(x), c.x);
  c.tag = select(better, tag, c.tag);
}

// what the four edges along axis j share
template <class Real> struct CapsuleBoxEdges {
  Real h_j, h_k, h_l;                  // half axis of the capsule
  Real s_j, c_j;                       // half size; corner - p along the edge
  Real inv_across, inv_s, inv_length;  // 1/(h_k^2 + h_l^2), 1/s_j, 1/|h|^2
  Mask<Real> ok;
};

// one edge: points (corner + s_j y e_j), against p + x h of the capsule. In the plane across the
// edge the capsule's line is nearest to the corner at
//   x = (h_k c_k + h_l c_l)/(h_k^2 + h_l^2),   c = corner - p,   which gives y = (h_j x - c_j)/s_j;
// then y, x and y again are clamped, each followed by the best other one
template <class Real>
FN void capsule_box_edge(const CapsuleBoxEdges<Real>& e, const Real& c_k, const Real& c_l, int j,
                         int corner, CapsuleBoxPoint<Real>& best) {
  const Real one = Real(1.f), zero = Real(0.f);
  const Int<Real> inside = Int<Real>(capsule_box_tag(2, j, corner)),
                  low = Int<Real>(capsule_box_tag(3, j, corner)),
                  high = Int<Real>(capsule_box_tag(3, j, corner | 1 << j));
  const Real hc = fma(e.h_k, c_k, e.h_l * c_l);
  Real x = hc * e.inv_across;
  const Real first = fma(e.h_j, x, -e.c_j) * e.inv_s;
  Real y = clamp(first, -one, one);
  const Mask<Real> over = first != y;
  Int<Real> tag = select(over, select(first > zero, high, low), inside);
  x = select(over, fma(e.h_j, fma(e.s_j, y, e.c_j), hc) * e.inv_length, x);

  const Real ahead = x;
  x = clamp(x, -one, one);
  const Mask<Real> beyond = ahead != x;
  const Real again = fma(e.h_j, x, -e.c_j) * e.inv_s, inner = clamp(again, -one, one);
  y = select(beyond, inner, y);
  tag = select(beyond & (again != inner), select(again > zero, high, low), tag);

  const Real d_j = fma(e.s_j, y, fma(-e.h_j, x, e.c_j)), d_k = fma(-e.h_k, x, c_k),
             d_l = fma(-e.h_l, x, c_l);
  const Real d2 = fma(d_j, d_j, fma(d_k, d_k, d_l * d_l));

  // the first of equals wins; rounding must not choose between them
  const Real bar = fma(best.best, -by_precision<Real>(0., 1e-5), best.best) - number<Real>(1e-15);
  const Mask<Real> better = e.ok & (d2 < bar);
  best.best = select(better, d2, best.best);
  best.x = select(better, x, best.x);
  best.y = select(better, y, best.y);
  best.tag = select(better, tag, best.tag);
}

// the four edges along axis j, the lower of the other axes first
template <class Real>
FN void capsule_box_edges(const Vec3<Real>& p, const Vec3<Real>& h, const Vec3<Real>& s,
                          const Real& length2, int j, CapsuleBoxPoint<Real>& best) {
  const Real one = Real(1.f);
  const int k = j == 0 ? 1 : 0, l = j == 2 ? 1 : 2;
  const Real across2 = fma(h[k], h[k], h[l] * h[l]);

  // a capsule along the edge has no single nearest point. The second test is for float, where the
  // first one drowns in the rounding of h
  const Mask<Real> ok = (s[j] * s[j] * across2 >= number<Real>(1e-15)) &
                        (across2 >= by_precision<Real>(0., 1e-11) * length2);
  const CapsuleBoxEdges<Real> e = {h[j],
                                   h[k],
                                   h[l],
                                   s[j],
                                   -p[j],
                                   one / select(ok, across2, one),
                                   one / select(ok, s[j], one),
                                   one / select(ok, length2, one),
                                   ok};
  capsule_box_edge(e, -s[k] - p[k], -s[l] - p[l], j, 0, best);
  capsule_box_edge(e, s[k] - p[k], -s[l] - p[l], j, 1 << k, best);
  capsule_box_edge(e, -s[k] - p[k], s[l] - p[l], j, 1 << l, best);
  capsule_box_edge(e, s[k] - p[k], s[l] - p[l], j, 1 << k | 1 << l, best);
}

// step along the axis to a second contact; `exists` says for which worlds there is one:
//   end over face f:   back along the axis until it leaves the face or reaches the other end
//   edge, corner:      towards the side on which the axis runs over a face, as far as that face
//   goes
template <class Real>
FN Real capsule_box_second(const Vec3<Real>& p, const Vec3<Real>& h, const Vec3<Real>& axis,
                           const Vec3<Real>& s, const CapsuleBoxPoint<Real>& c,
                           Mask<Real>& exists) {
  using I = Int<Real>;
  const Real zero = Real(0.f), one = Real(1.f), two = Real(2.f);
  const I kind = c.tag >> 5, j = ((c.tag >> 3) & I(3)) - I(1), corner = c.tag & I(7);

  // parameter in which the axis crosses the box along each coordinate, and which way
  const Real least = number<Real>(1e-20);
  const Vec3<Real> pass = {two * s.x / max(abs(h.x), least), two * s.y / max(abs(h.y), least),
                           two * s.z / max(abs(h.z), least)};
  const I signs = select(h.x > zero, I(1), I(0)) | select(h.y > zero, I(2), I(0)) |
                  select(h.z > zero, I(4), I(0));

  // end over a face
  const Real back = -c.x;
  Real step = two;
  const auto leave = [&](int k) {
    const Real v = back * h[k];
    const Real t = (copy_sign(s[k], v) - fma(c.x, h[k], p[k])) / select(v == zero, one, v);
    step = select((v != zero) & (t > zero) & (t < step) & (j != I(k)), t, step);
  };
  leave(0);
  leave(1);
  leave(2);
  Real result = back * step;
  exists = (kind == I(1)) & (j >= I(0));

  // inside of an edge along j: b is the other axis that the capsule follows more
  const auto bit_of = [](const I& k) { return select(k == I(2), I(4), k + I(1)); };
  const auto is_one_bit = [](const I& k) { return (k == I(1)) | (k == I(2)) | (k == I(4)); };
  const auto after = [](const I& k) { return select(k == I(2), I(0), k + I(1)); };
  const auto before = [](const I& k) { return select(k == I(0), I(2), k - I(1)); };
  const Vec3<Real> a2 = {abs(axis.x), abs(axis.y), abs(axis.z)};
  const I b = select(pick<Real>(after(j), a2) > pick<Real>(before(j), a2), after(j), before(j));
  const I differ = signs ^ corner, across = differ & (I(7) - bit_of(j));
  const Mask<Real> up = (across & bit_of(b)) != I(0), rises = (signs & bit_of(j)) != I(0);
  const Real mu = select(up, one, -one);
  const Real room = select((up & rises) | ((!up) & (!rises)), one - c.y, one + c.y);
  const Real edge =
      min(min(fma(-mu, c.x, one), pick<Real>(b, pass)), Real(0.5f) * pick<Real>(j, pass) * room);
  result = select(kind == I(2), mu * edge, result);
  exists = exists | ((kind == I(2)) & is_one_bit(across));

  // corner: n is the one axis that differs in sign (forward) or the one that agrees (backward)
  const Mask<Real> forward = is_one_bit(differ);
  const I bit = select(forward, differ, I(7) - differ), n = select(bit == I(4), I(2), bit - I(1));
  const Real way = select(forward, one, -one), a_n = pick<Real>(n, axis);
  const Real far = min(fma(-way, c.x, one), pick<Real>(n, pass));
  const Real near =
      min(fma(way, c.x, one), min(pick<Real>(after(n), pass), pick<Real>(before(n), pass)));
  result = select(kind == I(3), select(a_n * a_n > Real(0.5f), way * far, -way * near), result);
  exists = exists | ((kind == I(3)) & (differ != I(0)) & (differ != I(7)));
  return result;
}

// in the box frame: capsule centre p, half axis h; balls at the point of the axis that comes
// closest to the box, and at the end of the stretch over the face next to it
template <class Real>
STAGE void collide_capsule_box(const GeomPose<Real>& a, const GeomPose<Real>& b, const Real& margin,
                               const Mask<Real>& active, ContactPoint<Real>* out) {
  out[0] = out[1] = no_contact<Real>();
  const Vec3<Real> p = transpose_times(b.R, a.pos - b.pos);
  const Vec3<Real> axis = transpose_times(b.R, a.R.column(2));
  const Vec3<Real> h = a.size.y * axis, s = b.size;

  // a face of the box between the two ends the search
  const Real reach = a.size.x + margin;
  const Mask<Real> near = active & (abs(p.x) - abs(h.x) - s.x <= reach) &
                          (abs(p.y) - abs(h.y) - s.y <= reach) &
                          (abs(p.z) - abs(h.z) - s.z <= reach);
  if (!any(near)) return;

  CapsuleBoxPoint<Real> c = {number<Real>(1e20), Real(0.f), Real(0.f), Int<Real>(0)};
  capsule_box_end(p, h, s, -1.f, c);
  capsule_box_end(p, h, s, 1.f, c);
  const Real length2 = a.size.y * a.size.y;
  capsule_box_edges(p, h, s, length2, 0, c);
  capsule_box_edges(p, h, s, length2, 1, c);
  capsule_box_edges(p, h, s, length2, 2, c);
  const Mask<Real> first = near & (c.tag != Int<Real>(0));
  out[0] = touch_ball_box(add_scaled(p, c.x, h), a.size.x, b, margin, first);

  Mask<Real> second;
  const Real x = c.x + capsule_box_second(p, h, axis, s, c, second);
  second = second & first;
  if (any(second)) out[1] = touch_ball_box(add_scaled(p, x, h), a.size.x, b, margin, second);
}

}  // namespace motorium
