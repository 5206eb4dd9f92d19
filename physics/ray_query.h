// Rays of the caller through the worlds of a pack: `rays` of each world, independent of each other.
#pragma once
#include "motorium/physics/pack.h"
#include "motorium/physics/ray_cast.h"

namespace motorium {

template <class Team, class Real>
STAGE void cast_rays(Team team, const PackArgs<Scalar<Real>>& args, const int* worlds, int count,
                     const RayQuery<Scalar<Real>>& q) {
  constexpr int W = kWidth<Real>;
  Views<Real> views(args);
  Pack3<Real> p = views.pack(worlds, count);
  load_pack(team, p);
  p.m.want_geoms = true;
  kinematics(team, p.m, p.s, p.x);

  team.each(q.rays, [&](int r) {
    const auto row = [&](int l) {
      return static_cast<int64_t>(q.rows[l < count ? l : 0]) * q.rays + r;
    };
    Vec3<Real> pnt, vec;
    Int<Real> exclude;
    for (int l = 0; l < W; ++l) {
      put_int<Real>(exclude, l, q.exclude[row(l)]);
      for (int k = 0; k < 3; ++k) {
        put(pnt[k], l, q.pnt[3 * row(l) + k]);
        put(vec[k], l, q.vec[3 * row(l) + k]);
      }
    }
    const RayCast<Real> hit = cast_ray(p.m, p.x, q.filter, exclude, pnt, vec);
    for (int l = 0; l < W && l < count; ++l) {
      q.dist[row(l)] = get(hit.dist, l);
      q.geom[row(l)] = get_int<Real>(hit.geom, l);
      for (int k = 0; k < 3; ++k) q.normal[3 * row(l) + k] = get(hit.normal[k], l);
    }
  });
}

}  // namespace motorium
