// Transmissions: how long an actuator is, and how its force reaches the dofs.
//   joint, jointinparent   one hinge or slide; an axis of a ball; a wrench on a free body
//   site                   a wrench in the site's frame, or relative to a reference site
//   slider-crank           l = gear (av - sqrt(av^2 + rod^2 - |w|^2)),  w = crank - slider,
//                          a = slider axis, av = a w; l = gear av out of the rod's reach
//   tendon                 gear times its length
//   body                   minus the mean normal of the body's contacts, those in the gap included
//   so3                    the rotation vector of a ball, or between two sites: three outputs
#pragma once
#include "motorium/core/quat.h"
#include "motorium/physics/tendon.h"

namespace motorium {

template <class Real> FN TransmissionType transmission_type(const ModelView<Real>& m, int a) {
  return static_cast<TransmissionType>(m.actuator_trntype[a]);
}

template <class Real> FN bool drives_joint(const ModelView<Real>& m, int a) {
  const TransmissionType type = transmission_type(m, a);
  return type == TransmissionType::joint || type == TransmissionType::jointinparent;
}

// the only dof of an actuator at a hinge or slide, else -1: most actuators are
template <class Real> FN int only_dof(const ModelView<Real>& m, int a) {
  const int target = m.actuator_trnid[2 * a];
  if (!drives_joint(m, a)) return -1;
  const JointType type = m.joint(target);
  return type == JointType::hinge || type == JointType::slide ? m.jnt_dofadr[target] : -1;
}

// does the actuator pull at sites? then trnid names one, or two of them
template <class Real> FN bool pulls_at_sites(const ModelView<Real>& m, int a) {
  const TransmissionType type = transmission_type(m, a);
  return type == TransmissionType::site || type == TransmissionType::slidercrank ||
         (type == TransmissionType::so3 && m.actuator_trnid[2 * a + 1] >= 0);
}

// can the moment of actuator a touch the dof? (uniform)
template <class Real> FN bool actuates(const ModelView<Real>& m, int a, int dof) {
  const int target = m.actuator_trnid[2 * a], other = m.actuator_trnid[2 * a + 1];
  if (drives_joint(m, a)) return m.dof_jntid[dof] == target;
  if (transmission_type(m, a) == TransmissionType::body) return true;
  if (transmission_type(m, a) == TransmissionType::tendon) return stretches(m, target, dof);
  if (!pulls_at_sites(m, a)) return m.dof_jntid[dof] == target;
  return moves(m, dof, m.site_bodyid[target]) ||
         (other >= 0 && moves(m, dof, m.site_bodyid[other]));
}

// the dofs that an actuator's moment can touch: those of its joint, those that move its sites, or
// all. visit(dof)
template <class Real, class Visit>
FN void each_actuated_dof(const ModelView<Real>& m, int a, Visit visit) {
  const int target = m.actuator_trnid[2 * a], only = only_dof(m, a);
  if (only >= 0) {
    visit(only);
  } else if (transmission_type(m, a) == TransmissionType::body || pulls_at_sites(m, a)) {
    for (int i = 0; i < m.nv; ++i)
      if (actuates(m, a, i)) visit(i);
  } else if (transmission_type(m, a) == TransmissionType::tendon) {
    for (int k = 0; k < m.ten_J_rownnz[target]; ++k)
      visit(m.ten_J_colind[m.ten_J_rowadr[target] + k]);
  } else {
    const int n = m.joint(target) == JointType::free ? 6 : 3;
    for (int i = 0; i < n; ++i) visit(m.jnt_dofadr[target] + i);
  }
}

template <class Real>
FN Quat<Real> site_turn(const ModelView<Real>& m, const Scratch<Real>& x, int site) {
  const Quat<Real> q = m.site_quat.four(4 * site);
  return quat(x.xquat + 4 * m.site_bodyid[site]) * q;
}

// a wrench fixed in the site's frame, or relative to a reference site; returns the length
template <class Real>
FN Real site_transmission(const ModelView<Real>& m, const Scratch<Real>& x, int a, Real* moment) {
  const auto gear = [&](int k) { return m.actuator_gear[6 * m.actuator_outadr[a] + k]; };
  const int target = m.actuator_trnid[2 * a], ref = m.actuator_trnid[2 * a + 1];
  const int frame = ref >= 0 ? ref : target;
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
  if (ref < 0) return Real(0.f);
  const Real length = dot(transpose_times(R, p - rp), vec3(gear(0), gear(1), gear(2)));
  const Vec3<Real> turned =
      rotation_vector(conjugate(site_turn(m, x, ref)) * site_turn(m, x, target));
  return length + dot(turned, vec3(gear(3), gear(4), gear(5)));
}

// a ball or a free joint
template <class Real>
FN Real joint_transmission(const ModelView<Real>& m, const State<Real>& s, int a, Real* moment) {
  const auto gear = [&](int k) { return m.actuator_gear[6 * m.actuator_outadr[a] + k]; };
  const int target = m.actuator_trnid[2 * a];
  const int q = m.jnt_qposadr[target], d = m.jnt_dofadr[target];
  const bool in_parent = transmission_type(m, a) == TransmissionType::jointinparent;
  switch (m.joint(target)) {
    case JointType::ball: {
      const Quat<Real> turn = normalize(quat(s.qpos + q));
      Vec3<Real> g = vec3(gear(0), gear(1), gear(2));
      if (in_parent) g = rotate(conjugate(turn), g);
      put3(moment + d, g);
      return dot(rotation_vector(turn), g);
    }
    case JointType::free: {
      Vec3<Real> g = vec3(gear(3), gear(4), gear(5));
      if (in_parent) g = rotate(conjugate(normalize(quat(s.qpos + q + 3))), g);
      put3(moment + d, vec3(gear(0), gear(1), gear(2)));
      put3(moment + d + 3, g);
      break;
    }
    default:  // hinge, slide: see transmission()
      break;
  }
  return Real(0.f);
}

template <class Real>
FN Real slidercrank_transmission(const ModelView<Real>& m, const Scratch<Real>& x, int a,
                                 Real* moment) {
  const Real gear = m.actuator_gear[6 * m.actuator_outadr[a]], rod = m.actuator_cranklength[a];
  const int crank = m.actuator_trnid[2 * a], slider = m.actuator_trnid[2 * a + 1];
  const Vec3<Real> p = vec3(x.site_xpos + 3 * crank), o = vec3(x.site_xpos + 3 * slider);
  const Vec3<Real> axis = mat3(x.site_xmat + 9 * slider).column(2), w = p - o;
  const Real zero = Real(0.f), along = dot(w, axis);
  const Real det = fma(along, along, fma(rod, rod, -dot(w, w)));
  const Mask<Real> reaches = det > zero;
  const Real root = sqrt(select(reaches, det, Real(1.f)));
  for (int i = 0; i < m.nv; ++i) {
    const bool by_crank = moves(m, i, m.site_bodyid[crank]),
               by_slider = moves(m, i, m.site_bodyid[slider]);
    if (!by_crank && !by_slider) continue;
    Vec3<Real> dw = {zero, zero, zero}, daxis = dw;
    if (by_crank) dw = dw + point_column(m, x, i, p);
    if (by_slider) {
      dw = dw - point_column(m, x, i, o);
      daxis = cross(vec3(x.cdof + 6 * i), axis);
    }
    const Real dalong = dot(axis, dw) + dot(w, daxis);
    const Real droot = fma(along, dalong, -dot(w, dw)) / root;
    moment[i] = gear * select(reaches, dalong - droot, dalong);
  }
  return gear * select(reaches, along - root, along);
}

template <class Real>
FN Real tendon_transmission(const ModelView<Real>& m, const Scratch<Real>& x, int a, Real* moment) {
  const Real gear = m.actuator_gear[6 * m.actuator_outadr[a]];
  const int t = m.actuator_trnid[2 * a], adr = m.ten_J_rowadr[t];
  for (int k = 0; k < m.ten_J_rownnz[t]; ++k)
    moment[m.ten_J_colind[adr + k]] = gear * x.ten_J[adr + k];
  return gear * x.ten_length[t];
}

// adhesion. Worlds touch different things: lane by lane
template <class Real>
FN void body_transmission(const ModelView<Real>& m, const Scratch<Real>& x, int body,
                          Real* moment) {
  using S = Scalar<Real>;
  for (int i = 0; i < m.nv; ++i) moment[i] = Real(0.f);
  for (int l = 0; l < kWidth<Real>; ++l) {
    int count = 0;
    for (int k = 0; k < x.con_slots; ++k) {
      const int p = get_int<Real>(x.con_pair[k], l);
      if (p < 0) continue;
      const int b1 = m.geom_bodyid[m.pair_geom1[p]], b2 = m.geom_bodyid[m.pair_geom2[p]];
      if (b1 != body && b2 != body) continue;
      ++count;
      Vec3<S> n, at;
      for (int j = 0; j < 3; ++j) {
        n[j] = get(x.con_frame[9 * k + j], l);
        at[j] = get(x.con_pos[3 * k + j], l);
      }
      for (int i = 0; i < m.nv; ++i) {
        const bool first = moves(m, i, b1), second = moves(m, i, b2);
        if (first == second) continue;
        Vec3<S> turn, shift, arm;
        for (int j = 0; j < 3; ++j) {
          turn[j] = get(x.cdof[6 * i + j], l);
          shift[j] = get(x.cdof[6 * i + 3 + j], l);
          arm[j] = at[j] - get(x.dof_com[3 * m.dof_treeid[i] + j], l);
        }
        const S value = dot(n, shift + cross(turn, arm));
        put(moment[i], l, get(moment[i], l) + (second ? value : -value));
      }
    }
    if (count == 0) continue;
    const S share = S(-1) / static_cast<S>(count);
    for (int i = 0; i < m.nv; ++i) put(moment[i], l, share * get(moment[i], l));
  }
}

// three outputs: rotations about the axes of the child
template <class Real>
FN void so3_transmission(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int a) {
  const int out = m.actuator_outadr[a];
  const int target = m.actuator_trnid[2 * a], ref = m.actuator_trnid[2 * a + 1];
  Real* moment = x.actuator_moment + out * m.nv;
  if (ref < 0) {
    const int d = m.jnt_dofadr[target];
    put3(x.actuator_length + out, rotation_vector(normalize(quat(s.qpos + m.jnt_qposadr[target]))));
    for (int k = 0; k < 3; ++k)
      for (int j = 0; j < 3; ++j) moment[k * m.nv + d + j] = Real(k == j ? 1.f : 0.f);
    return;
  }
  put3(x.actuator_length + out,
       rotation_vector(conjugate(site_turn(m, x, ref)) * site_turn(m, x, target)));
  const Mat3<Real> R = mat3(x.site_xmat + 9 * target);
  for (int i = 0; i < m.nv; ++i) {
    const bool here = moves(m, i, m.site_bodyid[target]), there = moves(m, i, m.site_bodyid[ref]);
    if (!here && !there) continue;
    Vec3<Real> turn = transpose_times(R, vec3(x.cdof + 6 * i));
    if (here && there) turn = turn - turn;
    if (!here) turn = -turn;
    for (int k = 0; k < 3; ++k) moment[k * m.nv + i] = turn[k];
  }
}

// length, moment and velocity of each output of actuator a
template <class Real>
FN void transmission(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int a) {
  const int out = m.actuator_outadr[a], only = only_dof(m, a);
  Real* moment = x.actuator_moment + out * m.nv;
  if (only >= 0) {
    const Real gear = m.actuator_gear[6 * out];
    moment[only] = gear;
    x.actuator_length[out] = gear * s.qpos[m.jnt_qposadr[m.actuator_trnid[2 * a]]];
    x.actuator_velocity[out] = fma(gear, s.qvel[only], Real(0.f));
    return;
  }
  switch (transmission_type(m, a)) {
    case TransmissionType::joint:
    case TransmissionType::jointinparent:
      x.actuator_length[out] = joint_transmission(m, s, a, moment);
      break;
    case TransmissionType::site:
      x.actuator_length[out] = site_transmission(m, x, a, moment);
      break;
    case TransmissionType::tendon:
      x.actuator_length[out] = tendon_transmission(m, x, a, moment);
      break;
    case TransmissionType::slidercrank:
      x.actuator_length[out] = slidercrank_transmission(m, x, a, moment);
      break;
    case TransmissionType::body:
      body_transmission(m, x, m.actuator_trnid[2 * a], moment);
      x.actuator_length[out] = Real(0.f);
      break;
    case TransmissionType::so3:
      so3_transmission(m, s, x, a);
      break;
  }
  for (int k = 0; k < m.actuator_outnum[a]; ++k) {
    Real speed = Real(0.f);
    each_actuated_dof(m, a, [&](int i) { speed = fma(moment[k * m.nv + i], s.qvel[i], speed); });
    x.actuator_velocity[out + k] = speed;
  }
}

}  // namespace motorium
