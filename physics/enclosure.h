// How far convex shapes jut out of a site: the directed Hausdorff distance. With h(d) the reach of
// a shape along the unit vector d it is the maximum of
//   f(d) = h_shape(d) - h_site(d)
// over all d; below zero the shape is inside, with that much room. f has no single hill, so the
// climb starts along all axes of the site: along the gradient w - f d (w: difference of the
// farthest points) by a step on the sphere, that is halved where f falls. Climbs run lane by lane.
#pragma once
#include "motorium/physics/geom_distance.h"

namespace motorium {

// one climb
template <class S> struct Climb {
  Vec3<S> at, top, uphill;  // where it looks, the best direction so far, the way it took from there
  S best, step;
  bool on;
};

// one look at f, and the next direction
template <class S>
FN void climb_on(ConvexShape<S>& inner, ConvexShape<S>& outer, S tolerance, Climb<S>& c) {
  const S tiny = S(1e-15f);
  int corner = 0;
  const Vec3<S> w = support(inner, c.at, corner) - support(outer, c.at, corner);
  const S f = dot(w, c.at);
  const Vec3<S> g = w - f * c.at;
  const S slope = norm(g);
  if (f > c.best) {
    c.best = f;
    c.top = c.at;
    c.on = slope > tiny && slope > abs(f) * tolerance;
    if (!c.on) return;
    c.uphill = g * (S(1.f) / slope);
  } else {
    // too far: half as far, between both ways, along the sphere
    c.step = S(0.5f) * c.step;
    c.on = c.step >= tolerance;
    if (!c.on) return;
    if (slope > tiny) c.uphill = c.uphill + g * (S(1.f) / slope);
    c.uphill = c.uphill - dot(c.uphill, c.top) * c.top;
    const S length = norm(c.uphill);
    c.on = length > tolerance;
    if (!c.on) return;
    c.uphill = c.uphill * (S(1.f) / length);
  }
  c.at = add_scaled(c.top, c.step, c.uphill);
  c.at = c.at * (S(1.f) / norm(c.at));
}

template <class S>
STAGE S juts_out(ConvexShape<S>& inner, ConvexShape<S>& outer, int iterations, S tolerance) {
  S best = S(-1e10f);
  for (int start = 0; start < 6; ++start) {
    Climb<S> c;
    c.at = outer.R.column(start / 2);
    if (start % 2 == 1) c.at = -c.at;
    c.best = S(-1e10f);
    c.step = S(0.5f);
    c.on = true;
    c.top = c.uphill = c.at;
    for (int k = 0; k < iterations && c.on; ++k) climb_on(inner, outer, tolerance, c);
    if (c.best > best) best = c.best;
  }
  return best;
}

// a site in one world
template <class Real>
FN void take_site(const ModelView<Real>& m, const Scratch<Real>& x, int site, int lane,
                  const Vec3<Scalar<Real>>& origin, ConvexShape<Scalar<Real>>& c) {
  c.type = static_cast<GeomType>(m.site_type[site]);
  c.near_vert = -1;
  c.prism = nullptr;
  for (int k = 0; k < 3; ++k) {
    c.pos[k] = get(x.site_xpos[3 * site + k], lane) - origin[k];
    c.size[k] = m.site_size.lane(3 * site + k, lane);
  }
  for (int k = 0; k < 9; ++k) c.R.m[k] = get(x.site_xmat[9 * site + k], lane);
  c.radius = is_round(c) ? c.size.x : Scalar<Real>(0.f);
  if (c.type == GeomType::mesh) take_hull(m, m.site_dataid[site], c.hull);
}

// of a geom, a site, or the geoms of a body or of its subtree the one that juts out most
template <class Real>
STAGE void enclosure_sensor(const ModelView<Real>& m, const Scratch<Real>& x, int i, Real* out) {
  using S = Scalar<Real>;
  const auto type = static_cast<ObjectType>(m.sensor_objtype[i]);
  const int id = m.sensor_objid[i], site = m.sensor_refid[i];
  for (int l = 0; l < kWidth<Real>; ++l) {
    Vec3<S> origin;
    for (int k = 0; k < 3; ++k) origin[k] = get(x.site_xpos[3 * site + k], l);
    ConvexShape<S> outer, inner;
    take_site(m, x, site, l, origin, outer);
    S most = S(-1e10f);
    const auto offer = [&] {
      const S d = juts_out(inner, outer, m.ccd_iterations, m.ccd_tolerance);
      if (d > most) most = d;
    };
    if (type == ObjectType::site) {
      take_site(m, x, id, l, origin, inner);
      offer();
    }
    for (int g = 0; type != ObjectType::site && g < m.ngeom; ++g) {
      if (!geom_belongs(m, g, m.sensor_objtype[i], id)) continue;
      take_shape(m, geom_place(x, g), g, l, origin, inner);
      inner.radius = is_round(inner) ? inner.size.x : S(0.f);
      offer();
    }
    put(out[0], l, most);
  }
}

}  // namespace motorium
