// Environment steps per second: physics, task terms and resets, with random actions.
//
//   env_bench [task=quad-velocity-flat] [worlds=1024] [threads=1] [seconds=5] [phased]
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "motorium/core/error.h"
#include "motorium/core/random.h"
#include "motorium/robots/tasks/env.h"

int main(int argc, char** argv) try {
  using namespace motorium;
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point t) {
    return std::chrono::duration<double>(Clock::now() - t).count();
  };
  const auto cpu_seconds = [] {
    rusage r{};
    getrusage(RUSAGE_SELF, &r);
    return static_cast<double>(r.ru_utime.tv_sec) + 1e-6 * static_cast<double>(r.ru_utime.tv_usec);
  };
  const std::string task = argc > 1 ? argv[1] : "quad-velocity-flat";
  EnvOptions options;
  options.worlds = argc > 2 ? std::atoi(argv[2]) : 1024;
  options.threads = argc > 3 ? std::atoi(argv[3]) : 1;
  const double budget = argc > 4 ? std::atof(argv[4]) : 5;
  options.phased = argc > 5 && std::strcmp(argv[5], "phased") == 0;

  const auto start = Clock::now();
  auto env = make_env(task, options);
  const double made = seconds_since(start);

  // noise of half an action unit, drawn before the clock starts
  const size_t size = static_cast<size_t>(env->worlds()) * static_cast<size_t>(env->action_size());
  std::vector<std::vector<float>> actions(16, std::vector<float>(size));
  for (size_t k = 0; k < actions.size(); ++k)
    for (size_t i = 0; i < size; ++i) {
      const Words<float> d =
          random_words<float>(1, static_cast<int>(i), static_cast<int>(k), Purpose::test, 0);
      actions[k][i] = 0.5f * normal<float>(d.v[0], d.v[1]);
    }
  for (int k = 0; k < 50; ++k) env->step(actions[static_cast<size_t>(k) % 16].data());

  int64_t steps = 0;
  const auto from = Clock::now();
  const double cpu = cpu_seconds();
  while (seconds_since(from) < budget)
    for (int k = 0; k < 16; ++k, steps += env->worlds())
      env->step(actions[static_cast<size_t>(k)].data());
  const double t = seconds_since(from), used = cpu_seconds() - cpu;
  double bad = 0;
  for (const auto& [tag, value] : env->take_log())
    if (tag == "Health/nonfinite_worlds") bad = value;
  std::printf(
      "%s worlds %d threads %d width %d%s: %.0f env steps/s (%.2f us per world step; %.0f per "
      "cpu second), made in %.2f s, nonfinite %.0f\n",
      task.c_str(), options.worlds, options.threads, env->batch().pack_width(),
      options.phased ? " phased" : "", static_cast<double>(steps) / t,
      1e6 * t / static_cast<double>(steps), static_cast<double>(steps) / used, made, bad);
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "env_bench: %s\n", e.what());
  return 1;
}
