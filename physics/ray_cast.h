// The nearest visible geom on a ray, as mj_ray: geoms of the chosen groups, static ones on request,
// none of an excluded body. Needs the poses of all geoms.
#pragma once
#include "motorium/physics/ray_hfield.h"
#include "motorium/physics/scratch.h"

namespace motorium {

template <class Real> struct RayCast {
  Real dist;  // in lengths of the direction; -1: nothing hit
  Int<Real> geom;
  Vec3<Real> normal;  // world axes; zero: nothing hit
};

template <class Real> FN bool ray_sees(const ModelView<Real>& m, const RayFilter& filter, int g) {
  const int group = max(0, min(5, m.geom_group[g]));
  if (!m.geom_visible[g] || (filter.groups >> group & 1) == 0) return false;
  return filter.statics || m.body_weldid[m.geom_bodyid[g]] != 0;
}

// does the ray come as near as the bounding sphere? planes have none
template <class Real>
FN Mask<Real> ray_meets_sphere(const Real& radius, const Vec3<Real>& to_centre,
                               const Vec3<Real>& v) {
  const Real along = dot(to_centre, v), d2 = dot(to_centre, to_centre), r2 = radius * radius;
  const Mask<Real> ahead = (along > Real(0.f)) | (d2 <= r2);
  // a little slack for rounding
  const Real gap = fma(d2, dot(v, v), -(along * along));
  return ahead & (gap <= Real(1.001f) * r2 * dot(v, v) + number<Real>(1e-6) * d2 * dot(v, v));
}

// geoms of body `exclude` are no obstacle; -1: all are
template <class Real>
FN RayCast<Real> cast_ray(const ModelView<Real>& m, const Scratch<Real>& x, const RayFilter& filter,
                          const Int<Real>& exclude, const Vec3<Real>& p, const Vec3<Real>& v) {
  RayHit<Real> best = no_hit<Real>();
  Int<Real> geom = Int<Real>(-1);
  for (int g = 0; g < m.ngeom; ++g) {
    if (!ray_sees(m, filter, g)) continue;
    const Vec3<Real> d = p - vec3(x.geom_xpos + 3 * g);
    if (m.geom_rbound.shared[g] > 0 && !any(ray_meets_sphere(m.geom_rbound[g], -d, v))) continue;
    const Mat3<Real> R = mat3(x.geom_xmat + 9 * g);
    const Vec3<Real> size = m.geom_size.three(3 * g);
    const Vec3<Real> p_here = transpose_times(R, d), v_here = transpose_times(R, v);
    const auto type = static_cast<GeomType>(m.geom_type[g]);
    const RayHit<Real> hit = type == GeomType::mesh ? ray_mesh(m, m.geom_dataid[g], p_here, v_here)
                             : type == GeomType::hfield
                                 ? ray_hfield(m, m.geom_dataid[g], p_here, v_here)
                                 : ray_shape(m.geom_type[g], size, p_here, v_here);
    const Mask<Real> found = (hit.t >= Real(0.f)) & (exclude != Int<Real>(m.geom_bodyid[g]));
    if (!any(found)) continue;
    const Mask<Real> nearer = found & ((best.t < Real(0.f)) | (hit.t < best.t));
    offer_hit<Real>(best, hit.t, found, R * hit.normal);
    geom = select(nearer, Int<Real>(g), geom);
  }
  return {best.t, geom, best.normal};
}

}  // namespace motorium
