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
  Real best;         // squared distance
  Real x;            // parameter of the axis, -1 .. 1
  Real y;            // parameter of the edge, -1 .. 1 along +axis
  Int<Real> kind;    // 0 none, 1 end of the capsule, 2 inside of an edge, 3 corner
  Int<Real> axis;    // end: the one clamped coordinate, or -1 inside the box; else axis of the edge
  Int<Real> corner;  // one bit per axis, set on the + side (edge: without the edge's bit)
};

// an end of the capsule, over a face or inside the box: at most one coordinate is clamped
template <class Real>
FN void capsule_box_end(const Vec3<Real>& p, const Vec3<Real>& h, const Vec3<Real>& s, float x,
                        CapsuleBoxPoint<Real>& c) {
  const Vec3<Real> e = add_scaled(p, Real(x), h);
  Real d2 = Real(0.f);
  Int<Real> count = Int<Real>(0), face = Int<Real>(-1);
  for (int k = 0; k < 3; ++k) {
    const Mask<Real> out = abs(e[k]) > s[k];
    const Real d = select(out, abs(e[k]) - s[k], Real(0.f));
    d2 = fma(d, d, d2);
    count = count + select(out, Int<Real>(1), Int<Real>(0));
    face = select(out, Int<Real>(k), face);
  }
  const Mask<Real> better = (count < Int<Real>(2)) & (d2 < c.best);
  c.best = select(better, d2, c.best);
  c.x = select(better, Real(x), c.x);
  c.kind = select(better, Int<Real>(1), c.kind);
  c.axis = select(better, face, c.axis);
}

