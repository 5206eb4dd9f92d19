// Constraint rows: Jacobian J, regularisation R = 1/D, reference acceleration aref.
//
// Rows come in blocks that share their dofs: equality constraints, ball limits, tendons, contacts.
// A contact's rows are those of its frame (normal, tangents, spin, rolls) for both cones; the rows
// of a pyramid, J_n +- mu_k J_k, are linear in them and never stored. A block's columns are the
// union of what its worlds need: zeros elsewhere change no bits. Dry friction and scalar limits act
// on one dof and need no J at all. Block numbers of equalities, ball limits and tendons are fixed,
// contact slot k is block contact_block + k, so sums over blocks do not depend on neighbouring
// worlds.
//
//   aref = -B (J v) - K imp (r - margin) - Jdot v        Jdot v only for connect and weld
//
// K, B, R are those of the row's end of step for the integrator discrete (impedance.h).
#pragma once
#include "motorium/physics/collide.h"
#include "motorium/physics/contact_bodies.h"
#include "motorium/physics/contact_dofs.h"
#include "motorium/physics/exact_diagonal.h"
#include "motorium/physics/impedance.h"
#include "motorium/physics/jacobian.h"
#include "motorium/physics/surface_velocity.h"
#include "motorium/physics/tendon_rows.h"

