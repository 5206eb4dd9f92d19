// Several contacts of two shapes that meet face to face or edge to face, from one search: the
// other face is clipped by the sides of the first, and every point that is left is a contact.
//
// N is the normal of the search, n1 and n2 those of the faces (aligned where n1.n2 < -0.996), e an
// edge (lying in a face where |e.n| < 0.0888). A point w2 of face 2 and its partner on face 1:
//   w1 = w2 - n1.(w2 - f1) n1,   dist = n2.(w1 - w2),   contact at w1 - dist n2 / 2
#pragma once
#include "motorium/physics/convex_features.h"
#include "motorium/physics/gjk.h"

namespace motorium {

inline constexpr int kPatchContacts = 4;

// contacts of one pair; all share the normal
template <class S> struct ConvexPatch {
  int count;
  Vec3<S> normal;  // from shape 1 to shape 2
  S dist[kPatchContacts];
  Vec3<S> pos[kPatchContacts];
  bool capped;  // an iteration limit was met
};

// twice the area of a quadrilateral
template <class S>
FN S quad_area(const Vec3<S>& a, const Vec3<S>& b, const Vec3<S>& c, const Vec3<S>& d) {
  return norm(cross(a - c, b - d));
}

// four corners of a convex polygon that span much area. From each first corner on the last advances
// as long as the area grows, and after every step of it the third and the second. Later first
// corners go on from where the others are, and count only where they beat the best so far; then
// corners may coincide. Polygons like a cap have many equal choices: a tie does not advance
template <class S> STAGE void largest_quad(const Vec3<S>* v, int n, int* out) {
  int b = 1, c = 2, d = 3;
  const S tie = S(1.f) + by_precision<S>(1e-12, 1e-5);
  S area = quad_area(v[0], v[b], v[c], v[d]);
  const auto next = [&](int i) { return i + 1 < n ? i + 1 : 0; };
  out[0] = 0;
  out[1] = b;
  out[2] = c;
  out[3] = d;
  for (int a = 0; a < n; ++a) {
    const auto grows = [&](int i, int j, int k) {
      const S wider = quad_area(v[a], v[i], v[j], v[k]);
      if (!(wider > area * tie)) return false;
      area = wider;
      out[0] = a;
      out[1] = i;
      out[2] = j;
      out[3] = k;
      return true;
    };
    while (next(d) != a && grows(b, c, next(d))) {
      d = next(d);
      while (next(c) != d && grows(b, next(c), d)) c = next(c);
      while (next(b) != c && grows(next(b), c, d)) b = next(b);
    }

    // the others stay ahead of the first
    if (b != a) continue;
    b = next(b);
    if (c != b) continue;
    c = next(c);
    if (d == c) d = next(d);
  }
}

// keeps the part of polygon `in` on the inner side of the plane through p with normal n
template <class S>
FN int clip_polygon(const Vec3<S>* in, int count, const Vec3<S>& p, const Vec3<S>& n, S slack,
                    Vec3<S>* out) {
  int kept = 0;
  for (int i = 0; i < count; ++i) {
    const Vec3<S>&a = in[i], &b = in[i + 1 < count ? i + 1 : 0];
    const S ha = dot(a - p, n), hb = dot(b - p, n);
    const bool in_a = ha > -slack, in_b = hb > -slack;
    if (in_a != in_b) {
      const S t = ha / (ha - hb);
      if (t >= S(0.f) && t <= S(1.f)) out[kept++] = add_scaled(a, t, b - a);
    }
    if (in_b) out[kept++] = b;
  }
  return kept;
}

// inner normal of the side a, b of a face with normal n, corners clockwise seen from outside
template <class S> FN Vec3<S> side_normal(const Vec3<S>& a, const Vec3<S>& b, const Vec3<S>& n) {
  const Vec3<S> side = cross(b - a, n);
  const S length = norm(side);
  return length > S(1e-15f) ? side * (S(1.f) / length) : Vec3<S>{S(0.f), S(0.f), S(0.f)};
}

// faces that only happen to be parallel lie much deeper in each other than the search says
template <class S> FN bool is_absurd(const ConvexPatch<S>& searched, S deepest, S extent) {
  return deepest < fma(S(-0.1f), extent, searched.dist[0]) - S(0.1f) * abs(searched.dist[0]);
}

// room for polygons of `most` corners: two faces and two clipped ones
template <class S> FN size_t patch_bytes(int most) {
  return static_cast<size_t>(6 * most) * sizeof(Vec3<S>);
}

template <class S>
STAGE void face_to_face(const ConvexShape<S>& c1, int f1, const Vec3<S>& n1,
                        const ConvexShape<S>& c2, int f2, const Vec3<S>& n2, S margin, int most,
                        Vec3<S>* room, ConvexPatch<S>& out) {
  Vec3<S>*face1 = room, *poly = room + most, *next = poly + 2 * most;
  const int count1 = face_corners(c1, f1, face1);
  int count = face_corners(c2, f2, poly);

  // face 2 clipped by the sides of face 1, which are parallel to n1
  const S slack = by_precision<S>(1e-15, 1e-7);
  for (int i = 0; i < count1; ++i) {
    const Vec3<S>& a = face1[i];
    count = clip_polygon(poly, count, a, side_normal(a, face1[i + 1 < count1 ? i + 1 : 0], n1),
                         slack, next);
    Vec3<S>* t = poly;
    poly = next;
    next = t;
  }

  // along n1 onto the plane of face 1. The corners of a face lie in its plane to float32 and to the
  // tolerance of merged faces only: distances are those of the points themselves. What is near
  // enough
  const S turn = -dot(n1, n2);
  int kept = 0;
  S deepest = out.dist[0], extent2 = S(0.f);
  S* dist = &next[0].x;
  for (int i = 0; i < count; ++i) {
    const S height = dot(n1, poly[i] - face1[0]), deep = height * turn;
    if (!(deep <= margin)) continue;
    deepest = min(deepest, deep);
    dist[kept] = deep;
    poly[kept] = add_scaled(poly[i], -height, n1);
    const Vec3<S> d = poly[kept++] - poly[0];
    extent2 = max(extent2, dot(d, d));
  }
  if (kept == 0 || is_absurd(out, deepest, sqrt(extent2))) return;
  int chosen[kPatchContacts] = {0, 1, 2, 3};
  if (kept > kPatchContacts) largest_quad(poly, kept, chosen);
  out.count = kept < kPatchContacts ? kept : kPatchContacts;
  for (int i = 0; i < out.count; ++i) {
    out.dist[i] = dist[chosen[i]];
    out.pos[i] = add_scaled(poly[chosen[i]], S(-0.5f) * out.dist[i], n2);
  }
  out.normal = -n2;
}

// an edge from a to b against a face of shape c, normal n, which becomes the contacts' normal;
// sign: 1 if the edge is in shape 1
template <class S>
STAGE void edge_to_face(const Vec3<S>& a, const Vec3<S>& b, const ConvexShape<S>& c, int face,
                        const Vec3<S>& n, S sign, S margin, Vec3<S>* room, ConvexPatch<S>& out) {
  const int count = face_corners(c, face, room);
  const Vec3<S> whole = b - a;
  S low = S(0.f), high = S(1.f);
  for (int i = 0; i < count; ++i) {
    const Vec3<S>& p = room[i];
    const Vec3<S> side = side_normal(p, room[i + 1 < count ? i + 1 : 0], n);
    const S start = dot(a - p, side), rise = dot(whole, side);
    if (rise > S(0.f)) {
      low = max(low, -start / rise);
    } else if (rise < S(0.f)) {
      high = min(high, -start / rise);
    } else if (start < S(0.f)) {
      return;
    }
  }
  if (!(low <= high)) return;
  const Vec3<S> w[2] = {add_scaled(a, low, whole), add_scaled(a, high, whole)};
  const S dist[2] = {dot(n, w[0] - room[0]), dot(n, w[1] - room[0])};
  if (is_absurd(out, min(dist[0], dist[1]), norm(whole))) return;

  // an end that a side of the face has cut counts twice where the other end is out of reach
  const bool in[2] = {dist[0] <= margin, dist[1] <= margin};
  const bool cut[2] = {low > S(0.f), high < S(1.f)};
  int kept = 0;
  for (int i = 0; i < 2; ++i) {
    const int copies = !in[i] ? 0 : !in[1 - i] && cut[i] ? 2 : 1;
    for (int k = 0; k < copies; ++k) {
      out.dist[kept] = dist[i];
      out.pos[kept++] = add_scaled(w[i], S(-0.5f) * dist[i], n);
    }
  }
  if (kept == 0) return;
  out.count = kept;
  out.normal = n * -sign;
}

// replaces the one contact of a pair by those of the faces or edges that meet there. v: corners the
// search ended with
template <class S>
STAGE void convex_patch(const ConvexShape<S>& c1, const ConvexShape<S>& c2, const Corner<S>* v,
                        int corners, S margin, int most, Vec3<S>* room, ConvexPatch<S>& out) {
  const S aligned = S(0.996f), lying = S(0.0888f), least = S(1e-15f);
  Feature f1, f2;
  f1.count = f2.count = 0;
  for (int i = 0; i < corners && i < 3; ++i) {
    add_corner(f1, v[i].a);
    add_corner(f2, v[i].b);
  }
  const Vec3<S> to2 = out.normal, to1 = -out.normal;

  // the faces that look at each other most squarely; of those that are equal but for rounding
  // (boxes whose edges meet in parallel) the first
  const S slack = by_precision<S>(1e-12, 1e-6);
  S squarest = slack - aligned;
  int face1 = -1, face2 = -1;
  Vec3<S> normal1 = to2, normal2 = to1;
  visit_faces(c1, f1, to2, aligned, [&](int i, const Vec3<S>& n1) {
    return visit_faces(c2, f2, to1, aligned, [&](int j, const Vec3<S>& n2) {
      const S turn = dot(n1, n2);
      if (!(turn < squarest - slack)) return false;
      squarest = turn;
      face1 = i;
      face2 = j;
      normal1 = n1;
      normal2 = n2;
      return false;
    });
  });
  if (face1 >= 0) {
    face_to_face(c1, face1, normal1, c2, face2, normal2, margin, most, room, out);
    return;
  }

  // an edge in a face that looks at it
  const auto edge = [&](const ConvexShape<S>& a, const Feature& fa, const Vec3<S>& to_b,
                        const ConvexShape<S>& b, const Feature& fb, S sign) {
    if (fa.count > 2) return false;
    return visit_faces(b, fb, -to_b, aligned, [&](int face, const Vec3<S>& n) {
      if (!(dot(n, to_b) < -least)) return false;
      // a capsule's line follows the search and half the margin, as the oracle's does
      const bool capsule = a.type == GeomType::capsule;
      const S half_margin = S(0.5f) * margin;
      const Vec3<S> shift = capsule ? surface_shift(a, to_b, half_margin) + n * half_margin
                                    : Vec3<S>{S(0.f), S(0.f), S(0.f)};
      return visit_edges(a, fa, capsule ? to_b : -n, [&](const Vec3<S>& from, const Vec3<S>& to) {
        const Vec3<S> d = to - from;
        if (!(abs(dot(d, n)) < lying * norm(d))) return false;
        edge_to_face(from + shift, to + shift, b, face, n, sign, margin, room, out);
        return true;
      });
    });
  };
  if (!edge(c1, f1, to2, c2, f2, S(1.f))) edge(c2, f2, to1, c1, f1, S(-1.f));
}

}  // namespace motorium
