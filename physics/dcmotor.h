// DC motor: voltage, current, torque, and what a real one adds.
//   V = clamp(R0/K (kp (u_pos - l) + kd (u_vel - v) + ki z + u_ff) + K v, +-Vmax) + u_volt
//   force = K i,   i = (V - K v) / R, or   di/dt = ((V - K v) / R - i) / te
//   R = R0 (1 + alpha (T + Ta - T0)),   dT/dt = (R i^2 - T / RT) / C,  T above ambient
//   friction (LuGre): -(s0 b + s1 db/dt),   db/dt = v - s0 |v| / g b,
//                     g = FC + (FS - FC) exp(-(v / vS)^2)
//   cogging: A sin(Np l + phi)
// gainprm (R0, K, alpha, T0, kp, ki, kd, Vmax), biasprm (A, Np, phi, FC, FS, vS),
// dynprm (te, (di/dt)max, RT, C, Ta, s0, s1, slewmax, Imax). Friction and cogging come after the
// bounds of the force.
#pragma once
#include "motorium/physics/muscle.h"
#include "motorium/physics/pid.h"

namespace motorium {

// which activations a motor has, by its model (uniform); -1: none
struct MotorSlots {
  int slew, integral, temperature, bristle, current;
};
template <class Real> FN MotorSlots motor_slots(const ModelView<Real>& m, int a) {
  const auto* dyn = m.actuator_dynprm.shared + 10 * a;
  MotorSlots slots = {-1, -1, -1, -1, -1};
  int n = 0;
  if (dyn[7] > 0) slots.slew = n++;
  if (m.actuator_gainprm.shared[10 * a + 5] > 0) slots.integral = n++;
  if (dyn[2] > 0) slots.temperature = n++;
  if (dyn[5] > 0) slots.bristle = n++;
  if (dyn[0] > 0) slots.current = n++;
  return slots;
}

// rate at which bristles give way: -s0 |v| / g
template <class Real> FN Real bristle_decay(const ModelView<Real>& m, int a, const Real& speed) {
  const auto bp = [&](int k) { return m.actuator_biasprm[10 * a + k]; };
  const Real ratio = speed / at_least_tiny(bp(5));
  const Real g = fma(bp(4) - bp(3), exp(-(ratio * ratio)), bp(3));
  return -(m.actuator_dynprm[10 * a + 5] * abs(speed)) / at_least_tiny(g);
}

// terminal voltage, its slope over velocity and its fall over length; rates of the controller's
// activations
template <class Real>
FN Real motor_voltage(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int a,
                      const MotorSlots& slots, Real& slope, Real& fall) {
  const int out = m.actuator_outadr[a], adr = m.actuator_actadr[a];
  const auto gp = [&](int k) { return m.actuator_gainprm[10 * a + k]; };
  const auto dp = [&](int k) { return m.actuator_dynprm[10 * a + k]; };
  Controls<Real> c = read_controls(m, s, a);
  const Real length = x.actuator_length[out], speed = x.actuator_velocity[out];
  const Real h = Real(m.timestep), zero = Real(0.f);
  if (slots.slew >= 0) {
    const Real was = s.act[adr + slots.slew];
    c.u[0] = slewed(c.u[0], was, h * dp(7));
    x.act_dot[adr + slots.slew] = (c.u[0] - was) / h;
  }
  const Real error = input_of(m, c, a, kInputPos) - length;
  Real z = zero;
  if (slots.integral >= 0) {
    z = s.act[adr + slots.integral];
    x.act_dot[adr + slots.integral] = integral_rate(error, z, dp(8));
  }
  slope = fall = zero;
  const Real direct = input_of(m, c, a, kInputVoltage);
  if (!(m.actuator_ctrlspec[a] & (kInputPos | kInputVel | kInputFeedforward))) return direct;
  Real torque = fma(gp(4), error, input_of(m, c, a, kInputFeedforward));
  torque = fma(gp(6), input_of(m, c, a, kInputVel) - speed, torque);
  torque = fma(gp(5), z, torque);
  const Real drive = fma(gp(0) / gp(1), torque, gp(1) * speed), most = gp(7);
  const Mask<Real> bounded = most > zero, saturated = bounded & (abs(drive) >= most);
  slope = select(saturated, zero, gp(1) - gp(6) * gp(0) / gp(1));
  fall = select(saturated, zero, gp(4) * gp(0) / gp(1));
  return select(bounded, clamp(drive, -most, most), drive) + direct;
}

template <class Real>
FN void dcmotor_force(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int a) {
  const int out = m.actuator_outadr[a], adr = m.actuator_actadr[a];
  const auto gp = [&](int k) { return m.actuator_gainprm[10 * a + k]; };
  const auto bp = [&](int k) { return m.actuator_biasprm[10 * a + k]; };
  const auto dp = [&](int k) { return m.actuator_dynprm[10 * a + k]; };
  const MotorSlots slots = motor_slots(m, a);
  const Real length = x.actuator_length[out], speed = x.actuator_velocity[out];
  const Real zero = Real(0.f), one = Real(1.f), h = Real(m.timestep);
  Real dV, fall;
  const Real V = motor_voltage(m, s, x, a, slots, dV, fall), K = gp(1);
  Real R = gp(0);
  if (slots.temperature >= 0)
    R = R * fma(gp(2), s.act[adr + slots.temperature] + dp(4) - gp(3), one);
  R = at_least_tiny(R);
  const Real settled = (V - K * speed) / R;

  // current, and how the force depends on velocity and length
  Real current = settled, next = settled;
  Real slope = K * (dV - K) / R, stiffness = K * fall / R;
  if (slots.current >= 0) {
    current = s.act[adr + slots.current];
    Real rate = (settled - current) / dp(0);
    const Real most = dp(1);
    const Mask<Real> saturated = (most > zero) & (abs(rate) >= most);
    rate = select(most > zero, clamp(rate, -most, most), rate);
    x.act_dot[adr + slots.current] = rate;
    slope = select(saturated, zero, slope);
    const Real gone = one - exp(-(h / dp(0)));
    next = fma(rate * dp(0), gone, current);
    slope = slope * gone;
    stiffness = select(saturated, zero, stiffness * gone);
  }
  if (slots.temperature >= 0)
    x.act_dot[adr + slots.temperature] =
        (R * current * current - s.act[adr + slots.temperature] / dp(2)) / dp(3);

  Real force = K * next;
  if (m.discrete()) x.actuator_stiffness[out] = stiffness;
  bound_force(m, x, a, force, slope);
  force = fma(bp(0), sin(fma(bp(1), length, bp(2))), force);
  if (m.discrete()) x.actuator_stiffness[out] -= bp(0) * bp(1) * cos(fma(bp(1), length, bp(2)));
  if (slots.bristle >= 0) {
    const Real b = s.act[adr + slots.bristle];
    const Real rate = fma(bristle_decay(m, a, speed), b, speed);
    x.act_dot[adr + slots.bristle] = rate;
    force = force - fma(dp(5), b, dp(6) * rate);
  }
  slope = slope - dp(6);
  x.actuator_force[out] = force;
  x.actuator_slope[out] = slope;
}

// activation `slot` after one step: current and bristles exactly for constant velocity
template <class Real>
FN Real next_dcmotor(const ModelView<Real>& m, const Scratch<Real>& x, int a, int slot,
                     const Real& act, const Real& rate) {
  const MotorSlots slots = motor_slots(m, a);
  const Real h = Real(m.timestep), one = Real(1.f), zero = Real(0.f);
  if (slot == slots.current) {
    const Real te = m.actuator_dynprm[10 * a];
    return fma(rate * te, one - exp(-(h / te)), act);
  }
  if (slot == slots.bristle) {
    const Real speed = x.actuator_velocity[m.actuator_outadr[a]];
    const Real decay = bristle_decay(m, a, speed), left = exp(decay * h);
    const Mask<Real> gives = abs(decay) > number<Real>(1e-15);
    const Real span = select(gives, (left - one) / select(gives, decay, one), h);
    return fma(left, act, span * speed);
  }
  const Real next = fma(h, rate, act);
  if (slot != slots.integral) return next;
  const Real bound = m.actuator_dynprm[10 * a + 8];
  return select(bound > zero, clamp(next, -bound, bound), next);
}

}  // namespace motorium
