// One pack of worlds from its rows in batch memory to its rows in batch memory: load, steps,
// outputs, store. This is what the entries of physics/entry.h run.
#pragma once
#include "motorium/physics/energy.h"
#include "motorium/physics/inverse.h"
#include "motorium/physics/rk4.h"
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

// the view, state and scratch of one pack, and which of its lanes move
template <class Real> struct Pack3 {
  ModelView<Real> m;
  State<Real> s;
  Scratch<Real> x;
  Mask<Real> live;
};

template <class Real> FN size_t pack_bytes(const ModelData<Scalar<Real>>& d) {
  ModelView<Real> m = view_of<Real>(d);
  State<Real> s;
  Scratch<Real> x;
  return layout(d, nullptr, m, s, x);
}

// status bits of one world: set from a mask, worker 0
template <class Real>
FN void raise(const PackArgs<Scalar<Real>>& args, const int* worlds, int count, Mask<Real> where,
              uint32_t bit) {
  for (int l = 0; l < count && l < kWidth<Real>; ++l)
    if (get_mask<Real>(where, l)) args.state.status[worlds[l]] |= bit;
}

// the time of each world, where a sensor asks for it; in double, because it grows for long
template <class Team, class Real>
FN void tell_time(Team team, const PackArgs<Scalar<Real>>& args, const int* worlds, int count,
                  const Int<Real>& taken, Pack3<Real>& p) {
  if (!p.m.want_time) return;
  team.once([&] {
    for (int l = 0; l < kWidth<Real>; ++l) {
      const int w = worlds[l < count ? l : 0];
      const double start = args.state.time0 ? args.state.time0[w] : 0.0;
      const double steps = static_cast<double>(args.state.steps[w] + get_int<Real>(taken, l));
      put(p.s.time[0], l, static_cast<Scalar<Real>>(fma(steps, p.m.step_time, start)));
    }
  });
}

