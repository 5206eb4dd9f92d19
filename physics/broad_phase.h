// Which candidate pairs may touch, in which worlds.
//   runs     pairs of the geoms of two bodies, when there are many: boxes around the geoms of each
//            body, along the axes of the world
//   groups   the pairs of a run with one geom of its first body: the box of that geom and the
//            box around the geoms of the second body; then, pair by pair, the boxes of both
//            geoms
//   pairs    boxes, when there are many pairs; bounding spheres of the geoms; boxes along their own
//            axes too, before a search by GJK
#pragma once
#include "motorium/core/spatial.h"
#include "motorium/physics/box_filter.h"
#include "motorium/physics/collider_table.h"
#include "motorium/physics/scratch.h"

namespace motorium {

// one number of a field; without worlds of their own it is the same in all of them
template <bool own, class Real> FN auto number_of(const Field<Real>& field, int i) {
  if constexpr (own)
    return field[i];
  else
    return field.shared[i];
}

// do the bounding spheres touch? a plane's is its half space. own: worlds may have numbers of
// their own
template <bool own, class Real>
FN Mask<Real> spheres_touch(const ModelView<Real>& m, const Scratch<Real>& x, int p) {
  const int g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
  const int c1 = m.geom_cid[g1], c2 = m.geom_cid[g2];
  const Vec3<Real> d = vec3(x.geom_pos + 3 * c2) - vec3(x.geom_pos + 3 * c1);
  const auto reach = number_of<own>(m.pair_margin, p) + number_of<own>(m.pair_gap, p) +
                     number_of<own>(m.geom_rbound, g2);
  if (static_cast<GeomType>(m.geom_type[g1]) == GeomType::plane) {
    const Vec3<Real> n = mat3(x.geom_mat + 9 * c1).column(2);
    return dot(n, d) <= Real(reach);
  }
  const auto r = reach + number_of<own>(m.geom_rbound, g1);
  return dot(d, d) <= Real(r * r);
}

// the same by numbers that all worlds share, as the blob has them (pair_reach2)
template <class Real>
FN Mask<Real> shared_spheres_touch(const ModelView<Real>& m, const Scratch<Real>& x, int p,
                                   const Real* pos) {
  if (m.pair_reach2[p] < 0) return spheres_touch<false>(m, x, p);
  const Vec3<Real> d = vec3(pos) - vec3(x.geom_pos + 3 * m.pair_far[p]);
  return dot(d, d) <= Real(m.pair_reach2[p]);
}

template <bool own, class Real>
FN Mask<Real> may_touch(const ModelView<Real>& m, const Scratch<Real>& x, int p) {
  const Mask<Real> touch = spheres_touch<own>(m, x, p);
  if (any(touch) && is_one_by_one(m.pair_collider[p])) return pair_boxes_near(m, x, p, touch);
  return touch;
}

// how far a geom's surface travels in a step at most: h (|v| + |w| r)
template <class Real> FN Real way_of_step(const ModelView<Real>& m, const Scratch<Real>& x, int g) {
  const int b = m.geom_bodyid[g];
  const Spatial<Real> body = spatial(x.cvel + 6 * b);
  const Vec3<Real> arm =
      vec3(x.geom_pos + 3 * m.geom_cid[g]) - vec3(x.subtree_com + 3 * m.body_rootid[b]);
  const Vec3<Real> v = body.t + cross(body.r, arm);
  return Real(m.timestep) * fma(norm(body.r), m.geom_rbound[g], norm(v));
}

// may the geoms come into touch within the step?
template <class Real>
FN Mask<Real> may_meet(const ModelView<Real>& m, const Scratch<Real>& x, int p) {
  const int g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
  const int c1 = m.geom_cid[g1], c2 = m.geom_cid[g2];
  const Vec3<Real> d = vec3(x.geom_pos + 3 * c2) - vec3(x.geom_pos + 3 * c1);
  const Real way = way_of_step(m, x, g1) + way_of_step(m, x, g2);
  const Real reach = m.pair_margin[p] + m.geom_rbound[g2] + way * Real(1.0001f);
  if (static_cast<GeomType>(m.geom_type[g1]) == GeomType::plane)
    return dot(mat3(x.geom_mat + 9 * c1).column(2), d) <= reach;
  const Real r = reach + m.geom_rbound[g1];
  return dot(d, d) <= r * r;
}

// ---- boxes along the axes of the world
// -----------------------------------------------------------

// Around a colliding geom: half sides h_k = sum over j of |R_kj| half_j, of a capsule
// r + l |R_kz|. Planes reach everywhere
template <class Real> FN void enclose_geom(const ModelView<Real>& m, Scratch<Real>& x, int c) {
  const int g = m.cgeom_id[c];
  const auto type = static_cast<GeomType>(m.geom_type[g]);
  Vec3<Real> centre = vec3(x.geom_pos + 3 * c), half;
  const Mat3<Real> R = mat3(x.geom_mat + 9 * c);
  if (type == GeomType::plane) {
    half = {Real(3e38f), Real(3e38f), Real(3e38f)};
  } else if (type == GeomType::sphere || type == GeomType::capsule) {
    const Vec3<Real> size = m.geom_size.three(3 * g);
    half = {size.x, size.x, size.x};
    if (type == GeomType::capsule)
      half = {fma(abs(R.m[2]), size.y, size.x), fma(abs(R.m[5]), size.y, size.x),
              fma(abs(R.m[8]), size.y, size.x)};
  } else {
    const BoundingBox<Real> box = bounding_box(m, g, centre, R);
    const auto along = [&](const Vec3<Real>& row) {
      return fma(abs(row.z), box.half.z, fma(abs(row.y), box.half.y, abs(row.x) * box.half.x));
    };
    centre = box.centre;
    half = {along(R.row(0)), along(R.row(1)), along(R.row(2))};
  }

  // rounding, of places far from the origin too, must not hide a contact
  const Real slack = Real(1e-5f) * m.geom_rbound[g], far = Real(1e-6f);
  half = {half.x + fma(abs(centre.x), far, slack), half.y + fma(abs(centre.y), far, slack),
          half.z + fma(abs(centre.z), far, slack)};
  put3(x.box_low + 3 * c, centre - half);
  put3(x.box_high + 3 * c, centre + half);
}

// around the colliding geoms of a body; its box follows those of all geoms
template <class Real> FN void enclose_body(const ModelView<Real>& m, Scratch<Real>& x, int b) {
  const int first = m.body_geomadr[b], end = first + m.body_geomnum[b], to = m.ncgeom + b;
  bool empty = true;
  for (int g = first; g < end; ++g) {
    const int c = m.geom_cid[g];
    if (c < 0) continue;
    for (int k = 0; k < 3; ++k) {
      const Real low = x.box_low[3 * c + k], high = x.box_high[3 * c + k];
      x.box_low[3 * to + k] = empty ? low : min(x.box_low[3 * to + k], low);
      x.box_high[3 * to + k] = empty ? high : max(x.box_high[3 * to + k], high);
    }
    empty = false;
  }
}

template <class Real> struct WorldBox { Vec3<Real> low, high; };

// a box whose sides lie farther out
template <class Real> FN WorldBox<Real> grown(const Scratch<Real>& x, int box, const Real& by) {
  const Real *low = x.box_low + 3 * box, *high = x.box_high + 3 * box;
  return {{low[0] - by, low[1] - by, low[2] - by}, {high[0] + by, high[1] + by, high[2] + by}};
}

template <class Real>
FN Mask<Real> boxes_touch(const WorldBox<Real>& a, const Scratch<Real>& x, int box) {
  const Real *low = x.box_low + 3 * box, *high = x.box_high + 3 * box;
  return (a.low.x <= high[0]) & (a.high.x >= low[0]) & (a.low.y <= high[1]) & (a.high.y >= low[1]) &
         (a.low.z <= high[2]) & (a.high.z >= low[2]);
}

// ... a pair's? Of a plane its half space
template <class Real>
FN Mask<Real> pair_in_boxes(const ModelView<Real>& m, const Scratch<Real>& x, int p) {
  const int g1 = m.pair_geom1[p], c1 = m.geom_cid[g1], c2 = m.geom_cid[m.pair_geom2[p]];
  const Real margin = Real(number_of<false>(m.pair_margin, p) + number_of<false>(m.pair_gap, p));
  if (static_cast<GeomType>(m.geom_type[g1]) != GeomType::plane)
    return boxes_touch(grown(x, c1, margin), x, c2);
  Real lowest = Real(0.f);
  for (int k = 0; k < 3; ++k) {
    const Real n = x.geom_mat[9 * c1 + 3 * k + 2], at = x.geom_pos[3 * c1 + k];
    lowest += min(n * (x.box_low[3 * c2 + k] - at), n * (x.box_high[3 * c2 + k] - at));
  }
  return lowest <= margin;
}

// the pairs of two bodies that may touch: report(p, worlds); or (all) every pair of a group near
template <bool own, bool all, class Real, class Report>
FN void visit_run(const ModelView<Real>& m, const Scratch<Real>& x, int run, Report report) {
  const int body1 = m.ncgeom + m.run_body[2 * run], body2 = m.ncgeom + m.run_body[2 * run + 1];
  const WorldBox<Real> second = grown(x, body2, Real(m.run_reach[run]));
  const bool near = any(boxes_touch(second, x, body1));
  if (!near && !all) return;

  const int *far = m.pair_far, *collider = m.pair_collider;
  for (int group = m.run_group[run]; group < m.run_group[run + 1]; ++group) {
    const int c = m.group_geom[group];
    const bool open = near && any(boxes_touch(second, x, c));
    if (all) x.group_near[group] = open;
    if (!open) continue;
    const WorldBox<Real> first = grown(x, c, Real(m.pairgroup_reach[group]));
    for (int p = m.pairgroup_adr[group]; p < m.pairgroup_adr[group + 1]; ++p) {
      Mask<Real> touch = boxes_touch(first, x, far[p]);
      if (any(touch)) {
        touch = touch & (own ? spheres_touch<own>(m, x, p)
                             : shared_spheres_touch(m, x, p, x.geom_pos + 3 * c));
        if (is_one_by_one(collider[p]) && any(touch)) touch = pair_boxes_near(m, x, p, touch);
      }
      if (all || any(touch)) report(p, touch);
    }
  }
}

// fills cand_pair, cand_adr, cand_count; cand_mask of the candidates
template <class Team, class Real>
STAGE void broad_phase(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  // worth while only with many pairs a group; worlds with margins of their own have no common reach
  const bool grouped = has_groups(m) && !m.pair_margin.own && !m.pair_gap.own;
  const bool own = m.pair_margin.own || m.pair_gap.own || m.geom_rbound.own;
  const bool alone = Team::kAtOnce == 1 && !own && !m.on(kFlagSpeculative);
  int slots = 0, count = 0;
  const auto list = [&](int p) {
    x.cand_pair[count] = p;
    x.cand_adr[count] = slots;
    slots += collider_slots(m.pair_collider[p]);
    ++count;
  };

  if (grouped) {
    team.each(m.ncgeom, [&](int c) { enclose_geom(m, x, c); });
    team.each(m.nbody, [&](int b) { enclose_body(m, x, b); });
    if constexpr (Team::kAtOnce == 1) {
      const auto take = [&](int p, const Mask<Real>& touch) {
        x.cand_mask[p] = touch;
        list(p);
      };
      if (own)
        for (int run = 0; run < m.nrun; ++run) visit_run<true, false>(m, x, run, take);
      else
        for (int run = 0; run < m.nrun; ++run) visit_run<false, false>(m, x, run, take);
      x.cand_count = count;
      return;
    }
    const auto keep = [&](int p, const Mask<Real>& touch) { x.cand_mask[p] = touch; };
    team.each(m.nrun, [&](int run) {
      own ? visit_run<true, true>(m, x, run, keep) : visit_run<false, true>(m, x, run, keep);
    });
  } else if (alone) {
    const bool boxes = has_boxes(m);
    if (boxes) team.each(m.ncgeom, [&](int c) { enclose_geom(m, x, c); });
    for (int p = 0; p < m.npair; ++p) {
      Mask<Real> touch = everywhere<Real>();
      if (boxes) {
        touch = pair_in_boxes(m, x, p);
        if (!any(touch)) continue;
      }
      const int g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
      touch = touch & shared_spheres_touch(m, x, p, x.geom_pos + 3 * m.geom_cid[min(g1, g2)]);
      if (!any(touch)) continue;
      if (is_one_by_one(m.pair_collider[p])) {
        touch = pair_boxes_near(m, x, p, touch);
        if (!any(touch)) continue;
      }
      x.cand_mask[p] = touch;
      list(p);
    }
    x.cand_count = count;
    return;
  } else if (kRare<Team> && m.on(kFlagSpeculative)) {
    team.each(m.npair,
              [&](int p) { x.cand_mask[p] = may_touch<true>(m, x, p) | may_meet(m, x, p); });
  } else if (own) {
    team.each(m.npair, [&](int p) { x.cand_mask[p] = may_touch<true>(m, x, p); });
  } else {
    team.each(m.npair, [&](int p) { x.cand_mask[p] = may_touch<false>(m, x, p); });
  }

  // the list, in the order of the pairs
  const int groups = grouped ? m.npairgroup : 1;
  team.once([&] {
    for (int group = 0; group < groups; ++group) {
      if (grouped && !x.group_near[group]) continue;
      const int first = grouped ? m.pairgroup_adr[group] : 0;
      const int end = grouped ? m.pairgroup_adr[group + 1] : m.npair;
      for (int p = first; p < end; ++p)
        if (any(x.cand_mask[p])) list(p);
    }
    x.cand_count = count;
  });
}

}  // namespace motorium
