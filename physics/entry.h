// The door between host code and the kernels of one instruction set: plain structs and functions.
//
// An entry works on one pack: up to `width` worlds, given by their ids. It reads and writes their
// rows of the world-major arrays below; between two calls nothing else is kept.
#pragma once
#include <cstddef>
#include <cstdint>

#include "motorium/physics/model.h"

namespace motorium {

// State and inputs of all worlds: X(name, columns, unit, meaning). (worlds, columns) each.
// clang-format off
#define MOTORIUM_STATE_FIELDS(X)                                                   \
  X(qpos, nq, "m, rad, -", "joint positions; quaternions are (w, x, y, z)")        \
  X(qvel, nv, "m/s, rad/s", "joint velocities")                                    \
  X(act, na, "as act", "actuator activations")                                     \
  X(history, nhistory, "mixed", "past controls and readings; times in steps from now") \
  X(qacc_warmstart, nv, "m/s^2, rad/s^2", "acceleration the solver starts from")   \
  X(ctrl, nu, "as ctrl", "controls")                                               \
  X(qfrc_applied, nv, "N, N m", "generalized forces from the caller")              \
  X(xfrc_applied, 6 * nbody, "N, N m", "force, torque on each body's centre of mass, world axes") \
  X(mocap_pos, 3 * nmocap, "m", "mocap positions")                                 \
  X(mocap_quat, 4 * nmocap, "-", "mocap orientations")                             \
  X(eq_active, neq, "-", "1: the equality constraint acts")
// clang-format on

// pointers of one precision; a null input counts as zeros
template <class Scalar> struct StateArrays {
#define MOTORIUM_FIELD(name, columns, unit, doc) Scalar* name = nullptr;
  MOTORIUM_STATE_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
  int64_t* steps = nullptr;       // (worlds) steps since reset; time = time0 + steps * timestep
  const double* time0 = nullptr;  // (worlds) [s] time at step 0; null: 0
  uint32_t* status = nullptr;     // (worlds) Status bits
};

// one requested output: columns numbers of a Scratch field, copied to (worlds, columns)
template <class Scalar> struct OutputBinding {
  int field = 0;  // index in the Scratch field list
  int columns = 0;
  Scalar* data = nullptr;
};

template <class Scalar> struct ModelData;    // model_view.h
template <class Scalar> struct SearchQueue;  // search_task.h
struct TraceLane;                            // core/trace_lane.h

// everything an entry needs besides the world ids
template <class Scalar> struct PackArgs {
  const ModelData<Scalar>* model = nullptr;
  StateArrays<Scalar> state;
  const OutputBinding<Scalar>* outputs = nullptr;
  int output_count = 0;
  int32_t* rows = nullptr;  // (worlds) where packs leave the rows of the last step; null: nowhere
  void* scratch = nullptr;  // scratch_bytes(model) bytes, 64-byte aligned, one per thread
  // of a device: searches done before the step, and memory on chip, where the numbers that are used
  // most lie as far as it reaches
  const SearchQueue<Scalar>* queue = nullptr;
  char* chip = nullptr;
  int chip_bytes = 0;
  TraceLane* trace = nullptr;  // where `step` notes the times of its stages; null: nowhere
};

// how much `forward` brings up to date
enum class Refresh : int { none = 0, vel = 1, acc = 2 };

// what rays may hit
struct RayFilter {
  int groups = 0x3f;    // bit g: geoms of viewer group g (0 .. 5)
  bool statics = true;  // geoms of the world and of what is welded to it
};

// rays of the caller: (worlds of the query, rays) rows
template <class Scalar> struct RayQuery {
  int rays = 0;
  const int* rows = nullptr;  // row of the query of each world of the pack
  RayFilter filter;
  const Scalar *pnt = nullptr, *vec = nullptr;  // starts [m], directions; 3 numbers each
  const int* exclude = nullptr;                 // body that a ray passes through, or -1
  Scalar* dist = nullptr;                       // lengths of the direction, -1: nothing hit
  int* geom = nullptr;                          // geom hit or -1
  Scalar* normal = nullptr;                     // outward, world axes; 3 numbers each
};

// distances of pairs of geoms: (worlds of the query, pairs) rows
template <class Scalar> struct DistanceQuery {
  int pairs = 0;
  const int* rows = nullptr;                     // row of the query of each world of the pack
  const int *geom1 = nullptr, *geom2 = nullptr;  // (pairs)
  const Scalar* distmax = nullptr;               // (pairs) [m] how far to look
  Scalar* dist = nullptr;                        // [m] signed; distmax: nothing is nearer
  Scalar* fromto = nullptr;                      // points of both geoms, world; 6 numbers each
};

// worlds: ids of the pack, `count` of them (1 .. width)
template <class Scalar> struct PhysicsKernels {
  int width = 0;  // worlds of a pack
  size_t (*scratch_bytes)(const ModelData<Scalar>&) = nullptr;
  // nstep steps; then outputs, which hold the values before the last integration unless `refresh`
  // brings them up to date. Frozen worlds keep their state.
  void (*step)(const PackArgs<Scalar>&, const int* worlds, int count, int nstep,
               Refresh refresh) = nullptr;
  // outputs of the present state, which is not changed
  void (*forward)(const PackArgs<Scalar>&, const int* worlds, int count, Refresh upto) = nullptr;
  // rays through the present state, which is not changed
  void (*rays)(const PackArgs<Scalar>&, const int* worlds, int count,
               const RayQuery<Scalar>& query) = nullptr;
  // distances at the present state, which is not changed; the model must want searches
  void (*distances)(const PackArgs<Scalar>&, const int* worlds, int count,
                    const DistanceQuery<Scalar>& query) = nullptr;
  // of one world: its searches go to args.queue, instead of being done in the step
  void (*queue)(const PackArgs<Scalar>&, const int* worlds) = nullptr;
  // the queue's places worker, worker + workers, ...; memory: of one search
  void (*search)(const PackArgs<Scalar>&, int worker, int workers, char* memory) = nullptr;
  // joint forces (worlds, nv) that give the accelerations qacc (worlds, nv) at the present state
  void (*inverse)(const PackArgs<Scalar>&, const Scalar* qacc, Scalar* qfrc, const int* worlds,
                  int count) = nullptr;
};

}  // namespace motorium
