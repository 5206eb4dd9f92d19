// Exploration: action = mean + std n, n ~ N(0, 1) keyed by (seed, world, step, action).
#pragma once
#include "motorium/policy/nn/net_view.h"
#include "motorium/policy/nn/noise.h"

namespace motorium {

struct SampleArgs {
  int rows, actions;
  int first_world;  // of row 0
  uint64_t seed;
  uint32_t step;
  const float* mean;  // (rows, actions), stride mean_stride
  int mean_stride;
  const float* std;    // (actions)
  float log_norm;      // sum (ln sigma + ln(2 pi) / 2)
  float* action;       // (rows, actions) dense
  float* stored_mean;  // (rows, actions) dense copy of the mean
  float* log_prob;     // (rows)
};

FN void sample_row(const SampleArgs& s, int r) {
  const float* mean = s.mean + long(r) * s.mean_stride;
  float* action = s.action + long(r) * s.actions;
  float* stored = s.stored_mean + long(r) * s.actions;
  float squares = 0.f;
  for (int i = 0; i < s.actions; i += 4) {
    const DrawWords w = draw(s.seed, Draw::exploration, static_cast<uint32_t>(s.first_world + r),
                             s.step, static_cast<uint32_t>(i));
    float n[4];
    normals(w.v[0], w.v[1], n[0], n[1]);
    normals(w.v[2], w.v[3], n[2], n[3]);
    for (int k = 0; k < 4 && i + k < s.actions; ++k) {
      stored[i + k] = mean[i + k];
      action[i + k] = fma(s.std[i + k], n[k], mean[i + k]);
      squares = fma(n[k], n[k], squares);
    }
  }
  s.log_prob[r] = -0.5f * squares - s.log_norm;
}
template <class Real> STAGE void sample_actions(const SampleArgs& s) {
  for (int r = 0; r < s.rows; ++r) sample_row(s, r);
}

// what the environment gets; limit 0: the action as it is
FN float limited_action(float action, float limit) {
  return limit > 0.f ? clamp<float>(action, -limit, limit) : action;
}

}  // namespace motorium
