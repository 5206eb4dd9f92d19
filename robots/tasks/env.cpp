#include "motorium/robots/tasks/env.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "motorium/core/error.h"
#include "motorium/core/memory.h"
#include "motorium/core/random.h"
#include "motorium/core/status.h"
#include "motorium/core/threads.h"
#include "motorium/physics/regroup.h"
#include "motorium/robots/tasks/device_env.h"
#include "motorium/robots/tasks/kernels.h"
#include "motorium/robots/tasks/task.h"

namespace motorium {
namespace {

constexpr int kBlockWorlds = 16;  // worlds that a thread takes at once, as in Batch

const TaskKernels& kernels_for(int width) {
  if (width == 16) return motorium_tasks_v4_pack;
  if (width == 8) return motorium_tasks_v3_pack;
  MOTORIUM_ASSERT(width == 1);
  return motorium_tasks_v3_float;
}

template <class F> void timed(TraceLane* lane, const char* name, F f) {
  const Span span(lane, name);
  f();
}

}  // namespace

struct Env::Impl {
  std::shared_ptr<const Task> task;
  std::shared_ptr<const Model> model;
  EnvOptions options;
  std::unique_ptr<Threads> own_threads;
  std::unique_ptr<Batch> batch;
  CompiledTask c;
  const TaskKernels* kernels = nullptr;
  std::vector<std::unique_ptr<Arena>> scratch;
  int worlds = 0;
  int64_t steps = 0;

  std::vector<int> ids, done_ids, chosen;  // all worlds; ended ones; those of a partial call
  std::vector<float> state, log, reward, terms, actions;
  std::vector<std::vector<float>> data, final_data;
  std::vector<uint8_t> terminated, truncated, nonfinite;
  std::vector<uint32_t> reason;
  std::vector<int32_t> length;
  std::vector<ObservationGroup> groups;
  std::unique_ptr<DeviceEnv> on_device;  // null: the arrays above are all there is

  TaskTable& table() { return c.table; }

  // fn(worker, worlds of a pack, count) over all packs, or over those of a partial call
  const int* world_list() const { return chosen.empty() ? ids.data() : chosen.data(); }
  int world_count() const { return chosen.empty() ? worlds : static_cast<int>(chosen.size()); }
  // fn(worker, worlds, count): at most kChunkWorlds of them
  template <class F> void chunks(F fn) {
    const int* list = world_list();
    const int n = world_count(), threads = batch->threads().count();
    const int chunk = chunk_worlds(n, threads, std::max(kBlockWorlds, kernels->width));
    batch->threads().run((n + chunk - 1) / chunk, [&](int item, int worker) {
      fn(worker, list + item * chunk, std::min(n - item * chunk, chunk));
    });
  }
  template <class F> void packs(F fn) {
    const int* list = world_list();
    const int n = world_count();
    const int width = kernels->width, block = std::max(kBlockWorlds, width);
    batch->threads().run((n + block - 1) / block, [&](int item, int worker) {
      const int end = std::min(n, (item + 1) * block);
      for (int first = item * block; first < end; first += width)
        fn(worker, list + first, std::min(width, end - first));
    });
  }
  void choose(const int* list, int count) {
    for (int i = 0; i < count; ++i)
      require(list[i] >= 0 && list[i] < worlds,
              "Env: no world " + std::to_string(list[i]) + ": there are " + std::to_string(worlds));
    chosen.assign(list, list + count);
  }
  void* memory(int worker) { return scratch[static_cast<size_t>(worker)]->data(); }

