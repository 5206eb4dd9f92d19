// What a term may read: one pack of worlds at one moment, everything as Real.
#pragma once
#include "motorium/core/math.h"
#include "motorium/core/quat.h"
#include "motorium/core/random.h"
#include "motorium/core/team.h"
#include "motorium/core/vec.h"
#include "motorium/robots/tasks/table.h"

namespace motorium {

// [q] = 1 where true
template <class Real> FN Real one_if(Mask<Real> m) { return select(m, Real(1.f), Real(0.f)); }

// ---- rows of world-major arrays <-> lanes ------------------------------------------------------

// lanes beyond `count` repeat world 0
template <class Real>
FN void load_lanes(Real* to, const Scalar<Real>* base, int columns, const int* worlds, int count) {
  constexpr int W = kWidth<Real>;
  for (int l = 0; l < W; ++l) {
    const Scalar<Real>* row = base + static_cast<int64_t>(worlds[l < count ? l : 0]) * columns;
    Scalar<Real>* lane = reinterpret_cast<Scalar<Real>*>(to) + l;
    for (int i = 0; i < columns; ++i) lane[i * W] = row[i];
  }
}
template <class Real>
FN void store_lanes(const Real* from, Scalar<Real>* base, int columns, const int* worlds,
                    int count) {
  constexpr int W = kWidth<Real>;
  for (int l = 0; l < count && l < W; ++l) {
    Scalar<Real>* row = base + static_cast<int64_t>(worlds[l]) * columns;
    const Scalar<Real>* lane = reinterpret_cast<const Scalar<Real>*>(from) + l;
    for (int i = 0; i < columns; ++i) row[i] = lane[i * W];
  }
}
// the rows of the lanes in a mask
template <class Real>
FN void store_lanes_where(const Real* from, Scalar<Real>* base, int columns, const int* worlds,
                          int count, Mask<Real> where) {
  for (int l = 0; l < count && l < kWidth<Real>; ++l) {
    if (!get_mask<Real>(where, l)) continue;
    Scalar<Real>* row = base + static_cast<int64_t>(worlds[l]) * columns;
    for (int i = 0; i < columns; ++i) row[i] = get(from[i], l);
  }
}

// ---- moment
// --------------------------------------------------------------------------------------

template <class Real> struct Moment {
  Real *qpos = nullptr, *qvel = nullptr;  // (nq), (nv)
  Real *sensor = nullptr, *effort = nullptr, *acceleration = nullptr;
  Real* state = nullptr;                  // (at.columns)
  Int<Real> world, length;                // world id, control steps of the episode
  Mask<Real> terminated, truncated, bad;  // of this step

  // of the floating base, in its own frame
  Vec3<Real> v, w, g;  // velocity [m/s], [rad/s]; gravity direction
  Real yaw;            // [rad]
};

// v = R' qvel[0..2], w = qvel[3..5], g = R' (0 0 -1)
template <class Real> FN void update_base(const TaskTable& t, Moment<Real>& x) {
  const Real zero = Real(0.f);
  x.v = x.w = vec3(zero, zero, zero);
  x.g = vec3(zero, zero, Real(-1.f));
  x.yaw = zero;
  if (!t.floating) return;
  const Quat<Real> q = quat(x.qpos + 3);
  x.v = rotate(conjugate(q), vec3(x.qvel));
  x.w = vec3(x.qvel + 3);
  x.g = rotate(conjugate(q), x.g);
  x.yaw =
      atan2(Real(2.f) * fma(q.w, q.z, q.x * q.y), Real(1.f) - Real(2.f) * fma(q.y, q.y, q.z * q.z));
}

// pieces that many formulas share; c: command, s = |c_xy| + |c_w|
template <class Real> FN const Real* command(const TaskTable& t, const Moment<Real>& x) {
  return x.state + t.at.command;
}
template <class Real> FN Real planar_speed(const Real* c) {
  return sqrt(fma(c[1], c[1], c[0] * c[0]));
}
template <class Real> FN Real total_speed(const Real* c) { return planar_speed(c) + abs(c[2]); }
// E(e, sigma) = exp(-e / sigma^2)
template <class Real> FN Real kernel(Real error, float sigma) {
  return exp(-error / Real(sigma * sigma));
}
template <class Real> FN Real offset_of(const TaskTable& t, const Moment<Real>& x, int joint) {
  return x.qpos[t.joints[joint].qpos] - Real(t.joints[joint].q0);
}
template <class Real> FN Real speed_of(const TaskTable& t, const Moment<Real>& x, int joint) {
  return x.qvel[t.joints[joint].dof];
}
template <class Real> FN Real effort_of(const TaskTable& t, const Moment<Real>& x, int joint) {
  return x.effort[t.joints[joint].dof];
}
template <class Real>
FN Vec3<Real> foot_velocity(const TaskTable& t, const Moment<Real>& x, int f) {
  return vec3(x.sensor + t.feet[f].velocity);
}
template <class Real> FN Real foot_height(const TaskTable& t, const Moment<Real>& x, int f) {
  return x.sensor[t.feet[f].position + 2];
}
template <class Real> FN Real planar(const Vec3<Real>& v) { return sqrt(fma(v.y, v.y, v.x * v.x)); }

// part of the gait period of foot f, 0 <= phase < 1
template <class Real> FN Real gait_phase(const TaskTable& t, const Moment<Real>& x, int f) {
  const Real p = x.state[t.at.phase] + Real(t.feet[f].gait_offset);
  return select(p >= Real(1.f), p - Real(1.f), p);
}

// ---- random numbers
// ------------------------------------------------------------------------------

// four words for (seed, world, step, purpose, index)
template <class Real>
FN Words<Real> draw(const TaskTable& t, const Moment<Real>& x, Purpose purpose, int index) {
  return random_words<Real>(t.seed, x.world, Int<Real>(t.step), purpose, Int<Real>(index));
}

}  // namespace motorium
