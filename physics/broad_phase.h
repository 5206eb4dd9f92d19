// Which candidate pairs may touch, in which worlds.
//   groups   pairs of one geom with the geoms of one body, when there are many: its box against a
//            sphere around them
//   pairs    bounding spheres of the geoms; boxes too, before a search by GJK
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

// the pairs of one geom with the geoms of one body, whose numbers are the same in all worlds
template <class Real>
FN void group_pairs(const ModelView<Real>& m, Scratch<Real>& x, int first, int end) {
  const int g1 = m.pair_geom1[first], g2 = m.pair_geom2[first];
  const Vec3<Real> pos = vec3(x.geom_pos + 3 * m.geom_cid[g1 < g2 ? g1 : g2]);
  const int *far = m.pair_far, *collider = m.pair_collider;
  const auto* reach2 = m.pair_reach2;
  const Real* others = x.geom_pos;
  Mask<Real>* touch = x.cand_mask;
  for (int p = first; p < end; ++p) {
    if (reach2[p] < 0) {
      touch[p] = spheres_touch<false>(m, x, p);
    } else {
      const Vec3<Real> d = pos - vec3(others + 3 * far[p]);
      touch[p] = dot(d, d) <= Real(reach2[p]);
    }
    if (any(touch[p]) && is_one_by_one(collider[p]))
      touch[p] = touch[p] & !pair_boxes_apart(m, x, p);
  }
}

template <bool own, class Real>
FN Mask<Real> may_touch(const ModelView<Real>& m, const Scratch<Real>& x, int p) {
  Mask<Real> touch = spheres_touch<own>(m, x, p);
  if (any(touch) && is_one_by_one(m.pair_collider[p])) touch = touch & !pair_boxes_apart(m, x, p);
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

// sphere around the colliding geoms of a body: their mean, and how far they reach from it. Planes
// reach everywhere
template <class Real> FN void enclose_geoms(const ModelView<Real>& m, Scratch<Real>& x, int b) {
  const int first = m.body_geomadr[b], end = first + m.body_geomnum[b];
  const Real zero = Real(0.f);
  Vec3<Real> sum = {zero, zero, zero};
  int count = 0;
  bool everywhere = false;
  for (int g = first; g < end; ++g) {
    if (m.geom_cid[g] < 0) continue;
    sum = sum + vec3(x.geom_pos + 3 * m.geom_cid[g]);
    everywhere = everywhere || static_cast<GeomType>(m.geom_type[g]) == GeomType::plane;
    ++count;
  }
  if (count == 0) return;
  const Vec3<Real> centre = sum * (Real(1.f) / Real(static_cast<float>(count)));
  Real reach = zero;
  for (int g = first; g < end; ++g) {
    const int c = m.geom_cid[g];
    if (c >= 0) reach = max(reach, norm(vec3(x.geom_pos + 3 * c) - centre) + m.geom_rbound[g]);
  }
  put3(x.enclosing_centre + 3 * b, centre);
  // rounding must not hide a contact
  x.enclosing_reach[b] = everywhere ? Real(3e38f) : reach * Real(1.00001f);
}

template <class Real>
FN Mask<Real> group_may_touch(const ModelView<Real>& m, const Scratch<Real>& x, int group) {
  const int p = m.pairgroup_adr[group], g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
  const int g = g1 < g2 ? g1 : g2, b = m.geom_bodyid[g1 < g2 ? g2 : g1];
  if (static_cast<GeomType>(m.geom_type[g]) == GeomType::plane) return everywhere<Real>();
  const Real *pos = x.geom_pos + 3 * m.geom_cid[g], *mat = x.geom_mat + 9 * m.geom_cid[g];
  const Real more = x.enclosing_reach[b] + m.pairgroup_reach[group];

  // its sphere first; rounding must not hide a contact
  const Vec3<Real> d = vec3(x.enclosing_centre + 3 * b) - vec3(pos);
  const Real sphere = Real(1.00001f) * (m.geom_rbound[g] + more);
  const Mask<Real> near = dot(d, d) <= sphere * sphere;
  if (!any(near)) return near;
  const Mat3<Real> R = mat3(mat);
  const BoundingBox<Real> box = bounding_box(m, g, vec3(pos), R);
  const Vec3<Real> t = transpose_times(R, vec3(x.enclosing_centre + 3 * b) - box.centre);
  Real beyond = Real(0.f);
  for (int i = 0; i < 3; ++i) {
    const Real e = max(abs(t[i]) - box.half[i], Real(0.f));
    beyond = fma(e, e, beyond);
  }
  const Real r = Real(1e-5f) * m.geom_rbound[g] + more;
  return near & (beyond <= r * r);
}

// fills cand_pair, cand_adr, cand_count; cand_mask of the candidates
template <class Team, class Real>
STAGE void broad_phase(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  // worth while only with many pairs a group; worlds with margins of their own have no common reach
  const bool grouped = m.npair >= 8 * m.npairgroup && !m.pair_margin.own && !m.pair_gap.own &&
                       !m.on(kFlagSpeculative);
  const int groups = grouped ? m.npairgroup : 1;
  const bool own = m.pair_margin.own || m.pair_gap.own || m.geom_rbound.own;
  if (grouped) {
    team.each(m.nbody, [&](int b) { enclose_geoms(m, x, b); });
    team.each(groups, [&](int group) {
      x.group_near[group] = any(group_may_touch(m, x, group));
      if (!x.group_near[group]) return;
      const int first = m.pairgroup_adr[group], end = m.pairgroup_adr[group + 1];
      if (own)
        for (int p = first; p < end; ++p) x.cand_mask[p] = may_touch<true>(m, x, p);
      else
        group_pairs(m, x, first, end);
    });
  } else if (m.on(kFlagSpeculative)) {
    team.each(m.npair,
              [&](int p) { x.cand_mask[p] = may_touch<true>(m, x, p) | may_meet(m, x, p); });
  } else if (own) {
    team.each(m.npair, [&](int p) { x.cand_mask[p] = may_touch<true>(m, x, p); });
  } else {
    team.each(m.npair, [&](int p) { x.cand_mask[p] = may_touch<false>(m, x, p); });
  }

  // the list, in the order of the pairs
  team.once([&] {
    int slots = 0, count = 0;
    for (int group = 0; group < groups; ++group) {
      if (grouped && !x.group_near[group]) continue;
      const int first = grouped ? m.pairgroup_adr[group] : 0;
      const int end = grouped ? m.pairgroup_adr[group + 1] : m.npair;
      for (int p = first; p < end; ++p) {
        if (!any(x.cand_mask[p])) continue;
        x.cand_pair[count] = p;
        x.cand_adr[count] = slots;
        slots += collider_slots(m.pair_collider[p]);
        ++count;
      }
    }
    x.cand_count = count;
  });
}

}  // namespace motorium
