// Two boxes: separating axes in all worlds at once, then the contact points of the worlds that
// touch, one by one, because their topology differs.
//
// Separation along a unit axis a (p = c2 - c1, s the half sizes):
//   sep(a) = |a.p| - sum_k |a.R1_k| s1_k - sum_k |a.R2_k| s2_k
// Candidates: the faces of box 1, of box 2, then the nine cross products of edges. Above the margin
// the boxes are apart; otherwise the largest sep is the depth (negated) and its axis the normal.
//
//   face axis:  the face of the other box that looks most against the reference face is clipped by
//               the sides of the reference face; corners below it are the contacts (up to 8)
//   edge axis:  one contact, midway between the closest points of the two edges
#pragma once
#include "motorium/physics/collider_result.h"

namespace motorium {

inline constexpr int kBoxBoxSlots = 8;

// two boxes of one world, box 2 in the frame of box 1
template <class S> struct BoxPair {
  S R[9];            // columns: axes of box 2
  S p21[3], p12[3];  // centre of each box in the frame of the other
  S s1[3], s2[3];
  S margin, slack;
};

// one corner of the clipped face: two coordinates in the reference face, height above it
template <class S> struct FacePoint { S u, v, height; };

// what the contacts of one world have in common, and where they are in the frame of box 1 or 2
template <class S> struct BoxPatch {
  int count;
  bool in_box2;  // frame of pos and normal
  S normal[3];   // from box 1 to box 2
  S pos[kBoxBoxSlots][3], dist[kBoxBoxSlots];
};

// keeps the part of a convex polygon with sign * (u or v) <= limit (Sutherland and Hodgman)
template <class S>
FN int clip_face(const FacePoint<S>* in, int n, bool by_v, S sign, S limit, FacePoint<S>* out) {
  int count = 0;
  for (int i = 0; i < n; ++i) {
    const FacePoint<S>&p = in[i], &q = in[i + 1 < n ? i + 1 : 0];
    const S dp = fma(sign, by_v ? p.v : p.u, -limit), dq = fma(sign, by_v ? q.v : q.u, -limit);
    if (dp <= S(0) && count < kBoxBoxSlots) out[count++] = p;
    if (((dp < S(0) && dq > S(0)) || (dp > S(0) && dq < S(0))) && count < kBoxBoxSlots) {
      const S t = dp / (dp - dq);
      out[count++] = {fma(t, q.u - p.u, p.u), fma(t, q.v - p.v, p.v),
                      fma(t, q.height - p.height, p.height)};
    }
  }
  return count;
}

// reference face: axis `a` of box 1 (first) or box 2
template <class S>
STAGE void box_box_face(const BoxPair<S>& b, bool first, int a, BoxPatch<S>& patch) {
  const S* s_ref = first ? b.s1 : b.s2;
  const S* s_inc = first ? b.s2 : b.s1;
  const S* p = first ? b.p21 : b.p12;
  // component i of axis k of the incident box, in the reference frame
  const auto Q = [&](int i, int k) { return first ? b.R[3 * i + k] : b.R[3 * k + i]; };
  const S side = p[a] >= S(0) ? S(1) : S(-1);

  // the incident face, corners in MuJoCo's order
  int f = 0;
  for (int k = 1; k < 3; ++k)
    if (abs(Q(a, k)) > abs(Q(a, f))) f = k;
  const S facing = side * Q(a, f) > S(0) ? S(-1) : S(1);
  const int au = (a + 1) % 3, av = (a + 2) % 3, fu = (f + 1) % 3, fv = (f + 2) % 3;
  const int row[3] = {au, av, a};
  S c[3], U[3], V[3];
  for (int i = 0; i < 3; ++i) {
    c[i] = fma(facing * s_inc[f], Q(row[i], f), p[row[i]]);
    U[i] = s_inc[fu] * Q(row[i], fu);
    V[i] = s_inc[fv] * Q(row[i], fv);
  }
  constexpr int kU[4] = {1, -1, -1, 1}, kV[4] = {1, 1, -1, -1};
  FacePoint<S> poly[kBoxBoxSlots], clipped[kBoxBoxSlots];
  for (int i = 0; i < 4; ++i) {
    const S su = S(kU[i]), sv = S(kV[i]);
    poly[i] = {fma(sv, V[0], fma(su, U[0], c[0])), fma(sv, V[1], fma(su, U[1], c[1])),
               fma(side, fma(sv, V[2], fma(su, U[2], c[2])), -s_ref[a])};
  }

  // clip by the four sides
  int n = clip_face(poly, 4, false, S(1), s_ref[au], clipped);
  n = clip_face(clipped, n, false, S(-1), s_ref[au], poly);
  n = clip_face(poly, n, true, S(1), s_ref[av], clipped);
  n = clip_face(clipped, n, true, S(-1), s_ref[av], poly);

  // points below the margin, without duplicates
  const S size2 = s_ref[au] * s_ref[au] + s_ref[av] * s_ref[av];
  const S same = size2 * by_precision<S>(1e-14, 1e-11);
  int kept[kBoxBoxSlots];
  patch.in_box2 = !first;
  for (int i = 0; i < 3; ++i) patch.normal[i] = S(0);
  patch.normal[a] = first ? side : -side;
  for (int i = 0; i < n; ++i) {
    if (!(poly[i].height <= b.margin)) continue;
    bool duplicate = false;
    for (int k = 0; k < patch.count; ++k) {
      const S du = poly[i].u - poly[kept[k]].u, dv = poly[i].v - poly[kept[k]].v;
      duplicate = duplicate || fma(du, du, dv * dv) < same;
    }
    if (duplicate) continue;
    S* pos = patch.pos[patch.count];
    pos[au] = poly[i].u;
    pos[av] = poly[i].v;
    pos[a] = side * fma(S(0.5f), poly[i].height, s_ref[a]);
    patch.dist[patch.count] = poly[i].height;
    kept[patch.count++] = i;
  }
}

// edge i of box 1 against edge j of box 2, normal along a = e_i x R_j (unit)
template <class S>
STAGE void box_box_edge(const BoxPair<S>& b, int i, int j, const S* axis, BoxPatch<S>& patch) {
  // the normal points to box 2; the edges are the ones farthest along and against it
  const S way = fma(axis[2], b.p21[2], fma(axis[1], b.p21[1], axis[0] * b.p21[0]));
  S a[3], q1[3], q2[3], d2[3];
  for (int k = 0; k < 3; ++k) {
    a[k] = way < S(0) ? -axis[k] : axis[k];
    q1[k] = k == i ? S(0) : a[k] >= S(0) ? b.s1[k] : -b.s1[k];
    q2[k] = b.p21[k];
    d2[k] = b.R[3 * k + j];
  }
  for (int k = 0; k < 3; ++k) {
    if (k == j) continue;
    const S facing = fma(a[2], b.R[6 + k], fma(a[1], b.R[3 + k], a[0] * b.R[k]));
    const S s = facing >= S(0) ? -b.s2[k] : b.s2[k];
    for (int r = 0; r < 3; ++r) q2[r] = fma(s, b.R[3 * r + k], q2[r]);
  }

  // closest points q1 + s e_i, q2 + t d2 of the two segments
  const S e[3] = {q2[0] - q1[0], q2[1] - q1[1], q2[2] - q1[2]};
  const S cosine = d2[i], sine2 = fma(-cosine, cosine, S(1));
  const S de = fma(d2[2], e[2], fma(d2[1], e[1], d2[0] * e[0]));
  S s = sine2 < by_precision<S>(1e-15, 1e-8) ? S(0) : fma(-cosine, de, e[i]) / sine2;
  s = clamp(s, -b.s1[i], b.s1[i]);
  const S t = clamp(fma(cosine, s, -de), -b.s2[j], b.s2[j]);
  s = clamp(fma(cosine, t, e[i]), -b.s1[i], b.s1[i]);

  S dist = S(0);
  for (int k = 0; k < 3; ++k) {
    const S w1 = k == i ? s : q1[k], w2 = fma(t, d2[k], q2[k]);
    dist = fma(w2 - w1, a[k], dist);
    patch.pos[0][k] = S(0.5f) * (w1 + w2);
    patch.normal[k] = a[k];
  }
  patch.in_box2 = false;
  patch.dist[0] = dist;
  patch.count = dist <= b.margin + b.slack ? 1 : 0;
}

// contacts of one world: axis 0-2 faces of box 1, 3-5 faces of box 2, 6 + 3 i + j edges
template <class S>
FN void box_box_points(const BoxPair<S>& b, int axis, int face, S best, S face_best,
                       BoxPatch<S>& patch) {
  patch.count = 0;
  if (axis >= 6) {
    const int i = (axis - 6) / 3, j = (axis - 6) % 3, i1 = (i + 1) % 3, i2 = (i + 2) % 3;
    S a[3];
    a[i] = S(0);
    a[i1] = -b.R[3 * i2 + j];
    a[i2] = b.R[3 * i1 + j];
    const S inv = S(1) / sqrt(fma(a[i1], a[i1], a[i2] * a[i2]));
    for (int k = 0; k < 3; ++k) a[k] = a[k] * inv;

    // an edge axis that nearly is a face axis is no better than the face
    S along = a[0];
    if (face < 3) {
      for (int k = 1; k < 3; ++k)
        if (face == k) along = a[k];
    } else {
      const int k = face - 3;
      along = fma(a[2], b.R[6 + k], fma(a[1], b.R[3 + k], a[0] * b.R[k]));
    }
    const S allowance = fma(S(0.05f), abs(face_best), S(1e-15f) + b.slack);
    if (!(abs(along) > S(0.99f) && best < face_best + allowance)) {
      box_box_edge(b, i, j, a, patch);
      return;
    }
    axis = face;
  }
  box_box_face(b, axis < 3, axis % 3, patch);
}

template <class Real>
STAGE void collide_box_box(const GeomPose<Real>& a, const GeomPose<Real>& b, const Real& margin,
                           const Mask<Real>& active, ContactPoint<Real>* out) {
  for (int k = 0; k < kBoxBoxSlots; ++k) out[k] = no_contact<Real>();
  const Vec3<Real> s1 = a.size, s2 = b.size, d = b.pos - a.pos;
  const Vec3<Real> p21 = transpose_times(a.R, d), p12 = transpose_times(b.R, -d);
  Real R[9];
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) R[3 * i + j] = dot(a.R.column(i), b.R.column(j));
  Real A[9];
  for (int i = 0; i < 9; ++i) A[i] = abs(R[i]);

