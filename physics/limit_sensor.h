// Joint limits as sensors see them: the first side that is reached, lower before upper; 0: none is.
//   position: r - margin (negative),  velocity: J v,  force: that of the row
#pragma once
#include "motorium/physics/rows.h"

namespace motorium {

template <class Real>
FN Real limit_sensor(const ModelView<Real>& m, const State<Real>& s, const Scratch<Real>& x,
                     SensorType type, int j) {
  const Real zero = Real(0.f);
  if (!m.on(kFlagLimit) || !m.on(kFlagConstraint)) return zero;
  const int q = m.jnt_qposadr[j], d = m.jnt_dofadr[j], at = m.jnt_limitadr[j];
  const Real margin = m.jnt_margin[j];
  const bool force = type == SensorType::jointlimitfrc;
  if (force && !any(x.has_rows[0])) return zero;

  // a ball has one row
  if (m.joint(j) == JointType::ball) {
    const Vec3<Real> turn = rotation_vector(normalize(quat(s.qpos + q)));
    const Real angle = norm(turn);
    const Real r = max(m.jnt_range[2 * j], m.jnt_range[2 * j + 1]) - angle;
    Real value = r - margin;
    if (type == SensorType::jointlimitvel)
      value = -dot(turn, vec3(s.qvel + d)) / select(angle > zero, angle, Real(1.f));
    if (force) {
      const int row = x.blk_row[m.neq + at];
      return select(x.has_rows[0] & (x.row_D[row] > zero), x.row_f[row], zero);
    }
    return select(r < margin, value, zero);
  }
  if (force) {
    const Real* D = x.lim_D + 2 * at;
    const Real* f = x.lim_f + 2 * at;
    const Mask<Real> lower = D[0] > zero, upper = D[1] > zero;
    return select(x.has_rows[0] & lower, f[0], select(x.has_rows[0] & upper, f[1], zero));
  }
  const Real lo = s.qpos[q] - m.jnt_range[2 * j], hi = m.jnt_range[2 * j + 1] - s.qpos[q];
  const bool speed = type == SensorType::jointlimitvel;
  return select(lo < margin, speed ? s.qvel[d] : lo - margin,
                select(hi < margin, speed ? -s.qvel[d] : hi - margin, zero));
}

}  // namespace motorium
