// How well a policy does: statistics over one episode of many worlds.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "motorium/robots/tasks/env.h"

namespace motorium {
class Policy;
}

namespace motorium::cli {

struct Evaluation {
  int worlds = 0;
  double seconds = 0;          // simulated, longest world [s]
  int ended = 0;               // worlds that the task ended: falls
  int nonfinite = 0;           // worlds with bad numbers
  double episode_seconds = 0;  // mean until the end or the limit [s]
  double reward = 0;           // mean sum over an episode
  bool has_command = false;
  double error_xy = 0, error_yaw = 0;                // mean |velocity - command| [m/s], [rad/s]
  double speed = 0;                                  // mean planar speed [m/s]
  double steps_per_second = 0;                       // control steps of all worlds, policy included
  std::vector<std::pair<std::string, int>> reasons;  // worlds by termination row
};

// actions (worlds, action_size) for observations of the actor (worlds, size)
using Agent = std::function<void(const float* observations, float* actions)>;

// Runs every world until its first end, `seconds` at most (0: the task's episode).
Evaluation evaluate(Env& env, const Agent& agent, uint64_t seed, double seconds = 0);

Agent policy_agent(const Policy& policy, Env& env);
Agent zero_agent(Env& env);
Agent random_agent(Env& env, uint64_t seed);

// prints the table
void print(const Evaluation& e);

}  // namespace motorium::cli
