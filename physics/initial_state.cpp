#include "motorium/physics/initial_state.h"

#include <algorithm>
#include <cmath>

namespace motorium {

std::vector<HistoryBuffer> history_buffers(const Model& m) {
  std::vector<HistoryBuffer> out;
  for (int a = 0; a < m.nactuator; ++a)
    if (m.actuator_historyadr[a] >= 0)
      out.push_back(
          {m.actuator_historyadr[a], m.actuator_history[2 * a], m.actuator_ctrlnum[a], false});
  for (int i = 0; i < m.nsensor; ++i)
    if (m.sensor_historyadr[i] >= 0)
      out.push_back({m.sensor_historyadr[i], m.sensor_history[2 * i], m.sensor_dim[i],
                     m.sensor_interval[2 * i] > 0});
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
  for (int i = 0; i < m.nsensor; ++i) {
    if (m.sensor_historyadr[i] < 0) continue;
    double* p = &history[m.sensor_historyadr[i]];
    const double period = m.sensor_interval[2 * i], phase = m.sensor_interval[2 * i + 1];
    p[0] = period > 0 ? (phase == 0 ? -period : phase) / m.timestep : -m.timestep;

    // never two samples in one step
    const double apart = std::max(period, m.timestep), last = phase == 0 ? -apart : phase;
    const int n = m.sensor_history[2 * i];
    for (int k = 0; period > 0 && k < n; ++k)
      p[2 + k] = std::ceil((last - (n - 1 - k) * apart) / m.timestep);
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
    if (b.periodic) history[b.adr] = (history[b.adr] - time) / m.timestep;
  }
}

void history_to_seconds(const Model& m, double time, double* history) {
  for (const HistoryBuffer& b : history_buffers(m)) {
    double* times = history + b.adr + 2;
    for (int i = 0; i < b.samples; ++i) times[i] = time + times[i] * m.timestep;
    if (b.periodic) history[b.adr] = time + history[b.adr] * m.timestep;
  }
}

}  // namespace motorium
