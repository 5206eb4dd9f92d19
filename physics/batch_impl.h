// What a Batch is made of: the arrays of one precision, and the parts of Batch::Impl that its files
// share. Private to physics/batch*.cpp.
#pragma once
#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "motorium/core/cpu.h"
#include "motorium/core/error.h"
#include "motorium/core/memory.h"
#include "motorium/physics/batch.h"
#include "motorium/physics/kernels.h"
#include "motorium/physics/model_data.h"
#include "motorium/physics/regroup.h"
#include "motorium/physics/same_frames.h"
#include "motorium/physics/scratch.h"

namespace motorium {

inline constexpr int kBlockWorlds = 16;  // worlds that a thread takes at once: no two share a line

// the columns of every state field and output of a model
struct FieldShape {
  const char* name;
  int columns;
};
inline std::vector<FieldShape> state_shapes(const Model& m) {
  const int nq = m.nq, nv = m.nv, nu = m.nu, na = m.na, nhistory = m.nhistory, nbody = m.nbody,
            nmocap = m.nmocap, neq = m.neq;
  return {
#define MOTORIUM_FIELD(name, columns, unit, doc) {#name, (columns)},
      MOTORIUM_STATE_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
  };
}
inline std::vector<FieldShape> output_shapes(const Model& m) {
  const int nv = m.nv, nout = m.nout, na = m.na, nbody = m.nbody, njnt = m.njnt, ngeom = m.ngeom,
            nsite = m.nsite, ncam = m.ncam, ntendon = m.ntendon, nJten = m.nJten, nwrap = m.nwrap,
            nsensordata = m.nsensordata, nM = m.nM;
  return {
#define MOTORIUM_FIELD(name, rows, columns, unit, doc) {#name, (rows) * (columns)},
      MOTORIUM_SCRATCH_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
  };
}

template <class S> const PhysicsKernels<S>& single_kernels() {
  if constexpr (sizeof(S) == 8)
    return motorium_physics_v3_double;
  else
    return motorium_physics_v3_float;
}

// the widest pack of this machine; single worlds where a batch would not fill half a pack
template <class S> const PhysicsKernels<S>& choose_kernels(int worlds) {
  if constexpr (sizeof(S) == 8) {
    return motorium_physics_v3_double;
  } else {
    const PhysicsKernels<float>& wide =
        best_isa() == Isa::v4 && worlds > 8 ? motorium_physics_v4_pack : motorium_physics_v3_pack;
    return worlds < wide.width / 2 ? motorium_physics_v3_float : wide;
  }
}

// Everything of one precision.
template <class S> struct Worlds {
  ModelBlob<S> blob;                                  // of the batch's model
  std::vector<std::unique_ptr<ModelBlob<S>>> others;  // of the worlds' own models
  std::vector<int> other_of;                          // (worlds) index in others; empty: none
  const PhysicsKernels<S>& kernels;
  int count;
  std::vector<FieldShape> shapes;
  std::vector<std::vector<S>> fields;  // by shape; empty until used where optional
  std::vector<int64_t> steps;
  std::vector<uint32_t> status;
  std::vector<int32_t> rows;  // of each world's last step: who shares a pack (regroup.h)
  StateArrays<S> arrays;
  std::vector<FieldShape> output_shapes_;
  std::map<int, std::vector<S>> outputs;  // by field index
  std::vector<OutputBinding<S>> bindings;
  std::map<std::string, std::vector<S>> overrides;  // rows of each field
  std::vector<S> inverse;                           // of the last call of Batch::inverse
  std::vector<std::unique_ptr<Arena>> scratch;
  size_t scratch_size = 0;

  // worlds of a pack may have different numbers of rows, and may change places
  bool regroups() const { return kernels.width > 1 && blob.data.npair > 0 && other_of.empty(); }

  Worlds(const Model& m, int worlds)
      : blob(m),
        kernels(choose_kernels<S>(worlds)),
        count(worlds),
        shapes(state_shapes(m)),
        fields(shapes.size()),
        steps(static_cast<size_t>(worlds)),
        status(static_cast<size_t>(worlds)),
        rows(static_cast<size_t>(worlds)),
        output_shapes_(output_shapes(m)) {
    if (!kernels.step)
      throw Error(
          "Batch: this build has physics in double only (MOTORIUM_DOUBLE_ONLY): ask for "
          "precision \"double\"");
    for (size_t i = 0; i < shapes.size(); ++i) {
      const std::string name = shapes[i].name;
      if (name != "qfrc_applied" && name != "xfrc_applied") allocate(i);
    }
    point();
  }

  void allocate(size_t i) {
    fields[i].assign(static_cast<size_t>(count) * static_cast<size_t>(shapes[i].columns), S(0));
  }
  void point() {
    size_t i = 0;
#define MOTORIUM_FIELD(name, columns, unit, doc)                \
  arrays.name = fields[i].empty() ? nullptr : fields[i].data(); \
  ++i;
    MOTORIUM_STATE_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
    arrays.steps = steps.data();
    arrays.status = status.data();
  }

  // scratch of every worker; called when the batch is made and when its overrides grow, so that
  // workers only read. Where the system refuses the memory there is none until it is there: no step
  // starts with less than the worst case (O4)
  void prepare(int workers) {
    size_t need = 0;
    each_blob([&](const ModelBlob<S>& b) {
      need = std::max(
          {need, kernels.scratch_bytes(b.data), single_kernels<S>().scratch_bytes(b.data)});
    });
    if (need > scratch_size) {
      scratch.clear();
      scratch_size = need;
    }
    while (static_cast<int>(scratch.size()) < workers)
      scratch.push_back(std::make_unique<Arena>(scratch_size));
  }
  void ready(int workers) {
    if (static_cast<int>(scratch.size()) < workers) prepare(workers);
  }

  template <class F> void each_blob(F f) {
    f(blob);
    for (auto& other : others) f(*other);
  }
  ModelData<S>& data_of(int world) {
    return other_of.empty()
               ? blob.data
               : others[static_cast<size_t>(other_of[static_cast<size_t>(world)])]->data;
  }

  // of a pack whose worlds share the model of `world`
  PackArgs<S> args(int worker, int world, TraceLane* trace = nullptr) {
    PackArgs<S> a;
    a.model = &data_of(world);
    a.state = arrays;
    a.outputs = bindings.data();
    a.output_count = static_cast<int>(bindings.size());
    a.scratch = scratch.at(static_cast<size_t>(worker))->data();
    a.trace = trace;
    return a;
  }
};

// an output that costs extra work is asked for
template <class S> void want_output(ModelData<S>& d, const std::string& name) {
  if (name == "actuator_moment") d.want_moments = true;
  if (name == "geom_xpos" || name == "geom_xmat") d.want_geoms = true;
  if (name == "cam_xpos" || name == "cam_xmat") d.want_cameras = true;
  if (name == "ten_wrapadr" || name == "ten_wrapnum" || name == "wrap_obj" || name == "wrap_xpos")
    d.want_paths = true;
  if (name == "cacc" || name == "cfrc_int" || name == "cfrc_ext") d.want_forces = true;
  if (name == "subtree_linvel" || name == "subtree_angmom") d.want_momenta = true;
  if (name == "energy") d.want_energy = true;
  if (name == "qM" || name == "qLD") d.want_inertia = true;
  if (name == "qLD") d.want_factor = true;
}

// one field of the worlds that have it for themselves, in double
struct Override {
  std::vector<int> row_of;   // (worlds) 0: the model's
  std::vector<double> rows;  // (n, size), the model's first
};

class DeviceWorlds;

// the rows of one array
struct RowsOf {
  char* data;
  size_t bytes;  // of a row
  bool writable;
};

struct Batch::Impl {
  Impl();
  ~Impl();

