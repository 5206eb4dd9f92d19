// One pack of worlds from its rows in batch memory to its rows in batch memory: load, steps,
// outputs, store. This is what the entries of physics/entry.h run.
#pragma once
#include "motorium/physics/energy.h"
#include "motorium/physics/inverse.h"
#include "motorium/physics/rk4.h"
#include "motorium/physics/search_queue.h"
#include "motorium/physics/step.h"

namespace motorium {

// ---- rows of world-major arrays <-> lanes ---------------------------------------------------

// dst[i] = { row of worlds[0] [i], row of worlds[1] [i], ... }; lanes beyond `count` repeat world 0
template <class Team, class Real>
FN void load_rows(Team team, Real* dst, const Scalar<Real>* base, int columns, const int* worlds,
                  int count) {
  constexpr int W = kWidth<Real>;
  if constexpr (W == 1) {
    const Scalar<Real>* row = base + static_cast<int64_t>(worlds[0]) * columns;
    team.each(columns, [&](int i) { dst[i] = row[i]; });
  } else {
    const float* row[W];
    for (int l = 0; l < W; ++l)
      row[l] = base + static_cast<int64_t>(worlds[l < count ? l : 0]) * columns;
    float* to = reinterpret_cast<float*>(dst);
    for (int i = 0; i < columns; ++i) {
      MOTORIUM_UNROLL
      for (int l = 0; l < W; ++l) to[i * W + l] = row[l][i];
    }
  }
}

template <class Team, class Real>
FN void store_rows(Team team, const Real* src, Scalar<Real>* base, int columns, const int* worlds,
                   int count) {
  constexpr int W = kWidth<Real>;
  if constexpr (W == 1) {
    Scalar<Real>* row = base + static_cast<int64_t>(worlds[0]) * columns;
    team.each(columns, [&](int i) { row[i] = src[i]; });
  } else {
    for (int l = 0; l < count; ++l) {
      float* row = base + static_cast<int64_t>(worlds[l]) * columns;
      const float* lane = reinterpret_cast<const float*>(src) + l;
      for (int i = 0; i < columns; ++i) row[i] = lane[i * W];
    }
  }
}

// the rows of worlds that moved
template <class Team, class Real>
FN void store_moved(Team team, const Real* src, Scalar<Real>* base, int columns, const int* worlds,
                    int count, Mask<Real> moved) {
  if (all(moved)) return store_rows(team, src, base, columns, worlds, count);
  for (int l = 0; l < count && l < kWidth<Real>; ++l) {
    if (!get_mask<Real>(moved, l)) continue;
    Scalar<Real>* row = base + static_cast<int64_t>(worlds[l]) * columns;
    team.each(columns, [&](int i) { row[i] = get(src[i], l); });
  }
}

// ---- pack -----------------------------------------------------------------------------------

// one pack: its views, the rows that it has in batch memory, and which of its lanes move. All
// workers of a team look at the same views: what changes in them is written by one of them (`once`)
template <class Real> struct Pack3 {
  ModelView<Real>& m;
  State<Real>& s;
  Scratch<Real>& x;
  const PackArgs<Scalar<Real>>& args;
  const int* worlds;
  int count;  // of worlds, at most the width of a pack
  Mask<Real> live = !everywhere<Real>();
};

// where the views lie; the kernels of a GPU keep them in memory on chip (tile_kernels.h)
template <class Real> struct Views {
  ModelView<Real> m;
  State<Real> s;
  Scratch<Real> x;
  const PackArgs<Scalar<Real>>& args;
  FN explicit Views(const PackArgs<Scalar<Real>>& a) : m(view_of<Real>(*a.model)), args(a) {}
  FN Pack3<Real> pack(const int* worlds, int count) { return {m, s, x, args, worlds, count}; }
};

template <class Real> FN size_t pack_bytes(const ModelData<Scalar<Real>>& d) {
  ModelView<Real> m = view_of<Real>(d);
  State<Real> s;
  Scratch<Real> x;
  return layout(d, nullptr, m, s, x);
}

// status bits of one world: set from a mask, worker 0
template <class Real> FN void raise(const Pack3<Real>& p, Mask<Real> where, uint32_t bit) {
  for (int l = 0; l < p.count && l < kWidth<Real>; ++l)
    if (get_mask<Real>(where, l)) p.args.state.status[p.worlds[l]] |= bit;
}

// the time of each world, where a sensor asks for it; in double, because it grows for long
template <class Team, class Real>
STAGE void tell_time(Team team, Pack3<Real>& p, const Int<Real>& taken) {
  if (!p.m.want_time) return;
  const StateArrays<Scalar<Real>>& state = p.args.state;
  team.once([&] {
    for (int l = 0; l < kWidth<Real>; ++l) {
      const int w = p.worlds[l < p.count ? l : 0];
      const double start = state.time0 ? state.time0[w] : 0.0;
      const double steps = static_cast<double>(state.steps[w] + get_int<Real>(taken, l));
      put(p.s.time[0], l, static_cast<Scalar<Real>>(fma(steps, p.m.step_time, start)));
    }
  });
}

// what these worlds override
template <class Team, class Real> FN void load_overrides(Team team, Pack3<Real>& p) {
  const ModelData<Scalar<Real>>& d = *p.args.model;
  const int nq = d.nq, nv = d.nv, nu = d.nu, nactuator = d.nactuator, nout = d.nout,
            nbody = d.nbody, njnt = d.njnt, ngeom = d.ngeom, nsite = d.nsite, ncam = d.ncam,
            neq = d.neq, ntendon = d.ntendon, npair = d.npair;
  const auto load = [&](const Field<Real>& field, const WorldRows<Scalar<Real>>& own, int columns) {
    if (!own.data) return;
    int row[kWidth<Real>];
    for (int l = 0; l < kWidth<Real>; ++l) row[l] = own.row_of[p.worlds[l < p.count ? l : 0]];
    load_rows(team, const_cast<Real*>(field.own), own.data, columns, row, p.count);
  };
#define MOTORIUM_REAL(name, rows, columns, unit, doc) \
  load(p.m.name, d.name##_worlds, (rows) * (columns));
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
}

// points the views into the scratch of the pack; the view of the model is made
template <class Team, class Real> STAGE void point_views(Team team, Pack3<Real>& p) {
  const PackArgs<Scalar<Real>>& args = p.args;
  team.once([&] {
    layout(*args.model, static_cast<char*>(args.scratch), p.m, p.s, p.x, args.chip,
           args.chip_bytes);
    p.x.clear_counts();
    p.x.queue = args.queue;
    p.x.queue_first = -1;
    if constexpr (kWidth<Real> == 1)
      if (args.queue) p.x.queue_first = args.queue->first[p.worlds[0]];
    p.s.ahead = 0.f;
    p.s.has_qfrc = args.state.qfrc_applied != nullptr;
    p.s.has_xfrc = args.state.xfrc_applied != nullptr;
  });
}

template <class Team, class Real> STAGE void load_pack(Team team, Pack3<Real>& p) {
  const ModelData<Scalar<Real>>& d = *p.args.model;
  const StateArrays<Scalar<Real>>& state = p.args.state;
  const int *worlds = p.worlds, count = p.count;
  point_views(team, p);
  const int nq = d.nq, nv = d.nv, nu = d.nu, na = d.na, nhistory = d.nhistory, nbody = d.nbody,
            nmocap = d.nmocap, neq = d.neq;

  // state and inputs; forces that nobody applies stay unread
#define MOTORIUM_FIELD(name, columns, unit, doc) \
  if (state.name) load_rows(team, p.s.name, state.name, (columns), worlds, count);
  MOTORIUM_STATE_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
  if (d.any_worlds) load_overrides(team, p);

  // frozen worlds and idle lanes compute, but nothing of theirs is kept
  p.live = !everywhere<Real>();
  for (int l = 0; l < kWidth<Real>; ++l)
    put_mask<Real>(p.live, l,
                   l < count && (state.status[worlds[l < count ? l : 0]] & kStatusFrozen) == 0);

  tell_time(team, p, Int<Real>(0));

  // bad inputs: the world's controls and forces are zero for this call
  const Real zero = Real(0.f), one = Real(1.f);
  const auto badness = [&](const Real& v) { return select(is_bad(v), one, zero); };
  Real bad = team.max(nu, [&](int i) { return badness(p.s.ctrl[i]); });
  if (p.s.has_qfrc)
    bad = max(bad, team.max(nv, [&](int i) { return badness(p.s.qfrc_applied[i]); }));
  if (p.s.has_xfrc)
    bad = max(bad, team.max(6 * nbody, [&](int i) { return badness(p.s.xfrc_applied[i]); }));
  const Mask<Real> spoiled = bad > zero;
  if (any(spoiled)) {
    team.each(nu, [&](int i) { p.s.ctrl[i] = select(spoiled, zero, p.s.ctrl[i]); });
    if (p.s.has_qfrc)
      team.each(nv,
                [&](int i) { p.s.qfrc_applied[i] = select(spoiled, zero, p.s.qfrc_applied[i]); });
    if (p.s.has_xfrc)
      team.each(6 * nbody,
                [&](int i) { p.s.xfrc_applied[i] = select(spoiled, zero, p.s.xfrc_applied[i]); });
    team.once([&] { raise(p, spoiled, kStatusBadInput); });
  }

  // a state that was written by the caller may be bad as well
  const Real ill = team.max(nq + nv + na, [&](int i) {
    return i < nq        ? badness(p.s.qpos[i])
           : i < nq + nv ? badness(p.s.qvel[i - nq])
                         : badness(p.s.act[i - nq - nv]);
  });
  const Mask<Real> sick = ill > zero;
  if (any(sick)) {
    team.once([&] { raise(p, sick, kStatusFaultState | kStatusFrozen); });
    p.live = p.live & !sick;
    team.each(nq, [&](int i) { p.s.qpos[i] = select(sick, p.m.qpos0[i], p.s.qpos[i]); });
    team.each(nv, [&](int i) { p.s.qvel[i] = select(sick, zero, p.s.qvel[i]); });
    team.each(na, [&](int i) { p.s.act[i] = select(sick, zero, p.s.act[i]); });
  }
  // the warm start is only a hint
  team.each(nv, [&](int i) {
    p.s.qacc_warmstart[i] = select(is_bad(p.s.qacc_warmstart[i]), zero, p.s.qacc_warmstart[i]);
  });
}

// the Scratch field with a number in MOTORIUM_SCRATCH_FIELDS
template <class Real> FN Real* output_field(const Scratch<Real>& x, int field) {
  int next = 0;
#define MOTORIUM_FIELD(name, rows, columns, unit, doc) \
  if (field == next++) return x.name;
  MOTORIUM_SCRATCH_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
  return nullptr;
}

template <class Team, class Real> STAGE void store_outputs(Team team, const Pack3<Real>& p) {
  for (int i = 0; i < p.args.output_count; ++i) {
    const OutputBinding<Scalar<Real>>& o = p.args.outputs[i];
    store_rows(team, output_field(p.x, o.field), o.data, o.columns, p.worlds, p.count);
  }
}

// what callers look at beyond the step itself. After positions and velocities alone, readings and
// outputs that belong to accelerations keep what their arrays hold
template <class Team, class Real> STAGE void observe(Team team, Pack3<Real>& p, Refresh upto) {
  const bool all = upto == Refresh::acc;
  if (kRare<Team> && p.m.want_paths) tendon_paths(team, p.m, p.x);
  if (p.m.want_momenta) subtree_velocity(team, p.m, p.x);
  sensors(team, p.m, p.s, p.x, all ? SensorStage::all : SensorStage::position_velocity);
  if (p.m.want_forces && all) rne_post(team, p.m, p.s, p.x);
  if (p.m.want_energy && all) energies(team, p.m, p.s, p.x);
}

// brings positions, velocities and, on request, accelerations up to date, and shows them
template <class Team, class Real>
STAGES void refresh_pack(Team team, Pack3<Real>& p, Refresh upto) {
  if (upto == Refresh::acc) {
    forward_acceleration(team, p.m, p.s, p.x);
  } else {
    for (int i = 0; i < p.args.output_count; ++i) {
      const OutputBinding<Scalar<Real>>& o = p.args.outputs[i];
      load_rows(team, output_field(p.x, o.field), o.data, o.columns, p.worlds, p.count);
    }
    forward_velocity(team, p.m, p.s, p.x);
  }
  observe(team, p, upto);
  store_outputs(team, p);
}

// what has become of the worlds of a pack in the steps of a call
template <class Real> struct Taken {
  int begun = 0;  // steps of the call
  Int<Real> steps = Int<Real>(0);
  Mask<Real> fault_acc = !everywhere<Real>(), fault_state = fault_acc, unfinished = fault_acc,
             search_limit = fault_acc, ccd_limit = fault_acc, spilled = fault_acc;
};

// one step from its accelerations on. seen: the distances that sensors measured are looked at
template <class Team, class Real>
STAGE void move_pack(Team team, Pack3<Real>& p, bool seen, Taken<Real>& t) {
  // a bad acceleration moves nothing
  const Real zero = Real(0.f);
  const Real bad =
      team.max(p.m.nv, [&](int i) { return select(is_bad(p.x.qacc[i]), Real(1.f), zero); });
  t.unfinished = t.unfinished | (p.live & p.x.not_converged[0]);
  t.search_limit = t.search_limit | (p.live & p.x.search_capped[0]);
  if (kRare<Team> && p.m.want_distances && p.m.on(kFlagSensor) && seen)
    for (int i = 0; i < p.m.nsensor; ++i)
      t.ccd_limit = t.ccd_limit | (p.live & p.x.sensor_capped[i]);
  if (p.m.convex_pairs) t.ccd_limit = t.ccd_limit | (p.live & p.x.ccd_capped[0]);
  const Real budget = Real(static_cast<Scalar<Real>>(p.m.row_budget));
  t.spilled = t.spilled | (p.live & (p.x.nefc[0] > budget));
  t.fault_acc = t.fault_acc | (p.live & (bad > zero));
  p.live = p.live & !(bad > zero);
  const Mask<Real> failed = kRare<Team> && p.m.integrator == Integrator::rk4
                                ? runge_kutta(team, p.m, p.s, p.x, p.live)
                                : integrate_state(team, p.m, p.s, p.x, p.live);
  t.fault_state = t.fault_state | failed;
  p.live = p.live & !failed;
  t.steps = t.steps + select(p.live, Int<Real>(1), Int<Real>(0));
}

// what a world is, and what it reports
template <class Team, class Real>
STAGE void store_pack(Team team, const Pack3<Real>& p, bool stepped, const Taken<Real>& t) {
  const PackArgs<Scalar<Real>>& args = p.args;
  const int *worlds = p.worlds, count = p.count;
  const int nq = p.m.nq, nv = p.m.nv, na = p.m.na;
  const Mask<Real> moved = t.steps > Int<Real>(0);
  if (any(moved)) {
    store_moved(team, p.s.qpos, args.state.qpos, nq, worlds, count, moved);
    store_moved(team, p.s.qvel, args.state.qvel, nv, worlds, count, moved);
    store_moved(team, p.s.qacc_warmstart, args.state.qacc_warmstart, nv, worlds, count, moved);
    if (na > 0) store_moved(team, p.s.act, args.state.act, na, worlds, count, moved);
    if (p.m.nhistory > 0)
      store_moved(team, p.s.history, args.state.history, p.m.nhistory, worlds, count, moved);
  }
  team.once([&] {
    for (int l = 0; l < count && l < kWidth<Real>; ++l)
      args.state.steps[worlds[l]] += get_int<Real>(t.steps, l);
    if constexpr (kWidth < Real >> 1)
      if (args.rows && stepped)
        for (int l = 0; l < count && l < kWidth<Real>; ++l)
          args.rows[worlds[l]] = static_cast<int32_t>(get(p.x.nefc[0], l));
    raise(p, t.fault_acc, kStatusFaultAcc | kStatusFrozen);
    raise(p, t.fault_state, kStatusFaultState | kStatusFrozen);
    raise(p, t.unfinished, kStatusNotConverged);
    raise(p, t.search_limit, kStatusSearchLimit);
    raise(p, t.ccd_limit, kStatusCcdLimit);
    raise(p, t.spilled, kStatusSpilled);
  });
}

template <class Team, class Real, class Done = Untimed>
STAGES void step_pack(Team team, Pack3<Real>& p, int nstep, Refresh refresh, Done done = {}) {
  done.start();
  load_pack(team, p);
  done("load");
  Taken<Real> taken;
  MOTORIUM_ROLLED
  for (; taken.begun < nstep; ++taken.begun) {
    if (taken.begun > 0) tell_time(team, p, taken.steps);
    forward_acceleration(team, p.m, p.s, p.x, done);
    const bool seen =
        p.args.output_count > 0 && refresh == Refresh::none && taken.begun == nstep - 1;
    if (seen) {
      observe(team, p, Refresh::acc);
      store_outputs(team, p);
      done("sensors");
    } else if (p.m.sensor_memory) {
      sensors(team, p.m, p.s, p.x);
      done("sensors");
    }
    move_pack(team, p, seen, taken);
    done("integration");
  }

  tell_time(team, p, taken.steps);
  if (p.args.output_count > 0 && refresh != Refresh::none) refresh_pack(team, p, refresh);
  if (refresh != Refresh::none) done("refresh");
  store_pack(team, p, nstep > 0, taken);
  done("store");
}

// the searches of the next step, which wait for nothing but positions
template <class Team, class Real> STAGE void queue_pack(Team team, Pack3<Real>& p) {
  load_pack(team, p);
  kinematics(team, p.m, p.s, p.x);
  broad_phase(team, p.m, p.x);
  queue_searches(team, p.m, p.x, *p.args.queue, p.worlds[0]);
}

template <class Team, class Real>
STAGES void forward_pack(Team team, Pack3<Real>& p, Refresh upto) {
  load_pack(team, p);
  refresh_pack(team, p, upto);
}

// joint forces (worlds, nv) that give the accelerations qacc (worlds, nv) at the present state
template <class Team, class Real>
STAGE void inverse_pack(Team team, Pack3<Real>& p, const Scalar<Real>* qacc, Scalar<Real>* qfrc) {
  load_pack(team, p);
  load_rows(team, p.x.qacc, qacc, p.m.nv, p.worlds, p.count);
  inverse_dynamics(team, p.m, p.s, p.x);
  store_rows(team, p.x.vec_b, qfrc, p.m.nv, p.worlds, p.count);
}

}  // namespace motorium
