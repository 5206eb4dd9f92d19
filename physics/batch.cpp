#include "motorium/physics/batch.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "motorium/core/cpu.h"
#include "motorium/core/error.h"
#include "motorium/core/memory.h"
#include "motorium/core/status.h"
#include "motorium/core/text.h"
#include "motorium/physics/compile/derive.h"
#include "motorium/physics/initial_state.h"
#include "motorium/physics/kernels.h"
#include "motorium/physics/model_data.h"
#include "motorium/physics/scratch.h"

namespace motorium {
namespace {

constexpr int kMaxWorlds = 10'000'000;
constexpr int kBlockWorlds = 16;  // worlds that a thread takes at once: no two threads share a line

// the columns of every state field and output of a model
struct FieldShape {
  const char* name;
  int columns;
};
std::vector<FieldShape> state_shapes(const Model& m) {
  const int nq = m.nq, nv = m.nv, nu = m.nu, na = m.na, nhistory = m.nhistory, nbody = m.nbody,
            nmocap = m.nmocap, neq = m.neq;
  return {
#define MOTORIUM_FIELD(name, columns, unit, doc) {#name, (columns)},
      MOTORIUM_STATE_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
  };
}
std::vector<FieldShape> output_shapes(const Model& m) {
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
  StateArrays<S> arrays;
  std::vector<FieldShape> output_shapes_;
  std::map<int, std::vector<S>> outputs;  // by field index
  std::vector<OutputBinding<S>> bindings;
  std::map<std::string, std::vector<S>> overrides;
  std::vector<S> inverse;  // of the last call of Batch::inverse
  std::vector<std::unique_ptr<Arena>> scratch;
  size_t scratch_size = 0;

  Worlds(const Model& m, int worlds)
      : blob(m),
        kernels(choose_kernels<S>(worlds)),
        count(worlds),
        shapes(state_shapes(m)),
        fields(shapes.size()),
        steps(static_cast<size_t>(worlds)),
        status(static_cast<size_t>(worlds)),
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
  // workers only read
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
  PackArgs<S> args(int worker, int world) {
    PackArgs<S> a;
    a.model = &data_of(world);
    a.state = arrays;
    a.outputs = bindings.data();
    a.output_count = static_cast<int>(bindings.size());
    a.scratch = scratch[static_cast<size_t>(worker)]->data();
    return a;
  }
};

// a model can stand in for another where all arrays of a batch have its shapes
void require_same_shapes(const Model& ours, const Model& theirs, size_t world) {
  const auto compare = [&](const std::vector<FieldShape>& a, const std::vector<FieldShape>& b) {
    for (size_t i = 0; i < a.size(); ++i)
      require(a[i].columns == b[i].columns,
              "Batch.set_models: models[" + std::to_string(world) + "]: " + a[i].name + " has " +
                  std::to_string(b[i].columns) + " numbers, the batch's model " +
                  std::to_string(a[i].columns));
  };
  compare(state_shapes(ours), state_shapes(theirs));
  compare(output_shapes(ours), output_shapes(theirs));
}

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
}

// the override fields of ModelData by name
template <class S> const S** override_pointer(ModelData<S>& d, const std::string& field) {
#define MOTORIUM_REAL(name, rows, columns, unit, doc) \
  if (field == #name) return &d.name##_worlds;
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
  return nullptr;
}
const std::vector<double>& model_field(const Model& m, const std::string& field) {
#define MOTORIUM_REAL(name, rows, columns, unit, doc) \
  if (field == #name) return m.name;
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
  throw Error("no such override: " + field);
}

const std::vector<std::string> kSettable = {
    "body_mass",        "body_inertia", "body_ipos",   "geom_friction",    "actuator_gainprm",
    "actuator_biasprm", "dof_armature", "dof_damping", "dof_frictionloss", "gravity"};

}  // namespace

struct Batch::Impl {
  std::shared_ptr<const Model> model;
  BatchOptions options;
  Threads* threads = nullptr;
  std::unique_ptr<Worlds<float>> single;
  std::unique_ptr<Worlds<double>> reference;
  std::vector<double> ctrl0, history0;                   // of a world that starts
  std::vector<double> time0;                             // time at step 0 of each world
  std::map<std::string, std::vector<double>> overrides;  // masters in double, (worlds, size)
  std::vector<std::shared_ptr<const Model>> models;      // (worlds), empty: all have `model`
  std::vector<int> all;
  std::vector<uint64_t> seen;  // the call that named a world last
  uint64_t stamp = 0;
  std::vector<uint8_t> frozen;                 // 1: the evidence of this freeze is kept
  std::map<int, std::vector<uint8_t>> faults;  // by world
  mutable std::mutex faults_lock;

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

  // runs fn(worker, first world of a pack, worlds in it, their places in the list) over all packs
  template <class S, class F> void run(Worlds<S>& w, const int* ids, int n, F fn) {
    const int width = w.kernels.width, block = std::max(kBlockWorlds, width);
    if (!w.other_of.empty()) return run_by_model(w, ids, n, fn);
    const int blocks = (n + block - 1) / block;
    threads->run(blocks, [&](int item, int worker) {
      const int end = std::min(n, (item + 1) * block);
      for (int first = item * block; first < end; first += width)
        fn(worker, ids + first, std::min(width, end - first), all.data() + first);
    });
  }

  // the same where worlds have models of their own: a pack holds worlds of one model
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

  void reset_world(int w, int keyframe);
  void set_field(const std::string& field, const double* values, const int* ids, int n);
  void refresh_lists();
};

Batch::Batch(std::shared_ptr<const Model> model, const BatchOptions& options)
    : impl_(std::make_unique<Impl>()) {
  require(model != nullptr, "Batch: model is null");
  require(options.worlds >= 1 && options.worlds <= kMaxWorlds,
          "Batch: worlds = " + std::to_string(options.worlds) + ": allowed are 1 .. " +
              std::to_string(kMaxWorlds));

  // refuse what cannot fit, and say what would
  double numbers = 0;
  for (const FieldShape& s : state_shapes(*model)) numbers += s.columns;
  const double bytes = numbers * (options.precision == Precision::single ? 4 : 8) + 32;
  const double available =
      static_cast<double>(sysconf(_SC_AVPHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (bytes * options.worlds > available) {
    char text[200];
    std::snprintf(text, sizeof text,
                  "Batch: %d worlds need %.1f GiB, %.1f GiB are free: at most %d fit",
                  options.worlds, bytes * options.worlds / (1 << 30), available / (1 << 30),
                  static_cast<int>(available / bytes));
    throw Error(text);
  }

  impl_->model = std::move(model);
  impl_->options = options;
  impl_->threads = options.threads ? options.threads : &default_threads();
  if (options.precision == Precision::single)
    impl_->single = std::make_unique<Worlds<float>>(*impl_->model, options.worlds);
  else
    impl_->reference = std::make_unique<Worlds<double>>(*impl_->model, options.worlds);
  impl_->ctrl0 = initial_control(*impl_->model);
  impl_->history0 = initial_history(*impl_->model);
  impl_->time0.assign(static_cast<size_t>(options.worlds), 0.0);
  impl_->visit([&](auto& w) { w.arrays.time0 = impl_->time0.data(); });
  impl_->all.resize(static_cast<size_t>(options.worlds));
  for (int w = 0; w < options.worlds; ++w) impl_->all[static_cast<size_t>(w)] = w;
  impl_->seen.assign(static_cast<size_t>(options.worlds), 0);
  impl_->frozen.assign(static_cast<size_t>(options.worlds), 0);
  impl_->visit([&](auto& w) { w.prepare(impl_->threads->count()); });
  reset();
}

Batch::~Batch() = default;

const Model& Batch::model() const { return *impl_->model; }
std::shared_ptr<const Model> Batch::shared_model() const { return impl_->model; }
int Batch::worlds() const { return impl_->options.worlds; }
Precision Batch::precision() const { return impl_->options.precision; }
Threads& Batch::threads() { return *impl_->threads; }

void Batch::step(const StepOptions& o) {
  if (o.nstep < 0)
    throw Error("Batch.step: nstep = " + std::to_string(o.nstep) + ": allowed is 0 or more");
  int n = 0;
  const int* ids = impl_->worlds_of(o.ids, o.id_count, n, "step");
  if (impl_->options.autoreset)
    for (int i = 0; i < n; ++i)
      if (status()[ids[i]] & kStatusFrozen) impl_->reset_world(ids[i], -1);
  impl_->visit([&](auto& w) {
    impl_->run(w, ids, n, [&](int worker, const int* worlds, int count, const int*) {
      w.kernels.step(w.args(worker, *worlds), worlds, count, o.nstep, o.refresh);
    });
  });
  for (int i = 0; i < n; ++i) {
    const bool now = (status()[ids[i]] & kStatusFrozen) != 0;
    uint8_t& before = impl_->frozen[static_cast<size_t>(ids[i])];
    if (now && !before) keep_fault(ids[i]);
    before = now;
  }
}

void Batch::forward(const int* ids, int id_count, Refresh upto) {
  int n = 0;
  const int* list = impl_->worlds_of(ids, id_count, n, "forward");
  impl_->visit([&](auto& w) {
    impl_->run(w, list, n, [&](int worker, const int* worlds, int count, const int*) {
      w.kernels.forward(w.args(worker, *worlds), worlds, count, upto);
    });
  });
}

ArrayView Batch::inverse(const void* qacc, const int* ids, int id_count) {
  require(qacc != nullptr || impl_->model->nv == 0, "Batch.inverse: qacc is null");
  require(
      (impl_->model->flags & kFlagInvdiscrete) == 0 || impl_->model->integrator != Integrator::rk4,
      "Batch.inverse: with the flag invdiscrete the integrator RK4 cannot be inverted: use "
      "implicitfast");
  int n = 0;
  const int* list = impl_->worlds_of(ids, id_count, n, "inverse");
  return impl_->visit([&](auto& w) -> ArrayView {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    w.inverse.resize(static_cast<size_t>(w.count) * static_cast<size_t>(impl_->model->nv));
    impl_->run(w, list, n, [&](int worker, const int* worlds, int count, const int*) {
      w.kernels.inverse(w.args(worker, *worlds), static_cast<const S*>(qacc), w.inverse.data(),
                        worlds, count);
    });
    return {w.inverse.data(), impl_->model->nv, false};
  });
}

// ---- reset -------------------------------------------------------------------------------------

void Batch::Impl::reset_world(int world, int keyframe) {
  const Model& m = model_at(world);
  const size_t at = static_cast<size_t>(world);
  frozen[at] = 0;
  visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    const auto fill = [&](S* base, int columns, const std::vector<double>& from, int row) {
      if (!base) return;
      for (int i = 0; i < columns; ++i)
        base[at * static_cast<size_t>(columns) + static_cast<size_t>(i)] =
            from.empty() ? S(0) : static_cast<S>(from[static_cast<size_t>(row * columns + i)]);
    };
    const std::vector<double> zero;
    const bool key = keyframe >= 0;
    const int k = key ? keyframe : 0;
    fill(w.arrays.qpos, m.nq, key ? m.key_qpos : m.qpos0, k);
    fill(w.arrays.qvel, m.nv, key ? m.key_qvel : zero, k);
    fill(w.arrays.act, m.na, key ? m.key_act : zero, k);
    fill(w.arrays.ctrl, m.nu, key ? m.key_ctrl : ctrl0, k);
    fill(w.arrays.history, m.nhistory, history0, 0);
    fill(w.arrays.qacc_warmstart, m.nv, zero, 0);
    fill(w.arrays.qfrc_applied, m.nv, zero, 0);
    fill(w.arrays.xfrc_applied, 6 * m.nbody, zero, 0);
    if (key) {
      fill(w.arrays.mocap_pos, 3 * m.nmocap, m.key_mpos, k);
      fill(w.arrays.mocap_quat, 4 * m.nmocap, m.key_mquat, k);
    } else {
      for (int b = 0; b < m.nbody; ++b) {
        const int id = m.body_mocapid[static_cast<size_t>(b)];
        if (id < 0) continue;
        for (int i = 0; i < 3; ++i)
          w.arrays
              .mocap_pos[at * static_cast<size_t>(3 * m.nmocap) + static_cast<size_t>(3 * id + i)] =
              static_cast<S>(m.body_pos[static_cast<size_t>(3 * b + i)]);
        for (int i = 0; i < 4; ++i)
          w.arrays.mocap_quat[at * static_cast<size_t>(4 * m.nmocap) +
                              static_cast<size_t>(4 * id + i)] =
              static_cast<S>(m.body_quat[static_cast<size_t>(4 * b + i)]);
      }
    }
    for (int e = 0; e < m.neq; ++e)
      w.arrays.eq_active[at * static_cast<size_t>(m.neq) + static_cast<size_t>(e)] =
          static_cast<S>(m.eq_active0[static_cast<size_t>(e)]);
    w.steps[at] = 0;
    w.status[at] &= ~kStatusFrozen;
  });
  time0[at] = keyframe >= 0 ? m.key_time[static_cast<size_t>(keyframe)] : 0.0;
}

void Batch::reset(const ResetOptions& o) {
  if (o.keyframe >= impl_->model->nkey)
    throw Error("Batch.reset: keyframe = " + std::to_string(o.keyframe) + ": the model has " +
                std::to_string(impl_->model->nkey) + " keyframes");
  int n = 0;
  const int* ids = impl_->worlds_of(o.ids, o.id_count, n, "reset");
  for (int i = 0; i < n && !impl_->models.empty(); ++i)
    if (o.keyframe >= impl_->model_at(ids[i]).nkey)
      throw Error("Batch.reset: keyframe = " + std::to_string(o.keyframe) +
                  ": the model of world " + std::to_string(ids[i]) + " has " +
                  std::to_string(impl_->model_at(ids[i]).nkey) + " keyframes");
  for (int i = 0; i < n; ++i) impl_->reset_world(ids[i], o.keyframe);
}

// ---- arrays ------------------------------------------------------------------------------------

ArrayView Batch::state(const std::string& name) {
  return impl_->visit([&](auto& w) -> ArrayView {
    for (size_t i = 0; i < w.shapes.size(); ++i) {
      if (name != w.shapes[i].name) continue;
      const size_t need = static_cast<size_t>(w.count) * static_cast<size_t>(w.shapes[i].columns);
      if (w.fields[i].size() != need) {
        w.allocate(i);
        w.point();
      }
      return {w.fields[i].data(), w.shapes[i].columns, true};
    }
    std::vector<std::string> names;
    for (const FieldShape& s : w.shapes) names.push_back(s.name);
    throw Error("Batch.state: no field '" + name + "'" + did_you_mean(name, names));
  });
}

ArrayView Batch::bind(const std::string& name) {
  return impl_->visit([&](auto& w) -> ArrayView {
    for (size_t i = 0; i < w.output_shapes_.size(); ++i) {
      if (name != w.output_shapes_[i].name) continue;
      const int columns = w.output_shapes_[i].columns;
      auto [entry, fresh] = w.outputs.try_emplace(static_cast<int>(i));
      if (fresh) {
        entry->second.assign(static_cast<size_t>(w.count) * static_cast<size_t>(columns), 0);
        w.bindings.push_back({static_cast<int>(i), columns, entry->second.data()});
        w.each_blob([&](auto& b) { want_output(b.data, name); });
      }
      return {entry->second.data(), columns, false};
    }
    throw Error("Batch.bind: no output '" + name + "'" + did_you_mean(name, output_names()));
  });
}

std::vector<std::string> Batch::output_names() const {
  std::vector<std::string> names;
  for (const FieldShape& s : output_shapes(*impl_->model)) names.push_back(s.name);
  return names;
}

double Batch::time(int world) const {
  return impl_->visit([&](const auto& w) {
    return impl_->time0[static_cast<size_t>(world)] +
           static_cast<double>(w.steps[static_cast<size_t>(world)]) *
               impl_->model_at(world).timestep;
  });
}
void Batch::set_time(int world, double seconds) {
  impl_->visit([&](auto& w) { w.steps[static_cast<size_t>(world)] = 0; });
  impl_->time0[static_cast<size_t>(world)] = seconds;
}
int64_t* Batch::steps() {
  return impl_->visit([](auto& w) { return w.steps.data(); });
}
const uint32_t* Batch::status() const {
  return impl_->visit([](const auto& w) { return w.status.data(); });
}
std::vector<uint32_t> Batch::read_status() {
  return impl_->visit([](auto& w) {
    std::vector<uint32_t> copy = w.status;
    for (uint32_t& s : w.status) s &= kStatusFrozen;
    return copy;
  });
}
int64_t Batch::status_count(uint32_t bit) const {
  int64_t n = 0;
  for (int w = 0; w < worlds(); ++w) n += (status()[w] & bit) != 0;
  return n;
}

// ---- models of worlds --------------------------------------------------------------------------

void Batch::set_models(const std::vector<std::shared_ptr<const Model>>& models) {
  const size_t worlds = static_cast<size_t>(impl_->options.worlds);
  require(models.empty() || models.size() == worlds,
          "Batch.set_models: " + std::to_string(models.size()) + " models for " +
              std::to_string(worlds) + " worlds: give one for each, or none");
  require(models.empty() || impl_->overrides.empty(),
          "Batch.set_models: worlds have overrides: edit the models instead");

  // distinct models, in order of their first world; all arrays must fit
  std::map<const Model*, int> index;
  std::vector<int> of;
  std::vector<const Model*> distinct;
  for (size_t w = 0; w < models.size(); ++w) {
    require(models[w] != nullptr, "Batch.set_models: models[" + std::to_string(w) + "] is null");
    const auto [entry, fresh] = index.emplace(models[w].get(), static_cast<int>(distinct.size()));
    if (fresh) {
      require_same_shapes(*impl_->model, *models[w], w);
      distinct.push_back(models[w].get());
    }
    of.push_back(entry->second);
  }
  impl_->visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    w.others.clear();
    for (const Model* m : distinct) {
      w.others.push_back(std::make_unique<ModelBlob<S>>(*m));
      for (const auto& [field, array] : w.outputs)
        want_output(w.others.back()->data, w.output_shapes_[static_cast<size_t>(field)].name);
    }
    w.other_of = of;
    w.prepare(impl_->threads->count());
  });
  impl_->models = models;
}

