// One control step of an Env: a pack of worlds through all stages while they are hot, or stage
// after stage over the whole batch.
#include <cstring>

#include "motorium/core/status.h"
#include "motorium/robots/tasks/env_impl.h"

namespace motorium {
namespace {

template <class F> void timed(TraceLane* lane, const char* name, F f) {
  const Span span(lane, name);
  f();
}

}  // namespace

// ranges and weights of the present global step
void Env::Impl::follow_curriculum() {
  for (const CommandStage& s : c.command_stages) {
    if (steps < s.step) continue;
    for (int i = 0; i < 3; ++i) {
      if (!s.set[i]) continue;
      c.table.command.low[i] = s.low[i];
      c.table.command.high[i] = s.high[i];
    }
  }
  for (const WeightStage& s : c.weight_stages)
    if (steps >= s.step) c.rewards[static_cast<size_t>(s.reward)].weight = s.weight;
}

// what froze a world is kept before the world starts anew
void Env::Impl::keep_faults(const int* list, int count) {
  for (int i = 0; i < count; ++i)
    if (batch->status()[list[i]] & kStatusFrozen) batch->keep_fault(list[i]);
}

// one control step of a pack, in three parts
struct Env::Impl::PackStep {
  Impl& env;
  const TaskTable& t;
  const PackHook& hook;
  int worker;

  PackArgs<float> args(const int* list, int count) const {
    return env.batch->pack_args(worker, list, count);
  }
  bool split() const { return t.substep_timers && t.nfeet > 0; }
  int parts() const { return split() ? t.decimation : 1; }

