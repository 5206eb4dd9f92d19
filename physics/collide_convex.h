// The narrow phase of pairs without a closed form, one world of one pair after the other, because
// their topology differs: meshes on planes, height fields, everything by GJK and EPA.
#pragma once
#include "motorium/physics/collide_hfield.h"
#include "motorium/physics/collide_plane_mesh.h"
#include "motorium/physics/collider_table.h"
#include "motorium/physics/scratch.h"

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
  h.graph =
      h.nvert < 10 || m.mesh_graphadr[mesh] < 0 ? nullptr : m.mesh_graph + m.mesh_graphadr[mesh];
  h.start = m.mesh_extrema + 27 * mesh;
  h.normal = m.mesh_polynormal.p + 3 * poly;
  h.face_adr = m.mesh_polyvertadr + poly;
  h.face_num = m.mesh_polyvertnum + poly;
  h.face_vert = m.mesh_polyvert;
  h.around_adr = m.mesh_polymapadr + vert;
  h.around_num = m.mesh_polymapnum + vert;
  h.around = m.mesh_polymap;
}

// shape of a geom in one world. The origin is in it, so that float keeps its digits far from the
// world's
template <class Real>
FN void take_shape(const ModelView<Real>& m, const GeomPlace<Real>& place, int g, int lane,
                   const Vec3<Scalar<Real>>& origin, ConvexShape<Scalar<Real>>& c) {
  using S = Scalar<Real>;
  c.type = static_cast<GeomType>(m.geom_type[g]);
  c.radius = S(0.f);
  c.near_vert = -1;
  c.prism = nullptr;
  for (int k = 0; k < 3; ++k) {
    c.pos[k] = get(place.pos[k], lane) - origin[k];
    c.size[k] = m.geom_size.lane(3 * g + k, lane);
  }
  for (int k = 0; k < 9; ++k) c.R.m[k] = get(place.mat[k], lane);
  if (c.type != GeomType::mesh) return;

  take_hull(m, m.geom_dataid[g], c.hull);
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
STAGE void hfield_contacts(const ModelView<Real>& m, int g1, const GeomPlace<Real>& place1, int g2,
                           const GeomPlace<Real>& place2, int lane, Scalar<Real> margin,
                           const ConvexLimits<Scalar<Real>>& limits, ConvexWork<Scalar<Real>>& work,
                           bool& capped, Report report) {
  using S = Scalar<Real>;
  const int field = m.geom_dataid[g1];
  Vec3<S> origin;
  Mat3<S> R;
  for (int k = 0; k < 3; ++k) origin[k] = get(place1.pos[k], lane);
  for (int k = 0; k < 9; ++k) R.m[k] = get(place1.mat[k], lane);
  HeightField<S> f;
  f.height = m.hfield_data.p + m.hfield_adr[field];
  f.rows = m.hfield_nrow[field];
  f.columns = m.hfield_ncol[field];
  const S* size = m.hfield_size.p + 4 * field;
  f.x = size[0];
  f.y = size[1];
  f.top = size[2];
  f.base = size[3];

  // the other geom in the frame of the field
  ConvexShape<S> c;
  take_shape(m, place2, g2, lane, origin, c);
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

template <class Real>
STAGE void hfield_pair(const ModelView<Real>& m, Scratch<Real>& x, int p, int first, int lane,
                       const ConvexLimits<Scalar<Real>>& limits, ConvexWork<Scalar<Real>>& work,
                       bool& capped) {
  using S = Scalar<Real>;
  const int g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
  const S margin = m.pair_margin.lane(p, lane) + m.pair_gap.lane(p, lane);
  int slot = first;
  hfield_contacts(m, g1, colliding_place(m, x, g1), g2, colliding_place(m, x, g2), lane, margin,
                  limits, work, capped, [&](S dist, const Vec3<S>& pos, const Vec3<S>& normal) {
                    put_found(x, slot++, lane, dist, pos, normal);
                    return true;
                  });
}

template <class Real>
STAGE void convex_pair(const ModelView<Real>& m, Scratch<Real>& x, int p, int first, int lane,
                       const ConvexLimits<Scalar<Real>>& limits, ConvexWork<Scalar<Real>>& work,
                       bool& capped) {
  using S = Scalar<Real>;
  const int g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
  const GeomPlace<Real> place1 = colliding_place(m, x, g1), place2 = colliding_place(m, x, g2);
  Vec3<S> origin;
  for (int k = 0; k < 3; ++k) origin[k] = get(place1.pos[k], lane);
  const S margin = m.pair_margin.lane(p, lane) + m.pair_gap.lane(p, lane);
  ConvexShape<S> a, b;
  take_shape(m, place1, g1, lane, origin, a);
  take_shape(m, place2, g2, lane, origin, b);
  ConvexPatch<S> patch;
  if (static_cast<Collider>(m.pair_collider[p]) == Collider::plane_mesh) {
    collide_plane_mesh(a.R.column(2), a.pos, b, margin, work.room, patch);
  } else {
    convex_contacts(a, b, margin, m.on(kFlagMulticcd), limits, work, patch);
  }
  capped = patch.capped;
  for (int k = 0; k < patch.count; ++k) {
    put_found(x, first + k, lane, patch.dist[k], origin + patch.pos[k], patch.normal);
  }
}

// memory of search number `area`
template <class Real>
FN void carve_search(const ModelView<Real>& m, const Scratch<Real>& x, int area,
                     ConvexWork<Scalar<Real>>& work) {
  convex_carve(work, x.convex_work + static_cast<size_t>(area) * x.convex_stride, m.ccd_iterations,
               convex_most_corners(m.npolygonmax));
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

// one candidate in one world
template <class Real>
STAGE void one_by_one(const ModelView<Real>& m, Scratch<Real>& x, int cand, int lane, int area) {
  const int p = x.cand_pair[cand], first = x.cand_adr[cand];
  ConvexWork<Scalar<Real>> work;
  carve_search(m, x, area, work);
  const ConvexLimits<Scalar<Real>> limits =
      search_limits(m, m.pair_geom1[p], m.pair_geom2[p], lane);
  bool capped = false;
  if (static_cast<Collider>(m.pair_collider[p]) == Collider::hfield) {
    hfield_pair(m, x, p, first, lane, limits, work, capped);
  } else {
    convex_pair(m, x, p, first, lane, limits, work, capped);
  }
  put_mask<Real>(x.cand_capped[cand], lane, capped);
}

template <class Team, class Real>
STAGE void collide_one_by_one(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  constexpr int W = kWidth<Real>;
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
  const int count = x.shared_int[0];

  // as many at once as there is memory for
  const int items = count * W, chunk = Team::kAtOnce == 1 ? items : kConvexAtOnce;
  MOTORIUM_ROLLED
  for (int done = 0; done < items; done += chunk) {
    team.each(chunk < items - done ? chunk : items - done, [&](int i) {
      const int cand = x.cand_convex[(done + i) / W], lane = (done + i) % W;
      if (!get_mask<Real>(x.cand_mask[x.cand_pair[cand]], lane)) return;
      one_by_one(m, x, cand, lane, Team::kAtOnce == 1 ? 0 : i);
    });
  }
  team.once([&] {
    for (int i = 0; i < count; ++i)
      x.ccd_capped[0] = x.ccd_capped[0] | x.cand_capped[x.cand_convex[i]];
  });
}

}  // namespace motorium
