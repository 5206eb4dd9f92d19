// Passive forces: springs and dampers of joints, gravity compensation, fluids, adhesion.
//   spring  f = -x (k + p1 |x| + p2 x^2),  x the way from the rest position, a rotation vector
//   where joints turn in three directions; |x| is x itself, with its sign, for hinges and slides
#pragma once
#include "motorium/core/quat.h"
#include "motorium/physics/adhesion.h"
#include "motorium/physics/damping.h"
#include "motorium/physics/fluid.h"
#include "motorium/physics/gravcomp.h"
#include "motorium/physics/rotor.h"

namespace motorium {

// stiffness of joint j at the deflection x
template <class Real> FN Real spring_stiffness(const ModelView<Real>& m, int j, const Real& x) {
  const Real k = m.jnt_stiffness[j];
  // model constants: uniform
  if (m.jnt_stiffnesspoly.p[2 * j] == 0 && m.jnt_stiffnesspoly.p[2 * j + 1] == 0) return k;
  return fma(fma(m.jnt_stiffnesspoly[2 * j + 1], x, m.jnt_stiffnesspoly[2 * j]), x, k);
}
template <class Real>
FN Real spring_stiffness(const ModelView<Real>& m, int j, const Vec3<Real>& x) {
  return spring_stiffness(m, j, norm(x));
}

// rotation vector from the rest orientation at qpos address a
template <class Real>
FN Vec3<Real> spring_turn(const ModelView<Real>& m, const State<Real>& s, int a) {
  const Quat<Real> rest = m.qpos_spring.four(a);
  return rotation_vector(conjugate(rest) * normalize(quat(s.qpos + a)));
}
// way from the rest position at qpos address a
template <class Real>
FN Vec3<Real> spring_way(const ModelView<Real>& m, const State<Real>& s, int a) {
  return vec3(s.qpos + a) - m.qpos_spring.three(a);
}
// does joint j have a spring, in any world? (uniform)
template <class Real> FN bool sprung(const ModelView<Real>& m, int j) {
  return m.jnt_stiffness.own || m.jnt_stiffness.shared[j] != 0 ||
         m.jnt_stiffnesspoly.p[2 * j] != 0 || m.jnt_stiffnesspoly.p[2 * j + 1] != 0;
}

template <class Real>
FN void joint_spring(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int j) {
  if (!sprung(m, j)) return;
  int a = m.jnt_qposadr[j], d = m.jnt_dofadr[j];
  switch (m.joint(j)) {
    case JointType::slide:
    case JointType::hinge: {
      const Real r = s.qpos[a] - m.qpos_spring[a];
      x.qfrc_passive[d] -= spring_stiffness(m, j, r) * r;
      break;
    }
    case JointType::free: {
      const Vec3<Real> r = spring_way(m, s, a);
      const Real k = spring_stiffness(m, j, r);
      for (int c = 0; c < 3; ++c) x.qfrc_passive[d + c] -= k * r[c];
      a += 3;
      d += 3;
      [[fallthrough]];
    }
    case JointType::ball: {
      const Vec3<Real> r = spring_turn(m, s, a);
      const Real k = spring_stiffness(m, j, r);
      for (int c = 0; c < 3; ++c) x.qfrc_passive[d + c] -= k * r[c];
      break;
    }
  }
}

template <class Team, class Real>
STAGE void passive(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x) {
  const bool damped = m.on(kFlagDamper), with_springs = m.on(kFlagSpring);
  team.each(m.nv, [&](int i) {
    x.qfrc_passive[i] = damped ? damper_force(m, s, i) : Real(0.f);
    x.qfrc_gravcomp[i] = x.qfrc_fluid[i] = x.qfrc_adhesion[i] = Real(0.f);
  });
  if (damped && m.rotor_damped) add_rotor_damping(team, m, s, x);
  if (kRare<Team> && m.sticky) contact_adhesion(team, m, x);
  // both flags off: no passive forces of any kind
  if (!damped && !with_springs) return;
  if (with_springs) team.each(m.njnt, [&](int j) { joint_spring(m, s, x, j); });
  if (kRare<Team> && m.ngravcomp > 0) gravity_compensation(team, m, x);
  if (kRare<Team> && m.in_fluid) fluid(team, m, x);
  if (kRare<Team> && m.sticky) adhesion(team, m, x);
}

}  // namespace motorium
