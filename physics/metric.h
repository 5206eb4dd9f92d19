// The metric of the integrator discrete, which the solver and the step share:
//   (M + h D + h^2 K) a = f - h K v + J' f_c,   qvel += h a,   D = -df/dv,  K = -df/dq
// of springs and dampers of joints and tendons, of actuators, and of the drag of a fluid. A part
// that would not resist counts as zero. Unlike M, the metric couples all dofs of a tendon or an
// actuator: its pattern is wider (ModelBlob::widen_metric).
#pragma once
#include "motorium/physics/articulated.h"
#include "motorium/physics/factor.h"
#include "motorium/physics/free_body.h"
#include "motorium/physics/passive.h"
#include "motorium/physics/tendon.h"
#include "motorium/physics/transmission.h"

namespace motorium {

// ---- joints ---------------------------------------------------------------------------------

// -df/dx = k + 2 p1 |x| + 3 p2 x^2 of a spring; |x| as in passive.h
template <class Real> FN Real spring_slope(const ModelView<Real>& m, int j, const Real& x) {
  const Real p1 = Real(2.f) * m.jnt_stiffnesspoly[2 * j],
             p2 = Real(3.f) * m.jnt_stiffnesspoly[2 * j + 1];
  return max(fma(fma(p2, x, p1), x, m.jnt_stiffness[j]), Real(0.f));
}

// K <- stiffness of joint j at its dofs
template <class Real>
FN void joint_stiffness(const ModelView<Real>& m, const State<Real>& s, int j, Real* K) {
  int a = m.jnt_qposadr[j], d = m.jnt_dofadr[j];
  const bool springs = m.on(kFlagSpring) && sprung(m, j);
  const auto three = [&](const Vec3<Real>& x) {
    const Real k = springs ? spring_slope(m, j, norm(x)) : Real(0.f);
    for (int c = 0; c < 3; ++c) K[d + c] = k;
  };
  switch (m.joint(j)) {
    case JointType::slide:
    case JointType::hinge:
      K[d] = springs ? spring_slope(m, j, s.qpos[a] - m.qpos_spring[a]) : Real(0.f);
      break;
    case JointType::free:
      three(spring_way(m, s, a));
      a += 3;
      d += 3;
      [[fallthrough]];
    case JointType::ball:
      three(spring_turn(m, s, a));
      break;
  }
}

// D <- damping of all dofs, rotors included
template <class Team, class Real>
FN void dof_dampings(Team team, const ModelView<Real>& m, const State<Real>& s, Real* D) {
  const bool damped = m.on(kFlagDamper);
  team.each(m.nv, [&](int i) { D[i] = damped ? damper_slope(m, s, i) : Real(0.f); });
  if (damped && m.rotor_damped)
    team.once([&] {
      each_rotor(m, [&](int a, int i) {
        D[i] = fma(squared_gear(m, a), rotor_damping_slope(m, s, a, i), D[i]);
      });
    });
}

// ---- tendons and actuators ------------------------------------------------------------------

// of a tendon: how stiff it is, and what it adds to the metric, h b + h^2 k times J' J
template <class Real> FN void tendon_metric(const ModelView<Real>& m, Scratch<Real>& x, int t) {
  const Real h = Real(m.timestep), zero = Real(0.f);
  const Real k = m.on(kFlagSpring) ? max(tendon_stiffness_slope(m, x, t), zero) : zero;
  const Real b = m.on(kFlagDamper) ? max(tendon_damping_slope(m, x, t), zero) : zero;
  x.ten_stiffness[t] = k;
  x.ten_metric[t] = h * fma(h, k, b);
}

// of a force of an actuator likewise
template <class Real>
FN Real actuator_metric(const ModelView<Real>& m, const Scratch<Real>& x, int out) {
  const Real h = Real(m.timestep), zero = Real(0.f);
  const Real k = max(x.actuator_stiffness[out], zero), b = max(-x.actuator_slope[out], zero);
  return h * fma(h, k, b);
}

// can the force depend on length or velocity? (uniform)
template <class Real> FN bool is_elastic(const ModelView<Real>& m, int a) {
  return m.on(kFlagActuation) &&
         (static_cast<GainType>(m.actuator_gaintype[a]) != GainType::fixed ||
          static_cast<BiasType>(m.actuator_biastype[a]) != BiasType::none);
}

// visit(actuator, force) of the elastic ones that touch a dof
template <class Real, class Visit>
FN void each_elastic_force(const ModelView<Real>& m, int dof, Visit visit) {
  for (int a = 0; a < m.nactuator; ++a) {
    if (!is_elastic(m, a) || !actuates(m, a, dof)) continue;
    for (int k = 0; k < m.actuator_outnum[a]; ++k) visit(a, m.actuator_outadr[a] + k);
  }
}

// row i of the metric += what tendons and actuators add, the force -= h K v of them
template <class Real> FN void couple_row(const ModelView<Real>& m, Scratch<Real>& x, int i) {
  const Real h = Real(m.timestep);
  Real* row = x.metric + m.metric.rowadr[i];
  for (int q = 0; q < m.nelastic_tendon; ++q) {
    const int t = m.elastic_tendon[q], adr = m.ten_J_rowadr[t];
    if (!stretches(m, t, i)) continue;
    const Real J = tendon_column(m, x, t, i), c = x.ten_metric[t] * J;
    for (int k = 0; k < m.ten_J_rownnz[t] && m.ten_J_colind[adr + k] <= i; ++k) {
      Real& entry = row[m.metric.rownum[m.ten_J_colind[adr + k]] - 1];
      entry = fma(c, x.ten_J[adr + k], entry);
    }
    x.metric_force[i] = fma(-(h * x.ten_stiffness[t] * x.ten_velocity[t]), J, x.metric_force[i]);
  }
  each_elastic_force(m, i, [&](int a, int out) {
    const Real* moment = x.actuator_moment + out * m.nv;
    const Real c = actuator_metric(m, x, out) * moment[i];
    for (int p = 0; p < m.metric.rownum[i]; ++p) {
      const int j = m.metric.col[m.metric.rowadr[i] + p];
      if (actuates(m, a, j)) row[p] = fma(c, moment[j], row[p]);
    }
    const Real k = max(x.actuator_stiffness[out], Real(0.f));
    x.metric_force[i] = fma(-(h * k * x.actuator_velocity[out]), moment[i], x.metric_force[i]);
  });
}

// ---- the metric -----------------------------------------------------------------------------

// metric, its factor, metric_force, and qacc_smooth <- metric_force; in qH what fits the pattern of
// M: of tendons and actuators only the diagonal
template <class Team, class Real>
STAGE void effective_metric(Team team, const ModelView<Real>& m, const State<Real>& s,
                            Scratch<Real>& x) {
  const Real h = Real(m.timestep);
  Real *K = x.vec_a, *D = x.vec_b;
  team.each(m.njnt, [&](int j) { joint_stiffness(m, s, j, K); });
  dof_dampings(team, m, s, D);
  team.each(m.nM, [&](int k) { x.qH[k] = x.qM[k]; });
  team.each(m.nv, [&](int i) {
    Real& diagonal = x.qH[m.M_rowadr[i] + m.M_rownum[i] - 1];
    x.inv_M[i] = Real(1.f) / diagonal;
    diagonal = fma(h, fma(h, K[i], max(D[i], Real(0.f))), diagonal);
    x.metric_force[i] = fma(-(h * K[i]), s.qvel[i], x.qfrc_smooth[i]);
  });
  if (has_drag(m)) {
    body_slopes(team, m, s, x, false, true, true);
    Real* none = nullptr;
    subtract_slopes(team, m, x, false, h, x.qH, none);
    team.each(m.nsingle_dof, [&](int q) {
      const int i = m.single_dof[q], adr = m.M_rowadr[i];
      for (int k = adr; k < adr + m.M_rownum[i] - 1; ++k) x.qH[k] = x.qM[k];
    });
  }

  // into the wider pattern, with the couplings
  team.each(m.nelastic_tendon, [&](int q) { tendon_metric(m, x, m.elastic_tendon[q]); });
  team.each(m.nv, [&](int i) {
    const int adr = m.M_rowadr[i], n = m.M_rownum[i], at = m.metric.rowadr[i];
    const int last = m.metric.rownum[i] - 1;
    for (int p = 0; p <= last; ++p) x.metric[at + p] = Real(0.f);
    for (int p = 0; p < n; ++p)
      x.metric[at + m.metric.rownum[m.M_col[adr + p]] - 1] = x.qH[adr + p];
    couple_row(m, x, i);
    x.qH[adr + n - 1] = x.metric[at + last];
    x.inv_metric[i] = Real(1.f) / x.metric[at + last];
    x.qacc_smooth[i] = x.metric_force[i];
  });
  if (m.articulated) {
    team.each(m.nv, [&](int i) {
      Real sum = fma(h, fma(h, K[i], max(D[i], Real(0.f))), x.axis_inertia[i]);
      each_elastic_force(m, i, [&](int, int out) {
        const Real moment = x.actuator_moment[out * m.nv + i];
        sum = fma(actuator_metric(m, x, out) * moment, moment, sum);
      });
      x.axis_added[i] = sum;
    });
    articulate(team, m, x, x.axis_added);
    return;
  }
  team.each(m.metric.entries, [&](int k) { x.metric_factor[k] = x.metric[k]; });
  factor_tree(team, m.nv, m.metric, x.metric_factor);
  if (m.on(kFlagDiagexact)) factor_tree(team, m.nv, m.inertia, x.qH);
}

// ---- couplings of trees ---------------------------------------------------------------------

// has the tendon a spring or damper in lane l, at rest or not?
template <class Real> FN bool pulls_in_lane(const ModelView<Real>& m, int t, int l) {
  const auto curved = [&](const Shared<Real>& p) { return p.p[2 * t] != 0 || p.p[2 * t + 1] != 0; };
  if (m.on(kFlagSpring) && (m.tendon_stiffness.lane(t, l) != 0 || curved(m.tendon_stiffnesspoly)))
    return true;
  if (!m.on(kFlagDamper)) return false;
  if (m.tendon_damping.lane(t, l) != 0 || curved(m.tendon_dampingpoly)) return true;
  for (int a = 0; m.tendon_rotors && a < m.nactuator; ++a)
    if (transmission_type(m, a) == TransmissionType::tendon && m.actuator_trnid[2 * a] == t &&
        (m.actuator_damping.p[a] != 0 || m.actuator_dampingpoly.p[2 * a] != 0 ||
         m.actuator_dampingpoly.p[2 * a + 1] != 0))
      return true;
  return false;
}

// join(tree, tree) of the trees that tendons and actuators of lane l couple, whatever they do now
template <class Real, class Join>
FN void each_coupled_trees(const ModelView<Real>& m, int l, Join join) {
  for (int q = 0; q < m.nelastic_tendon; ++q) {
    const int t = m.elastic_tendon[q], adr = m.ten_J_rowadr[t];
    if (!pulls_in_lane(m, t, l)) continue;
    for (int k = 1; k < m.ten_J_rownnz[t]; ++k) {
      const int first = m.dof_treeid[m.ten_J_colind[adr]],
                tree = m.dof_treeid[m.ten_J_colind[adr + k]];
      if (tree != first) join(first, tree);
    }
  }
  for (int a = 0; a < m.nactuator; ++a) {
    if (!is_elastic(m, a)) continue;
    int first = -1;
    each_actuated_dof(m, a, [&](int i) {
      const int tree = m.dof_treeid[i];
      if (first < 0) first = tree;
      if (tree != first) join(first, tree);
    });
  }
}

// ---- rows -----------------------------------------------------------------------------------

// the inverse inertia of a row of block k in the metric: that of M times
//   sum of J_i^2 / metric_ii  over  sum of J_i^2 / M_ii,   J = row1 (+ b row2)
// diagexact has it from the metric itself
template <class Real>
FN Real weight_in_metric(const ModelView<Real>& m, const Scratch<Real>& x, int k, int row1,
                         int row2, const Real& b, const Real& weight) {
  if (!m.discrete() || m.on(kFlagDiagexact)) return weight;
  const int n = x.blk_num[k];
  const int* col = x.blk_col + x.blk_adr[k];
  const Real *one = x.blk_J[k] + row1 * n, *two = x.blk_J[k] + row2 * n, zero = Real(0.f);
  Real light = zero, heavy = zero;
  for (int c = 0; c < n; ++c) {
    const Real J = row1 == row2 ? one[c] : fma(b, two[c], one[c]), J2 = J * J;
    light = fma(J2, x.inv_metric[col[c]], light);
    heavy = fma(J2, x.inv_M[col[c]], heavy);
  }
  const Mask<Real> moves = heavy > zero;
  return weight * select(moves, light / select(moves, heavy, Real(1.f)), Real(1.f));
}

// ---- free bodies ----------------------------------------------------------------------------

// 1 in worlds where a row, a tendon or an actuator pulls at the body whose first dof is d
template <class Real> FN Real is_held(const ModelView<Real>& m, const Scratch<Real>& x, int d) {
  const Real zero = Real(0.f), one = Real(1.f);
  Real held = zero;
  const auto mine = [&](int dof) { return dof >= d && dof < d + 6; };
  for (int q = 0; q < m.nelastic_tendon; ++q) {
    const int t = m.elastic_tendon[q];
    for (int k = 0; k < m.ten_J_rownnz[t]; ++k)
      if (mine(m.ten_J_colind[m.ten_J_rowadr[t] + k]))
        held = select(x.ten_metric[t] > zero, one, held);
  }
  for (int i = d; i < d + 6; ++i)
    each_elastic_force(m, i, [&](int, int out) {
      const Mask<Real> pulls =
          (actuator_metric(m, x, out) > zero) & (x.actuator_moment[out * m.nv + i] != zero);
      held = select(pulls, one, held);
    });
  for (int i = 0; i < x.fric_count; ++i)
    if (mine(m.friction_dof[i])) held = select(x.fric_D[i] > zero, one, held);
  for (int k = 0; k < x.blk_count; ++k)
    for (int c = 0; c < x.blk_num[k]; ++c) {
      const int dof = x.blk_col[x.blk_adr[k] + c];
      if (!mine(dof)) continue;
      for (int l = 0; l < kWidth<Real>; ++l) {
        // a contact's columns are those of all worlds of the pack
        if (k >= x.contact_block) {
          const Int<Real>* masks = x.con_mask + 2 * m.nword * (k - x.contact_block);
          const int both =
              get_int<Real>(masks[dof / 32], l) ^ get_int<Real>(masks[m.nword + dof / 32], l);
          if (!(both >> (dof % 32) & 1)) continue;
        }
        for (int j = 0; j < x.blk_dim[k]; ++j)
          if (get(x.row_D[x.blk_row[k] + j], l) > 0) put(held, l, Scalar<Real>(1));
      }
    }
  return held;
}

// after the solve: free bodies that nothing holds turn implicitly,
//   (metric + h d(bias)/d(qvel)) a = f - h K v
template <class Team, class Real>
STAGE void turn_free_bodies(Team team, const ModelView<Real>& m, const State<Real>& s,
                            Scratch<Real>& x) {
  team.each(m.nbody, [&](int b) {
    if (!lone_free_body(m, b)) return;
    const int d = m.body_dofadr[b];
    const Mask<Real> alone = is_held(m, x, d) == Real(0.f);
    if (!any(alone)) return;
    Real A[6][6], y[6];
    free_body_block(m, s, x, b, m.metric, x.metric, Real(m.timestep), false, A);
    for (int i = 0; i < 6; ++i) y[i] = x.metric_force[d + i];
    solve6(A, y);
    for (int i = 0; i < 6; ++i) x.qacc[d + i] = select(alone, y[i], x.qacc[d + i]);
  });
}

// for inverse dynamics: out, the metric times a, becomes what a step by h a takes beside the smooth
// force, h K v and gyroscopic terms included
template <class Team, class Real>
STAGE void add_step_forces(Team team, const ModelView<Real>& m, const State<Real>& s,
                           const Scratch<Real>& x, const Real* a, Real* out) {
  team.each(m.nbody, [&](int b) {
    if (!lone_free_body(m, b)) return;
    const int d = m.body_dofadr[b];
    const Mask<Real> alone = is_held(m, x, d) == Real(0.f);
    Real A[6][6];
    free_body_block(m, s, x, b, m.metric, x.metric, Real(m.timestep), false, A);
    for (int i = 0; i < 6; ++i) {
      Real sum = Real(0.f);
      for (int j = 0; j < 6; ++j) sum = fma(A[i][j], a[d + j], sum);
      out[d + i] = select(alone, sum, out[d + i]);
    }
  });
  team.each(m.nv, [&](int i) { out[i] += x.qfrc_smooth[i] - x.metric_force[i]; });
}

}  // namespace motorium
