// The plane against the hull of a mesh: the deepest vertex, and the others of the flat face there.
#pragma once
#include "motorium/physics/convex_patch.h"

namespace motorium {

// n, p: normal and a point of the plane. The face is, of those around the deepest vertex, the one
// that looks most against n; more than four corners are thinned to four far apart ones
template <class S>
STAGE void collide_plane_mesh(const Vec3<S>& n, const Vec3<S>& p, ConvexShape<S>& c, S margin,
                              Vec3<S>* room, ConvexPatch<S>& out) {
  out.count = 0;
  out.capped = false;
  out.normal = n;
  int deepest = 0;
  const Vec3<S> a = support(c, -n, deepest);
  const auto add = [&](const Vec3<S>& v) {
    const S height = dot(n, v - p);
    // corners above the centre do not count, as with boxes
    if (!(height <= margin) || dot(n, v - c.pos) > S(0.f)) return false;
    out.dist[out.count] = height;
    out.pos[out.count++] = add_scaled(v, S(-0.5f) * height, n);
    return true;
  };
  if (!add(a)) return;

  // the face
  const Hull<S>& h = c.hull;
  const Vec3<S> down = transpose_times(c.R, -n);
  int face = -1;
  S best = S(-2.f);
  for (int i = 0; i < h.around_num[deepest]; ++i) {
    const int f = h.around[h.around_adr[deepest] + i];
    const S facing = dot(down, vec3(h.normal + 3 * f));
    if (facing > best) {
      best = facing;
      face = f;
    }
  }
  if (face < 0) return;

  // its corners from the deepest one on
  const int count = h.face_num[face];
  const int* vert = h.face_vert + h.face_adr[face];
  int first = 0;
  while (first + 1 < count && vert[first] != deepest) ++first;
  for (int i = 0; i < count; ++i) {
    const int k = first + i;
    room[i] = corner_point(c, vert[k < count ? k : k - count]);
  }
  int chosen[kPatchContacts] = {0, 1, 2, 3};
  if (count > kPatchContacts) largest_quad(room, count, chosen);
  for (int i = 1; i < count && i < kPatchContacts; ++i) add(room[chosen[i]]);
}

}  // namespace motorium
