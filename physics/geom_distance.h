// Signed distance of two geoms and the segment between their surfaces, as mj_geomDistance:
//   closed forms    the nearest contact at a margin of `most`
//   the others      GJK between the cores, EPA where they overlap, one world after the other
// Needs the poses of all geoms. Which geoms may collide does not matter.
#pragma once
#include "motorium/physics/collide.h"
#include "motorium/physics/convex_distance.h"

namespace motorium {

template <class Real> struct GeomDistance {
  Real dist;            // `most` where nothing is nearer                              [m]
  Vec3<Real> from, to;  // points of geom 1 and geom 2, world; zeros where nothing is nearer
  Mask<Real> near;      // something is nearer
};

template <class Real> FN GeomDistance<Real> farther_than(const Real& most) {
  const Vec3<Real> zero = {Real(0.f), Real(0.f), Real(0.f)};
  return {most, zero, zero, !everywhere<Real>()};
}

template <class Real> FN GeomPlace<Real> geom_place(const Scratch<Real>& x, int g) {
  return {x.geom_xpos + 3 * g, x.geom_xmat + 9 * g};
}

// geoms whose distance is searched one world after the other; area: memory of the search
template <class Real>
STAGE bool searched_distance(const ModelView<Real>& m, const Scratch<Real>& x, int g1, int g2,
                             int lane, int area, const Mask<Real>& active,
                             GeomDistance<Real>& out) {
  using S = Scalar<Real>;
  if (!get_mask<Real>(active, lane)) return false;
  const GeomPlace<Real> place1 = geom_place(x, g1), place2 = geom_place(x, g2);
  const auto type1 = static_cast<GeomType>(m.geom_type[g1]);
  const ConvexLimits<S> limits = search_limits(m, g1, g2, lane);
  const S most = get(out.dist, lane);
  ConvexWork<S> work;
  carve_search(m, x, area, work);
  Vec3<S> origin, from, to;
  for (int k = 0; k < 3; ++k) origin[k] = get(place1.pos[k], lane);
  S dist = most;
  bool capped = false, found = false;
  const auto offer = [&](S d, const Vec3<S>& pos, const Vec3<S>& normal) {
    if (!(d < dist)) return true;
    found = true;
    dist = d;
    from = add_scaled(pos, S(-0.5f) * d, normal);
    to = add_scaled(pos, S(0.5f) * d, normal);
    return true;
  };
  if (type1 == GeomType::hfield) {
    PosedGeom<S> field, geom;
    pose_geom(m, place1, g1, lane, field);
    pose_geom(m, place2, g2, lane, geom);
    hfield_contacts(m, g1, field, g2, geom, most, limits, work, capped, offer);
  } else {
    ConvexShape<S> a, b;
    take_shape(m, place1, g1, lane, origin, a);
    take_shape(m, place2, g2, lane, origin, b);
    if (type1 == GeomType::plane) {
      ConvexPatch<S> patch;
      collide_plane_mesh(a.R.column(2), a.pos, b, most, work.room, patch);
      for (int k = 0; k < patch.count; ++k)
        offer(patch.dist[k], origin + patch.pos[k], patch.normal);
    } else {
      found = convex_distance(a, b, most, limits, work, capped, dist, from, to);
      from = origin + from;
      to = origin + to;
    }
  }
  if (!found) return capped;
  put(out.dist, lane, dist);
  put_mask<Real>(out.near, lane, true);
  for (int k = 0; k < 3; ++k) {
    put(out.from[k], lane, from[k]);
    put(out.to[k], lane, to[k]);
  }
  return capped;
}

// the nearest of the contacts with a closed form
template <class Real>
STAGE void closed_distance(const ModelView<Real>& m, const Scratch<Real>& x, Collider collider,
                           int g1, int g2, const Mask<Real>& active, GeomDistance<Real>& out) {
  const auto placed = [&](int g) {
    return PlacedGeom<Real>{g, {x.geom_xpos + 3 * g, x.geom_xmat + 9 * g}};
  };
  ContactPoint<Real> point[8];
  closed_contacts<Real>(m, collider, placed(g1), placed(g2), out.dist, active, point);
  for (int k = 0; k < collider_slots(collider); ++k) {
    const ContactPoint<Real>& c = point[k];
    const Mask<Real> nearer = active & c.found & (c.dist < out.dist);
    const Real half = Real(0.5f) * c.dist;
    out.dist = select(nearer, c.dist, out.dist);
    out.from = select<Real>(nearer, add_scaled(c.pos, -half, c.normal), out.from);
    out.to = select<Real>(nearer, add_scaled(c.pos, half, c.normal), out.to);
    out.near = out.near | nearer;
  }
}

// capped: worlds whose search met its limit
template <class Real>
STAGE GeomDistance<Real> geom_distance(const ModelView<Real>& m, const Scratch<Real>& x, int geom1,
                                       int geom2, const Real& most, int area, Mask<Real>& capped) {
  GeomDistance<Real> out = farther_than(most);
  const bool flip = m.geom_type[geom1] > m.geom_type[geom2];
  const int g1 = flip ? geom2 : geom1, g2 = flip ? geom1 : geom2;
  const int kind =
      collider_of(static_cast<GeomType>(m.geom_type[g1]), static_cast<GeomType>(m.geom_type[g2]));
  if (kind < 0) return out;

  // worlds in which the bounding spheres are near enough; planes and fields have none
  Mask<Real> active = everywhere<Real>();
  if (m.geom_rbound.shared[g1] > 0 && m.geom_rbound.shared[g2] > 0) {
    const Vec3<Real> d = vec3(x.geom_xpos + 3 * g2) - vec3(x.geom_xpos + 3 * g1);
    const Real reach = most + m.geom_rbound[g1] + m.geom_rbound[g2];
    active = dot(d, d) <= reach * reach;
    if (!any(active)) return out;
  }

  // boxes are searched here, as in MuJoCo; round and flat shapes keep the caller's order then
  const auto collider = static_cast<Collider>(kind);
  if (!is_one_by_one(kind) && collider != Collider::box_box) {
    closed_distance(m, x, collider, g1, g2, active, out);
  } else {
    const bool ordered = collider == Collider::plane_mesh || collider == Collider::hfield;
    for (int l = 0; l < kWidth<Real>; ++l) {
      const int a = ordered ? g1 : geom1, b = ordered ? g2 : geom2;
      if (searched_distance(m, x, a, b, l, area, active, out)) put_mask<Real>(capped, l, true);
    }
    if (!ordered) return out;
  }
  if (flip) {
    const Vec3<Real> from = out.from;
    out.from = out.to;
    out.to = from;
  }
  return out;
}

}  // namespace motorium
