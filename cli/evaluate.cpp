#include "motorium/cli/evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "motorium/cli/measure.h"
#include "motorium/core/error.h"
#include "motorium/core/random.h"
#include "motorium/core/threads.h"
#include "motorium/policy/nn/policy.h"

namespace motorium::cli {
namespace {

constexpr int kPolicyRows = 64;  // rows that a worker takes at once

int actor_group(const Env& env) {
  const auto& groups = env.observations();
  for (size_t g = 0; g < groups.size(); ++g)
    if (groups[g].name == "actor") return static_cast<int>(g);
  return 0;
}

// velocity of a floating base in its own frame: R(q)' v
void base_velocity(const float* qpos, const float* qvel, double v[3]) {
  const double w = qpos[3], x = qpos[4], y = qpos[5], z = qpos[6];
  const double R[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
                       2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
                       2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
  for (int i = 0; i < 3; ++i) v[i] = R[i] * qvel[0] + R[3 + i] * qvel[1] + R[6 + i] * qvel[2];
}

}  // namespace

Agent policy_agent(const Policy& policy, Env& env) {
  const auto& group = env.observations()[static_cast<size_t>(actor_group(env))];
  require(policy.observation_size() == group.size && policy.action_size() == env.action_size(),
          "the policy takes " + std::to_string(policy.observation_size()) +
              " observations and gives " + std::to_string(policy.action_size()) +
              " actions; the task has " + std::to_string(group.size) + " and " +
              std::to_string(env.action_size()) + ": was it trained for this task?");
  Threads& threads = env.batch().threads();
  auto scratch = std::make_shared<std::vector<MlpScratch>>();
  for (int i = 0; i < threads.count(); ++i) scratch->emplace_back(policy.actor(), kPolicyRows);
  return [&policy, &env, &threads, scratch](const float* observations, float* actions) {
    const int n = env.worlds(), blocks = (n + kPolicyRows - 1) / kPolicyRows;
    const size_t in = static_cast<size_t>(policy.observation_size()),
                 out = static_cast<size_t>(policy.action_size());
    threads.run(blocks, [&](int block, int worker) {
      const int first = block * kPolicyRows;
      policy.act(observations + static_cast<size_t>(first) * in, std::min(kPolicyRows, n - first),
                 actions + static_cast<size_t>(first) * out,
                 (*scratch)[static_cast<size_t>(worker)]);
    });
  };
}

Agent zero_agent(Env& env) {
  return [&env](const float*, float* actions) {
    std::fill_n(actions, static_cast<size_t>(env.worlds()) * static_cast<size_t>(env.action_size()),
                0.f);
  };
}

Agent random_agent(Env& env, uint64_t seed) {
  return [&env, seed, step = 0](const float*, float* actions) mutable {
    for (int w = 0; w < env.worlds(); ++w)
      for (int a = 0; a < env.action_size(); ++a) {
        const Words<float> words = random_words<float>(seed, w, step, Purpose::test, a);
        actions[static_cast<size_t>(w) * static_cast<size_t>(env.action_size()) +
                static_cast<size_t>(a)] = 2 * uniform01<float>(words.v[0]) - 1;
      }
    ++step;
  };
}

Evaluation evaluate(Env& env, const Agent& agent, uint64_t seed, double seconds) {
  Evaluation e;
  const int n = env.worlds(), limit = env.max_episode_length();
  const double dt = env.step_seconds();
  int steps = seconds > 0 ? std::max(1, static_cast<int>(std::lround(seconds / dt))) : limit;
  if (steps <= 0) steps = static_cast<int>(std::lround(20.0 / dt));
  const Model& m = env.batch().model();
  const bool floating = m.njnt > 0 && m.jnt_type[0] == static_cast<int>(JointType::free);
  e.worlds = n;
  e.has_command = floating && env.command() != nullptr && env.command_stride() >= 3;
  for (const std::string& name : env.termination_names()) e.reasons.emplace_back(name, 0);

  env.reset(seed);
  const auto& group = env.observations()[static_cast<size_t>(actor_group(env))];
  const float* qpos = static_cast<const float*>(env.batch().state("qpos").data);
  const float* qvel = static_cast<const float*>(env.batch().state("qvel").data);
  std::vector<float> actions(static_cast<size_t>(n) * static_cast<size_t>(env.action_size()));
  std::vector<uint8_t> over(static_cast<size_t>(n), 0);
  int running = n;
  double lived = 0, moving = 0;
  const double start = now();
  for (int t = 0; t < steps && running > 0; ++t) {
    agent(group.data, actions.data());

    // the command that this step follows
    std::vector<float> wanted;
    if (e.has_command)
      for (int w = 0; w < n; ++w) {
        const float* c =
            env.command() + static_cast<size_t>(w) * static_cast<size_t>(env.command_stride());
        wanted.insert(wanted.end(), c, c + 3);
      }
    env.step(actions.data());
    for (int w = 0; w < n; ++w) {
      const size_t at = static_cast<size_t>(w);
      if (over[at]) continue;
      e.reward += static_cast<double>(env.rewards()[w]);
      lived += 1;
      const bool bad = env.nonfinite()[w] != 0;
      if (env.terminated()[w] || env.truncated()[w] || bad) {
        over[at] = 1;
        --running;
        e.ended += env.terminated()[w] != 0;
        e.nonfinite += bad;
        for (size_t r = 0; r < e.reasons.size(); ++r)
          e.reasons[r].second += (env.reasons()[w] >> r) & 1;
        continue;  // the state is already that of the next episode
      }
      if (!floating) continue;
      double v[3];
      base_velocity(qpos + at * static_cast<size_t>(m.nq), qvel + at * static_cast<size_t>(m.nv),
                    v);
      e.speed += std::hypot(v[0], v[1]);
      moving += 1;
      if (!e.has_command) continue;
      const float* c = wanted.data() + 3 * at;
      e.error_xy += std::hypot(v[0] - static_cast<double>(c[0]), v[1] - static_cast<double>(c[1]));
      e.error_yaw += std::abs(static_cast<double>(qvel[at * static_cast<size_t>(m.nv) + 5]) -
                              static_cast<double>(c[2]));
    }
    e.seconds = (t + 1) * dt;
  }
  const double spent = now() - start;
  e.steps_per_second = e.seconds / dt * n / std::max(spent, 1e-9);
  e.episode_seconds = lived * dt / n;
  e.reward /= n;
  moving = std::max(moving, 1.0);
  e.speed /= moving;
  e.error_xy /= moving;
  e.error_yaw /= moving;
  return e;
}

void print(const Evaluation& e) {
  std::printf("worlds              %d\n", e.worlds);
  std::printf("simulated           %.1f s, each until its first end\n", e.seconds);
  std::printf("ended by the task   %d (%.1f %%)\n", e.ended, 100.0 * e.ended / e.worlds);
  for (const auto& [name, count] : e.reasons)
    if (count) std::printf("  %-17s %d\n", name.c_str(), count);
  if (e.nonfinite) std::printf("bad numbers         %d\n", e.nonfinite);
  std::printf("episode             %.2f s\n", e.episode_seconds);
  std::printf("reward              %.3f\n", e.reward);
  if (e.speed > 0) std::printf("planar speed        %.3f m/s\n", e.speed);
  if (e.has_command)
    std::printf("error of velocity   %.3f m/s planar, %.3f rad/s turning\n", e.error_xy,
                e.error_yaw);
  std::printf("speed               %.0f control steps/s\n", e.steps_per_second);
}

}  // namespace motorium::cli
