// PID servo: inputs pos, vel, ff, of which some may be absent (0).
//   force = b0 + kp (u_pos - l) + kv (u_vel - v) + u_ff + ki z,   biasprm (b0, -kp, -kv)
//   slew:      u_pos moves by slewmax h at most in a step; the activation holds it
//   integral:  dz/dt = u_pos - l, towards 0 only where |z| >= imax
// Activations in this order, each only where it is used: gainprm (ki), dynprm (imax, slewmax).
#pragma once
#include "motorium/physics/controls.h"

namespace motorium {

// which activations a pid servo has, by its model (uniform); -1: none
struct PidSlots {
  int slew, integral;
};
template <class Real> FN PidSlots pid_slots(const ModelView<Real>& m, int a) {
  PidSlots slots = {-1, -1};
  if (static_cast<DynType>(m.actuator_dyntype[a]) != DynType::pid) return slots;
  int n = 0;
  if (m.actuator_dynprm.shared[10 * a + 1] > 0) slots.slew = n++;
  if (m.actuator_gainprm.shared[10 * a] > 0) slots.integral = n++;
  return slots;
}

// a setpoint that moves by at most `most` from where it was
template <class Real> FN Real slewed(const Real& setpoint, const Real& was, const Real& most) {
  return clamp(setpoint, was - most, was + most);
}

// rate of an integral that may only shrink at its bound
template <class Real> FN Real integral_rate(const Real& error, const Real& z, const Real& bound) {
  const Real zero = Real(0.f);
  const Real held =
      select(z >= bound, min(error, zero), select(z <= -bound, max(error, zero), error));
  return select(bound > zero, held, error);
}

// activation after one step. Nothing cuts an integral at its bound: it only stops to grow there
template <class Real>
FN Real next_pid(const ModelView<Real>& m, int a, const Real& act, const Real& rate) {
  const Real next = fma(Real(m.timestep), rate, act);
  if (!m.actuator_actlimited[a]) return next;
  return clamp(next, m.actuator_actrange[2 * a], m.actuator_actrange[2 * a + 1]);
}

template <class Real>
FN void pid_force(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int a) {
  const int out = m.actuator_outadr[a], adr = m.actuator_actadr[a];
  const Controls<Real> c = read_controls(m, s, a);
  const PidSlots slots = pid_slots(m, a);
  const Real length = x.actuator_length[out], speed = x.actuator_velocity[out];
  const Real kp = -m.actuator_biasprm[10 * a + 1], kv = -m.actuator_biasprm[10 * a + 2];
  const Real h = Real(m.timestep);

  Real target = input_of(m, c, a, kInputPos);
  if (slots.slew >= 0) {
    const Real was = s.act[adr + slots.slew];
    target = slewed(target, was, h * m.actuator_dynprm[10 * a + 1]);
    x.act_dot[adr + slots.slew] = (target - was) / h;
  }
  if (lies_on_circle(m, a)) target = wrap_setpoint(m, a, target, length, everywhere<Real>());
  const Real error = target - length;
  Real force = fma(kp, error, m.actuator_biasprm[10 * a]);
  force = fma(kv, input_of(m, c, a, kInputVel) - speed, force);
  force = force + input_of(m, c, a, kInputFeedforward);
  if (slots.integral >= 0) {
    Real z = s.act[adr + slots.integral];
    const Real rate = integral_rate(error, z, m.actuator_dynprm[10 * a]);
    x.act_dot[adr + slots.integral] = rate;
    if (m.actuator_actearly[a]) z = next_pid(m, a, z, rate);
    force = fma(m.actuator_gainprm[10 * a], z, force);
  }
  Real slope = -kv;
  if (m.discrete()) x.actuator_stiffness[out] = kp;
  if (!shares_bound(m, a)) bound_force(m, x, a, force, slope);
  x.actuator_force[out] = force;
  x.actuator_slope[out] = slope;
}

}  // namespace motorium
