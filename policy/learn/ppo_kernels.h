// The arithmetic of PPO on chunks of samples; lanes are samples. Equations in docs/learning.md.
#pragma once
#include "motorium/core/math.h"
#include "motorium/policy/learn/numbers.h"
#include "motorium/policy/learn/sums.h"
#include "motorium/policy/nn/net_view.h"

namespace motorium {

// W numbers that lie `stride` floats apart
template <class Real> FN Real gather(const float* p, long stride) {
  if constexpr (kWidth<Real> == 1) {
    return *p;
  } else {
    Real x;
#pragma GCC unroll 16
    for (int i = 0; i < kWidth<Real>; ++i) put<Real>(x, i, p[i * stride]);
    return x;
  }
}
template <class Real> FN void scatter(float* p, long stride, const Real& x) {
  for (int i = 0; i < kWidth<Real>; ++i) p[i * stride] = get<Real>(x, i);
}

constexpr int kAhead = 8;  // rows that gather_rows asks for in advance

// rows of a table, chosen by index, mirrored and normalised:
//   to[r,i] = (sign[i] from[index[r], map[i]] - mean[i]) scale[i],  zero in the padding
struct GatherArgs {
  int rows, size;
  const float* from;
  const int* index;  // null: row r
  const int* map;    // null: not mirrored
  const float* sign;
  const float* mean;  // null: not normalised
  const float* scale;
  float* to;
  int to_stride;
};

// column i of a row that starts at `from`
FN float gathered(const GatherArgs& g, const float* from, int i) {
  const float x = g.map ? g.sign[i] * from[g.map[i]] : from[i];
  return g.mean ? (x - g.mean[i]) * g.scale[i] : x;
}

template <class Real> STAGE void gather_rows(const GatherArgs& g) {
  constexpr int W = kWidth<Real>;
  for (int r = 0; r < g.rows; ++r) {
    const float* from = g.from + long(g.index ? g.index[r] : r) * g.size;
    // rows of a shuffled batch come from memory: ask for one ahead of its use
    if (g.index && r + kAhead < g.rows)
      for (int i = 0; i < g.size; i += 16)
        __builtin_prefetch(g.from + long(g.index[r + kAhead]) * g.size + i);
    float* to = g.to + long(r) * g.to_stride;
    int i = 0;
    if (!g.map)
      for (; i + W <= g.size; i += W) {
        Real x = load<Real>(from + i);
        if (g.mean) x = (x - load<Real>(g.mean + i)) * load<Real>(g.scale + i);
        store<Real>(to + i, x);
      }
    for (; i < g.size; ++i) to[i] = gathered(g, from, i);
    for (; i < padded(g.size); ++i) to[i] = 0.f;
  }
}

// Clipped surrogate of a diagonal Gaussian. With u = (a - mu) / sigma:
//   log p  = - sum u^2 / 2 - sum (ln sigma + ln(2 pi) / 2)
//   rho    = exp(log p - log p_old),  L = max(-A rho, -A clip(rho, 1 - e, 1 + e))
//   dL/dmu = g u / sigma,  dL/dsigma = g (u^2 - 1) / sigma,  g = dL/dlog p = -A rho where not
//   clipped KL     = sum ln(sigma/sigma_old) + (sigma_old^2 + (mu_old - mu)^2) / (2 sigma^2) - 1/2
struct PolicyHeadArgs {
  int rows, actions;
  const float* mean;          // (rows, actions), stride mean_stride
  const float* action;        // (rows, actions), stride table_stride
  const float* old_mean;      // as action
  const float* old_log_prob;  // (rows)
  const float* advantage;     // (rows)
  const float* weight;        // (rows) share of a sample in the mean: 1/count, or 0 when masked
  const float* inverse_std;   // (actions)
  float log_norm;             // sum (ln sigma + ln(2 pi) / 2)
  float kl_constant;          // sum ln(sigma/sigma_old) + sigma_old^2 / (2 sigma^2) - 1/2
  float clip;
  int mean_stride, table_stride;
  float* d_mean;  // (rows, actions), stride d_stride; weighted gradient
  float* d_std;   // as d_mean: terms of dL/dsigma, or of dL/dln sigma
  int d_stride;
  bool log_std;
  float* loss;     // (rows) unweighted
  float* kl;       // (rows)
  float* clipped;  // (rows) 1 where the clip took the gradient
};

template <class Real> FN void policy_head_at(const PolicyHeadArgs& h, int r) {
  const float* mean = h.mean + long(r) * h.mean_stride;
  const float* action = h.action + long(r) * h.table_stride;
  const float* old_mean = h.old_mean + long(r) * h.table_stride;
  Real squares = Real(0.f), distance = Real(0.f);
  for (int i = 0; i < h.actions; ++i) {
    const Real inverse = Real(h.inverse_std[i]);
    const Real mu = gather<Real>(mean + i, h.mean_stride);
    const Real u = (gather<Real>(action + i, h.table_stride) - mu) * inverse;
    const Real v = (gather<Real>(old_mean + i, h.table_stride) - mu) * inverse;
    squares = fma(u, u, squares);
    distance = fma(v, v, distance);
  }
  const Real log_prob = Real(-0.5f) * squares - Real(h.log_norm);
  const Real ratio = exp(log_prob - load<Real>(h.old_log_prob + r));
  const Real advantage = load<Real>(h.advantage + r);
  const Real limited = clamp(ratio, 1.f - h.clip, 1.f + h.clip);
  const Real plain = -advantage * ratio, bound = -advantage * limited;
  // at A = 0 the two are equal outside the clip, and the gradient is zero either way
  const Mask<Real> cut = (limited != ratio) & (plain <= bound);
  const Real g = select(cut, Real(0.f), plain) * load<Real>(h.weight + r);
  store<Real>(h.loss + r, max(plain, bound));
  store<Real>(h.kl + r, fma(Real(0.5f), distance, Real(h.kl_constant)));
  store<Real>(h.clipped + r, select(cut, Real(1.f), Real(0.f)));

  float* d_mean = h.d_mean + long(r) * h.d_stride;
  float* d_std = h.d_std + long(r) * h.d_stride;
  for (int i = 0; i < h.actions; ++i) {
    const Real inverse = Real(h.inverse_std[i]);
    const Real mu = gather<Real>(mean + i, h.mean_stride);
    const Real u = (gather<Real>(action + i, h.table_stride) - mu) * inverse;
    Real s = g * fma(u, u, Real(-1.f));
    if (!h.log_std) s = s * inverse;
    scatter<Real>(d_mean + i, h.d_stride, g * u * inverse);
    scatter<Real>(d_std + i, h.d_stride, s);
  }
}
template <class Real> STAGE void policy_head(const PolicyHeadArgs& h) {
  int r = 0;
  for (; r + kWidth<Real> <= h.rows; r += kWidth<Real>) policy_head_at<Real>(h, r);
  for (; r < h.rows; ++r) policy_head_at<float>(h, r);
  for (r = 0; r < h.rows; ++r)
    for (int i = h.actions; i < padded(h.actions); ++i) {
      h.d_mean[long(r) * h.d_stride + i] = 0.f;
      h.d_std[long(r) * h.d_stride + i] = 0.f;
    }
}

// Value loss: L = max((V - R)^2, (V_c - R)^2), V_c = V_old + clip(V - V_old, +-e); or (V - R)^2.
struct ValueHeadArgs {
  int rows;
  const float* value;  // (rows), stride value_stride
  int value_stride;
  const float* old_value;  // (rows)
  const float* target;     // (rows) R
  const float* weight;     // (rows) c_V / count, or 0 when masked
  bool clip_loss;
  float clip;
  float* d_value;  // (rows), stride d_stride; weighted gradient; the padding becomes zero
  int d_stride;
  float* loss;  // (rows) unweighted
};

template <class Real> FN void value_head_at(const ValueHeadArgs& h, int r) {
  const Real v = gather<Real>(h.value + long(r) * h.value_stride, h.value_stride);
  const Real target = load<Real>(h.target + r);
  const Real e = v - target;
  Real loss = e * e, slope = Real(2.f) * e;
  if (h.clip_loss) {
    const Real old = load<Real>(h.old_value + r);
    const Real change = v - old;
    const Real limited = clamp(change, -h.clip, h.clip);
    const Real e_clipped = old + limited - target;
    const Real clipped = e_clipped * e_clipped;
    // V_c moves with V inside the clip only; of two equal terms each counts half
    const Mask<Real> outside = limited != change;
    slope = select(outside & (clipped > loss), Real(0.f), slope);
    slope = select(outside & (clipped == loss), e, slope);
    loss = max(loss, clipped);
  }
  store<Real>(h.loss + r, loss);
  scatter<Real>(h.d_value + long(r) * h.d_stride, h.d_stride, slope * load<Real>(h.weight + r));
}
template <class Real> STAGE void value_head(const ValueHeadArgs& h) {
  int r = 0;
  for (; r + kWidth<Real> <= h.rows; r += kWidth<Real>) value_head_at<Real>(h, r);
  for (; r < h.rows; ++r) value_head_at<float>(h, r);
  for (r = 0; r < h.rows; ++r)
    for (int i = 1; i < kLanes; ++i) h.d_value[long(r) * h.d_stride + i] = 0.f;
}

// Advantages backwards in time, lanes are worlds:
//   delta = r + gamma (1 - done) V[t+1] - V[t],  A[t] = delta + gamma lam (1 - done) A[t+1],  R = A
//   + V
struct GaeArgs {
  int worlds, steps;
  const float* reward;  // (steps, worlds), bootstrapped
  const float* done;    // (steps, worlds) 0 or 1
  const float* value;   // (steps + 1, worlds)
  float gamma, lam;
  float* advantage;  // (steps, worlds)
  float* target;     // (steps, worlds)
};

template <class Real> FN void gae_at(const GaeArgs& g, int w) {
  Real next = load<Real>(g.value + long(g.steps) * g.worlds + w);
  Real advantage = Real(0.f);
  for (int t = g.steps - 1; t >= 0; --t) {
    const long at = long(t) * g.worlds + w;
    const Real alive = Real(1.f) - load<Real>(g.done + at);
    const Real value = load<Real>(g.value + at);
    const Real delta = fma(Real(g.gamma) * alive, next, load<Real>(g.reward + at)) - value;
    advantage = fma(Real(g.gamma * g.lam) * alive, advantage, delta);
    store<Real>(g.advantage + at, advantage);
    store<Real>(g.target + at, advantage + value);
    next = value;
  }
}
template <class Real> STAGE void gae(const GaeArgs& g, int begin, int end) {
  int w = begin;
  for (; w + kWidth<Real> <= end; w += kWidth<Real>) gae_at<Real>(g, w);
  for (; w < end; ++w) gae_at<float>(g, w);
}

// Adam, as PyTorch writes it:
//   g = clip grad,  m += (1 - b1)(g - m),  v = b2 v + (1 - b2) g^2
//   p -= step m / (sqrt(v) / sqrt(1 - b2^t) + eps),  step = lr / (1 - b1^t)
template <class Real>
FN void adam_at(const AdamArgs& a, float* parameter, float* m, float* v, const float* gradient) {
  const Real g = load<Real>(gradient) * Real(a.grad_scale);
  const Real m0 = load<Real>(m);
  const Real m1 = fma(Real(1.f - a.beta1), g - m0, m0);
  const Real v1 = fma(Real(1.f - a.beta2) * g, g, Real(a.beta2) * load<Real>(v));
  const Real bottom = sqrt(v1) * Real(a.inverse_root) + Real(a.epsilon);
  store<Real>(m, m1);
  store<Real>(v, v1);
  store<Real>(parameter, load<Real>(parameter) - Real(a.step) * m1 / bottom);
}
template <class Real>
STAGE void adam(const AdamArgs& a, long count, float* parameter, float* m, float* v,
                const float* gradient) {
  for (long i = 0; i < count; i += kWidth<Real>)
    adam_at<Real>(a, parameter + i, m + i, v + i, gradient + i);
}

// from[0][i] + from[1][i] + ..., blocks in order
template <class Real> FN Real block_sum(int blocks, const float* from, long stride) {
  Real s = load<Real>(from);
  for (int k = 1; k < blocks; ++k) s = s + load<Real>(from + k * stride);
  return s;
}
// that sum of a range; returns the sum of its squares as in sums.h. Blocks lie `stride` apart
template <class Real>
STAGE double sum_blocks(int blocks, const float* from, long stride, long begin, long end,
                        float* sum) {
  constexpr int W = kWidth<Real>;
  for (long i = begin; i < end; i += W)
    store<Real>(sum + i, block_sum<Real>(blocks, from + i, stride));
  double lanes[kSumLanes] = {};
  for (long i = begin; i < end; ++i)
    lanes[(i - begin) % kSumLanes] += static_cast<double>(sum[i]) * static_cast<double>(sum[i]);
  return add_lanes(lanes);
}

}  // namespace motorium
