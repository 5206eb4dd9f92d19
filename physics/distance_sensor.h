// Sensors of the distance of two geoms or bodies: distance, normal, fromto. The cutoff is how far
// they look; of bodies the nearest pair of geoms counts.
#pragma once
#include "motorium/physics/geom_distance.h"

namespace motorium {

template <class Real> FN bool is_distance_sensor(const ModelView<Real>& m, int i) {
  const auto type = static_cast<SensorType>(m.sensor_type[i]);
  return type == SensorType::distance || type == SensorType::normal || type == SensorType::fromto;
}

// do neighbouring sensors ask for the same pair? they share one search
template <class Real> FN bool looks_as(const ModelView<Real>& m, int i, int j) {
  return m.sensor_objtype[i] == m.sensor_objtype[j] && m.sensor_objid[i] == m.sensor_objid[j] &&
         m.sensor_reftype[i] == m.sensor_reftype[j] && m.sensor_refid[i] == m.sensor_refid[j] &&
         m.sensor_cutoff.p[i] == m.sensor_cutoff.p[j];
}

// geoms [first, end) of an object
template <class Real>
FN void geoms_of(const ModelView<Real>& m, int type, int id, int& first, int& end) {
  const bool body = static_cast<ObjectType>(type) == ObjectType::body;
  first = body ? m.body_geomadr[id] : id;
  end = first + (body ? m.body_geomnum[id] : 1);
}

template <class Real>
STAGE GeomDistance<Real> sensed_distance(const ModelView<Real>& m, const Scratch<Real>& x, int i,
                                         int area, Mask<Real>& capped) {
  const Real most = m.sensor_cutoff[i];
  GeomDistance<Real> best = farther_than(most);
  int first1, end1, first2, end2;
  geoms_of(m, m.sensor_objtype[i], m.sensor_objid[i], first1, end1);
  geoms_of(m, m.sensor_reftype[i], m.sensor_refid[i], first2, end2);
  MOTORIUM_ROLLED
  for (int g1 = first1; g1 < end1; ++g1) {
    MOTORIUM_ROLLED
    for (int g2 = first2; g2 < end2; ++g2) {
      const GeomDistance<Real> d = geom_distance(m, x, g1, g2, most, area, capped);
      const Mask<Real> nearer = d.near & (d.dist < best.dist);
      best.dist = select(nearer, d.dist, best.dist);
      best.from = select<Real>(nearer, d.from, best.from);
      best.to = select<Real>(nearer, d.to, best.to);
      best.near = best.near | nearer;
    }
  }
  return best;
}

// depths beyond the cutoff are clipped too; normals and points never are
template <class Real>
FN void report_distance(const ModelView<Real>& m, int i, const GeomDistance<Real>& d, Real* out) {
  const Real cutoff = m.sensor_cutoff[i];
  switch (static_cast<SensorType>(m.sensor_type[i])) {
    case SensorType::distance:
      out[0] = m.sensor_cutoff.p[i] > 0 ? clamp(d.dist, -cutoff, cutoff) : d.dist;
      return;
    case SensorType::normal:
      return put3(out, unit_or_zero(d.to - d.from));
    default:
      put3(out, d.from);
      put3(out + 3, d.to);
  }
}

template <class Team, class Real>
STAGE void distance_sensors(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  const int chunk = Team::kAtOnce == 1 ? m.nsensor : kConvexAtOnce;
  MOTORIUM_ROLLED
  for (int done = 0; done < m.nsensor; done += chunk) {
    team.each(chunk < m.nsensor - done ? chunk : m.nsensor - done, [&](int k) {
      int i = done + k;
      x.sensor_capped[i] = !everywhere<Real>();
      if (!is_distance_sensor(m, i)) return;
      if (i > 0 && is_distance_sensor(m, i - 1) && looks_as(m, i, i - 1)) return;
      const int area = Team::kAtOnce == 1 ? 0 : k;
      const GeomDistance<Real> d = sensed_distance(m, x, i, area, x.sensor_capped[i]);
      const int first = i;
      for (; i < m.nsensor && is_distance_sensor(m, i) && looks_as(m, i, first); ++i)
        report_distance(m, i, d, x.raw_sensordata + m.sensor_adr[i]);
    });
  }
}

}  // namespace motorium