  void allocate();
  void randomise();
  void follow_curriculum();
  void keep_faults(const int* list, int count);
  void take_actions(const float* given);
  void observe_all();
  struct PackStep;
  void step_fused(const PackHook& hook);
  void step_phased(const PackHook& hook);
  template <class F> void each_array(F f);
};

void Env::Impl::allocate() {
  TaskTable& t = c.table;
  const size_t n = static_cast<size_t>(worlds);
  ids.resize(n);
  for (int w = 0; w < worlds; ++w) ids[static_cast<size_t>(w)] = w;
  done_ids.reserve(n);
  t.worlds = worlds;
  state.assign(n * static_cast<size_t>(t.at.columns), 0.f);
  log.assign(n * static_cast<size_t>(t.log_at.columns), 0.f);
  reward.assign(n, 0.f);
  actions.assign(n * static_cast<size_t>(t.nu), 0.f);
  terminated.assign(n, 0);
  truncated.assign(n, 0);
  nonfinite.assign(n, 0);
  reason.assign(n, 0);
  length.assign(n, 0);
  data.resize(static_cast<size_t>(t.ngroup));
  final_data.resize(data.size());
  for (size_t g = 0; g < data.size(); ++g) {
    const size_t size = n * c.elements[g].size();
    data[g].assign(size, 0.f);
    final_data[g].assign(size, 0.f);
    t.groups[g].data = data[g].data();
    t.groups[g].final_data = final_data[g].data();
    groups.push_back({c.group_names[g], static_cast<int>(c.elements[g].size()), data[g].data()});
  }
  t.state = state.data();
  t.log = log.data();
  t.reward = reward.data();
  t.terminated = terminated.data();
  t.truncated = truncated.data();
  t.nonfinite = nonfinite.data();
  t.reason = reason.data();
  t.length = length.data();

  // outputs that some term reads
  const auto bind = [&](bool wanted, const char* name) {
    return wanted ? static_cast<const float*>(batch->bind(name).data) : nullptr;
  };
  t.sensordata = bind(c.needs_sensors, "sensordata");
  t.effort = bind(c.needs_effort, "qfrc_actuator");
  t.acceleration = bind(c.needs_acceleration, "qacc");

  if (options.device) {
    on_device = std::make_unique<DeviceEnv>(
        options.device, *batch, c,
        DeviceEnv::Host{state, log, reward, actions, data, final_data, terminated, truncated,
                        nonfinite, reason, length});
    for (size_t g = 0; g < groups.size(); ++g) groups[g].data = on_device->data(g);
    return;
  }
  const size_t bytes = kernels->scratch_bytes(t);
  for (int i = 0; i < batch->threads().count(); ++i)
    scratch.push_back(std::make_unique<Arena>(bytes));
}

Env::Env(std::shared_ptr<const Task> task, std::shared_ptr<const Model> model,
         const EnvOptions& options)
    : impl_(std::make_unique<Impl>()) {
  require(options.worlds >= 1, "make_env: worlds must be 1 or more");
  require(options.threads >= 0, "make_env: threads must be 0 or more");
  Impl& s = *impl_;
  s.task = std::move(task);
  s.model = std::move(model);
  s.options = options;
  s.worlds = options.worlds;
  compile_task(*s.task, *s.model, s.c);
  if (options.threads > 0) s.own_threads = std::make_unique<Threads>(options.threads);
  BatchOptions b;
  b.worlds = options.worlds;
  b.threads = s.own_threads.get();
  b.device = options.device;
  s.batch = std::make_unique<Batch>(s.model, b);
  if (!b.device) s.kernels = &kernels_for(s.batch->kernels().width);
  s.allocate();
  reset(options.seed);
}
Env::~Env() = default;

// ---- start
// -----------------------------------------------------------------------------------------

// startup events: what a world is made of depends on (seed, world) alone
void Env::Impl::randomise() {
  const Model& m = *model;
  const size_t n = static_cast<size_t>(worlds);
  struct Field {
    const char* name;
    const std::vector<double>* shared;
    std::vector<double> values;
  };
  Field friction{"geom_friction", &m.geom_friction, {}}, mass{"body_mass", &m.body_mass, {}},
      inertia{"body_inertia", &m.body_inertia, {}}, com{"body_ipos", &m.body_ipos, {}};
  const auto open = [&](Field& f) -> std::vector<double>& {
    if (f.values.empty())
      for (size_t w = 0; w < n; ++w)
        f.values.insert(f.values.end(), f.shared->begin(), f.shared->end());
    return f.values;
  };
  for (size_t k = 0; k < c.startup.size(); ++k) {
    const StartupEvent& e = c.startup[k];
    for (size_t w = 0; w < n; ++w) {
      const auto number = [&](size_t item, int axis) {
        const int index = static_cast<int>(4096 * k + 4 * (e.shared ? 0 : item)) + axis;
        const Words<float> d =
            random_words<float>(c.table.seed, static_cast<int>(w), 0, Purpose::dynamics, index);
        const double u = static_cast<double>(uniform01<float>(d.v[0]));
        const double low = e.low[axis], high = e.high[axis];
        if (e.log_uniform) return low * std::exp(u * (std::log(high) - std::log(low)));
        return low + u * (high - low);
      };
      const auto apply = [&](double& x, double v) {
        x = e.operation == StartupEvent::abs ? v : e.operation == StartupEvent::add ? x + v : x * v;
      };
      for (size_t i = 0; i < e.ids.size(); ++i) {
        const size_t id = static_cast<size_t>(e.ids[i]);
        switch (e.kind) {
          case StartupEvent::geom_friction:
            apply(open(friction)[w * m.geom_friction.size() + 3 * id + static_cast<size_t>(e.axis)],
                  number(i, 0));
            break;
          case StartupEvent::body_mass: {
            double& x = open(mass)[w * m.body_mass.size() + id];
            const double before = x;
            apply(x, number(i, 0));
            if (e.inertia && before > 0)
              for (size_t a = 0; a < 3; ++a)
                open(inertia)[w * m.body_inertia.size() + 3 * id + a] *= x / before;
            break;
          }
          case StartupEvent::body_com:
            for (int a = 0; a < 3; ++a)
              apply(open(com)[w * m.body_ipos.size() + 3 * id + static_cast<size_t>(a)],
                    number(i, a));
            break;
          case StartupEvent::encoder_bias:
            state[w * static_cast<size_t>(c.table.at.columns) +
                  static_cast<size_t>(c.table.at.bias) + id] = static_cast<float>(number(i, 0));
            break;
        }
      }
    }
  }
  for (const Field* f : {&friction, &mass, &inertia, &com})
    if (!f->values.empty()) batch->set_override(f->name, f->values.data(), nullptr, 0);
}

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

void Env::Impl::observe_all() {
  if (table().needs_refresh) batch->forward(nullptr, 0, Refresh::vel);
  packs([&](int worker, const int* list, int count) {
    kernels->observe(table(), batch->pack_args(worker, list, count), memory(worker), list, count);
  });
}

void Env::reset(uint64_t seed) {
  Impl& s = *impl_;
  s.table().seed = seed;
  s.table().step = 0;
  s.steps = 0;
  // ranges and weights start as the table gives them
  CompiledTask fresh;
  compile_task(*s.task, *s.model, fresh);
  s.table().command = fresh.table.command;
  for (size_t i = 0; i < s.c.rewards.size(); ++i) s.c.rewards[i].weight = fresh.rewards[i].weight;

  std::fill(s.state.begin(), s.state.end(), 0.f);
  std::fill(s.log.begin(), s.log.end(), 0.f);
  std::fill(s.actions.begin(), s.actions.end(), 0.f);
  std::fill(s.reward.begin(), s.reward.end(), 0.f);
  std::fill(s.reason.begin(), s.reason.end(), 0u);
  for (auto* flags : {&s.terminated, &s.truncated, &s.nonfinite})
    std::fill(flags->begin(), flags->end(), uint8_t{0});
  s.batch->reset();
  s.randomise();
  if (s.on_device) {
    std::fill(s.length.begin(), s.length.end(), 0);
    s.on_device->upload();
    s.follow_curriculum();
    s.on_device->send_table();
    return s.on_device->begin(nullptr, s.worlds);
  }
  s.batch->pack_args(0, s.ids.data(), 1);
  s.follow_curriculum();
  s.packs([&](int worker, const int* list, int count) {
    s.kernels->begin(s.table(), s.batch->pack_args(worker, list, count), s.memory(worker), list,
                     count);
  });
  s.observe_all();
}

// ---- step
// ------------------------------------------------------------------------------------------

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

std::shared_ptr<Device> Env::device() const { return impl_->batch->device(); }
Stream Env::stream() const { return impl_->batch->stream(); }
void Env::set_stream(Stream stream) { impl_->batch->set_stream(stream); }
bool Env::steady(int count) const {
  const auto begins = [&](const auto& stages) {
    return std::any_of(stages.begin(), stages.end(), [&](const auto& stage) {
      return stage.step > impl_->steps && stage.step <= impl_->steps + count;
    });
  };
  return !begins(impl_->c.command_stages) && !begins(impl_->c.weight_stages);
}
int64_t Env::changes() const { return impl_->batch->changes(); }
void Env::count_steps(int count) {
  impl_->steps += count;
  impl_->table().step = static_cast<int>(static_cast<uint32_t>(impl_->steps));
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

void Env::reset_worlds(const int* ids, int count) {
  if (count == 0) return;
  Impl& s = *impl_;
  s.choose(ids, count);
  ResetOptions which;
  which.ids = ids;
  which.id_count = count;
  s.batch->reset(which);
  if (s.on_device) {
    s.chosen.clear();
    return s.on_device->begin(ids, count);
  }
  s.batch->pack_args(0, s.ids.data(), 1);
  s.packs([&](int worker, const int* list, int n) {
    s.kernels->begin(s.table(), s.batch->pack_args(worker, list, n), s.memory(worker), list, n);
  });
  if (s.table().needs_refresh) s.batch->forward(ids, count, Refresh::vel);
  s.packs([&](int worker, const int* list, int n) {
    s.kernels->observe(s.table(), s.batch->pack_args(worker, list, n), s.memory(worker), list, n);
  });
  s.chosen.clear();
}

// ---- log
// -------------------------------------------------------------------------------------------

std::vector<std::pair<std::string, double>> Env::take_log() {
  Impl& s = *impl_;
  const TaskTable& t = s.table();
  if (s.on_device) s.on_device->take_log();
  // sums over worlds in the order of their ids
  std::vector<double> sum(static_cast<size_t>(t.log_at.columns), 0.0);
  double level = 0;
  for (int w = 0; w < s.worlds; ++w) {
    float* row = s.log.data() + static_cast<size_t>(w) * sum.size();
    for (size_t i = 0; i < sum.size(); ++i) {
      sum[i] += static_cast<double>(row[i]);
      row[i] = 0;
    }
    level +=
        static_cast<double>(s.state[static_cast<size_t>(w) * static_cast<size_t>(t.at.columns) +
                                    static_cast<size_t>(t.at.level)]);
  }
  if (s.on_device) s.on_device->clear_log();
  std::vector<std::pair<std::string, double>> out;
  const double episodes = sum[static_cast<size_t>(t.log_at.episodes)];
  const auto at = [&](int column) { return sum[static_cast<size_t>(column)]; };
  if (episodes > 0) {
    for (int i = 0; i < t.nreward; ++i)
      out.emplace_back("Episode_Reward/" + s.c.reward_names[static_cast<size_t>(i)],
                       at(t.log_at.rewards + i) / episodes);
    if (t.command.present) {
      out.emplace_back("Metrics/twist/error_vel_xy", at(t.log_at.metric_xy) / episodes);
      out.emplace_back("Metrics/twist/error_vel_yaw", at(t.log_at.metric_yaw) / episodes);
    }
  }
  for (int i = 0; i < t.ndone; ++i)
    out.emplace_back("Episode_Termination/" + s.c.done_names[static_cast<size_t>(i)],
                     at(t.log_at.reasons + i));
  if (t.command.levels) out.emplace_back("Curriculum/command_levels", level / s.worlds);
  out.emplace_back("Health/nonfinite_worlds", at(t.log_at.nonfinite));
  return out;
}

// ---- save and load
// ---------------------------------------------------------------------------------

namespace {
struct StateHeader {
  uint64_t magic, bytes;
  int64_t steps;
  uint64_t seed;
  int32_t worlds, columns, log_columns, groups;
};
constexpr uint64_t kStateMagic = 0x31766e65776f746dULL;  // "mtowenv1"
}  // namespace

// everything besides the batch that the next step reads or a caller may still look at
template <class F> void Env::Impl::each_array(F f) {
  f(state.data(), state.size() * sizeof(float));
  f(log.data(), log.size() * sizeof(float));
  f(reward.data(), reward.size() * sizeof(float));
  f(actions.data(), actions.size() * sizeof(float));
  f(terminated.data(), terminated.size());
  f(truncated.data(), truncated.size());
  f(nonfinite.data(), nonfinite.size());
  f(reason.data(), reason.size() * sizeof(uint32_t));
  f(length.data(), length.size() * sizeof(int32_t));
  for (size_t g = 0; g < data.size(); ++g) {
    f(data[g].data(), data[g].size() * sizeof(float));
    f(final_data[g].data(), final_data[g].size() * sizeof(float));
  }
}

std::vector<uint8_t> Env::save_state() const {
  Impl& s = *impl_;
  std::vector<uint8_t> out(sizeof(StateHeader));
  const auto put = [&](const void* p, size_t n) {
    const auto* b = static_cast<const uint8_t*>(p);
    out.insert(out.end(), b, b + n);
  };
  if (s.on_device) s.on_device->download();
  s.each_array([&](void* p, size_t n) { put(p, n); });
  for (int w = 0; w < s.worlds; ++w) {
    const std::vector<uint8_t> world = s.batch->save(w);
    const uint64_t size = world.size();
    put(&size, sizeof size);
    put(world.data(), world.size());
  }
  const TaskTable& t = s.table();
  const StateHeader header = {kStateMagic, out.size(),   s.steps,          t.seed,
                              s.worlds,    t.at.columns, t.log_at.columns, t.ngroup};
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

void Env::load_state(const std::vector<uint8_t>& bytes) {
  Impl& s = *impl_;
  const TaskTable& t = s.table();
  StateHeader header{};
  require(bytes.size() >= sizeof header, "Env.load_state: these bytes are too short");
  std::memcpy(&header, bytes.data(), sizeof header);
  require(header.magic == kStateMagic && header.bytes == bytes.size(),
          "Env.load_state: these bytes are not a saved environment, or are cut");
  require(header.worlds == s.worlds, "Env.load_state: saved with " + std::to_string(header.worlds) +
                                         " worlds, this environment has " +
                                         std::to_string(s.worlds));
  require(header.columns == t.at.columns && header.log_columns == t.log_at.columns &&
              header.groups == t.ngroup,
          "Env.load_state: saved with another task");
  reset(header.seed);
  s.steps = header.steps;
  s.table().step = static_cast<int>(static_cast<uint32_t>(s.steps));
  s.follow_curriculum();
  size_t pos = sizeof header;
  const auto take = [&](void* p, size_t n) {
    require(n <= bytes.size() - pos, "Env.load_state: these bytes are cut");
    if (n > 0) std::memcpy(p, bytes.data() + pos, n);
    pos += n;
  };
  s.each_array(take);
  for (int w = 0; w < s.worlds; ++w) {
    uint64_t size = 0;
    take(&size, sizeof size);
    require(size <= bytes.size() - pos, "Env.load_state: these bytes are cut");
    std::vector<uint8_t> world(static_cast<size_t>(size));
    take(world.data(), world.size());
    s.batch->load(w, world);
  }
  if (s.on_device) {
    s.on_device->upload();
    s.on_device->send_table();
  }
}

// ---- access
// ----------------------------------------------------------------------------------------

int Env::worlds() const { return impl_->worlds; }
int Env::action_size() const { return impl_->c.table.nu; }
int Env::max_episode_length() const { return impl_->c.table.max_length; }
double Env::step_seconds() const { return impl_->model->timestep * impl_->c.table.decimation; }
const std::vector<ObservationGroup>& Env::observations() const { return impl_->groups; }
const float* Env::rewards() const {
  return impl_->on_device ? impl_->on_device->reward() : impl_->reward.data();
}
const uint8_t* Env::terminated() const {
  return impl_->on_device ? impl_->on_device->terminated() : impl_->terminated.data();
}
const uint8_t* Env::truncated() const {
  return impl_->on_device ? impl_->on_device->truncated() : impl_->truncated.data();
}
const uint8_t* Env::nonfinite() const {
  return impl_->on_device ? impl_->on_device->nonfinite() : impl_->nonfinite.data();
}
const float* Env::final_observations(int group) const {
  const std::vector<float>& host = impl_->final_data.at(static_cast<size_t>(group));
  return impl_->on_device ? impl_->on_device->final_data(static_cast<size_t>(group)) : host.data();
}
int32_t* Env::episode_length() {
  return impl_->on_device ? impl_->on_device->length() : impl_->length.data();
}
const std::vector<std::pair<int, float>>& Env::action_mirror() const {
  return impl_->c.action_mirror;
}
const std::vector<std::pair<int, float>>& Env::observation_mirror(int group) const {
  return impl_->c.observation_mirror.at(static_cast<size_t>(group));
}
float* Env::actions() {
  return impl_->on_device ? impl_->on_device->actions() : impl_->actions.data();
}
const uint32_t* Env::reasons() const {
  return impl_->on_device ? impl_->on_device->reason() : impl_->reason.data();
}
const float* Env::reward_terms() {
  Impl& s = *impl_;
  if (s.on_device) {
    s.on_device->want_reward_terms();
    return s.on_device->reward_terms();
  }
  if (s.terms.empty())
    s.terms.assign(static_cast<size_t>(s.worlds) * static_cast<size_t>(s.c.table.nreward), 0.f);
  s.table().reward_terms = s.terms.data();
  return s.terms.data();
}
const std::vector<std::string>& Env::reward_names() const { return impl_->c.reward_names; }
const std::vector<std::string>& Env::termination_names() const { return impl_->c.done_names; }
std::vector<std::pair<std::string, int>> Env::observation_terms(int group) const {
  return impl_->c.group_terms.at(static_cast<size_t>(group));
}
std::vector<double> Env::action_scale() const {
  std::vector<double> out;
  for (const ActionRow& a : impl_->c.actions) out.push_back(static_cast<double>(a.scale));
  return out;
}
std::vector<std::string> Env::action_names() const { return impl_->model->actuator_name; }
const float* Env::command() const {
  const TaskTable& t = impl_->c.table;
  const float* state = impl_->on_device ? impl_->on_device->state() : impl_->state.data();
  return t.command.present ? state + t.at.command : nullptr;
}
int Env::command_stride() const { return impl_->c.table.at.columns; }
const Task& Env::task() const { return *impl_->task; }
Batch& Env::batch() { return *impl_->batch; }
uint64_t Env::seed() const { return impl_->c.table.seed; }
int64_t Env::step_count() const { return impl_->steps; }

std::unique_ptr<Env> make_env(const std::string& name, const EnvOptions& options) {
  auto task = std::make_shared<const Task>(read_task(name, options.overrides));
  return std::make_unique<Env>(task, load_task_model(*task, options.robot_path), options);
}

}  // namespace motorium
