// Batch: N worlds of one Model on the cores of this machine.
//
//   Batch batch(model, {.worlds = 4096});
//   float* ctrl = batch.state<float>().ctrl;       // (worlds, nu), C-contiguous
//   batch.step({.nstep = 5});
//
// Arrays are world-major and stay at their addresses; on a device they are the device's. Errors of
// the caller throw Error; what physics does to a world sets bits in its status word and never
// touches another world. One thread at a time.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "motorium/core/device.h"
#include "motorium/core/threads.h"
#include "motorium/physics/entry.h"
#include "motorium/physics/model.h"
#include "motorium/physics/spec/load_options.h"

namespace motorium {

enum class Precision { single, double_ };  // float packs, or the slow double reference

struct BatchOptions {
  int worlds = 1;                           // 1 .. 10,000,000
  Precision precision = Precision::single;  // double_ is the reference build, one world at a time
  bool autoreset = false;                   // a frozen world is reset at the start of the next step
  Threads* threads = nullptr;               // null: the process's default pool
  std::shared_ptr<Device> device = nullptr;  // null: the cores of this machine; else single only
  int lanes = 0;  // of the device that work on a world (set_lanes); 0: the fastest, by measuring
};

struct StepOptions {
  int nstep = 1;             // steps, fused
  const int* ids = nullptr;  // worlds to step; null: all
  int id_count = 0;
  Refresh refresh = Refresh::none;  // bring outputs up to date with the new state
};

struct ResetOptions {
  const int* ids = nullptr;  // worlds to reset; null: all
  int id_count = 0;
  int keyframe = -1;  // -1: qpos0
};

// one array of a batch: (worlds, columns) of float or double, in the memory of the batch's device
struct ArrayView {
  void* data = nullptr;
  int columns = 0;
  bool writable = false;
};

// one contact of one world, for people
struct Contact {
  double dist, pos[3], frame[9], friction[5], force[6];  // force in the contact frame [N, N m]
  int geom1, geom2, dim;
  int efc_address;  // first constraint row in MuJoCo's order; -1: in the gap, without force
};

struct RayOptions {
  const int* ids = nullptr;  // worlds; null: all
  int id_count = 0;
  int rays = 1;  // of each world
  RayFilter filter;
};

class Batch {
 public:
  Batch(std::shared_ptr<const Model> model, const BatchOptions& options);
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  const Model& model() const;
  std::shared_ptr<const Model> shared_model() const;
  // Gives each world a model of its own, of the sizes of the batch's; an empty list: all worlds
  // share the batch's again. Worlds of equal models run together, in the order of the caller's
  // arrays nothing changes. State stays as it is; overrides and models exclude each other.
  void set_models(const std::vector<std::shared_ptr<const Model>>& models);
  std::shared_ptr<const Model> model_of(int world) const;
  int worlds() const;
  Precision precision() const;

  // Null: the cores of this machine. On a device step, forward and reset are launches on `stream`
  // that wait for nothing; what asks about single worlds (save, contacts, ray, ...) copies their
  // rows to the host and runs there, with the same bits.
  const std::shared_ptr<Device>& device() const;
  void set_stream(Stream stream);
  Stream stream() const;
  void wait();  // until the device has done what it was given
  // How often what launches carry has changed (outputs, overrides, models, lanes): a graph that was
  // recorded under another number must be recorded anew.
  int64_t changes() const;
  // Lanes of the device that work on a world: 8, 16, 32, 64 or 128. Speed alone depends on it.
  void set_lanes(int lanes);
  int lanes() const;
  // Rows of a state field or bound output of these worlds (null: all) to and from the host: (n,
  // columns) of the batch's precision.
  void read_rows(const std::string& name, const int* ids, int id_count, void* out);
  void write_rows(const std::string& name, const int* ids, int id_count, const void* in);

  void step(const StepOptions& options = {});
  void forward(const int* ids = nullptr, int id_count = 0, Refresh upto = Refresh::acc);
  void reset(const ResetOptions& options = {});
  // Inverse dynamics: joint forces (worlds, nv) that give the accelerations qacc (worlds, nv, of
  // the batch's precision) at the present states, constraints included. With the flag invdiscrete
  // qacc is the change of velocity in one step by its length. Valid until the next call.
  ArrayView inverse(const void* qacc, const int* ids = nullptr, int id_count = 0);

