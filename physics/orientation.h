// Orientation servo: a geodesic PD controller on a ball joint or between two sites.
//   torque = kp log(q^-1 q_target) - kv w    in the child frame; its norm is bounded by forcerange
// The target is a rotation vector (three controls, or their integral) or a quaternion (four).
#pragma once
#include "motorium/physics/controls.h"

namespace motorium {

// quaternion of a rotation vector
template <class Real> FN Quat<Real> rotation_of(const Vec3<Real>& v) {
  const Real angle = norm(v);
  const Mask<Real> ok = angle > number<Real>(1e-15);
  return axis_angle(v * (Real(1.f) / select(ok, angle, Real(1.f))), select(ok, angle, Real(0.f)));
}

// the same rotation with an angle of half a turn at most
template <class Real> FN Vec3<Real> shortest(const Vec3<Real>& v) {
  const Real full = number<Real>(6.28318530717958647692), angle = norm(v);
  const Mask<Real> far = angle > number<Real>(3.14159265358979323846);
  const Real turns = to_real<Real>(round_to_int(min(angle / full, Real(1e6f))));
  const Real scale = fma(-full, turns, angle) / select(far, angle, Real(1.f));
  return select<Real>(far, v * scale, v);
}

template <class Real>
FN void orientation_force(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int a) {
  const int out = m.actuator_outadr[a], adr = m.actuator_actadr[a];
  const Controls<Real> c = read_controls(m, s, a);
  Quat<Real> target;
  if (static_cast<Chart>(m.actuator_ctrlspec[a]) == Chart::quat) {
    target = normalize(Quat<Real>{c.u[0], c.u[1], c.u[2], c.u[3]});
  } else {
    Vec3<Real> v = vec3(c.u[0], c.u[1], c.u[2]);
    if (adr >= 0) {
      put3(x.act_dot + adr, v);
      const Real h = Real(m.actuator_actearly[a] ? m.timestep : Scalar<Real>(0));
      v = add_scaled(vec3(s.act + adr), h, v);
      if (m.actuator_actearly[a] && m.actuator_actlimited[a])
        for (int k = 0; k < 3; ++k)
          v[k] = clamp(v[k], m.actuator_actrange[2 * a], m.actuator_actrange[2 * a + 1]);
    }
    target = rotation_of(v);
  }

  const Quat<Real> now = rotation_of(vec3(x.actuator_length + out));
  const Vec3<Real> error = rotation_vector(conjugate(now) * target);
  const Real kp = m.actuator_gainprm[10 * a], slope = m.actuator_biasprm[10 * a + 2];
  Vec3<Real> force;
  for (int k = 0; k < 3; ++k)
    force[k] =
        fma(kp, error[k], fma(slope, x.actuator_velocity[out + k], m.actuator_biasprm[10 * a]));
  Mask<Real> saturated = !everywhere<Real>();
  if (m.actuator_forcelimited[a]) {
    const Real most = m.actuator_forcerange[2 * a + 1], size = norm(force);
    saturated = size >= most;
    force = force * select(size > most, most / select(size > most, size, Real(1.f)), Real(1.f));
  }
  put3(x.actuator_force + out, force);
  for (int k = 0; k < 3; ++k) {
    x.actuator_slope[out + k] = select(saturated, Real(0.f), slope);
    if (m.discrete()) x.actuator_stiffness[out + k] = select(saturated, Real(0.f), kp);
  }
}

}  // namespace motorium
