// What tests of tasks share.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "motorium/core/random.h"
#include "motorium/physics/batch.h"
#include "motorium/robots/tasks/env.h"
#include "motorium/robots/tasks/task.h"

namespace motorium {

using Overrides = std::vector<std::pair<std::string, std::string>>;

inline std::unique_ptr<Env> quad_env(int worlds, int threads = 1, const Overrides& overrides = {},
                                     bool phased = false, uint64_t seed = 3) {
  EnvOptions o;
  o.worlds = worlds;
  o.seed = seed;
  o.threads = threads;
  o.overrides = overrides;
  o.phased = phased;
  return make_env("quad-velocity-flat", o);
}

// actions that depend on (world, step, joint) alone
inline void noise_actions(Env& env, int step, float size, float* out) {
  const int n = env.action_size();
  for (int w = 0; w < env.worlds(); ++w)
    for (int i = 0; i < n; ++i) {
      const Words<float> d = random_words<float>(5, w, step, Purpose::test, i);
      out[w * n + i] = size * normal<float>(d.v[0], d.v[1]);
    }
}

// the bits of everything a step returns
inline uint64_t fingerprint(const Env& env) {
  uint64_t h = 1469598103934665603ull;
  const auto add = [&](const void* p, size_t n) {
    const auto* b = static_cast<const uint8_t*>(p);
    for (size_t i = 0; i < n; ++i) h = (h ^ b[i]) * 1099511628211ull;
  };
  const size_t n = static_cast<size_t>(env.worlds());
  for (const ObservationGroup& g : env.observations())
    add(g.data, n * static_cast<size_t>(g.size) * sizeof(float));
  add(env.rewards(), n * sizeof(float));
  add(env.terminated(), n);
  add(env.truncated(), n);
  add(env.nonfinite(), n);
  return h;
}

// hash of a run of random actions, with falls, resets and pushes in it
inline uint64_t run_hash(Env& env, int steps, int from = 0, float size = 1.5f) {
  uint64_t h = 0;
  std::vector<float> actions(static_cast<size_t>(env.worlds() * env.action_size()));
  for (int k = from; k < from + steps; ++k) {
    noise_actions(env, k, size, actions.data());
    env.step(actions.data());
    h = h * 1099511628211ull ^ fingerprint(env);
  }
  return h;
}

}  // namespace motorium
