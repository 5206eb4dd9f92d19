// Distances of pairs of geoms that the caller names, in all worlds of a pack.
#pragma once
#include "motorium/physics/geom_distance.h"
#include "motorium/physics/pack.h"

namespace motorium {

template <class Team, class Real>
STAGE void measure_distances(Team team, const PackArgs<Scalar<Real>>& args, const int* worlds,
                             int count, const DistanceQuery<Scalar<Real>>& q) {
  Views<Real> views(args);
  Pack3<Real> p = views.pack(worlds, count);
  load_pack(team, p);
  p.m.want_geoms = true;
  kinematics(team, p.m, p.s, p.x);

  const int chunk = Team::kAtOnce == 1 ? q.pairs : kConvexAtOnce;
  for (int done = 0; done < q.pairs; done += chunk) {
    team.each(chunk < q.pairs - done ? chunk : q.pairs - done, [&](int k) {
      const int i = done + k, area = Team::kAtOnce == 1 ? 0 : k;
      Mask<Real> capped = !everywhere<Real>();
      const GeomDistance<Real> d =
          geom_distance(p.m, p.x, q.geom1[i], q.geom2[i], Real(q.distmax[i]), area, capped);
      for (int l = 0; l < kWidth<Real> && l < count; ++l) {
        const int64_t row = static_cast<int64_t>(q.rows[l]) * q.pairs + i;
        q.dist[row] = get(d.dist, l);
        for (int k3 = 0; k3 < 3; ++k3) {
          q.fromto[6 * row + k3] = get(d.from[k3], l);
          q.fromto[6 * row + 3 + k3] = get(d.to[k3], l);
        }
      }
    });
  }
}

}  // namespace motorium
