// <dcmotor>: data sheets in, parameters of the law in physics/dcmotor.h out
#include <cmath>

#include "motorium/physics/spec/read_elements.h"

namespace motorium {
namespace {

// the motor constant and the resistance from what the data sheet has
void read_electrics(Attributes& a, double& R, double& K, bool driven) {
  std::array<double, 2> constants = {K, 0};   // torque, back-EMF
  std::array<double, 3> nominal = {0, 0, 0};  // voltage, stall torque, no-load speed
  a.take("motorconst", constants, 1);
  a.take("resistance", R);
  a.take("nominal", nominal, 1);
  if (constants[0] < 0 || constants[1] < 0) a.malformed("motorconst", "is negative");
  const auto [voltage, stall, speed] = nominal;
  if (constants[1] <= 0 && voltage > 0 && speed > 0) constants[1] = voltage / speed;
  const bool both = constants[0] > 0 && constants[1] > 0;
  K = both ? std::sqrt(constants[0] * constants[1]) : std::max(constants[0], constants[1]);
  if (R <= 0 && voltage > 0 && stall > 0) R = K * voltage / stall;
  if (K <= 0 && driven) {
    a.malformed("motorconst", "is missing: give motorconst, or nominal voltage and speed");
  }
  if (R <= 0) a.malformed("resistance", "is missing: give resistance, or a nominal stall torque");
}

}  // namespace

void read_dcmotor(Attributes& a, const ActuatorSpec* source, ActuatorSpec& actuator) {
  const std::array<double, 10> none = {};
  const std::array<double, 10>& g = source ? source->gainprm : none;
  const std::array<double, 10>& b = source ? source->biasprm : none;
  const std::array<double, 10>& d = source ? source->dynprm : none;
  actuator.inputs = source ? source->inputs : 0;
  read_inputs(a, GainType::dcmotor, actuator.inputs);
  double R = g[0], K = g[1];
  read_electrics(a, R, K, actuator.inputs != kInputNone);

  // winding: L / R, or the time constant itself
  std::array<double, 2> inductance = {0, d[0]};
  a.take("inductance", inductance, 1);
  if (inductance[0] < 0 || inductance[1] < 0) a.malformed("inductance", "is negative");
  const double te = inductance[0] > 0 && R > 0 ? inductance[0] / R : inductance[1];

  // heat: two of resistance, capacitance and time constant
  std::array<double, 6> thermal = {d[2], d[3], 0, g[2], g[3], d[4]};
  a.take("thermal", thermal, 1);
  auto& [RT, C, time, alpha, T0, Ta] = thermal;
  if (RT < 0 || C < 0 || time < 0) a.malformed("thermal", "is negative");
  if (time > 0 && RT > 0) C = time / RT;
  if (time > 0 && RT <= 0 && C > 0) RT = time / C;
  if (RT > 0 && C <= 0)
    a.malformed("thermal", "give two of resistance, capacitance, time constant");

  // bounds of torque, by torque or current, and of the current's rate
  std::array<double, 3> saturation = {0, 0, d[1]};
  if (a.take("saturation", saturation, 1)) {
    actuator.forcerange = {0, 0};
    actuator.forcelimited = Tristate::automatic;
  }
  for (const double limit : saturation) {
    if (limit < 0) a.malformed("saturation", "is negative");
  }
  const double torque = saturation[0] > 0 ? saturation[0] : K * saturation[1];
  if (torque > 0) {
    actuator.forcerange = {-torque, torque};
    actuator.forcelimited = Tristate::on;
  }

  std::array<double, 3> cogging = {b[0], b[1], b[2]};
  std::array<double, 6> controller = {g[4], g[5], g[6], d[7], d[8], g[7]};
  std::array<double, 5> lugre = {d[5], d[6], b[3], b[4], b[5]};
  a.take("cogging", cogging, 1);
  a.take("controller", controller, 1);
  a.take("lugre", lugre, 1);
  for (const double number : controller) {
    if (number < 0) a.malformed("controller", "is negative");
  }
  for (const double number : lugre) {
    if (number < 0) a.malformed("lugre", "is negative");
  }
  const auto [kp, ki, kd, slewmax, imax, vmax] = controller;
  actuator.dyntype = DynType::dcmotor;
  actuator.gaintype = GainType::dcmotor;
  actuator.biastype = BiasType::dcmotor;
  actuator.actearly = true;
  actuator.gainprm = {R, K, alpha, T0, kp, ki, kd, vmax, 0, 0};
  actuator.biasprm = {cogging[0], cogging[1], cogging[2], lugre[2], lugre[3], lugre[4], 0, 0, 0, 0};
  actuator.dynprm = {te, saturation[2], RT, C, Ta, lugre[0], lugre[1], slewmax, imax, 0};
}

}  // namespace motorium