std::shared_ptr<const Model> Batch::model_of(int world) const {
  require(world >= 0 && world < worlds(), "Batch.model_of: no world " + std::to_string(world));
  return impl_->models.empty() ? impl_->model : impl_->models[static_cast<size_t>(world)];
}

// ---- overrides ---------------------------------------------------------------------------------

// writes rows of one field into the double master and the kernels' arrays
void Batch::Impl::set_field(const std::string& field, const double* values, const int* ids, int n) {
  const std::vector<double>& shared = model_field(*model, field);
  const size_t size = shared.size();
  auto [entry, fresh] = overrides.try_emplace(field);
  if (fresh)
    for (int w = 0; w < options.worlds; ++w)
      entry->second.insert(entry->second.end(), shared.begin(), shared.end());
  for (int i = 0; i < n; ++i)
    std::copy_n(
        values + static_cast<size_t>(i) * size, size,
        entry->second.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(ids[i]) * size));
  visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    auto& rows = w.overrides[field];
    if (rows.empty())
      for (double v : entry->second) rows.push_back(static_cast<S>(v));
    for (int i = 0; i < n; ++i)
      for (size_t k = 0; k < size; ++k) {
        const size_t at = static_cast<size_t>(ids[i]) * size + k;
        rows[at] = static_cast<S>(entry->second[at]);
      }
    const S** pointer = override_pointer(w.blob.data, field);
    const bool grown = *pointer == nullptr;
    *pointer = rows.data();
    if (grown) w.prepare(threads->count());
  });
}

