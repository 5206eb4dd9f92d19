// Sensor readings. `sensordata` is filled sensor by sensor; only requested quantities are computed.
// Frame objects: xbody is the body frame, body its inertial frame.
#pragma once
#include "motorium/physics/contact_sensor.h"
#include "motorium/physics/rne_post.h"
#include "motorium/physics/subtree_velocity.h"
#include "motorium/physics/tendon_sensor.h"

namespace motorium {

// which readings are brought up to date; the others keep their value
enum class SensorStage : int { position_velocity, all };

FN bool needs_acceleration(SensorType t) {
  return t == SensorType::accelerometer || t == SensorType::actuatorfrc ||
         t == SensorType::tendonactuatorfrc || t == SensorType::tendonlimitfrc ||
         t == SensorType::contact;
}

// ---- frames ------------------------------------------------------------------------------------

template <class Real> struct Frame {
  int body;
  Vec3<Real> pos;
  Quat<Real> turn;
  Mat3<Real> R;
};

// a frame fixed to a body
template <class Real>
FN Frame<Real> fixed_frame(const Scratch<Real>& x, int b, const Vec3<Real>& offset,
                           const Quat<Real>& turn) {
  const Quat<Real> q = quat(x.xquat + 4 * b) * turn;
  return {b, vec3(x.xpos + 3 * b) + mat3(x.xmat + 9 * b) * offset, q, to_mat3(q)};
}

template <class Real>
FN Frame<Real> object_frame(const ModelView<Real>& m, const Scratch<Real>& x, int type, int id) {
  const auto three = [&](const auto& f) {
    return Vec3<Real>{f[3 * id], f[3 * id + 1], f[3 * id + 2]};
  };
  const auto four = [&](const auto& f) {
    return Quat<Real>{f[4 * id], f[4 * id + 1], f[4 * id + 2], f[4 * id + 3]};
  };
  switch (static_cast<ObjectType>(type)) {
    case ObjectType::body:
      return {id, vec3(x.xipos + 3 * id), quat(x.xquat + 4 * id) * four(m.body_iquat),
              mat3(x.ximat + 9 * id)};
    case ObjectType::geom:
      return fixed_frame(x, m.geom_bodyid[id], three(m.geom_pos), four(m.geom_quat));
    case ObjectType::site:
      return {m.site_bodyid[id], vec3(x.site_xpos + 3 * id),
              quat(x.xquat + 4 * m.site_bodyid[id]) * four(m.site_quat),
              mat3(x.site_xmat + 9 * id)};
    default:
      return {id, vec3(x.xpos + 3 * id), quat(x.xquat + 4 * id), mat3(x.xmat + 9 * id)};
  }
}

// position, axes and velocities, in the reference frame if there is one
template <class Real>
FN void frame_sensor(const ModelView<Real>& m, const Scratch<Real>& x, int i, Real* out) {
  const auto type = static_cast<SensorType>(m.sensor_type[i]);
  const bool relative = m.sensor_refid[i] >= 0;
  const Frame<Real> f = object_frame(m, x, m.sensor_objtype[i], m.sensor_objid[i]);
  Frame<Real> ref = f;
  if (relative) ref = object_frame(m, x, m.sensor_reftype[i], m.sensor_refid[i]);
  const auto report = [&](const Vec3<Real>& v) {
    put3(out, relative ? transpose_times(ref.R, v) : v);
  };
  switch (type) {
    case SensorType::framepos:
      return report(relative ? f.pos - ref.pos : f.pos);
    case SensorType::framequat:
      return put4(out, relative ? conjugate(ref.turn) * f.turn : f.turn);
    case SensorType::framexaxis:
      return report(f.R.column(0));
    case SensorType::frameyaxis:
      return report(f.R.column(1));
    case SensorType::framezaxis:
      return report(f.R.column(2));
    default:
      break;
  }

  // seen from a turning frame, a point also moves by r x w_ref
  Spatial<Real> v = point_velocity(m, x, f.body, f.pos);
  if (relative) {
    const Spatial<Real> u = point_velocity(m, x, ref.body, ref.pos);
    v = {v.r - u.r, v.t - u.t + cross(f.pos - ref.pos, u.r)};
  }
  report(type == SensorType::framelinvel ? v.t : v.r);
}

// inertial sensors in the frame of their site. The accelerometer feels -g: at rest it reads g
// upwards
template <class Real>
FN void inertial_sensor(const ModelView<Real>& m, const Scratch<Real>& x, int i, Real* out) {
  const int site = m.sensor_objid[i], b = m.site_bodyid[site];
  const Vec3<Real> p = vec3(x.site_xpos + 3 * site);
  const Mat3<Real> R = mat3(x.site_xmat + 9 * site);
  const Spatial<Real> v = point_velocity(m, x, b, p);
  Vec3<Real> reading = v.t;
  if (static_cast<SensorType>(m.sensor_type[i]) == SensorType::gyro) reading = v.r;
  if (static_cast<SensorType>(m.sensor_type[i]) == SensorType::accelerometer) {
    const Spatial<Real> a = spatial(x.cacc + 6 * b);
    const Vec3<Real> arm = p - vec3(x.subtree_com + 3 * m.body_rootid[b]);
    reading = a.t + cross(a.r, arm) + cross(v.r, v.t);
  }
  put3(out, transpose_times(R, reading));
}

// ---- all sensors -------------------------------------------------------------------------------

template <class Real>
FN void read_sensor(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int i) {
  Real* out = x.sensordata + m.sensor_adr[i];
  const int id = m.sensor_objid[i];
  switch (static_cast<SensorType>(m.sensor_type[i])) {
    case SensorType::accelerometer:
    case SensorType::gyro:
    case SensorType::velocimeter:
      inertial_sensor(m, x, i, out);
      break;
    case SensorType::jointpos:
      out[0] = s.qpos[m.jnt_qposadr[id]];
      break;
    case SensorType::jointvel:
      out[0] = s.qvel[m.jnt_dofadr[id]];
      break;
    case SensorType::tendonpos:
      out[0] = x.ten_length[id];
      break;
    case SensorType::tendonvel:
      out[0] = x.ten_velocity[id];
      break;
    case SensorType::tendonactuatorfrc:
    case SensorType::tendonlimitpos:
    case SensorType::tendonlimitvel:
    case SensorType::tendonlimitfrc:
      tendon_sensor(m, x, i, out);
      break;
    case SensorType::actuatorfrc:
      out[0] = x.actuator_force[id];
      break;
    case SensorType::subtreecom:
      put3(out, vec3(x.subtree_com + 3 * id));
      break;
    case SensorType::subtreelinvel:
      put3(out, vec3(x.subtree_linvel + 3 * id));
      break;
    case SensorType::subtreeangmom:
      put3(out, vec3(x.subtree_angmom + 3 * id));
      break;
    case SensorType::contact:
      contact_sensor(m, x, i, out);
      return;
    case SensorType::framequat:
    case SensorType::framexaxis:
    case SensorType::frameyaxis:
    case SensorType::framezaxis:
      frame_sensor(m, x, i, out);
      return;
    case SensorType::framepos:
    case SensorType::framelinvel:
    case SensorType::frameangvel:
      frame_sensor(m, x, i, out);
      break;
  }

  // numbers beyond the cutoff are clipped; unit vectors and contacts have returned above
  const Real cutoff = m.sensor_cutoff[i];
  if (m.sensor_cutoff.p[i] > Scalar<Real>(0))
    for (int k = 0; k < m.sensor_dim[i]; ++k) out[k] = clamp(out[k], -cutoff, cutoff);
}

template <class Team, class Real>
STAGE void sensors(Team team, const ModelView<Real>& m, State<Real>& s, Scratch<Real>& x,
                   SensorStage stage = SensorStage::all) {
  if (!m.on(kFlagSensor)) {
    team.each(m.nsensordata, [&](int i) { x.sensordata[i] = Real(0.f); });
    return;
  }

  // what several sensors share
  const bool all_of_them = stage == SensorStage::all;
  bool acceleration = false, momentum = false;
  for (int i = 0; i < m.nsensor; ++i) {
    const auto type = static_cast<SensorType>(m.sensor_type[i]);
    acceleration = acceleration || (all_of_them && type == SensorType::accelerometer);
    momentum = momentum || type == SensorType::subtreelinvel || type == SensorType::subtreeangmom;
  }
  if (acceleration) rne_post_acceleration(team, m, s, x);
  if (momentum) subtree_velocity(team, m, x);

  team.each(m.nsensor, [&](int i) {
    if (all_of_them || !needs_acceleration(static_cast<SensorType>(m.sensor_type[i])))
      read_sensor(m, s, x, i);
  });
}

}  // namespace motorium
