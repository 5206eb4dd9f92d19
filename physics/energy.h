// Energies of a world.
//   potential:  - sum m g' xipos + sum x^2 (k / 2 + p1 x / 3 + p2 x^2 / 4) over springs
//   kinetic:    1/2 v' M v
#pragma once
#include "motorium/core/quat.h"
#include "motorium/physics/tendon.h"

namespace motorium {

template <class Real>
FN Real potential_energy(const ModelView<Real>& m, const State<Real>& s, const Scratch<Real>& x) {
  Real sum = Real(0.f);
  if (m.on(kFlagGravity))
    for (int b = 1; b < m.nbody; ++b) {
      const Vec3<Real> g = {m.gravity[0], m.gravity[1], m.gravity[2]};
      sum = fma(-m.body_mass[b], dot(g, vec3(x.xipos + 3 * b)), sum);
    }
  if (!m.on(kFlagSpring)) return sum;

  for (int j = 0; j < m.njnt; ++j) {
    if (m.jnt_stiffness.p[j] == 0) continue;
    int a = m.jnt_qposadr[j];
    Real square = Real(0.f);
    switch (m.joint(j)) {
      case JointType::free:
        for (int k = 0; k < 3; ++k) {
          const Real d = s.qpos[a + k] - m.qpos_spring[a + k];
          square = fma(d, d, square);
        }
        a += 3;
        [[fallthrough]];
      case JointType::ball: {
        const Quat<Real> rest = {m.qpos_spring[a], m.qpos_spring[a + 1], m.qpos_spring[a + 2],
                                 m.qpos_spring[a + 3]};
        const Vec3<Real> r = rotation_vector(conjugate(rest) * normalize(quat(s.qpos + a)));
        square = square + dot(r, r);
        break;
      }
      case JointType::slide:
      case JointType::hinge: {
        const Real d = s.qpos[a] - m.qpos_spring[a];
        square = d * d;
        break;
      }
    }
    sum = fma(Real(0.5f) * m.jnt_stiffness[j], square, sum);
  }
  for (int t = 0; t < m.ntendon; ++t) {
    const Real d = tendon_stretch(m, x, t);
    const Real p1 = m.tendon_stiffnesspoly[2 * t], p2 = m.tendon_stiffnesspoly[2 * t + 1];
    const Real k = fma(d, fma(d, Real(0.25f) * p2, number<Real>(1.0 / 3) * p1),
                       Real(0.5f) * m.tendon_stiffness[t]);
    sum = fma(d * d, k, sum);
  }
  return sum;
}

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

}  // namespace motorium