  std::shared_ptr<const Model> model;
  BatchOptions options;
  Threads* threads = nullptr;
  std::unique_ptr<Worlds<float>> single;
  std::unique_ptr<Worlds<double>> reference;
  std::unique_ptr<DeviceWorlds> on_device;    // null: the arrays of `single` are all there is
  std::vector<double> ctrl0, history0;        // of a world that starts
  std::vector<double> time0;                  // time at step 0 of each world
  std::map<std::string, Override> overrides;  // by field
  std::unique_ptr<SameFrames> frames;         // made with the first override
  std::unique_ptr<Model> edited;              // where constants of a world are derived
  std::vector<std::shared_ptr<const Model>> models;  // (worlds), empty: all have `model`
  std::vector<int> all;
  std::vector<uint64_t> seen;  // the call that named a world last
  uint64_t stamp = 0;
  std::vector<uint8_t> frozen;                 // 1: the evidence of this freeze is kept
  std::map<int, std::vector<uint8_t>> faults;  // by world
  mutable std::mutex faults_lock;
  // of models that were asked for it: of a model with meshes it takes longer than many steps
  mutable std::map<const Model*, uint64_t> hashes;
  mutable std::mutex hashes_lock;

  template <class F> auto visit(F f) { return single ? f(*single) : f(*reference); }
  template <class F> auto visit(F f) const { return single ? f(*single) : f(*reference); }

  // the worlds a call names, checked
  const int* worlds_of(const int* ids, int count, int& n, const char* what) {
    if (!ids) {
      n = static_cast<int>(all.size());
      return all.data();
    }
    n = count;
    ++stamp;
    for (int i = 0; i < count; ++i) {
      if (ids[i] < 0 || ids[i] >= options.worlds)
        throw Error(std::string("Batch.") + what + ": ids[" + std::to_string(i) + "] = " +
                    std::to_string(ids[i]) + " is out of range: the batch has worlds 0 .. " +
                    std::to_string(options.worlds - 1));
      if (std::exchange(seen[static_cast<size_t>(ids[i])], stamp) == stamp)
        throw Error(std::string("Batch.") + what + ": ids names world " + std::to_string(ids[i]) +
                    " twice: name each world once");
    }
    return ids;
  }