// which dofs can have friction or damping in any world
void Batch::Impl::refresh_lists() {
  const Model& m = *model;
  const auto ever = [&](const char* field, int d) {
    const auto it = overrides.find(field);
    if (model_field(m, field)[static_cast<size_t>(d)] > 0) return true;
    if (it == overrides.end()) return false;
    for (int w = 0; w < options.worlds; ++w)
      if (it->second[static_cast<size_t>(w) * static_cast<size_t>(m.nv) + static_cast<size_t>(d)] >
          0)
        return true;
    return false;
  };
  visit([&](auto& w) {
    w.blob.friction_dof.clear();
    for (int d = 0; d < m.nv; ++d) {
      if (ever("dof_frictionloss", d)) w.blob.friction_dof.push_back(d);
      w.blob.data.dof_damped = w.blob.data.dof_damped || ever("dof_damping", d);
    }
    w.blob.data.friction_dof = w.blob.friction_dof.data();
    w.blob.data.nfriction = static_cast<int>(w.blob.friction_dof.size());
  });
}

void Batch::set_override(const std::string& field, const double* values, const int* ids,
                         int id_count) {
  require(impl_->models.empty(),
          "Batch.set_override: the worlds have models of their own (set_models): edit those");
  if (std::find(kSettable.begin(), kSettable.end(), field) == kSettable.end())
    throw Error("Batch.set_override: '" + field + "' cannot differ between worlds" +
                did_you_mean(field, kSettable));
  int n = 0;
  const int* list = impl_->worlds_of(ids, id_count, n, "set_override");
  const Model& m = *impl_->model;
  const size_t size = model_field(m, field).size();

  // numbers that would make a world impossible are the caller's mistake
  const bool positive = field == "body_mass" || field == "body_inertia" ||
                        field == "dof_armature" || field == "dof_damping" ||
                        field == "dof_frictionloss" || field == "geom_friction";
  for (size_t i = 0; i < static_cast<size_t>(n) * size; ++i) {
    const double v = values[i];
    if (!(std::fabs(v) <= 1e10) || (positive && v < 0))
      throw Error("Batch.set_override: " + field + "[world " + std::to_string(list[i / size]) +
                  "][" + std::to_string(i % size) + "] = " + std::to_string(v) +
                  ": allowed are finite numbers" + (positive ? ", 0 or more" : ""));
  }
  impl_->set_field(field, values, list, n);
  if (field == "dof_frictionloss" || field == "dof_damping") impl_->refresh_lists();

  // constants that depend on inertia follow
  if (field == "body_mass" || field == "body_inertia" || field == "body_ipos" ||
      field == "dof_armature") {
    for (int i = 0; i < n; ++i) {
      const int w = list[i];
      const Derived d = derive(m, get_override("body_mass", w), get_override("body_inertia", w),
                               get_override("body_ipos", w), get_override("dof_armature", w));
      impl_->set_field("body_subtreemass", d.body_subtreemass.data(), &w, 1);
      impl_->set_field("body_invweight0", d.body_invweight0.data(), &w, 1);
      impl_->set_field("dof_invweight0", d.dof_invweight0.data(), &w, 1);
      if (m.ntendon > 0) impl_->set_field("tendon_invweight0", d.tendon_invweight0.data(), &w, 1);
      impl_->set_field("actuator_acc0", d.actuator_acc0.data(), &w, 1);
    }
  }
}