// what these worlds override
template <class Team, class Real>
FN void load_overrides(Team team, const ModelData<Scalar<Real>>& d, const int* worlds, int count,
                       const ModelView<Real>& m) {
  const int nq = d.nq, nv = d.nv, nu = d.nu, nactuator = d.nactuator, nout = d.nout,
            nbody = d.nbody, njnt = d.njnt, ngeom = d.ngeom, nsite = d.nsite, ncam = d.ncam,
            neq = d.neq, ntendon = d.ntendon, npair = d.npair;
  const auto load = [&](const Field<Real>& field, const WorldRows<Scalar<Real>>& own, int columns) {
    if (!own.data) return;
    int row[kWidth<Real>];
    for (int l = 0; l < kWidth<Real>; ++l) row[l] = own.row_of[worlds[l < count ? l : 0]];
    load_rows(team, const_cast<Real*>(field.own), own.data, columns, row, count);
  };
#define MOTORIUM_REAL(name, rows, columns, unit, doc) \
  load(m.name, d.name##_worlds, (rows) * (columns));
  MOTORIUM_MODEL_OVERRIDES(MOTORIUM_REAL)
#undef MOTORIUM_REAL
}

template <class Team, class Real>
FN void load_pack(Team team, const PackArgs<Scalar<Real>>& args, const int* worlds, int count,
                  Pack3<Real>& p) {
  const ModelData<Scalar<Real>>& d = *args.model;
  p.m = view_of<Real>(d);
  layout(d, static_cast<char*>(args.scratch), p.m, p.s, p.x);
  const int nq = d.nq, nv = d.nv, nu = d.nu, na = d.na, nhistory = d.nhistory, nbody = d.nbody,
            nmocap = d.nmocap, neq = d.neq;

  // state and inputs; forces that nobody applies stay unread
#define MOTORIUM_FIELD(name, columns, unit, doc) \
  if (args.state.name) load_rows(team, p.s.name, args.state.name, (columns), worlds, count);
  MOTORIUM_STATE_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
  p.s.has_qfrc = args.state.qfrc_applied != nullptr;
  p.s.has_xfrc = args.state.xfrc_applied != nullptr;

  if (d.any_worlds) load_overrides(team, d, worlds, count, p.m);

  // frozen worlds and idle lanes compute, but nothing of theirs is kept
  p.live = !everywhere<Real>();
  for (int l = 0; l < kWidth<Real>; ++l)
    put_mask<Real>(
        p.live, l,
        l < count && (args.state.status[worlds[l < count ? l : 0]] & kStatusFrozen) == 0);

  tell_time(team, args, worlds, count, Int<Real>(0), p);

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
    team.once([&] { raise<Real>(args, worlds, count, spoiled, kStatusBadInput); });
  }

  // a state that was written by the caller may be bad as well
  const Real ill = team.max(nq + nv + na, [&](int i) {
    return i < nq        ? badness(p.s.qpos[i])
           : i < nq + nv ? badness(p.s.qvel[i - nq])
                         : badness(p.s.act[i - nq - nv]);
  });
  const Mask<Real> sick = ill > zero;
  if (any(sick)) {
    team.once([&] { raise<Real>(args, worlds, count, sick, kStatusFaultState | kStatusFrozen); });
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
  Real* fields[] = {
#define MOTORIUM_FIELD(name, rows, columns, unit, doc) x.name,
      MOTORIUM_SCRATCH_FIELDS(MOTORIUM_FIELD)
#undef MOTORIUM_FIELD
  };
  return fields[field];
}

template <class Team, class Real>
FN void store_outputs(Team team, const PackArgs<Scalar<Real>>& args, const int* worlds, int count,
                      const Pack3<Real>& p) {
  for (int i = 0; i < args.output_count; ++i) {
    const OutputBinding<Scalar<Real>>& o = args.outputs[i];
    store_rows(team, output_field(p.x, o.field), o.data, o.columns, worlds, count);
  }
}

// what callers look at beyond the step itself. After positions and velocities alone, readings and
// outputs that belong to accelerations keep what their arrays hold
template <class Team, class Real> FN void observe(Team team, Pack3<Real>& p, Refresh upto) {
  const bool all = upto == Refresh::acc;
  if (p.m.want_paths) tendon_paths(team, p.m, p.x);
  if (p.m.want_momenta) subtree_velocity(team, p.m, p.x);
  sensors(team, p.m, p.s, p.x, all ? SensorStage::all : SensorStage::position_velocity);
  if (p.m.want_forces && all) rne_post(team, p.m, p.s, p.x);
  if (p.m.want_energy && all) energies(team, p.m, p.s, p.x);
}

// brings positions, velocities and, on request, accelerations up to date, and shows them
template <class Team, class Real>
FN void refresh_pack(Team team, const PackArgs<Scalar<Real>>& args, const int* worlds, int count,
                     Pack3<Real>& p, Refresh upto) {
  if (upto == Refresh::acc) {
    forward_acceleration(team, p.m, p.s, p.x);
  } else {
    for (int i = 0; i < args.output_count; ++i) {
      const OutputBinding<Scalar<Real>>& o = args.outputs[i];
      load_rows(team, output_field(p.x, o.field), o.data, o.columns, worlds, count);
    }
    forward_velocity(team, p.m, p.s, p.x);
  }
  observe(team, p, upto);
  store_outputs(team, args, worlds, count, p);
}

template <class Team, class Real, class Done = Untimed>
STAGE void step_pack(Team team, const PackArgs<Scalar<Real>>& args, const int* worlds, int count,
                     int nstep, Refresh refresh, Done done = {}) {
  done.start();
  Pack3<Real> p;
  load_pack(team, args, worlds, count, p);
  done("load");
  const bool watched = args.output_count > 0;
  Int<Real> taken = Int<Real>(0);
  const Mask<Real> none = !everywhere<Real>();
  Mask<Real> fault_acc = none, fault_state = none, unfinished = none, search_limit = none,
             ccd_limit = none, spilled = none;
  const Real budget = Real(static_cast<Scalar<Real>>(p.m.row_budget));

  for (int k = 0; k < nstep; ++k) {
    if (k > 0) tell_time(team, args, worlds, count, taken, p);
    forward_acceleration(team, p.m, p.s, p.x, done);
    if (watched && refresh == Refresh::none && k == nstep - 1) {
      observe(team, p, Refresh::acc);
      store_outputs(team, args, worlds, count, p);
      done("sensors");
    } else if (p.m.sensor_memory) {
      sensors(team, p.m, p.s, p.x);
      done("sensors");
    }

    // a bad acceleration moves nothing
    const Real zero = Real(0.f);
    const Real bad =
        team.max(p.m.nv, [&](int i) { return select(is_bad(p.x.qacc[i]), Real(1.f), zero); });
    unfinished = unfinished | (p.live & p.x.not_converged[0]);
    search_limit = search_limit | (p.live & p.x.search_capped[0]);
    if (p.m.want_distances && p.m.on(kFlagSensor) && watched && refresh == Refresh::none &&
        k == nstep - 1)
      for (int i = 0; i < p.m.nsensor; ++i) ccd_limit = ccd_limit | (p.live & p.x.sensor_capped[i]);
    if (p.m.convex_pairs) ccd_limit = ccd_limit | (p.live & p.x.ccd_capped[0]);
    spilled = spilled | (p.live & (p.x.nefc[0] > budget));
    fault_acc = fault_acc | (p.live & (bad > zero));
    p.live = p.live & !(bad > zero);
    const Mask<Real> failed = p.m.integrator == Integrator::rk4
                                  ? runge_kutta(team, p.m, p.s, p.x, p.live)
                                  : integrate_state(team, p.m, p.s, p.x, p.live);
    fault_state = fault_state | failed;
    p.live = p.live & !failed;
    taken = taken + select(p.live, Int<Real>(1), Int<Real>(0));
    done("integration");
  }

  tell_time(team, args, worlds, count, taken, p);
  if (watched && refresh != Refresh::none) refresh_pack(team, args, worlds, count, p, refresh);
  if (refresh != Refresh::none) done("refresh");

  // what a world is
  const int nq = p.m.nq, nv = p.m.nv, na = p.m.na;
  Mask<Real> moved = none;
  moved = taken > Int<Real>(0);
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
      args.state.steps[worlds[l]] += get_int<Real>(taken, l);
    if constexpr (kWidth < Real >> 1)
      if (args.rows && nstep > 0)
        for (int l = 0; l < count && l < kWidth<Real>; ++l)
          args.rows[worlds[l]] = static_cast<int32_t>(get(p.x.nefc[0], l));
    raise<Real>(args, worlds, count, fault_acc, kStatusFaultAcc | kStatusFrozen);
    raise<Real>(args, worlds, count, fault_state, kStatusFaultState | kStatusFrozen);
    raise<Real>(args, worlds, count, unfinished, kStatusNotConverged);
    raise<Real>(args, worlds, count, search_limit, kStatusSearchLimit);
    raise<Real>(args, worlds, count, ccd_limit, kStatusCcdLimit);
    raise<Real>(args, worlds, count, spilled, kStatusSpilled);
  });
  done("store");
}

template <class Team, class Real>
STAGE void forward_pack(Team team, const PackArgs<Scalar<Real>>& args, const int* worlds, int count,
                        Refresh upto) {
  Pack3<Real> p;
  load_pack(team, args, worlds, count, p);
  refresh_pack(team, args, worlds, count, p, upto);
}

// joint forces (worlds, nv) that give the accelerations qacc (worlds, nv) at the present state
template <class Team, class Real>
STAGE void inverse_pack(Team team, const PackArgs<Scalar<Real>>& args, const Scalar<Real>* qacc,
                        Scalar<Real>* qfrc, const int* worlds, int count) {
  Pack3<Real> p;
  load_pack(team, args, worlds, count, p);
  load_rows(team, p.x.qacc, qacc, p.m.nv, worlds, count);
  inverse_dynamics(team, p.m, p.s, p.x);
  store_rows(team, p.x.vec_b, qfrc, p.m.nv, worlds, count);
}

}  // namespace motorium
