// What an iteration of learning spends its threads on: physics, matrix products, everything else.
#pragma once
#include <map>
#include <string>

#include "motorium/core/trace.h"

namespace motorium {

// Shares of the time that all threads had, from the iteration's start to its end; they sum to 1.
struct IterationShares {
  double physics = 0;   // steps of the physics and the frames after resets, packs loaded and stored
  double products = 0;  // matrix products of both networks, forward and backward
  double rest = 0;      // everything else, waiting too
  std::map<std::string, double> of_rest;  // the rest by stage
  static constexpr const char* kUnnoted = "waiting or unnamed";
};

// `trace` holds one iteration that took `elapsed` [ns]. Stages of the physics are what lies inside
// "step" and "refresh"; what no stage noted is waiting or code without a name of its own.
IterationShares iteration_shares(const Trace& trace, int64_t elapsed);

}  // namespace motorium
