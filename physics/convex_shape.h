// A convex geom of one world as GJK and EPA see it: the farthest point in a direction.
//
// A shape is a core (point, segment, ellipsoid, cylinder, box, hull, prism) blown up by a radius.
// Spheres and capsules are points and segments with a radius, so that shallow contacts of theirs
// are exact. Everything here is one world's, on plain numbers, because the topology differs.
#pragma once
#include "motorium/core/math.h"
#include "motorium/core/vec.h"
#include "motorium/physics/hull_walk.h"
#include "motorium/physics/model.h"

namespace motorium {

// the convex hull of a mesh, in the frame of the geom
template <class S> struct Hull {
  const S* vert;  // vertices of the mesh, 3 numbers each
  int nvert;
  const HullEntry<S>* walk;  // null: search all
  const int* start;          // where a walk begins, for 3 x 3 x 3 directions
  // merged polygons: normals, vertices, and for each vertex the polygons around it
  const S* normal;
  const int *face_adr, *face_num, *face_vert;
  const int *around_adr, *around_num, *around;
};

template <class S> struct ConvexShape {
  GeomType type;
  S radius;        // by which it is blown up at present
  Vec3<S> pos;     // centre
  Mat3<S> R;       // columns: axes
  Vec3<S> size;    // half sizes as the geom type defines them
  Hull<S> hull;    // meshes only
  int near_vert;   // hull: entry of the last answer, where the next walk starts; -1: none
  const S* prism;  // cell of a height field: three corners below, three above
};

// a vertex of the Minkowski difference w = p - q, with p in shape 1 and q in shape 2. `a` and `b`
// name the corner (box, hull, prism), the cap (cylinder) or the end (capsule) that gave them
template <class S> struct Corner {
  Vec3<S> w, p, q;
  int a, b;
};

// all vertices; of equals the first one
template <class S> FN int farthest_of_all(const Hull<S>& h, const Vec3<S>& d) {
  int best = 0;
  S most = S(-3e38f);
  for (int i = 0; i < h.nvert; ++i) {
    const S along = dot(d, vec3(h.vert + 3 * i));
    if (along > most) {
      most = along;
      best = i;
    }
  }
  return best;
}

// uphill along the edges of the hull, from an entry or from the one that is good for directions
// like the unit vector d (-1). Returns the entry of the vertex
template <class S> FN int farthest_uphill(const Hull<S>& h, const Vec3<S>& d, int from) {
  int best = from;
  if (from < 0) {
    const auto third = [](S along) { return along > S(0.4f) ? 2 : along < S(-0.4f) ? 0 : 1; };
    best = h.start[9 * third(d.x) + 3 * third(d.y) + third(d.z)];
  }
  S most = dot(d, vec3(h.walk[best].place));
  for (int step = 0; step < h.nvert; ++step) {
    const int here = best;
    for (const HullEntry<S>* e = h.walk + here + 1; e->next >= 0; ++e) {
      const S along = dot(d, vec3(e->place));
      if (along > most) {
        most = along;
        best = e->next;
      }
    }
    if (best == here) break;
  }
  return best;
}

// the point of the shape farthest along the unit vector d, and which corner it is
template <class S> FN Vec3<S> support(ConvexShape<S>& c, const Vec3<S>& d, int& corner) {
  const S zero = S(0.f);
  const Vec3<S> m = transpose_times(c.R, d), s = c.size;
  Vec3<S> p = {zero, zero, zero};
  switch (c.type) {
    case GeomType::capsule:
      corner = m.z >= zero ? 0 : 1;
      p.z = m.z >= zero ? s.y : -s.y;
      break;
    case GeomType::ellipsoid: {
      const Vec3<S> sm = {s.x * m.x, s.y * m.y, s.z * m.z};
      const S length = norm(sm);
      if (length < S(1e-15f)) {
        p.x = s.x;
      } else {
        const S inv = S(1.f) / length;
        p = {s.x * sm.x * inv, s.y * sm.y * inv, s.z * sm.z * inv};
      }
      break;
    }
    case GeomType::cylinder: {
      const S across = sqrt(fma(m.x, m.x, m.y * m.y));
      const S scale = across >= S(1e-15f) ? s.x / across : zero;
      corner = m.z >= zero ? 0 : 1;
      p = {scale * m.x, scale * m.y, m.z >= zero ? s.y : -s.y};
      break;
    }
    case GeomType::box:
      corner = (m.x >= zero ? 1 : 0) | (m.y >= zero ? 2 : 0) | (m.z >= zero ? 4 : 0);
      p = {m.x >= zero ? s.x : -s.x, m.y >= zero ? s.y : -s.y, m.z >= zero ? s.z : -s.z};
      break;
    case GeomType::mesh:
      if (c.hull.walk) {
        c.near_vert = farthest_uphill(c.hull, m, c.near_vert);
        corner = -1 - c.hull.walk[c.near_vert].next;
      } else {
        corner = farthest_of_all(c.hull, m);
      }
      p = vec3(c.hull.vert + 3 * corner);
      break;
    case GeomType::hfield: {
      // the lower triangle is level, the upper one lies above it. MuJoCo does not tell its corners
      // apart, and its search ends where the other shape's corner comes back
      const int first = d.z < zero ? 0 : 3;
      int best = first;
      for (int i = first + 1; i < first + 3; ++i)
        if (dot(d, vec3(c.prism + 3 * i)) > dot(d, vec3(c.prism + 3 * best))) best = i;
      corner = 0;
      p = vec3(c.prism + 3 * best);
      return c.radius > zero ? add_scaled(p, c.radius, d) : p;
    }
    default:
      corner = 0;
      break;
  }
  p = c.pos + c.R * p;
  return c.radius > zero ? add_scaled(p, c.radius, d) : p;
}

// the corner of the Minkowski difference farthest along the unit vector d
template <class S> FN Corner<S> support(ConvexShape<S>& c1, ConvexShape<S>& c2, const Vec3<S>& d) {
  Corner<S> v;
  v.a = v.b = 0;
  v.p = support(c1, d, v.a);
  v.q = support(c2, -d, v.b);
  v.w = v.p - v.q;
  return v;
}

// its corners are finitely many and have names
template <class S> FN bool has_finite_corners(const ConvexShape<S>& c) {
  return c.radius == S(0.f) &&
         (c.type == GeomType::box || c.type == GeomType::mesh || c.type == GeomType::hfield);
}

}  // namespace motorium
