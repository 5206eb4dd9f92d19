// Histories: the last samples of a control or a sensor, for delays.
//
// A buffer of n samples of dim numbers has MuJoCo's layout:
//   [tick, n - 1, times (n), values (n, dim)],  oldest sample first
// with the tick of a sensor that has a period: the time of its last sample, before it was rounded
// to a step. Times are in steps from now, so that they stay exact in single precision however long
// a world runs: a sample of the last step has time -1, and every step subtracts 1. A delay that is
// a multiple of the timestep therefore reads exactly that sample. Callers see seconds (get_state).
#pragma once
#include "motorium/physics/scratch.h"

namespace motorium {

// nearer than this many steps is the same time
inline constexpr float kSameTime = 1e-3f;

// numbers of a buffer
FN int history_size(int samples, int dim) { return 2 + samples * (1 + dim); }

// number k of the sample at time t [steps, negative: past]; beyond both ends the nearest sample
template <class Real>
FN Real read_history(const Real* buffer, int n, int dim, Interpolation how, const Real& t, int k) {
  const Real* time = buffer + 2;
  const auto value = [&](int j) { return buffer[2 + n + j * dim + k]; };
  Real out = value(0);

  // the last sample that is not later
  if (how == Interpolation::zoh) {
    for (int j = 1; j < n; ++j) out = select(time[j] <= t + Real(kSameTime), value(j), out);
    return out;
  }

  // between two samples: a line, or Hermite's cubic with slopes from the neighbours (0 at the ends)
  const Real zero = Real(0.f), one = Real(1.f);
  const auto slope = [&](int j) {
    if (j == 0 || j == n - 1) return zero;
    return (value(j + 1) - value(j - 1)) / (time[j + 1] - time[j - 1]);
  };
  for (int j = 0; j + 1 < n; ++j) {
    const Real span = time[j + 1] - time[j], u = (t - time[j]) / span;
    Real between = fma(u, value(j + 1) - value(j), value(j));
    if (how == Interpolation::cubic) {
      const Real v = one - u, a = v * v * fma(Real(2.f), u, one) * value(j),
                 b = u * u * fma(Real(2.f), v, one) * value(j + 1);
      between = a + b + u * v * span * (v * slope(j) - u * slope(j + 1));
    }
    out = select((u >= zero) & (u < one), between, out);
  }
  return select(time[n - 1] <= t, value(n - 1), out);
}

// puts the sample fresh(k), k = 0 .. dim-1, of the present into the buffer in its place by time;
// the oldest leaves, a sample of the same time is replaced
template <class Real, class Fresh>
FN void insert_history(Real* buffer, int n, int dim, Mask<Real> where, Fresh fresh) {
  Real* time = buffer + 2;
  Real* value = buffer + 2 + n;
  const Mask<Real> never = !everywhere<Real>();
  Mask<Real> replaces = never;
  for (int j = 0; j < n; ++j)
    replaces = replaces | ((time[j] <= Real(kSameTime)) & (time[j] >= Real(-kSameTime)));
  for (int j = 0; j < n; ++j) {
    const Real old = time[j];
    const Mask<Real> same = (old <= Real(kSameTime)) & (old >= Real(-kSameTime));
    const Mask<Real> past = old < Real(-kSameTime);
    Mask<Real> next_past = never;
    if (j + 1 < n) next_past = time[j + 1] < Real(-kSameTime);
    // samples before the present move down; it takes the place of the last of them
    const Mask<Real> moves = where & !replaces & next_past;
    Mask<Real> here = past & !next_past;
    if (j == 0) here = here | !past;
    here = where & ((replaces & same) | (!replaces & here));
    const int up = j + 1 < n ? j + 1 : j;
    time[j] = select(here, Real(0.f), select(moves, time[up], old));
    for (int k = 0; k < dim; ++k)
      value[j * dim + k] =
          select(here, fresh(k), select(moves, value[up * dim + k], value[j * dim + k]));
  }
}

// one step later
template <class Real> FN void age_history(Real* buffer, int n, Mask<Real> where) {
  for (int j = 0; j < n; ++j)
    buffer[2 + j] = select(where, buffer[2 + j] - Real(1.f), buffer[2 + j]);
}

// is it the sensor's turn? a time within rounding of the present counts
template <class Real>
FN Mask<Real> sample_is_due(const ModelView<Real>& m, const State<Real>& s, int sensor) {
  const Real period = m.sensor_interval[2 * sensor] / Real(m.timestep);
  return s.history[m.sensor_historyadr[sensor]] + period <= Real(kSameTime);
}

// what a sensor with a history shows: the reading of the past, the last sample, or the present
template <class Real>
FN void recall_sensor(const ModelView<Real>& m, const State<Real>& s, Scratch<Real>& x, int i) {
  const Real* raw = x.raw_sensordata + m.sensor_adr[i];
  Real* out = x.sensordata + m.sensor_adr[i];
  const int n = m.sensor_history[2 * i], dim = m.sensor_dim[i];
  const bool delayed = m.sensor_delay.p[i] > 0, periodic = m.sensor_interval.p[2 * i] > 0;
  if (n == 0 || (!delayed && !periodic)) {
    for (int k = 0; k < dim; ++k) out[k] = raw[k];
    return;
  }
  const Real* buffer = s.history + m.sensor_historyadr[i];
  const auto how = static_cast<Interpolation>(m.sensor_history[2 * i + 1]);
  const Real t = -(m.sensor_delay[i] / Real(m.timestep));
  const Mask<Real> fresh = delayed ? !everywhere<Real>() : sample_is_due(m, s, i);
  for (int k = 0; k < dim; ++k)
    out[k] = select(fresh, raw[k], read_history(buffer, n, dim, how, t, k));
}

// a new sample of a sensor, where it is its turn; of delayed ones the present reading
template <class Real>
FN void sample_sensor(const ModelView<Real>& m, State<Real>& s, const Scratch<Real>& x, int i,
                      const Mask<Real>& where) {
  const int n = m.sensor_history[2 * i];
  if (n == 0) return;
  Real* buffer = s.history + m.sensor_historyadr[i];
  const bool periodic = m.sensor_interval.p[2 * i] > 0;
  Mask<Real> due = where;
  if (periodic) {
    due = where & sample_is_due(m, s, i);
    const Real period = m.sensor_interval[2 * i] / Real(m.timestep);
    const Real tick = select(due, buffer[0] + period, buffer[0]);
    buffer[0] = select(where, tick - Real(1.f), tick);
  }
  const Real* reading =
      (m.sensor_delay.p[i] > 0 ? x.raw_sensordata : x.sensordata) + m.sensor_adr[i];
  insert_history(buffer, n, m.sensor_dim[i], due, [&](int k) { return reading[k]; });
  age_history(buffer, n, where);
}

// appends the controls and readings of this step and lets time pass, in the worlds that advance
template <class Team, class Real>
STAGE void advance_histories(Team team, const ModelView<Real>& m, State<Real>& s,
                             const Scratch<Real>& x, Mask<Real> where) {
  if (m.sensor_memory) team.each(m.nsensor, [&](int i) { sample_sensor(m, s, x, i, where); });
  team.each(m.nactuator, [&](int a) {
    const int n = m.actuator_history[2 * a];
    if (n == 0) return;
    Real* buffer = s.history + m.actuator_historyadr[a];
    const Real* ctrl = s.ctrl + m.actuator_ctrladr[a];
    insert_history(buffer, n, m.actuator_ctrlnum[a], where, [&](int k) { return ctrl[k]; });
    age_history(buffer, n, where);
  });
}

}  // namespace motorium