std::vector<double> Batch::get_override(const std::string& field, int world) const {
  const std::vector<double>& shared = model_field(impl_->model_at(world), field);
  const auto it = impl_->overrides.find(field);
  if (it == impl_->overrides.end()) return shared;
  const auto first =
      it->second.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(world) * shared.size());
  return {first, first + static_cast<std::ptrdiff_t>(shared.size())};
}

// ---- save and load -----------------------------------------------------------------------------

namespace {
struct SaveHeader {
  uint64_t magic, model, bytes;
};
constexpr uint64_t kSaveMagic = 0x31646c726f77746dULL;  // "mtworld1"
}  // namespace

std::vector<uint8_t> Batch::save(int world) const {
  require(world >= 0 && world < worlds(), "Batch.save: no world " + std::to_string(world));
  std::vector<uint8_t> out(sizeof(SaveHeader));
  const auto put = [&](const void* p, size_t n) {
    const auto* b = static_cast<const uint8_t*>(p);
    out.insert(out.end(), b, b + n);
  };
  const size_t at = static_cast<size_t>(world);
  impl_->visit([&](const auto& w) {
    put(&w.steps[at], sizeof(int64_t));
    put(&w.status[at], sizeof(uint32_t));
    put(&impl_->time0[at], sizeof(double));
    for (size_t i = 0; i < w.shapes.size(); ++i) {
      // state is kept exactly: a double holds every float
      for (int k = 0; k < w.shapes[i].columns; ++k) {
        const double v =
            w.fields[i].empty()
                ? 0.0
                : static_cast<double>(w.fields[i][at * static_cast<size_t>(w.shapes[i].columns) +
                                                  static_cast<size_t>(k)]);
        put(&v, sizeof v);
      }
    }
  });
#define MOTORIUM_REAL(name, rows, columns, unit, doc)           \
  {                                                             \
    const bool own = impl_->overrides.count(#name) > 0;         \
    const uint8_t flag = own;                                   \
    put(&flag, 1);                                              \
    if (own) {                                                  \
      const std::vector<double> v = get_override(#name, world); \
      put(v.data(), v.size() * sizeof(double));                 \
    }                                                           \
  }
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
  const SaveHeader header = {kSaveMagic, hash(impl_->model_at(world)), out.size()};
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

void Batch::load(int world, const std::vector<uint8_t>& bytes) {
  require(world >= 0 && world < worlds(), "Batch.load: no world " + std::to_string(world));
  SaveHeader header{};
  require(bytes.size() >= sizeof header, "Batch.load: these bytes are too short for a saved world");
  std::memcpy(&header, bytes.data(), sizeof header);
  require(header.magic == kSaveMagic && header.bytes == bytes.size(),
          "Batch.load: these bytes are not a saved world, or are cut");
  require(header.model == hash(impl_->model_at(world)),
          "Batch.load: the world was saved with another model");
  impl_->frozen[static_cast<size_t>(world)] = 0;
  size_t pos = sizeof header;
  const auto take = [&](void* p, size_t n) {
    require(n <= bytes.size() - pos, "Batch.load: these bytes are cut");
    std::memcpy(p, bytes.data() + pos, n);
    pos += n;
  };
  const size_t at = static_cast<size_t>(world);
  impl_->visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    take(&w.steps[at], sizeof(int64_t));
    take(&w.status[at], sizeof(uint32_t));
    take(&impl_->time0[at], sizeof(double));
    for (size_t i = 0; i < w.shapes.size(); ++i)
      for (int k = 0; k < w.shapes[i].columns; ++k) {
        double v = 0;
        take(&v, sizeof v);
        if (w.fields[i].empty() && v != 0) {
          w.allocate(i);
          w.point();
        }
        if (!w.fields[i].empty())
          w.fields[i][at * static_cast<size_t>(w.shapes[i].columns) + static_cast<size_t>(k)] =
              static_cast<S>(v);
      }
  });
#define MOTORIUM_REAL(name, rows, columns, unit, doc)                                        \
  {                                                                                          \
    uint8_t flag = 0;                                                                        \
    take(&flag, 1);                                                                          \
    std::vector<double> v = impl_->model_at(world).name;                                     \
    if (flag) take(v.data(), v.size() * sizeof(double));                                     \
    if (flag || impl_->overrides.count(#name)) impl_->set_field(#name, v.data(), &world, 1); \
  }
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
  impl_->refresh_lists();
}

// ---- rays --------------------------------------------------------------------------------------

void Batch::ray(const double* pnt, const double* vec, const int* exclude, const RayOptions& o,
                double* dist, int* geom, double* normal) {
  int n = 0;
  const int* ids = impl_->worlds_of(o.ids, o.id_count, n, "ray");
  require(o.rays >= 0 && o.rays <= (1 << 24), "Batch.ray: rays: allowed are 0 .. 16777216");
  const size_t count = static_cast<size_t>(n) * static_cast<size_t>(o.rays);
  for (size_t i = 0; i < 3 * count; ++i)
    if (!(std::fabs(pnt[i]) <= 1e10 && std::fabs(vec[i]) <= 1e10))
      throw Error("Batch.ray: ray " + std::to_string(i / 3) +
                  ": allowed are finite numbers up to 1e10");
  impl_->visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    const std::vector<S> from(pnt, pnt + 3 * count), way(vec, vec + 3 * count);
    std::vector<S> far(count), out(3 * count);
    impl_->run(w, ids, n, [&](int worker, const int* worlds, int size, const int* places) {
      RayQuery<S> q;
      q.rays = o.rays;
      q.rows = places;
      q.filter = o.filter;
      q.pnt = from.data();
      q.vec = way.data();
      q.exclude = exclude;
      q.dist = far.data();
      q.geom = geom;
      q.normal = out.data();
      w.kernels.rays(w.args(worker, *worlds), worlds, size, q);
    });
    std::copy(far.begin(), far.end(), dist);
    std::copy(out.begin(), out.end(), normal);
  });
}

// ---- distances ---------------------------------------------------------------------------------

void Batch::geom_distance(const int* geom1, const int* geom2, const double* distmax, int pairs,
                          const int* ids, int id_count, double* dist, double* fromto) {
  int n = 0;
  const int* list = impl_->worlds_of(ids, id_count, n, "geom_distance");
  require(pairs >= 0 && pairs <= (1 << 24),
          "Batch.geom_distance: pairs: allowed are 0 .. 16777216");
  const auto count = static_cast<size_t>(pairs), rows = static_cast<size_t>(n) * count;
  for (size_t i = 0; i < count; ++i) {
    const int geoms[] = {geom1[i], geom2[i]};
    for (const int g : geoms)
      require(g >= 0 && g < impl_->model->ngeom,
              "Batch.geom_distance: pair " + std::to_string(i) + ": geom " + std::to_string(g) +
                  ": the model has geoms 0 .. " + std::to_string(impl_->model->ngeom - 1));
    require(distmax[i] >= 0 && distmax[i] <= 1e10,
            "Batch.geom_distance: pair " + std::to_string(i) + ": distmax: allowed are 0 .. 1e10");
  }
  impl_->visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;
    // searches need memory
    w.each_blob([](auto& b) { b.data.want_searches = true; });
    w.prepare(impl_->threads->count());
    const std::vector<S> most(distmax, distmax + count);
    std::vector<S> far(rows), points(6 * rows);
    impl_->run(w, list, n, [&](int worker, const int* worlds, int size, const int* places) {
      DistanceQuery<S> q;
      q.pairs = pairs;
      q.rows = places;
      q.geom1 = geom1;
      q.geom2 = geom2;
      q.distmax = most.data();
      q.dist = far.data();
      q.fromto = points.data();
      w.kernels.distances(w.args(worker, *worlds), worlds, size, q);
    });
    std::copy(far.begin(), far.end(), dist);
    std::copy(points.begin(), points.end(), fromto);
  });
}

