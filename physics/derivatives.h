// Derivatives of a step by finite differences, for trajectory optimisation:
//   dx' = A dx + B du,   ds = C dx + D du
// x is (qpos in its tangent space, qvel, act), 2 nv + na numbers: positions of ball and free joints
// change by rotation vectors in body axes. u is ctrl, s the sensor readings at the start of the
// step.
#pragma once
#include <vector>

#include "motorium/physics/batch.h"

namespace motorium {

struct TransitionOptions {
  double eps = 1e-6;     // size of the changes, 1e-12 .. 1
  bool centered = true;  // differences to both sides; else forward ones, for half the steps
  bool sensors = false;  // C and D as well
};

// row-major matrices of each world, one after the other
struct Transition {
  int nx = 0, nu = 0, ns = 0;  // 2 nv + na, controls, sensor readings (0 without sensors)
  std::vector<double> A, B;    // (worlds, nx, nx), (worlds, nx, nu)
  std::vector<double> C, D;    // (worlds, ns, nx), (worlds, ns, nu)
};

// At the present state, inputs and overrides of every world of the batch, which stays as it is.
// Steps are taken in double precision. A control at the end of its range changes to the other side
// only. Throws Error where a step faults.
Transition transition_fd(Batch& batch, const TransitionOptions& options = {});

}  // namespace motorium
