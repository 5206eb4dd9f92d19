// Contact parameters of two geoms, from those of each.
#pragma once
#include <array>

#include "motorium/physics/model.h"

namespace motorium {

inline constexpr double kMinMu = 1e-5;  // least friction

struct ContactMix {
  int condim = 3;
  FrictionMix friction_of = FrictionMix::larger;
  double margin = 0, gap = 0, adhesion = 0;  // [m, m, N]
  std::array<double, 5> friction, solimp;
  std::array<double, 2> solref;
};

ContactMix mix_contact(const Model& m, int geom1, int geom2);

}  // namespace motorium
