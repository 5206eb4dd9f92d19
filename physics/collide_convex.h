// The narrow phase of pairs without a closed form, one world of one pair after the other, because
// their topology differs: meshes on planes, height fields, everything by GJK and EPA.
#pragma once
#include "motorium/physics/collide_hfield.h"
#include "motorium/physics/collide_plane_mesh.h"
#include "motorium/physics/collider_table.h"
#include "motorium/physics/scratch.h"
#include "motorium/physics/search_task.h"

namespace motorium {

// where a geom is: 3 and 9 numbers of all worlds
template <class Real> struct GeomPlace { const Real *pos, *mat; };
template <class Real>
FN GeomPlace<Real> colliding_place(const ModelView<Real>& m, const Scratch<Real>& x, int g) {
  const int cid = m.geom_cid[g];
  return {x.geom_pos + 3 * cid, x.geom_mat + 9 * cid};
}

// the hull of a mesh
template <class Real> FN void take_hull(const ModelView<Real>& m, int mesh, Hull<Scalar<Real>>& h) {
  const int vert = m.mesh_vertadr[mesh], poly = m.mesh_polyadr[mesh];
  h.vert = m.mesh_vert.p + 3 * vert;
  h.nvert = m.mesh_vertnum[mesh];
  // small hulls are searched as a whole
  h.walk = h.nvert < 10 || m.mesh_graphadr[mesh] < 0 ? nullptr : m.hull_walk;
  h.start = m.hull_start + 27 * mesh;
  h.normal = m.mesh_polynormal.p + 3 * poly;
  h.face_adr = m.mesh_polyvertadr + poly;
  h.face_num = m.mesh_polyvertnum + poly;
  h.face_vert = m.mesh_polyvert;
  h.around_adr = m.mesh_polymapadr + vert;
  h.around_num = m.mesh_polymapnum + vert;
  h.around = m.mesh_polymap;
}

template <class Real>
FN void pose_geom(const ModelView<Real>& m, const GeomPlace<Real>& place, int g, int lane,
                  PosedGeom<Scalar<Real>>& out) {
  for (int k = 0; k < 3; ++k) {
    out.pos[k] = get(place.pos[k], lane);
    out.size[k] = m.geom_size.lane(3 * g + k, lane);
  }
  for (int k = 0; k < 9; ++k) out.R.m[k] = get(place.mat[k], lane);
}

// shape of a geom about an origin that is near, so that float keeps its digits far from the world's
template <class Real>
FN void shape_geom(const ModelView<Real>& m, int g, const PosedGeom<Scalar<Real>>& posed,
                   const Vec3<Scalar<Real>>& origin, ConvexShape<Scalar<Real>>& c) {
  using S = Scalar<Real>;
  c.type = static_cast<GeomType>(m.geom_type[g]);
  c.radius = S(0.f);
  c.near_vert = -1;
  c.prism = nullptr;
  c.pos = posed.pos - origin;
  c.size = posed.size;
  c.R = posed.R;
  if (c.type != GeomType::mesh) return;

  take_hull(m, m.geom_dataid[g], c.hull);
}
template <class Real>
FN void take_shape(const ModelView<Real>& m, const GeomPlace<Real>& place, int g, int lane,
                   const Vec3<Scalar<Real>>& origin, ConvexShape<Scalar<Real>>& c) {
  PosedGeom<Scalar<Real>> posed;
  pose_geom(m, place, g, lane, posed);
  shape_geom(m, g, posed, origin, c);
}

// a contact of one world into slot f
template <class Real>
FN void put_found(Scratch<Real>& x, int f, int lane, Scalar<Real> dist,
                  const Vec3<Scalar<Real>>& pos, const Vec3<Scalar<Real>>& normal) {
  put(x.found_dist[f], lane, dist);
  for (int k = 0; k < 3; ++k) {
    put(x.found_pos[3 * f + k], lane, pos[k]);
    put(x.found_normal[3 * f + k], lane, normal[k]);
  }
  put_mask<Real>(x.found[f], lane, true);
}

// a height field (g1) and another geom in one world: report(dist, pos, normal) in world axes, until
// it returns false
template <class Real, class Report>
STAGE void hfield_contacts(const ModelView<Real>& m, int g1, const PosedGeom<Scalar<Real>>& field,
                           int g2, const PosedGeom<Scalar<Real>>& geom, Scalar<Real> margin,
                           const ConvexLimits<Scalar<Real>>& limits, ConvexWork<Scalar<Real>>& work,
                           bool& capped, Report report) {
  using S = Scalar<Real>;
  const Vec3<S>& origin = field.pos;
  const Mat3<S>& R = field.R;
  const int number = m.geom_dataid[g1];
  HeightField<S> f;
  f.height = m.hfield_data.p + m.hfield_adr[number];
  f.rows = m.hfield_nrow[number];
  f.columns = m.hfield_ncol[number];
  const S* size = m.hfield_size.p + 4 * number;
  f.x = size[0];
  f.y = size[1];
  f.top = size[2];
  f.base = size[3];

  // the other geom in the frame of the field
  ConvexShape<S> c;
  shape_geom(m, g2, geom, origin, c);
  c.pos = transpose_times(R, c.pos);
  Mat3<S> turned;
  for (int k = 0; k < 3; ++k) {
    const Vec3<S> axis = transpose_times(R, c.R.column(k));
    for (int i = 0; i < 3; ++i) turned.m[3 * i + k] = axis[i];
  }
  c.R = turned;
  int count = 0;
  collide_hfield(f, c, margin, limits, work, capped, [&](const ConvexPatch<S>& patch) {
    return report(patch.dist[0], origin + R * patch.pos[0], R * patch.normal) &&
           ++count < kHfieldContacts;
  });
}

// float cannot resolve what double can
template <class Real>
FN ConvexLimits<Scalar<Real>> search_limits(const ModelView<Real>& m, int g1, int g2, int lane) {
  using S = Scalar<Real>;
  ConvexLimits<S> limits;
  limits.iterations = m.ccd_iterations;
  limits.tolerance = m.ccd_tolerance;
  if (sizeof(S) == 4) {
    const S r1 = m.geom_rbound.lane(g1, lane), r2 = m.geom_rbound.lane(g2, lane);
    const S smaller = r1 > S(0.f) && r2 > S(0.f) ? min(r1, r2) : max(r1, r2);
    limits.tolerance = max(limits.tolerance, S(1e-5f) * smaller);
  }
  return limits;
}

template <class Real>
FN void take_task(const ModelView<Real>& m, const Scratch<Real>& x, int p, int lane,
                  SearchTask<Scalar<Real>>& task) {
  const int g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
  task.pair = p;
  task.margin = m.pair_margin.lane(p, lane) + m.pair_gap.lane(p, lane);
  task.tolerance = search_limits(m, g1, g2, lane).tolerance;
  pose_geom(m, colliding_place(m, x, g1), g1, lane, task.geom1);
  pose_geom(m, colliding_place(m, x, g2), g2, lane, task.geom2);
}

// one search: report(dist, pos, normal) in world axes
template <class Real, class Report>
STAGE void search(const ModelView<Real>& m, const SearchTask<Scalar<Real>>& task,
                  ConvexWork<Scalar<Real>>& work, bool& capped, Report report) {
  using S = Scalar<Real>;
  const int p = task.pair, g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
  const auto collider = static_cast<Collider>(m.pair_collider[p]);
  ConvexLimits<S> limits;
  limits.iterations = m.ccd_iterations;
  limits.tolerance = task.tolerance;
  if (collider == Collider::hfield) {
    const auto each = [&](S dist, const Vec3<S>& pos, const Vec3<S>& normal) {
      report(dist, pos, normal);
      return true;
    };
    return hfield_contacts(m, g1, task.geom1, g2, task.geom2, task.margin, limits, work, capped,
                           each);
  }
  const Vec3<S>& origin = task.geom1.pos;
  ConvexShape<S> a, b;
  shape_geom(m, g1, task.geom1, origin, a);
  shape_geom(m, g2, task.geom2, origin, b);
  ConvexPatch<S> patch;
  if (collider == Collider::plane_mesh) {
    collide_plane_mesh(a.R.column(2), a.pos, b, task.margin, work.room, patch);
  } else {
    convex_contacts(a, b, task.margin, m.on(kFlagMulticcd), limits, work, patch);
  }
  capped = patch.capped;
  for (int k = 0; k < patch.count; ++k) report(patch.dist[k], origin + patch.pos[k], patch.normal);
}

// memory of search number `area`
template <class Real>
FN void carve_search(const ModelView<Real>& m, const Scratch<Real>& x, int area,
                     ConvexWork<Scalar<Real>>& work) {
  convex_carve(work, x.convex_work + static_cast<size_t>(area) * x.convex_stride, m.ccd_iterations,
               convex_most_corners(m.npolygonmax));
}

// one candidate in one world
template <class Real>
STAGE void one_by_one(const ModelView<Real>& m, Scratch<Real>& x, int cand, int lane, int area) {
  using S = Scalar<Real>;
  ConvexWork<S> work;
  carve_search(m, x, area, work);
  SearchTask<S> task;
  take_task(m, x, x.cand_pair[cand], lane, task);
  int slot = x.cand_adr[cand];
  bool capped = false;
  search(m, task, work, capped, [&](S dist, const Vec3<S>& pos, const Vec3<S>& normal) {
    put_found(x, slot++, lane, dist, pos, normal);
  });
  put_mask<Real>(x.cand_capped[cand], lane, capped);
}

// candidates that need a search: cand_convex, their number in shared_int[0]; nothing found yet
template <class Team, class Real>
FN void list_searches(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  team.once([&] {
    int count = 0;
    const Mask<Real> none = !everywhere<Real>();
    x.ccd_capped[0] = none;
    for (int c = 0; c < x.cand_count; ++c) {
      const int collider = m.pair_collider[x.cand_pair[c]];
      if (!is_one_by_one(collider)) continue;
      x.cand_convex[count++] = c;
      x.cand_capped[c] = none;
      for (int f = x.cand_adr[c]; f < x.cand_adr[c] + collider_slots(collider); ++f) {
        x.found[f] = none;
        for (int k = 0; k < 3; ++k) x.found_hint[3 * f + k] = Real(0.f);
      }
    }
    x.shared_int[0] = count;
  });
}

// what the queue found for the candidates of this world
template <class Team, class S> STAGE void take_found(Team team, Scratch<S>& x, int count) {
  const SearchQueue<S>& q = *x.queue;
  const int first = x.queue_first;
  team.each(count, [&](int i) {
    const int cand = x.cand_convex[i], slot = q.task[first + i].slot;
    const SearchFound found = q.found[first + i];
    for (int k = 0; k < found.count; ++k) {
      const SearchContact<S>& c = q.contact[slot + k];
      put_found<S>(x, x.cand_adr[cand] + k, 0, c.dist, c.pos, c.normal);
    }
    x.cand_capped[cand] = found.capped;
  });
}

template <class Team, class Real>
STAGE void collide_one_by_one(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  constexpr int W = kWidth<Real>;
  list_searches(team, m, x);
  const int count = x.shared_int[0];

  // found before the step, by the workers of all worlds?
  bool queued = false;
  if constexpr (W == 1) {
    queued = x.queue_first >= 0;
    if (queued) take_found(team, x, count);
  }

  // as many at once as there is memory for
  const int items = queued ? 0 : count * W, chunk = Team::kAtOnce == 1 ? items : kConvexAtOnce;
  MOTORIUM_ROLLED
  for (int done = 0; done < items; done += chunk) {
    team.each(chunk < items - done ? chunk : items - done, [&](int i) {
      const int cand = x.cand_convex[(done + i) / W], lane = (done + i) % W;
      if (!get_mask<Real>(x.cand_mask[x.cand_pair[cand]], lane)) return;
      one_by_one(m, x, cand, lane, Team::kAtOnce == 1 ? 0 : i);
    });
  }
  team.once([&] {
    if (queued) x.queue_first = -1;  // the queue is of one state: later stages have others
    for (int i = 0; i < count; ++i)
      x.ccd_capped[0] = x.ccd_capped[0] | x.cand_capped[x.cand_convex[i]];
  });
}

}  // namespace motorium
