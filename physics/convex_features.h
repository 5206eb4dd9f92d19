// Which faces and edges of a shape meet at a contact, from the corners that the search ended with.
//
// One corner of a polytope touches its faces and edges, two corners an edge and its two faces,
// three corners a face. A cylinder has its caps as faces (16 corners) and the line of its surface
// that is nearest to the other shape as an edge, a capsule only the latter.
#pragma once
#include "motorium/physics/convex_shape.h"

namespace motorium {

inline constexpr int kCapCorners = 16;

// corners of the final simplex that differ, of one shape
struct Feature {
  int count;
  int id[3];
};

FN void add_corner(Feature& f, int id) {
  for (int i = 0; i < f.count; ++i)
    if (f.id[i] == id) return;
  f.id[f.count++] = id;
}

// faces of a hull that hold all corners of the feature: visit(face) until it returns true
template <class S, class Visit>
FN bool visit_hull_faces(const Hull<S>& h, const Feature& f, Visit visit) {
  const int v = f.id[0];
  for (int i = 0; i < h.around_num[v]; ++i) {
    const int face = h.around[h.around_adr[v] + i];
    bool all = true;
    for (int k = 1; k < f.count; ++k) {
      bool has = false;
      for (int j = 0; j < h.around_num[f.id[k]]; ++j) {
        has = has || h.around[h.around_adr[f.id[k]] + j] == face;
      }
      all = all && has;
    }
    if (all && visit(face)) return true;
  }
  return false;
}

// box faces are numbered +x -x +y -y +z -z
template <class S> FN Vec3<S> box_normal(const ConvexShape<S>& c, int face) {
  const Vec3<S> n = c.R.column(face / 2);
  return face % 2 ? -n : n;
}

// faces at the feature: visit(face, normal) until it returns true. towards: unit, out of the shape
// at the contact
template <class S, class Visit>
FN bool visit_faces(const ConvexShape<S>& c, const Feature& f, const Vec3<S>& towards, S aligned,
                    Visit visit) {
  if (c.type == GeomType::mesh) {
    return visit_hull_faces(
        c.hull, f, [&](int face) { return visit(face, c.R * vec3(c.hull.normal + 3 * face)); });
  }
  if (c.type == GeomType::cylinder) {
    if (f.count != 1) return false;
    const Vec3<S> u = c.R.column(2);
    return visit(f.id[0], f.id[0] ? -u : u);
  }
  if (c.type != GeomType::box) return false;

  // the faces on whose side all corners are
  int found = 0;
  for (int k = 0; k < 3; ++k) {
    int high = 0;
    for (int i = 0; i < f.count; ++i) high += f.id[i] >> k & 1;
    found += high == 0 || high == f.count;
  }
  if (found == 4 - f.count) {
    for (int k = 0; k < 3; ++k) {
      int high = 0;
      for (int i = 0; i < f.count; ++i) high += f.id[i] >> k & 1;
      if (high != 0 && high != f.count) continue;
      const int face = 2 * k + (high == 0 ? 1 : 0);
      if (visit(face, box_normal(c, face))) return true;
    }
    return false;
  }

  // corners across a face or the box: the face that looks at the other shape
  for (int face = 0; face < 6; ++face) {
    const Vec3<S> n = box_normal(c, face);
    if (dot(n, towards) > aligned) return visit(face, n);
  }
  return false;
}

// from the axis of a cylinder or capsule towards the line of its surface farthest along `towards`.
// With a capsule MuJoCo takes the shadow of radius x towards, shorter than the radius where towards
// leans
template <class S>
FN Vec3<S> surface_shift(const ConvexShape<S>& c, const Vec3<S>& towards, S radius) {
  const Vec3<S> u = c.R.column(2);
  const Vec3<S> across = add_scaled(towards, -dot(towards, u), u);
  if (c.type == GeomType::capsule) return across * radius;
  const S length = norm(across);
  return across * (length > S(1e-15f) ? radius / length : S(0.f));
}

// a corner of a box or hull
template <class S> FN Vec3<S> corner_point(const ConvexShape<S>& c, int id) {
  const Vec3<S> s = c.size;
  if (c.type == GeomType::mesh) return c.pos + c.R * vec3(c.hull.vert + 3 * id);
  return c.pos + c.R * vec3(id & 1 ? s.x : -s.x, id & 2 ? s.y : -s.y, id & 4 ? s.z : -s.z);
}

// edges at the feature: visit(from, to) until it returns true
template <class S, class Visit>
FN bool visit_edges(const ConvexShape<S>& c, const Feature& f, const Vec3<S>& towards,
                    Visit visit) {
  if (c.type == GeomType::cylinder || c.type == GeomType::capsule) {
    const Vec3<S> u = c.R.column(2), middle = c.pos + surface_shift(c, towards, c.size.x);
    return visit(add_scaled(middle, c.size.y, u), add_scaled(middle, -c.size.y, u));
  }
  if (c.type != GeomType::box && c.type != GeomType::mesh) return false;
  const Vec3<S> from = corner_point(c, f.id[0]);
  if (f.count == 2) return visit(from, corner_point(c, f.id[1]));
  if (c.type == GeomType::box) {
    for (int k = 0; k < 3; ++k)
      if (visit(from, corner_point(c, f.id[0] ^ 1 << k))) return true;
    return false;
  }

  // of every face at the corner the edge that ends in it
  const Hull<S>& h = c.hull;
  for (int i = 0; i < h.around_num[f.id[0]]; ++i) {
    const int face = h.around[h.around_adr[f.id[0]] + i];
    const int *vert = h.face_vert + h.face_adr[face], n = h.face_num[face];
    for (int j = 0; j < n; ++j) {
      if (vert[j] == f.id[0] && visit(from, corner_point(c, vert[j == 0 ? n - 1 : j - 1]))) {
        return true;
      }
    }
  }
  return false;
}

// corners of a face in MuJoCo's order, clockwise seen from outside; returns how many
template <class S> STAGE int face_corners(const ConvexShape<S>& c, int face, Vec3<S>* out) {
  const Vec3<S> s = c.size;
  if (c.type == GeomType::mesh) {
    const Hull<S>& h = c.hull;
    const int n = h.face_num[face];
    const int* vert = h.face_vert + h.face_adr[face];
    for (int i = 0; i < n; ++i) out[i] = corner_point(c, vert[n - 1 - i]);
    return n;
  }
  if (c.type == GeomType::cylinder) {
    // the circle at multiples of 22.5 degrees
    constexpr double kCos[5] = {1, 0.92387953251128674, 0.70710678118654752, 0.38268343236508977,
                                0};
    for (int i = 0; i < kCapCorners; ++i) {
      const int quarter = i / 4, k = i % 4;
      const S near = number<S>(kCos[k]), far = number<S>(kCos[4 - k]);
      const S x = quarter == 0 ? near : quarter == 1 ? -far : quarter == 2 ? -near : far;
      const S y = quarter == 0 ? far : quarter == 1 ? near : quarter == 2 ? -far : -near;
      out[i] = c.pos + c.R * vec3(s.x * x, face ? s.x * y : -(s.x * y), face ? -s.y : s.y);
    }
    return kCapCorners;
  }

  // signs of x, y, z at the corners of the box faces, as bits
  constexpr int kCorner[6][4] = {{7, 3, 1, 5}, {2, 6, 4, 0}, {2, 3, 7, 6},
                                 {4, 5, 1, 0}, {6, 7, 5, 4}, {3, 2, 0, 1}};
  for (int i = 0; i < 4; ++i) out[i] = corner_point(c, kCorner[face][i]);
  return 4;
}

}  // namespace motorium
