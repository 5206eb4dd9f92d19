// The stages of one control step on one pack of worlds, from rows in memory to rows in memory.
// Order and rules: docs/tasks.md.
#pragma once
#include "motorium/core/status.h"
#include "motorium/robots/tasks/terms_command.h"
#include "motorium/robots/tasks/terms_event.h"
#include "motorium/robots/tasks/terms_observe.h"
#include "motorium/robots/tasks/terms_reward.h"
#include "motorium/robots/tasks/terms_terminate.h"

namespace motorium {

// a pack of worlds and the scratch behind it
template <class Real> struct TaskPack {
  Moment<Real> x;
  Real* buffer = nullptr;  // the largest group of observations, actions
  Mask<Real> done, pushed;
};

FN int max_buffer(const TaskTable& t) {
  int n = t.nu > t.nreward ? t.nu : t.nreward;
  for (int g = 0; g < t.ngroup; ++g) n = t.groups[g].count > n ? t.groups[g].count : n;
  return n > t.log_at.columns ? n : t.log_at.columns;
}

// carves `memory` into arrays; returns the bytes they need
template <class Real> FN size_t layout_task(const TaskTable& t, char* memory, TaskPack<Real>& p) {
  size_t used = 0;
  const auto take = [&](Real*& pointer, int n) {
    pointer = reinterpret_cast<Real*>(memory + used);
    used += static_cast<size_t>(n) * sizeof(Real);
  };
  take(p.x.qpos, t.nq);
  take(p.x.qvel, t.nv);
  take(p.x.sensor, t.nsensordata);
  take(p.x.effort, t.nv);
  take(p.x.acceleration, t.nv);
  take(p.x.state, t.at.columns);
  take(p.buffer, max_buffer(t));
  return used;
}

template <class Real>
FN void load_ids(const TaskTable& t, const int* worlds, int count, Moment<Real>& x) {
  for (int l = 0; l < kWidth<Real>; ++l) {
    const int w = worlds[l < count ? l : 0];
    put_int<Real>(x.world, l, w);
    put_int<Real>(x.length, l, t.length[w]);
  }
}
template <class Real>
FN void load_sensors(const TaskTable& t, const int* worlds, int count, Moment<Real>& x) {
  if (t.sensordata) load_lanes(x.sensor, t.sensordata, t.nsensordata, worlds, count);
  if (t.effort) load_lanes(x.effort, t.effort, t.nv, worlds, count);
  if (t.acceleration) load_lanes(x.acceleration, t.acceleration, t.nv, worlds, count);
}
template <class Real>
FN void load_task(const TaskTable& t, const PackArgs<float>& physics, void* scratch,
                  const int* worlds, int count, TaskPack<Real>& p) {
  layout_task(t, static_cast<char*>(scratch), p);
  load_ids(t, worlds, count, p.x);
  load_lanes(p.x.qpos, physics.state.qpos, t.nq, worlds, count);
  load_lanes(p.x.qvel, physics.state.qvel, t.nv, worlds, count);
  load_lanes(p.x.state, t.state, t.at.columns, worlds, count);
  p.x.terminated = p.x.truncated = p.x.bad = p.done = p.pushed = !everywhere<Real>();
}

// ---- stage 1: process the action
// ------------------------------------------------------------------

// target = offset + scale clip(a) - encoder bias; a bad action counts as 0 and ends the episode
template <class Real>
STAGE void act_stage(const TaskTable& t, const PackArgs<float>& physics, void* scratch,
                     const float* actions, const int* worlds, int count) {
  TaskPack<Real> p;
  layout_task(t, static_cast<char*>(scratch), p);
  load_lanes(p.x.state, t.state, t.at.columns, worlds, count);
  load_lanes(p.buffer, actions, t.nu, worlds, count);
  Real* s = p.x.state;
  Mask<Real> bad = !everywhere<Real>();
  for (int i = 0; i < t.nu; ++i) {
    const Mask<Real> here = is_bad(p.buffer[i]);
    bad = bad | here;
    const Real a = select(here, Real(0.f), p.buffer[i]);
    s[t.at.action2 + i] = s[t.at.action1 + i];
    s[t.at.action1 + i] = s[t.at.action + i];
    s[t.at.action + i] = a;
    const ActionRow& r = t.actions[i];
    const Real clipped = r.clip > 0 ? clamp(a, Real(-r.clip), Real(r.clip)) : a;
    Real target = fma(clipped, Real(r.scale), Real(r.offset));
    if (r.joint >= 0) target = target - s[t.at.bias + r.joint];
    p.buffer[i] = target;
  }
  store_lanes(p.buffer, physics.state.ctrl, t.nu, worlds, count);
  store_lanes(s, t.state, t.at.columns, worlds, count);
  for (int l = 0; l < count && l < kWidth<Real>; ++l)
    t.nonfinite[worlds[l]] = get_mask<Real>(bad, l);
}

// ---- stage 2: contact timers
// ----------------------------------------------------------------------

// h seconds of contact or air. `substep`: a foot lands when its time on the ground is at most dt;
// otherwise (filtered) when it was in the air and touches now or touched at the previous step
template <class Real> FN void update_feet(const TaskTable& t, Moment<Real>& x, float h) {
  Real* s = x.state;
  const Real zero = Real(0.f), step = Real(h);
  for (int f = 0; f < t.nfeet; ++f) {
    const FootRow& foot = t.feet[f];
    Real &air = s[t.at.air + f], &stand = s[t.at.stand + f], &contact = s[t.at.contact + f];
    Real& land = s[t.at.land + f];
    const Mask<Real> now = x.sensor[foot.found] > zero, before = contact > zero;
    if (t.substep_timers) {
      const Mask<Real> first = now & (air > zero), lift = (!now) & (stand > zero);
      s[t.at.last_air + f] = select(first, air + step, s[t.at.last_air + f]);
      s[t.at.last_stand + f] = select(lift, stand + step, s[t.at.last_stand + f]);
      air = select(now, zero, air + step);
      stand = select(now, stand + step, zero);
      land = one_if<Real>((stand > zero) & (stand < Real(t.dt + 0.5f * h)));
    } else {
      // the time in the air is cleared one step after the landing, as published
      air = select(before, zero, air);
      const Mask<Real> landed = (air > zero) & (now | before);
      s[t.at.last_stand + f] = select((!now) & (stand > zero), stand, s[t.at.last_stand + f]);
      air = air + step;
      s[t.at.last_air + f] = select(landed, air, s[t.at.last_air + f]);
      stand = select(now, stand + step, zero);
      land = one_if<Real>(landed);
    }
    contact = one_if<Real>(now);
    if (foot.force >= 0)
      for (int i = 0; i < 3; ++i) s[t.at.force + 3 * f + i] = x.sensor[foot.force + i];
  }
}

template <class Real>
STAGE void watch_stage(const TaskTable& t, void* scratch, const int* worlds, int count) {
  TaskPack<Real> p;
  layout_task(t, static_cast<char*>(scratch), p);
  load_lanes(p.x.state, t.state, t.at.columns, worlds, count);
  load_sensors(t, worlds, count, p.x);
  update_feet(t, p.x, t.substep);
  store_lanes(p.x.state, t.state, t.at.columns, worlds, count);
}

// ---- stages 3 - 5: counters, terminations, rewards
// -------------------------------------------------

template <class Real>
FN void count_stage(const TaskTable& t, const PackArgs<float>& physics, const int* worlds,
                    int count, TaskPack<Real>& p) {
  Moment<Real>& x = p.x;
  Real* s = x.state;
  x.length = x.length + Int<Real>(1);
  for (int l = 0; l < count && l < kWidth<Real>; ++l) ++t.length[worlds[l]];
  if (t.gait_period > 0) {
    const Real next = s[t.at.phase] + Real(t.dt / t.gait_period);
    s[t.at.phase] = select(next >= Real(1.f), next - Real(1.f), next);
  }
  if (t.nfeet > 0) {
    if (!t.substep_timers) update_feet(t, x, t.dt);
    for (int f = 0; f < t.nfeet; ++f)
      if (t.feet[f].position >= 0) {
        Real& peak = s[t.at.peak + f];
        peak = select(s[t.at.contact + f] > Real(0.f), peak, max(peak, foot_height(t, x, f)));
      }
  }
  for (int l = 0; l < kWidth<Real>; ++l) {
    const int w = worlds[l < count ? l : 0];
    put_mask<Real>(x.bad, l, (physics.state.status[w] & kStatusFrozen) != 0 || t.nonfinite[w] != 0);
  }
}

template <class Real>
FN void judge_stage(const TaskTable& t, const PackArgs<float>& physics, const int* worlds,
                    int count, TaskPack<Real>& p) {
  Moment<Real>& x = p.x;
  Real* s = x.state;
  count_stage(t, physics, worlds, count, p);
  update_base(t, x);
  if (t.command.present) measure_command(t, x);

  // reasons: bit i of row i
  Int<Real> reason = Int<Real>(0);
  for (int i = 0; i < t.ndone; ++i) {
    const Mask<Real> hit = done_value(t, t.dones[i], x);
    reason = reason | select(hit, Int<Real>(1 << i), Int<Real>(0));
    if (t.dones[i].kind == static_cast<int>(DoneTerm::time_out))
      x.truncated = x.truncated | hit;
    else
      x.terminated = x.terminated | hit;
  }

  // r = sum of weight value (dt)
  const Real zero = Real(0.f), rate = Real(t.scale_by_dt ? t.dt : 1.f);
  Real total = zero;
  for (int i = 0; i < t.nreward; ++i) {
    const TermRow& r = t.rewards[i];
    p.buffer[i] = zero;
    if (r.weight == 0) continue;
    p.buffer[i] = Real(r.weight) * reward_value(t, r, x);
    total = fma(p.buffer[i], rate, total);
  }

  // a world with bad numbers ends without a reward
  x.bad = x.bad | is_bad(total);
  for (int i = 0; i < t.nreward; ++i) {
    p.buffer[i] = select(x.bad, zero, p.buffer[i]);
    s[t.at.sums + i] = fma(p.buffer[i], rate, s[t.at.sums + i]);
  }
  total = select(x.bad, zero, total);
  x.terminated = x.terminated | x.bad;
  x.truncated = x.truncated & !x.bad;
  p.done = x.terminated | x.truncated;
  for (int f = 0; f < t.nfeet; ++f)
    s[t.at.peak + f] = select(s[t.at.land + f] > zero, zero, s[t.at.peak + f]);

  if (t.reward_terms) store_lanes(p.buffer, t.reward_terms, t.nreward, worlds, count);
  for (int l = 0; l < count && l < kWidth<Real>; ++l) {
    const int w = worlds[l];
    const bool bad = get_mask<Real>(x.bad, l);
    t.reward[w] = get(total, l);
    t.terminated[w] = get_mask<Real>(x.terminated, l);
    t.truncated[w] = get_mask<Real>(x.truncated, l);
    t.nonfinite[w] = bad;
    t.reason[w] = bad ? kReasonNonfinite : static_cast<uint32_t>(get_int<Real>(reason, l));
  }
}

// ---- stage 10, and stage 6 for the worlds that are done
// --------------------------------------------

template <class Real>
FN void observe_stage(const TaskTable& t, const int* worlds, int count, TaskPack<Real>& p,
                      bool final) {
  for (int g = 0; g < t.ngroup; ++g) {
    const ObserveGroup& group = t.groups[g];
    Words<Real> noise{};
    for (int i = 0; i < group.count; ++i) {
      if (group.corrupt && i % 4 == 0)
        noise = draw(t, p.x, Purpose::observation_noise, 1024 * g + i / 4);
      p.buffer[i] = observe_element(t, group.elements[i], p.x, group.corrupt, noise.v[i % 4]);
    }
    if (final)
      store_lanes_where(p.buffer, group.final_data, group.count, worlds, count, p.done);
    else
      store_lanes(p.buffer, group.data, group.count, worlds, count);
  }
}

// ---- stage 7: reset
// ----------------------------------------------------------------------------------

// adds the episode that ends to the log
template <class Real>
FN void log_episode(const TaskTable& t, const int* worlds, int count, TaskPack<Real>& p) {
  const Real* s = p.x.state;
  const float seconds = t.max_length > 0 ? t.dt * static_cast<float>(t.max_length) : 1.f;
  for (int l = 0; l < count && l < kWidth<Real>; ++l) {
    if (!get_mask<Real>(p.done, l)) continue;
    const int w = worlds[l];
    float* log = t.log + static_cast<int64_t>(w) * t.log_at.columns;
    for (int i = 0; i < t.nreward; ++i)
      log[t.log_at.rewards + i] += get(s[t.at.sums + i], l) / seconds;
    for (int i = 0; i < t.ndone; ++i)
      log[t.log_at.reasons + i] += static_cast<float>(t.reason[w] >> i & 1u);
    log[t.log_at.nonfinite] += t.nonfinite[w];
    const float steps = get(s[t.at.metric_count], l);
    if (steps > 0 && t.nonfinite[w] == 0) {
      log[t.log_at.metric_xy] += get(s[t.at.metric_xy], l) / steps;
      log[t.log_at.metric_yaw] += get(s[t.at.metric_yaw], l) / steps;
    }
    log[t.log_at.level] += get(s[t.at.level], l);
    log[t.log_at.episodes] += 1;
  }
}

template <class Real>
FN void reset_stage(const TaskTable& t, const PackArgs<float>& physics, const int* worlds,
                    int count, TaskPack<Real>& p) {
  Moment<Real>& x = p.x;
  const Real zero = Real(0.f);
  const Mask<Real> done = p.done;

  // state: the default pose, then the events
  for (int i = 0; i < t.nq; ++i) x.qpos[i] = select(done, Real(t.qpos0[i]), x.qpos[i]);
  for (int i = 0; i < t.nv; ++i) x.qvel[i] = select(done, zero, x.qvel[i]);
  for (int i = 0; i < t.nreset; ++i) apply_reset(t, t.resets[i], i, x, done);
  update_base(t, x);

  // timers, actions and sums are cleared; level and encoder bias stay with the world
  Real* s = x.state;
  if (t.command.present) draw_command(t, x, done);
  for (int i = 0; i < t.at.columns; ++i) {
    const bool keep = i == t.at.level || (i >= t.at.bias && i < t.at.bias + t.njoint) ||
                      (i >= t.at.command && i <= t.at.command_left);
    if (!keep) s[i] = select(done, zero, s[i]);
  }
  if (t.push.present) draw_push_time(t, x, done);
  if (t.gait_period > 0) {
    const Words<Real> d = draw(t, x, Purpose::episode, 0);
    s[t.at.phase] = select(done, uniform01<Real>(d.v[0]), s[t.at.phase]);
  }
  x.length = select(done, Int<Real>(0), x.length);
  for (int l = 0; l < count && l < kWidth<Real>; ++l) {
    if (!get_mask<Real>(done, l)) continue;
    const int64_t w = worlds[l];
    t.length[w] = 0;
    physics.state.steps[w] = 0;
    physics.state.status[w] &= ~kStatusFrozen;
    for (int i = 0; i < t.nv; ++i) physics.state.qacc_warmstart[w * t.nv + i] = 0;
    for (int i = 0; i < t.nu; ++i) physics.state.ctrl[w * t.nu + i] = t.actions[i].offset;
    for (int i = 0; i < t.nhistory; ++i) physics.state.history[w * t.nhistory + i] = t.history0[i];
  }
}

// stages 6 - 9
template <class Real>
FN void after_judge(const TaskTable& t, const PackArgs<float>& physics, const int* worlds,
                    int count, TaskPack<Real>& p) {
  if (any(p.done)) {
    observe_stage(t, worlds, count, p, true);
    log_episode(t, worlds, count, p);
    reset_stage(t, physics, worlds, count, p);
  }
  if (t.command.present) update_command(t, p.x);
  Mask<Real> moved = p.done;
  if (t.push.present) moved = moved | push_base(t, p.x);
  if (any(moved)) {
    store_lanes_where(p.x.qpos, physics.state.qpos, t.nq, worlds, count, moved);
    store_lanes_where(p.x.qvel, physics.state.qvel, t.nv, worlds, count, moved);
    update_base(t, p.x);
  }
}

// ---- entries
// -------------------------------------------------------------------------------------------

template <class Real> STAGE size_t entry_scratch(const TaskTable& t) {
  TaskPack<Real> p;
  return layout_task(t, nullptr, p);
}

template <class Real>
STAGE bool entry_judge(const TaskTable& t, const PackArgs<float>& physics, void* scratch,
                       const int* worlds, int count) {
  TaskPack<Real> p;
  load_task(t, physics, scratch, worlds, count, p);
  load_sensors(t, worlds, count, p.x);
  judge_stage(t, physics, worlds, count, p);
  store_lanes(p.x.state, t.state, t.at.columns, worlds, count);
  return any(p.done);
}

template <class Real>
STAGE void entry_reset(const TaskTable& t, const PackArgs<float>& physics, void* scratch,
                       const int* worlds, int count) {
  TaskPack<Real> p;
  load_task(t, physics, scratch, worlds, count, p);
  load_sensors(t, worlds, count, p.x);
  for (int l = 0; l < kWidth<Real>; ++l) {
    const int w = worlds[l < count ? l : 0];
    put_mask<Real>(p.done, l, t.terminated[w] != 0 || t.truncated[w] != 0);
  }
  update_base(t, p.x);
  after_judge(t, physics, worlds, count, p);
  store_lanes(p.x.state, t.state, t.at.columns, worlds, count);
}

template <class Real>
STAGE void entry_observe(const TaskTable& t, const PackArgs<float>& physics, void* scratch,
                         const int* worlds, int count) {
  TaskPack<Real> p;
  load_task(t, physics, scratch, worlds, count, p);
  load_sensors(t, worlds, count, p.x);
  update_base(t, p.x);
  observe_stage(t, worlds, count, p, false);
}

template <class Real>
STAGE void entry_finish(const TaskTable& t, const PackArgs<float>& physics, void* scratch,
                        const int* worlds, int count) {
  TaskPack<Real> p;
  load_task(t, physics, scratch, worlds, count, p);
  load_sensors(t, worlds, count, p.x);
  judge_stage(t, physics, worlds, count, p);
  after_judge(t, physics, worlds, count, p);
  observe_stage(t, worlds, count, p, false);
  store_lanes(p.x.state, t.state, t.at.columns, worlds, count);
}

template <class Real>
STAGE void entry_begin(const TaskTable& t, const PackArgs<float>& physics, void* scratch,
                       const int* worlds, int count) {
  TaskPack<Real> p;
  load_task(t, physics, scratch, worlds, count, p);
  p.done = everywhere<Real>();
  reset_stage(t, physics, worlds, count, p);
  if (t.command.present) steer_command(t, p.x);
  store_lanes(p.x.qpos, physics.state.qpos, t.nq, worlds, count);
  store_lanes(p.x.qvel, physics.state.qvel, t.nv, worlds, count);
  store_lanes(p.x.state, t.state, t.at.columns, worlds, count);
}

template <class Real> constexpr TaskKernels task_kernels() {
  return {kWidth<Real>,        entry_scratch<Real>, act_stage<Real>,
          watch_stage<Real>,   entry_judge<Real>,   entry_reset<Real>,
          entry_observe<Real>, entry_finish<Real>,  entry_begin<Real>};
}

}  // namespace motorium
