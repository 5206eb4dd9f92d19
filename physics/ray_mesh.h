// Rays against meshes: every triangle as the file gives it, both of its sides.
#pragma once
#include "motorium/physics/model_view.h"
#include "motorium/physics/ray.h"

namespace motorium {

// Moeller and Trumbore: with edges a, b from corner c,  [p - c; v] solved for t and the weights of
// both edges;  the normal is a x b, which points outwards in meshes that are wound so
template <class Real>
FN void offer_triangle(RayHit<Real>& out, const Vec3<Real>& c, const Vec3<Real>& a,
                       const Vec3<Real>& b, const Vec3<Real>& p, const Vec3<Real>& v) {
  const Real zero = Real(0.f), one = Real(1.f);
  const Vec3<Real> n = cross(a, b), d = p - c;
  const Real det = -dot(n, v);
  const Mask<Real> crosses = (det > number<Real>(1e-30)) | (det < number<Real>(-1e-30));
  const Real inv = one / select(crosses, det, one);
  const Vec3<Real> e = cross(v, d);
  const Real alpha = -(dot(b, e) * inv), beta = dot(a, e) * inv;
  const Mask<Real> inside = (alpha >= zero) & (beta >= zero) & (alpha + beta <= one);
  offer_hit(out, dot(n, d) * inv, crosses & inside, n);
}

template <class Real>
FN RayHit<Real> ray_mesh(const ModelView<Real>& m, int mesh, const Vec3<Real>& p,
                         const Vec3<Real>& v) {
  RayHit<Real> out = no_hit<Real>();
  const int first = m.mesh_faceadr[mesh], vertices = m.mesh_vertadr[mesh];
  const auto vertex = [&](int i) {
    const int at = 3 * (vertices + i);
    return Vec3<Real>{m.mesh_vert[at], m.mesh_vert[at + 1], m.mesh_vert[at + 2]};
  };
  for (int f = first; f < first + m.mesh_facenum[mesh]; ++f) {
    const Vec3<Real> c = vertex(m.mesh_face[3 * f]);
    offer_triangle(out, c, vertex(m.mesh_face[3 * f + 1]) - c, vertex(m.mesh_face[3 * f + 2]) - c,
                   p, v);
  }
  out.normal = unit_or_zero(out.normal);
  return out;
}

}  // namespace motorium
