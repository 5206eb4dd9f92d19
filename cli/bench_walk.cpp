// motorium bench demo, motorium bench forward-walk: how long learning to walk takes, and how well
// it ends. Time is that of training alone; judging a policy does not count.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "motorium/cli/evaluate.h"
#include "motorium/cli/measure.h"
#include "motorium/cli/train.h"
#include "motorium/cli/verbs.h"
#include "motorium/cli/version.h"
#include "motorium/core/threads.h"
#include "motorium/policy/learn/config.h"
#include "motorium/policy/nn/policy.h"
#include "motorium/robots/tasks/evaluate.h"

namespace motorium::cli {
namespace {

WalkScore judge(const Policy& policy, const WalkOptions& options) {
  auto scratch = std::make_shared<MlpScratch>(policy.actor(), options.worlds);
  return evaluate_walk(
      [&policy, scratch](const float* observations, int worlds, float* actions) {
        policy.act(observations, worlds, actions, *scratch);
      },
      options);
}

// [s] of processor time of this process per worker: what an idle machine would have needed at least
double processor_seconds(int threads) {
  rusage r{};
  getrusage(RUSAGE_SELF, &r);
  return (static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
          1e-6 * static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec)) /
         threads;
}

// one learner, stopped by the clock or by its own score
struct Lesson {
  std::unique_ptr<Env> env;
  PpoConfig config;
  std::unique_ptr<Trainer> trainer;
  bool processor_time = false;
  double seconds = 0;
  int64_t samples = 0;

  Lesson(const std::string& task, uint64_t seed, const BenchOptions& o,
         const std::vector<std::pair<std::string, std::string>>& overrides)
      : processor_time(o.processor_time) {
    EnvOptions options;
    options.worlds = 512;
    for (const auto& [name, value] : task_agent(task)) {
      if (name == "worlds")
        options.worlds = std::stoi(value);
      else
        config.set(name, value);
    }
    for (const auto& [name, value] : overrides) {
      if (name == "agent.worlds")
        options.worlds = std::stoi(value);
      else if (name.rfind("agent.", 0) == 0)
        config.set(name, value);
      else
        options.overrides.emplace_back(name, value);
    }
    config.validate();
    options.seed = seed;
    options.threads = o.threads;
    env = make_env(task, options);
    RunOptions run;
    run.seed = seed;
    run.threads = &env->batch().threads();
    run.kernels = &policy_kernels_for(o.precision);
    trainer = std::make_unique<Trainer>(*env, config, run);
  }

  double clock() const {
    return processor_time ? processor_seconds(env->batch().threads().count()) : now();
  }
  void train_until(double until) {
    while (seconds < until) {
      const double start = clock();
      trainer->iterate();
      seconds += clock() - start;
      samples += static_cast<int64_t>(env->worlds()) * config.num_steps_per_env;
    }
  }
};

}  // namespace

int bench_demo(const BenchOptions& o) {
  const double budget = 60 * o.minutes;
  std::printf("%s, %d cores: quad-velocity-flat, %.0f s of training\n", version_text().c_str(),
              physical_cores(), budget);
  std::printf("%-5s %10s %12s %8s %10s %8s %12s\n", "seed", "seconds", "samples", "k/s",
              "error m/s", "standing", "energy J/m");
  std::vector<double> error, standing, rate;
  for (int seed = 1; seed <= o.seeds; ++seed) {
    Lesson lesson("quad-velocity-flat", static_cast<uint64_t>(seed), o, {});
    lesson.train_until(budget);
    const WalkScore s = judge(lesson.trainer->policy(), {});
    error.push_back(s.error);
    standing.push_back(s.standing);
    rate.push_back(static_cast<double>(lesson.samples) / lesson.seconds);
    std::printf("%-5d %10.1f %12lld %8.1f %10.3f %7.1f%% %12.0f\n", seed, lesson.seconds,
                static_cast<long long>(lesson.samples), 1e-3 * rate.back(), s.error,
                100 * s.standing, s.energy);
    std::fflush(stdout);
  }
  std::printf(
      "median of %d: error %.3f m/s (at most 0.25, goal 0.15), standing %.1f%% (at least "
      "95, goal 98), %.1f k samples/s\n",
      o.seeds, median(error), 100 * median(standing), 1e-3 * median(rate));
  return median(error) <= 0.25 && median(standing) >= 0.95 ? 0 : kExitFailed;
}

int bench_forward_walk(const BenchOptions& o) {
  // commands of 0.5 to 1 m/s straight ahead, small networks: a first pass, not a finished gait
  const std::vector<std::pair<std::string, std::string>> overrides = {
      {"commands.twist.ranges.lin_vel_x", "[0.5, 1]"},
      {"commands.twist.ranges.lin_vel_y", "[0, 0]"},
      {"commands.twist.ranges.ang_vel_z", "[0, 0]"},
      {"commands.twist.p_standing", "0"},
      {"commands.twist.p_heading", "0"},
      {"commands.twist.p_forward", "0"},
      {"curriculum", "[]"},
      {"agent.actor_hidden_dims", "[128, 128, 128]"},
      {"agent.critic_hidden_dims", "[128, 128, 128]"},
      {"agent.worlds", "512"}};
  WalkOptions walk;
  walk.task = "go1-velocity-flat";
  walk.worlds = 128;
  walk.slowest = 0.5;
  walk.push = 0;
  std::printf(
      "%s, %d cores: go1-velocity-flat forward at 0.5 .. 1 m/s until the error is at most "
      "0.15 m/s and none of 128 worlds falls\n",
      version_text().c_str(), physical_cores());
  std::vector<double> passed;
  for (int seed = 1; seed <= o.seeds; ++seed) {
    Lesson lesson(walk.task, static_cast<uint64_t>(seed), o, overrides);
    WalkScore s;
    bool pass = false;
    for (double until = 10; until <= 60 * o.minutes && !pass; until += 5) {
      lesson.train_until(until);
      s = judge(lesson.trainer->policy(), walk);
      pass = s.error <= 0.15 && s.falls == 0;
    }
    std::printf(
        "seed %d: %s after %.1f s, %.2f M samples, %.1f k samples/s; error %.3f m/s, %d falls\n",
        seed, pass ? "passed" : "NOT passed", lesson.seconds,
        1e-6 * static_cast<double>(lesson.samples),
        1e-3 * static_cast<double>(lesson.samples) / lesson.seconds, s.error, s.falls);
    std::fflush(stdout);
    if (pass) passed.push_back(lesson.seconds);
  }
  if (passed.size() < static_cast<size_t>(o.seeds)) return kExitFailed;
  std::printf("median %.1f s (MuJoCo's batch with rsl_rl: 153 s on two Zen 3 cores)\n",
              median(passed));
  return 0;
}

}  // namespace motorium::cli
