#include <algorithm>
#include <cmath>

#include "motorium/core/limits.h"
#include "motorium/physics/compile/assemble.h"
#include "motorium/physics/spec/actuator_counts.h"

namespace motorium {
namespace {

using Range = std::array<double, 2>;

bool at_joint(const ActuatorSpec& s) {
  return s.transmission == TransmissionType::joint ||
         s.transmission == TransmissionType::jointinparent;
}

// one actuator on its way into the model
class ActuatorMaker {
 public:
  ActuatorMaker(Assembly& a, const ActuatorSpec& s)
      : a_(a), m_(a.m), s_(s), element_(title(s.tag, s.name)) {}

  void run() {
    const int id = m_.nactuator++;
    m_.actuator_name.push_back(s_.name);
    if (!s_.name.empty() && !a_.actuator.emplace(s_.name, id).second) {
      malformed("an actuator of this name exists");
    }
    transmission();
    laws();
    inputs();
    outputs();
    activations();
    ranges();
    history();
    append(m_.actuator_gainprm, s_.gainprm);
    append(m_.actuator_biasprm, s_.biasprm);
    append(m_.actuator_dynprm, s_.dynprm);
    m_.actuator_group.push_back(s_.group);
  }

 private:
  void malformed(const std::string& what) { a_.malformed(s_.place, element_, what); }
  bool is(GainType t) const { return s_.gaintype == t; }
  bool is(BiasType t) const { return s_.biastype == t; }
  bool is(DynType t) const { return s_.dyntype == t; }

  // what it drives
  void transmission() {
    TransmissionType type = s_.transmission;
    int other = -1;
    switch (type) {
      case TransmissionType::site:
        target_ = a_.find(a_.site, "site", s_.target, s_.place, element_);
        other = a_.find(a_.site, "refsite", s_.refsite, s_.place, element_);
        break;
      case TransmissionType::slidercrank:
        target_ = a_.find(a_.site, "cranksite", s_.target, s_.place, element_);
        other = a_.find(a_.site, "slidersite", s_.slidersite, s_.place, element_);
        if (s_.slidersite.empty()) malformed("slidersite: is missing: name the site of the slider");
        if (s_.cranklength <= 0) malformed("cranklength: must be positive");
        break;
      case TransmissionType::tendon:
        target_ = a_.find(a_.tendon, "tendon", s_.target, s_.place, element_);
        break;
      case TransmissionType::body:
        target_ = a_.find(a_.body, "body", s_.target, s_.place, element_);
        break;
      default:
        target_ = a_.find(a_.joint, "joint", s_.target, s_.place, element_);
        break;
    }
    if (is(GainType::so3)) {
      type = TransmissionType::so3;
      if (s_.transmission == TransmissionType::site) {
        if (other < 0) malformed("refsite: is missing: orientation servos turn a site about one");
      } else if (s_.transmission != TransmissionType::joint || target_ < 0 ||
                 m_.jnt_type[target_] != static_cast<int>(JointType::ball)) {
        malformed("joint: orientation servos turn a ball joint, or a site about a refsite");
      }
    }
    const bool rotor = s_.armature > 0 || s_.damping != std::array<double, 3>{};
    if (rotor && !at_joint(s_) && type != TransmissionType::tendon) {
      malformed("damping, armature: act on joints and tendons: give one as target");
    }
    if (s_.armature > 0 && type == TransmissionType::tendon && target_ >= 0) {
      for (int w = m_.tendon_adr[target_]; w < m_.tendon_adr[target_] + m_.tendon_num[target_];
           ++w) {
        const auto kind = static_cast<WrapType>(m_.wrap_type[w]);
        if (kind != WrapType::sphere && kind != WrapType::cylinder) continue;
        malformed("armature: does not go with geoms on the tendon's path: use 0");
        break;
      }
    }
    m_.actuator_trntype.push_back(static_cast<int>(type));
    m_.actuator_trnid.push_back(target_);
    m_.actuator_trnid.push_back(other);
    m_.actuator_cranklength.push_back(s_.cranklength);
    m_.actuator_damping.push_back(s_.damping[0]);
    m_.actuator_dampingpoly.insert(m_.actuator_dampingpoly.end(), {s_.damping[1], s_.damping[2]});
    m_.actuator_armature.push_back(s_.armature);
  }

