// actuator shortcuts: each is a <general> whose gain, bias and dynamics follow from a few
// parameters
#include "motorium/physics/spec/read_elements.h"

namespace motorium {
namespace {

constexpr double kPi = 3.14159265358979323846;

double positive(Attributes& a, const char* name, double value) {
  if (a.take(name, value) && value < 0) a.malformed(name, "is negative");
  return value;
}

// kv, or a damping ratio, which is kept with a plus sign until the inertia is known
double read_damping(Attributes& a, const ActuatorSpec* source) {
  double kv = source && source->biasprm[2] < 0 ? -source->biasprm[2] : 0;
  double ratio = source && source->biasprm[2] > 0 ? source->biasprm[2] : 0;
  if (a.has("kv")) {
    kv = positive(a, "kv", kv);
    ratio = 0;
  }
  if (a.has("dampratio")) {
    if (a.has("kv")) a.malformed("dampratio", "give kv or dampratio, not both");
    ratio = positive(a, "dampratio", ratio);
    kv = 0;
  }
  return ratio > 0 ? ratio : -kv;
}

void set_servo(ActuatorSpec& actuator, double kp, double damping) {
  actuator.gainprm[0] = kp;
  actuator.biastype = BiasType::affine;
  actuator.biasprm = {0, -kp, damping};
}

void read_inheritrange(Attributes& a, const char* range, ActuatorSpec& actuator) {
  if (!a.take("inheritrange", actuator.inheritrange)) return;
  if (actuator.inheritrange < 0) a.malformed("inheritrange", "is negative");
  if (a.has(range)) {
    a.malformed("inheritrange", std::string("give ") + range + " or inheritrange, not both");
  }
}

void read_position(Attributes& a, const ActuatorSpec* source, ActuatorSpec& actuator) {
  const bool integrates = actuator.tag == "intvelocity";
  set_servo(actuator, positive(a, "kp", source ? source->gainprm[0] : 1), read_damping(a, source));
  double timeconst = source && source->dyntype == DynType::filterexact ? source->dynprm[0] : 0;
  if (!integrates) timeconst = positive(a, "timeconst", timeconst);
  if (timeconst > 0) {
    actuator.dyntype = DynType::filterexact;
    actuator.dynprm[0] = timeconst;
  }
  actuator.inputs = integrates ? kInputVel : kInputPos;
  if (integrates) {
    actuator.dyntype = DynType::integrator;
    a.take("actlimited", actuator.actlimited);
    a.take("actrange", actuator.actrange);
  }
  read_inheritrange(a, integrates ? "actrange" : "ctrlrange", actuator);
}

void read_pid(Attributes& a, const ActuatorSpec* source, ActuatorSpec& actuator) {
  set_servo(actuator, positive(a, "kp", source ? -source->biasprm[1] : 1), read_damping(a, source));
  actuator.gaintype = GainType::pid;
  actuator.gainprm = {positive(a, "ki", source ? source->gainprm[0] : 0)};
  const double imax = positive(a, "imax", source ? source->dynprm[0] : 0),
               slewmax = positive(a, "slewmax", source ? source->dynprm[1] : 0);
  actuator.dynprm = {};
  if (actuator.gainprm[0] > 0 || slewmax > 0) {
    actuator.dyntype = DynType::pid;
    actuator.dynprm = {imax, slewmax};
  }
  actuator.inputs = source ? source->inputs : 0;
  read_inputs(a, GainType::pid, actuator.inputs);
  a.take("posrange", actuator.ctrlrange);
  a.take("velrange", actuator.velrange);
  a.take("ffrange", actuator.ffrange);
  read_inheritrange(a, "posrange", actuator);
}

void read_orientation(Attributes& a, const ActuatorSpec* source, ActuatorSpec& actuator) {
  set_servo(actuator, positive(a, "kp", source ? source->gainprm[0] : 1), read_damping(a, source));
  actuator.gaintype = GainType::so3;
  actuator.biastype = BiasType::so3;
  actuator.inputs = source ? source->inputs : 0;
  read_inputs(a, GainType::so3, actuator.inputs);
}

// controls that scale a force in one direction
void require_positive_range(Attributes& a, ActuatorSpec& actuator) {
  actuator.ctrllimited = Tristate::on;
  if (actuator.ctrlrange[0] < 0 || actuator.ctrlrange[1] < 0) {
    a.malformed("ctrlrange", "is negative: this actuator's controls are 0 or more");
  }
}

void read_cylinder(Attributes& a, const ActuatorSpec* source, ActuatorSpec& actuator) {
  double timeconst = source ? source->dynprm[0] : 1, area = source ? source->gainprm[0] : 1;
  std::array<double, 3> bias = {0, 0, 0};
  if (source) bias = {source->biasprm[0], source->biasprm[1], source->biasprm[2]};
  a.take("area", area);
  if (double diameter = 0; a.take("diameter", diameter) && diameter >= 0) {
    area = kPi * diameter * diameter / 4;
  }
  a.take("bias", bias);
  actuator.dyntype = DynType::filter;
  actuator.dynprm[0] = positive(a, "timeconst", timeconst);
  actuator.gainprm[0] = area;
  actuator.biastype = BiasType::affine;
  actuator.biasprm = {bias[0], bias[1], bias[2]};
  actuator.inputs = kInputPressure;
}

void read_muscle(Attributes& a, const ActuatorSpec* source, ActuatorSpec& actuator) {
  actuator.dyntype = DynType::muscle;
  actuator.gaintype = GainType::muscle;
  actuator.biastype = BiasType::muscle;
  std::array<double, 2> timeconst = {0.01, 0.04}, range = {0.75, 1.05};
  double tausmooth = 0;
  std::array<double, 10> prm = {0.75, 1.05, -1, 200, 0.5, 1.6, 1.5, 1.3, 1.2, 0};
  if (source) {
    prm = source->gainprm;
    range = {prm[0], prm[1]};
    timeconst = {source->dynprm[0], source->dynprm[1]};
    tausmooth = source->dynprm[2];
  }
  a.take("timeconst", timeconst);
  a.take("range", range);
  const char* names[] = {"force", "scale", "lmin", "lmax", "vmax", "fpmax", "fvmax"};
  for (int i = 0; i < 7; ++i) a.take(names[i], prm[2 + i]);
  prm[0] = range[0];
  prm[1] = range[1];
  actuator.dynprm = {timeconst[0], timeconst[1], positive(a, "tausmooth", tausmooth)};
  actuator.gainprm = actuator.biasprm = prm;
}

}  // namespace

const ActuatorSpec* shortcut_source(const std::string& tag, const Defaults& defaults,
                                    int class_index) {
  const GainType gain = tag == "damper"        ? GainType::affine
                        : tag == "muscle"      ? GainType::muscle
                        : tag == "dcmotor"     ? GainType::dcmotor
                        : tag == "pid"         ? GainType::pid
                        : tag == "orientation" ? GainType::so3
                                               : GainType::fixed;
  for (int i = class_index; i >= 0; i = defaults.classes[i].parent) {
    const ActuatorDefault& d = defaults.classes[i].actuator;
    const bool general = d.written_as == "general" && d.actuator.gaintype == gain;
    if (d.written_as == tag || general) return &d.actuator;
  }
  return nullptr;
}

void read_shortcut(Attributes& a, const ActuatorSpec* source, ActuatorSpec& actuator) {
  // a shortcut says everything about gain, bias and dynamics
  const double inheritrange = actuator.inheritrange;
  const ActuatorSpec inherited = source ? *source : ActuatorSpec{};
  if (source) source = &inherited;
  actuator.gaintype = GainType::fixed;
  actuator.biastype = BiasType::none;
  actuator.dyntype = DynType::none;
  actuator.gainprm = {1};
  actuator.biasprm = {};
  actuator.dynprm = {1};
  actuator.actearly = false;
  actuator.actdim = -1;
  actuator.inheritrange = 0;
  actuator.inputs = 0;
  const std::string& tag = actuator.tag;
  if (tag == "position" || tag == "intvelocity") {
    actuator.inheritrange = inheritrange;
    read_position(a, source, actuator);
  } else if (tag == "pid") {
    actuator.inheritrange = inheritrange;
    read_pid(a, source, actuator);
  } else if (tag == "orientation") {
    read_orientation(a, source, actuator);
  } else if (tag == "velocity") {
    const double kv = positive(a, "kv", source ? source->gainprm[0] : 1);
    actuator.gainprm[0] = kv;
    actuator.biastype = BiasType::affine;
    actuator.biasprm[2] = -kv;
    actuator.inputs = kInputVel;
  } else if (tag == "damper") {
    actuator.gaintype = GainType::affine;
    actuator.gainprm = {0, 0, -positive(a, "kv", source ? -source->gainprm[2] : 0)};
    require_positive_range(a, actuator);
  } else if (tag == "cylinder") {
    read_cylinder(a, source, actuator);
  } else if (tag == "muscle") {
    read_muscle(a, source, actuator);
  } else if (tag == "adhesion") {
    actuator.transmission = TransmissionType::body;
    actuator.gainprm[0] = positive(a, "gain", source ? source->gainprm[0] : 1);
    require_positive_range(a, actuator);
  } else if (tag == "dcmotor") {
    read_dcmotor(a, source, actuator);
  }
}

}  // namespace motorium
