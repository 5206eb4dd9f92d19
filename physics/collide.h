// From geom poses to contacts.
//   broad phase:   bounding spheres and boxes of every candidate pair (broad_phase.h)
//   narrow phase:  the pair's collider, for the worlds whose spheres touch
//   to come:       contacts of geoms that meet within the step, on request (speculative.h)
//   compaction:    slot k holds each world's k-th contact, in pair order, then generation order
#pragma once
#include "motorium/physics/broad_phase.h"
#include "motorium/physics/collide_box_box.h"
#include "motorium/physics/collide_capsule.h"
#include "motorium/physics/collide_convex.h"
#include "motorium/physics/collide_plane.h"
#include "motorium/physics/collide_plane_round.h"
#include "motorium/physics/collide_sphere.h"
#include "motorium/physics/collider_result.h"
#include "motorium/physics/collider_table.h"
#include "motorium/physics/scratch.h"
#include "motorium/physics/speculative.h"

namespace motorium {

// a geom and where it is
template <class Real> struct PlacedGeom {
  int geom;
  GeomPlace<Real> place;
};
template <class Real> FN GeomPose<Real> pose(const ModelView<Real>& m, const PlacedGeom<Real>& g) {
  return {vec3(g.place.pos), mat3(g.place.mat), m.geom_size.three(3 * g.geom)};
}

// the colliders with a closed form, by pair type (uniform); a: the geom of lower type. Each reads
// the few numbers of the poses that it needs
template <class Real>
STAGE void closed_contacts(const ModelView<Real>& m, Collider collider, const PlacedGeom<Real>& a,
                           const PlacedGeom<Real>& b, const Real& margin, const Mask<Real>& active,
                           ContactPoint<Real>* out) {
  switch (collider) {
    case Collider::plane_sphere:
      return collide_plane_sphere(pose(m, a), pose(m, b), margin, active, out);
    case Collider::plane_capsule:
      return collide_plane_capsule(pose(m, a), pose(m, b), margin, active, out);
    case Collider::plane_box:
      return collide_plane_box(pose(m, a), pose(m, b), margin, active, out);
    case Collider::sphere_sphere:
      return collide_sphere_sphere(pose(m, a), pose(m, b), margin, active, out);
    case Collider::sphere_capsule:
      return collide_sphere_capsule(pose(m, a), pose(m, b), margin, active, out);
    case Collider::sphere_box:
      return collide_sphere_box(pose(m, a), pose(m, b), margin, active, out);
    case Collider::capsule_capsule:
      return collide_capsule_capsule(pose(m, a), pose(m, b), margin, active, out);
    case Collider::capsule_box:
      return collide_capsule_box(pose(m, a), pose(m, b), margin, active, out);
    case Collider::box_box:
      return collide_box_box(pose(m, a), pose(m, b), margin, active, out);
    case Collider::plane_ellipsoid:
      return collide_plane_ellipsoid(pose(m, a), pose(m, b), margin, active, out);
    case Collider::plane_cylinder:
      return collide_plane_cylinder(pose(m, a), pose(m, b), margin, active, out);
    case Collider::sphere_cylinder:
      return collide_sphere_cylinder(pose(m, a), pose(m, b), margin, active, out);
    default:  // one by one
      return;
  }
}

// copies what was found into the next free slot of each world
template <class Real> FN void compact_contacts(const ModelView<Real>& m, Scratch<Real>& x) {
  constexpr int W = kWidth<Real>;
  int count[W];
  for (int l = 0; l < W; ++l) count[l] = 0;
  x.con_slots = 0;
  for (int c = 0; c < x.cand_count; ++c) {
    const int p = x.cand_pair[c], first = x.cand_adr[c];
    const int slots = collider_slots(m.pair_collider[p]);
    for (int f = first; f < first + slots; ++f) {
      if (!any(x.found[f])) continue;
      for (int l = 0; l < W; ++l) {
        if (!get_mask<Real>(x.found[f], l)) continue;
        const int k = count[l]++;

        // a new slot starts empty in all worlds
        if (k == x.con_slots) {
          x.con_pair[k] = Int<Real>(-1);
          x.con_dist[k] = Real(0.f);
          if (m.on(kFlagSpeculative)) x.con_ahead[k] = !everywhere<Real>();
          for (int i = 0; i < 3; ++i) x.con_pos[3 * k + i] = Real(0.f);
          for (int i = 0; i < 9; ++i) x.con_frame[9 * k + i] = Real(0.f);
          ++x.con_slots;
        }
        put_int<Real>(x.con_pair[k], l, p);
        put(x.con_dist[k], l, get(x.found_dist[f], l));
        if (m.on(kFlagSpeculative))
          put_mask<Real>(x.con_ahead[k], l, get_mask<Real>(x.found_ahead[f], l));
        for (int i = 0; i < 3; ++i) {
          put(x.con_pos[3 * k + i], l, get(x.found_pos[3 * f + i], l));
          put(x.con_frame[9 * k + i], l, get(x.found_normal[3 * f + i], l));
          put(x.con_frame[9 * k + 3 + i], l, get(x.found_hint[3 * f + i], l));
        }
      }
    }
  }
  for (int l = 0; l < W; ++l) put_int<Real>(x.con_count[0], l, count[l]);
}

// contact frame: x the normal, y a tangent near the hint, z = x cross y
template <class Real> FN void complete_frame(Real* frame) {
  const Vec3<Real> n = vec3(frame);
  Vec3<Real> t = vec3(frame + 3);
  const Real zero = Real(0.f), one = Real(1.f), half = Real(0.5f);

  // without a hint: y, or z where the normal is close to y
  const Mask<Real> near_y = !((n.y < half) & (n.y > -half));
  const Vec3<Real> usual = {zero, select(near_y, zero, one), select(near_y, one, zero)};
  t = select<Real>(dot(t, t) < Real(0.25f), usual, t);
  t = t - n * dot(n, t);

  // a hint along the normal says nothing
  Real length = norm(t);
  const Mask<Real> lost = length < number<Real>(sizeof(Scalar<Real>) == 8 ? 1e-15 : 1e-6);
  if (any(lost)) {
    const Mask<Real> near_x = !((n.x < Real(0.9f)) & (n.x > Real(-0.9f)));
    Vec3<Real> other = {select(near_x, zero, one), select(near_x, one, zero), zero};
    other = other - n * dot(n, other);
    t = select<Real>(lost, other, t);
    length = norm(t);
  }
  t = t * (one / select(length > zero, length, one));
  put3(frame + 3, t);
  put3(frame + 6, cross(n, t));
}

template <class Team, class Real>
STAGE void collide(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  if (!m.on(kFlagContact) || !m.on(kFlagConstraint) || m.npair == 0) {
    team.once([&] {
      x.con_slots = x.cand_count = 0;
      x.con_count[0] = Int<Real>(0);
      x.ncon[0] = Real(0.f);
      if (m.convex_pairs) x.ccd_capped[0] = !everywhere<Real>();
    });
    return;
  }

  broad_phase(team, m, x);

  // narrow phase
  team.each(x.cand_count, [&](int c) {
    const int p = x.cand_pair[c], first = x.cand_adr[c], collider = m.pair_collider[p];
    const int slots = collider_slots(collider), g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
    if (is_one_by_one(collider)) return;
    ContactPoint<Real> point[8];
    closed_contacts<Real>(m, static_cast<Collider>(collider), {g1, colliding_place(m, x, g1)},
                          {g2, colliding_place(m, x, g2)}, m.pair_margin[p] + m.pair_gap[p],
                          x.cand_mask[p], point);
    const bool hinted = static_cast<Collider>(collider) == Collider::plane_capsule;
    for (int k = 0; k < slots; ++k) {
      const int f = first + k;
      const Mask<Real> found = point[k].found & x.cand_mask[p];
      x.found[f] = found;
      if (!any(found)) continue;
      x.found_dist[f] = point[k].dist;
      put3(x.found_pos + 3 * f, point[k].pos);
      put3(x.found_normal + 3 * f, point[k].normal);
      const Real none = Real(0.f);
      put3(x.found_hint + 3 * f,
           hinted ? mat3(colliding_place(m, x, g2).mat).column(2) : Vec3<Real>{none, none, none});
    }
  });

  if (kRare<Team> && m.convex_pairs) collide_one_by_one(team, m, x);
  if (kRare<Team> && m.on(kFlagSpeculative)) speculate(team, m, x);

  team.once([&] { compact_contacts(m, x); });
  team.each(x.con_slots, [&](int k) { complete_frame(x.con_frame + 9 * k); });
  team.once([&] { x.ncon[0] = to_real<Real>(x.con_count[0]); });
}

}  // namespace motorium
