// Rays against height fields: two triangles per cell, split along the diagonal from its lower left
// corner, on a base box; walls close the sides. Which cells a ray crosses differs per world, so
// this runs lane by lane.
#pragma once
#include "motorium/physics/ray_mesh.h"

namespace motorium {

// the cells under the part of the ray between t0 and t1
template <class Real>
FN void offer_cells(RayHit<Scalar<Real>>& out, const ModelView<Real>& m, int h,
                    const Vec3<Scalar<Real>>& p, const Vec3<Scalar<Real>>& v, Scalar<Real> t0,
                    Scalar<Real> t1) {
  using S = Scalar<Real>;
  const int rows = m.hfield_nrow[h], columns = m.hfield_ncol[h], adr = m.hfield_adr[h];
  const S sx = m.hfield_size.p[4 * h], sy = m.hfield_size.p[4 * h + 1],
          sz = m.hfield_size.p[4 * h + 2];
  const S dx = S(2) * sx / static_cast<S>(columns - 1), dy = S(2) * sy / static_cast<S>(rows - 1);
  const auto corner = [&](int r, int c) {
    return Vec3<S>{dx * static_cast<S>(c) - sx, dy * static_cast<S>(r) - sy,
                   m.hfield_data.p[adr + r * columns + c] * sz};
  };
  const auto cell = [&](S x, S d, int count) {
    const S i = x / d;
    return max(0, min(count - 2, i > S(0) ? to_int(i) : 0));
  };

  // rows from end to end, in each the columns that the ray crosses there, one more on each side
  const S ya = fma(t0, v.y, p.y) + sy, yb = fma(t1, v.y, p.y) + sy;
  const int r0 = max(0, cell(min(ya, yb), dy, rows) - 1);
  const int r1 = min(rows - 2, cell(max(ya, yb), dy, rows) + 1);
  for (int r = r0; r <= r1; ++r) {
    S from = t0, to = t1;
    if (abs(v.y) > number<S>(1e-12)) {
      const S low = (dy * static_cast<S>(r - 1) - sy - p.y) / v.y;
      const S high = (dy * static_cast<S>(r + 2) - sy - p.y) / v.y;
      from = max(from, min(low, high));
      to = min(to, max(low, high));
    }
    if (from > to) continue;
    const S xa = fma(from, v.x, p.x) + sx, xb = fma(to, v.x, p.x) + sx;
    const int c0 = max(0, cell(min(xa, xb), dx, columns) - 1);
    const int c1 = min(columns - 2, cell(max(xa, xb), dx, columns) + 1);
    for (int c = c0; c <= c1; ++c) {
      const Vec3<S> o = corner(r, c), far = corner(r + 1, c + 1) - o;
      offer_triangle(out, o, corner(r, c + 1) - o, far, p, v);
      offer_triangle(out, o, far, corner(r + 1, c) - o, p, v);
    }
  }
}

// the walls between the base and the outermost samples; side: -x, x, -y, y
template <class Real>
FN void offer_wall(RayHit<Scalar<Real>>& out, const ModelView<Real>& m, int h, int side,
                   const Vec3<Scalar<Real>>& p, const Vec3<Scalar<Real>>& v) {
  using S = Scalar<Real>;
  const int axis = side / 2, other = 1 - axis;
  const S sign = side % 2 == 0 ? S(-1) : S(1);
  if (abs(v[axis]) < number<S>(1e-15)) return;
  const S t = (sign * m.hfield_size.p[4 * h + axis] - p[axis]) / v[axis];
  const S z = fma(t, v.z, p.z), size = m.hfield_size.p[4 * h + other];
  const int rows = m.hfield_nrow[h], columns = m.hfield_ncol[h];
  const int count = axis == 0 ? rows : columns, last = (axis == 0 ? columns : rows) - 1;
  const S at = (fma(t, v[other], p[other]) + size) / (S(2) * size) * static_cast<S>(count - 1);
  if (!(at >= S(0) && at <= static_cast<S>(count - 1)) || z < S(0)) return;
  const int i = min(count - 2, to_int(at)), edge = sign < S(0) ? 0 : last;
  const auto height = [&](int k) {
    return m.hfield_data.p[m.hfield_adr[h] + (axis == 0 ? k * columns + edge : edge * columns + k)];
  };
  const S u = at - static_cast<S>(i);
  const S top = m.hfield_size.p[4 * h + 2] * fma(u, height(i + 1) - height(i), height(i));
  Vec3<S> normal = {S(0), S(0), S(0)};
  normal[axis] = sign;
  offer_hit<S>(out, t, z <= top, normal);
}

template <class Real>
FN RayHit<Scalar<Real>> ray_hfield_lane(const ModelView<Real>& m, int h,
                                        const Vec3<Scalar<Real>>& p, const Vec3<Scalar<Real>>& v) {
  using S = Scalar<Real>;
  RayHit<S> out = no_hit<S>();
  const S sx = m.hfield_size.p[4 * h], sy = m.hfield_size.p[4 * h + 1],
          sz = m.hfield_size.p[4 * h + 2], base = m.hfield_size.p[4 * h + 3];
  const S half = S(0.5f) * base;

  // the base
  out = ray_box(Vec3<S>{sx, sy, half}, Vec3<S>{p.x, p.y, p.z + half}, v);

  // the part of the ray in the box above it
  S t0 = S(0), t1 = number<S>(1e30);
  const Vec3<S> low = {-sx, -sy, S(0)}, high = {sx, sy, sz};
  for (int i = 0; i < 3; ++i) {
    if (abs(v[i]) < number<S>(1e-15)) {
      if (p[i] < low[i] || p[i] > high[i]) return out;
      continue;
    }
    const S a = (low[i] - p[i]) / v[i], b = (high[i] - p[i]) / v[i];
    t0 = max(t0, min(a, b));
    t1 = min(t1, max(a, b));
  }
  if (t0 > t1) return out;
  offer_cells<Real>(out, m, h, p, v, t0, t1);
  for (int side = 0; side < 4; ++side) offer_wall<Real>(out, m, h, side, p, v);
  out.normal = unit_or_zero(out.normal);
  return out;
}

template <class Real>
FN RayHit<Real> ray_hfield(const ModelView<Real>& m, int h, const Vec3<Real>& p,
                           const Vec3<Real>& v) {
  RayHit<Real> out = no_hit<Real>();
  for (int l = 0; l < kWidth<Real>; ++l) {
    Vec3<Scalar<Real>> q, w;
    for (int k = 0; k < 3; ++k) {
      q[k] = get(p[k], l);
      w[k] = get(v[k], l);
    }
    const RayHit<Scalar<Real>> hit = ray_hfield_lane(m, h, q, w);
    put(out.t, l, hit.t);
    for (int k = 0; k < 3; ++k) put(out.normal[k], l, hit.normal[k]);
  }
  return out;
}

}  // namespace motorium
