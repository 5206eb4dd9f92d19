// The command a robot is told to follow: uniform velocity, drawn anew every few seconds.
#pragma once
#include "motorium/robots/tasks/moment.h"

namespace motorium {

// x wrapped to -pi .. pi
template <class Real> FN Real wrap_angle(Real x) {
  const Real turns = to_real<Real>(round_to_int(x * Real(0x1.45f306p-3f)));
  return fma(turns, Real(-0x1.921fb6p+2f), x);
}

// new commands for the worlds in a mask; flags are mutually independent
template <class Real> FN void draw_command(const TaskTable& t, Moment<Real>& x, Mask<Real> where) {
  const CommandTable& c = t.command;
  Real* s = x.state;
  const Words<Real> a = draw(t, x, Purpose::command, 0), b = draw(t, x, Purpose::command, 1);
  const Words<Real> e = draw(t, x, Purpose::command_time, 0);
  const Real zero = Real(0.f);

  // a world that followed its last command gets a wider range, one that did not a narrower one
  Real level = s[t.at.level];
  if (c.levels) {
    const Real time = s[t.at.error_time];
    const Real error = s[t.at.error_xy] / max(time, Real(1e-6f));
    const Real told = max(planar_speed(s + t.at.command), Real(c.level_floor));
    const Mask<Real> judged = where & (time > Real(1.f));
    const Mask<Real> up = judged & (error < Real(c.level_up) * told);
    const Mask<Real> down = judged & (error > Real(c.level_down) * told);
    level =
        clamp(level + select(up, Real(c.level_step), zero) - select(down, Real(c.level_step), zero),
              zero, Real(1.f));
  }

  // ranges between those of level 0 and the full ones
  Real value[3];
  for (int i = 0; i < 3; ++i) {
    const Real low = c.levels ? fma(level, Real(c.low[i] - c.start_low[i]), Real(c.start_low[i]))
                              : Real(c.low[i]);
    const Real high = c.levels
                          ? fma(level, Real(c.high[i] - c.start_high[i]), Real(c.start_high[i]))
                          : Real(c.high[i]);
    value[i] = uniform<Real>(a.v[i], low, high);
  }
  const Real pi = Real(0x1.921fb6p+1f);
  const Real heading = uniform<Real>(a.v[3], -pi, pi);
  const Mask<Real> forward = uniform01<Real>(b.v[1]) < Real(c.p_forward);
  value[0] = select(forward, max(abs(value[0]), Real(0.3f)), value[0]);
  value[1] = select(forward, zero, value[1]);
  value[2] = select(forward, zero, value[2]);

  const auto put = [&](int column, Real v) { s[column] = select(where, v, s[column]); };
  for (int i = 0; i < 3; ++i) put(t.at.command + i, value[i]);
  put(t.at.heading, heading);
  put(t.at.flags, one_if<Real>(uniform01<Real>(b.v[0]) < Real(c.p_heading)));
  put(t.at.flags + 1, one_if<Real>(forward));
  put(t.at.flags + 2, one_if<Real>(uniform01<Real>(b.v[2]) < Real(c.p_standing)));
  put(t.at.command_left, uniform<Real>(e.v[0], Real(c.resample_low), Real(c.resample_high)));
  put(t.at.error_xy, zero);
  put(t.at.error_yaw, zero);
  put(t.at.error_time, zero);
  put(t.at.level, level);
}

// what holds at every step: heading worlds turn to their target, standing worlds stand
template <class Real> FN void steer_command(const TaskTable& t, Moment<Real>& x) {
  const CommandTable& c = t.command;
  Real* s = x.state;
  const Real zero = Real(0.f);
  const Mask<Real> heading = s[t.at.flags] > zero, standing = s[t.at.flags + 2] > zero;
  const Real turn = clamp(Real(c.stiffness) * wrap_angle(s[t.at.heading] - x.yaw), Real(c.low[2]),
                          Real(c.high[2]));
  s[t.at.command + 2] = select(heading, turn, s[t.at.command + 2]);
  for (int i = 0; i < 3; ++i) s[t.at.command + i] = select(standing, zero, s[t.at.command + i]);
}

// stage 8: metrics, countdown, new draw, steering
template <class Real> FN void update_command(const TaskTable& t, Moment<Real>& x) {
  Real* s = x.state;
  const Real dt = Real(t.dt);
  s[t.at.command_left] = s[t.at.command_left] - dt;
  const Mask<Real> expired = s[t.at.command_left] <= Real(0.f);
  if (any(expired)) draw_command(t, x, expired);
  steer_command(t, x);
}

// how far the base is from its command; part of stage 5, before a reset forgets it
template <class Real> FN void measure_command(const TaskTable& t, Moment<Real>& x) {
  Real* s = x.state;
  const Real* c = command(t, x);
  const Real xy = sqrt(square(c[0] - x.v.x) + square(c[1] - x.v.y));
  const Real yaw = abs(c[2] - x.w.z);
  const Real dt = Real(t.dt), one = Real(1.f);
  s[t.at.error_xy] = fma(xy, dt, s[t.at.error_xy]);
  s[t.at.error_yaw] = fma(yaw, dt, s[t.at.error_yaw]);
  s[t.at.error_time] = s[t.at.error_time] + dt;
  s[t.at.metric_xy] = s[t.at.metric_xy] + xy;
  s[t.at.metric_yaw] = s[t.at.metric_yaw] + yaw;
  s[t.at.metric_count] = s[t.at.metric_count] + one;
}

}  // namespace motorium
