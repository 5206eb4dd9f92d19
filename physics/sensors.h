// Sensor readings. `sensordata` is filled sensor by sensor; only requested quantities are computed.
#pragma once
#include "motorium/physics/camera.h"
#include "motorium/physics/contact_sensor.h"
#include "motorium/physics/distance_sensor.h"
#include "motorium/physics/enclosure.h"
#include "motorium/physics/energy.h"
#include "motorium/physics/limit_sensor.h"
#include "motorium/physics/object_frame.h"
#include "motorium/physics/range_sensor.h"
#include "motorium/physics/rne_post.h"
#include "motorium/physics/subtree_velocity.h"
#include "motorium/physics/tendon_sensor.h"
#include "motorium/physics/touch_sensor.h"

namespace motorium {

// which readings are brought up to date; the others keep their value
enum class SensorStage : int { position_velocity, all };

// is the reading made of contacts, forces or accelerations?
FN bool needs_acceleration(SensorType t) {
  switch (t) {
    case SensorType::accelerometer:
    case SensorType::actuatorfrc:
    case SensorType::contact:
    case SensorType::actuatorpos:
    case SensorType::actuatorvel:
    case SensorType::jointactuatorfrc:
    case SensorType::framelinacc:
    case SensorType::frameangacc:
    case SensorType::touch:
    case SensorType::force:
    case SensorType::torque:
    case SensorType::jointlimitfrc:
    case SensorType::tendonactuatorfrc:
    case SensorType::tendonlimitfrc:
    case SensorType::e_kinetic:
      return true;
    default:
      return false;
  }
}

// ---- frames ------------------------------------------------------------------------------------

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

// acceleration of the point p of body b, gravity felt as -g; needs rne_post_acceleration
template <class Real>
FN Spatial<Real> point_acceleration(const ModelView<Real>& m, const Scratch<Real>& x, int b,
                                    const Vec3<Real>& p) {
  const Spatial<Real> v = point_velocity(m, x, b, p), a = spatial(x.cacc + 6 * b);
  const Vec3<Real> arm = p - vec3(x.subtree_com + 3 * m.body_rootid[b]);
  return {a.r, a.t + cross(a.r, arm) + cross(v.r, v.t)};
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
  if (static_cast<SensorType>(m.sensor_type[i]) == SensorType::accelerometer)
    reading = point_acceleration(m, x, b, p).t;
  put3(out, transpose_times(R, reading));
}

// what the parent and the body of a site do to each other, from child to parent
template <class Real>
FN void wrench_sensor(const ModelView<Real>& m, const Scratch<Real>& x, int i, Real* out) {
  const int site = m.sensor_objid[i], b = m.site_bodyid[site];
  const Spatial<Real> f = spatial(x.cfrc_int + 6 * b);
  const Vec3<Real> arm = vec3(x.site_xpos + 3 * site) - vec3(x.subtree_com + 3 * m.body_rootid[b]);
  const bool torque = static_cast<SensorType>(m.sensor_type[i]) == SensorType::torque;
  put3(out, transpose_times(mat3(x.site_xmat + 9 * site), torque ? f.r - cross(arm, f.t) : f.t));
}

// is the origin of the object inside the site?
template <class Real> FN Real inside_site(const ModelView<Real>& m, const Scratch<Real>& x, int i) {
  const int site = m.sensor_refid[i];
  const Vec3<Real> d =
      object_frame(m, x, m.sensor_objtype[i], m.sensor_objid[i]).pos - vec3(x.site_xpos + 3 * site);
  const Vec3<Real> size = m.site_size.three(3 * site);
  const Mask<Real> in =
      inside_shape(m.site_type[site], size, transpose_times(mat3(x.site_xmat + 9 * site), d));
  return select(in, Real(1.f), Real(0.f));
}

// ---- all sensors -------------------------------------------------------------------------------

template <class Team, class Real>
FN void read_sensor(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int i) {
  Real* out = x.raw_sensordata + m.sensor_adr[i];
  const int id = m.sensor_objid[i];
  const auto type = static_cast<SensorType>(m.sensor_type[i]);
  switch (type) {
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
      if (kRare<Team>) tendon_sensor(m, x, i, out);
      break;
    case SensorType::actuatorfrc:
      for (int k = 0; k < m.sensor_dim[i]; ++k)
        out[k] = x.actuator_force[m.actuator_outadr[id] + k];
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
    case SensorType::actuatorpos:
      for (int k = 0; k < m.sensor_dim[i]; ++k)
        out[k] = x.actuator_length[m.actuator_outadr[id] + k];
      break;
    case SensorType::actuatorvel:
      for (int k = 0; k < m.sensor_dim[i]; ++k)
        out[k] = x.actuator_velocity[m.actuator_outadr[id] + k];
      break;
    case SensorType::jointactuatorfrc:
      out[0] = x.qfrc_actuator[m.jnt_dofadr[id]];
      break;
    case SensorType::ballangvel:
      put3(out, vec3(s.qvel + m.jnt_dofadr[id]));
      break;
    case SensorType::framelinacc:
    case SensorType::frameangacc: {
      const Frame<Real> f = object_frame(m, x, m.sensor_objtype[i], id);
      const Spatial<Real> a = point_acceleration(m, x, f.body, f.pos);
      put3(out, type == SensorType::framelinacc ? a.t : a.r);
      break;
    }
    case SensorType::touch:
      touch_sensor(m, x, id, out);
      break;
    case SensorType::force:
    case SensorType::torque:
      wrench_sensor(m, x, i, out);
      break;
    case SensorType::clock:
      out[0] = s.time[0];
      break;
    case SensorType::e_potential:
      out[0] = potential_energy(m, s, x);
      break;
    case SensorType::e_kinetic:
      out[0] = kinetic_energy(m, s, x);
      break;
    case SensorType::magnetometer:
      put3(out, transpose_times(mat3(x.site_xmat + 9 * id),
                                Vec3<Real>{m.magnetic[0], m.magnetic[1], m.magnetic[2]}));
      break;
    case SensorType::jointlimitpos:
    case SensorType::jointlimitvel:
    case SensorType::jointlimitfrc:
      out[0] = limit_sensor(m, s, x, type, id);
      break;
    case SensorType::insidesite:
      if (!kRare<Team>) return;
      if (m.sensor_intprm[3 * i] != 0) {
        enclosure_sensor(m, x, i, out);
      } else {
        out[0] = inside_site(m, x, i);
      }
      break;
    case SensorType::user:
      for (int k = 0; k < m.sensor_dim[i]; ++k) out[k] = Real(0.f);
      return;
    case SensorType::camprojection:
      if (kRare<Team>) camera_projection(m, x, i, out);
      break;
    case SensorType::rangefinder:
      if (kRare<Team>) range_sensor(m, x, i, out);
      break;
    case SensorType::distance:
    case SensorType::normal:
    case SensorType::fromto:
      return;  // distance_sensors has filled them in
    case SensorType::contact:
      if (kRare<Team>) contact_sensor(m, x, i, out);
      return;
    case SensorType::ballquat:
      put4(out, normalize(quat(s.qpos + m.jnt_qposadr[id])));
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

// raw_sensordata <- readings of the present
template <class Team, class Real>
STAGE void measure(Team team, const ModelView<Real>& m, State<Real>& s, Scratch<Real>& x,
                   SensorStage stage) {
  // what several sensors share
  const bool all_of_them = stage == SensorStage::all;
  bool acceleration = false, forces = false, momentum = false;
  for (int i = 0; i < m.nsensor; ++i) {
    const auto type = static_cast<SensorType>(m.sensor_type[i]);
    const bool wrench = type == SensorType::force || type == SensorType::torque;
    acceleration = acceleration || wrench || type == SensorType::accelerometer ||
                   type == SensorType::framelinacc || type == SensorType::frameangacc;
    forces = forces || wrench;
    momentum = momentum || type == SensorType::subtreelinvel || type == SensorType::subtreeangmom;
  }
  if (acceleration && all_of_them) rne_post_acceleration(team, m, s, x);
  if (forces && all_of_them) rne_post_forces(team, m, s, x);
  if (momentum) subtree_velocity(team, m, x);
  if (kRare<Team> && m.want_distances) distance_sensors(team, m, x);

  team.each(m.nsensor, [&](int i) {
    if (all_of_them || !needs_acceleration(static_cast<SensorType>(m.sensor_type[i])))
      read_sensor<Team>(m, s, x, i);
  });
}

template <class Team, class Real>
STAGE void sensors(Team team, const ModelView<Real>& m, State<Real>& s, Scratch<Real>& x,
                   SensorStage stage = SensorStage::all) {
  if (kRare<Team> && m.want_cameras) cameras(team, m, x);
  const bool off = !m.on(kFlagSensor);
  if (off) team.each(m.nsensordata, [&](int i) { x.sensordata[i] = Real(0.f); });
  // delayed sensors take their samples all the same
  if (off && !m.sensor_memory) return;
  measure(team, m, s, x, stage);
  if (off || !m.sensor_memory) return;
  team.each(m.nsensor, [&](int i) {
    if (stage == SensorStage::all || !needs_acceleration(static_cast<SensorType>(m.sensor_type[i])))
      recall_sensor(m, s, x, i);
  });
}

}  // namespace motorium