  // laws that go together
  void laws() {
    m_.actuator_dyntype.push_back(static_cast<int>(s_.dyntype));
    m_.actuator_gaintype.push_back(static_cast<int>(s_.gaintype));
    m_.actuator_biastype.push_back(static_cast<int>(s_.biastype));
    const bool motor = is(GainType::dcmotor);
    if (motor != is(BiasType::dcmotor) || motor != is(DynType::dcmotor)) {
      malformed("gaintype, biastype, dyntype: dcmotor needs all three");
    }
    if (motor && !s_.actearly) malformed("actearly: is true for motors");
    if (is(GainType::so3) != is(BiasType::so3)) {
      malformed("gaintype, biastype: so3 needs both");
    } else if (is(GainType::so3)) {
      if (!is(DynType::none) && !is(DynType::integrator)) {
        malformed("dyntype: orientation servos have none or integrator");
      }
      if (s_.gainprm[0] != -s_.biasprm[1]) malformed("biasprm: so3 needs -kp as second number");
      if (s_.forcerange[0] != 0) malformed("forcerange: bounds the torque's norm: start with 0");
    }
    if (is(GainType::pid)) {
      if (!is(BiasType::affine)) malformed("biastype: pid needs affine");
      if (!is(DynType::none) && !is(DynType::pid)) malformed("dyntype: pid has none or pid");
      if (s_.gainprm[0] != 0 && !is(DynType::pid)) malformed("gainprm: ki needs dyntype pid");
    } else if (is(DynType::pid)) {
      malformed("dyntype: pid needs gaintype pid");
    }
    if (is(GainType::muscle)) muscle(s_.gainprm, "gainprm");
    if (is(BiasType::muscle)) muscle(s_.biasprm, "biasprm");
    const bool filter = is(DynType::filter) || is(DynType::filterexact);
    if (filter && s_.dynprm[0] < 0) malformed("dynprm: the time constant is negative");
  }

  void muscle(const std::array<double, 10>& prm, const std::string& attribute) {
    if (prm[0] >= prm[1]) malformed(attribute + ": range: lower bound is not below upper");
    if (prm[4] >= 1 || prm[5] <= 1) malformed(attribute + ": lmin and lmax: 1 is not between them");
    if (prm[3] <= 0 || prm[6] <= 0 || prm[7] <= 0 || prm[8] <= 0) {
      malformed(attribute + ": scale, vmax, fpmax and fvmax: must be positive");
    }
  }

  // the block of controls
  void inputs() {
    const int spec = control_inputs(s_), count = control_count(s_);
    if (is(GainType::so3)) {
      const bool quat = spec == static_cast<int>(Chart::quat);
      if (quat && !is(DynType::none)) malformed("input: quat needs dyntype none");
    } else if (is(GainType::pid) || is(GainType::dcmotor)) {
      controller(spec);
    }
    m_.actuator_ctrladr.push_back(m_.nu);
    m_.actuator_ctrlnum.push_back(count);
    m_.actuator_ctrlspec.push_back(spec);
    m_.nu += count;
    spec_ = spec;
    controls_ = count;
  }

  // what a controller needs of its inputs
  void controller(int spec) {
    const bool motor = is(GainType::dcmotor);
    const double integral = motor ? s_.gainprm[5] : s_.gainprm[0];
    const double slew = motor ? s_.dynprm[7] : is(DynType::pid) ? s_.dynprm[1] : 0;
    const int setpoints = kInputPos | kInputVel | kInputFeedforward;
    if (integral > 0 && !(spec & kInputPos)) malformed("input: integral action needs pos");
    if (!motor && slew > 0 && !(spec & kInputPos)) malformed("input: slewmax needs pos");
    if (motor && !(spec & setpoints)) {
      if (slew > 0 || s_.gainprm[4] != 0 || s_.gainprm[6] != 0) {
        malformed("input: the controller needs pos, vel or ff");
      }
    } else if (motor && s_.gainprm[1] <= 0) {
      malformed("motorconst: the controller needs a positive one");
    }
  }

  void outputs() {
    const int count = is(GainType::so3) ? 3 : 1;
    m_.actuator_outadr.push_back(m_.nout);
    m_.actuator_outnum.push_back(count);
    m_.nout += count;
    for (int k = 0; k < count; ++k) {
      append(m_.actuator_gear, s_.gear);
      append(m_.actuator_lengthrange, s_.lengthrange);
    }
  }

  void activations() {
    const int count = activation_count(s_);
    if (is(DynType::pid) && count == 0) malformed("dyntype: pid needs ki or slewmax");
    if (s_.actdim >= 0 && s_.actdim != count) {
      malformed("actdim: these dynamics have " + std::to_string(count) + " activations");
    }
    m_.actuator_actadr.push_back(count > 0 ? m_.na : -1);
    m_.actuator_actnum.push_back(count);
    m_.actuator_actearly.push_back(s_.actearly);
    m_.na += count;
  }

  bool limited(Tristate how, const Range& range, const char* attribute) {
    return decide_limited(a_, how, range.data(), attribute, s_.place, element_);
  }
  void rises(bool limits, const Range& range, const std::string& attribute) {
    if (limits && range[0] >= range[1]) malformed(attribute + ": lower bound is not below upper");
  }

