// Constants that follow from masses and inertias at qpos0: computed once by the compiler and again
// for every world that overrides what they depend on.
#pragma once
#include <vector>

#include "motorium/physics/model.h"

namespace motorium {

struct Derived {
  std::vector<double> body_subtreemass;   // [kg]              (nbody)
  std::vector<double> body_invweight0;    // [1/kg, 1/(kg m^2)] (nbody, 2)
  std::vector<double> dof_invweight0;     // [1/kg, 1/(kg m^2)] (nv)
  std::vector<double> dof_M0;             // [kg, kg m^2]      (nv) diagonal inertia
  std::vector<double> tendon_length0;     // [m, rad]          (ntendon)
  std::vector<double> tendon_invweight0;  // [1/kg, 1/(kg m^2)] (ntendon)
  std::vector<double> actuator_acc0;  // [m/s^2, rad/s^2]  (nout) norm of acceleration by unit force
  std::vector<double>
      actuator_inertia0;  // [kg, kg m^2]      (nactuator) inertia felt by the actuator
  std::vector<double> actuator_length0;  // [m, rad]          (nout)
  double meaninertia = 0;                // mean of dof_M0
};

// Some 10 us for a humanoid; thread-safe.
Derived derive(const Model& m);

// A leaf body on a static parent that only slides along axes of its own frame: its inverse weights
// are those of its mass, armature ignored.
bool is_sliding_leaf(const Model& m, int body);

// A leaf body on a static parent whose dofs are independent in M: a free one, or one with at most
// one rotation after slides, along axes of its own frame, all at its centre of mass, its inertia
// along the same axes.
bool has_diagonal_inertia(const Model& m, int body);

}  // namespace motorium
