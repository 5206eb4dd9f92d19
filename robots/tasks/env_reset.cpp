// Where worlds of an Env start: what they are made of, their first episode and observations.
#include <cmath>

#include "motorium/core/random.h"
#include "motorium/robots/tasks/env_impl.h"

namespace motorium {

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

}  // namespace motorium
