// Contact sensors: the contacts between two objects, each a geom, body, subtree, or everything; the
// first may also be a site, whose volume must hold the contact.
//   none       the first matches in contact order
//   mindist    the nearest first
//   maxforce   the strongest first
//   netforce   one wrench of all matches in world axes, at the force-weighted mean position
// Which contacts match differs per world, so this runs lane by lane.
#pragma once
#include "motorium/physics/rne_post.h"

namespace motorium {

// is the point, given in the site's frame, inside its shape of half sizes s?
template <class S> FN Mask<S> inside_shape(int type, const Vec3<S>& s, const Vec3<S>& p) {
  const S flat = fma(p.x, p.x, p.y * p.y);
  switch (static_cast<GeomType>(type)) {
    case GeomType::sphere:
      return fma(p.z, p.z, flat) < s.x * s.x;
    case GeomType::capsule: {
      const S z = max(abs(p.z) - s.y, S(0));
      return fma(z, z, flat) < s.x * s.x;
    }
    case GeomType::ellipsoid: {
      const Vec3<S> q = {p.x / s.x, p.y / s.y, p.z / s.z};
      return dot(q, q) < S(1);
    }
    case GeomType::cylinder:
      return (abs(p.z) < s.y) & (flat < s.x * s.x);
    case GeomType::box:
      return (abs(p.x) < s.x) & (abs(p.y) < s.y) & (abs(p.z) < s.z);
    default:
      return !everywhere<S>();
  }
}

// does a geom belong to an object of a contact sensor?
template <class Real> FN bool geom_belongs(const ModelView<Real>& m, int geom, int type, int id) {
  int b = m.geom_bodyid[geom];
  switch (static_cast<ObjectType>(type)) {
    case ObjectType::geom:
      return geom == id;
    case ObjectType::body:
      return b == id;
    case ObjectType::xbody:
      while (b > id) b = m.body_parentid[b];
      return b == id;
    default:
      return true;
  }
}

// one matching contact of one world
template <class S> struct SensedContact {
  int side;  // 1: geom 1 belongs to object 1; -1: the other way round; 0: no match
  S dist, force[3], torque[3], pos[3], frame[9], linvel[3], angvel[3];
};

// velocity of the contact point as a point of body b, in one world
template <class Real>
FN Spatial<Scalar<Real>> body_point_velocity(const ModelView<Real>& m, const Scratch<Real>& x,
                                             int b, const Scalar<Real>* p, int lane) {
  using S = Scalar<Real>;
  Vec3<S> w, v, arm;
  for (int k = 0; k < 3; ++k) {
    w[k] = get(x.cvel[6 * b + k], lane);
    v[k] = get(x.cvel[6 * b + 3 + k], lane);
    arm[k] = p[k] - get(x.subtree_com[3 * m.body_rootid[b] + k], lane);
  }
  return {w, v + cross(w, arm)};
}

// velocity of geom 2 relative to geom 1 at the contact, in the contact frame
template <class Real>
FN void contact_velocity(const ModelView<Real>& m, const Scratch<Real>& x, int pair, int lane,
                         SensedContact<Scalar<Real>>& c) {
  using S = Scalar<Real>;
  const Spatial<S> v = body_point_velocity(m, x, m.geom_bodyid[m.pair_geom2[pair]], c.pos, lane) -
                       body_point_velocity(m, x, m.geom_bodyid[m.pair_geom1[pair]], c.pos, lane);
  put3(c.linvel, mat3(c.frame) * v.t);
  put3(c.angvel, mat3(c.frame) * v.r);
}

template <class Real>
FN SensedContact<Scalar<Real>> sensed_contact(const ModelView<Real>& m, const Scratch<Real>& x,
                                              int i, int slot, int lane) {
  using S = Scalar<Real>;
  SensedContact<S> c;
  c.side = 0;
  const int p = get_int<Real>(x.con_pair[slot], lane);
  if (p < 0) return c;
  const int g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
  const int type1 = m.sensor_objtype[i], id1 = m.sensor_objid[i];
  const int type2 = m.sensor_reftype[i], id2 = m.sensor_refid[i];
  const bool direct = geom_belongs(m, g1, type1, id1) && geom_belongs(m, g2, type2, id2);
  const bool flipped = geom_belongs(m, g2, type1, id1) && geom_belongs(m, g1, type2, id2);
  if (!direct && !flipped) return c;
  for (int k = 0; k < 3; ++k) c.pos[k] = get(x.con_pos[3 * slot + k], lane);
  if (static_cast<ObjectType>(type1) == ObjectType::site) {
    Vec3<S> d;
    Mat3<S> R;
    for (int k = 0; k < 3; ++k) d[k] = c.pos[k] - get(x.site_xpos[3 * id1 + k], lane);
    for (int k = 0; k < 9; ++k) R.m[k] = get(x.site_xmat[9 * id1 + k], lane);
    const Vec3<S> size = {m.site_size.lane(3 * id1, lane), m.site_size.lane(3 * id1 + 1, lane),
                          m.site_size.lane(3 * id1 + 2, lane)};
    if (!inside_shape(m.site_type[id1], size, transpose_times(R, d))) return c;
  }
  c.side = direct ? 1 : -1;
  c.dist = get(x.con_dist[slot], lane);
  for (int k = 0; k < 3; ++k) {
    c.force[k] = get(contact_force(m, x, slot, k), lane);
    c.torque[k] = get(contact_force(m, x, slot, 3 + k), lane);
  }
  for (int k = 0; k < 9; ++k) c.frame[k] = get(x.con_frame[9 * slot + k], lane);
  if (m.sensor_intprm[3 * i] & (kContactLinvel | kContactAngvel))
    contact_velocity(m, x, p, lane, c);
  return c;
}

// the numbers of one slot that the sensor asks for, in their fixed order
template <class Real>
FN void report_contact(int data, int found, const SensedContact<Scalar<Real>>& c, int lane,
                       Real* out) {
  using S = Scalar<Real>;
  const S sign = c.side < 0 ? S(-1) : S(1);
  const auto add = [&](S v) { put(*out++, lane, v); };
  const auto add3 = [&](S u, S v, S w) {
    add(u);
    add(v);
    add(w);
  };
  if (data & kContactFound) add(static_cast<S>(found));
  if (data & kContactForce) add3(c.force[0], c.force[1], sign * c.force[2]);
  if (data & kContactTorque) add3(c.torque[0], c.torque[1], sign * c.torque[2]);
  if (data & kContactDist) add(c.dist);
  if (data & kContactPos) add3(c.pos[0], c.pos[1], c.pos[2]);
  if (data & kContactNormal) add3(sign * c.frame[0], sign * c.frame[1], sign * c.frame[2]);
  if (data & kContactTangent) add3(sign * c.frame[3], sign * c.frame[4], sign * c.frame[5]);
  if (data & kContactLinvel) add3(c.linvel[0], c.linvel[1], sign * c.linvel[2]);
  if (data & kContactAngvel) add3(c.angvel[0], c.angvel[1], sign * c.angvel[2]);
}

// all matches as one wrench:  P = sum |f| p / sum |f|,  force sum f,  torque sum t + (p - P) x f
template <class Real>
FN int net_contact(const ModelView<Real>& m, const Scratch<Real>& x, int i, int lane,
                   SensedContact<Scalar<Real>>& net) {
  using S = Scalar<Real>;
  const Vec3<S> zero = {S(0), S(0), S(0)};
  Vec3<S> where = zero, force = zero, torque = zero;
  S weight = S(0);
  int found = 0;
  for (int pass = 0; pass < 2; ++pass) {
    for (int slot = 0; slot < get_int<Real>(x.con_count[0], lane); ++slot) {
      const SensedContact<S> c = sensed_contact(m, x, i, slot, lane);
      if (c.side == 0) continue;
      const Vec3<S> f = vec3(c.force), p = vec3(c.pos);
      if (pass == 0) {
        const S size = norm(f);
        where = add_scaled(where, size, p);
        weight += size;
        ++found;
      } else {
        const S sign = c.side < 0 ? S(-1) : S(1);
        const Vec3<S> world = sign * transpose_times(mat3(c.frame), f);
        force = force + world;
        torque = torque + sign * transpose_times(mat3(c.frame), vec3(c.torque)) +
                 cross(p - where, world);
      }
    }
    if (pass == 0) where = where * (S(1) / max(weight, number<S>(1e-15)));
  }
  net = {1, S(0), {}, {}, {}, {S(1), S(0), S(0), S(0), S(1), S(0), S(0), S(0), S(1)}, {}, {}};
  put3(net.force, force);
  put3(net.torque, torque);
  put3(net.pos, where);
  return found;
}

template <class Real>
STAGE void contact_sensor(const ModelView<Real>& m, const Scratch<Real>& x, int i, Real* out) {
  using S = Scalar<Real>;
  const int data = m.sensor_intprm[3 * i], slots = m.sensor_intprm[3 * i + 2];
  const int numbers = m.sensor_dim[i] / slots;
  const auto reduce = static_cast<ContactReduce>(m.sensor_intprm[3 * i + 1]);
  for (int k = 0; k < m.sensor_dim[i]; ++k) out[k] = Real(0.f);
  if (x.con_slots == 0) return;

  for (int lane = 0; lane < kWidth<Real>; ++lane) {
    const int contacts = get_int<Real>(x.con_count[0], lane);
    if (contacts == 0) continue;
    if (reduce == ContactReduce::netforce) {
      SensedContact<S> net;
      const int found = net_contact(m, x, i, lane, net);
      if (found > 0) report_contact(data, found, net, lane, out);
      continue;
    }

    // each round finds the next match in the order of (key, slot)
    S last_key = S(0);
    int last = -1, found = 0;
    for (int round = 0; round < slots; ++round) {
      SensedContact<S> best = {};
      S best_key = S(0);
      int next = -1;
      for (int slot = 0; slot < contacts; ++slot) {
        const SensedContact<S> c = sensed_contact(m, x, i, slot, lane);
        if (c.side == 0) continue;
        if (round == 0) ++found;
        const S key = reduce == ContactReduce::mindist    ? c.dist
                      : reduce == ContactReduce::maxforce ? -norm(vec3(c.force))
                                                          : S(0);
        const bool after = last < 0 || key > last_key || (key == last_key && slot > last);
        if (!after || (next >= 0 && !(key < best_key))) continue;
        best = c;
        best_key = key;
        next = slot;
      }
      if (next < 0) break;
      report_contact(data, found, best, lane, out + round * numbers);
      last = next;
      last_key = best_key;
    }
  }
}

}  // namespace motorium
