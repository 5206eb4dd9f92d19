// One step of one world, or of one pack of worlds.
#pragma once
#include "motorium/core/status.h"
#include "motorium/physics/actuation.h"
#include "motorium/physics/collide.h"
#include "motorium/physics/com.h"
#include "motorium/physics/crb.h"
#include "motorium/physics/integrate.h"
#include "motorium/physics/kinematics.h"
#include "motorium/physics/newton.h"
#include "motorium/physics/passive.h"
#include "motorium/physics/rne.h"
#include "motorium/physics/rows.h"
#include "motorium/physics/sensors.h"
#include "motorium/physics/smooth.h"
#include "motorium/physics/tendon_points.h"
#include "motorium/physics/velocity.h"

namespace motorium {

// what qpos and qvel imply
template <class Team, class Real>
FN void forward_velocity(Team team, const ModelView<Real>& m, State<Real>& s, Scratch<Real>& x) {
  kinematics(team, m, s, x);
  com(team, m, x);
  tendon(team, m, s, x);
  velocity(team, m, s, x);
}

// everything that the solver needs: forces and constraint rows
template <class Team, class Real>
FN void forward_rows(Team team, const ModelView<Real>& m, State<Real>& s, Scratch<Real>& x) {
  kinematics(team, m, s, x);
  com(team, m, x);
  tendon(team, m, s, x);
  crb(team, m, x);
  tendon_inertia(team, m, x);
  collide(team, m, x);
  velocity(team, m, s, x);
  rne(team, m, s, x);
  tendon_bias(team, m, x);
  passive(team, m, s, x);
  tendon_passive(team, m, x);
  actuation(team, m, s, x);
  smooth_acceleration(team, m, s, x);
  make_rows(team, m, s, x);
}

// everything up to the acceleration and the constraint forces
template <class Team, class Real>
FN void forward_acceleration(Team team, const ModelView<Real>& m, State<Real>& s,
                             Scratch<Real>& x) {
  forward_rows(team, m, s, x);
  solve(team, m, s, x);
}

}  // namespace motorium
