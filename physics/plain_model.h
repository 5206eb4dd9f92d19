// Plain models: joints, actuators, primitive shapes, common sensors. What only other models need is
// left out of the kernels that a GPU runs for them (`Plain` and `kRare` of core/team.h): their
// calls nest less deep and find registers enough.
#pragma once
#include "motorium/physics/model_view.h"

namespace motorium {

inline bool is_rare_sensor(int type) {
  switch (static_cast<SensorType>(type)) {
    case SensorType::distance:
    case SensorType::normal:
    case SensorType::fromto:
    case SensorType::contact:
    case SensorType::insidesite:
    case SensorType::rangefinder:
    case SensorType::camprojection:
      return true;
    default:
      return false;
  }
}

// may the model's worlds be stepped by plain kernels? The list of what these leave out: wherever
// kRare stands
template <class S> bool is_plain(const ModelData<S>& d) {
  for (int i = 0; i < d.nsensor; ++i)
    if (is_rare_sensor(d.sensor_type[i])) return false;
  for (int a = 0; a < d.nactuator; ++a) {
    const auto gain = static_cast<GainType>(d.actuator_gaintype[a]);
    if (gain != GainType::fixed && gain != GainType::affine) return false;
    if (static_cast<BiasType>(d.actuator_biastype[a]) == BiasType::muscle) return false;
    if (static_cast<DynType>(d.actuator_dyntype[a]) == DynType::muscle) return false;
  }
  const bool simple = d.integrator == Integrator::euler || d.integrator == Integrator::implicitfast;
  return simple && !d.convex_pairs && !d.in_fluid && !d.articulated && d.ntendon == 0 &&
         d.ngravcomp == 0 && !d.sticky && !d.want_cameras &&
         (d.flags & (kFlagSpeculative | kFlagDiagexact)) == 0;
}

}  // namespace motorium
