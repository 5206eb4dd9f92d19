// Recursive Newton-Euler after the solve: what accelerometers feel, and the forces between bodies.
//   cacc = cacc_p + cdof_dot qvel + cdof qacc,   cacc_world = -g
//   cfrc_int = sum over the subtree of  I cacc + cvel x* (I cvel) - cfrc_ext
// cfrc_ext holds applied, contact, connect, weld and string forces, about the centre of mass of the
// tree.
#pragma once
#include "motorium/physics/tendon_force.h"

namespace motorium {

// overwrites the accelerations at zero qacc, which only the rows of a step use
template <class Team, class Real>
STAGE void rne_post_acceleration(Team team, const ModelView<Real>& m, const State<Real>& s,
                                 Scratch<Real>& x) {
  team.once([&] {
    for (int k = 0; k < 3; ++k) {
      x.cacc[k] = Real(0.f);
      x.cacc[3 + k] = m.on(kFlagGravity) ? -m.gravity[k] : Real(0.f);
    }
  });
  for (int level = 1; level < m.nlevel; ++level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first, [&](int i) {
      const int b = m.level_body[first + i];
      Spatial<Real> a = spatial(x.cacc + 6 * m.body_parentid[b]);
      for (int d = m.body_dofadr[b]; d < m.body_dofadr[b] + m.body_dofnum[b]; ++d) {
        a = add_scaled(a, s.qvel[d], spatial(x.cdof_dot + 6 * d));
        a = add_scaled(a, x.qacc[d], spatial(x.cdof + 6 * d));
      }
      put6(x.cacc + 6 * b, a);
    });
  }
}

// number j of the force of a contact slot in its frame: normal, two tangents, spin, two rolls.
// Zero for numbers that the contact does not have and for contacts in the gap
template <class Real>
FN Real contact_force(const ModelView<Real>& m, const Scratch<Real>& x, int slot, int j) {
  const int k = x.contact_block + slot;
  if (j >= x.blk_dim[k] || !any(x.has_rows[0])) return Real(0.f);
  Real f = x.row_f[x.blk_row[k] + j];
  // the cone of a contact that sticks starts below zero
  if (m.sticky && j == 0) f = f - x.con_adhesion[slot];
  return select(x.has_rows[0], f, Real(0.f));
}

// adds sign * (torque, force at p) to the external force of a body, the world excepted
template <class Real>
FN void push_body(const ModelView<Real>& m, Scratch<Real>& x, int b, const Real& sign,
                  const Vec3<Real>& p, const Vec3<Real>& force, const Vec3<Real>& torque) {
  if (b == 0) return;
  const Vec3<Real> arm = p - vec3(x.subtree_com + 3 * m.body_rootid[b]);
  const Spatial<Real> w = {torque + cross(arm, force), force};
  put6(x.cfrc_ext + 6 * b, add_scaled(spatial(x.cfrc_ext + 6 * b), sign, w));
}

// a contact touches different bodies in different worlds: lane by lane
template <class Real> FN void push_contact(const ModelView<Real>& m, Scratch<Real>& x, int slot) {
  using S = Scalar<Real>;
  const Mat3<Real> F = mat3(x.con_frame + 9 * slot);
  Vec3<Real> f, t;
  for (int j = 0; j < 3; ++j) {
    f[j] = contact_force(m, x, slot, j);
    t[j] = contact_force(m, x, slot, 3 + j);
  }
  f = transpose_times(F, f);
  t = transpose_times(F, t);
  for (int l = 0; l < kWidth<Real>; ++l) {
    const int p = get_int<Real>(x.con_pair[slot], l);
    if (p < 0) continue;
    for (int side = 0; side < 2; ++side) {
      const int b = m.geom_bodyid[side == 0 ? m.pair_geom1[p] : m.pair_geom2[p]];
      if (b == 0) continue;
      const S sign = side == 0 ? S(-1) : S(1);
      Vec3<S> arm, force, torque;
      for (int i = 0; i < 3; ++i) {
        arm[i] = get(x.con_pos[3 * slot + i], l) - get(x.subtree_com[3 * m.body_rootid[b] + i], l);
        force[i] = get(f[i], l);
        torque[i] = get(t[i], l);
      }
      const Vec3<S> turned = torque + cross(arm, force);
      Real* out = x.cfrc_ext + 6 * b;
      for (int i = 0; i < 3; ++i) {
        put(out[i], l, fma(sign, turned[i], get(out[i], l)));
        put(out[3 + i], l, fma(sign, force[i], get(out[3 + i], l)));
      }
    }
  }
}

