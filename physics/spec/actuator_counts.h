// How many controls and activations an actuator has, from what the file says of it.
#pragma once
#include "motorium/physics/spec/spec.h"

namespace motorium {

// ControlInput bits, or the Chart of an orientation servo, with the defaults of the gain type
inline int control_inputs(const ActuatorSpec& a) {
  if (a.inputs != 0) return a.inputs;
  if (a.gaintype == GainType::so3) return static_cast<int>(Chart::expmap);
  if (a.gaintype == GainType::pid) return kInputPos | kInputVel;
  if (a.gaintype == GainType::dcmotor) return kInputVoltage;
  return 0;
}

inline int control_count(const ActuatorSpec& a) {
  const int inputs = control_inputs(a);
  if (a.gaintype == GainType::so3) return inputs == static_cast<int>(Chart::quat) ? 4 : 3;
  if (a.gaintype != GainType::pid && a.gaintype != GainType::dcmotor) return 1;
  int count = 0;
  for (int bit = kInputPos; bit <= kInputVoltage; bit *= 2) count += (inputs & bit) != 0;
  return count;
}

inline int activation_count(const ActuatorSpec& a) {
  switch (a.dyntype) {
    case DynType::none:
      return 0;
    case DynType::integrator:
      return control_count(a);
    case DynType::dcmotor:  // slew, integral, temperature, bristle, current
      return (a.dynprm[7] > 0) + (a.gainprm[5] > 0) + (a.dynprm[2] > 0) + (a.dynprm[5] > 0) +
             (a.dynprm[0] > 0);
    case DynType::pid:  // slew, integral
      return (a.dynprm[1] > 0) + (a.gainprm[0] > 0);
    default:
      return 1;
  }
}

}  // namespace motorium
