// The rollout, one item at a time: what is stored before a step, what follows from its rewards and
// flags, and the episodes that ended. The CPU loops over the items, a device gives each a thread.
#pragma once
#include "motorium/core/math.h"
#include "motorium/policy/learn/learn_view.h"
#include "motorium/policy/learn/sample_kernel.h"
#include "motorium/policy/nn/block.h"

namespace motorium {

FN bool row_is_bad(const float* x, int size) {
  int bad = 0;
  for (int i = 0; i < size; ++i) bad |= (bits(x[i]) & 0x7fffffff) > kBadBits;
  return bad != 0;
}

// what follows from the std parameter: sigma, 1/sigma, the constants of log p and of the KL
// divergence
FN void refresh_std(const LearnView& v) {
  float log_norm = 0, kl_constant = 0;
  for (int i = 0; i < v.actions; ++i) {
    if (!v.log_std) v.std[i] = v.std[i] < 1e-6f ? 1e-6f : v.std[i];
    const float s = v.log_std ? exp<float>(v.std[i]) : v.std[i];
    v.sigma[i] = s;
    v.inverse_sigma[i] = 1.f / s;
    log_norm += log<float>(s) + kHalfLogTwoPi;
    const float old = v.old_std[i];
    if (old > 0.f) {
      const float ratio = old / s;
      kl_constant += 0.5f * ratio * ratio - 0.5f - log<float>(ratio);
    }
  }
  v.n->log_norm = log_norm;
  v.n->kl_constant = kl_constant;
}

// one item: the policy that acts is the one of now
struct BeginRollout {
  LearnView v;
  FN void operator()(int) const {
    for (int i = 0; i < v.actions; ++i) v.old_std[i] = v.sigma[i];
    refresh_std(v);
  }
};

// items: worlds. Which of the observations of now hold a bad number; before step t
struct ScanRows {
  LearnView v;
  int t;
  FN void operator()(int w) const {
    const bool bad =
        row_is_bad(v.actor_now + long(w) * v.actor_size, v.actor_size) ||
        (v.separate && row_is_bad(v.critic_now + long(w) * v.critic_size, v.critic_size));
    v.bad[long(t) * v.worlds + w] = bad;
  }
};

// items: worlds * size. Raw observations into the rollout; a bad row becomes zeros
struct StoreRows {
  const float* from;
  float* to;
  const uint8_t* bad;
  int size;
  FN void operator()(int i) const { to[i] = bad[i / size] ? 0.f : from[i]; }
};

// items: worlds. Exploration; means are in the rollout already
struct SampleWorld {
  LearnView v;
  int t;
  FN void operator()(int w) const {
    SampleArgs s{};
    const long at = long(t) * v.worlds;
    s.actions = v.actions;
    s.seed = v.seed;
    s.step = v.n->step;
    s.mean = s.stored_mean = v.mean + at * v.actions;
    s.mean_stride = v.actions;
    s.std = v.sigma;
    s.log_norm = v.n->log_norm;
    s.action = v.action + at * v.actions;
    s.log_prob = v.log_prob + at;
    sample_row(s, w);
    for (int i = 0; i < v.actions; ++i)
      v.env_action[long(w) * v.actions + i] =
          limited_action(s.action[long(w) * v.actions + i], v.action_limit);
  }
};

// items: worlds. Rewards, flags, masks, running episodes; which worlds ended by time
struct AfterStep {
  LearnView v;
  int t;
  FN void operator()(int w) const {
    const long at = long(t) * v.worlds + w;
    const bool terminated = v.terminated[w], truncated = v.truncated[w];
    const bool nonfinite = v.nonfinite[w], done = terminated || truncated || nonfinite;
    const bool bad = nonfinite || is_bad<float>(v.env_reward[w]);
    const float x = bad ? 0.f : v.env_reward[w];
    v.done[at] = done ? 1.f : 0.f;
    v.masked[at] = bad || v.bad[at];
    const double reward = v.episode_reward[w] + static_cast<double>(x);
    const double length = v.episode_length[w] + 1;
    v.ended_reward[at] = reward;
    v.ended_length[at] = length;
    v.episode_reward[w] = done ? 0 : reward;
    v.episode_length[w] = done ? 0 : length;

    const bool by_time = truncated && !nonfinite;
    v.reward[at] = by_time && !v.final_time_out ? fma(v.gamma, v.value[at], x) : x;
    v.time_out[w] = by_time && v.final_time_out && !terminated &&
                    !row_is_bad(v.critic_final + long(w) * v.critic_size, v.critic_size);
  }
};

// items: worlds. Time-outs are not failures: add the value of what would have followed
struct AddFinalValue {
  LearnView v;
  int t;
  FN void operator()(int w) const {
    float& reward = v.reward[long(t) * v.worlds + w];
    if (v.time_out[w]) reward = fma(v.gamma, v.final_value[w], reward);
  }
};

// items: worlds. The state after the last step is worth nothing where its row is bad
struct LastValue {
  LearnView v;
  FN void operator()(int w) const {
    const long at = long(v.steps) * v.worlds + w;
    if (v.bad[at]) v.value[at] = 0.f;
  }
};

// ---- episodes: the last 100 in the order of their samples ---------------------------------------
constexpr int kOwnSamples = kSampleBlock / kBlockThreads;  // neighbours that a thread looks at

// blocks of samples. How many ended, are masked, were followed by a bad observation
struct CountEnds {
  LearnView v;
  struct Shared {
    int count[3][kBlockThreads];
  };
  template <class Block> FN void operator()(Block block, int index, Shared& s) const {
    block.each([&](int thread) {
      int ended = 0, masked = 0, bad = 0;
      const int first = index * kSampleBlock + thread * kOwnSamples;
      for (int i = first; i < min(first + kOwnSamples, v.samples()); ++i) {
        ended += v.done[i] != 0.f;
        masked += v.masked[i];
        bad += v.bad[v.worlds + i];
      }
      s.count[0][thread] = ended;
      s.count[1][thread] = masked;
      s.count[2][thread] = bad;
    });
    block.each([&](int thread) {
      if (thread >= 3) return;
      int sum = 0;
      for (int k = 0; k < kBlockThreads; ++k) sum += s.count[thread][k];
      v.ends[3 * index + thread] = sum;
    });
  }
};

// blocks of samples, after CountEnds. Episode number e goes to place e mod 100, if it is one of the
// last
struct KeepEnds {
  LearnView v;
  struct Shared {
    int before[kBlockThreads], total[kBlockThreads], ended[kBlockThreads];
  };
  template <class Block> FN void operator()(Block block, int index, Shared& s) const {
    const int blocks = blocks_of(v.samples(), kSampleBlock);
    block.each([&](int thread) {
      int before = 0, total = 0, ended = 0;
      for (int b = thread; b < blocks; b += kBlockThreads) {
        total += v.ends[3 * b];
        if (b < index) before += v.ends[3 * b];
      }
      const int first = index * kSampleBlock + thread * kOwnSamples;
      for (int i = first; i < min(first + kOwnSamples, v.samples()); ++i) ended += v.done[i] != 0.f;
      s.before[thread] = before;
      s.total[thread] = total;
      s.ended[thread] = ended;
    });
    block.each([&](int thread) {
      if (s.ended[thread] == 0) return;
      EpisodeWindow& e = v.n->episodes;
      int64_t number = e.total, end = e.total;
      for (int k = 0; k < kBlockThreads; ++k) {
        number += s.before[k] + (k < thread ? s.ended[k] : 0);
        end += s.total[k];
      }
      const int first = index * kSampleBlock + thread * kOwnSamples;
      for (int i = first; i < min(first + kOwnSamples, v.samples()); ++i) {
        if (v.done[i] == 0.f) continue;
        if (number >= end - EpisodeWindow::kSize) {
          e.reward[number % EpisodeWindow::kSize] = v.ended_reward[i];
          e.length[number % EpisodeWindow::kSize] = v.ended_length[i];
        }
        ++number;
      }
    });
  }
};

// one item, after KeepEnds
struct EndRollout {
  LearnView v;
  FN void operator()(int) const {
    int64_t ended = 0, masked = 0, bad = 0;
    for (int b = 0; b < blocks_of(v.samples(), kSampleBlock); ++b) {
      ended += v.ends[3 * b];
      masked += v.ends[3 * b + 1];
      bad += v.ends[3 * b + 2];
    }
    v.n->episodes.total += ended;
    v.n->masked_samples += masked;
    v.n->bad_observations += bad;
  }
};

}  // namespace motorium
