// Runs worlds of a scene through one table of entries, below Batch, so that tests can choose the
// kind of number, the team and the on-chip budget.
#pragma once
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "motorium/core/hash.h"
#include "motorium/core/memory.h"
#include "motorium/physics/batch.h"
#include "motorium/physics/initial_state.h"
#include "motorium/physics/kernels.h"
#include "motorium/physics/model_data.h"

namespace motorium {

inline std::string scene(const std::string& name) {
  return std::string(MOTORIUM_SOURCE_DIR) + "/tests/physics/scenes/" + name + ".xml";
}
inline const std::vector<std::string>& scene_names() {
  static const std::vector<std::string> names = {"chain",    "quadruped",   "figure_on_boxes",
                                                 "pile",     "closed_loop", "sensed",
                                                 "discrete", "deep",        "leash"};
  return names;
}

template <class S> class Runner {
 public:
  // every world starts a little differently and is driven by its own controls; world w's numbers
  // depend on its id alone
  Runner(const Model& m, int worlds, const PhysicsKernels<S>& kernels, int first_id = 0)
      : blob(m), entries(kernels), count(worlds), model(m) {
    const auto make = [&](std::vector<S>& v, int columns) {
      v.assign(static_cast<size_t>(worlds) * static_cast<size_t>(columns), S(0));
      return v.data();
    };
    arrays.qpos = make(qpos, m.nq);
    arrays.qvel = make(qvel, m.nv);
    arrays.act = make(act, m.na);
    arrays.ctrl = make(ctrl, m.nu);
    arrays.qacc_warmstart = make(warmstart, m.nv);
    arrays.history = make(history, m.nhistory);
    arrays.mocap_pos = make(mocap_pos, 3 * m.nmocap);
    arrays.mocap_quat = make(mocap_quat, 4 * m.nmocap);
    arrays.eq_active = make(eq_active, m.neq);
    steps.assign(static_cast<size_t>(worlds), 0);
    status.assign(static_cast<size_t>(worlds), 0);
    arrays.steps = steps.data();
    arrays.status = status.data();
    for (int w = 0; w < worlds; ++w) {
      std::mt19937 random(static_cast<unsigned>(first_id + w) * 7919u + 13u);
      const auto noise = [&] { return static_cast<S>((random() >> 8) * 0x1p-24f - 0.5f); };
      for (int i = 0; i < m.nq; ++i)
        at(qpos, w, i, m.nq) = static_cast<S>(m.qpos0[static_cast<size_t>(i)]);
      const std::vector<double> past = initial_history(m);
      for (int i = 0; i < m.nhistory; ++i)
        at(history, w, i, m.nhistory) = static_cast<S>(past[static_cast<size_t>(i)]);
      for (int i = 0; i < m.nv; ++i) at(qvel, w, i, m.nv) = noise();
      for (int i = 0; i < m.nu; ++i) at(ctrl, w, i, m.nu) = noise();
      for (int e = 0; e < m.neq; ++e)
        at(eq_active, w, e, m.neq) = static_cast<S>(m.eq_active0[static_cast<size_t>(e)]);
      for (int b = 0; b < m.nbody; ++b) {
        const int id = m.body_mocapid[static_cast<size_t>(b)];
        if (id < 0) continue;
        for (int i = 0; i < 3; ++i)
          at(mocap_pos, w, 3 * id + i, 3 * m.nmocap) =
              static_cast<S>(m.body_pos[static_cast<size_t>(3 * b + i)]);
        for (int i = 0; i < 4; ++i)
          at(mocap_quat, w, 4 * id + i, 4 * m.nmocap) =
              static_cast<S>(m.body_quat[static_cast<size_t>(4 * b + i)]);
      }
    }
  }
  Runner(const Runner&) = delete;

  PackArgs<S> args() {
    const size_t need = entries.scratch_bytes(blob.data);
    if (!scratch || scratch_size < need) scratch = std::make_unique<Arena>(scratch_size = need);
    PackArgs<S> a;
    a.model = &blob.data;
    a.state = arrays;
    a.outputs = bindings.data();
    a.output_count = static_cast<int>(bindings.size());
    a.scratch = scratch->data();
    a.chip = chip;
    a.chip_bytes = chip_bytes;
    return a;
  }
  void step(int nstep) {
    const PackArgs<S> a = args();
    std::vector<int> ids(static_cast<size_t>(count));
    for (int w = 0; w < count; ++w) ids[static_cast<size_t>(w)] = w;
    for (int w = 0; w < count; w += entries.width)
      entries.step(a, ids.data() + w, std::min(entries.width, count - w), nstep, Refresh::none);
  }
  // all that a world is, as one number
  uint64_t hash_state() const {
    Hash h;
    for (const auto* v : {&qpos, &qvel, &act, &warmstart}) h.add(v->data(), v->size() * sizeof(S));
    if (!history.empty()) h.add(history.data(), history.size() * sizeof(S));
    h.add(status.data(), status.size() * sizeof(uint32_t));
    return h.value();
  }

  static S& at(std::vector<S>& v, int w, int i, int columns) {
    return v[static_cast<size_t>(w) * static_cast<size_t>(columns) + static_cast<size_t>(i)];
  }

  ModelBlob<S> blob;
  const PhysicsKernels<S>& entries;
  int count;
  const Model& model;
  std::vector<S> qpos, qvel, act, ctrl, warmstart, history, mocap_pos, mocap_quat, eq_active;
  std::vector<int64_t> steps;
  std::vector<uint32_t> status;
  StateArrays<S> arrays;
  std::vector<OutputBinding<S>> bindings;
  std::unique_ptr<Arena> scratch;
  size_t scratch_size = 0;
  char* chip = nullptr;  // memory on chip, if there is any
  int chip_bytes = 0;
};

}  // namespace motorium
