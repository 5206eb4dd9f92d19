// Inverse dynamics: the joint forces that give an acceleration.
//   qfrc_inverse = M qacc + bias - passive - J' f(J qacc - aref)
// With the integrator discrete, qacc is its step in its metric: M becomes the metric (metric.h),
// and h K v is added. With the flag invdiscrete, qacc is the change of velocity of one step by its
// length: it is turned into the acceleration that the integrator would have started from.
#pragma once
#include "motorium/physics/step.h"

namespace motorium {

// x.qacc <- M^-1 (M - h D) qacc
template <class Team, class Real>
FN void continuous_acceleration(Team team, const ModelView<Real>& m, const State<Real>& s,
                                Scratch<Real>& x) {
  if (!is_implicit(m)) return;
  Real* f = x.vec_a;
  if (!m.full_inertia) fill_inertia(team, m, x);
  implicit_matrix(team, m, s, x, false);
  if (m.integrator == Integrator::implicit) {
    multiply_lu(team, m, x.qH, x.qU, x.qacc, f);
  } else {
    multiply_tree(team, m.nv, m.inertia, x.qH, x.qacc, f);
  }
  if (m.integrator == Integrator::implicitfast)
    team.each(m.nbody, [&](int b) {
      if (!lone_free_body(m, b)) return;
      const int d = m.body_dofadr[b];
      Real A[6][6];
      free_body_block(m, s, x, b, m.inertia, x.qH, Real(m.timestep), has_drag(m), A);
      for (int i = 0; i < 6; ++i) {
        Real sum = Real(0.f);
        for (int j = 0; j < 6; ++j) sum = fma(A[i][j], x.qacc[d + j], sum);
        f[d + i] = sum;
      }
    });
  solve_metric(team, m, x, f);
  team.each(m.nv, [&](int i) { x.qacc[i] = f[i]; });
}

// forces of the rows at x.qacc, in qfrc_constraint
template <class Team, class Real>
FN void inverse_constraint(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  const Real zero = Real(0.f);
  team.once([&] { x.has_rows[0] = x.nefc[0] > zero; });
  team.each(m.nv, [&](int i) { x.qfrc_constraint[i] = zero; });
  if (!any(x.has_rows[0])) return;
  rows_times(team, m, x, x.qacc, true, x.row_r, x.fric_r, x.lim_r);
  update_forces(team, m, x);
  add_constraint_forces(team, m, x, Real(1.f), x.qfrc_constraint);
}

// x.qacc is given; the forces are left in vec_b
template <class Team, class Real>
STAGE void inverse_dynamics(Team team, const ModelView<Real>& m, State<Real>& s, Scratch<Real>& x) {
  forward_rows(team, m, s, x);
  if (m.on(kFlagInvdiscrete) && !m.discrete()) continuous_acceleration(team, m, s, x);
  inverse_constraint(team, m, x);
  if (by_bodies<Team>(m)) move_bodies(team, m, x, x.qacc);
  multiply_metric(team, m, x, x.qacc, x.vec_a);
  if (m.discrete()) add_step_forces(team, m, s, x, x.qacc, x.vec_a);
  team.each(m.nv, [&](int i) {
    x.vec_b[i] = x.qfrc_bias[i] + x.vec_a[i] - x.qfrc_passive[i] - x.qfrc_constraint[i];
  });
}

}  // namespace motorium