  // touching exactly counts in spite of rounding. In float the slack also makes the first of equal
  // axes win, as it does without rounding
  const Real sizes = (s1.x + s1.y + s1.z) + (s2.x + s2.y + s2.z);
  const Real slack = by_precision<Real>(1e-13, 1e-6) * sizes;
  const Real lead = by_precision<Real>(0., 1e-6) * sizes;
  const Real limit = margin + slack;

  // faces
  Mask<Real> near = active;
  Real best = number<Real>(-1e10);
  Int<Real> axis = Int<Real>(0);
  const auto face_axis = [&](int i, const Real& sep) {
    near = near & (sep <= limit);
    const Mask<Real> better = sep > best + lead;
    best = select(better, sep, best);
    axis = select(better, Int<Real>(i), axis);
  };
  const auto face1 = [&](int k) {
    face_axis(
        k, abs(p21[k]) - s1[k] - fma(A[3 * k + 2], s2.z, fma(A[3 * k + 1], s2.y, A[3 * k] * s2.x)));
  };
  const auto face2 = [&](int k) {
    face_axis(3 + k, abs(p12[k]) - s2[k] - fma(A[6 + k], s1.z, fma(A[3 + k], s1.y, A[k] * s1.x)));
  };
  face1(0);
  face1(1);
  face1(2);
  face2(0);
  face2(1);
  face2(2);
  if (!any(near)) return;

