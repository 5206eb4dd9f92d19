// Energies of a state.
//   potential:  - sum m g' xipos + sum x^2 (k / 2 + p1 x / 3 + p2 x^2 / 4) over springs
//   kinetic:    1/2 v' M v
// Gravity compensation and actuators do not count.
#pragma once
#include "motorium/physics/passive.h"
#include "motorium/physics/tendon.h"

namespace motorium {

// energy of joint j's spring at the deflection r
template <class Real> FN Real spring_energy(const ModelView<Real>& m, int j, const Real& r) {
  const Real half_k = Real(0.5f) * m.jnt_stiffness[j],
             p1 = number<Real>(1.0 / 3) * m.jnt_stiffnesspoly[2 * j],
             p2 = Real(0.25f) * m.jnt_stiffnesspoly[2 * j + 1];
  return fma(fma(p2, r, p1), r, half_k) * r * r;
}

template <class Real>
FN Real joint_spring_energy(const ModelView<Real>& m, const State<Real>& s, int j) {
  if (!sprung(m, j)) return Real(0.f);
  const int a = m.jnt_qposadr[j];
  switch (m.joint(j)) {
    case JointType::slide:
    case JointType::hinge:
      return spring_energy(m, j, s.qpos[a] - m.qpos_spring[a]);
    case JointType::free:
      return spring_energy(m, j, norm(spring_way(m, s, a))) +
             spring_energy(m, j, norm(spring_turn(m, s, a + 3)));
    case JointType::ball:
      return spring_energy(m, j, norm(spring_turn(m, s, a)));
  }
  return Real(0.f);
}

// needs kinematics   [J]
template <class Real>
FN Real potential_energy(const ModelView<Real>& m, const State<Real>& s, const Scratch<Real>& x) {
  Real sum = Real(0.f);
  if (m.on(kFlagGravity))
    for (int b = 1; b < m.nbody; ++b) {
      const Vec3<Real> g = {m.gravity[0], m.gravity[1], m.gravity[2]};
      sum = fma(-m.body_mass[b], dot(g, vec3(x.xipos + 3 * b)), sum);
    }
  if (!m.on(kFlagSpring)) return sum;
  for (int j = 0; j < m.njnt; ++j) sum = sum + joint_spring_energy(m, s, j);
  for (int t = 0; t < m.ntendon; ++t) {
    const Real d = tendon_stretch(m, x, t);
    const Real p1 = m.tendon_stiffnesspoly[2 * t], p2 = m.tendon_stiffnesspoly[2 * t + 1];
    const Real k = fma(d, fma(d, Real(0.25f) * p2, number<Real>(1.0 / 3) * p1),
                       Real(0.5f) * m.tendon_stiffness[t]);
    sum = fma(d * d, k, sum);
  }
  return sum;
}

// needs the mass matrix   [J]
template <class Real>
FN Real kinetic_energy(const ModelView<Real>& m, const State<Real>& s, const Scratch<Real>& x) {
  Real sum = Real(0.f);
  for (int i = 0; i < m.nv; ++i) {
    const int first = m.M_rowadr[i], last = first + m.M_rownum[i] - 1;
    Real row = Real(0.5f) * x.qM[last] * s.qvel[i];
    for (int k = first; k < last; ++k) row = fma(x.qM[k], s.qvel[m.M_col[k]], row);
    sum = fma(row, s.qvel[i], sum);
  }
  return sum;
}

// both, in `energy`
template <class Team, class Real>
STAGE void energies(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x) {
  team.once([&] {
    x.energy[0] = potential_energy(m, s, x);
    x.energy[1] = kinetic_energy(m, s, x);
  });
}

}  // namespace motorium
