// keyframes: whole states, from the numbers that files give for their own elements
#include <algorithm>

#include "motorium/core/limits.h"
#include "motorium/physics/compile/assemble.h"
#include "motorium/physics/compile/poses0.h"

namespace motorium {
namespace {

// numbers of one element: where they stand in the keyframes of its file, and in the state
struct Part {
  int layout, from, to, count;
};

struct Layout {
  std::vector<Part> qpos, qvel, act, ctrl, mpos, mquat;
};

Layout layout_of(const Scene& scene, const Model& m) {
  Layout out;
  int joint = 0, mocap = 0;
  for (const SceneBody& body : scene.bodies) {
    for (const SceneJoint& j : body.joints) {
      const KeySlot& slot = j.spec->slot;
      const bool free = j.spec->type == JointType::free, ball = j.spec->type == JointType::ball;
      const int q = free ? 7 : ball ? 4 : 1, v = free ? 6 : ball ? 3 : 1;
      out.qpos.push_back({slot.layout, slot.first, m.jnt_qposadr[joint], q});
      out.qvel.push_back({slot.layout, slot.second, m.jnt_dofadr[joint], v});
      ++joint;
    }
    if (!body.spec->mocap) continue;
    const KeySlot& slot = body.spec->mocap_slot;
    out.mpos.push_back({slot.layout, 3 * slot.first, 3 * mocap, 3});
    out.mquat.push_back({slot.layout, 4 * slot.first, 4 * mocap, 4});
    ++mocap;
  }
  for (int i = 0; i < m.nactuator; ++i) {
    const KeySlot& slot = scene.spec.actuators[i].slot;
    out.ctrl.push_back({slot.layout, slot.first, m.actuator_ctrladr[i], m.actuator_ctrlnum[i]});
    if (m.actuator_actadr[i] >= 0) {
      out.act.push_back({slot.layout, slot.second, m.actuator_actadr[i], m.actuator_actnum[i]});
    }
  }
  return out;
}

// Values of a keyframe: given, or from the model. Those of a file with attached models may cover
// its own elements only; those of an attached model cover what of it was attached.
void add_values(Assembly& a, const KeySpec* key, const char* name,
                const std::vector<double> KeySpec::*field, const std::vector<Part>& parts,
                const std::vector<double>& otherwise, std::vector<double>& out) {
  std::vector<double> values = otherwise;
  if (key && !(key->*field).empty()) {
    const std::vector<double>& given = key->*field;
    int own = 0;
    for (const Part& part : parts) own += part.layout == 0 ? part.count : 0;
    const auto size = static_cast<int>(given.size());
    bool fits = true;
    if (key->layout == 0 && given.size() == otherwise.size()) {
      values = given;
    } else if (key->layout == 0 && size != own) {
      fits = false;
    } else {
      for (const Part& part : parts) {
        if (part.layout != key->layout) continue;
        fits = fits && part.from >= 0 && part.from + part.count <= size;
        if (fits) std::copy_n(&given[part.from], part.count, &values[part.to]);
      }
    }
    if (!fits) {
      a.malformed(key->place, title("key", key->name),
                  std::string(name) + ": has " + std::to_string(size) + " numbers: give " +
                      std::to_string(key->layout == 0 ? otherwise.size() : own));
    }
  }
  out.insert(out.end(), values.begin(), values.end());
}

void normalize_four(double* q) {
  const Quaternion n = normalized({q[0], q[1], q[2], q[3]});
  std::copy(n.begin(), n.end(), q);
}

void normalize_key(Model& m, int k) {
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

}  // namespace

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
  const Layout layout = layout_of(a.scene, m);
  NameMap names;
  for (int k = 0; k < m.nkey; ++k) {
    const KeySpec* key = k < static_cast<int>(spec.keys.size()) ? &spec.keys[k] : nullptr;
    m.key_name.push_back(key ? key->name : "");
    m.key_time.push_back(key ? key->time : 0);
    if (key && !key->name.empty() && !names.emplace(key->name, k).second) {
      a.malformed(key->place, title("key", key->name), "a keyframe of this name exists");
    }
    add_values(a, key, "qpos", &KeySpec::qpos, layout.qpos, m.qpos0, m.key_qpos);
    add_values(a, key, "qvel", &KeySpec::qvel, layout.qvel, still, m.key_qvel);
    add_values(a, key, "act", &KeySpec::act, layout.act, at_rest, m.key_act);
    add_values(a, key, "ctrl", &KeySpec::ctrl, layout.ctrl, no_control, m.key_ctrl);
    add_values(a, key, "mpos", &KeySpec::mpos, layout.mpos, mpos, m.key_mpos);
    add_values(a, key, "mquat", &KeySpec::mquat, layout.mquat, mquat, m.key_mquat);
    normalize_key(m, k);
  }
}

}  // namespace motorium