namespace motorium {

// ---- blocks ------------------------------------------------------------------------------------

// starts the next block: `dim` rows over the dofs whose bits `word(w)` has set; one worker
template <class Real, class Word>
FN void open_block(const ModelView<Real>& m, Scratch<Real>& x, int dim, Word word) {
  const int k = x.blk_count++;
  x.blk_dim[k] = dim;
  x.blk_row[k] = x.row_count;
  place_columns(m, x, k, word);
  x.row_count += dim;
}

// J v of a block's row
template <class Real> FN Real row_times(const Scratch<Real>& x, int k, int j, const Real* v) {
  const int n = x.blk_num[k];
  const int* col = x.blk_col + x.blk_adr[k];
  const Real* J = x.blk_J[k] + j * n;
  Real sum = Real(0.f);
  for (int c = 0; c < n; ++c) sum = fma(J[c], v[col[c]], sum);
  return sum;
}

// ---- equality ----------------------------------------------------------------------------------

// where one side of a connect or weld is attached
template <class Real> struct Anchor {
  int body;
  Vec3<Real> pos;
  Quat<Real> turn;
};

template <class Real>
FN Anchor<Real> equality_anchor(const ModelView<Real>& m, const Scratch<Real>& x, int e, int side) {
  const int id = side == 0 ? m.eq_obj1id[e] : m.eq_obj2id[e];
  if (static_cast<ObjectType>(m.eq_objtype[e]) == ObjectType::site) {
    const int b = m.site_bodyid[id];
    const Quat<Real> q = m.site_quat.four(4 * id);
    return {b, vec3(x.site_xpos + 3 * id), quat(x.xquat + 4 * b) * q};
  }
  // connect keeps body 1's anchor first, weld body 2's
  const bool weld = static_cast<EqualityType>(m.eq_type[e]) == EqualityType::weld;
  const int o = 12 * e + ((side == 0) != weld ? 0 : 3);
  const Vec3<Real> local = m.eq_data.three(o);
  return {id, vec3(x.xpos + 3 * id) + mat3(x.xmat + 9 * id) * local, quat(x.xquat + 4 * id)};
}

// the vector part of q2* (0, w) q1
template <class Real>
FN Vec3<Real> weld_map(const Quat<Real>& q2, const Vec3<Real>& w, const Quat<Real>& q1) {
  const Quat<Real> p = conjugate(q2) * Quat<Real>{Real(0.f), w.x, w.y, w.z} * q1;
  return {p.x, p.y, p.z};
}

// Jacobian, residual and velocity-product term of one equality
template <class Team, class Real>
FN void equality_rows(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x,
                      int e) {
  const auto type = static_cast<EqualityType>(m.eq_type[e]);
  const int k = e, n = x.blk_num[k], row = x.blk_row[k];
  const int* col = x.blk_col + x.blk_adr[k];
  Real* J = x.blk_J[k];
  Mask<Real> active = s.eq_active[e] > Real(0.5f);
  Real pos[6], bias[6], norm2 = Real(0.f), weight_t, weight_r = Real(0.f);
  const int dim = x.blk_dim[k];
  for (int j = 0; j < 6; ++j) pos[j] = bias[j] = Real(0.f);

  if (type == EqualityType::joint || type == EqualityType::tendon) {
    coupling_row(team, m, s, x, e, pos[0], weight_t);
    norm2 = pos[0] * pos[0];
  } else {
    const Anchor<Real> a1 = equality_anchor(m, x, e, 0), a2 = equality_anchor(m, x, e, 1);
    const bool weld = type == EqualityType::weld;
    const bool sites = static_cast<ObjectType>(m.eq_objtype[e]) == ObjectType::site;
    const auto data = [&](int i) { return m.eq_data[12 * e + i]; };
    const Real scale = data(10);
    const Quat<Real> relative =
        sites ? identity_quat<Real>() : Quat<Real>{data(6), data(7), data(8), data(9)};
    const Quat<Real> q1 = weld ? a1.turn * relative : a1.turn;
    const Real half = Real(0.5f) * scale;
    weight_t = m.body_invweight0[2 * a1.body] + m.body_invweight0[2 * a2.body];

    // J = J1 - J2 at the two anchors; rotation rows 1/2 scale vec(q2* (w1 - w2) q1 relpose)
    team.each(n, [&](int i) {
      Vec3<Real> column = {Real(0.f), Real(0.f), Real(0.f)}, turn = column;
      if (moves(m, col[i], a1.body)) {
        column = point_column(m, x, col[i], a1.pos);
        turn = vec3(x.cdof + 6 * col[i]);
      }
      if (moves(m, col[i], a2.body)) {
        column = column - point_column(m, x, col[i], a2.pos);
        turn = turn - vec3(x.cdof + 6 * col[i]);
      }
      for (int j = 0; j < 3; ++j) J[j * n + i] = column[j];
      if (weld) {
        const Vec3<Real> r = half * weld_map(a2.turn, turn, q1);
        for (int j = 0; j < 3; ++j) J[(3 + j) * n + i] = r[j];
      }
    });

    // what cannot move apart has no rows, as in MuJoCo
    Real most = Real(0.f);
    for (int i = 0; i < dim * n; ++i) most = max(most, abs(J[i]));
    active = active & (most > Real(0.f));

    // the same for the motion of a body, where only one moves
    if (by_bodies<Team>(m))
      team.once([&] {
        const Anchor<Real>& a = equality_bodies(m, e).one > 0 ? a1 : a2;
        const Vec3<Real> arm = a.pos - vec3(x.subtree_com + 3 * m.body_rootid[a.body]);
        Real* F = x.eq_rows + 36 * e;
        for (int i = 0; i < 3; ++i) {
          Vec3<Real> unit = {Real(0.f), Real(0.f), Real(0.f)};
          const Vec3<Real> none = unit;
          unit[i] = Real(1.f);
          put6(F + 6 * i, Spatial<Real>{cross(arm, unit), unit});
          if (!weld) continue;
          const Vec3<Real> r = half * weld_map(a2.turn, unit, q1);
          for (int j = 0; j < 3; ++j) {
            F[18 + 6 * j + i] = r[j];
            F[18 + 6 * j + 3 + i] = none[j];
          }
        }
      });

    const Vec3<Real> gap = a1.pos - a2.pos;
    const Spatial<Real> acc1 = bias_acceleration(m, x, a1.body, a1.pos),
                        acc2 = bias_acceleration(m, x, a2.body, a2.pos);
    put3(pos, gap);
    put3(bias, acc1.t - acc2.t);
    norm2 = dot(gap, gap);
    if (weld) {
      weight_r = m.body_invweight0[2 * a1.body + 1] + m.body_invweight0[2 * a2.body + 1];
      const Quat<Real> error = conjugate(a2.turn) * q1;
      const Vec3<Real> turned = scale * Vec3<Real>{error.x, error.y, error.z};
      put3(pos + 3, turned);
      norm2 = norm2 + dot(turned, turned);

      // derivative of 1/2 q2* w q1 at zero qacc, three product terms
      const Vec3<Real> w1 = vec3(x.cvel + 6 * a1.body), w2 = vec3(x.cvel + 6 * a2.body);
      const Vec3<Real> w = w1 - w2;
      const auto pure = [](const Vec3<Real>& v) { return Quat<Real>{Real(0.f), v.x, v.y, v.z}; };
      const Quat<Real> q2_rate = pure(w2) * a2.turn, q1_rate = pure(w1) * q1;
      const Vec3<Real> product =
          Real(0.5f) * (weld_map(q2_rate, w, q1) + weld_map(a2.turn, w, q1_rate));
      put3(bias + 3, half * (weld_map(a2.turn, acc1.r - acc2.r, q1) + product));
    }
  }

  // all rows of an equality share the violation's norm
  const Real violation = sqrt(norm2);
  Real weight[6];
  for (int j = 0; j < dim; ++j)
    weight[j] = kRare<Team> && m.on(kFlagDiagexact)
                    ? exact_block_weight(team, m, x, k, j, j, Real(0.f))
                : j < 3 ? weight_t
                        : weight_r;
  if (m.discrete())
    for (int j = 0; j < dim; ++j) weight[j] = weight_in_metric(m, x, k, j, j, Real(0.f), weight[j]);
  team.each(dim, [&](int j) {
    const RowParameters<Real> p =
        row_parameters(m, RowKind::holds, m.eq_solref, m.eq_solimp, e, violation, weight[j]);
    const Real speed = row_times(x, k, j, s.qvel);
    if (m.discrete()) bias[j] = bias[j] / p.den;
    x.row_aref[row + j] = fma(-p.B, speed, -(p.K * p.imp * pos[j])) - bias[j];
    x.row_D[row + j] = select(active, Real(1.f) / p.R, Real(0.f));
  });
}

// inverse inertia that a row on one dof feels
template <class Real> FN Real dof_weight(const ModelView<Real>& m, const Scratch<Real>& x, int d) {
  if (m.on(kFlagDiagexact)) return x.dof_weight[d];
  const Real weight = m.dof_invweight0[d];
  return m.discrete() ? weight * (x.inv_metric[d] / x.inv_M[d]) : weight;
}

// ---- limits and dry friction -------------------------------------------------------------------

// one row of a ball limit: r = max angle - angle, J = -axis
template <class Team, class Real>
FN void ball_limit_row(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x,
                       int i) {
  const int j = m.balllimit_jnt[i], k = m.neq + i, row = x.blk_row[k], d = m.jnt_dofadr[j];
  const Vec3<Real> turn = rotation_vector(normalize(quat(s.qpos + m.jnt_qposadr[j])));
  const Real angle = norm(turn), inv = Real(1.f) / select(angle > Real(0.f), angle, Real(1.f));
  team.once([&] { put3(x.blk_J[k], turn * (-inv)); });
  Real weight = m.dof_invweight0[d];
  if (kRare<Team> && m.on(kFlagDiagexact))
    weight = exact_block_weight(team, m, x, k, 0, 0, Real(0.f));
  weight = weight_in_metric(m, x, k, 0, 0, Real(0.f), weight);
  team.once([&] {
    const Real margin = m.jnt_margin[j];
    const Real r = max(m.jnt_range[2 * j], m.jnt_range[2 * j + 1]) - angle;
    const Mask<Real> active = r < margin;
    const RowParameters<Real> p =
        row_parameters(m, RowKind::stops, m.jnt_solref, m.jnt_solimp, j, abs(r - margin), weight);
    const Real speed = row_times(x, k, 0, s.qvel);
    x.row_aref[row] = fma(-p.B, speed, -(p.K * p.imp * (r - margin)));
    x.row_D[row] = select(active, Real(1.f) / p.R, Real(0.f));
    x.blk_single[k] = everywhere<Real>();
    x.blk_mu[k] = Real(1.f);
  });
}

// both sides of a scalar limit: lower r = q - lo (J = 1), upper r = hi - q (J = -1)
template <class Real>
FN void scalar_limit_rows(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int i) {
  const int j = m.limit_jnt[i], d = m.jnt_dofadr[j];
  const Real q = s.qpos[m.jnt_qposadr[j]], margin = m.jnt_margin[j];
  for (int side = 0; side < 2; ++side) {
    const Real r = side == 0 ? q - m.jnt_range[2 * j] : m.jnt_range[2 * j + 1] - q;
    const Mask<Real> active = r < margin;
    x.lim_D[2 * i + side] = Real(0.f);
    if (!any(active)) continue;
    const RowParameters<Real> p = row_parameters(m, RowKind::stops, m.jnt_solref, m.jnt_solimp, j,
                                                 abs(r - margin), dof_weight(m, x, d));
    const Real speed = side == 0 ? s.qvel[d] : -s.qvel[d];
    x.lim_aref[2 * i + side] = fma(-p.B, speed, -(p.K * p.imp * (r - margin)));
    x.lim_D[2 * i + side] = select(active, Real(1.f) / p.R, Real(0.f));
  }
}

// r = 0, aref = -B v, |f| <= frictionloss
template <class Real>
FN void friction_row(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int i) {
  const int d = m.friction_dof[i];
  const Real loss = m.dof_frictionloss[d];
  const RowParameters<Real> p = row_parameters(m, RowKind::rubs, m.dof_solref, m.dof_solimp, d,
                                               Real(0.f), dof_weight(m, x, d));
  x.fric_loss[i] = loss;
  x.fric_aref[i] = -(p.B * s.qvel[d]);
  x.fric_D[i] = select(loss > Real(0.f), Real(1.f) / p.R, Real(0.f));
}

// ---- contacts ----------------------------------------------------------------------------------

// what a world's pair says about its contact, gathered lane by lane
template <class Real> struct ContactParameters {
  Real margin, solref[2], solreffriction[2], friction[5], tran, rot;
  SolImp<Real> solimp;
  Int<Real> dim;
};

template <class Real>
FN ContactParameters<Real> contact_parameters(const ModelView<Real>& m, const Scratch<Real>& x,
                                              int slot) {
  ContactParameters<Real> c;
  for (int l = 0; l < kWidth<Real>; ++l) {
    const int found = get_int<Real>(x.con_pair[slot], l);
    const int p = found < 0 ? 0 : found;
    put(c.margin, l, m.pair_margin.lane(p, l));
    for (int i = 0; i < 2; ++i) put(c.solref[i], l, m.pair_solref.lane(2 * p + i, l));
    for (int i = 0; i < 2; ++i) put(c.solreffriction[i], l, m.pair_solreffriction.p[2 * p + i]);
    put(c.solimp.d0, l, m.pair_solimp.lane(5 * p, l));
    put(c.solimp.dmax, l, m.pair_solimp.lane(5 * p + 1, l));
    put(c.solimp.width, l, m.pair_solimp.lane(5 * p + 2, l));
    put(c.solimp.mid, l, m.pair_solimp.lane(5 * p + 3, l));
    put(c.solimp.power, l, m.pair_solimp.lane(5 * p + 4, l));
    put_int<Real>(c.dim, l, found < 0 ? 0 : m.pair_condim[p]);
    const int g1 = m.pair_geom1[p], g2 = m.pair_geom2[p];
    const int b1 = m.geom_bodyid[g1], b2 = m.geom_bodyid[g2];
    put(c.tran, l, m.body_invweight0.lane(2 * b1, l) + m.body_invweight0.lane(2 * b2, l));
    put(c.rot, l, m.body_invweight0.lane(2 * b1 + 1, l) + m.body_invweight0.lane(2 * b2 + 1, l));

    // slide, spin, roll of the geoms, as priority decides; slide and roll act in two directions
    const auto mix = static_cast<FrictionMix>(m.pair_mix[p]);
    for (int i = 0; i < 5; ++i) {
      const int kind = i < 2 ? 0 : i == 2 ? 1 : 2;
      Scalar<Real> f;
      if (mix == FrictionMix::own) {
        f = m.pair_friction.p[5 * p + i];
      } else {
        const Scalar<Real> f1 = m.geom_friction.lane(3 * g1 + kind, l),
                           f2 = m.geom_friction.lane(3 * g2 + kind, l);
        f = mix == FrictionMix::first ? f1 : mix == FrictionMix::second ? f2 : max(f1, f2);
      }
      put(c.friction[i], l, max(f, static_cast<Scalar<Real>>(1e-5)));
    }
  }
  return c;
}

// regularisation and reference of one contact. Elliptic: one D per row,
//   R_1 = R_0 / impratio,  R_{j+1} = R_1 friction_0^2 / friction_j^2
// Pyramid: row_D[j] is the D = 1 / (2 mu^2 R_0) of the two rows +-j, mu = friction_0 /
// sqrt(impratio). A contact with one row has it in row_D[0].
template <class Real>
FN void contact_rows(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int slot,
                     int k) {
  ContactParameters<Real> c = contact_parameters(m, x, slot);
  const int row = x.blk_row[k], dim = x.blk_dim[k];
  const Real zero = Real(0.f), one = Real(1.f), tiny = number<Real>(1e-15);
  const Real r = x.con_dist[slot] - c.margin;
  Mask<Real> reached = r < zero;
  if (m.on(kFlagSpeculative)) reached = reached | x.con_ahead[slot];
  Mask<Real> active = (c.dim > Int<Real>(0)) & reached;
  if (m.sticky) {
    // a contact that pulls across its gap has a normal row only
    const Mask<Real> apart = (c.dim > Int<Real>(0)) & !reached & (x.con_adhesion[slot] > zero);
    c.dim = select(apart, Int<Real>(1), c.dim);
    active = active | apart;
  }
  const Mask<Real> single = c.dim == Int<Real>(1);
  const bool elliptic = m.cone == Cone::elliptic;
  Real motion[kConeRows];
  if (m.rows_by_bodies) contact_motion(x, slot, x.cvel, motion);
  const auto speed = [&](int j) {
    return m.rows_by_bodies ? motion[j] : row_times(x, k, j, s.qvel);
  };
  for (int i = 0; i < 5; ++i) x.con_friction[5 * slot + i] = c.friction[i];

  // the first row
  const Real mu0 = c.friction[0];
  Real diagonal = elliptic ? c.tran : select(single, c.tran, fma(mu0 * mu0, c.tran, c.tran));
  if (m.on(kFlagDiagexact))
    diagonal = elliptic ? x.con_weight[2 * slot]
                        : select(single, x.con_weight[2 * slot], x.con_weight[2 * slot + 1]);
  if (m.discrete()) {
    // of the normal, or of the first edge of a pyramid
    const Real normal = weight_in_metric(m, x, k, 0, 0, zero, diagonal);
    diagonal = elliptic || dim == 1
                   ? normal
                   : select(single, normal, weight_in_metric(m, x, k, 0, 1, mu0, diagonal));
  }
  const RowParameters<Real> p =
      row_parameters(m, RowKind::stops, c.solref[0], c.solref[1], c.solimp, abs(r), diagonal);
  const Real R1 = p.R / max(Real(m.impratio), tiny);
  const Real mu = mu0 * sqrt(R1 / p.R);
  x.blk_mu[k] = mu;
  x.blk_single[k] = single;
  x.row_aref[row] = fma(-p.B, speed(0), -(p.K * p.imp * r));
  x.row_D[row] = select(active & (single | Mask<Real>(elliptic)), one / p.R, zero);

  // adhesion moves the cone; a pyramid shares it among its 2 (dim - 1) rows
  if (m.sticky) {
    const Real edges = Real(2.f) * (to_real<Real>(c.dim) - one);
    const Real share = Real(2.f) * mu * mu * p.R / select(single, one, edges);
    const Real R0 = elliptic ? p.R : select(single, p.R, share);
    x.row_aref[row] = fma(R0, x.con_adhesion[slot], x.row_aref[row]);
  }

  // damping of the other rows
  Real B = p.B, belt[3] = {zero, zero, zero};
  if (m.belts) surface_velocity(m, x, slot, belt);
  if (elliptic) {
    Real f0 = c.solreffriction[0], f1 = c.solreffriction[1];
    safe_reference(m, f0, f1, zero, zero);
    const Real other = row_damping(f0, f1, clamped(c.solimp).dmax);
    const Mask<Real> own = (f0 != zero) | (f1 != zero);
    if (m.discrete()) {
      // a row without a spring
      Real r0 = c.solref[0], r1 = c.solref[1];
      safe_reference(m, r0, r1, number<Real>(0.02), one);
      B = select(own, other, row_damping(r0, r1, clamped(c.solimp).dmax));
      B = B / fma(Real(m.timestep), B, one);
    } else {
      B = select(own, other, B);
    }
  }
  for (int j = 1; j < dim; ++j) {
    const Mask<Real> here = active & (c.dim > Int<Real>(j));
    Real R;
    if (elliptic)
      R = j == 1 ? R1 : max(R1 * mu0 * mu0 / (c.friction[j - 1] * c.friction[j - 1]), tiny);
    else
      R = Real(2.f) * mu * mu * p.R;
    Real slip = speed(j);
    if (m.belts && j < 4) slip = slip + belt[j - 1];
    x.row_aref[row + j] = -(B * slip);
    x.row_D[row + j] = select(here, one / R, zero);
  }
}

// the rows of tendons with their exact weights, which need the Jacobians first
template <class Team, class Real>
FN void exact_tendon_rows(Team team, const ModelView<Real>& m, Scratch<Real>& x,
                          bool with_friction) {
  const int first = m.neq + m.nballlimit;
  for (int i = 0; with_friction && i < m.nfriction_tendon; ++i) {
    const Real weight = exact_block_weight(team, m, x, first + i, 0, 0, Real(0.f));
    team.once([&] { tendon_friction_row(m, x, i, weight); });
  }
  for (int i = 0; i < 2 * m.ntendonlimit; ++i) {
    const int k = first + m.nfriction_tendon + i;
    if (x.blk_dim[k] == 0) continue;
    const Real weight = exact_block_weight(team, m, x, k, 0, 0, Real(0.f));
    team.once([&] { tendon_limit_row(m, x, i, weight); });
  }
}

// ---- all rows ----------------------------------------------------------------------------------

template <class Team, class Real>
STAGE void make_rows(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x) {
  const bool on = m.on(kFlagConstraint);

  // which dofs each block spans
  const bool with_equality = on && m.on(kFlagEquality), with_limit = on && m.on(kFlagLimit);
  const auto mask = [&](int body, int w) {
    return static_cast<unsigned>(m.body_dofmask[body * m.nword + w]);
  };
  const int friction = on && m.on(kFlagFrictionloss) ? m.nfriction : 0;
  team.once([&] {
    x.blk_count = x.row_count = x.lim_count = 0;
    x.contact_block = m.neq + m.nballlimit + tendon_blocks(m);
    x.fric_count = friction;
    for (int e = 0; e < m.neq; ++e) {
      const auto type = static_cast<EqualityType>(m.eq_type[e]);
      const bool used = with_equality && any(s.eq_active[e] > Real(0.5f));
      int o1 = m.eq_obj1id[e], o2 = m.eq_obj2id[e];
      if (type == EqualityType::joint || type == EqualityType::tendon) {
        open_block(m, x, used ? 1 : 0, [&](int w) {
          return coupling_mask(m, type, o1, w) | (o2 >= 0 ? coupling_mask(m, type, o2, w) : 0u);
        });
      } else {
        // bodies that are fixed to each other share their anchor: J would be rounding
        bool apart = true;
        if (static_cast<ObjectType>(m.eq_objtype[e]) == ObjectType::site) {
          o1 = m.site_bodyid[o1];
          o2 = m.site_bodyid[o2];
        } else {
          apart = m.body_weldid[o1] != m.body_weldid[o2];
        }
        open_block(m, x,
                   !used || !apart              ? 0
                   : type == EqualityType::weld ? 6
                                                : 3,
                   [&](int w) { return mask(o1, w) | mask(o2, w); });
      }
    }
    for (int i = 0; i < m.nballlimit; ++i) {
      const int d = m.jnt_dofadr[m.balllimit_jnt[i]];
      open_block(m, x, with_limit ? 1 : 0, [&](int w) {
        unsigned bit_set = 0;
        for (int c = d; c < d + 3; ++c)
          if (c / 32 == w) bit_set |= 1u << (c % 32);
        return bit_set;
      });
    }
    const bool with_friction = on && m.on(kFlagFrictionloss);
    for (int i = 0; i < m.nfriction_tendon; ++i) {
      const int t = m.friction_tendon[i];
      open_block(m, x, with_friction ? 1 : 0, [&](int w) { return tendon_mask(m, t, w); });
    }
    for (int i = 0; i < 2 * m.ntendonlimit; ++i) {
      const int t = m.limit_tendon[i / 2];
      const bool used = with_limit && any(tendon_limit_gap(m, x, t, i % 2) < m.tendon_margin[t]);
      open_block(m, x, used ? 1 : 0, [&](int w) { return tendon_mask(m, t, w); });
    }
    for (int k = 0; k < x.con_slots; ++k) {
      int dim = 0;
      for (int l = 0; l < kWidth<Real>; ++l) {
        const int p = get_int<Real>(x.con_pair[k], l);
        if (p >= 0) dim = max(dim, m.pair_condim[p]);
      }
      open_block(m, x, dim, [&](int w) {
        unsigned either = 0;
        if (by_bodies<Team>(m)) return either;
        for (int l = 0; l < kWidth<Real>; ++l) {
          const int p = get_int<Real>(x.con_pair[k], l);
          if (p >= 0)
            either |=
                mask(m.geom_bodyid[m.pair_geom1[p]], w) ^ mask(m.geom_bodyid[m.pair_geom2[p]], w);
        }
        return either;
      });
    }
  });

  // equality, ball limits, tendons
  if (kRare<Team> && on && m.on(kFlagDiagexact)) exact_dof_weights(team, m, x);
  for (int e = 0; e < m.neq; ++e)
    if (x.blk_dim[e] > 0) equality_rows(team, m, s, x, e);
  if (with_limit)
    for (int i = 0; i < m.nballlimit; ++i) ball_limit_row(team, m, s, x, i);
  const bool with_friction = on && m.on(kFlagFrictionloss);
  if (with_friction)
    team.each(m.nfriction_tendon, [&](int i) {
      tendon_friction_row(m, x, i, m.tendon_invweight0[m.friction_tendon[i]]);
    });
  team.each(2 * m.ntendonlimit,
            [&](int i) { tendon_limit_row(m, x, i, m.tendon_invweight0[m.limit_tendon[i / 2]]); });
  if (kRare<Team> && m.on(kFlagDiagexact)) exact_tendon_rows(team, m, x, with_friction);

  // dry friction, scalar limits; the list of limits holds what any world has reached
  team.each(friction, [&](int i) { friction_row(m, s, x, i); });
  if (with_limit) {
    team.each(m.nlimit, [&](int i) { scalar_limit_rows(m, s, x, i); });
    team.once([&] {
      int n = 0;
      for (int i = 0; i < 2 * m.nlimit; ++i)
        if (any(x.lim_D[i] > Real(0.f))) x.lim_list[n++] = i;
      x.lim_count = n;
    });
  }

  // contacts
  if (by_bodies<Team>(m)) {
    team.once([&] { list_touches(m, x); });
    team.each(x.con_slots, [&](int k) { find_contact_arms(m, x, k); });
  } else {
    team.each(x.con_slots, [&](int k) { contact_masks(m, x, k); });
    for (int k = 0; k < x.con_slots; ++k) contact_jacobian(team, m, x, k, x.contact_block + k);
  }
  if (kRare<Team> && m.on(kFlagDiagexact))
    for (int k = 0; k < x.con_slots; ++k) {
      // of the normal, and of the first row of a pyramid
      const int block = x.contact_block + k;
      Real mu = Real(0.f);
      if (x.blk_dim[block] > 1) mu = contact_parameters(m, x, k).friction[0];
      const Real normal = exact_block_weight(team, m, x, block, 0, 0, mu);
      Real edge = normal;
      if (x.blk_dim[block] > 1) edge = exact_block_weight(team, m, x, block, 0, 1, mu);
      team.once([&] {
        x.con_weight[2 * k] = normal;
        x.con_weight[2 * k + 1] = edge;
      });
    }
  team.each(x.con_slots, [&](int k) { contact_rows(m, s, x, k, x.contact_block + k); });

  // how many rows each world has, in MuJoCo's count
  team.once([&] {
    const Real zero = Real(0.f), one = Real(1.f);
    Real count = zero;
    for (int k = 0; k < x.blk_count; ++k) {
      const int row = x.blk_row[k], dim = x.blk_dim[k];
      const bool pyramid = k >= x.contact_block && m.cone == Cone::pyramidal;
      for (int j = 0; j < dim; ++j)
        count += select(x.row_D[row + j] > zero, pyramid && j > 0 ? Real(2.f) : one, zero);
    }
    for (int i = 0; i < x.fric_count; ++i) count += select(x.fric_D[i] > zero, one, zero);
    for (int i = 0; i < x.lim_count; ++i) count += select(x.lim_D[x.lim_list[i]] > zero, one, zero);
    x.nefc[0] = count;
  });
}

}  // namespace motorium
