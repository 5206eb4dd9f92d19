// Distance of two convex shapes after Gilbert, Johnson and Keerthi, with the signed volumes of
// Montanari, Petrinic and Barbieri (2017) for the point of a simplex nearest to the origin.
//
//   x_k   point of the Minkowski difference nearest to the origin so far
//   w     its corner farthest along -x_k;  x_k.w / |x_k| bounds the distance from below, and
//   x_k.(x_k - w) < tolerance^2 / 2 ends the search
#pragma once
#include "motorium/physics/collider_result.h"
#include "motorium/physics/convex_shape.h"

namespace motorium {

// options of the search and the precision of the numbers that it works on
template <class S> struct ConvexLimits {
  S tolerance;     // of distances                                                    [m]
  int iterations;  // of GJK, and of EPA
};

template <class S> struct GjkResult {
  Corner<S> simplex[4];
  int count;        // corners of the simplex that holds the nearest point
  S dist;           // 0: the simplex holds the origin
  Vec3<S> x, p, q;  // nearest point, and the points of both shapes that give it
  bool apart;       // a plane separates the shapes (or: farther apart than asked for)
  bool capped;      // stopped by the iteration limit
};

template <class S> FN S triple(const Vec3<S>& a, const Vec3<S>& b, const Vec3<S>& c) {
  return dot(a, cross(b, c));
}

// weights of the point of a segment nearest to the origin
template <class S> FN void nearest_of_segment(const Vec3<S>& a, const Vec3<S>& b, S* weight) {
  const Vec3<S> d = b - a;
  const S length2 = dot(d, d), along = -dot(a, d);
  const S t = length2 > S(0.f) ? clamp(along / length2, S(0.f), S(1.f)) : S(1.f);
  weight[0] = S(1.f) - t;
  weight[1] = t;
}

// ... of a triangle: with n = (b - a) x (c - a) and f the foot of the origin in its plane,
//   weight_a = n.((b - f) x (c - f)) / n.n,  and so on around
template <class S>
STAGE void nearest_of_triangle(const Vec3<S>& a, const Vec3<S>& b, const Vec3<S>& c, S* weight) {
  const S zero = S(0.f);
  const Vec3<S> n = cross(b - a, c - a);
  const S n2 = dot(n, n);
  bool inside = n2 > zero;
  bool out[3] = {true, true, true};
  if (inside) {
    const Vec3<S> f = n * (dot(n, a) / n2);
    const Vec3<S> fa = a - f, fb = b - f, fc = c - f;
    const S area[3] = {dot(n, cross(fb, fc)), dot(n, cross(fc, fa)), dot(n, cross(fa, fb))};
    const S sum = area[0] + area[1] + area[2];
    for (int i = 0; i < 3; ++i) {
      out[i] = !(area[i] > zero);
      inside = inside && !out[i];
      weight[i] = area[i] / sum;
    }
  }
  if (inside) return;

  // beyond the edge opposite to a corner: the nearest of these edges
  S best = S(3e38f), edge[2];
  const Vec3<S>* v[3] = {&a, &b, &c};
  S found[3] = {zero, zero, S(1.f)};
  for (int i = 0; i < 3; ++i) {
    if (!out[i]) continue;
    const int j = i == 0 ? 1 : 0, k = i == 2 ? 1 : 2;
    nearest_of_segment(*v[j], *v[k], edge);
    const Vec3<S> x = *v[j] * edge[0] + *v[k] * edge[1];
    const S d2 = dot(x, x);
    if (d2 < best) {
      best = d2;
      found[i] = zero;
      found[j] = edge[0];
      found[k] = edge[1];
    }
  }
  for (int i = 0; i < 3; ++i) weight[i] = found[i];
}

// ... of a tetrahedron: the volumes that the origin makes with its faces have one sign inside
template <class S> STAGE void nearest_of_tetrahedron(const Corner<S>* v, S* weight) {
  const S zero = S(0.f);
  const S volume[4] = {-triple(v[1].w, v[2].w, v[3].w), triple(v[0].w, v[2].w, v[3].w),
                       -triple(v[0].w, v[1].w, v[3].w), triple(v[0].w, v[1].w, v[2].w)};
  const S all = (volume[0] + volume[1]) + (volume[2] + volume[3]);
  bool inside = true, out[4];
  for (int i = 0; i < 4; ++i) {
    out[i] = !((all > zero && volume[i] > zero) || (all < zero && volume[i] < zero));
    inside = inside && !out[i];
    weight[i] = volume[i] / all;
  }
  if (inside) return;

  // beyond the face opposite to a corner: the nearest of these faces
  S best = S(3e38f);
  for (int i = 0; i < 4; ++i) {
    if (!out[i]) continue;
    const int j = i == 0 ? 1 : 0, k = i <= 1 ? 2 : 1, l = i == 3 ? 2 : 3;
    S face[3];
    nearest_of_triangle(v[j].w, v[k].w, v[l].w, face);
    const Vec3<S> x = v[j].w * face[0] + v[k].w * face[1] + v[l].w * face[2];
    const S d2 = dot(x, x);
    if (!(d2 < best)) continue;
    best = d2;
    weight[i] = zero;
    weight[j] = face[0];
    weight[k] = face[1];
    weight[l] = face[2];
  }
}

// the weighted sum of the simplex' corners
template <class S> FN void combine(GjkResult<S>& r, const S* weight) {
  r.p = r.simplex[0].p * weight[0];
  r.q = r.simplex[0].q * weight[0];
  for (int i = 1; i < r.count; ++i) {
    r.p = add_scaled(r.p, weight[i], r.simplex[i].p);
    r.q = add_scaled(r.q, weight[i], r.simplex[i].q);
  }
}

// c1, c2: shapes around their centres. Distances above `reach` do not matter
template <class S>
STAGE void gjk(ConvexShape<S>& c1, ConvexShape<S>& c2, const ConvexLimits<S>& limits, S reach,
               GjkResult<S>& r) {
  const S zero = S(0.f);
  const bool finite = has_finite_corners(c1) && has_finite_corners(c2);
  const S epsilon = finite ? zero : S(0.5f) * limits.tolerance * limits.tolerance;
  const S nothing = finite ? by_precision<S>(1e-15, 1e-8) : limits.tolerance;
  const S stalled = by_precision<S>(1e-15, 1e-9);
  S weight[4] = {S(1.f), zero, zero, zero};
  r.count = 0;
  r.apart = false;
  r.capped = false;
  r.x = c1.pos - c2.pos;
  S length = norm(r.x), before = zero;

  int k = 0;
  for (; k < limits.iterations; ++k) {
    if (length < nothing || abs(before - length) < stalled) break;
    Corner<S>& v = r.simplex[r.count];
    v = support(c1, c2, r.x * (S(-1.f) / length));
    if (dot(r.x, r.x - v.w) < epsilon) break;
    const S bound = dot(r.x, v.w);
    if (bound > zero && bound >= reach * length) {
      r.apart = true;
      r.dist = S(3e38f);
      r.count = 0;
      return;
    }

    // the nearest point of the simplex, and the corners that it needs
    const int n = r.count + 1;
    for (int i = 0; i < 4; ++i) weight[i] = zero;
    if (n == 4) {
      nearest_of_tetrahedron(r.simplex, weight);
    } else if (n == 3) {
      nearest_of_triangle(r.simplex[0].w, r.simplex[1].w, r.simplex[2].w, weight);
    } else if (n == 2) {
      nearest_of_segment(r.simplex[0].w, r.simplex[1].w, weight);
    } else {
      weight[0] = S(1.f);
    }
    r.count = 0;
    for (int i = 0; i < n; ++i) {
      if (weight[i] == zero) continue;
      if (i != r.count) r.simplex[r.count] = r.simplex[i];
      weight[r.count++] = weight[i];
    }
    r.x = r.simplex[0].w * weight[0];
    for (int i = 1; i < r.count; ++i) r.x = add_scaled(r.x, weight[i], r.simplex[i].w);
    before = length;
    length = norm(r.x);
    if (r.count == 4) break;
  }
  r.capped = k == limits.iterations;
  if (r.count > 0) combine(r, weight);

  // near the boundary: does a plane separate them after all?
  if (length > zero) {
    const Corner<S> v = support(c1, c2, r.x * (S(-1.f) / length));
    r.apart = dot(r.x, v.w) > zero;
  }
  r.dist = r.count == 4 && !r.apart ? zero : length;
}

}  // namespace motorium
