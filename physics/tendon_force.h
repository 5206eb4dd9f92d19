// The whole force of a tendon after the solve, positive where it lengthens: spring, damper,
// actuators, rows, and the inertia of its length, -armature (J qacc + Jdot v).
#pragma once
#include "motorium/physics/rows.h"

namespace motorium {

// of the rows that act on the tendon; what a coupling of two does to the second is its slope times
// the force on the first
template <class Real>
FN Real tendon_row_force(const ModelView<Real>& m, const Scratch<Real>& x, int t) {
  Real sum = Real(0.f);
  const auto force = [&](int k) {
    const int row = x.blk_row[k];
    return select(x.row_D[row] > Real(0.f), x.row_f[row], Real(0.f));
  };
  for (int e = 0; e < m.neq; ++e) {
    if (static_cast<EqualityType>(m.eq_type[e]) != EqualityType::tendon || x.blk_dim[e] == 0)
      continue;
    if (m.eq_obj1id[e] == t) sum += force(e);
    if (m.eq_obj2id[e] == t) sum = fma(-coupling_slope(m, x, e), force(e), sum);
  }
  const int first = m.neq + m.nballlimit;
  for (int i = 0; i < m.nfriction_tendon; ++i)
    if (m.friction_tendon[i] == t && x.blk_dim[first + i] > 0) sum += force(first + i);
  for (int i = 0; i < 2 * m.ntendonlimit; ++i) {
    const int k = first + m.nfriction_tendon + i;
    if (m.limit_tendon[i / 2] != t || x.blk_dim[k] == 0) continue;
    sum = i % 2 == 0 ? sum + force(k) : sum - force(k);
  }
  return sum;
}

template <class Real>
FN Real tendon_force(const ModelView<Real>& m, const Scratch<Real>& x, int t) {
  Real sum = any(x.has_rows[0]) ? tendon_row_force(m, x, t) : Real(0.f);
  if (m.on(kFlagSpring)) sum += tendon_spring(m, x, t);
  if (m.on(kFlagDamper)) sum += tendon_drag(m, x, t);
  for (int a = 0; a < m.nactuator; ++a)
    if (static_cast<TransmissionType>(m.actuator_trntype[a]) == TransmissionType::tendon &&
        m.actuator_trnid[2 * a] == t)
      sum = fma(m.actuator_gear[6 * m.actuator_outadr[a]], x.actuator_force[m.actuator_outadr[a]],
                sum);
  // accelerations of the ends at zero qacc are gone by now: `tendon_bias` has kept Jdot v
  if (m.tendon_inertia)
    sum = fma(-tendon_armature(m, t), tendon_times(m, x, t, x.qacc) + x.ten_Jdotv[t], sum);
  return sum;
}

}  // namespace motorium