  const Model& model_at(int world) const {
    return models.empty() ? *model : *models[static_cast<size_t>(world)];
  }

  // of the model of a world
  uint64_t hash_at(int world) const {
    const Model& m = model_at(world);
    const std::lock_guard lock(hashes_lock);
    const auto [entry, fresh] = hashes.try_emplace(&m, 0);
    if (fresh) entry->second = hash(m);
    return entry->second;
  }

  // runs fn(worker, first world of a pack, worlds in it, their places in the list) over all packs
  template <class S, class F> void run(Worlds<S>& w, const int* ids, int n, F fn) {
    w.ready(threads->count());
    const int width = w.kernels.width, block = std::max(kBlockWorlds, width);
    if (!w.other_of.empty()) return run_by_model(w, ids, n, fn);
    const int blocks = (n + block - 1) / block;
    threads->run(blocks, [&](int item, int worker) {
      const int end = std::min(n, (item + 1) * block);
      for (int first = item * block; first < end; first += width)
        fn(worker, ids + first, std::min(width, end - first), all.data() + first);
    });
  }

  // nstep steps of all packs. Where the number of rows varies, the worlds of a thread are dealt
  // into new packs before every step; what callers see is brought up to date by the last one
  template <class S>
  void run_steps(Worlds<S>& w, const int* ids, int n, int nstep, Refresh refresh) {
    const int width = w.kernels.width;
    const auto step = [&](int worker, const int* worlds, int count, int times, bool last) {
      TraceLane* lane = threads->lane(worker);
      const Span span(lane, "step");
      PackArgs<S> a = w.args(worker, *worlds, lane);
      a.rows = w.rows.data();
      if (!last) a.output_count = 0;
      w.kernels.step(a, worlds, count, times, last ? refresh : Refresh::none);
    };
    if (nstep == 0 || n <= width || !w.regroups())
      return run(w, ids, n, [&](int worker, const int* worlds, int count, const int*) {
        step(worker, worlds, count, nstep, true);
      });
    w.ready(threads->count());
    const int chunk = chunk_worlds(n, threads->count(), std::max(kBlockWorlds, width));
    threads->run((n + chunk - 1) / chunk, [&](int item, int worker) {
      const int first = item * chunk, count = std::min(n - first, chunk);
      for (int k = 0; k < nstep; ++k)
        each_pack_by_rows(w.rows.data(), ids + first, count, width, [&](const int* worlds, int m) {
          step(worker, worlds, m, 1, k == nstep - 1);
        });
    });
  }

  // `run` where worlds have models of their own: a pack holds worlds of one model
  template <class S, class F> void run_by_model(Worlds<S>& w, const int* ids, int n, F fn) {
    const auto group = [&](int place) { return w.other_of[static_cast<size_t>(ids[place])]; };
    std::vector<int> places(all.begin(), all.begin() + n);
    std::stable_sort(places.begin(), places.end(),
                     [&](int a, int b) { return group(a) < group(b); });
    std::vector<int> list;
    for (const int place : places) list.push_back(ids[place]);
    std::vector<int> starts;
    for (int first = 0; first < n;) {
      starts.push_back(first);
      const int limit = std::min(n, first + w.kernels.width), model_id = group(places[first]);
      while (first < limit && group(places[static_cast<size_t>(first)]) == model_id) ++first;
    }
    starts.push_back(n);
    threads->run(static_cast<int>(starts.size()) - 1, [&](int item, int worker) {
      const int first = starts[static_cast<size_t>(item)],
                end = starts[static_cast<size_t>(item) + 1];
      fn(worker, list.data() + first, end - first, places.data() + first);
    });
  }

  // a field's numbers as a world has them
  const double* numbers(const std::string& field, const std::vector<double>& shared,
                        int world) const;
  bool has_own(const std::string& field, int world) const {
    const auto it = overrides.find(field);
    return it != overrides.end() && it->second.row_of[static_cast<size_t>(world)] > 0;
  }
  bool ever_positive(const char* field, size_t at) const;
  void fold(int world, Model& m) const;
  void derive_worlds(uint32_t groups, const int* ids, int n);
  void reset_world(int w, int keyframe);
  void set_field(const std::string& field, const double* values, const int* ids, int n);
  void refresh_lists();

  // On a device the host's arrays are a mirror: `pull` before the host reads rows of worlds, `push`
  // after it wrote them. On the CPU they do nothing.
  void pull(const int* ids, int n) const;
  void push(const int* ids, int n);
  void forget_freezes(const int* ids, int n);  // the next one is news
  void pull_marks() const;
  void collect_faults() const;
  double time_on_host(int world) const;
  RowsOf rows_of(Batch& batch, const std::string& name) const;
  const int* device_ids(const int* ids) const { return ids == all.data() ? nullptr : ids; }
  std::vector<uint8_t> save_host(int world) const;
  void remember_fault(int world);
};

}  // namespace motorium
