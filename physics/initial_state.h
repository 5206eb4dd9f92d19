// Controls and histories of a world that starts, and the seconds of histories: the kernels count in
// steps from now (history.h), people and MuJoCo in seconds of simulated time.
#pragma once
#include <vector>

#include "motorium/physics/model.h"

namespace motorium {

// one buffer of the array `history`
struct HistoryBuffer {
  int adr, samples, dim;
  bool periodic;  // its first number is the time of the last sample
};
std::vector<HistoryBuffer> history_buffers(const Model& m);

// (nu) zeros, and the identity for quaternion controls
std::vector<double> initial_control(const Model& m);
// (nhistory) the same controls at the last `samples` steps before the start; zeros of sensors,
// where they have a period at the steps that would have been its turn
std::vector<double> initial_history(const Model& m);

// MuJoCo's mjData.history at `time` [s] to ours and back, in place; (nhistory) numbers. MuJoCo's
// ring may start anywhere, ours starts with the oldest sample.
void history_from_seconds(const Model& m, double time, double* history);
void history_to_seconds(const Model& m, double time, double* history);

}  // namespace motorium