  void ranges() {
    const bool stateful = s_.dyntype != DynType::none;
    Range ctrlrange = s_.ctrlrange, actrange = s_.actrange;
    const bool integrates = is(DynType::integrator);
    const bool inherited = inherit_range(integrates ? actrange : ctrlrange);
    const bool clamps = limited(s_.ctrllimited, ctrlrange, "ctrlrange");
    if (clamps && ctrlrange[0] >= ctrlrange[1]) {
      malformed(inherited && !integrates ? "inheritrange: the range is empty"
                                         : "ctrlrange: lower bound is not below upper");
    }
    const bool acts = limited(s_.actlimited, actrange, "actrange"),
               bounds = limited(s_.forcelimited, s_.forcerange, "forcerange");
    rises(bounds, s_.forcerange, "forcerange");
    rises(acts, actrange, "actrange");
    if (!stateful && (acts || s_.actrange != Range{0, 0})) {
      malformed("actrange: needs a dyntype other than none");
    }
    m_.actuator_forcelimited.push_back(bounds);
    m_.actuator_actlimited.push_back(acts);
    append(m_.actuator_forcerange, s_.forcerange);
    append(m_.actuator_actrange, actrange);

    // every control; those of a pid have ranges of their own
    const Range* own[] = {&ctrlrange, &s_.velrange, &s_.ffrange};
    int bit = 0;
    for (int k = 0; k < controls_; ++k) {
      Range range = ctrlrange;
      bool clamp = clamps;
      if (is(GainType::pid)) {
        while (!(spec_ >> bit & 1)) ++bit;
        range = *own[bit];
        if (bit > 0) clamp = range[0] < range[1];
        ++bit;
      }
      m_.actuator_ctrllimited.push_back(clamp);
      append(m_.actuator_ctrlrange, range);
    }
  }

  // bounds as a share of the joint's range about its middle
  bool inherit_range(Range& range) {
    // of servos only; other laws leave it without effect
    const bool servo =
        is(BiasType::affine) &&
        ((is(GainType::fixed) && s_.gainprm[0] == -s_.biasprm[1]) || is(GainType::pid));
    if (s_.inheritrange <= 0 || !servo) return false;
    if (is(DynType::filter)) {
      malformed("inheritrange: needs a position servo");
      return false;
    }
    const bool tendon = s_.transmission == TransmissionType::tendon;
    const std::vector<int>& has_limits = tendon ? m_.tendon_limited : m_.jnt_limited;
    if ((!at_joint(s_) && !tendon) || target_ < 0 || !has_limits[target_]) {
      malformed("inheritrange: needs a joint or tendon that has limits");
      return false;
    }
    if (!tendon && m_.jnt_type[target_] < static_cast<int>(JointType::slide)) {
      malformed("inheritrange: needs a hinge or a slide");
      return false;
    }
    const std::vector<double>& limits = tendon ? m_.tendon_range : m_.jnt_range;
    const double low = limits[2 * target_], high = limits[2 * target_ + 1];
    const double mean = 0.5 * (low + high), half = 0.5 * (high - low) * s_.inheritrange;
    range = {mean - half, mean + half};
    return true;
  }

  void history() {
    if (s_.delay > 0 && s_.nsample <= 0) malformed("delay: needs nsample, the samples to keep");
    if (s_.nsample > limits::kHistorySamples) {
      malformed("nsample: at most " + std::to_string(limits::kHistorySamples));
    }
    if (m_.nhistory > limits::kHistoryNumbers - 2 - limits::kHistorySamples * 5) {
      malformed("nsample: more than " + std::to_string(limits::kHistoryNumbers) +
                " numbers in histories");
    }
    const bool kept = s_.nsample > 0 && s_.nsample <= limits::kHistorySamples &&
                      m_.nhistory <= limits::kHistoryNumbers;
    m_.actuator_history.insert(m_.actuator_history.end(),
                               {kept ? s_.nsample : 0, static_cast<int>(s_.interp)});
    m_.actuator_historyadr.push_back(kept ? m_.nhistory : -1);
    m_.actuator_delay.push_back(kept ? s_.delay : 0);
    if (kept) m_.nhistory += 2 + s_.nsample * (1 + controls_);
  }

  Assembly& a_;
  Model& m_;
  const ActuatorSpec& s_;
  const std::string element_;
  int target_ = -1, spec_ = 0, controls_ = 1;
};

}  // namespace

void assemble_actuators(Assembly& a) {
  for (const ActuatorSpec& actuator : a.scene.spec.actuators) ActuatorMaker(a, actuator).run();
}

void finish_actuators(Assembly& a, const Derived& derived) {
  Model& m = a.m;
  m.actuator_length0 = derived.actuator_length0;
  for (int u = 0; u < m.nactuator; ++u) {
    // servos keep a damping ratio with a plus sign: kv = 2 ratio sqrt(kp inertia)
    double* bias = &m.actuator_biasprm[10 * u];
    const double kp = -bias[1];
    const bool pid = m.actuator_gaintype[u] == static_cast<int>(GainType::pid);
    if ((!pid && m.actuator_gainprm[10 * u] != kp) || bias[2] <= 0) continue;
    bias[2] = -2 * bias[2] * std::sqrt(kp * derived.actuator_inertia0[u]);
  }
}

}  // namespace motorium
