// Rotors of actuators at joints: inertia and damping that the joint feels through the gear.
//   M_ii += gear^2 armature,   f_i -= gear^2 (b + p1 |v| + p2 v^2) v
// An actuator on a ball or free joint gives its first gear to every dof.
#pragma once
#include "motorium/core/math.h"
#include "motorium/physics/scratch.h"

namespace motorium {

// visit(actuator, dof) of all actuators at joints
template <class Real, class Visit> FN void each_rotor(const ModelView<Real>& m, Visit visit) {
  for (int a = 0; a < m.nactuator; ++a) {
    const auto type = static_cast<TransmissionType>(m.actuator_trntype[a]);
    if (type != TransmissionType::joint && type != TransmissionType::jointinparent) continue;
    const int j = m.actuator_trnid[2 * a], first = m.jnt_dofadr[j];
    for (int i = first; i < m.nv && m.dof_jntid[i] == j; ++i) visit(a, i);
  }
}

template <class Real> FN Real squared_gear(const ModelView<Real>& m, int a) {
  const Real gear = m.actuator_gear[6 * m.actuator_outadr[a]];
  return gear * gear;
}

// into the diagonal: of(dof)
template <class Team, class Real, class Of>
FN void add_rotor_inertia(Team team, const ModelView<Real>& m, Of of) {
  team.once([&] {
    each_rotor(m, [&](int a, int i) {
      Real& diagonal = of(i);
      diagonal = fma(squared_gear(m, a), m.actuator_armature[a], diagonal);
    });
  });
}

template <class Team, class Real>
FN void add_rotor_damping(Team team, const ModelView<Real>& m, const State<Real>& s,
                          Scratch<Real>& x) {
  team.once([&] {
    each_rotor(m, [&](int a, int i) {
      const Real v = s.qvel[i];
      const Real b =
          fma(abs(v), fma(abs(v), m.actuator_dampingpoly[2 * a + 1], m.actuator_dampingpoly[2 * a]),
              m.actuator_damping[a]);
      x.qfrc_passive[i] = fma(-(squared_gear(m, a) * b), v, x.qfrc_passive[i]);
    });
  });
}

// -df/dv of the rotor of actuator a at dof i, before gear^2
template <class Real>
FN Real rotor_damping_slope(const ModelView<Real>& m, const State<Real>& s, int a, int i) {
  const Real v = abs(s.qvel[i]), two = Real(2.f), three = Real(3.f);
  return fma(v,
             fma(three * v, m.actuator_dampingpoly[2 * a + 1], two * m.actuator_dampingpoly[2 * a]),
             m.actuator_damping[a]);
}

// A <- A + h diag(- d f / d v), rows as in qM
template <class Team, class Real>
FN void add_rotor_slope(Team team, const ModelView<Real>& m, const State<Real>& s, const Real& h,
                        Real* A) {
  team.once([&] {
    each_rotor(m, [&](int a, int i) {
      const Real b = rotor_damping_slope(m, s, a, i);
      Real& diagonal = A[m.M_rowadr[i] + m.M_rownum[i] - 1];
      diagonal = fma(h * squared_gear(m, a), b, diagonal);
    });
  });
}

}  // namespace motorium
