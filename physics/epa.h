// Penetration depth of two convex shapes by the expanding polytope (van den Bergen 2001).
//
// A polytope inside the Minkowski difference and around the origin grows where it is nearest to the
// origin: the corner w beyond the nearest face is added, the faces that see w are removed, and new
// faces join w to the edge of the hole. The nearest face bounds the depth from below, w from above:
//   lower = |v|,   upper = v.w / |v|,   v the foot of the origin on the face
#pragma once
#include "motorium/physics/gjk.h"

namespace motorium {

template <class S> struct EpaFace {
  Vec3<S> v;      // foot of the origin
  S dist2;        // |v|^2
  short vert[3];  // corners, edges are (0, 1), (1, 2), (2, 0)
  short adj[3];   // faces across the edges
  short place;    // in the list; kHidden: too far to become the answer, kDead: removed
};

// a place on the way around the hole: face, the edge through which it was entered, next edge
struct EpaStep {
  short face, edge, next;
};

// the polytope, in memory that the caller provides (see epa_bytes)
template <class S> struct Polytope {
  Corner<S>* vert;
  EpaFace<S>* face;
  short *list, *spare;           // faces that may be the answer; free entries of `face`
  short *hole_face, *hole_edge;  // edges around the hole, from the faces that stay
  EpaStep* path;
  int nvert, nface, nlist, nspare, nhole, most_faces;
  Vec3<S> centre;  // inside
};

enum EpaPlace : short { kEpaHidden = -1, kEpaDead = -2 };

FN int epa_most_verts(int iterations) { return 5 + iterations; }
FN int epa_most_faces(int iterations) { return 2 * epa_most_verts(iterations); }

template <class S> FN size_t epa_bytes(int iterations) {
  const size_t verts = static_cast<size_t>(epa_most_verts(iterations)),
               faces = static_cast<size_t>(epa_most_faces(iterations));
  return verts * sizeof(Corner<S>) + faces * (sizeof(EpaFace<S>) + sizeof(EpaStep) + 4 * 2) + 64;
}

template <class S> FN void epa_carve(Polytope<S>& t, void* memory, int iterations) {
  const int verts = epa_most_verts(iterations), faces = epa_most_faces(iterations);
  t.vert = static_cast<Corner<S>*>(memory);
  t.face = reinterpret_cast<EpaFace<S>*>(t.vert + verts);
  t.path = reinterpret_cast<EpaStep*>(t.face + faces);
  t.list = reinterpret_cast<short*>(t.path + faces);
  t.spare = t.list + faces;
  t.hole_face = t.spare + faces;
  t.hole_edge = t.hole_face + faces;
  t.most_faces = faces;
}

template <class S> FN void epa_clear(Polytope<S>& t, const Vec3<S>& centre) {
  t.nvert = t.nface = t.nlist = t.nspare = t.nhole = 0;
  t.centre = centre;
}

// adds a face without listing it; returns |v|^2, 0 where the origin lies on it or it has no area
template <class S>
FN S epa_add_face(Polytope<S>& t, int index, int a, int b, int c, int across_ab, int across_bc,
                  int across_ca) {
  EpaFace<S>& f = t.face[index];
  f.vert[0] = static_cast<short>(a);
  f.vert[1] = static_cast<short>(b);
  f.vert[2] = static_cast<short>(c);
  f.adj[0] = static_cast<short>(across_ab);
  f.adj[1] = static_cast<short>(across_bc);
  f.adj[2] = static_cast<short>(across_ca);
  f.place = kEpaHidden;

  // the foot of the origin, on the side away from the centre
  const Vec3<S>&p = t.vert[a].w, &q = t.vert[b].w, &r = t.vert[c].w;
  const Vec3<S> n = cross(q - p, r - p);
  const S n2 = dot(n, n);
  f.dist2 = S(0.f);
  if (!(n2 > S(0.f))) return S(0.f);
  f.v = n * (dot(n, p) / n2);
  if (dot(f.v, p - t.centre) < S(0.f)) f.v = -f.v;
  f.dist2 = dot(f.v, f.v);
  return f.dist2;
}

template <class S> FN void epa_list(Polytope<S>& t, int index) {
  t.face[index].place = static_cast<short>(t.nlist);
  t.list[t.nlist++] = static_cast<short>(index);
}

template <class S> FN void epa_remove(Polytope<S>& t, int index) {
  EpaFace<S>& f = t.face[index];
  if (f.place >= 0) {
    const short last = t.list[--t.nlist];
    t.list[f.place] = last;
    t.face[last].place = f.place;
  }
  f.place = kEpaDead;
}

template <class S> FN void epa_list_first(Polytope<S>& t, int count) {
  t.nface = count;
  for (int i = 0; i < count; ++i) epa_list(t, i);
}

// a face sees w from outside; in float only beyond what rounding can do
template <class S> FN bool epa_sees(const EpaFace<S>& f, const Vec3<S>& w) {
  S slack = S(1e-15f);
  if (sizeof(S) == 4) slack = S(4e-7f) * sqrt(f.dist2) * norm(w);
  return dot(f.v, w) - f.dist2 > slack;
}

FN int epa_next(int edge) { return edge == 2 ? 0 : edge + 1; }

template <class S> FN int epa_edge_from(const EpaFace<S>& f, int vert) {
  return f.vert[0] == vert ? 0 : f.vert[1] == vert ? 1 : 2;
}

// removes the faces that see w, starting at `first`, and walks around them depth first, so that the
// edges of the hole come out in order
template <class S> STAGE void epa_dig(Polytope<S>& t, int first, const Vec3<S>& w) {
  t.nhole = 0;
  epa_remove(t, first);
  t.spare[t.nspare++] = static_cast<short>(first);
  int depth = 0;
  t.path[0] = {static_cast<short>(first), 0, 0};
  while (depth >= 0) {
    EpaStep& here = t.path[depth];
    // the first face looks across three edges, the others across the two they were not entered by
    if (here.next == (depth == 0 ? 3 : 2)) {
      --depth;
      continue;
    }
    const int edge = (here.edge + here.next + (depth == 0 ? 0 : 1)) % 3;
    ++here.next;
    const EpaFace<S>& f = t.face[here.face];
    const int other = f.adj[edge];
    EpaFace<S>& g = t.face[other];
    if (g.place == kEpaDead) continue;
    const int shared = epa_edge_from(g, f.vert[epa_next(edge)]);
    if (epa_sees(g, w)) {
      epa_remove(t, other);
      t.spare[t.nspare++] = static_cast<short>(other);
      t.path[++depth] = {static_cast<short>(other), static_cast<short>(shared), 0};
    } else {
      t.hole_face[t.nhole] = static_cast<short>(other);
      t.hole_edge[t.nhole++] = static_cast<short>(shared);
    }
  }
}

template <class S> FN Vec3<S> epa_direction(const Vec3<S>& d) {
  const S length = norm(d);
  if (!(length > S(1e-15f))) return {S(1.f), S(0.f), S(0.f)};
  return d * (S(1.f) / length);
}

// are the origin and r on the same side of the plane p, a, b?
template <class S>
FN bool same_side(const Vec3<S>& p, const Vec3<S>& a, const Vec3<S>& b, const Vec3<S>& r) {
  const Vec3<S> n = cross(a - p, b - p);
  const S there = dot(n, r - p), here = -dot(n, p);
  return (there > S(0.f) && here > S(0.f)) || (there < S(0.f) && here < S(0.f));
}
template <class S>
FN bool holds_origin(const Vec3<S>& a, const Vec3<S>& b, const Vec3<S>& c, const Vec3<S>& d) {
  return same_side(a, b, c, d) && same_side(b, c, d, a) && same_side(c, d, a, b) &&
         same_side(d, a, b, c);
}

// p lies in the triangle (a corner that adds nothing)
template <class S>
FN bool in_triangle(const Vec3<S>& a, const Vec3<S>& b, const Vec3<S>& c, const Vec3<S>& p) {
  const Vec3<S> n = cross(b - a, c - a);
  const S n2 = dot(n, n), height = dot(n, p - a);
  if (!(height * height <= by_precision<S>(1e-30, 1e-12) * n2)) return false;
  return dot(n, cross(b - p, c - p)) >= S(0.f) && dot(n, cross(c - p, a - p)) >= S(0.f) &&
         dot(n, cross(a - p, b - p)) >= S(0.f);
}

// six faces over a triangle: its corners 0 1 2, and the corners beyond it on both sides
template <class S>
STAGE bool epa_from_triangle(Polytope<S>& t, const GjkResult<S>& r, ConvexShape<S>& c1,
                             ConvexShape<S>& c2, const Corner<S>* v) {
  epa_clear(t, (v[0].w + v[1].w + v[2].w) * S(1.f / 3.f));
  const Vec3<S> n = cross(v[1].w - v[0].w, v[2].w - v[0].w);
  if (!(dot(n, n) > S(1e-30f))) return false;
  for (int i = 0; i < 3; ++i) t.vert[i] = v[i];
  const Vec3<S> d = epa_direction(n);
  t.vert[3] = support(c1, c2, -d);
  t.vert[4] = support(c1, c2, d);
  t.nvert = 5;
  const Vec3<S>&a = t.vert[0].w, &b = t.vert[1].w, &c = t.vert[2].w;
  const Vec3<S>&low = t.vert[3].w, &high = t.vert[4].w;
  if (in_triangle(a, b, c, high) || in_triangle(a, b, c, low)) return false;
  if (r.dist > by_precision<S>(1e-14, 1e-9) && !holds_origin(a, b, c, high) &&
      !holds_origin(a, b, c, low)) {
    return false;
  }
  const S least = S(1e-30f);
  const bool ok = epa_add_face(t, 0, 4, 0, 1, 1, 3, 2) >= least &&
                  epa_add_face(t, 1, 4, 2, 0, 2, 4, 0) >= least &&
                  epa_add_face(t, 2, 4, 1, 2, 0, 5, 1) >= least &&
                  epa_add_face(t, 3, 3, 1, 0, 5, 0, 4) >= least &&
                  epa_add_face(t, 4, 3, 0, 2, 3, 1, 5) >= least &&
                  epa_add_face(t, 5, 3, 2, 1, 4, 2, 3) >= least;
  if (ok) epa_list_first(t, 6);
  return ok;
}

// six faces around a segment: its ends 0 1, and three corners around it
template <class S>
STAGE bool epa_from_segment(Polytope<S>& t, const GjkResult<S>& r, ConvexShape<S>& c1,
                            ConvexShape<S>& c2) {
  const S zero = S(0.f), least = S(1e-30f);
  const Vec3<S> d = r.simplex[1].w - r.simplex[0].w;
  epa_clear(t, (r.simplex[0].w + r.simplex[1].w) * S(0.5f));
  Vec3<S> e = {zero, zero, zero};
  const int k = abs(d.x) <= abs(d.y)   ? (abs(d.x) <= abs(d.z) ? 0 : 2)
                : abs(d.y) <= abs(d.z) ? 1
                                       : 2;
  e[k] = S(1.f);

  // a direction across the segment, turned about it by 120 degrees twice
  const Vec3<S> u = epa_direction(d);
  const Vec3<S> first = epa_direction(cross(e, d)), side = cross(u, first);
  const S half = S(-0.5f), root = number<S>(0.86602540378443864676);
  t.vert[0] = r.simplex[0];
  t.vert[1] = r.simplex[1];
  t.vert[2] = support(c1, c2, first);
  t.vert[3] = support(c1, c2, first * half + side * root);
  t.vert[4] = support(c1, c2, first * half - side * root);
  t.nvert = 5;

  // a face through the origin: start from that triangle
  constexpr short kFace[6][6] = {{0, 2, 3, 1, 3, 2}, {0, 4, 2, 2, 4, 0}, {0, 3, 4, 0, 5, 1},
                                 {1, 3, 2, 5, 0, 4}, {1, 2, 4, 3, 1, 5}, {1, 4, 3, 4, 2, 3}};
  for (int i = 0; i < 6; ++i) {
    const short* f = kFace[i];
    if (epa_add_face(t, i, f[0], f[1], f[2], f[3], f[4], f[5]) >= least) continue;
    const Corner<S> v[3] = {t.vert[f[0]], t.vert[f[1]], t.vert[f[2]]};
    return epa_from_triangle(t, r, c1, c2, v);
  }

  // convex: the segment passes through the triangle of the three
  const Vec3<S> a = t.vert[2].w - t.vert[0].w, b = t.vert[3].w - t.vert[0].w,
                c = t.vert[4].w - t.vert[0].w;
  const S v1 = triple(a, b, d), v2 = triple(b, c, d), v3 = triple(c, a, d);
  const bool through =
      (v1 >= zero && v2 >= zero && v3 >= zero) || (v1 <= zero && v2 <= zero && v3 <= zero);
  if (through) epa_list_first(t, 6);
  return through;
}

template <class S>
STAGE bool epa_from_tetrahedron(Polytope<S>& t, const GjkResult<S>& r, ConvexShape<S>& c1,
                                ConvexShape<S>& c2) {
  const Corner<S>* s = r.simplex;
  epa_clear(t, ((s[0].w + s[1].w) + s[2].w + s[3].w) * S(0.25f));
  for (int i = 0; i < 4; ++i) t.vert[i] = s[i];
  t.nvert = 4;
  constexpr short kFace[4][6] = {
      {0, 1, 2, 1, 3, 2}, {0, 3, 1, 2, 3, 0}, {0, 2, 3, 0, 3, 1}, {3, 2, 1, 2, 0, 1}};
  for (int i = 0; i < 4; ++i) {
    const short* f = kFace[i];
    if (epa_add_face(t, i, f[0], f[1], f[2], f[3], f[4], f[5]) >= S(1e-30f)) continue;
    const Corner<S> v[3] = {s[f[0]], s[f[1]], s[f[2]]};
    return epa_from_triangle(t, r, c1, c2, v);
  }
  if (!holds_origin(s[0].w, s[1].w, s[2].w, s[3].w)) return false;
  epa_list_first(t, 4);
  return true;
}

// joins w to the edges of the hole; false where a new face has no area
template <class S> STAGE bool epa_fill(Polytope<S>& t, int w, S lower2, S upper2) {
  const int n = t.nhole;
  // the numbers of the new faces are needed before they are made
  short* fresh = reinterpret_cast<short*>(t.path);
  for (int i = 0; i < n; ++i) {
    fresh[i] = t.nspare > 0 ? t.spare[--t.nspare] : static_cast<short>(t.nface++);
  }
  for (int i = 0; i < n; ++i) {
    EpaFace<S>& rim = t.face[t.hole_face[i]];
    const int edge = t.hole_edge[i], a = rim.vert[edge], b = rim.vert[epa_next(edge)];
    rim.adj[edge] = fresh[i];
    const S dist2 = epa_add_face(t, fresh[i], w, b, a, fresh[i == 0 ? n - 1 : i - 1],
                                 t.hole_face[i], fresh[i == n - 1 ? 0 : i + 1]);
    if (dist2 == S(0.f)) return false;
    if (dist2 >= lower2 && dist2 <= upper2) epa_list(t, fresh[i]);
  }
  return true;
}

// the answer: a face of the polytope, copied because the polytope goes on changing
template <class S> struct EpaResult {
  bool found, capped;
  EpaFace<S> face;
  Vec3<S> p, q;  // deepest points of both shapes
};

template <class S> FN void epa_witness(const Polytope<S>& t, EpaResult<S>& r) {
  const Corner<S>&a = t.vert[r.face.vert[0]], &b = t.vert[r.face.vert[1]],
        &c = t.vert[r.face.vert[2]];
  const Vec3<S>& v = r.face.v;
  const Vec3<S> n = cross(b.w - a.w, c.w - a.w);
  const S u = dot(n, cross(b.w - v, c.w - v)), s = dot(n, cross(c.w - v, a.w - v)),
          w = dot(n, cross(a.w - v, b.w - v));
  const S inv = S(1.f) / (u + s + w);
  r.p = a.p * (u * inv) + b.p * (s * inv) + c.p * (w * inv);
  r.q = a.q * (u * inv) + b.q * (s * inv) + c.q * (w * inv);
}

// start: a simplex that holds the origin, or has it within the tolerance
template <class S>
STAGE void epa(ConvexShape<S>& c1, ConvexShape<S>& c2, const ConvexLimits<S>& limits,
               const GjkResult<S>& start, Polytope<S>& t, EpaResult<S>& r) {
  const bool finite = has_finite_corners(c1) && has_finite_corners(c2);
  const S enough = finite && sizeof(S) == 8 ? S(1e-15f) : limits.tolerance;
  r.found = r.capped = false;
  const bool ok = start.count == 2   ? epa_from_segment(t, start, c1, c2)
                  : start.count == 3 ? epa_from_triangle(t, start, c1, c2, start.simplex)
                                     : epa_from_tetrahedron(t, start, c1, c2);
  if (!ok) return;

  S upper = S(3e38f), upper2 = S(3e38f);
  int k = 0;
  for (; k < limits.iterations; ++k) {
    // the nearest face, of equals the first one
    int best = -1;
    S lower2 = S(3e38f);
    for (int i = 0; i < t.nlist; ++i) {
      const EpaFace<S>& f = t.face[t.list[i]];
      if (f.dist2 < lower2) {
        lower2 = f.dist2;
        best = t.list[i];
      }
    }
    if (best < 0 || lower2 > upper2) break;
    r.face = t.face[best];
    r.found = true;
    if (!(lower2 > S(0.f))) break;

    const S lower = sqrt(lower2);
    Corner<S>& w = t.vert[t.nvert];
    w = support(c1, c2, r.face.v * (S(1.f) / lower));
    const S reached = dot(r.face.v, w.w) / lower;
    if (reached < upper) {
      upper = reached;
      upper2 = upper * upper;
    }
    if (reached - lower < enough) {
      // the polytope reaches beyond the shapes: it never held the origin
      if (k == 0 && upper < lower - by_precision<S>(1e-10, 1e-5)) r.found = false;
      break;
    }
    bool known = false;
    for (int i = 0; finite && i < t.nvert; ++i) {
      known = known || (t.vert[i].a == w.a && t.vert[i].b == w.b);
    }
    if (known) break;

    epa_dig(t, best, w.w);
    if (t.nhole < 3 || t.nface - t.nspare + t.nhole > t.most_faces) break;
    if (!epa_fill(t, t.nvert, lower2, upper2)) break;
    ++t.nvert;
    if (t.nlist == 0) break;
  }
  r.capped = k == limits.iterations;
  if (r.found) epa_witness(t, r);
}

}  // namespace motorium
