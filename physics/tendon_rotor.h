// Rotors of actuators that pull tendons, through their gears: to the tendon's own inertia and
// damper comes the sum of gear^2 (armature; b, p1, p2).
#pragma once
#include "motorium/physics/rotor.h"

namespace motorium {

// sum of gear^2 value(a) over the actuators of tendon t
template <class Real, class Value>
FN Real of_tendon_rotors(const ModelView<Real>& m, int t, Value value) {
  Real sum = Real(0.f);
  for (int a = 0; a < m.nactuator; ++a) {
    const auto type = static_cast<TransmissionType>(m.actuator_trntype[a]);
    if (type != TransmissionType::tendon || m.actuator_trnid[2 * a] != t) continue;
    sum = fma(squared_gear(m, a), value(a), sum);
  }
  return sum;
}

template <class Real> FN Real tendon_armature(const ModelView<Real>& m, int t) {
  const Real own = m.tendon_armature[t];
  if (!m.tendon_rotors) return own;
  return own + of_tendon_rotors(m, t, [&](int a) { return m.actuator_armature[a]; });
}

// f = -v (b + p1 |v| + p2 v^2)
template <class Real> struct TendonDamper { Real b, p1, p2; };
template <class Real> FN TendonDamper<Real> tendon_damper(const ModelView<Real>& m, int t) {
  TendonDamper<Real> d = {m.tendon_damping[t], m.tendon_dampingpoly[2 * t],
                          m.tendon_dampingpoly[2 * t + 1]};
  if (!m.tendon_rotors) return d;
  d.b = d.b + of_tendon_rotors(m, t, [&](int a) { return m.actuator_damping[a]; });
  d.p1 = d.p1 + of_tendon_rotors(m, t, [&](int a) { return m.actuator_dampingpoly[2 * a]; });
  d.p2 = d.p2 + of_tendon_rotors(m, t, [&](int a) { return m.actuator_dampingpoly[2 * a + 1]; });
  return d;
}

}  // namespace motorium
