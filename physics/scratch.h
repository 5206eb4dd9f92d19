// State: what a world is, while a step works on it. Scratch: everything in between, forgotten after
// the step. Both are structs of pointers into one block of memory per thread, carved by `layout`.
//
// Spatial vectors are (rotation, translation) about the centre of mass of the body's tree, world
// axes.
#pragma once
#include "motorium/physics/convex_contacts.h"
#include "motorium/physics/entry.h"
#include "motorium/physics/model_view.h"
#include "motorium/physics/search_task.h"

namespace motorium {

// what a caller may ask to see: X(name, rows, columns, unit, meaning)
// clang-format off
#define MOTORIUM_SCRATCH_FIELDS(X)                                                         \
  X(xpos, nbody, 3, "m", "body origins")                                                   \
  X(xquat, nbody, 4, "-", "body orientations")                                             \
  X(xmat, nbody, 9, "-", "body orientations, row-major")                                   \
  X(xipos, nbody, 3, "m", "body centres of mass")                                          \
  X(ximat, nbody, 9, "-", "body inertial frames, row-major")                               \
  X(xanchor, njnt, 3, "m", "joint anchors")                                                \
  X(xaxis, njnt, 3, "-", "joint axes")                                                     \
  X(geom_xpos, ngeom, 3, "m", "geom centres")                                              \
  X(geom_xmat, ngeom, 9, "-", "geom orientations, row-major")                              \
  X(site_xpos, nsite, 3, "m", "sites")                                                     \
  X(site_xmat, nsite, 9, "-", "site orientations, row-major")                              \
  X(cam_xpos, ncam, 3, "m", "cameras")                                                     \
  X(cam_xmat, ncam, 9, "-", "camera orientations, row-major: they look along -z")          \
  X(subtree_com, nbody, 3, "m", "centres of mass of subtrees")                             \
  X(cinert, nbody, 10, "kg m^2, kg m, kg", "body inertia: xx yy zz xy xz yz, m c, m")      \
  X(crb, nbody, 10, "kg m^2, kg m, kg", "composite inertia of subtrees")                   \
  X(cdof, nv, 6, "-", "motion axis of each dof")                                           \
  X(cdof_dot, nv, 6, "1/s", "its time derivative")                                         \
  X(cvel, nbody, 6, "rad/s, m/s", "body velocities")                                       \
  X(cacc, nbody, 6, "rad/s^2, m/s^2", "body accelerations after the solve, gravity included") \
  X(cfrc_int, nbody, 6, "N m, N", "force from the parent on each body")                    \
  X(cfrc_ext, nbody, 6, "N m, N", "external force on each body")                           \
  X(qM, nM, 1, "kg, kg m^2", "joint inertia, rows of ancestors")                           \
  X(qLD, nM, 1, "mixed", "its factor: M = L' D L, L in the rows, D on the diagonal")       \
  X(ten_length, ntendon, 1, "m, rad", "tendon lengths")                                    \
  X(ten_velocity, ntendon, 1, "m/s, rad/s", "tendon velocities")                           \
  X(ten_J, nJten, 1, "-, m/rad", "derivatives of the lengths by the dofs in ten_J_colind")  \
  X(ten_wrapadr, ntendon, 1, "-", "first point of each string in wrap_xpos")               \
  X(ten_wrapnum, ntendon, 1, "-", "points of each string")                                 \
  X(wrap_obj, nwrap, 2, "-", "what each point is on: geom, -1: site, -2: a pulley instead of it") \
  X(wrap_xpos, nwrap, 6, "m", "points of all strings, in order, two places an object")     \
  X(actuator_length, nout, 1, "m, rad", "actuator lengths")                                \
  X(actuator_moment, nout, nv, "m, -", "moment of each force on the dofs, dense")          \
  X(actuator_velocity, nout, 1, "m/s, rad/s", "actuator velocities")                       \
  X(actuator_force, nout, 1, "N, N m", "actuator forces")                                  \
  X(act_dot, na, 1, "1/s", "activation rates")                                             \
  X(qfrc_bias, nv, 1, "N, N m", "Coriolis, centrifugal and gravity forces")                \
  X(qfrc_passive, nv, 1, "N, N m", "springs, dampers, ...")                                \
  X(qfrc_gravcomp, nv, 1, "N, N m", "gravity compensation")                                \
  X(qfrc_fluid, nv, 1, "N, N m", "drag and lift of the fluid")                             \
  X(qfrc_adhesion, nv, 1, "N, N m", "pull of contacts that stick")                         \
  X(qfrc_actuator, nv, 1, "N, N m", "actuation")                                           \
  X(qfrc_smooth, nv, 1, "N, N m", "all forces but the constraints'")                       \
  X(qacc_smooth, nv, 1, "m/s^2, rad/s^2", "acceleration without constraints")              \
  X(qfrc_constraint, nv, 1, "N, N m", "constraint forces")                                 \
  X(qacc, nv, 1, "m/s^2, rad/s^2", "acceleration")                                         \
  X(energy, 2, 1, "J", "potential, kinetic")                                               \
  X(subtree_linvel, nbody, 3, "m/s", "velocity of each subtree's centre of mass")          \
  X(subtree_angmom, nbody, 3, "kg m^2/s", "angular momentum about it")                     \
  X(sensordata, nsensordata, 1, "as the sensor", "sensor readings")                        \
  X(solver_niter, 1, 1, "-", "Newton iterations, summed over islands")                     \
  X(nefc, 1, 1, "-", "constraint rows")                                                    \
  X(ncon, 1, 1, "-", "contacts")
// clang-format on

// one pack's worlds
template <class Real> struct State {
#define MOTORIUM_FIELD(name, columns, unit, doc) Real* name = nullptr;
  MOTORIUM_STATE_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
  Real* time = nullptr;                     // [s] before the step, where the model wants it
  float ahead = 0.f;                        // of that time, in steps: stages of Runge-Kutta
  bool has_qfrc = false, has_xfrc = false;  // the caller applies forces
};

// constraint blocks of tendons: dry friction, then both sides of limits
template <class M> FN int tendon_blocks(const M& m) {
  return m.nfriction_tendon + 2 * m.ntendonlimit;
}

// dofs per row of a contact block at most
inline constexpr int kConeRows = 6;
inline constexpr int kGroupRows = 24;  // rows that are added to H at once

template <class Real> struct Scratch {
#define MOTORIUM_FIELD(name, rows, columns, unit, doc) Real* name = nullptr;
  MOTORIUM_SCRATCH_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD

  // tree
  Real *geom_pos, *geom_mat;  // poses of colliding geoms: (ncgeom, 3), (ncgeom, 9)
  Real* dof_com;              // centre of mass of each dof's tree, (ntree, 3)
  Real* actuator_slope;       // d force / d velocity of each actuator
  Real* raw_sensordata;       // readings of the present; sensordata itself without histories
  // where strings touch the geoms on their paths, for each object: first and last point (6), the
  // way between, and 1 where they do touch
  Real *wrap_point, *wrap_arc, *wrap_on;
  Real* ten_Jdotv;  // acceleration of the length at zero qacc, (ntendon)
  Real* qH;         // a second matrix with the pattern of qM (implicit integration)
  // what the solver minimises in: the metric and its factor, the smooth force; those of M, or of
  // the integrator discrete (metric.h). weight_factor: of the matrix whose inverse weighs rows
  // exactly
  Real *metric, *metric_factor, *metric_force, *weight_factor;
  // articulated.h: inertia of each body with what hangs on it (21), load and inverse of each axis,
  // what joints add to the diagonal of M, of the step's matrix; forces, then accelerations (6)
  Real *hanging, *axis_load, *axis_inverse, *axis_inertia, *axis_added, *swept;
  // articulated_rows.h: the same of H; what rows add to bodies (21) and axes; motions of bodies
  // (6), and forces on them (6)
  Real *row_hanging, *row_load, *row_inverse, *row_inertia, *row_axis, *moved, *pushed;
  Real* eq_rows;                     // rows of connects and welds for the body that moves (36)
  Real *inv_M, *inv_metric;          // 1 / diagonals of both
  Real *ten_stiffness, *ten_metric;  // of tendons: -d force / d length; what J' J is scaled by
  Real* actuator_stiffness;          // -d force / d length of each force of an actuator
  Real *vec_a, *vec_b;               // work vectors, nv
  Real *next_qpos, *next_act;        // the state to come
  Real* qU;                          // entries of an unsymmetric matrix above those of qH
  Real *body_slope, *axis_slope, *fluid_wrench;  // velocity_slope.h: 36 a body, 6 a dof, 6 a body
  // Runge-Kutta: the step's state, present rates of positions, weighted sums of all rates
  Real *rk_qpos, *rk_qvel, *rk_act, *rk_rate, *rk_rate_sum, *rk_qacc_sum, *rk_act_sum;

  // collision: candidates of the broad phase and what their colliders found
  int *cand_pair, *cand_adr;  // pair, first slot in found_*
  Mask<Real>* cand_mask;      // worlds whose bounding volumes touch, per pair
  // boxes around colliding geoms, then bodies (broad_phase.h); groups of pairs that may touch
  Real *box_low, *box_high;
  bool* group_near;
  Real *found_dist, *found_pos, *found_normal, *found_hint;
  // convex pairs: their candidates, memory of the searches that run at once, who met a limit
  int* cand_convex;
  char* convex_work;
  size_t convex_stride = 0;
  Mask<Real>*cand_capped, *ccd_capped, *sensor_capped;
  int* shared_int;  // numbers that one worker finds for all: searches, their place in a queue (2)
  // searches that were done before the step, and where this world's are; -1: nowhere
  const SearchQueue<Scalar<Real>>* queue = nullptr;
  int queue_first = -1;
  int cand_count = 0;
  Mask<Real>*found, *found_ahead;  // ahead: of a contact to come (speculative.h)
  // contacts of each world, compacted: slot k holds the world's k-th contact
  Int<Real>* con_pair;  // -1 beyond the world's last
  Mask<Real>* con_ahead;
  Real *con_dist, *con_pos, *con_frame, *con_friction;  // 1, 3, 9, 5 numbers each
  Real *con_adhesion, *con_weight;  // adhesion; exact inverse inertia of the normal, of an edge
  Real* dof_weight;                 // exact diagonal of the inverse inertia
  Int<Real>* con_mask;              // dofs of body 1, then of body 2, as bits: 2 nword each
  int con_slots = 0;                // slots in use by any lane
  Int<Real>* con_count;             // contacts of each lane

  // constraint blocks: equality, ball limits, tendons, contacts. A block has `dim` rows over `num`
  // dofs
  int *blk_dim, *blk_row, *blk_adr, *blk_num;  // rows, first row, first entry in blk_col, columns
  Real** blk_J;                                // dim x num, row-major
  int *blk_col, *blk_run;                      // the dofs of each block, rising, and their runs
  Real* J_pool;
  int blk_count = 0, row_count = 0, contact_block = 0;  // contact_block: block of contact slot 0
  Real *row_D, *row_aref;       // regularisation (0: the row does not act), reference acceleration
  Real *row_r, *row_v, *row_f;  // J a - aref, J search, force
  Real* blk_mu;                 // cone coefficient of each block (elliptic)
  Real* blk_curv;          // curvature of each block's cost, 6 x 6 symmetric, lower by rows (21)
  Mask<Real>* blk_single;  // the block's contact has one row only
  int* blk_tree;           // first tree of each block (uniform) or -1
  Int<Real>* blk_label;    // island of each block

  // dry friction and scalar limits: one dof each, no J. Limits: index 2 i lower, 2 i + 1 upper
  Real *fric_D, *fric_aref, *fric_loss, *fric_r, *fric_v, *fric_f;
  Real *lim_D, *lim_aref, *lim_r, *lim_v, *lim_f;
  int* lim_list;  // limit entries that any lane has
  int lim_count = 0, fric_count = 0;
  int* row_number;  // places of equalities, dry friction, limits, contacts in sums over all
                    // (row_sums.h)

  // the bodies that each block moves, in deep models (contact_bodies.h): entries touch_adr[k] ..
  // touch_adr[k + 1]; side: +1, -1, 0 in worlds where it does not; the entries of a body follow
  // touch_first by touch_next
  int *touch_adr, *touch_body, *touch_block, *touch_first, *touch_next;
  Real* touch_side;
  Real *con_arm, *con_push;  // of body one and two: to the contact (3 + 3), its force (6 + 6)
  Real* blk_inertia;         // what a block adds to the inertia of its body (21)
  bool* blk_weighs;          // ... in any world
  Mask<Real>* blk_couples;   // worlds where the block acts on several bodies, or dofs of a joint
  bool* tree_on;             // trees of the present island in any lane
  bool coupled = false;      // in any world a block couples

  // Newton
  Real *a, *Ma, *grad, *search, *Mgrad, *Mv;
  Real* H;           // lower triangle by rows: row k starts at k (k + 1) / 2
  unsigned* H_mask;  // the columns left of the diagonal of each row as bits, nword per row
  int* H_start;      // where each row starts in H
  Real* H_base;      // what H is before the blocks are added
  Real* group_T;     // J times curvature of blocks of the same dofs
  Real* H_inv;       // -1 / D
  int *H_below, *H_below_num;  // rows of the island with an entry in each column, from the last up
  int* H_below_row;            // where these rows start in H                          [bytes]
  unsigned* H_chunk;           // 16 * first column + columns of each chunk of a row
  int* H_chunks;               // chunks of each row
  Int<Real>* tree_label;       // island of each tree, -1: no rows
  int* dof_list;               // dofs of the present island in any lane
  int dof_count = 0;
  int islands = 0, island = 0;  // of the lane that has most; the present one
  bool* blk_on;                 // the block acts in the present island of any lane
  Mask<Real>*has_rows, *not_converged, *search_capped;  // one each

  // nothing is found yet
  FN void clear_counts() {
    cand_count = con_slots = blk_count = row_count = contact_block = 0;
    lim_count = fric_count = dof_count = islands = island = 0;
  }
};

// are boxes around geoms, and groups of pairs, worth while in the broad phase? m: ModelData or a
// view
template <class M> FN bool has_boxes(const M& m) {
  return m.npair >= 4 * m.ncgeom && (m.flags & kFlagSpeculative) == 0;
}
template <class M> FN bool has_groups(const M& m) {
  return has_boxes(m) && m.npair >= 8 * m.npairgroup;
}

// hands out pieces of a block; with a null base it only counts
struct Carver {
  char* base;
  size_t used = 0;
  template <class T> FN T* take(size_t n) {
    used = (used + 63) & ~static_cast<size_t>(63);
    T* p = base ? reinterpret_cast<T*>(base + used) : nullptr;
    used += n * sizeof(T);
    return p;
  }
};

// memory of one search
template <class S> FN size_t search_bytes(const ModelData<S>& d) {
  return d.convex_pairs || d.want_searches
             ? convex_work_bytes<S>(d.ccd_iterations, convex_most_corners(d.npolygonmax))
             : 0;
}

// Points the fields that are used most at memory on chip, as many as fit, in this order: those of
// the solver, then those that stages read again and again.
template <class Real>
FN void move_to_chip(const ModelData<Scalar<Real>>& d, Carver chip, size_t bytes, State<Real>& s,
                     Scratch<Real>& x) {
  const size_t n = static_cast<size_t>(d.nv), nH = d.may_couple ? n : 0;
  const auto near = [&](Real*& field, size_t count) {
    Carver next = chip;
    Real* place = next.take<Real>(count);
    if (next.used > bytes) return;
    field = place;
    chip = next;
  };
  near(x.search, n);
  near(x.Mv, n);
  near(x.a, n);
  near(x.Ma, n);
  near(x.grad, n);
  near(x.Mgrad, n);
  near(x.H_inv, nH);
  near(x.H, nH * (n + 1) / 2);
  near(s.qvel, n);
  near(x.vec_a, n);
  near(x.vec_b, n);
  near(x.cdof, 6 * n);
  near(x.qacc, n);
  near(x.qacc_smooth, n);
  near(s.qpos, static_cast<size_t>(d.nq));
  near(x.H_base, nH * (n + 1) / 2);
  near(x.cvel, 6 * static_cast<size_t>(d.nbody));
  near(x.geom_pos, 3 * static_cast<size_t>(d.ncgeom));
  near(x.geom_mat, 9 * static_cast<size_t>(d.ncgeom));
}

// points State, Scratch and the override fields of the view into the block; returns its size
template <class Real>
FN size_t layout(const ModelData<Scalar<Real>>& d, char* base, ModelView<Real>& m, State<Real>& s,
                 Scratch<Real>& x, char* chip = nullptr, int chip_bytes = 0) {
  Carver c{base};
  const int nq = d.nq, nv = d.nv, nu = d.nu, nactuator = d.nactuator, nout = d.nout,
            nhistory = d.nhistory, na = d.na, nbody = d.nbody, njnt = d.njnt, ngeom = d.ngeom,
            nsite = d.nsite, nmocap = d.nmocap, ncam = d.ncam, neq = d.neq, ntendon = d.ntendon,
            nJten = d.nJten, nwrap = d.nwrap, nsensordata = d.nsensordata, nM = d.nM,
            npair = d.npair;
  // first of all memory of searches, where the workers of a queue find it
  x.convex_stride = search_bytes(d);
  x.convex_work = c.take<char>(kConvexAtOnce * x.convex_stride);
#define MOTORIUM_FIELD(name, columns, unit, doc) \
  s.name = c.take<Real>(static_cast<size_t>(columns));
  MOTORIUM_STATE_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
  s.time = c.take<Real>(1);
#define MOTORIUM_FIELD(name, rows, columns, unit, doc) \
  x.name = c.take<Real>(static_cast<size_t>(rows) * (columns));
  MOTORIUM_SCRATCH_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
#define MOTORIUM_REAL(name, rows, columns, unit, doc) \
  if (d.name##_worlds.data) m.name.own = c.take<Real>(static_cast<size_t>(rows) * (columns));
  if (d.any_worlds) {
    MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
  }
#undef MOTORIUM_REAL

  const size_t n = static_cast<size_t>(nv), pairs = static_cast<size_t>(d.npair),
               cons = static_cast<size_t>(d.nconmax), geoms = static_cast<size_t>(d.ncgeom),
               blocks = static_cast<size_t>(neq + d.nballlimit + tendon_blocks(d)) + cons,
               rows = 6 * blocks, limits = 2 * static_cast<size_t>(d.nlimit),
               words = static_cast<size_t>(d.nword), trees = static_cast<size_t>(d.ntree) + 1;
  x.geom_pos = c.take<Real>(3 * geoms);
  x.geom_mat = c.take<Real>(9 * geoms);
  x.dof_com = c.take<Real>(3 * trees);
  x.actuator_slope = c.take<Real>(static_cast<size_t>(nout));
  x.raw_sensordata =
      d.sensor_memory ? c.take<Real>(static_cast<size_t>(nsensordata)) : x.sensordata;
  x.wrap_point = c.take<Real>(6 * static_cast<size_t>(nwrap));
  x.wrap_arc = c.take<Real>(static_cast<size_t>(nwrap));
  x.wrap_on = c.take<Real>(static_cast<size_t>(nwrap));
  x.ten_Jdotv = c.take<Real>(static_cast<size_t>(ntendon));
  x.qH = c.take<Real>(static_cast<size_t>(nM));
  x.metric = x.qM;
  x.metric_factor = x.weight_factor = x.qLD;
  x.metric_force = x.qfrc_smooth;
  if (d.integrator == Integrator::discrete) {
    x.metric = c.take<Real>(static_cast<size_t>(d.metric.entries));
    x.metric_factor = c.take<Real>(static_cast<size_t>(d.metric.entries));
    x.weight_factor = x.qH;
    x.metric_force = c.take<Real>(n);
    x.inv_M = c.take<Real>(n);
    x.inv_metric = c.take<Real>(n);
    x.ten_stiffness = c.take<Real>(static_cast<size_t>(ntendon));
    x.ten_metric = c.take<Real>(static_cast<size_t>(ntendon));
    x.actuator_stiffness = c.take<Real>(static_cast<size_t>(nout));
  }
  const size_t deep = d.articulated ? 1 : 0;
  x.hanging = c.take<Real>(deep * 21 * static_cast<size_t>(nbody));
  x.axis_load = c.take<Real>(deep * 6 * n);
  x.axis_inverse = c.take<Real>(deep * n);
  x.axis_inertia = c.take<Real>(deep * n);
  x.axis_added = c.take<Real>(deep * n);
  x.swept = c.take<Real>(deep * 6 * static_cast<size_t>(nbody));
  x.vec_a = c.take<Real>(n);
  x.vec_b = c.take<Real>(n);
  x.next_qpos = c.take<Real>(static_cast<size_t>(nq));
  x.next_act = c.take<Real>(static_cast<size_t>(na));

  // what only some integrators and media need
  const bool lu = d.integrator == Integrator::implicit, rk4 = d.integrator == Integrator::rk4;
  const bool slopes = lu || d.in_fluid, exact = (d.flags & kFlagDiagexact) != 0;
  const size_t stages = rk4 ? 1 : 0, bodies = static_cast<size_t>(nbody);
  x.qU = c.take<Real>(lu ? static_cast<size_t>(nM) : 0);
  x.body_slope = c.take<Real>(slopes ? 36 * bodies : 0);
  x.axis_slope = c.take<Real>(lu ? 6 * n : 0);
  x.fluid_wrench = c.take<Real>(d.in_fluid ? 6 * bodies : 0);
  x.rk_qpos = c.take<Real>(stages * static_cast<size_t>(nq));
  x.rk_qvel = c.take<Real>(stages * n);
  x.rk_act = c.take<Real>(stages * static_cast<size_t>(na));
  x.rk_rate = c.take<Real>(stages * n);
  x.rk_rate_sum = c.take<Real>(stages * n);
  x.rk_qacc_sum = c.take<Real>(stages * n);
  x.rk_act_sum = c.take<Real>(stages * static_cast<size_t>(na));
  x.dof_weight = c.take<Real>(exact ? n : 0);

  x.fric_D = c.take<Real>(n);
  x.fric_aref = c.take<Real>(n);
  x.fric_loss = c.take<Real>(n);
  x.fric_r = c.take<Real>(n);
  x.fric_v = c.take<Real>(n);
  x.fric_f = c.take<Real>(n);
  x.lim_D = c.take<Real>(limits);
  x.lim_aref = c.take<Real>(limits);
  x.lim_r = c.take<Real>(limits);
  x.lim_v = c.take<Real>(limits);
  x.lim_f = c.take<Real>(limits);
  x.lim_list = c.take<int>(limits);
  x.row_number = c.take<int>(blocks + n + limits);

  x.a = c.take<Real>(n);
  x.Ma = c.take<Real>(n);
  x.grad = c.take<Real>(n);
  x.search = c.take<Real>(n);
  x.Mgrad = c.take<Real>(n);
  x.Mv = c.take<Real>(n);
  // H is never formed where no row can couple bodies of a deep model
  const size_t nH = d.may_couple ? n : 0;
  x.H = c.take<Real>(nH * (n + 1) / 2);
  x.H_base = c.take<Real>(nH * (n + 1) / 2);
  x.H_start = c.take<int>(nH);
  x.H_mask = c.take<unsigned>(nH * words);
  x.H_inv = c.take<Real>(nH);
  x.group_T = c.take<Real>(kGroupRows * nH);
  x.H_below = c.take<int>(nH * n);
  x.H_below_num = c.take<int>(nH);
  x.H_below_row = c.take<int>(nH * n);
  x.H_chunk = c.take<unsigned>(nH * n);
  x.H_chunks = c.take<int>(nH);
  x.tree_label = c.take<Int<Real>>(trees);
  x.dof_list = c.take<int>(n);
  x.has_rows = c.take<Mask<Real>>(1);
  x.not_converged = c.take<Mask<Real>>(1);
  x.search_capped = c.take<Mask<Real>>(1);

  x.con_count = c.take<Int<Real>>(1);
  x.cand_pair = c.take<int>(pairs);
  x.cand_adr = c.take<int>(pairs);
  x.shared_int = c.take<int>(2);
  x.cand_mask = c.take<Mask<Real>>(pairs);
  const size_t boxes = has_boxes(d) ? geoms + static_cast<size_t>(nbody) : 0;
  x.box_low = c.take<Real>(3 * boxes);
  x.box_high = c.take<Real>(3 * boxes);
  x.group_near = c.take<bool>(static_cast<size_t>(d.npairgroup));
  if (d.convex_pairs || d.want_searches) {
    x.sensor_capped = c.take<Mask<Real>>(d.want_distances ? static_cast<size_t>(d.nsensor) : 0);
  }
  if (d.convex_pairs) {
    x.cand_convex = c.take<int>(pairs);
    x.cand_capped = c.take<Mask<Real>>(pairs);
    x.ccd_capped = c.take<Mask<Real>>(1);
  }
  x.blk_dim = c.take<int>(blocks);
  x.blk_row = c.take<int>(blocks);
  x.blk_adr = c.take<int>(blocks);
  x.blk_num = c.take<int>(blocks);
  x.blk_J = c.take<Real*>(blocks);
  x.blk_tree = c.take<int>(blocks);
  x.blk_label = c.take<Int<Real>>(blocks);
  x.blk_mu = c.take<Real>(blocks);
  x.blk_single = c.take<Mask<Real>>(blocks);
  x.blk_on = c.take<bool>(blocks);

  // from here on the worst case of a scene: touched only as far as contacts reach
  x.found_dist = c.take<Real>(cons);
  x.found_pos = c.take<Real>(3 * cons);
  x.found_normal = c.take<Real>(3 * cons);
  x.found_hint = c.take<Real>(3 * cons);
  x.found = c.take<Mask<Real>>(cons);
  const size_t ahead = d.flags & kFlagSpeculative ? cons : 0;
  x.found_ahead = c.take<Mask<Real>>(ahead);
  x.con_ahead = c.take<Mask<Real>>(ahead);
  x.con_pair = c.take<Int<Real>>(cons);
  x.con_mask = c.take<Int<Real>>(2 * words * cons);
  x.con_dist = c.take<Real>(cons);
  x.con_pos = c.take<Real>(3 * cons);
  x.con_frame = c.take<Real>(9 * cons);
  x.con_friction = c.take<Real>(5 * cons);
  x.con_adhesion = c.take<Real>(d.sticky ? cons : 0);
  x.con_weight = c.take<Real>(exact ? 2 * cons : 0);
  x.row_D = c.take<Real>(rows);
  x.row_aref = c.take<Real>(rows);
  x.row_r = c.take<Real>(rows);
  x.row_v = c.take<Real>(rows);
  x.row_f = c.take<Real>(rows);
  x.blk_curv = c.take<Real>(21 * blocks);
  if (d.rows_by_bodies) {
    const size_t equalities = static_cast<size_t>(neq),
                 touching = 2 * equalities + 2 * kWidth<Real> * cons;
    x.row_hanging = c.take<Real>(21 * bodies);
    x.row_inertia = c.take<Real>(21 * bodies);
    x.eq_rows = c.take<Real>(36 * equalities);
    x.moved = c.take<Real>(6 * bodies);
    x.pushed = c.take<Real>(6 * bodies);
    x.row_load = c.take<Real>(6 * n);
    x.row_inverse = c.take<Real>(n);
    x.row_axis = c.take<Real>(n);
    x.touch_adr = c.take<int>(blocks + 1);
    x.touch_first = c.take<int>(bodies);
    x.touch_body = c.take<int>(touching);
    x.touch_block = c.take<int>(touching);
    x.touch_next = c.take<int>(touching);
    x.touch_side = c.take<Real>(touching);
    x.con_arm = c.take<Real>(6 * cons);
    x.con_push = c.take<Real>(12 * cons);
    x.blk_inertia = c.take<Real>(21 * blocks);
    x.blk_weighs = c.take<bool>(blocks);
    x.blk_couples = c.take<Mask<Real>>(blocks);
    x.tree_on = c.take<bool>(trees);
  }
  const size_t spread = d.may_couple ? blocks : blocks - cons;  // blocks with columns
  x.blk_col = c.take<int>(spread * n);
  x.blk_run = c.take<int>(spread * n);
  x.J_pool = c.take<Real>(6 * spread * n);
  if (chip) move_to_chip(d, {chip}, static_cast<size_t>(chip_bytes), s, x);
  return (c.used + 63) & ~static_cast<size_t>(63);
}

}  // namespace motorium
