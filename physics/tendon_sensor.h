// What sensors read of tendons: the force of their actuators, and the rows of their limits.
#pragma once
#include "motorium/physics/tendon_rows.h"

namespace motorium {

// force of the row of one side, 0 where it does not act
template <class Real>
FN Real tendon_limit_force(const ModelView<Real>& m, const Scratch<Real>& x, int t, int side) {
  for (int i = 0; i < m.ntendonlimit; ++i) {
    if (m.limit_tendon[i] != t) continue;
    const int k = m.neq + m.nballlimit + m.nfriction_tendon + 2 * i + side;
    if (x.blk_dim[k] == 0) break;
    const int row = x.blk_row[k];
    return select(x.row_D[row] > Real(0.f), x.row_f[row], Real(0.f));
  }
  return Real(0.f);
}

// Of the limits of a tendon the first that acts, lower before upper; 0 where none does. Position
// and velocity do not wait for the rows
template <class Real>
FN void tendon_limit_sensor(const ModelView<Real>& m, const Scratch<Real>& x, int i, Real* out) {
  const auto type = static_cast<SensorType>(m.sensor_type[i]);
  const int t = m.sensor_objid[i];
  out[0] = Real(0.f);
  if (!m.tendon_limited[t] || !m.on(kFlagConstraint) || !m.on(kFlagLimit)) return;
  for (int side = 1; side >= 0; --side) {
    const Real gap = tendon_limit_gap(m, x, t, side), margin = m.tendon_margin[t];
    Real value = Real(0.f);
    if (type == SensorType::tendonlimitpos) value = gap - margin;
    if (type == SensorType::tendonlimitvel)
      value = side == 0 ? x.ten_velocity[t] : -x.ten_velocity[t];
    if (type == SensorType::tendonlimitfrc) value = tendon_limit_force(m, x, t, side);
    out[0] = select(gap < margin, value, out[0]);
  }
}

template <class Real>
FN void tendon_sensor(const ModelView<Real>& m, const Scratch<Real>& x, int i, Real* out) {
  if (static_cast<SensorType>(m.sensor_type[i]) != SensorType::tendonactuatorfrc)
    return tendon_limit_sensor(m, x, i, out);
  Real sum = Real(0.f);
  for (int a = 0; a < m.nactuator; ++a)
    if (static_cast<TransmissionType>(m.actuator_trntype[a]) == TransmissionType::tendon &&
        m.actuator_trnid[2 * a] == m.sensor_objid[i])
      sum += x.actuator_force[m.actuator_outadr[a]];
  out[0] = sum;
}

}  // namespace motorium
