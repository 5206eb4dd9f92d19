// Rewards: the value of each term before its weight. Formulas: docs/tasks.md.
#pragma once
#include "motorium/robots/tasks/moment.h"

namespace motorium {

// sum of f(joint) over the row's joints, in index order
template <class Real, class F> FN Real over_joints(const TaskTable& t, const TermRow& r, F f) {
  Real sum = Real(0.f);
  for (int i = 0; i < r.count; ++i) sum = sum + f(t.ids[r.first + i], i);
  return sum;
}
template <class Real, class F> FN Real over_feet(const TaskTable& t, F f) {
  Real sum = Real(0.f);
  for (int i = 0; i < t.nfeet; ++i) sum = sum + f(i);
  return sum;
}

// exp(-mean((q - q0)^2 / sigma_j^2)); numbers: sigma per joint, `set` picks one of the row's sets
template <class Real>
FN Real posture_value(const TaskTable& t, const TermRow& r, const Moment<Real>& x, int set) {
  const float* sigma = t.numbers + r.numbers + set * r.count;
  const Real e = over_joints<Real>(
      t, r, [&](int j, int i) { return square(offset_of(t, x, j)) / Real(sigma[i] * sigma[i]); });
  return exp(-e / Real(static_cast<float>(r.count)));
}

// swing height over the phase: up to H and back to 0 with B(y) = y^3 + 3 y^2 (1 - y)
template <class Real> FN Real bump(Real y) { return y * y * (y + Real(3.f) * (Real(1.f) - y)); }

template <class Real>
FN Real reward_velocity(const TaskTable& t, const TermRow& r, const Moment<Real>& x) {
  const Real* c = command(t, x);
  const Real e_xy = square(c[0] - x.v.x) + square(c[1] - x.v.y);
  const Real e_yaw = square(c[2] - x.w.z);
  switch (static_cast<RewardTerm>(r.kind)) {
    case RewardTerm::track_lin_vel_xy_exp:
      return kernel(e_xy, r.p[0]);
    case RewardTerm::track_ang_vel_z_exp:
      return kernel(e_yaw, r.p[0]);
    case RewardTerm::track_linear_velocity:
      return kernel(e_xy + square(x.v.z), r.p[0]);
    default:
      return kernel(e_yaw + square(x.w.x) + square(x.w.y), r.p[0]);
  }
}

template <class Real>
FN Real reward_body(const TaskTable& t, const TermRow& r, const Moment<Real>& x) {
  const Real tilt = square(x.g.x) + square(x.g.y);
  switch (static_cast<RewardTerm>(r.kind)) {
    case RewardTerm::lin_vel_z_l2:
      return square(x.v.z);
    case RewardTerm::ang_vel_xy_l2:
      return square(x.w.x) + square(x.w.y);
    case RewardTerm::flat_orientation_l2:
      return tilt;
    case RewardTerm::upright:
      return kernel(tilt, r.p[0]);
    case RewardTerm::base_height_l2:
      return square(x.qpos[2] - Real(r.p[0]));
    case RewardTerm::body_ang_vel_l2: {
      // horizontal part of the angular velocity in the world frame
      const Vec3<Real> w = rotate(quat(x.qpos + 3), x.w);
      return square(w.x) + square(w.y);
    }
    default: {
      const Vec3<Real> l = vec3(x.sensor + t.ids[r.first]);
      return dot(l, l);
    }
  }
}

template <class Real>
FN Real reward_joints(const TaskTable& t, const TermRow& r, const Moment<Real>& x) {
  const auto torque = [&](int j) { return effort_of(t, x, j); };
  switch (static_cast<RewardTerm>(r.kind)) {
    case RewardTerm::posture:
      return posture_value(t, r, x, 0);
    case RewardTerm::variable_posture: {
      // the spread that is allowed depends on how fast the robot is told to go
      const Real s = total_speed(command(t, x));
      const Real walking =
          select(s < Real(r.p[1]), posture_value(t, r, x, 1), posture_value(t, r, x, 2));
      return select(s < Real(r.p[0]), posture_value(t, r, x, 0), walking);
    }
    case RewardTerm::pose_exp:
    case RewardTerm::pose_l2: {
      const float* weight = t.numbers + r.numbers;
      const Real e = over_joints<Real>(
          t, r, [&](int j, int i) { return Real(weight[i]) * square(offset_of(t, x, j)); });
      return r.kind == static_cast<int>(RewardTerm::pose_l2) ? e : exp(-e);
    }
    case RewardTerm::joint_deviation_l1:
      return over_joints<Real>(t, r, [&](int j, int) { return abs(offset_of(t, x, j)); });
    case RewardTerm::stand_still: {
      const Real e = over_joints<Real>(t, r, [&](int j, int) { return abs(offset_of(t, x, j)); });
      const Real* c = command(t, x);
      const Real size = sqrt(fma(c[2], c[2], fma(c[1], c[1], c[0] * c[0])));
      return select(size < Real(r.p[0]), e, Real(0.f));
    }
    case RewardTerm::joint_torques_l2:
      return over_joints<Real>(t, r, [&](int j, int) { return square(torque(j)); });
    case RewardTerm::energy:
      return over_joints<Real>(t, r,
                               [&](int j, int) { return abs(speed_of(t, x, j)) * abs(torque(j)); });
    case RewardTerm::electrical_power:
      return over_joints<Real>(
          t, r, [&](int j, int) { return max(torque(j) * speed_of(t, x, j), Real(0.f)); });
    case RewardTerm::joint_vel_l2:
      return over_joints<Real>(t, r, [&](int j, int) { return square(speed_of(t, x, j)); });
    case RewardTerm::joint_acc_l2:
      return over_joints<Real>(t, r,
                               [&](int j, int) { return square(x.acceleration[t.joints[j].dof]); });
    default: {
      // joint_pos_limits; numbers: soft bounds
      const float* bound = t.numbers + r.numbers;
      return over_joints<Real>(t, r, [&](int j, int i) {
        const Real q = x.qpos[t.joints[j].qpos], zero = Real(0.f);
        return max(Real(bound[2 * i]) - q, zero) + max(q - Real(bound[2 * i + 1]), zero);
      });
    }
  }
}

template <class Real>
FN Real reward_feet(const TaskTable& t, const TermRow& r, const Moment<Real>& x) {
  const Real *c = command(t, x), *s = x.state;
  const Real one = Real(1.f), zero = Real(0.f);
  const auto told = [&](float least) { return one_if<Real>(total_speed(c) > Real(least)); };
  switch (static_cast<RewardTerm>(r.kind)) {
    case RewardTerm::feet_air_time:
      return one_if<Real>(planar_speed(c) > Real(r.p[1])) * over_feet<Real>(t, [&](int f) {
               return (s[t.at.last_air + f] - Real(r.p[0])) * s[t.at.land + f];
             });
    case RewardTerm::feet_air_time_range:
      return told(r.p[2]) * over_feet<Real>(t, [&](int f) {
               const Real a = s[t.at.air + f];
               return one_if<Real>((a > Real(r.p[0])) & (a < Real(r.p[1])));
             });
    case RewardTerm::feet_slip:
      return told(r.p[0]) * over_feet<Real>(t, [&](int f) {
               const Vec3<Real> v = foot_velocity(t, x, f);
               return fma(v.y, v.y, v.x * v.x) * s[t.at.contact + f];
             });
    case RewardTerm::foot_clearance:
      return told(r.p[1]) * over_feet<Real>(t, [&](int f) {
               return abs(foot_height(t, x, f) - Real(r.p[0])) * planar(foot_velocity(t, x, f));
             });
    case RewardTerm::feet_swing_height:
      return told(r.p[1]) * over_feet<Real>(t, [&](int f) {
               return square(s[t.at.peak + f] / Real(r.p[0]) - one) * s[t.at.land + f];
             });
    case RewardTerm::soft_landing:
      return told(r.p[0]) * over_feet<Real>(t, [&](int f) {
               return norm(vec3(s + t.at.force + 3 * f)) * s[t.at.land + f];
             });
    case RewardTerm::feet_gait: {
      // feet that are on the ground when the clock says so, or off it when it does not
      const Real size = sqrt(fma(c[2], c[2], fma(c[1], c[1], c[0] * c[0])));
      return one_if<Real>(size > Real(r.p[1])) * over_feet<Real>(t, [&](int f) {
               const Mask<Real> stance = gait_phase(t, x, f) < Real(r.p[0]);
               const Real k = s[t.at.contact + f];
               return select(stance, k, one - k);
             });
    }
    default: {
      // feet_phase: exp(-sum (z - r(phase))^2 / sigma); stance first, then swing up and down
      const Real size = sqrt(fma(c[2], c[2], fma(c[1], c[1], c[0] * c[0])));
      const Real e = over_feet<Real>(t, [&](int f) {
        const Real y = (gait_phase(t, x, f) - Real(r.p[2])) / Real(1.f - r.p[2]);
        const Real up = bump(Real(2.f) * y), down = one - bump(Real(2.f) * y - one);
        const Real height = select(y < zero, zero, select(y < Real(0.5f), up, down));
        return square(foot_height(t, x, f) - fma(height, Real(r.p[0]), Real(r.p[4])));
      });
      return select(size > Real(r.p[3]), exp(-e / Real(r.p[1])), zero);
    }
  }
}

// value of one row
template <class Real>
STAGE Real reward_value(const TaskTable& t, const TermRow& r, const Moment<Real>& x) {
  const Real* s = x.state;
  switch (static_cast<RewardTerm>(r.kind)) {
    case RewardTerm::is_alive:
      return one_if<Real>(!x.terminated);
    case RewardTerm::is_terminated:
      return one_if<Real>(x.terminated);
    case RewardTerm::action_rate_l2: {
      Real e = Real(0.f);
      for (int i = 0; i < t.nu; ++i) e = e + square(s[t.at.action + i] - s[t.at.action1 + i]);
      return e;
    }
    case RewardTerm::action_acc_l2: {
      Real e = Real(0.f);
      for (int i = 0; i < t.nu; ++i)
        e = e + square(s[t.at.action + i] - Real(2.f) * s[t.at.action1 + i] + s[t.at.action2 + i]);
      return e;
    }
    default:
      break;
  }
  if (r.kind <= static_cast<int>(RewardTerm::track_angular_velocity))
    return reward_velocity(t, r, x);
  if (r.kind <= static_cast<int>(RewardTerm::angular_momentum_l2)) return reward_body(t, r, x);
  if (r.kind <= static_cast<int>(RewardTerm::joint_pos_limits)) return reward_joints(t, r, x);
  return reward_feet(t, r, x);
}

}  // namespace motorium
