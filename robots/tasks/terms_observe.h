// Observations: one number of a group at a time.
#pragma once
#include "motorium/robots/tasks/moment.h"

namespace motorium {

// sign(f) ln(1 + |f|)
template <class Real> FN Real signed_log(Real f) { return copy_sign(log(Real(1.f) + abs(f)), f); }

template <class Real>
FN Real observe_value(const TaskTable& t, const ObserveElement& e, const Moment<Real>& x) {
  const int i = e.index;
  const Real* s = x.state;
  switch (static_cast<ObserveTerm>(e.kind)) {
    case ObserveTerm::base_lin_vel:
      return x.v[i];
    case ObserveTerm::base_ang_vel:
      return x.w[i];
    case ObserveTerm::projected_gravity:
      return x.g[i];
    case ObserveTerm::joint_pos_rel:
      return offset_of(t, x, i);
    case ObserveTerm::joint_vel_rel:
      return speed_of(t, x, i);
    case ObserveTerm::last_action:
      return s[t.at.action + i];
    case ObserveTerm::generated_commands:
      return s[t.at.command + i];
    case ObserveTerm::gait_phase: {
      // sine and cosine of one clock; still while the robot is told to stand
      const Real angle = Real(0x1.921fb6p+2f) * s[t.at.phase];
      return i == 0 ? sin(angle) : cos(angle);
    }
    case ObserveTerm::foot_contact:
      return s[t.at.contact + i];
    case ObserveTerm::foot_air_time:
      return s[t.at.air + i];
    case ObserveTerm::foot_contact_forces:
      return signed_log(s[t.at.force + i]);
    case ObserveTerm::foot_height:
      return foot_height(t, x, i);
    case ObserveTerm::joint_effort:
      return effort_of(t, x, i);
    case ObserveTerm::gravity_sensor:
      return -x.sensor[i];
    default:
      return x.sensor[i];
  }
}

// value, + noise, clip, scale. Bad numbers read as 0: the world is reset anyway
template <class Real>
FN Real observe_element(const TaskTable& t, const ObserveElement& e, const Moment<Real>& x,
                        bool corrupt, Int<Real> word) {
  Real v = observe_value(t, e, x);
  if (corrupt) v = v + uniform<Real>(word, Real(e.noise_low), Real(e.noise_high));
  if (e.clip > 0) v = clamp(v, Real(-e.clip), Real(e.clip));
  v = v * Real(e.scale);
  return select(is_bad(v), Real(0.f), v);
}

}  // namespace motorium
