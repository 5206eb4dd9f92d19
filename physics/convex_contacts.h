// Contacts of two convex shapes of one world: distance by GJK, depth by EPA, then the faces or
// edges that meet there.
#pragma once
#include "motorium/physics/convex_patch.h"
#include "motorium/physics/epa.h"

namespace motorium {

// memory of one search, see convex_work_bytes
template <class S> struct ConvexWork {
  Polytope<S> polytope;
  Vec3<S>* room;  // of polygons
  int most;       // corners of a polygon
};

// searches that may run at once, each with memory of its own
inline constexpr int kConvexAtOnce = 8;
FN int convex_most_corners(int npolygonmax) {
  return npolygonmax > kCapCorners ? npolygonmax : kCapCorners;
}

template <class S> FN size_t convex_work_bytes(int iterations, int most) {
  return (patch_bytes<S>(most) + epa_bytes<S>(iterations) + 63) & ~static_cast<size_t>(63);
}
template <class S> FN void convex_carve(ConvexWork<S>& w, char* memory, int iterations, int most) {
  w.room = reinterpret_cast<Vec3<S>*>(memory);
  w.most = most;
  epa_carve(w.polytope, memory + patch_bytes<S>(most), iterations);
}

template <class S> FN bool is_round(const ConvexShape<S>& c) {
  return c.type == GeomType::sphere || c.type == GeomType::capsule;
}

// has faces or edges that can lie in another shape's face
template <class S> FN bool is_flat(const ConvexShape<S>& c) {
  return c.type != GeomType::sphere && c.type != GeomType::ellipsoid;
}

// patch: look for several contacts
template <class S>
STAGE void convex_contacts(ConvexShape<S>& c1, ConvexShape<S>& c2, S margin, bool patch,
                           const ConvexLimits<S>& limits, ConvexWork<S>& work,
                           ConvexPatch<S>& out) {
  const S zero = S(0.f), half = S(0.5f);
  const bool several = patch && is_flat(c1) && is_flat(c2);
  out.count = 0;
  out.capped = false;
  GjkResult<S> near;

  // distance of the cores
  const S core1 = is_round(c1) ? c1.size.x : zero, core2 = is_round(c2) ? c2.size.x : zero;
  const S reach = core1 + core2 + margin;
  c1.radius = c2.radius = zero;
  if (reach > zero) {
    gjk(c1, c2, limits, reach, near);
    out.capped = near.capped;
    if (near.dist > limits.tolerance) {
      const S dist = near.dist - (core1 + core2);
      if (dist > margin) return;
      out.normal = near.x * (S(-1.f) / near.dist);
      out.count = 1;
      out.dist[0] = dist;
      out.pos[0] =
          half * (add_scaled(near.p, core1, out.normal) + add_scaled(near.q, -core2, out.normal));
      if (several) {
        convex_patch(c1, c2, near.simplex, near.count, margin, work.most, work.room, out);
      }
      return;
    }
  }

  // depth of the shapes, half the margin around each
  c1.radius = fma(half, margin, core1);
  c2.radius = fma(half, margin, core2);
  gjk(c1, c2, limits, zero, near);
  out.capped = out.capped || near.capped;
  if (near.apart || near.count < 2 || near.dist > limits.tolerance) return;
  EpaResult<S> deep;
  epa(c1, c2, limits, near, work.polytope, deep);
  out.capped = out.capped || deep.capped;
  if (!deep.found) return;
  const S depth = sqrt(deep.face.dist2);
  out.normal = deep.face.v * (S(1.f) / depth);
  out.count = 1;
  out.dist[0] = margin - depth;
  out.pos[0] = half * (deep.p + deep.q);
  if (several) {
    const Corner<S> v[3] = {work.polytope.vert[deep.face.vert[0]],
                            work.polytope.vert[deep.face.vert[1]],
                            work.polytope.vert[deep.face.vert[2]]};
    convex_patch(c1, c2, v, 3, margin, work.most, work.room, out);
  }
}

}  // namespace motorium
