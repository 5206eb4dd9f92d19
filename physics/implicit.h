// Implicit in velocity: the acceleration that moves the velocities.
//   Euler:         (M + h diag(damping)) x = f;  x = qacc where nothing is damped
//   implicitfast:  (M - h D) x = f,  D = d(actuator + passive)/d qvel, symmetric;
//                  a free body without jointed descendants adds its gyroscopic term, 6 x 6
//   implicit:      (M - h D) x = f,  D with d(-bias)/d qvel, unsymmetric
//   f = qfrc_smooth + qfrc_constraint;  entries outside the tree's pattern are dropped
// discrete has solved for the change of velocity already (metric.h).
#pragma once
#include "motorium/physics/actuation.h"
#include "motorium/physics/articulated.h"
#include "motorium/physics/damping.h"
#include "motorium/physics/factor.h"
#include "motorium/physics/factor_lu.h"
#include "motorium/physics/free_body.h"
#include "motorium/physics/rotor.h"
#include "motorium/physics/velocity_slope.h"

namespace motorium {

// is the velocity update other than qvel += h qacc? (uniform)
template <class Real> FN bool is_implicit(const ModelView<Real>& m) {
  const bool damped = m.on(kFlagDamper) && (m.dof_damped || m.rotor_damped);
  return m.integrator == Integrator::implicitfast || m.integrator == Integrator::implicit ||
         (m.integrator == Integrator::euler && damped && m.on(kFlagEulerdamp));
}

// A -= h D of the actuators:  D = moment' slope moment
template <class Team, class Real>
FN void subtract_actuator_slopes(Team team, const ModelView<Real>& m, const Scratch<Real>& x,
                                 const Real& h, Real* A) {
  team.each(m.nv, [&](int i) {
    for (int a = 0; a < m.nactuator; ++a) {
      if (!actuates(m, a, i)) continue;
      for (int o = m.actuator_outadr[a]; o < m.actuator_outadr[a] + m.actuator_outnum[a]; ++o) {
        const Real* moment = x.actuator_moment + o * m.nv;
        const Real c = -(h * x.actuator_slope[o] * moment[i]);
        if (only_dof(m, a) == i) {
          Real& diagonal = A[m.M_rowadr[i] + m.M_rownum[i] - 1];
          diagonal = fma(c, moment[i], diagonal);
          continue;
        }
        for (int p = 0; p < m.M_rownum[i]; ++p) {
          const int j = m.M_col[m.M_rowadr[i] + p];
          if (actuates(m, a, j)) A[m.M_rowadr[i] + p] = fma(c, moment[j], A[m.M_rowadr[i] + p]);
        }
      }
    }
  });
}

// M - h D: its lower triangle in qH and, for `implicit`, the upper one in qU. apart: without M
// where sweeps know it already, only -h D on the diagonal
template <class Team, class Real>
STAGE void implicit_matrix(Team team, const ModelView<Real>& m, const State<Real>& s,
                           Scratch<Real>& x, bool apart) {
  const Real h = Real(m.timestep);
  const bool damped = m.on(kFlagDamper) && m.dof_damped;
  const bool euler = m.integrator == Integrator::euler, full = m.integrator == Integrator::implicit;
  if (apart) {
    team.each(m.nv, [&](int i) {
      const int adr = m.M_rowadr[i], n = m.M_rownum[i];
      const bool lone = !euler && lone_free_body(m, m.dof_bodyid[i]);
      for (int k = lone ? 0 : n - 1; k < n; ++k) x.qH[adr + k] = lone ? x.qM[adr + k] : Real(0.f);
    });
  } else {
    team.each(m.nM, [&](int k) { x.qH[k] = x.qM[k]; });
  }
  if (damped)
    team.each(m.nv, [&](int i) {
      Real& diagonal = x.qH[m.M_rowadr[i] + m.M_rownum[i] - 1];
      diagonal = fma(h, damper_slope(m, s, i), diagonal);
    });
  if (m.on(kFlagDamper) && m.rotor_damped) add_rotor_slope(team, m, s, h, x.qH);
  if (euler) return;
  if (m.on(kFlagActuation)) subtract_actuator_slopes(team, m, x, h, x.qH);
  if (!kRare<Team>) return;  // neither tendons nor fluids
  add_tendon_damping(team, m, x, h, x.qH);

  // what acts on bodies
  const bool wet = has_drag(m);
  if (full) team.each(m.nM, [&](int k) { x.qU[k] = x.qH[k]; });
  if (!full && !wet) return;
  body_slopes(team, m, s, x, full, wet, !full);
  subtract_slopes(team, m, x, full, h, x.qH, full ? x.qU : nullptr);
}

// out <- the acceleration that moves the velocities
template <class Team, class Real>
STAGE void implicit_acceleration(Team team, const ModelView<Real>& m, const State<Real>& s,
                                 Scratch<Real>& x, Real* out) {
  if (!is_implicit(m)) {
    team.each(m.nv, [&](int i) { out[i] = x.qacc[i]; });
    return;
  }
  implicit_matrix(team, m, s, x, m.articulated_step);
  team.each(m.nv, [&](int i) { out[i] = x.qfrc_smooth[i] + x.qfrc_constraint[i]; });
  if (kRare<Team> && m.integrator == Integrator::implicit) {
    factor_lu(team, m, x.qH, x.qU);
    solve_lu(team, m, x.qH, x.qU, out);
    return;
  }

  // free bodies apart, before the factorisation overwrites their blocks
  const bool fast = m.integrator == Integrator::implicitfast;
  if (fast)
    team.each(m.nbody, [&](int b) {
      if (!lone_free_body(m, b)) return;
      const int d = m.body_dofadr[b];
      Real A[6][6], y[6];
      free_body_block(m, s, x, b, m.inertia, x.qH, Real(m.timestep), has_drag(m), A);
      for (int i = 0; i < 6; ++i) y[i] = out[d + i];
      solve6(A, y);
      for (int i = 0; i < 6; ++i) x.vec_b[d + i] = y[i];
    });
  if (kRare<Team> && m.articulated_step) {
    team.each(m.nv, [&](int i) {
      x.axis_added[i] = x.axis_inertia[i] + x.qH[m.M_rowadr[i] + m.M_rownum[i] - 1];
    });
    articulate(team, m, x, x.axis_added);
    sweep(team, m, x, out);
  } else {
    factor_tree(team, m.nv, m.inertia, x.qH);
    solve_tree(team, m.nv, m.inertia, x.qH, out);
  }
  if (fast)
    team.each(m.nbody, [&](int b) {
      if (!lone_free_body(m, b)) return;
      for (int i = m.body_dofadr[b]; i < m.body_dofadr[b] + 6; ++i) out[i] = x.vec_b[i];
    });
}

}  // namespace motorium
