// From accelerations to the next state: activations, velocities, positions.
//   qvel += h x;  positions follow with the new velocity, quaternions by the exponential map
// New values are committed only in worlds where all of them are good.
#pragma once
#include "motorium/core/quat.h"
#include "motorium/physics/implicit.h"

namespace motorium {

// velocities and activations creep into denormals otherwise
template <class Real> FN Real without_dust(const Real& v) {
  return select(abs(v) < number<Real>(1e-18), Real(0.f), v);
}

// to <- from moved for h seconds with the velocities v
template <class Team, class Real>
FN void move_positions(Team team, const ModelView<Real>& m, const Real* from, const Real* v,
                       const Real& h, Real* to) {
  team.each(m.njnt, [&](int j) {
    int q = m.jnt_qposadr[j], d = m.jnt_dofadr[j];
    switch (m.joint(j)) {
      case JointType::hinge:
      case JointType::slide:
        to[q] = fma(h, v[d], from[q]);
        break;
      case JointType::free:
        for (int k = 0; k < 3; ++k) to[q + k] = fma(h, v[d + k], from[q + k]);
        q += 3;
        d += 3;
        [[fallthrough]];
      case JointType::ball:
        put4(to + q, integrate(quat(from + q), vec3(v + d), h));
        break;
    }
  });
}

// activations of one actuator. Setpoints on a circle keep near the length
template <class Real>
FN void integrate_activation(const ModelView<Real>& m, const State<Real>& s, const Scratch<Real>& x,
                             int a, Real* next) {
  const int adr = m.actuator_actadr[a], out = m.actuator_outadr[a];
  const bool acting = m.on(kFlagActuation), still = is_disabled(m, a);
  for (int k = 0; k < m.actuator_actnum[a]; ++k) {
    const Real act = s.act[adr + k], rate = still ? Real(0.f) : x.act_dot[adr + k];
    next[adr + k] = acting ? without_dust(next_activation(m, x, a, k, act, rate)) : act;
  }
  if (!acting || static_cast<DynType>(m.actuator_dyntype[a]) != DynType::integrator) return;
  const bool affine = static_cast<BiasType>(m.actuator_biastype[a]) == BiasType::affine;
  if (static_cast<GainType>(m.actuator_gaintype[a]) == GainType::so3)
    put3(next + adr, shortest(vec3(next + adr)));
  else if (static_cast<GainType>(m.actuator_gaintype[a]) == GainType::fixed && affine &&
           lies_on_circle(m, a))
    next[adr] = wrap_setpoint(m, a, next[adr], x.actuator_length[out], is_servo(m, a));
}

// next_act <- activations after one step at the rates act_dot
template <class Team, class Real>
FN void move_activations(Team team, const ModelView<Real>& m, const State<Real>& s,
                         Scratch<Real>& x) {
  team.each(m.nactuator, [&](int a) { integrate_activation(m, s, x, a, x.next_act); });
}

// takes next_qpos, next_v, next_act in the worlds of `live`; returns those where one number is bad,
// which keep the old state: one bad number spoils its world's step, and no other world's
template <class Team, class Real>
FN Mask<Real> commit_state(Team team, const ModelView<Real>& m, State<Real>& s, Scratch<Real>& x,
                           const Real* next_v, Mask<Real> live) {
  const Real *next_q = x.next_qpos, *next_act = x.next_act;
  const auto badness = [](const Real& v) { return select(is_bad(v), Real(1.f), Real(0.f)); };
  const Real zero = Real(0.f);
  const Real bad = team.max(m.nq + m.nv + m.na, [&](int i) {
    return i < m.nq          ? badness(next_q[i])
           : i < m.nq + m.nv ? badness(next_v[i - m.nq])
                             : badness(next_act[i - m.nq - m.nv]);
  });
  const Mask<Real> commit = live & !(bad > zero);
  team.each(m.nq, [&](int i) { s.qpos[i] = select(commit, next_q[i], s.qpos[i]); });
  team.each(m.nv, [&](int i) {
    s.qvel[i] = select(commit, next_v[i], s.qvel[i]);
    s.qacc_warmstart[i] = select(commit, x.qacc[i], s.qacc_warmstart[i]);
  });
  team.each(m.na, [&](int i) { s.act[i] = select(commit, next_act[i], s.act[i]); });
  if (m.nhistory > 0) advance_histories(team, m, s, x, commit);
  return live & (bad > zero);
}

// Advances the worlds of `live` by one of the single-step integrators; returns those whose new
// state is bad.
template <class Team, class Real>
STAGE Mask<Real> integrate_state(Team team, const ModelView<Real>& m, State<Real>& s,
                                 Scratch<Real>& x, Mask<Real> live) {
  const Real h = Real(m.timestep);
  Real* next_v = x.vec_a;
  implicit_acceleration(team, m, s, x, next_v);
  team.each(m.nv, [&](int i) { next_v[i] = without_dust(fma(h, next_v[i], s.qvel[i])); });
  move_activations(team, m, s, x);
  move_positions(team, m, s.qpos, next_v, h, x.next_qpos);
  return commit_state(team, m, s, x, next_v, live);
}

}  // namespace motorium