// ---- evidence of faults
// ------------------------------------------------------------------------

void Batch::keep_fault(int world) {
  // State was not committed and inputs stand: what froze the world is all there, but for its mark
  std::vector<uint8_t> bytes = save(world);
  uint32_t bits = 0;
  uint8_t* at = bytes.data() + sizeof(SaveHeader) + sizeof(int64_t);
  std::memcpy(&bits, at, sizeof bits);
  bits &= ~(kStatusFrozen | kStatusFaultState | kStatusFaultAcc | kStatusBadInput);
  std::memcpy(at, &bits, sizeof bits);
  const std::lock_guard<std::mutex> guard(impl_->faults_lock);
  impl_->faults[world] = std::move(bytes);
}

std::vector<uint8_t> Batch::fault(int world) const {
  require(world >= 0 && world < worlds(), "Batch.fault: no world " + std::to_string(world));
  const std::lock_guard<std::mutex> guard(impl_->faults_lock);
  const auto found = impl_->faults.find(world);
  return found == impl_->faults.end() ? std::vector<uint8_t>() : found->second;
}

std::vector<int> Batch::faults() const {
  const std::lock_guard<std::mutex> guard(impl_->faults_lock);
  std::vector<int> out;
  for (const auto& [world, bytes] : impl_->faults) out.push_back(world);
  return out;
}

