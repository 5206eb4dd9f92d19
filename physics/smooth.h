// Smooth acceleration: what the world would do without constraints.
//   qfrc_smooth = passive - bias + applied + actuator + J' xfrc,   M a_s = qfrc_smooth
// or, for the integrator discrete, in its metric (metric.h).
#pragma once
#include "motorium/physics/metric.h"

namespace motorium {

template <class Team, class Real>
STAGE void smooth_acceleration(Team team, const ModelView<Real>& m, const State<Real>& s,
                               Scratch<Real>& x) {
  team.each(m.nv, [&](int i) {
    Real f = x.qfrc_passive[i] - x.qfrc_bias[i];
    if (s.has_qfrc) f += s.qfrc_applied[i];
    f += x.qfrc_actuator[i];

    // forces on centres of mass of the bodies that this dof moves
    if (s.has_xfrc)
      for (int b = 1; b < m.nbody; ++b)
        if (moves(m, i, b)) {
          const Real* w = s.xfrc_applied + 6 * b;
          const Vec3<Real> column = point_column(m, x, i, vec3(x.xipos + 3 * b));
          f += dot(column, vec3(w)) + dot(vec3(x.cdof + 6 * i), vec3(w + 3));
        }
    x.qfrc_smooth[i] = f;
    x.qacc_smooth[i] = f;
  });
  if (!kRare<Team> || !m.articulated || m.want_factor) {
    team.each(m.nM, [&](int k) { x.qLD[k] = x.qM[k]; });
    factor_tree(team, m.nv, m.inertia, x.qLD);
  }
  if (kRare<Team> && m.articulated) axis_inertias(team, m, x);
  if (kRare<Team> && m.discrete()) {
    effective_metric(team, m, s, x);
  } else if (kRare<Team> && m.articulated) {
    articulate(team, m, x, x.axis_inertia);
  }
  solve_metric(team, m, x, x.qacc_smooth);
}

}  // namespace motorium
