// What an actuator is told: its controls, delayed and clamped, and how it reads setpoints.
#pragma once
#include "motorium/physics/history.h"
#include "motorium/physics/transmission.h"

namespace motorium {

// control k of one actuator
template <class Real>
FN Real read_control(const ModelView<Real>& m, const State<Real>& s, int a, int k) {
  const int at = m.actuator_ctrladr[a] + k;
  Real u = s.ctrl[at];
  if (m.actuator_delay.p[a] != 0)
    u = read_history(s.history + m.actuator_historyadr[a], m.actuator_history[2 * a],
                     m.actuator_ctrlnum[a],
                     static_cast<Interpolation>(m.actuator_history[2 * a + 1]),
                     Real(s.ahead) - m.actuator_delay[a] / Real(m.timestep), k);
  if (m.actuator_ctrllimited[at] && m.on(kFlagClampctrl))
    u = clamp(u, m.actuator_ctrlrange[2 * at], m.actuator_ctrlrange[2 * at + 1]);
  return u;
}

// the controls of one actuator
template <class Real> struct Controls { Real u[4]; };

template <class Real>
FN Controls<Real> read_controls(const ModelView<Real>& m, const State<Real>& s, int a) {
  Controls<Real> c;
  for (int k = 0; k < m.actuator_ctrlnum[a]; ++k) c.u[k] = read_control(m, s, a, k);
  return c;
}

// the input of a ControlInput bit; 0 where the actuator has none
template <class Real>
FN Real input_of(const ModelView<Real>& m, const Controls<Real>& c, int a, int bit) {
  const int spec = m.actuator_ctrlspec[a];
  if (!(spec & bit)) return Real(0.f);
  int k = 0;
  for (int b = 1; b < bit; b *= 2) k += (spec & b) != 0;
  return c.u[k];
}

// is the actuator off by its group? (uniform)
template <class Real> FN bool is_disabled(const ModelView<Real>& m, int a) {
  const int group = m.actuator_group[a];
  return group >= 0 && group <= 30 && ((m.disableactuator >> group) & 1u);
}

// lengths of a ball joint, or of a turn between two sites, lie on a circle (uniform)
template <class Real> FN bool lies_on_circle(const ModelView<Real>& m, int a) {
  const TransmissionType type = transmission_type(m, a);
  if (type == TransmissionType::joint || type == TransmissionType::jointinparent)
    return m.joint(m.actuator_trnid[2 * a]) == JointType::ball;
  const auto* gear = m.actuator_gear.shared + 6 * m.actuator_outadr[a];
  return type == TransmissionType::site && m.actuator_trnid[2 * a + 1] >= 0 && gear[0] == 0 &&
         gear[1] == 0 && gear[2] == 0;
}

// the representative of a setpoint on the circle that is nearest to the length
template <class Real>
FN Real wrap_setpoint(const ModelView<Real>& m, int a, const Real& setpoint, const Real& length,
                      Mask<Real> where) {
  const auto gear = [&](int k) { return m.actuator_gear[6 * m.actuator_outadr[a] + k]; };
  const int o = transmission_type(m, a) == TransmissionType::site ? 3 : 0;
  const Real period =
      number<Real>(6.28318530717958647692) * norm(vec3(gear(o), gear(o + 1), gear(o + 2)));
  const Mask<Real> servo = where & (period > Real(0.f));
  const Real turns = (length - setpoint) / select(servo, period, Real(1.f));
  return select(
      servo,
      fma(period, to_real<Real>(round_to_int(clamp(turns, Real(-1e6f), Real(1e6f)))), setpoint),
      setpoint);
}

// do the actuators of its tendon share a bound? then their own bounds come after it (uniform)
template <class Real> FN bool shares_bound(const ModelView<Real>& m, int a) {
  return transmission_type(m, a) == TransmissionType::tendon &&
         m.tendon_actfrclimited[m.actuator_trnid[2 * a]];
}

// a saturated force depends on no length; only the integrator discrete asks
template <class Real>
FN void drop_stiffness(const ModelView<Real>& m, Scratch<Real>& x, int out, Mask<Real> where) {
  if (m.discrete()) x.actuator_stiffness[out] = select(where, Real(0.f), x.actuator_stiffness[out]);
}

// bounds of the force; a saturated force has no slope
template <class Real>
FN void bound_force(const ModelView<Real>& m, Scratch<Real>& x, int a, Real& force, Real& slope) {
  if (!m.actuator_forcelimited[a]) return;
  const Real lo = m.actuator_forcerange[2 * a], hi = m.actuator_forcerange[2 * a + 1];
  force = clamp(force, lo, hi);
  const Mask<Real> saturated = (force <= lo) | (force >= hi);
  slope = select(saturated, Real(0.f), slope);
  drop_stiffness(m, x, m.actuator_outadr[a], saturated);
}

}  // namespace motorium
