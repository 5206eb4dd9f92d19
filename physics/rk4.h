// Runge-Kutta of fourth order over (qpos, qvel, act), on the group of rotations after Munthe-Kaas.
//   rates k_i = (qvel, qacc, act_dot) at stage i;  stage i starts from the step's state moved by
//   a_i h k_{i-1}, a = (0, 1/2, 1/2, 1);  the step is h (k_1 + 2 k_2 + 2 k_3 + k_4) / 6
// The rate of a rotation that starts at q exp(u) is not its angular velocity w but
//   k = w + 1/2 u x w + c u x (u x w),  c = 1/t^2 - (1 + cos t) / (2 t sin t),  t = |u|
// with u the shortest way to the same rotation: whole turns do not count
#pragma once
#include "motorium/physics/integrate.h"
#include "motorium/physics/step.h"

namespace motorium {

template <class Real> FN Vec3<Real> exponential_rate(const Vec3<Real>& way, const Vec3<Real>& w) {
  const Real one = Real(1.f), turn = number<Real>(2 * 3.14159265358979323846);
  const Real far = norm(way), most = Real(1e6f);
  const Real turns = to_real<Real>(round_to_int(min(far / turn, most)));
  const Vec3<Real> u = select(turns > Real(0.f), fma(-turns, turn, far) / far, one) * way;
  const Real t2 = dot(u, u), t = sqrt(t2);
  const Mask<Real> small = t < number<Real>(0.05);
  const Real safe = select(small, one, t);
  Real sine, cosine;
  sincos(safe, sine, cosine);
  const Real series =
      fma(fma(t2, number<Real>(1.0 / 30240), number<Real>(1.0 / 720)), t2, number<Real>(1.0 / 12));
  const Real c =
      select(small, series, one / (safe * safe) - (one + cosine) / (Real(2.f) * safe * sine));
  const Vec3<Real> uw = cross(u, w);
  return w + Real(0.5f) * uw + c * cross(u, uw);
}

// x.rk_rate <- rates of the positions at a stage that was reached with a h x.rk_rate
template <class Team, class Real>
FN void stage_rates(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x,
                    const Real& ah) {
  team.each(m.njnt, [&](int j) {
    int d = m.jnt_dofadr[j];
    const JointType type = m.joint(j);
    const int lines = type == JointType::free ? 3 : type == JointType::ball ? 0 : 1;
    for (int k = 0; k < lines; ++k) x.rk_rate[d + k] = s.qvel[d + k];
    if (type != JointType::free && type != JointType::ball) return;
    d += lines;
    put3(x.rk_rate + d, exponential_rate(ah * vec3(x.rk_rate + d), vec3(s.qvel + d)));
  });
}

// Advances the worlds of `live`; x holds the forward dynamics of their state, the first stage.
template <class Team, class Real>
STAGE Mask<Real> runge_kutta(Team team, const ModelView<Real>& m, State<Real>& s, Scratch<Real>& x,
                             Mask<Real> live) {
  const Real h = Real(m.timestep), sixth = number<Real>(1.0 / 6);
  Real *q0 = x.rk_qpos, *v0 = x.rk_qvel, *act0 = x.rk_act;
  team.each(m.nq, [&](int i) { q0[i] = s.qpos[i]; });
  team.each(m.nv, [&](int i) {
    x.rk_rate[i] = v0[i] = s.qvel[i];
    x.rk_rate_sum[i] = sixth * s.qvel[i];
    x.rk_qacc_sum[i] = sixth * x.qacc[i];
  });
  team.each(m.na, [&](int i) {
    act0[i] = s.act[i];
    x.rk_act_sum[i] = sixth * x.act_dot[i];
  });

  for (int stage = 1; stage < 4; ++stage) {
    const Real ah = stage == 3 ? h : Real(0.5f) * h;
    const Real weight = stage == 3 ? sixth : sixth + sixth;
    move_positions(team, m, q0, x.rk_rate, ah, s.qpos);
    team.each(m.nv, [&](int i) { s.qvel[i] = fma(ah, x.qacc[i], v0[i]); });
    team.each(m.na, [&](int i) { s.act[i] = fma(ah, x.act_dot[i], act0[i]); });
    team.once([&] { s.ahead = stage == 3 ? 1.f : 0.5f; });
    forward_acceleration(team, m, s, x);
    stage_rates(team, m, s, x, ah);
    team.each(m.nv, [&](int i) {
      x.rk_rate_sum[i] = fma(weight, x.rk_rate[i], x.rk_rate_sum[i]);
      x.rk_qacc_sum[i] = fma(weight, x.qacc[i], x.rk_qacc_sum[i]);
    });
    team.each(m.na, [&](int i) { x.rk_act_sum[i] = fma(weight, x.act_dot[i], x.rk_act_sum[i]); });
  }

  // from the start of the step at the mean rates
  team.once([&] { s.ahead = 0.f; });
  team.each(m.nq, [&](int i) { s.qpos[i] = q0[i]; });
  team.each(m.na, [&](int i) {
    s.act[i] = act0[i];
    x.act_dot[i] = x.rk_act_sum[i];
  });
  Real* next_v = x.vec_a;
  team.each(m.nv, [&](int i) {
    s.qvel[i] = v0[i];
    next_v[i] = without_dust(fma(h, x.rk_qacc_sum[i], v0[i]));
  });
  move_activations(team, m, s, x);
  move_positions(team, m, s.qpos, x.rk_rate_sum, h, x.next_qpos);
  return commit_state(team, m, s, x, next_v, live);
}

}  // namespace motorium
