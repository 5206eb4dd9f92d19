// What the kernels of an iteration see of a learner: sizes, settings and pointers, all of the host
// or all of a device. T steps, N worlds, sample index t N + w; S = T N.
#pragma once
#include "motorium/policy/learn/numbers.h"
#include "motorium/policy/nn/net_view.h"

namespace motorium {

constexpr int kSampleBlock = 1024;  // samples per partial gradient
constexpr int kRange = 4096;        // parameters per partial sum of squares
constexpr float kHalfLogTwoPi = 0.91893853f;

FN int blocks_of(int count, int size) { return (count + size - 1) / size; }
FN int ranges_of(long count) { return static_cast<int>((count + kRange - 1) / kRange); }

// mean and scale of the advantages of a set of samples
struct AdvantageScale {
  double mean;
  float shift, scale;
};

struct LearnView {
  // sizes
  int worlds, steps, actions, actor_size, critic_size;
  long actor_count, critic_count;  // parameters of the networks
  int batches, batch_size;         // mini-batches, samples of one
  bool separate;                   // the critic has observations of its own
  bool mirror;                     // every mini-batch again, mirrored

  // settings (config.h)
  uint64_t seed;
  float gamma, lam, action_limit, clip, value_coef, entropy_coef;
  double desired_kl, min_rate, max_rate, max_norm;
  bool final_time_out, adaptive, joint_norm, log_std, clip_value, advantage_per_batch;

  // the environment: what it gave last, and its actions
  const float *actor_now, *critic_now, *critic_final, *env_reward;
  const uint8_t *terminated, *truncated, *nonfinite;
  float* env_action;

  // rollout
  float *actor_obs, *critic_obs;        // (S, size) raw; critic_obs: actor_obs where not separate
  float *action, *mean;                 // (S, actions)
  float *log_prob, *value;              // (S), (S + N)
  float *reward, *done;                 // (S)
  uint8_t *masked, *bad;                // (S), (S + N) bad: the observation before step t is
  float *advantage, *target;            // (S)
  float* old_std;                       // (actions)
  double *ended_reward, *ended_length;  // (S) of episodes, where done
  double *episode_reward, *episode_length;  // (N) of those that run
  uint8_t* time_out;                        // (N) a final value is to be added
  float* final_value;                       // (N)
  int* ends;                                // (blocks of S, 3) ended, masked, bad

  // learner
  float *std, *sigma, *inverse_sigma;  // (padded actions)
  float *adam_m, *adam_v, *gradient;   // actor, its std, critic
  const int* permutation;              // (S)
  int* valid;                          // (batches) samples that are not masked
  double* advantage_sums;              // (sets, blocks of a set, 2) sum, count
  AdvantageScale* advantage_scale;     // (sets)
  BlockSums* sums;                     // (blocks, 2) actor, critic
  double* squares;                     // (ranges of actor and critic)
  LearnNumbers* n;

  // where the critic's parameters start behind the actor's and its std
  FN long critic_at() const { return actor_count + padded(actions); }
  FN int samples() const { return steps * worlds; }
  FN int half() const { return blocks_of(batch_size, kSampleBlock); }
  FN int blocks() const { return mirror ? 2 * half() : half(); }
  // sets of samples whose advantages are standardised together
  FN int sets() const { return advantage_per_batch ? batches : 1; }
  FN int set_size() const { return advantage_per_batch ? batch_size : samples(); }
  FN int set_blocks() const { return blocks_of(set_size(), kSampleBlock); }
  FN int of_set(int set, int i) const {
    return advantage_per_batch ? permutation[long(set) * batch_size + i] : i;
  }
  // what a sample of a mini-batch counts in means
  FN float sample_weight(int batch) const {
    const double total = static_cast<double>(valid[batch]) * (mirror ? 2 : 1);
    return total > 0 ? static_cast<float>(1 / total) : 0.f;
  }
  FN float standardised(int sample, int batch) const {
    const AdvantageScale& s = advantage_scale[advantage_per_batch ? batch : 0];
    return (advantage[sample] - s.shift) * s.scale;
  }
};

}  // namespace motorium
