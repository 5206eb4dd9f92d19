// Events: what happens to a world at its reset and from time to time.
#pragma once
#include "motorium/robots/tasks/moment.h"

namespace motorium {

// draws of one event: number i of row `row`
template <class Real>
FN Real reset_number(const TaskTable& t, const Moment<Real>& x, int row, int i, float low,
                     float high) {
  const Words<Real> d = draw(t, x, Purpose::reset_state, 64 * row + i / 4);
  return uniform<Real>(d.v[i % 4], Real(low), Real(high));
}

// adds to x, y, z [m] and roll, pitch, yaw [rad] of the base, and sets its velocity. numbers: 12
// pairs low, high
template <class Real>
FN void reset_root(const TaskTable& t, const TermRow& r, int row, Moment<Real>& x,
                   Mask<Real> where) {
  const float* n = t.numbers + r.numbers;
  Real value[12];
  for (int i = 0; i < 12; ++i) value[i] = reset_number(t, x, row, i, n[2 * i], n[2 * i + 1]);
  for (int i = 0; i < 3; ++i) x.qpos[i] = select(where, x.qpos[i] + value[i], x.qpos[i]);

  // yaw about the world's axis, then pitch, then roll
  const Real zero = Real(0.f), one = Real(1.f);
  const Quat<Real> yaw = axis_angle(vec3(zero, zero, one), value[5]);
  const Quat<Real> pitch = axis_angle(vec3(zero, one, zero), value[4]);
  const Quat<Real> roll = axis_angle(vec3(one, zero, zero), value[3]);
  const Quat<Real> q = normalize(yaw * (pitch * (roll * quat(x.qpos + 3))));
  x.qpos[3] = select(where, q.w, x.qpos[3]);
  x.qpos[4] = select(where, q.x, x.qpos[4]);
  x.qpos[5] = select(where, q.y, x.qpos[5]);
  x.qpos[6] = select(where, q.z, x.qpos[6]);
  for (int i = 0; i < 6; ++i) x.qvel[i] = select(where, value[6 + i], x.qvel[i]);
}

// q + U or q U, clamped to the joint's limits; p: position low, high, velocity low, high
template <class Real>
FN void reset_joints(const TaskTable& t, const TermRow& r, int row, Moment<Real>& x,
                     Mask<Real> where, bool scale) {
  for (int i = 0; i < r.count; ++i) {
    const JointRow& j = t.joints[t.ids[r.first + i]];
    const Real a = reset_number(t, x, row, 2 * i, r.p[0], r.p[1]);
    const Real b = reset_number(t, x, row, 2 * i + 1, r.p[2], r.p[3]);
    Real q = scale ? x.qpos[j.qpos] * a : x.qpos[j.qpos] + a;
    if (j.low <= j.high) q = clamp(q, Real(j.low), Real(j.high));
    x.qpos[j.qpos] = select(where, q, x.qpos[j.qpos]);
    x.qvel[j.dof] = select(where, b, x.qvel[j.dof]);
  }
}

template <class Real>
FN void apply_reset(const TaskTable& t, const TermRow& r, int row, Moment<Real>& x,
                    Mask<Real> where) {
  switch (static_cast<ResetTerm>(r.kind)) {
    case ResetTerm::reset_root_uniform:
      return reset_root(t, r, row, x, where);
    case ResetTerm::reset_joints_by_offset:
      return reset_joints(t, r, row, x, where, false);
    default:
      return reset_joints(t, r, row, x, where, true);
  }
}

// time of the next push
template <class Real>
FN void draw_push_time(const TaskTable& t, Moment<Real>& x, Mask<Real> where) {
  const Words<Real> d = draw(t, x, Purpose::push, 2);
  const Real left = uniform<Real>(d.v[0], Real(t.push.interval_low), Real(t.push.interval_high));
  x.state[t.at.push_left] = select(where, left, x.state[t.at.push_left]);
}

// adds to the base velocity (linear in the world frame, angular in the base frame) of the worlds
// whose time has come; returns them
template <class Real> FN Mask<Real> push_base(const TaskTable& t, Moment<Real>& x) {
  Real& left = x.state[t.at.push_left];
  left = left - Real(t.dt);
  const Mask<Real> due = left <= Real(0.f);
  if (!any(due)) return due;
  const Words<Real> a = draw(t, x, Purpose::push, 0), b = draw(t, x, Purpose::push, 1);
  Real add[6];
  for (int i = 0; i < 6; ++i)
    add[i] = uniform<Real>(i < 4 ? a.v[i] : b.v[i - 4], Real(t.push.low[i]), Real(t.push.high[i]));
  Real sn, cs;
  sincos(Real(0x1.921fb6p+2f) * uniform01<Real>(b.v[2]), sn, cs);
  const Real speed = uniform<Real>(b.v[3], Real(t.push.planar_low), Real(t.push.planar_high));
  add[0] = fma(speed, cs, add[0]);
  add[1] = fma(speed, sn, add[1]);
  for (int i = 0; i < 6; ++i) x.qvel[i] = select(due, x.qvel[i] + add[i], x.qvel[i]);
  draw_push_time(t, x, due);
  return due;
}

}  // namespace motorium
