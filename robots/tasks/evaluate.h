// How well a policy walks, in numbers that any learner can be judged by.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace motorium {

// actions (worlds, actions) for the first group of observations (worlds, size)
using WalkPolicy = std::function<void(const float* observations, int worlds, float* actions)>;

struct WalkOptions {
  std::string task = "quad-velocity-flat";
  int worlds = 256;
  double seconds = 20;
  uint64_t seed = 987654321;  // worlds that no training has seen
  double slowest = -1,
         fastest = 1;  // commands c_x ~ U[slowest, fastest], drawn every `period` [m/s]
  double period = 5;   // [s]
  double settle = 1;   // not counted after a new command [s]
  double push = 0.5;   // change of the base velocity, random heading, half a period after
                       // each command [m/s]
  int threads = 0;
  std::string robot_path;
  std::vector<std::pair<std::string, std::string>> overrides;  // of the task, before our own
};

struct WalkScore {
  double error = 0;     // mean |c_x - v_x|                                        [m/s]
  double standing = 0;  // part of the worlds whose base never sank below half its height nor
                        // tilted beyond 60 degrees
  int falls = 0;        // worlds that did
  double energy = 0;    // positive joint work per distance travelled              [J/m]
  double distance = 0;  // mean path of the base                                   [m]
};

WalkScore evaluate_walk(const WalkPolicy& policy, const WalkOptions& options = {});

}  // namespace motorium
