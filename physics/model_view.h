// The model as kernels see it. ModelData holds the arrays of one precision for all worlds of a
// batch; ModelView is made per pack and returns Real whatever a field's origin: shared by all
// worlds, or this pack's own numbers where a world overrides them.
#pragma once
#include "motorium/core/quat.h"
#include "motorium/physics/hull_walk.h"
#include "motorium/physics/model.h"

namespace motorium {

// numbers that worlds replace: data[row_of[w]] is the row of world w, row 0 is the model's; null:
// none does
template <class S> struct WorldRows {
  const S* data = nullptr;
  const int* row_of = nullptr;
};

// Rows of a symmetric matrix whose entries form a tree: row k holds the ancestors of dof k, from
// the root to the diagonal. The descendants of k are the dofs that follow it.
struct TreePattern {
  const int *rowadr = nullptr, *rownum = nullptr;  // first entry and entries of each row
  const int* col = nullptr;                        // columns, rising
  const int* descnum = nullptr;                    // descendants of each dof
  int entries = 0;
};

// pointers of one precision into one blob, plus the overrides of all worlds
template <class S> struct ModelData {
#define MOTORIUM_SIZE(name) int name = 0;
  MOTORIUM_MODEL_SIZES(MOTORIUM_SIZE)
#undef MOTORIUM_SIZE
#define MOTORIUM_REAL(name, rows, columns, unit, doc) const S* name = nullptr;
  MOTORIUM_MODEL_REALS(MOTORIUM_REAL)
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
#define MOTORIUM_REAL(name, rows, columns, unit, doc) WorldRows<S> name##_worlds;
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
  bool any_worlds = false;  // any of them has rows
#define MOTORIUM_INT(name, rows, columns, doc) const int* name = nullptr;
  MOTORIUM_MODEL_INTS(MOTORIUM_INT)
#undef MOTORIUM_INT

  double step_time = 0;  // timestep before it is rounded [s]
  S timestep = 0, impratio = 1, tolerance = 0, ls_tolerance = 0, ccd_tolerance = 0;
  int iterations = 0, ls_iterations = 0, ccd_iterations = 0;
  bool convex_pairs = false;    // pairs that one-by-one colliders handle
  bool want_distances = false;  // sensors of distances
  bool want_searches = false;   // ... or a query, whose searches need memory
  S density = 0, viscosity = 0, wind[3] = {0, 0, 0};
  Integrator integrator = Integrator::euler;
  Cone cone = Cone::pyramidal;
  uint32_t flags = 0;
  uint32_t disableactuator = 0;

  // dofs that can have dry friction, those first whose rows have places of their own (`_base`);
  // tendons likewise
  const int* friction_dof = nullptr;
  int nfriction = 0, nfriction_base = 0;
  const int* friction_tendon = nullptr;
  int nfriction_tendon = 0, nfriction_tendon_base = 0;
  // pairs of a group (broad_phase.h): index among the poses of the geom that is not the group's;
  // squared distance within which the bounding spheres touch, negative for a plane
  const int* pair_far = nullptr;
  const S* pair_reach2 = nullptr;
  // runs of groups of the same two bodies (broad_phase.h): their groups (nrun + 1), both bodies
  // (2), the largest margin and gap; of each group the geom, by its place among those that collide
  const int *run_group = nullptr, *run_body = nullptr, *group_geom = nullptr;
  const S* run_reach = nullptr;
  int nrun = 0;
  // hulls of all meshes, and the entries (nmesh, 27) of the vertices of mesh_extrema
  const HullEntry<S>* hull_walk = nullptr;
  const int* hull_start = nullptr;
  // the metric of the solver: the pattern of M, or a wider one (integrator discrete); with it the
  // tendons that can have a spring or damper
  TreePattern metric;
  const int* elastic_tendon = nullptr;
  const int* single_dof = nullptr;  // dofs that the drag of a fluid does not couple to those before
  int nelastic_tendon = 0, nsingle_dof = 0;
  // the inverse of M, or of the metric, by sweeps over bodies (articulated.h); that of the matrix
  // of a step that is implicit in velocity as well
  bool articulated = false, articulated_step = false;
  bool want_factor = false;  // ... though an output asks for the factor of M
  // rows of deep models go by bodies (articulated_rows.h); some of them may couple two bodies
  bool rows_by_bodies = false, may_couple = true;
  bool lean_inertia = false;    // no stage but coupled rows reads M beside the diagonal
  bool want_inertia = false;    // ... though an output asks for it
  bool dof_damped = false;      // any damping, in the model or overridden
  bool tendon_inertia = false;  // any tendon armature
  bool tendon_rotors = false;   // any actuator adds inertia or damping to its tendon
  bool rotor_damped = false;    // any actuator damps its joint
  bool rotor_heavy = false;     // ... adds inertia to it
  bool dof_curved = false;      // any damping that is not linear
  bool in_fluid = false;        // density or viscosity
  bool sticky = false;          // any pair has adhesion
  bool belts = false;           // any geom has a moving surface
  bool want_moments = false;    // an output asks for the moments of actuators, zeros included
  bool want_geoms = false;      // an output asks for the poses of all geoms
  bool sensor_memory = false;   // a sensor keeps a history
  bool want_cameras = false;    // ... or a sensor, for the poses of cameras
  bool want_time = false;       // a sensor reads the clock
  bool want_paths = false;      // ... for the points of strings
  bool want_forces = false;     // ... for accelerations and forces of bodies after the solve
  bool want_momenta = false;    // ... for velocities and momenta of subtrees
  bool want_energy = false;     // ... for energies
  int row_budget = 1 << 30;     // rows a world may have before it counts as spilled
};

// numbers that all worlds share
template <class Real> struct Shared {
  const Scalar<Real>* p;
  FN Real operator[](int i) const { return Real(p[i]); }
};

// numbers that a world may replace: `own` holds this pack's, if there are any
template <class Real> struct Field {
  const Scalar<Real>* shared;
  const Real* own;
  FN Real operator[](int i) const { return own ? own[i] : Real(shared[i]); }
  FN Scalar<Real> lane(int i, int l) const { return own ? get(own[i], l) : shared[i]; }
  // numbers i .. i + 2, i .. i + 3
  FN Vec3<Real> three(int i) const {
    if (own) return {own[i], own[i + 1], own[i + 2]};
    return {Real(shared[i]), Real(shared[i + 1]), Real(shared[i + 2])};
  }
  FN Quat<Real> four(int i) const {
    if (own) return {own[i], own[i + 1], own[i + 2], own[i + 3]};
    return {Real(shared[i]), Real(shared[i + 1]), Real(shared[i + 2]), Real(shared[i + 3])};
  }
};

template <class Real> struct ModelView {
#define MOTORIUM_SIZE(name) int name;
  MOTORIUM_MODEL_SIZES(MOTORIUM_SIZE)
#undef MOTORIUM_SIZE
#define MOTORIUM_REAL(name, rows, columns, unit, doc) Shared<Real> name;
  MOTORIUM_MODEL_REALS(MOTORIUM_REAL)
#undef MOTORIUM_REAL
#define MOTORIUM_REAL(name, rows, columns, unit, doc) Field<Real> name;
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
#define MOTORIUM_INT(name, rows, columns, doc) const int* name;
  MOTORIUM_MODEL_INTS(MOTORIUM_INT)
#undef MOTORIUM_INT

  double step_time;
  Scalar<Real> timestep, impratio, tolerance, ls_tolerance, ccd_tolerance;
  Scalar<Real> density, viscosity, wind[3];
  int iterations, ls_iterations, ccd_iterations;
  bool convex_pairs, want_distances, sensor_memory;
  Integrator integrator;
  Cone cone;
  uint32_t flags, disableactuator;
  const int* pair_far;
  const Scalar<Real>* pair_reach2;
  const int *run_group, *run_body, *group_geom;
  const Scalar<Real>* run_reach;
  int nrun;
  const HullEntry<Scalar<Real>>* hull_walk;
  const int* hull_start;
  const int* friction_dof;
  int nfriction, nfriction_base;
  const int* friction_tendon;
  int nfriction_tendon, nfriction_tendon_base;
  TreePattern inertia, metric;  // patterns of M and of the solver's metric
  const int *elastic_tendon, *single_dof;
  int nelastic_tendon, nsingle_dof;
  bool articulated, articulated_step, want_factor, rows_by_bodies;
  bool full_inertia;  // all of M is formed in every step
  bool dof_damped, rotor_damped, rotor_heavy, want_moments, tendon_inertia, tendon_rotors,
      want_geoms, want_cameras, want_time, want_paths, want_forces, want_momenta;
  bool dof_curved, in_fluid, sticky, belts, want_energy;
  int row_budget;

  FN bool on(uint32_t flag) const { return (flags & flag) != 0; }
  FN JointType joint(int j) const { return static_cast<JointType>(jnt_type[j]); }
  // do the solve and the step share one metric? (uniform)
  FN bool discrete() const { return integrator == Integrator::discrete; }
};

// the view of a pack whose worlds override nothing; `load` fills in what they do override
template <class Real> FN void view_into(const ModelData<Scalar<Real>>& d, ModelView<Real>& m) {
#define MOTORIUM_SIZE(name) m.name = d.name;
  MOTORIUM_MODEL_SIZES(MOTORIUM_SIZE)
#undef MOTORIUM_SIZE
#define MOTORIUM_REAL(name, rows, columns, unit, doc) m.name = {d.name};
  MOTORIUM_MODEL_REALS(MOTORIUM_REAL)
#undef MOTORIUM_REAL
#define MOTORIUM_REAL(name, rows, columns, unit, doc) m.name = {d.name, nullptr};
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
#define MOTORIUM_INT(name, rows, columns, doc) m.name = d.name;
  MOTORIUM_MODEL_INTS(MOTORIUM_INT)
#undef MOTORIUM_INT
  m.step_time = d.step_time;
  m.timestep = d.timestep;
  m.impratio = d.impratio;
  m.tolerance = d.tolerance;
  m.ls_tolerance = d.ls_tolerance;
  m.ccd_tolerance = d.ccd_tolerance;
  m.ccd_iterations = d.ccd_iterations;
  m.convex_pairs = d.convex_pairs;
  m.want_distances = d.want_distances;
  m.sensor_memory = d.sensor_memory;
  m.density = d.density;
  m.viscosity = d.viscosity;
  for (int i = 0; i < 3; ++i) m.wind[i] = d.wind[i];
  m.iterations = d.iterations;
  m.ls_iterations = d.ls_iterations;
  m.integrator = d.integrator;
  m.cone = d.cone;
  m.flags = d.flags;
  m.disableactuator = d.disableactuator;
  m.pair_far = d.pair_far;
  m.pair_reach2 = d.pair_reach2;
  m.run_group = d.run_group;
  m.run_body = d.run_body;
  m.group_geom = d.group_geom;
  m.run_reach = d.run_reach;
  m.nrun = d.nrun;
  m.hull_walk = d.hull_walk;
  m.hull_start = d.hull_start;
  m.friction_dof = d.friction_dof;
  m.nfriction = d.nfriction;
  m.nfriction_base = d.nfriction_base;
  m.friction_tendon = d.friction_tendon;
  m.nfriction_tendon = d.nfriction_tendon;
  m.nfriction_tendon_base = d.nfriction_tendon_base;
  m.inertia = {d.M_rowadr, d.M_rownum, d.M_col, d.dof_descnum, d.nM};
  m.metric = d.metric;
  m.elastic_tendon = d.elastic_tendon;
  m.nelastic_tendon = d.nelastic_tendon;
  m.single_dof = d.single_dof;
  m.nsingle_dof = d.nsingle_dof;
  m.articulated = d.articulated;
  m.articulated_step = d.articulated_step;
  m.want_factor = d.want_factor;
  m.rows_by_bodies = d.rows_by_bodies;
  m.full_inertia = !d.lean_inertia || d.want_inertia || d.want_energy;
  m.tendon_inertia = d.tendon_inertia;
  m.tendon_rotors = d.tendon_rotors;
  m.dof_damped = d.dof_damped;
  m.rotor_damped = d.rotor_damped;
  m.rotor_heavy = d.rotor_heavy;
  m.dof_curved = d.dof_curved;
  m.in_fluid = d.in_fluid;
  m.sticky = d.sticky;
  m.belts = d.belts;
  m.want_geoms = d.want_geoms;
  m.want_cameras = d.want_cameras;
  m.want_time = d.want_time;
  m.want_paths = d.want_paths;
  m.want_moments = d.want_moments;
  m.want_forces = d.want_forces;
  m.want_momenta = d.want_momenta;
  m.want_energy = d.want_energy;
  m.row_budget = d.row_budget;
}
template <class Real> FN ModelView<Real> view_of(const ModelData<Scalar<Real>>& d) {
  ModelView<Real> m;
  view_into(d, m);
  return m;
}

// do rows go by bodies instead of dofs? (kernels of plain models have no deep trees)
template <class Team, class Real> FN bool by_bodies(const ModelView<Real>& m) {
  return !Team::kPlain && m.rows_by_bodies;
}

}  // namespace motorium
