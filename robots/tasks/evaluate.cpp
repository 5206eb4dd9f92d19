#include "motorium/robots/tasks/evaluate.h"

#include <cmath>
#include <cstdio>

#include "motorium/core/random.h"
#include "motorium/robots/tasks/env.h"

namespace motorium {

WalkScore evaluate_walk(const WalkPolicy& policy, const WalkOptions& o) {
  // the task with forward commands alone; nothing ends an episode, so that falls are seen
  EnvOptions e;
  e.worlds = o.worlds;
  e.seed = o.seed;
  e.threads = o.threads;
  e.robot_path = o.robot_path;
  e.overrides = o.overrides;
  char range[64], period[64];
  std::snprintf(range, sizeof range, "[%.9g, %.9g]", o.slowest, o.fastest);
  std::snprintf(period, sizeof period, "[%.9g, %.9g]", o.period, o.period);
  for (const auto& [path, value] : std::vector<std::pair<std::string, std::string>>{
           {"commands.twist.ranges.lin_vel_x", range},
           {"commands.twist.ranges.lin_vel_y", "[0, 0]"},
           {"commands.twist.ranges.ang_vel_z", "[0, 0]"},
           {"commands.twist.resample", period},
           {"commands.twist.p_standing", "0"},
           {"commands.twist.p_heading", "0"},
           {"commands.twist.p_forward", "0"},
           {"curriculum", "[]"},
           {"terminations", "[]"},
           {"episode_seconds", "0"},
           {"events.push", "null"}})
    e.overrides.emplace_back(path, value);
  const auto env = make_env(o.task, e);
  Batch& batch = env->batch();
  const Model& m = batch.model();
  const float* qpos = static_cast<const float*>(batch.state("qpos").data);
  float* qvel = static_cast<float*>(batch.state("qvel").data);
  const float* effort = static_cast<const float*>(batch.bind("qfrc_actuator").data);

  const size_t n = static_cast<size_t>(o.worlds), nq = static_cast<size_t>(m.nq),
               nv = static_cast<size_t>(m.nv);
  const double half_height = 0.5 * static_cast<double>(qpos[2]);  // worlds start standing
  std::vector<char> fell(n, 0);
  double error = 0, work = 0, path = 0;
  int64_t counted = 0;
  const double dt = env->step_seconds();
  const auto steps = static_cast<int>(std::lround(o.seconds / dt));
  const auto per = static_cast<int>(std::lround(o.period / dt)),
             settle = static_cast<int>(std::lround(o.settle / dt));

  for (int k = 0; k < steps; ++k) {
    // pushes in the middle of a command
    if (k % per == per / 2 && o.push > 0)
      for (size_t w = 0; w < n; ++w) {
        const Words<float> d =
            random_words<float>(o.seed, static_cast<int>(w), k, Purpose::push, 7);
        const double heading = 6.283185307179586 * static_cast<double>(uniform01<float>(d.v[0]));
        qvel[w * nv] += static_cast<float>(o.push * std::cos(heading));
        qvel[w * nv + 1] += static_cast<float>(o.push * std::sin(heading));
      }
    const float* command = env->command();
    std::vector<double> told(n);
    for (size_t w = 0; w < n; ++w)
      told[w] = static_cast<double>(command[w * static_cast<size_t>(env->command_stride())]);
    policy(env->observations()[0].data, o.worlds, env->actions());
    env->step_fused();

    for (size_t w = 0; w < n; ++w) {
      if (env->nonfinite()[w]) fell[w] = 1;
      const float *q = qpos + w * nq, *v = qvel + w * nv;
      // up = third row of the rotation matrix, forward = first column
      const double qw = double(q[3]), qx = double(q[4]), qy = double(q[5]), qz = double(q[6]);
      const double up = 1 - 2 * (qx * qx + qy * qy);
      if (double(q[2]) < half_height || up < 0.5) fell[w] = 1;
      const double forward = (1 - 2 * (qy * qy + qz * qz)) * double(v[0]) +
                             2 * (qx * qy + qw * qz) * double(v[1]) +
                             2 * (qx * qz - qw * qy) * double(v[2]);
      if (k % per >= settle) {
        error += std::fabs(told[w] - forward);
        ++counted;
      }
      path += std::hypot(double(v[0]), double(v[1])) * dt;
      for (size_t d = 6; d < nv; ++d)
        work += std::fmax(double(effort[w * nv + d]) * double(v[d]), 0.0) * dt;
    }
  }
  WalkScore s;
  for (char f : fell) s.falls += f;
  s.standing = 1 - static_cast<double>(s.falls) / static_cast<double>(n);
  s.error = counted > 0 ? error / static_cast<double>(counted) : 0;
  s.energy = path > 0 ? work / path : 0;
  s.distance = path / static_cast<double>(n);
  return s;
}

}  // namespace motorium
