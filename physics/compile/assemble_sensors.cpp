// sensors and keyframes
#include <algorithm>
#include <array>

#include "motorium/core/limits.h"
#include "motorium/physics/compile/assemble.h"
#include "motorium/physics/compile/poses0.h"
#include "motorium/physics/sensor_kinds.h"

namespace motorium {
namespace {

// joint sensors look at some types of joints only
void check_joint(Assembly& a, const SensorSpec& s, int joint, const std::string& element) {
  const auto type = static_cast<JointType>(a.m.jnt_type[joint]);
  const bool scalar = type == JointType::hinge || type == JointType::slide;
  const bool ball = type == JointType::ball;
  switch (sensor_kind(s.type)->target) {
    case SensorTarget::anything:
      return;
    case SensorTarget::ball_joint:
      if (!ball) a.malformed(s.place, element, "joint: needs a ball");
      return;
    case SensorTarget::limited:
      if (a.m.jnt_limitadr[joint] < 0)
        a.malformed(s.place, element, "joint: needs a limited joint");
      return;
    default:
      if (!scalar) a.malformed(s.place, element, "joint: needs a hinge or a slide");
  }
}

// what a sensor is asked for, as integers
std::array<int, 3> parameters(const SensorSpec& s) {
  switch (sensor_kind(s.type)->target) {
    case SensorTarget::contact:
      return {s.data, static_cast<int>(s.reduce), s.slots};
    case SensorTarget::range:
      return {s.data, 0, 0};
    case SensorTarget::site_volume:
      return {s.enclosed ? 1 : 0, 0, 0};
    default:
      return {0, 0, 0};
  }
}

int find_object(Assembly& a, const SensorSpec& s, ObjectType type, const std::string& name,
                const std::string& element) {
  switch (type) {
    case ObjectType::body:
    case ObjectType::xbody:
      return a.find(a.body, "body", name, s.place, element);
    case ObjectType::joint: {
      const int joint = a.find(a.joint, "joint", name, s.place, element);
      if (joint >= 0) check_joint(a, s, joint, element);
      return joint;
    }
    case ObjectType::tendon: {
      const int tendon = a.find(a.tendon, "tendon", name, s.place, element);
      const bool limit = sensor_kind(s.type)->target == SensorTarget::limited_tendon;
      if (limit && tendon >= 0 && !a.m.tendon_limited[tendon]) {
        a.malformed(s.place, element, "tendon: has no limits");
      }
      return tendon;
    }
    case ObjectType::geom:
      return a.find(a.geom, "geom", name, s.place, element);
    case ObjectType::camera:
      return a.find(a.camera, "camera", name, s.place, element);
    case ObjectType::site:
      return a.find(a.site, "site", name, s.place, element);
    case ObjectType::none:
      return sensor_kind(s.type)->target == SensorTarget::actuator
                 ? a.find(a.actuator, "actuator", name, s.place, element)
                 : -1;
  }
  return -1;
}

// what can jut out of what: shapes that end somewhere
void check_shapes(Assembly& a, const SensorSpec& s, int object, int site,
                  const std::string& element) {
  const Model& m = a.m;
  if (object < 0 || site < 0) return;
  for (const int end : {site, s.objtype == ObjectType::site ? object : site})
    if (m.site_type[end] <= static_cast<int>(GeomType::hfield))
      a.malformed(s.place, element, "enclosed: planes and height fields have no end");
  if (s.objtype == ObjectType::site) return;
  int shapes = 0;
  for (int g = 0; g < m.ngeom; ++g) {
    int b = m.geom_bodyid[g];
    while (s.objtype == ObjectType::xbody && b > object) b = m.body_parentid[b];
    if ((s.objtype == ObjectType::geom ? g : b) != object) continue;
    ++shapes;
    if (m.geom_type[g] <= static_cast<int>(GeomType::hfield)) {
      a.malformed(s.place, element, "enclosed: planes and height fields have no end");
      return;
    }
  }
  if (shapes == 0) a.malformed(s.place, element, "enclosed: the body has no geoms");
}

// samples of the past, after those of actuators
void assemble_history(Assembly& a, const SensorSpec& s, int dim, const std::string& element) {
  Model& m = a.m;
  const double period = s.interval[0], phase = s.interval[1];
  if (s.nsample <= 0 && (s.delay > 0 || period > 0)) {
    a.malformed(
        s.place, element,
        std::string(s.delay > 0 ? "delay" : "interval") + ": needs nsample, the samples to keep");
  }
  if (period > 0 && phase <= -period) {
    a.malformed(s.place, element, "interval: the phase must be after minus the period");
  }
  if (s.nsample > limits::kHistorySamples) {
    a.malformed(s.place, element, "nsample: at most " + std::to_string(limits::kHistorySamples));
  }
  const int64_t numbers = 2 + static_cast<int64_t>(s.nsample) * (1 + dim);
  const bool fits = m.nhistory + numbers <= limits::kHistoryNumbers;
  if (s.nsample > 0 && !fits) {
    a.malformed(
        s.place, element,
        "nsample: more than " + std::to_string(limits::kHistoryNumbers) + " numbers in histories");
  }
  const bool kept = s.nsample > 0 && s.nsample <= limits::kHistorySamples && fits;
  m.sensor_history.insert(m.sensor_history.end(),
                          {kept ? s.nsample : 0, static_cast<int>(s.interp)});
  m.sensor_historyadr.push_back(kept ? m.nhistory : -1);
  m.sensor_delay.push_back(kept ? s.delay : 0);
  m.sensor_interval.insert(m.sensor_interval.end(), {kept ? period : 0, kept ? phase : 0});
  if (kept) m.nhistory += static_cast<int>(numbers);
}

}  // namespace

void assemble_sensors(Assembly& a) {
  Model& m = a.m;
  NameMap names;
  for (const SensorSpec& s : a.scene.spec.sensors) {
    const std::string element = title(s.tag, s.name);
    if (!s.name.empty() && !names.emplace(s.name, m.nsensor).second) {
      a.malformed(s.place, element, "a sensor of this name exists");
    }
    m.sensor_name.push_back(s.name);
    m.sensor_type.push_back(static_cast<int>(s.type));
    m.sensor_objtype.push_back(static_cast<int>(s.objtype));
    m.sensor_objid.push_back(find_object(a, s, s.objtype, s.object, element));
    m.sensor_reftype.push_back(static_cast<int>(s.reftype));
    m.sensor_refid.push_back(
        s.reftype == ObjectType::none ? -1 : find_object(a, s, s.reftype, s.reference, element));
    const bool image = s.objtype == ObjectType::camera && s.type == SensorType::rangefinder;
    const int camera = image ? m.sensor_objid.back() : m.sensor_refid.back();
    if ((image || s.type == SensorType::camprojection) && camera >= 0 &&
        std::min(m.cam_resolution[2 * camera], m.cam_resolution[2 * camera + 1]) <= 0) {
      a.malformed(s.place, element, "camera: its resolution must be positive");
    }
    if (s.enclosed) check_shapes(a, s, m.sensor_objid.back(), m.sensor_refid.back(), element);
    if (sensor_kind(s.type)->target == SensorTarget::pair && s.objtype == s.reftype &&
        m.sensor_objid.back() >= 0 && m.sensor_objid.back() == m.sensor_refid.back()) {
      a.malformed(s.place, element, "both sides are the same: name two geoms or bodies");
    }
    const std::array<int, 3> prm = parameters(s);
    int count = sensor_dim(*sensor_kind(s.type), prm.data());
    // one number for each force
    const bool force = s.type == SensorType::actuatorfrc || s.type == SensorType::actuatorpos ||
                       s.type == SensorType::actuatorvel;
    const int object = m.sensor_objid.back();
    if (force && object >= 0) count = m.actuator_outnum[object];
    if (s.type == SensorType::user) count = s.dim;
    if (image && camera >= 0) count = image_numbers(m, camera, count);
    if (m.nsensordata + count > limits::kSensorNumbers) {
      a.malformed(s.place, element,
                  "more than " + std::to_string(limits::kSensorNumbers) + " sensor numbers");
      count = 1;
    }
    m.sensor_dim.push_back(count);
    m.sensor_adr.push_back(m.nsensordata);
    m.sensor_cutoff.push_back(s.cutoff);
    assemble_history(a, s, count, element);
    m.sensor_intprm.insert(m.sensor_intprm.end(), prm.begin(), prm.end());
    m.nsensordata += count;
    ++m.nsensor;
  }
}

}  // namespace motorium
