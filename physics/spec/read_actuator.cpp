// actuators: transmissions, mechanical attributes and <general>
#include <algorithm>

#include "motorium/physics/spec/read_elements.h"
#include "motorium/physics/spec/text.h"

namespace motorium {
namespace {

const char* const kActuators[] = {"general",     "motor",  "position", "velocity",
                                  "intvelocity", "damper", "cylinder", "muscle",
                                  "adhesion",    "pid",    "dcmotor",  "orientation"};

// attributes of actuators that some kinds do not have
const std::pair<const char*, const char*> kForeign[] = {
    {"adhesion", "ctrllimited lengthrange gear cranklength damping armature"},
    {"orientation", "lengthrange gear cranklength damping armature jointinparent cranksite"},
    {"damper", "ctrllimited"},
    {"muscle", "site refsite"},
    {"dcmotor", "forcelimited forcerange"}};

void refuse_foreign(Attributes& a, const std::string& tag) {
  for (const auto& [kind, names] : kForeign) {
    if (tag != kind) continue;
    for (const std::string_view name : words_of(names)) {
      if (a.has(name)) a.malformed(name, "is no attribute of " + tag + ": remove it");
    }
  }
}

template <class Enum>
void take_law(Attributes& a, const char* attribute, Enum& out,
              std::initializer_list<std::pair<const char*, Enum>> words) {
  const std::string* word = a.element().find(attribute);
  if (word && *word == "user") {
    a.refuse(attribute, "the engine calls nobody back: use one of its own laws");
    return;
  }
  a.take(attribute, out, words);
}

void read_general(Attributes& a, ActuatorSpec& actuator) {
  const GainType inherited = actuator.gaintype;
  take_law(a, "dyntype", actuator.dyntype,
           {{"none", DynType::none},
            {"integrator", DynType::integrator},
            {"filter", DynType::filter},
            {"filterexact", DynType::filterexact},
            {"muscle", DynType::muscle},
            {"dcmotor", DynType::dcmotor},
            {"pid", DynType::pid}});
  take_law(a, "gaintype", actuator.gaintype,
           {{"fixed", GainType::fixed},
            {"affine", GainType::affine},
            {"muscle", GainType::muscle},
            {"dcmotor", GainType::dcmotor},
            {"so3", GainType::so3},
            {"pid", GainType::pid}});
  take_law(a, "biastype", actuator.biastype,
           {{"none", BiasType::none},
            {"affine", BiasType::affine},
            {"muscle", BiasType::muscle},
            {"dcmotor", BiasType::dcmotor},
            {"so3", BiasType::so3}});
  // inputs belong to a gain type
  if (actuator.gaintype != inherited) actuator.inputs = 0;
  read_inputs(a, actuator.gaintype, actuator.inputs);
  a.take("gainprm", actuator.gainprm, 1);
  a.take("biasprm", actuator.biasprm, 1);
  a.take("dynprm", actuator.dynprm, 1);
  a.take("actlimited", actuator.actlimited);
  a.take("actrange", actuator.actrange);
  a.take("actearly", actuator.actearly);
  a.take("velrange", actuator.velrange);
  a.take("ffrange", actuator.ffrange);
  if (a.take("inheritrange", actuator.inheritrange) && actuator.inheritrange < 0) {
    a.malformed("inheritrange", "is negative");
  }
  a.take("actdim", actuator.actdim);
}

void read_transmission(Attributes& a, ActuatorSpec& actuator) {
  int given = 0;
  const std::pair<const char*, TransmissionType> kinds[] = {
      {"joint", TransmissionType::joint},   {"jointinparent", TransmissionType::jointinparent},
      {"tendon", TransmissionType::tendon}, {"cranksite", TransmissionType::slidercrank},
      {"site", TransmissionType::site},     {"body", TransmissionType::body}};
  const bool adhesion = actuator.tag == "adhesion", general = actuator.tag == "general";
  for (const auto& [name, kind] : kinds) {
    if (kind == TransmissionType::body && !adhesion && !general) continue;
    if (kind != TransmissionType::body && adhesion) continue;
    if (a.has(name) && ++given > 1) a.malformed(name, "the transmission is given twice");
    if (a.take_name(name, actuator.target)) actuator.transmission = kind;
  }
  a.take_name("refsite", actuator.refsite);
  if (a.has("refsite") && !a.has("site")) a.malformed("refsite", "needs a site to refer to");
  const bool crank = actuator.transmission == TransmissionType::slidercrank;
  a.take_name("slidersite", actuator.slidersite);
  for (const char* name : {"slidersite", "cranklength"}) {
    if (a.has(name) && !crank) a.malformed(name, "needs a cranksite");
  }
  if (given == 0) {
    a.malformed(
        "", adhesion ? "body: is missing: name the body that sticks"
                     : "joint: is missing: name a joint, jointinparent, tendon, site or cranksite");
  }
}

// attributes shared by all kinds
void read_mechanics(Attributes& a, ActuatorSpec& actuator) {
  a.take("ctrllimited", actuator.ctrllimited);
  a.take("ctrlrange", actuator.ctrlrange);
  a.take("forcelimited", actuator.forcelimited);
  a.take("forcerange", actuator.forcerange);
  a.take("lengthrange", actuator.lengthrange);
  a.take("gear", actuator.gear, 1);
  a.take("group", actuator.group);
  a.take("cranklength", actuator.cranklength);
  if (a.take("damping", actuator.damping, 1) && actuator.damping[0] < 0) {
    a.malformed("damping", "is negative");
  }
  if (a.take("armature", actuator.armature) && actuator.armature < 0) {
    a.malformed("armature", "is negative");
  }
  a.take("nsample", actuator.nsample);
  if (actuator.nsample < 0) a.malformed("nsample", "is negative");
  if (a.take("delay", actuator.delay) && actuator.delay < 0) a.malformed("delay", "is negative");
  a.take("interp", actuator.interp,
         {{"zoh", Interpolation::zoh},
          {"linear", Interpolation::linear},
          {"cubic", Interpolation::cubic}});
  a.report({"user"});
}

}  // namespace

bool is_actuator(const std::string& tag) {
  return std::find(std::begin(kActuators), std::end(kActuators), tag) != std::end(kActuators);
}

void read_inputs(Attributes& a, GainType gain, int& inputs) {
  const std::string* text = a.claim("input");
  if (!text) return;
  inputs = 0;
  if (gain == GainType::so3) {
    if (*text == "expmap" || *text == "quat") {
      inputs = static_cast<int>(*text == "quat" ? Chart::quat : Chart::expmap);
    } else if (!text->empty()) {
      a.malformed("input", "unknown word: use expmap or quat");
    }
    return;
  }
  const std::pair<std::string_view, int> words[] = {
      {"pos", kInputPos},         {"vel", kInputVel},   {"ff", kInputFeedforward},
      {"voltage", kInputVoltage}, {"none", kInputNone}, {"pressure", kInputPressure}};
  const bool servo = gain == GainType::pid, motor = gain == GainType::dcmotor;
  const int allowed = servo ? kInputPos | kInputVel | kInputFeedforward
                      : motor
                          ? kInputPos | kInputVel | kInputFeedforward | kInputVoltage | kInputNone
                          : kInputPos | kInputVel | kInputPressure;
  const std::string_view hint = servo ? "give a subset of pos vel ff, in this order"
                                : motor
                                    ? "give a subset of pos vel ff voltage, in this order, or none"
                                    : "give one of pos, vel and pressure";
  int last = 0, count = 0;
  for (const std::string_view word : words_of(*text)) {
    int bit = 0;
    for (const auto& [name, value] : words)
      if (name == word) bit = value;
    if (bit <= last || !(bit & allowed)) return a.malformed("input", std::string(hint));
    inputs |= last = bit;
    ++count;
  }
  const bool several = servo || motor;
  if ((count > 1 && !several) || ((inputs & kInputNone) && count > 1)) {
    a.malformed("input", std::string(hint));
  }
}

void read_actuator(Attributes& a, const Defaults& defaults, int class_index,
                   ActuatorSpec& actuator) {
  actuator.tag = a.element().tag;
  refuse_foreign(a, actuator.tag);
  read_mechanics(a, actuator);
  if (actuator.tag == "general") return read_general(a, actuator);
  read_shortcut(a, shortcut_source(actuator.tag, defaults, class_index), actuator);
}

void read_actuator_section(const Element& element, const Defaults& defaults, Spec& spec) {
  Attributes(element, spec).finish(true);
  for (const Element& child : element.children) {
    if (!is_actuator(child.tag)) {
      if (!refuse_known(child, "actuator", spec)) {
        unknown_element(child, "actuator", {std::begin(kActuators), std::end(kActuators)}, spec);
      }
      continue;
    }
    Attributes a(child, spec);
    const int class_index = find_class(a, defaults, 0);
    ActuatorSpec actuator = defaults.classes[class_index].actuator.actuator;
    actuator.place = child.place;
    actuator.tag = child.tag;
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
