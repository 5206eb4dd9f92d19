// One step of one world, or of one pack of worlds.
#pragma once
#include "motorium/core/status.h"
#include "motorium/core/trace_lane.h"
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
  if (kRare<Team>) tendon(team, m, s, x);
  velocity(team, m, s, x);
}

// everything that the solver needs: forces and constraint rows; `done` is told what is done
template <class Team, class Real, class Done = Untimed>
FN void forward_rows(Team team, const ModelView<Real>& m, State<Real>& s, Scratch<Real>& x,
                     Done done = {}) {
  kinematics(team, m, s, x);
  com(team, m, x);
  done("kinematics");
  if (kRare<Team>) tendon(team, m, s, x);
  done("tendons");
  crb(team, m, x);
  if (kRare<Team>) tendon_inertia(team, m, x);
  done("inertia");
  if (kRare<Team> && m.on(kFlagSpeculative)) velocity(team, m, s, x);
  collide(team, m, x);
  done("collision");
  velocity(team, m, s, x);
  done("velocities");
  rne(team, m, s, x);
  if (kRare<Team>) tendon_bias(team, m, x);
  done("bias forces");
  passive(team, m, s, x);
  if (kRare<Team>) tendon_passive(team, m, x);
  done("passive forces");
  actuation(team, m, s, x);
  done("actuation");
  smooth_acceleration(team, m, s, x);
  done("smooth acceleration");
  make_rows(team, m, s, x);
  done("rows");
}

// everything up to the acceleration and the constraint forces
template <class Team, class Real, class Done = Untimed>
STAGES void forward_acceleration(Team team, const ModelView<Real>& m, State<Real>& s,
                                 Scratch<Real>& x, Done done = {}) {
  forward_rows(team, m, s, x, done);
  solve(team, m, s, x);
  done("solver");
}

}  // namespace motorium
