// Joint springs and dampers:  f = -k (q - q_spring) - b v.
#pragma once
#include "motorium/core/quat.h"
#include "motorium/physics/rotor.h"

namespace motorium {

template <class Team, class Real>
STAGE void passive(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x) {
  const bool damped = m.on(kFlagDamper), sprung = m.on(kFlagSpring);
  team.each(m.nv, [&](int i) {
    x.qfrc_passive[i] = damped ? -(m.dof_damping[i] * s.qvel[i]) : Real(0.f);
  });
  if (damped && m.rotor_damped) add_rotor_damping(team, m, s, x);
  if (!sprung) return;
  team.each(m.njnt, [&](int j) {
    // a model constant: uniform
    if (m.jnt_stiffness.p[j] == 0) return;
    const Real k = m.jnt_stiffness[j];
    int a = m.jnt_qposadr[j], d = m.jnt_dofadr[j];
    switch (m.joint(j)) {
      case JointType::slide:
      case JointType::hinge:
        x.qfrc_passive[d] -= k * (s.qpos[a] - m.qpos_spring[a]);
        break;
      case JointType::free:
        for (int c = 0; c < 3; ++c)
          x.qfrc_passive[d + c] -= k * (s.qpos[a + c] - m.qpos_spring[a + c]);
        a += 3;
        d += 3;
        [[fallthrough]];
      case JointType::ball: {
        const Quat<Real> rest = {m.qpos_spring[a], m.qpos_spring[a + 1], m.qpos_spring[a + 2],
                                 m.qpos_spring[a + 3]};
        const Vec3<Real> r = rotation_vector(conjugate(rest) * normalize(quat(s.qpos + a)));
        for (int c = 0; c < 3; ++c) x.qfrc_passive[d + c] -= k * r[c];
        break;
      }
    }
  });
}

}  // namespace motorium
