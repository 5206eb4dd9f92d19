// Dampers of dofs:  f = -v (b + p1 |v| + p2 v^2).
#pragma once
#include "motorium/physics/scratch.h"

namespace motorium {

// force of the dampers at dof i
template <class Real> FN Real damper_force(const ModelView<Real>& m, const State<Real>& s, int i) {
  const Real v = s.qvel[i];
  Real b = m.dof_damping[i];
  if (m.dof_curved)
    b = fma(fma(m.dof_dampingpoly[2 * i + 1], abs(v), m.dof_dampingpoly[2 * i]), abs(v), b);
  return -(b * v);
}

// -df/dv = b + 2 p1 |v| + 3 p2 v^2
template <class Real> FN Real damper_slope(const ModelView<Real>& m, const State<Real>& s, int i) {
  const Real v = abs(s.qvel[i]);
  const Real b = m.dof_damping[i];
  if (!m.dof_curved) return b;
  const Real p1 = Real(2.f) * m.dof_dampingpoly[2 * i],
             p2 = Real(3.f) * m.dof_dampingpoly[2 * i + 1];
  return fma(fma(p2, v, p1), v, b);
}

}  // namespace motorium
