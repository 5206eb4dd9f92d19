// actuators: motor, position, velocity and general
#include "motorium/physics/spec/read_elements.h"

namespace motorium {
namespace {

// parameters of the shortcuts; what a default class wrote with the same shortcut, or with
// <general>, or the documented values
struct Shortcut {
  double kp = 1, kv = 0, dampratio = 0, timeconst = 0;
};

Shortcut inherited(const std::string& tag, const Defaults& defaults, int class_index) {
  Shortcut s;
  if (tag == "velocity") s.kv = 1;
  for (int i = class_index; i >= 0; i = defaults.classes[i].parent) {
    const ActuatorDefault& d = defaults.classes[i].actuator;
    const bool same = d.written_as == tag;
    const bool general = d.written_as == "general" && d.actuator.gaintype == GainType::fixed;
    if (!same && !general) continue;
    const ActuatorSpec& raw = d.actuator;
    if (tag == "velocity") {
      s.kv = raw.gainprm[0];
    } else {
      s.kp = raw.gainprm[0];
      s.kv = raw.biasprm[2] < 0 ? -raw.biasprm[2] : 0;
      s.dampratio = raw.biasprm[2] > 0 ? raw.biasprm[2] : 0;
      if (raw.dyntype == DynType::filterexact) s.timeconst = raw.dynprm[0];
    }
    break;
  }
  return s;
}

void read_position(Attributes& a, Shortcut s, ActuatorSpec& actuator) {
  a.take("kp", s.kp);
  if (a.take("kv", s.kv)) s.dampratio = 0;
  if (a.take("dampratio", s.dampratio)) {
    if (a.has("kv")) a.malformed("dampratio", "give kv or dampratio, not both");
    s.kv = 0;
  }
  a.take("timeconst", s.timeconst);
  if (s.kp < 0) a.malformed("kp", "is negative");
  if (s.kv < 0) a.malformed("kv", "is negative");
  if (s.dampratio < 0) a.malformed("dampratio", "is negative");
  if (s.timeconst < 0) a.malformed("timeconst", "is negative");
  actuator.gainprm[0] = s.kp;
  actuator.biastype = BiasType::affine;
  // a damping ratio is kept with a plus sign until the inertia is known
  actuator.biasprm[1] = -s.kp;
  actuator.biasprm[2] = s.dampratio > 0 ? s.dampratio : -s.kv;
  if (s.timeconst > 0) {
    actuator.dyntype = DynType::filterexact;
    actuator.dynprm[0] = s.timeconst;
  }
  if (a.take("inheritrange", actuator.inheritrange)) {
    if (actuator.inheritrange < 0) a.malformed("inheritrange", "is negative");
    if (a.has("ctrlrange")) a.malformed("inheritrange", "give ctrlrange or inheritrange, not both");
  }
}

void read_general(Attributes& a, ActuatorSpec& actuator) {
  const auto why = "the engine has no such law: use none, filter, filterexact; fixed, affine";
  if (const std::string* word = a.claim("dyntype")) {
    if (*word == "none") {
      actuator.dyntype = DynType::none;
    } else if (*word == "filter") {
      actuator.dyntype = DynType::filter;
    } else if (*word == "filterexact") {
      actuator.dyntype = DynType::filterexact;
    } else if (*word == "integrator" || *word == "muscle" || *word == "user" ||
               *word == "dcmotor") {
      a.unsupported("dyntype", why);
    } else {
      a.malformed("dyntype", "unknown word: use none, filter or filterexact");
    }
  }
  if (const std::string* word = a.claim("gaintype")) {
    if (*word == "fixed") {
      actuator.gaintype = GainType::fixed;
    } else if (*word == "affine") {
      actuator.gaintype = GainType::affine;
    } else if (*word == "muscle" || *word == "user" || *word == "dcmotor" || *word == "so3") {
      a.unsupported("gaintype", why);
    } else {
      a.malformed("gaintype", "unknown word: use fixed or affine");
    }
  }
  if (const std::string* word = a.claim("biastype")) {
    if (*word == "none") {
      actuator.biastype = BiasType::none;
    } else if (*word == "affine") {
      actuator.biastype = BiasType::affine;
    } else if (*word == "muscle" || *word == "user" || *word == "dcmotor" || *word == "so3") {
      a.unsupported("biastype", why);
    } else {
      a.malformed("biastype", "unknown word: use none or affine");
    }
  }
  a.take("gainprm", actuator.gainprm, 1);
  a.take("biasprm", actuator.biasprm, 1);
  a.take("dynprm", actuator.dynprm, 1);
  a.take("actlimited", actuator.actlimited);
  a.take("actrange", actuator.actrange);
  a.take("actearly", actuator.actearly);
  if (a.take("inheritrange", actuator.inheritrange) && actuator.inheritrange < 0) {
    a.malformed("inheritrange", "is negative");
  }
  int actdim = -1;
  if (a.take("actdim", actdim)) {
    if (actdim > 1) a.unsupported("actdim", "an actuator has at most one activation");
    if (actdim == 1 && actuator.dyntype == DynType::none) {
      a.malformed("actdim", "needs a dyntype other than none");
    }
    if (actdim == 0 && actuator.dyntype != DynType::none) {
      a.malformed("actdim", "is 1 for this dyntype");
    }
  }
  a.refuse_nonzero("ffrange", "the engine has one control per actuator");
  a.refuse_nonzero("velrange", "the engine has one control per actuator");
  a.report({"input"});
}

void read_transmission(Attributes& a, ActuatorSpec& actuator) {
  int given = 0;
  const std::pair<const char*, TransmissionType> kinds[] = {
      {"joint", TransmissionType::joint},
      {"jointinparent", TransmissionType::jointinparent},
      {"tendon", TransmissionType::tendon},
      {"site", TransmissionType::site}};
  for (const auto& [name, kind] : kinds) {
    if (a.has(name) && ++given > 1) a.malformed(name, "the transmission is given twice");
    if (a.take_name(name, actuator.target)) actuator.transmission = kind;
  }
  for (const char* name : {"slidersite", "cranksite", "body"}) {
    if (!a.has(name)) continue;
    ++given;
    a.refuse(
        name,
        "the engine drives joints, tendons and sites: use joint, jointinparent, tendon or site");
  }
  a.take_name("refsite", actuator.refsite);
  if (a.has("refsite") && !a.has("site")) a.malformed("refsite", "needs a site to refer to");
  if (given == 0) a.malformed("", "joint: is missing: name a joint, jointinparent, tendon or site");
}

}  // namespace

bool is_actuator(const std::string& tag) {
  return tag == "motor" || tag == "position" || tag == "velocity" || tag == "general";
}

void read_actuator(Attributes& a, const Defaults& defaults, int class_index,
                   ActuatorSpec& actuator) {
  const std::string& tag = a.element().tag;
  actuator.tag = tag;
  // mechanical attributes, shared by all kinds
  a.take("ctrllimited", actuator.ctrllimited);
  a.take("ctrlrange", actuator.ctrlrange);
  a.take("forcelimited", actuator.forcelimited);
  a.take("forcerange", actuator.forcerange);
  a.take("gear", actuator.gear, 1);
  a.take("group", actuator.group);
  a.refuse_nonzero("damping", "act on joints instead: joint/damping");
  a.refuse_nonzero("armature", "act on joints instead: joint/armature");
  a.refuse_nonzero("delay", "the engine has no delayed controls: delay them in the caller");
  a.refuse_nonzero("nsample", "the engine has no delayed controls: delay them in the caller");
  a.report({"interp", "user", "lengthrange", "cranklength"});
  if (tag == "general") return read_general(a, actuator);

  // a shortcut says everything about gain, bias and dynamics
  const Shortcut s = inherited(tag, defaults, class_index);
  const double inheritrange = actuator.inheritrange;
  actuator.gaintype = GainType::fixed;
  actuator.biastype = BiasType::none;
  actuator.dyntype = DynType::none;
  actuator.gainprm = {1};
  actuator.biasprm = {};
  actuator.dynprm = {1};
  actuator.actearly = false;
  actuator.inheritrange = 0;
  if (tag == "position") {
    actuator.inheritrange = inheritrange;
    read_position(a, s, actuator);
  } else if (tag == "velocity") {
    double kv = s.kv;
    a.take("kv", kv);
    if (kv < 0) a.malformed("kv", "is negative");
    actuator.gainprm[0] = kv;
    actuator.biastype = BiasType::affine;
    actuator.biasprm[2] = -kv;
  }
}

void read_actuator_section(const Element& element, const Defaults& defaults, Spec& spec) {
  Attributes(element, spec).finish(true);
  for (const Element& child : element.children) {
    if (!is_actuator(child.tag)) {
      if (!refuse_known(child, "actuator", spec)) {
        unknown_element(child, "actuator", {"motor", "position", "velocity", "general"}, spec);
      }
      continue;
    }
    Attributes a(child, spec);
    const int class_index = find_class(a, defaults, 0);
    ActuatorSpec actuator = defaults.classes[class_index].actuator.actuator;
    actuator.place = child.place;
    a.take_name("name", actuator.name);
    read_transmission(a, actuator);
    // an explicit range beats an inherited one
    if (a.has("ctrlrange")) actuator.inheritrange = 0;
    read_actuator(a, defaults, class_index, actuator);
    a.finish();
    spec.actuators.push_back(std::move(actuator));
  }
}

}  // namespace motorium