  void act(const int* list, int count) const {
    const PackArgs<float> a = args(list, count);
    timed(a.trace, "actions",
          [&] { env.kernels->act(t, a, env.memory(worker), env.actions.data(), list, count); });
  }
  // nstep steps of the physics; the last ones of a part show their outputs
  void step(const int* list, int count, int nstep, bool last) const {
    PackArgs<float> a = args(list, count);
    if (!last) a.output_count = 0;
    timed(a.trace, "step",
          [&] { env.batch->kernels().step(a, list, count, nstep, Refresh::none); });
    if (split())
      timed(a.trace, "timers", [&] { env.kernels->watch(t, env.memory(worker), list, count); });
  }
  void finish(const int* list, int count) const {
    const PackArgs<float> a = args(list, count);
    TraceLane* lane = a.trace;
    void* m = env.memory(worker);
    env.keep_faults(list, count);
    const auto refresh = [&] {
      if (t.needs_refresh)
        timed(lane, "refresh", [&] { env.batch->kernels().forward(a, list, count, Refresh::vel); });
    };
    if (!t.needs_refresh && !lane) {
      env.kernels->finish(t, a, m, list, count);
    } else {
      // a trace shows the parts of `finish` one by one
      bool any_done = false;
      timed(lane, "rewards", [&] { any_done = env.kernels->judge(t, a, m, list, count); });
      if (any_done) refresh();
      timed(lane, "resets", [&] { env.kernels->reset(t, a, m, list, count); });
      refresh();
      timed(lane, "observations", [&] { env.kernels->observe(t, a, m, list, count); });
    }
    if (hook.call) hook.call(hook.context, list, count, worker);
  }
};

// Every thread takes a few worlds through all stages while they are hot: a pack, or, where worlds
// of a pack would wait for each other, as many as are dealt anew before each step (regroup.h)
void Env::Impl::step_fused(const PackHook& hook) {
  const TaskTable& t = table();
  const int32_t* rows = batch->pack_rows();
  const int width = kernels->width;
  if (!rows || world_count() <= width)
    return packs([&](int worker, const int* list, int count) {
      const PackStep pack{*this, t, hook, worker};
      const Span whole(batch->threads().lane(worker), "env step");
      pack.act(list, count);
      for (int k = 0; k < pack.parts(); ++k)
        pack.step(list, count, t.decimation / pack.parts(), true);
      pack.finish(list, count);
    });

  chunks([&](int worker, const int* list, int n) {
    const PackStep pack{*this, t, hook, worker};
    const Span whole(batch->threads().lane(worker), "env step");
    const auto each = [&](auto fn) {
      for (int first = 0; first < n; first += width) fn(list + first, std::min(width, n - first));
    };
    each([&](const int* some, int count) { pack.act(some, count); });
    for (int k = 0; k < t.decimation; ++k)
      each_pack_by_rows(rows, list, n, width, [&](const int* some, int count) {
        pack.step(some, count, 1, pack.split() || k == t.decimation - 1);
      });
    each([&](const int* some, int count) { pack.finish(some, count); });
  });
}

// the same stages one after another over the whole batch, through its public calls
void Env::Impl::step_phased(const PackHook& hook) {
  const TaskTable& t = table();
  const auto args = [&](int worker, const int* list, int count) {
    return batch->pack_args(worker, list, count);
  };
  packs([&](int worker, const int* list, int count) {
    kernels->act(t, args(worker, list, count), memory(worker), actions.data(), list, count);
  });
  const bool split = t.substep_timers && t.nfeet > 0;
  StepOptions once;
  once.nstep = split ? 1 : t.decimation;
  for (int k = 0; k < (split ? t.decimation : 1); ++k) {
    batch->step(once);
    if (split)
      packs([&](int worker, const int* list, int count) {
        kernels->watch(t, memory(worker), list, count);
      });
  }
  packs([&](int worker, const int* list, int count) {
    kernels->judge(t, args(worker, list, count), memory(worker), list, count);
  });
  if (t.needs_refresh) {
    done_ids.clear();
    for (int w = 0; w < worlds; ++w)
      if (terminated[static_cast<size_t>(w)] || truncated[static_cast<size_t>(w)])
        done_ids.push_back(w);
    if (!done_ids.empty())
      batch->forward(done_ids.data(), static_cast<int>(done_ids.size()), Refresh::vel);
  }
  packs([&](int worker, const int* list, int count) {
    kernels->reset(t, args(worker, list, count), memory(worker), list, count);
  });
  observe_all();
  if (hook.call)
    packs([&](int worker, const int* list, int count) {
      hook.call(hook.context, list, count, worker);
    });
}

void Env::step_fused(const PackHook& hook) {
  Impl& s = *impl_;
  const Phase phase(s.batch->threads().lane(0), "Env.step");
  s.table().step = static_cast<int>(static_cast<uint32_t>(++s.steps));
  s.follow_curriculum();
  if (s.on_device) {
    require(hook.call == nullptr, "Env.step_fused: hooks run on device cpu only");
    s.on_device->follow_curriculum();
    return s.on_device->step(nullptr, s.worlds);
  }
  s.batch->pack_args(0, s.ids.data(), 1);  // scratch of all workers exists from here on
  if (s.options.phased)
    s.step_phased(hook);
  else
    s.step_fused(hook);
}
void Env::Impl::take_actions(const float* given) {
  std::memcpy(actions.data(), given, actions.size() * sizeof(float));
  if (on_device && !actions.empty())
    options.device->upload(on_device->actions(), actions.data(), actions.size() * sizeof(float),
                           batch->stream());
}
void Env::step(const float* actions) {
  impl_->take_actions(actions);
  step_fused();
}

// always fused: phases step the whole batch
void Env::step_worlds(const float* actions, const int* ids, int count) {
  if (count == 0) return;
  Impl& s = *impl_;
  s.choose(ids, count);
  if (actions) s.take_actions(actions);
  s.table().step = static_cast<int>(static_cast<uint32_t>(++s.steps));
  s.follow_curriculum();
  if (s.on_device) {
    s.chosen.clear();
    s.on_device->follow_curriculum();
    return s.on_device->step(ids, count);
  }
  s.batch->pack_args(0, s.ids.data(), 1);
  s.step_fused({});
  s.chosen.clear();
}

bool Env::steady(int count) const {
  const auto begins = [&](const auto& stages) {
    return std::any_of(stages.begin(), stages.end(), [&](const auto& stage) {
      return stage.step > impl_->steps && stage.step <= impl_->steps + count;
    });
  };
  return !begins(impl_->c.command_stages) && !begins(impl_->c.weight_stages);
}
void Env::count_steps(int count) {
  impl_->steps += count;
  impl_->table().step = static_cast<int>(static_cast<uint32_t>(impl_->steps));
}

}  // namespace motorium
