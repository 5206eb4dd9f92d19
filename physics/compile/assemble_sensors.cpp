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

// values of a keyframe: given, or from the model
void add_values(Assembly& a, const KeySpec* key, const char* name, const std::vector<double>* given,
                const std::vector<double>& otherwise, std::vector<double>& out) {
  if (key && !given->empty() && given->size() != otherwise.size()) {
    a.malformed(key->place, title("key", key->name),
                std::string(name) + ": has " + std::to_string(given->size()) + " numbers: give " +
                    std::to_string(otherwise.size()));
    given = nullptr;
  }
  const std::vector<double>& values = given && !given->empty() ? *given : otherwise;
  out.insert(out.end(), values.begin(), values.end());
}

void normalize_four(double* q) {
  const Quaternion n = normalized({q[0], q[1], q[2], q[3]});
  std::copy(n.begin(), n.end(), q);
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
    const int camera = m.sensor_refid.back();
    if (s.type == SensorType::camprojection && camera >= 0 &&
        std::min(m.cam_resolution[2 * camera], m.cam_resolution[2 * camera + 1]) <= 0) {
      a.malformed(s.place, element, "camera: its resolution must be positive");
    }
    const std::array<int, 3> prm = parameters(s);
    int count = sensor_dim(*sensor_kind(s.type), prm.data());
    // one number for each force
    const bool force = s.type == SensorType::actuatorfrc || s.type == SensorType::actuatorpos ||
                       s.type == SensorType::actuatorvel;
    const int object = m.sensor_objid.back();
    if (force && object >= 0) count = m.actuator_outnum[object];
    m.sensor_dim.push_back(count);
    m.sensor_adr.push_back(m.nsensordata);
    m.sensor_cutoff.push_back(s.cutoff);
    m.sensor_intprm.insert(m.sensor_intprm.end(), prm.begin(), prm.end());
    m.nsensordata += count;
    ++m.nsensor;
    if (m.nsensordata > limits::kSensorNumbers) {
      a.malformed(s.place, element,
                  "more than " + std::to_string(limits::kSensorNumbers) + " sensor numbers");
      return;
    }
  }
}

void assemble_keys(Assembly& a) {
  Model& m = a.m;
  const Spec& spec = a.scene.spec;
  m.nkey = std::max(static_cast<int>(spec.keys.size()), spec.nkey);
  if (m.nkey > limits::kKeyframes) {
    a.malformed({}, "keyframe", "more than " + std::to_string(limits::kKeyframes) + " keyframes");
    m.nkey = 0;
    return;
  }
  // keyframes that the file only counts must not fill the memory
  const int64_t numbers = m.nq + m.nv + m.na + m.nu + 7 * m.nmocap;
  if (m.nkey * numbers > limits::kKeyframeNumbers) {
    a.malformed({}, "keyframe",
                "more than " + std::to_string(limits::kKeyframeNumbers) + " numbers in keyframes");
    m.nkey = 0;
    return;
  }
  // what a keyframe does not give
  std::vector<double> mpos, mquat;
  for (int b = 0; b < m.nbody; ++b) {
    if (m.body_mocapid[b] < 0) continue;
    append(mpos, vec_at(m.body_pos, b));
    append(mquat, quat_at(m.body_quat, b));
  }
  const std::vector<double> still(m.nv, 0), at_rest(m.na, 0), no_control(m.nu, 0);
  NameMap names;
  for (int k = 0; k < m.nkey; ++k) {
    const KeySpec* key = k < static_cast<int>(spec.keys.size()) ? &spec.keys[k] : nullptr;
    m.key_name.push_back(key ? key->name : "");
    m.key_time.push_back(key ? key->time : 0);
    if (key && !key->name.empty() && !names.emplace(key->name, k).second) {
      a.malformed(key->place, title("key", key->name), "a keyframe of this name exists");
    }
    add_values(a, key, "qpos", key ? &key->qpos : nullptr, m.qpos0, m.key_qpos);
    add_values(a, key, "qvel", key ? &key->qvel : nullptr, still, m.key_qvel);
    add_values(a, key, "act", key ? &key->act : nullptr, at_rest, m.key_act);
    add_values(a, key, "ctrl", key ? &key->ctrl : nullptr, no_control, m.key_ctrl);
    add_values(a, key, "mpos", key ? &key->mpos : nullptr, mpos, m.key_mpos);
    add_values(a, key, "mquat", key ? &key->mquat : nullptr, mquat, m.key_mquat);
    for (int j = 0; j < m.njnt; ++j) {
      double* q = m.key_qpos.data() + static_cast<size_t>(k) * m.nq + m.jnt_qposadr[j];
      const auto type = static_cast<JointType>(m.jnt_type[j]);
      if (type == JointType::free) normalize_four(q + 3);
      if (type == JointType::ball) normalize_four(q);
    }
    for (int i = 0; i < m.nmocap; ++i) {
      normalize_four(m.key_mquat.data() + static_cast<size_t>(k) * 4 * m.nmocap + 4 * i);
    }
  }
}

}  // namespace motorium
