// Actuators: controls, activation dynamics, force, joint forces.
//   force = gain input + bias,   gain, bias = p0 [+ p1 length + p2 velocity], or a muscle's
//   qfrc_actuator = moment' force
// Laws of their own have their own files: pid.h, dcmotor.h, orientation.h.
#pragma once
#include "motorium/physics/dcmotor.h"
#include "motorium/physics/muscle.h"
#include "motorium/physics/orientation.h"
#include "motorium/physics/pid.h"
#include "motorium/physics/tendon_bound.h"
#include "motorium/physics/transmission.h"

namespace motorium {

// activation `slot` of actuator a after one step
template <class Real>
FN Real next_activation(const ModelView<Real>& m, const Scratch<Real>& x, int a, int slot,
                        const Real& act, const Real& rate) {
  const Real h = Real(m.timestep);
  const auto type = static_cast<DynType>(m.actuator_dyntype[a]);
  if (type == DynType::dcmotor) return next_dcmotor(m, x, a, slot, act, rate);
  if (type == DynType::pid) return next_pid(m, a, act, rate);
  Real next;
  if (type == DynType::filterexact) {
    const Real tau = max(m.actuator_dynprm[10 * a], number<Real>(1e-15));
    next = fma(rate * tau, Real(1.f) - exp(-(h / tau)), act);
  } else {
    next = fma(h, rate, act);
  }
  if (m.actuator_actlimited[a])
    next = clamp(next, m.actuator_actrange[2 * a], m.actuator_actrange[2 * a + 1]);
  return next;
}

// is the actuator a servo that holds its setpoint on a circle? state decides about the gains
template <class Real> FN Mask<Real> is_servo(const ModelView<Real>& m, int a) {
  const Real kp = -m.actuator_biasprm[10 * a + 1];
  return (kp != Real(0.f)) & (m.actuator_gainprm[10 * a] == kp);
}

template <class Team, class Real>
FN void affine_force(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int a) {
  const int out = m.actuator_outadr[a];
  const Real ctrl = read_control(m, s, a, 0);

  // activation dynamics
  Real input = ctrl;
  const int act = m.actuator_actadr[a];
  if (act >= 0) {
    const Real state = s.act[act];
    Real rate = ctrl;
    const auto type = static_cast<DynType>(m.actuator_dyntype[a]);
    if (kRare<Team> && type == DynType::muscle)
      rate = muscle_rate(m, a, ctrl, state);
    else if (type != DynType::integrator)
      rate = (ctrl - state) / max(m.actuator_dynprm[10 * a], number<Real>(1e-15));
    x.act_dot[act] = rate;
    input = m.actuator_actearly[a] ? next_activation(m, x, a, 0, state, rate) : state;
  }

  // a servo on a circle takes the representative of its setpoint nearest to the length
  const auto gain_type = static_cast<GainType>(m.actuator_gaintype[a]);
  const auto bias_type = static_cast<BiasType>(m.actuator_biastype[a]);
  const Real length = x.actuator_length[out], speed = x.actuator_velocity[out];
  const auto gp = [&](int k) { return m.actuator_gainprm[10 * a + k]; };
  const auto bp = [&](int k) { return m.actuator_biasprm[10 * a + k]; };
  if (gain_type == GainType::fixed && bias_type == BiasType::affine && lies_on_circle(m, a))
    input = wrap_setpoint(m, a, input, length, is_servo(m, a));

  // force and its slope over velocity
  Real gain = gp(0), bias = Real(0.f), slope = Real(0.f);
  if (gain_type == GainType::affine) {
    gain = fma(gp(2), speed, fma(gp(1), length, gain));
    slope = gp(2) * input;
  } else if (kRare<Team> && gain_type == GainType::muscle) {
    gain = muscle_gain(m, a, length, speed, gp, slope);
    slope = slope * input;
  }
  if (bias_type == BiasType::affine) {
    bias = fma(bp(2), speed, fma(bp(1), length, bp(0)));
    slope = slope + bp(2);
  } else if (kRare<Team> && bias_type == BiasType::muscle) {
    bias = muscle_bias(m, a, length, bp);
  }
  Real force = fma(gain, input, bias);
  if (kRare<Team> && m.discrete()) {
    Real stiffness = Real(0.f);
    if (gain_type == GainType::affine) stiffness = -(gp(1) * input);
    if (gain_type == GainType::muscle) stiffness = muscle_stiffness(m, a, length, speed, gp, input);
    if (bias_type == BiasType::affine) stiffness = stiffness - bp(1);
    if (bias_type == BiasType::muscle) stiffness += muscle_passive_stiffness(m, a, length, bp);
    x.actuator_stiffness[out] = stiffness;
  }
  if (!shares_bound(m, a)) bound_force(m, x, a, force, slope);
  x.actuator_force[out] = force;
  x.actuator_slope[out] = slope;
}

template <class Team, class Real>
FN void actuator_force(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int a) {
  if (!kRare<Team>) return affine_force<Team>(m, s, x, a);
  switch (static_cast<GainType>(m.actuator_gaintype[a])) {
    case GainType::pid:
      pid_force(m, s, x, a);
      break;
    case GainType::dcmotor:
      dcmotor_force(m, s, x, a);
      break;
    case GainType::so3:
      orientation_force(m, s, x, a);
      break;
    default:
      affine_force<Team>(m, s, x, a);
      break;
  }
}

template <class Real> FN void no_force(const ModelView<Real>& m, Scratch<Real>& x, int a) {
  for (int k = 0; k < m.actuator_outnum[a]; ++k) {
    x.actuator_force[m.actuator_outadr[a] + k] = Real(0.f);
    x.actuator_slope[m.actuator_outadr[a] + k] = Real(0.f);
    if (m.discrete()) x.actuator_stiffness[m.actuator_outadr[a] + k] = Real(0.f);
  }
}

template <class Team, class Real>
STAGE void actuation(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x) {
  const bool acting = m.on(kFlagActuation);
  if (m.want_moments) team.each(m.nout * m.nv, [&](int i) { x.actuator_moment[i] = Real(0.f); });
  team.each(m.nactuator, [&](int a) {
    transmission(m, s, x, a);
    if (acting) {
      actuator_force<Team>(m, s, x, a);
      // a disabled group shows its rates, and does nothing
      if (is_disabled(m, a)) no_force(m, x, a);
    } else {
      // nor do speeds of actuators exist then, as in MuJoCo
      no_force(m, x, a);
      for (int k = 0; k < m.actuator_outnum[a]; ++k)
        x.actuator_velocity[m.actuator_outadr[a] + k] = Real(0.f);
      for (int k = 0; k < m.actuator_actnum[a]; ++k)
        x.act_dot[m.actuator_actadr[a] + k] = Real(0.f);
    }
  });

  if (kRare<Team> && acting && m.ntendon > 0) bound_tendon_forces(team, m, x);

  // joint forces: one worker, because several actuators may share a dof
  team.once([&] {
    for (int i = 0; i < m.nv; ++i) x.qfrc_actuator[i] = Real(0.f);
    for (int a = 0; a < m.nactuator; ++a)
      for (int o = m.actuator_outadr[a]; o < m.actuator_outadr[a] + m.actuator_outnum[a]; ++o)
        each_actuated_dof(m, a, [&](int i) {
          x.qfrc_actuator[i] =
              fma(x.actuator_moment[o * m.nv + i], x.actuator_force[o], x.qfrc_actuator[i]);
        });
  });

  // gravity compensation that counts as actuation, where there is an actuator at all
  if (m.ngravcomp > 0 && m.nactuator > 0 && acting)
    team.each(m.nv, [&](int i) {
      if (m.jnt_actgravcomp[m.dof_jntid[i]]) x.qfrc_actuator[i] += x.qfrc_gravcomp[i];
    });

  // bounds of the summed force at a joint; a saturated joint has no slope
  if (!acting) return;
  team.each(m.nactuator, [&](int a) {
    const int j = m.actuator_trnid[2 * a];
    if (!drives_joint(m, a) || !m.jnt_actfrclimited[j]) return;
    const Real f = x.qfrc_actuator[m.jnt_dofadr[j]];
    const Mask<Real> saturated =
        (f <= m.jnt_actfrcrange[2 * j]) | (f >= m.jnt_actfrcrange[2 * j + 1]);
    const int o = m.actuator_outadr[a];
    x.actuator_slope[o] = select(saturated, Real(0.f), x.actuator_slope[o]);
    drop_stiffness(m, x, o, saturated);
  });
  team.each(m.njnt, [&](int j) {
    if (!m.jnt_actfrclimited[j]) return;
    Real& f = x.qfrc_actuator[m.jnt_dofadr[j]];
    f = clamp(f, m.jnt_actfrcrange[2 * j], m.jnt_actfrcrange[2 * j + 1]);
  });
}

}  // namespace motorium