// the four edges along axis j: points (corner + s_j y e_j) of the edge, p + x h of the capsule.
// In the plane across the edge the capsule's line is nearest to the corner at
//   x = (h_k c_k + h_l c_l)/(h_k^2 + h_l^2),   c = corner - p,   which gives y = (p_j + h_j x)/s_j;
// then y, x and y again are clamped, each followed by the best other one
template <class Real>
FN void capsule_box_edges(const Vec3<Real>& p, const Vec3<Real>& h, const Vec3<Real>& s,
                          const Real& length2, int j, CapsuleBoxPoint<Real>& best) {
  const Real zero = Real(0.f), one = Real(1.f);
  const int k = j == 0 ? 1 : 0, l = j == 2 ? 1 : 2;
  const Real across2 = fma(h[k], h[k], h[l] * h[l]);

  // a capsule along the edge has no single nearest point. The second test is for float, where the
  // first one drowns in the rounding of h
  const Mask<Real> ok = (s[j] * s[j] * across2 >= number<Real>(1e-15)) &
                        (across2 >= by_precision<Real>(0., 1e-11) * length2);
  if (!any(ok)) return;
  const Real inv_across = one / select(ok, across2, one), inv_s = one / select(ok, s[j], one);
  const Real inv_length = one / select(ok, length2, one);
  const Real along = h[j] * s[j], c_j = -p[j];

  for (int q = 0; q < 4; ++q) {
    const Real c_k = (q & 1 ? s[k] : -s[k]) - p[k], c_l = (q & 2 ? s[l] : -s[l]) - p[l];
    const Real hc = fma(h[k], c_k, h[l] * c_l);
    Real x = hc * inv_across;
    Real y = fma(h[j], x, -c_j) * inv_s;
    Mask<Real> over = abs(y) > one;
    Real end = select(over, sign(y), zero);
    y = clamp(y, -one, one);
    x = select(over, fma(along, y, fma(h[j], c_j, hc)) * inv_length, x);
    const Mask<Real> beyond = abs(x) > one;
    x = clamp(x, -one, one);
    const Real again = fma(h[j], x, -c_j) * inv_s;
    y = select(beyond, clamp(again, -one, one), y);
    over = beyond & (abs(again) > one);
    end = select(over, sign(again), end);

    const Real d_j = fma(s[j], y, fma(-h[j], x, c_j)), d_k = fma(-h[k], x, c_k),
               d_l = fma(-h[l], x, c_l);
    const Real d2 = fma(d_j, d_j, fma(d_k, d_k, d_l * d_l));

    // the first of equals wins; rounding must not choose between them
    const Mask<Real> better =
        ok & (d2 < fma(best.best, -by_precision<Real>(0., 1e-5), best.best) - number<Real>(1e-15));
    const int corner = (q & 1) << k | (q >> 1) << l;
    best.best = select(better, d2, best.best);
    best.x = select(better, x, best.x);
    best.y = select(better, y, best.y);
    best.kind = select(better, select(end == zero, Int<Real>(2), Int<Real>(3)), best.kind);
    best.axis = select(better, Int<Real>(j), best.axis);
    best.corner = select(better, select(end > zero, Int<Real>(corner | 1 << j), Int<Real>(corner)),
                         best.corner);
  }
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
  const Real least = number<Real>(1e-20);
  Vec3<Real> cross_time;  // parameter in which the axis crosses the box along each coordinate
  I signs = I(0);
  for (int k = 0; k < 3; ++k) {
    cross_time[k] = two * s[k] / max(abs(h[k]), least);
    signs = signs | select(h[k] > zero, I(1 << k), I(0));
  }

  // end over a face
  const Real back = -c.x;
  const Vec3<Real> e = add_scaled(p, c.x, h);
  Real step = two;
  for (int k = 0; k < 3; ++k) {
    const Real v = back * h[k];
    const Real t = (copy_sign(s[k], v) - e[k]) / select(v == zero, one, v);
    step = select((v != zero) & (t > zero) & (t < step) & (c.axis != I(k)), t, step);
  }
  Real result = back * step;
  exists = (c.kind == I(1)) & (c.axis >= I(0));

  // inside of an edge along j: b is the other axis that the capsule follows more
  const I j = c.axis, j1 = select(j == I(2), I(0), j + I(1)),
          j2 = select(j == I(0), I(2), j - I(1)), bit_j = select(j == I(2), I(4), j + I(1));
  const I k_edge = (signs ^ c.corner) & (I(7) - bit_j);
  const Mask<Real> one_bit = (k_edge == I(1)) | (k_edge == I(2)) | (k_edge == I(4));
  const Vec3<Real> a2 = {abs(axis.x), abs(axis.y), abs(axis.z)};
  const I b = select(pick<Real>(j1, a2) > pick<Real>(j2, a2), j1, j2);
  const I bit_b = select(b == I(2), I(4), b + I(1));
  const Mask<Real> up = (k_edge & bit_b) != I(0), rises = (signs & bit_j) != I(0);
  const Real mu = select(up, one, -one);
  const Real room = select((up & rises) | ((!up) & (!rises)), one - c.y, one + c.y);
  const Real edge = min(min(fma(-mu, c.x, one), pick<Real>(b, cross_time)),
                        Real(0.5f) * pick<Real>(j, cross_time) * room);
  result = select(c.kind == I(2), mu * edge, result);
  exists = exists | ((c.kind == I(2)) & one_bit);

  // corner: n is the one axis that differs in sign (forward) or the one that agrees (backward)
  const I k_corner = signs ^ c.corner;
  const Mask<Real> forward = (k_corner == I(1)) | (k_corner == I(2)) | (k_corner == I(4));
  const I bit = select(forward, k_corner, I(7) - k_corner);
  const I n = select(bit == I(4), I(2), bit - I(1));
  const Real way = select(forward, one, -one);
  const Real ahead = fma(-way, c.x, one), behind = fma(way, c.x, one);
  const Real a_n = pick<Real>(n, axis);
  const I n1 = select(n == I(2), I(0), n + I(1)), n2 = select(n == I(0), I(2), n - I(1));
  const Real far = min(ahead, pick<Real>(n, cross_time));
  const Real near = min(behind, min(pick<Real>(n1, cross_time), pick<Real>(n2, cross_time)));
  const Real corner = select(a_n * a_n > Real(0.5f), way * far, -way * near);
  exists = exists | ((c.kind == I(3)) & (k_corner != I(0)) & (k_corner != I(7)));
  return select(c.kind == I(3), corner, result);
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

  CapsuleBoxPoint<Real> c = {number<Real>(1e20), Real(0.f),     Real(0.f),
                             Int<Real>(0),       Int<Real>(-1), Int<Real>(0)};
  capsule_box_end(p, h, s, -1.f, c);
  capsule_box_end(p, h, s, 1.f, c);
  for (int j = 0; j < 3; ++j) capsule_box_edges(p, h, s, a.size.y * a.size.y, j, c);
  const Mask<Real> first = near & (c.kind != Int<Real>(0));
  out[0] = touch_ball_box(add_scaled(p, c.x, h), a.size.x, b, margin, first);

  Mask<Real> second;
  const Real x = c.x + capsule_box_second(p, h, axis, s, c, second);
  second = second & first;
  if (any(second)) out[1] = touch_ball_box(add_scaled(p, x, h), a.size.x, b, margin, second);
}

}  // namespace motorium
