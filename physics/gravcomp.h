// Gravity compensation: part of a body's weight, carried at its centre of mass.
//   f = J_p' (-c m g)
#pragma once
#include "motorium/physics/jacobian.h"

namespace motorium {

// joint forces that carry the weights, in qfrc_gravcomp; those of joints that do not count them as
// actuation are passive
template <class Team, class Real>
STAGE void gravity_compensation(Team team, const ModelView<Real>& m, Scratch<Real>& x) {
  if (!m.on(kFlagGravity)) return;
  const Vec3<Real> up = -vec3(m.gravity[0], m.gravity[1], m.gravity[2]);
  team.each(m.nv, [&](int i) {
    Real sum = Real(0.f);
    for (int b = m.dof_bodyid[i]; b < m.nbody; ++b) {
      if (m.body_gravcomp.p[b] == 0 || !moves(m, i, b)) continue;
      const Real weight = m.body_mass[b] * m.body_gravcomp[b];
      sum = fma(weight, dot(point_column(m, x, i, vec3(x.xipos + 3 * b)), up), sum);
    }
    x.qfrc_gravcomp[i] = sum;
    if (!m.jnt_actgravcomp[m.dof_jntid[i]]) x.qfrc_passive[i] += sum;
  });
}

}  // namespace motorium