  // State and inputs by the names of MOTORIUM_STATE_FIELDS; made at first use where they are
  // optional (qfrc_applied, xfrc_applied). Unknown name: Error naming the nearest.
  ArrayView state(const std::string& name);
  // Outputs by the names of MOTORIUM_SCRATCH_FIELDS ("xpos", "sensordata", "qacc", ...): allocated
  // and filled from the next step or forward on.
  ArrayView bind(const std::string& name);
  std::vector<std::string> output_names() const;
  double time(int world) const;       // [s]
  std::vector<double> times() const;  // (worlds) [s]
  void set_time(int world, double seconds);
  void set_times(const int* ids, int id_count, const double* seconds);  // ids null: all
  const int64_t* steps();  // (worlds) steps since reset; of a device: as they are now

  const uint32_t* status() const;            // (worlds) sticky Status bits; likewise
  std::vector<uint32_t> read_status();       // returns and clears what is not a freeze
  int64_t status_count(uint32_t bit) const;  // worlds that have it now

  // Per-world model fields, those of physics/override_rules.cpp. values: (id_count, size) of the
  // field. Derived constants (inverse weights, bounds, mixed contact parameters, ...) of these
  // worlds follow. A world takes memory for its own numbers only; a field that no world has for
  // itself costs nothing.
  void set_override(const std::string& field, const double* values, const int* ids, int id_count);
  std::vector<double> get_override(const std::string& field, int world) const;

  // The model that a world runs on with its own numbers folded in: alone it takes the same bits.
  std::shared_ptr<const Model> world_model(int world) const;

  // Everything a world is, as bytes: state, inputs, status, time, overrides.
  std::vector<uint8_t> save(int world) const;
  void load(int world, const std::vector<uint8_t>& bytes);

  // Signed distances of pairs of geoms in the present state, not above distmax (pairs) [m]: dist
  // (worlds, pairs), fromto (worlds, pairs, 6) the points of both, zeros where nothing is nearer.
  void geom_distance(const int* geom1, const int* geom2, const double* distmax, int pairs,
                     const int* ids, int id_count, double* dist, double* fromto);

  // Rays pnt + x vec, x >= 0, through the present state: (worlds, rays, 3) each; exclude (worlds,
  // rays): a body that the ray passes through, or -1. dist (worlds, rays) in lengths of vec, -1:
  // nothing hit; geom (worlds, rays), -1; normal (worlds, rays, 3), outward, 0.
  void ray(const double* pnt, const double* vec, const int* exclude, const RayOptions& options,
           double* dist, int* geom, double* normal);

  // Evidence of a fault: what a world was, inputs included, just before the step that froze it, as
  // the bytes of save(). Loaded into a batch of the same precision, the next step freezes that
  // world with the same bits. Empty for a world that never froze; kept until the next fault of that
  // world.
  std::vector<uint8_t> fault(int world) const;
  std::vector<int> faults() const;  // worlds that have one, rising
  // For modules that step and reset on their own (robots/tasks): keeps the evidence of a frozen
  // world before it is reset. Any thread may call it for its own worlds.
  void keep_fault(int world);

  // Contacts of one world at its present state, with forces.
  std::vector<Contact> contacts(int world);

  // For modules that run their own entries on the pack that has just stepped (robots/tasks):
  // the same kernels, arguments and per-thread scratch that step() uses.
  int pack_width() const;
  const PhysicsKernels<float>& kernels() const;
  PackArgs<float> pack_args(int worker, const int* worlds, int count);
  // (worlds) constraint rows of each world's last step, by which worlds should be dealt into packs
  // (regroup.h); null where it does not matter or where worlds have models of their own
  const int32_t* pack_rows() const;
  PackArgs<float> device_args();  // of launches on the batch's device; without scratch
  Threads& threads();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Reads a model file (MJCF or URDF) and compiles it. Throws Error or UnsupportedModel with all
// problems.
std::shared_ptr<const Model> load_model(const std::string& path, const LoadOptions& options = {});
std::shared_ptr<const Model> load_model_from_string(const std::string& xml,
                                                    const std::string& folder = "",
                                                    const LoadOptions& options = {});

}  // namespace motorium