  // edges: a = e_i x R_j has two components, and is square to R_j
  const Real face_best = best;
  const Int<Real> face = axis;
  const auto edges = [&](int i, int j) {
    const int i1 = (i + 1) % 3, i2 = (i + 2) % 3, j1 = (j + 1) % 3, j2 = (j + 2) % 3;
    const Real a1 = -R[3 * i2 + j], a2 = R[3 * i1 + j];
    const Real sine2 = fma(a1, a1, a2 * a2);
    const Mask<Real> ok = sine2 >= by_precision<Real>(1e-16, 1e-8);
    const Real across = abs(fma(a1, p21[i1], a2 * p21[i2]));
    const Real extent1 = fma(A[3 * i2 + j], s1[i1], A[3 * i1 + j] * s1[i2]);
    const Real extent2 = fma(abs(fma(a1, R[3 * i1 + j1], a2 * R[3 * i2 + j1])), s2[j1],
                             abs(fma(a1, R[3 * i1 + j2], a2 * R[3 * i2 + j2])) * s2[j2]);
    const Real sep =
        (across - extent1 - extent2) * (Real(1.f) / sqrt(select(ok, sine2, Real(1.f))));
    near = near & (!(ok & (sep > limit)));
    const Mask<Real> better = ok & (fma(abs(sep), number<Real>(-1e-6), sep) > best + lead);
    best = select(better, sep, best);
    axis = select(better, Int<Real>(6 + 3 * i + j), axis);
  };
  edges(0, 0);
  edges(0, 1);
  edges(0, 2);
  edges(1, 0);
  edges(1, 1);
  edges(1, 2);
  edges(2, 0);
  edges(2, 1);
  edges(2, 2);
  if (!any(near)) return;

