// What follows from numbers of a model that were edited after it was compiled.
#pragma once
#include <cstdint>

#include "motorium/physics/model.h"

namespace motorium {

// groups of constants that follow from others
enum Follows : uint32_t {
  kNothing = 0,
  kInertia = 1,   // weights, accelerations, lengths and offsets at qpos0
  kShapes = 2,    // bounds of geoms, added masses
  kContacts = 4,  // parameters of pairs
  kAll = 7
};

// Derives again what mj_setConst derives, and the parameters of pairs that are mixed from geoms.
// Spring lengths of tendons, damping ratios of servos and length ranges of muscles were resolved by
// the compiler and stay.
void rederive(Model& m, uint32_t groups);

}  // namespace motorium
