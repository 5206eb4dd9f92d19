#include <algorithm>
#include <cmath>

#include "motorium/physics/compile/assemble.h"

namespace motorium {
namespace {

// bounds of the control as a share of the range of the joint or tendon about its middle
bool inherit_range(Assembly& a, const ActuatorSpec& s, const std::string& element, int target,
                   std::array<double, 2>& range) {
  // of servos only; other laws leave it without effect
  const bool servo = s.gaintype == GainType::fixed && s.biastype == BiasType::affine &&
                     s.gainprm[0] == -s.biasprm[1];
  if (s.inheritrange <= 0 || !servo) return false;
  if (s.dyntype != DynType::none && s.dyntype != DynType::filterexact) {
    a.malformed(s.place, element, "inheritrange: needs a position servo");
    return false;
  }
  const Model& m = a.m;
  const bool at_tendon = s.transmission == TransmissionType::tendon;
  const std::vector<int>& limited = at_tendon ? m.tendon_limited : m.jnt_limited;
  if (s.transmission == TransmissionType::site || target < 0 || !limited[target]) {
    a.malformed(s.place, element, "inheritrange: needs a joint or tendon that has limits");
    return false;
  }
  const double* bounds = &(at_tendon ? m.tendon_range : m.jnt_range)[2 * target];
  const double low = bounds[0], high = bounds[1];
  const double mean = 0.5 * (low + high), half = 0.5 * (high - low) * s.inheritrange;
  range = {mean - half, mean + half};
  return true;
}

void add_actuator(Assembly& a, const ActuatorSpec& s) {
  Model& m = a.m;
  const std::string element = title(s.tag, s.name);
  const int id = m.nu++;
  m.actuator_name.push_back(s.name);
  if (!s.name.empty() && !a.actuator.emplace(s.name, id).second) {
    a.malformed(s.place, element, "an actuator of this name exists");
  }
  // what it drives
  int target = -1, reference = -1;
  if (s.transmission == TransmissionType::site) {
    target = a.find(a.site, "site", s.target, s.place, element);
    reference = a.find(a.site, "refsite", s.refsite, s.place, element);
  } else if (s.transmission == TransmissionType::tendon) {
    target = a.find(a.tendon, "tendon", s.target, s.place, element);
  } else {
    target = a.find(a.joint, "joint", s.target, s.place, element);
  }
  m.actuator_trntype.push_back(static_cast<int>(s.transmission));
  m.actuator_trnid.push_back(target);
  m.actuator_trnid.push_back(reference);
  append(m.actuator_gear, s.gear);

  // laws
  m.actuator_dyntype.push_back(static_cast<int>(s.dyntype));
  m.actuator_gaintype.push_back(static_cast<int>(s.gaintype));
  m.actuator_biastype.push_back(static_cast<int>(s.biastype));
  append(m.actuator_gainprm, s.gainprm);
  append(m.actuator_biasprm, s.biasprm);
  append(m.actuator_dynprm, s.dynprm);
  const bool stateful = s.dyntype != DynType::none;
  if (stateful && s.dynprm[0] < 0) {
    a.malformed(s.place, element, "dynprm: the time constant is negative");
  }
  m.actuator_actadr.push_back(stateful ? m.na : -1);
  m.na += stateful;
  m.actuator_actearly.push_back(s.actearly);

  // ranges
  std::array<double, 2> ctrlrange = s.ctrlrange;
  const bool inherited = inherit_range(a, s, element, target, ctrlrange);
  const bool ctrllimited =
      decide_limited(a, s.ctrllimited, ctrlrange.data(), "ctrlrange", s.place, element);
  const bool forcelimited =
      decide_limited(a, s.forcelimited, s.forcerange.data(), "forcerange", s.place, element);
  const bool actlimited =
      decide_limited(a, s.actlimited, s.actrange.data(), "actrange", s.place, element);
  if (ctrllimited && ctrlrange[0] >= ctrlrange[1]) {
    a.malformed(s.place, element,
                inherited ? "inheritrange: the range is empty"
                          : "ctrlrange: lower bound is not below upper");
  }
  if (forcelimited && s.forcerange[0] >= s.forcerange[1]) {
    a.malformed(s.place, element, "forcerange: lower bound is not below upper");
  }
  if (actlimited && s.actrange[0] >= s.actrange[1]) {
    a.malformed(s.place, element, "actrange: lower bound is not below upper");
  }
  if (!stateful && (actlimited || s.actrange != std::array<double, 2>{0, 0})) {
    a.malformed(s.place, element, "actrange: needs a dyntype other than none");
  }
  m.actuator_ctrllimited.push_back(ctrllimited);
  m.actuator_forcelimited.push_back(forcelimited);
  m.actuator_actlimited.push_back(actlimited);
  append(m.actuator_ctrlrange, ctrlrange);
  append(m.actuator_forcerange, s.forcerange);
  append(m.actuator_actrange, s.actrange);
}

}  // namespace

void assemble_actuators(Assembly& a) {
  for (const ActuatorSpec& actuator : a.scene.spec.actuators) add_actuator(a, actuator);
}

void finish_actuators(Assembly& a, const Derived& derived) {
  Model& m = a.m;
  m.actuator_length0 = derived.actuator_length0;
  for (int u = 0; u < m.nu; ++u) {
    // servos keep a damping ratio with a plus sign: kv = 2 ratio sqrt(kp inertia)
    const double kp = m.actuator_gainprm[10 * u];
    double* bias = &m.actuator_biasprm[10 * u];
    if (kp != -bias[1] || bias[2] <= 0) continue;
    bias[2] = -2 * bias[2] * std::sqrt(kp * derived.actuator_inertia0[u]);
  }
}

}  // namespace motorium