// ---- contacts
// ----------------------------------------------------------------------------------

std::vector<Contact> Batch::contacts(int world) {
  require(world >= 0 && world < worlds(), "Batch.contacts: no world " + std::to_string(world));
  const Model& m = impl_->model_at(world);
  return impl_->visit([&](auto& w) {
    using S = std::remove_reference_t<decltype(w.fields[0][0])>;

    // one forward pass of this world alone; the scratch it leaves behind holds the contacts
    PackArgs<S> args = w.args(0, world);
    args.output_count = 0;
    uint32_t status = w.status[static_cast<size_t>(world)];
    single_kernels<S>().forward(args, &world, 1, Refresh::acc);
    w.status[static_cast<size_t>(world)] = status;
    const ModelData<S>& d = *args.model;
    ModelView<S> view = view_of<S>(d);
    const int first_block = d.neq + d.nballlimit + tendon_blocks(d);
    State<S> s;
    Scratch<S> x;
    layout(d, static_cast<char*>(args.scratch), view, s, x);
    std::vector<Contact> out;
    int contact_rows = 0;
    for (int k = 0; k < x.con_count[0]; ++k) {
      Contact c{};
      const int p = x.con_pair[k], row = x.blk_row[first_block + k];
      c.dist = static_cast<double>(x.con_dist[k]);
      c.dim = view.sticky && x.con_adhesion[k] > 0 && x.con_dist[k] >= view.pair_margin[p]
                  ? 1  // pulls across its gap
                  : m.pair_condim[static_cast<size_t>(p)];
      c.geom1 = m.pair_geom1[static_cast<size_t>(p)];
      c.geom2 = m.pair_geom2[static_cast<size_t>(p)];
      for (int i = 0; i < 3; ++i) c.pos[i] = static_cast<double>(x.con_pos[3 * k + i]);
      for (int i = 0; i < 9; ++i) c.frame[i] = static_cast<double>(x.con_frame[9 * k + i]);
      for (int i = 0; i < 5; ++i) c.friction[i] = static_cast<double>(x.con_friction[5 * k + i]);
      // a contact in the gap has no rows
      const int rows = c.dim == 1 || m.cone == Cone::elliptic ? c.dim : 2 * (c.dim - 1);
      const bool acts = x.row_D[row + c.dim - 1] > 0;
      for (int i = 0; i < c.dim && acts; ++i) c.force[i] = static_cast<double>(x.row_f[row + i]);
      if (view.sticky) c.force[0] -= static_cast<double>(x.con_adhesion[k]);
      c.efc_address = acts ? contact_rows : -1;
      contact_rows += acts ? rows : 0;
      out.push_back(c);
    }
    // contacts come last
    const int first = static_cast<int>(x.nefc[0]) - contact_rows;
    for (Contact& c : out)
      if (c.efc_address >= 0) c.efc_address += first;
    return out;
  });
}

// ---- for other modules
// -------------------------------------------------------------------------

int Batch::pack_width() const {
  return impl_->visit([](const auto& w) { return w.kernels.width; });
}
const PhysicsKernels<float>& Batch::kernels() const {
  if (!impl_->single) throw Error("Batch.kernels: tasks run in single precision");
  return impl_->single->kernels;
}
PackArgs<float> Batch::pack_args(int worker, const int* worlds, int) {
  if (!impl_->single) throw Error("Batch.pack_args: tasks run in single precision");
  return impl_->single->args(worker, *worlds);
}

}  // namespace motorium