  // contact points, world by world
  using S = Scalar<Real>;
  for (int lane = 0; lane < kWidth<Real>; ++lane) {
    if (!get_mask<Real>(near, lane)) continue;
    BoxPair<S> pair;
    for (int k = 0; k < 9; ++k) pair.R[k] = get(R[k], lane);
    for (int k = 0; k < 3; ++k) {
      pair.p21[k] = get(p21[k], lane);
      pair.p12[k] = get(p12[k], lane);
      pair.s1[k] = get(s1[k], lane);
      pair.s2[k] = get(s2[k], lane);
    }
    pair.margin = get(margin, lane);
    pair.slack = get(slack, lane);
    BoxPatch<S> patch;
    box_box_points(pair, get_int<Real>(axis, lane), get_int<Real>(face, lane), get(best, lane),
                   get(face_best, lane), patch);

    // to world axes
    Mat3<S> frame;
    Vec3<S> origin;
    for (int k = 0; k < 9; ++k) frame.m[k] = get(patch.in_box2 ? b.R.m[k] : a.R.m[k], lane);
    for (int k = 0; k < 3; ++k) origin[k] = get(patch.in_box2 ? b.pos[k] : a.pos[k], lane);
    const Vec3<S> n = frame * vec3(patch.normal);
    for (int c = 0; c < patch.count; ++c) {
      const Vec3<S> p = origin + frame * vec3(patch.pos[c]);
      put(out[c].dist, lane, patch.dist[c]);
      put_mask<Real>(out[c].found, lane, true);
      for (int k = 0; k < 3; ++k) {
        put(out[c].pos[k], lane, p[k]);
        put(out[c].normal[k], lane, n[k]);
      }
    }
  }
}

}  // namespace motorium
