// Actuators: length and moment of each transmission, activation dynamics, force, joint forces.
//   force = gain input + bias,   gain, bias = p0 [+ p1 length + p2 velocity]
//   qfrc_actuator = moment' force
#pragma once
#include "motorium/core/quat.h"
#include "motorium/physics/tendon.h"

namespace motorium {

// does an actuator drive a joint? (uniform)
template <class Real> FN bool drives_joint(const ModelView<Real>& m, int a) {
  const auto type = static_cast<TransmissionType>(m.actuator_trntype[a]);
  return type == TransmissionType::joint || type == TransmissionType::jointinparent;
}

// dofs that an actuator's moment can touch: one hinge or slide, a ball's three, a free joint's six,
// those of a tendon, or all dofs that move a site. visit(dof)
template <class Real, class Visit>
FN void each_actuated_dof(const ModelView<Real>& m, int a, Visit visit) {
  const int target = m.actuator_trnid[2 * a];
  if (static_cast<TransmissionType>(m.actuator_trntype[a]) == TransmissionType::site) {
    const int b = m.site_bodyid[target], ref = m.actuator_trnid[2 * a + 1];
    for (int i = 0; i < m.nv; ++i)
      if (moves(m, i, b) || (ref >= 0 && moves(m, i, m.site_bodyid[ref]))) visit(i);
  } else if (static_cast<TransmissionType>(m.actuator_trntype[a]) == TransmissionType::tendon) {
    for (int k = 0; k < m.ten_J_rownnz[target]; ++k)
      visit(m.ten_J_colind[m.ten_J_rowadr[target] + k]);
  } else {
    const int n = m.joint(target) == JointType::free   ? 6
                  : m.joint(target) == JointType::ball ? 3
                                                       : 1;
    for (int i = 0; i < n; ++i) visit(m.jnt_dofadr[target] + i);
  }
}

// can the moment of actuator a touch the dof? (uniform)
template <class Real> FN bool actuates(const ModelView<Real>& m, int a, int dof) {
  const int target = m.actuator_trnid[2 * a], ref = m.actuator_trnid[2 * a + 1];
  if (drives_joint(m, a)) return m.dof_jntid[dof] == target;
  if (static_cast<TransmissionType>(m.actuator_trntype[a]) == TransmissionType::tendon)
    return stretches(m, target, dof);
  return moves(m, dof, m.site_bodyid[target]) || (ref >= 0 && moves(m, dof, m.site_bodyid[ref]));
}

template <class Real>
FN void transmission(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int a) {
  const auto gear = [&](int k) { return m.actuator_gear[6 * a + k]; };
  const auto type = static_cast<TransmissionType>(m.actuator_trntype[a]);
  const int target = m.actuator_trnid[2 * a];
  Real* moment = x.moment + a * m.nv;
  Real length = Real(0.f);

  if (type == TransmissionType::site) {
    // a wrench fixed in the site's frame, or relative to a reference site
    const int ref = m.actuator_trnid[2 * a + 1], frame = ref >= 0 ? ref : target;
    const int b = m.site_bodyid[target], rb = ref >= 0 ? m.site_bodyid[ref] : 0;
    const Mat3<Real> R = mat3(x.site_xmat + 9 * frame);
    const Vec3<Real> force = R * vec3(gear(0), gear(1), gear(2));
    const Vec3<Real> torque = R * vec3(gear(3), gear(4), gear(5));
    const Vec3<Real> p = vec3(x.site_xpos + 3 * target);
    const Vec3<Real> rp = ref >= 0 ? vec3(x.site_xpos + 3 * ref) : p;
    for (int i = 0; i < m.nv; ++i) {
      const bool here = moves(m, i, b), there = ref >= 0 && moves(m, i, rb);
      if (!here && !there) continue;
      // dofs that move both sites cancel
      const Vec3<Real> turn = vec3(x.cdof + 6 * i);
      Real value = Real(0.f);
      if (here && !there) value = dot(force, point_column(m, x, i, p)) + dot(torque, turn);
      if (there && !here) value = -(dot(force, point_column(m, x, i, rp)) + dot(torque, turn));
      moment[i] = value;
    }
    if (ref >= 0) {
      length = dot(transpose_times(R, p - rp), vec3(gear(0), gear(1), gear(2)));
      const auto site_quat = [&](int site, int body) {
        const Quat<Real> q = {m.site_quat[4 * site], m.site_quat[4 * site + 1],
                              m.site_quat[4 * site + 2], m.site_quat[4 * site + 3]};
        return quat(x.xquat + 4 * body) * q;
      };
      const Vec3<Real> turned =
          rotation_vector(conjugate(site_quat(ref, rb)) * site_quat(target, b));
      length = length + dot(turned, vec3(gear(3), gear(4), gear(5)));
    }
  } else if (type == TransmissionType::tendon) {
    length = gear(0) * x.ten_length[target];
    const int adr = m.ten_J_rowadr[target];
    for (int k = 0; k < m.ten_J_rownnz[target]; ++k)
      moment[m.ten_J_colind[adr + k]] = gear(0) * x.ten_J[adr + k];
  } else {
    const int q = m.jnt_qposadr[target], d = m.jnt_dofadr[target];
    const bool in_parent = type == TransmissionType::jointinparent;
    switch (m.joint(target)) {
      case JointType::hinge:
      case JointType::slide:
        length = gear(0) * s.qpos[q];
        moment[d] = gear(0);
        break;
      case JointType::ball: {
        const Quat<Real> turn = normalize(quat(s.qpos + q));
        Vec3<Real> g = vec3(gear(0), gear(1), gear(2));
        if (in_parent) g = rotate(conjugate(turn), g);
        length = dot(rotation_vector(turn), g);
        put3(moment + d, g);
        break;
      }
      case JointType::free: {
        Vec3<Real> g = vec3(gear(3), gear(4), gear(5));
        if (in_parent) g = rotate(conjugate(normalize(quat(s.qpos + q + 3))), g);
        put3(moment + d, vec3(gear(0), gear(1), gear(2)));
        put3(moment + d + 3, g);
        break;
      }
    }
  }
  x.actuator_length[a] = length;
  Real speed = Real(0.f);
  each_actuated_dof(m, a, [&](int i) { speed = fma(moment[i], s.qvel[i], speed); });
  x.actuator_velocity[a] = speed;
}

// activation after one step
template <class Real>
FN Real next_activation(const ModelView<Real>& m, const Real& act, const Real& rate, int a) {
  const Real h = Real(m.timestep);
  Real next;
  if (static_cast<DynType>(m.actuator_dyntype[a]) == DynType::filterexact) {
    const Real tau = max(m.actuator_dynprm[10 * a], number<Real>(1e-15));
    next = fma(rate * tau, Real(1.f) - exp(-(h / tau)), act);
  } else {
    next = fma(h, rate, act);
  }
  if (m.actuator_actlimited[a])
    next = clamp(next, m.actuator_actrange[2 * a], m.actuator_actrange[2 * a + 1]);
  return next;
}

template <class Real>
FN void actuator_force(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int a) {
  Real ctrl = s.ctrl[a];
  if (m.actuator_ctrllimited[a] && m.on(kFlagClampctrl))
    ctrl = clamp(ctrl, m.actuator_ctrlrange[2 * a], m.actuator_ctrlrange[2 * a + 1]);

  // activation dynamics
  Real input = ctrl;
  const int act = m.actuator_actadr[a];
  if (act >= 0) {
    const Real state = s.act[act];
    const Real rate = static_cast<DynType>(m.actuator_dyntype[a]) == DynType::integrator
                          ? ctrl
                          : (ctrl - state) / max(m.actuator_dynprm[10 * a], number<Real>(1e-15));
    x.act_dot[act] = rate;
    input = m.actuator_actearly[a] ? next_activation(m, state, rate, a) : state;
  }

  // a servo on a ball joint takes the representative of its setpoint nearest to the length
  const bool affine_gain = static_cast<GainType>(m.actuator_gaintype[a]) == GainType::affine;
  const bool affine_bias = static_cast<BiasType>(m.actuator_biastype[a]) == BiasType::affine;
  const Real length = x.actuator_length[a], speed = x.actuator_velocity[a];
  const auto gp = [&](int k) { return m.actuator_gainprm[10 * a + k]; };
  const auto bp = [&](int k) { return m.actuator_biasprm[10 * a + k]; };
  const auto gear = [&](int k) { return m.actuator_gear[6 * a + k]; };
  const auto type = static_cast<TransmissionType>(m.actuator_trntype[a]);
  const bool on_ball = drives_joint(m, a) && m.joint(m.actuator_trnid[2 * a]) == JointType::ball;
  const bool on_turn = type == TransmissionType::site && m.actuator_trnid[2 * a + 1] >= 0 &&
                       m.actuator_gear.p[6 * a] == 0 && m.actuator_gear.p[6 * a + 1] == 0 &&
                       m.actuator_gear.p[6 * a + 2] == 0;
  if (on_ball || on_turn) {
    const int o = on_ball ? 0 : 3;
    const Real period =
        number<Real>(6.28318530717958647692) * norm(vec3(gear(o), gear(o + 1), gear(o + 2)));
    const Mask<Real> servo = (bp(1) != Real(0.f)) & (gp(0) == -bp(1)) & (period > Real(0.f));
    const Real turns = (length - input) / select(servo, period, Real(1.f));
    input = select(
        servo,
        fma(period, to_real<Real>(round_to_int(clamp(turns, Real(-1e6f), Real(1e6f)))), input),
        input);
  }

  // force and its slope over velocity
  Real gain = gp(0), bias = Real(0.f), slope = Real(0.f);
  if (affine_gain) {
    gain = fma(gp(2), speed, fma(gp(1), length, gain));
    slope = gp(2) * input;
  }
  if (affine_bias) {
    bias = fma(bp(2), speed, fma(bp(1), length, bp(0)));
    slope = slope + bp(2);
  }
  x.actuator_force[a] = fma(gain, input, bias);
  x.actuator_slope[a] = slope;
}

// a saturated actuator has no slope
template <class Real> FN void bound_force(const ModelView<Real>& m, Scratch<Real>& x, int a) {
  if (!m.actuator_forcelimited[a]) return;
  const Real lo = m.actuator_forcerange[2 * a], hi = m.actuator_forcerange[2 * a + 1];
  const Real force = clamp(x.actuator_force[a], lo, hi);
  x.actuator_force[a] = force;
  x.actuator_slope[a] = select((force <= lo) | (force >= hi), Real(0.f), x.actuator_slope[a]);
}

template <class Team, class Real>
STAGE void actuation(Team team, const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x) {
  const bool acting = m.on(kFlagActuation);
  team.each(m.nu, [&](int a) {
    transmission(m, s, x, a);
    if (acting) {
      actuator_force(m, s, x, a);
    } else {
      x.actuator_force[a] = Real(0.f);
      x.actuator_slope[a] = Real(0.f);
      if (m.actuator_actadr[a] >= 0) x.act_dot[m.actuator_actadr[a]] = Real(0.f);
    }
  });

  if (acting) {
    bound_tendon_forces(team, m, x);
    team.each(m.nu, [&](int a) { bound_force(m, x, a); });
  }

  // joint forces: one worker, because several actuators may share a dof
  team.once([&] {
    for (int i = 0; i < m.nv; ++i) x.qfrc_actuator[i] = Real(0.f);
    for (int a = 0; a < m.nu; ++a)
      each_actuated_dof(m, a, [&](int i) {
        x.qfrc_actuator[i] = fma(x.moment[a * m.nv + i], x.actuator_force[a], x.qfrc_actuator[i]);
      });
  });

  // bounds of the summed force at a joint; a saturated joint has no slope
  team.each(m.njnt, [&](int j) {
    if (!m.jnt_actfrclimited[j] || !acting) return;
    const int d = m.jnt_dofadr[j];
    const Real lo = m.jnt_actfrcrange[2 * j], hi = m.jnt_actfrcrange[2 * j + 1];
    const Real f = x.qfrc_actuator[d];
    const Mask<Real> saturated = (f <= lo) | (f >= hi);
    for (int a = 0; a < m.nu; ++a)
      if (drives_joint(m, a) && m.actuator_trnid[2 * a] == j)
        x.actuator_slope[a] = select(saturated, Real(0.f), x.actuator_slope[a]);
    x.qfrc_actuator[d] = clamp(f, lo, hi);
  });
}

}  // namespace motorium