// connect: the force of its rows at both anchors. weld: also the torque G' f of its rotation rows,
// which are G (w1 - w2)
template <class Real> FN void push_equality(const ModelView<Real>& m, Scratch<Real>& x, int e) {
  const auto type = static_cast<EqualityType>(m.eq_type[e]);
  if (type == EqualityType::joint || type == EqualityType::tendon || x.blk_dim[e] == 0 ||
      !any(x.has_rows[0]))
    return;
  const Real zero = Real(0.f), one = Real(1.f);
  const Real* row = x.row_f + x.blk_row[e];
  const Anchor<Real> a1 = equality_anchor(m, x, e, 0), a2 = equality_anchor(m, x, e, 1);
  const Vec3<Real> none = {zero, zero, zero};
  const Vec3<Real> force = select<Real>(x.has_rows[0], vec3(row), none);
  Vec3<Real> torque = none;
  if (type == EqualityType::weld) {
    const bool sites = static_cast<ObjectType>(m.eq_objtype[e]) == ObjectType::site;
    const auto data = [&](int i) { return m.eq_data[12 * e + i]; };
    const Quat<Real> q1 =
        sites ? a1.turn : a1.turn * Quat<Real>{data(6), data(7), data(8), data(9)};
    const Vec3<Real> f = select<Real>(x.has_rows[0], vec3(row + 3), none);
    for (int i = 0; i < 3; ++i) {
      Vec3<Real> unit = none;
      unit[i] = one;
      torque[i] = Real(0.5f) * data(10) * dot(weld_map(a2.turn, unit, q1), f);
    }
  }
  push_body(m, x, a1.body, one, a1.pos, force, torque);
  push_body(m, x, a2.body, -one, a2.pos, force, torque);
}

// a string pulls the ends of its straight parts towards each other
template <class Real> FN void push_tendon(const ModelView<Real>& m, Scratch<Real>& x, int t) {
  if (static_cast<TendonType>(m.tendon_type[t]) == TendonType::fixed) return;
  const Real force = tendon_force(m, x, t);
  const Vec3<Real> none = {Real(0.f), Real(0.f), Real(0.f)};
  each_segment(m, x, t, [&](const Segment<Real>& s) {
    if (s.b0 == s.b1) return;
    Real length;
    const Vec3<Real> pull = direction_of(s, length) * (force * s.share);
    push_body(m, x, s.b0, Real(-1.f), s.p0, pull, none);
    push_body(m, x, s.b1, Real(1.f), s.p1, pull, none);
  });
}

// needs rne_post_acceleration
template <class Team, class Real>
STAGE void rne_post_forces(Team team, const ModelView<Real>& m, const State<Real>& s,
                           Scratch<Real>& x) {
  // forces from outside
  team.each(6 * m.nbody, [&](int i) { x.cfrc_ext[i] = Real(0.f); });
  if (s.has_xfrc)
    team.each(m.nbody, [&](int b) {
      const Real* w = s.xfrc_applied + 6 * b;
      push_body(m, x, b, Real(1.f), vec3(x.xipos + 3 * b), vec3(w), vec3(w + 3));
    });
  team.once([&] {
    for (int k = 0; k < x.con_slots; ++k) push_contact(m, x, k);
    for (int e = 0; e < m.neq; ++e) push_equality(m, x, e);
    for (int t = 0; t < m.ntendon; ++t) push_tendon(m, x, t);
  });

  // what each body lacks comes from its parent; leaves first
  team.each(m.nbody, [&](int b) {
    const Spatial<Real> v = spatial(x.cvel + 6 * b);
    const Real* I = x.cinert + 10 * b;
    Spatial<Real> f = inertia_times(I, spatial(x.cacc + 6 * b)) +
                      cross_force(v, inertia_times(I, v)) - spatial(x.cfrc_ext + 6 * b);
    if (b == 0) f = f - f;
    put6(x.cfrc_int + 6 * b, f);
  });
  for (int level = m.nlevel - 2; level >= 0; --level) {
    const int first = m.level_adr[level];
    team.each(m.level_adr[level + 1] - first, [&](int i) {
      const int b = m.level_body[first + i];
      Spatial<Real> f = spatial(x.cfrc_int + 6 * b);
      for (int k = 0; k < m.body_childnum[b]; ++k)
        f = f + spatial(x.cfrc_int + 6 * m.child_body[m.body_childadr[b] + k]);
      put6(x.cfrc_int + 6 * b, f);
    });
  }
}

template <class Team, class Real>
FN void rne_post(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x) {
  rne_post_acceleration(team, m, s, x);
  rne_post_forces(team, m, s, x);
}

}  // namespace motorium
