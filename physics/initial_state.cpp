#include "motorium/physics/initial_state.h"

#include <algorithm>
#include <cmath>

namespace motorium {

std::vector<HistoryBuffer> history_buffers(const Model& m) {
  std::vector<HistoryBuffer> out;
  for (int a = 0; a < m.nactuator; ++a)
    if (m.actuator_historyadr[a] >= 0)
      out.push_back({m.actuator_historyadr[a], m.actuator_history[2 * a], m.actuator_ctrlnum[a]});
  return out;
}

std::vector<double> initial_control(const Model& m) {
  std::vector<double> ctrl(m.nu, 0.0);
  for (int a = 0; a < m.nactuator; ++a)
    if (m.actuator_gaintype[a] == static_cast<int>(GainType::so3) &&
        m.actuator_ctrlspec[a] == static_cast<int>(Chart::quat))
      ctrl[m.actuator_ctrladr[a]] = 1;
  return ctrl;
}

std::vector<double> initial_history(const Model& m) {
  std::vector<double> history(m.nhistory, 0.0);
  for (const HistoryBuffer& b : history_buffers(m)) {
    double* p = &history[b.adr];
    p[1] = b.samples - 1;
    for (int i = 0; i < b.samples; ++i) p[2 + i] = i - b.samples;
  }
  const std::vector<double> ctrl = initial_control(m);
  for (int a = 0; a < m.nactuator; ++a) {
    const int adr = m.actuator_historyadr[a], n = m.actuator_history[2 * a],
              dim = m.actuator_ctrlnum[a];
    for (int i = 0; adr >= 0 && i < n; ++i)
      std::copy_n(ctrl.begin() + m.actuator_ctrladr[a], dim,
                  history.begin() + adr + 2 + n + dim * i);
  }
  return history;
}

void history_from_seconds(const Model& m, double time, double* history) {
  for (const HistoryBuffer& b : history_buffers(m)) {
    double* times = history + b.adr + 2;
    double* values = times + b.samples;
    const double cursor = history[b.adr + 1];
    const int newest = cursor >= 0 && cursor < b.samples ? static_cast<int>(cursor) : b.samples - 1;
    std::rotate(times, times + (newest + 1) % b.samples, times + b.samples);
    std::rotate(values, values + (newest + 1) % b.samples * b.dim, values + b.samples * b.dim);
    history[b.adr + 1] = b.samples - 1;
    for (int i = 0; i < b.samples; ++i) times[i] = (times[i] - time) / m.timestep;
  }
}

void history_to_seconds(const Model& m, double time, double* history) {
  for (const HistoryBuffer& b : history_buffers(m)) {
    double* times = history + b.adr + 2;
    for (int i = 0; i < b.samples; ++i) times[i] = time + times[i] * m.timestep;
  }
}

}  // namespace motorium
