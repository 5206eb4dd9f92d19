// What a learner keeps besides arrays. On a device it lies there and leaves at the end of an
// iteration.
#pragma once
#include <cstdint>

namespace motorium {

// Means over the mini-batches of an update.
struct UpdateStats {
  double value_loss = 0, surrogate = 0, entropy = 0, kl = 0, clip_fraction = 0;
  double actor_grad_norm = 0, critic_grad_norm = 0;  // before the clip
};

// Episodes that ended, the last 100 of them.
struct EpisodeWindow {
  static constexpr int kSize = 100;
  double reward[kSize] = {}, length[kSize] = {};
  int64_t total = 0;
  double mean_reward() const { return mean(reward); }
  double mean_length() const { return mean(length); }

 private:
  double mean(const double* x) const {
    const int n = static_cast<int>(total < kSize ? total : kSize);
    double s = 0;
    for (int i = 0; i < n; ++i) s += x[i];
    return n ? s / n : 0;
  }
};

// Adam on a range of parameters (ppo_kernels.h)
struct AdamArgs {
  float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
  float step = 0;          // lr / (1 - beta1^t)
  float inverse_root = 0;  // 1 / sqrt(1 - beta2^t)
  float grad_scale = 0;    // of the norm clip
};

// sums over the samples of a block
struct BlockSums {
  double loss = 0, kl = 0, clipped = 0;
};

// of a permutation (permutation.h)
struct PermutationKey {
  static constexpr int kRounds = 8;
  uint32_t word[kRounds] = {};
};

struct LearnNumbers {
  double learning_rate = 0, beta1_power = 1, beta2_power = 1;
  float log_norm = 0;     // sum (ln sigma + ln(2 pi) / 2)
  float kl_constant = 0;  // sum ln(sigma/sigma_old) + sigma_old^2 / (2 sigma^2) - 1/2
  AdamArgs actor, critic;
  int go = 0;             // the mini-batch at hand changes parameters
  int finite = 1;         // 0 from the mini-batch on in which a number was not
  UpdateStats stats;      // sums over mini-batches
  PermutationKey key;     // of the update at hand
  int32_t iteration = 0;  // finished updates
  uint32_t step = 0;      // control steps since the start
  int64_t masked_samples = 0, bad_observations = 0;  // since the start
  EpisodeWindow episodes;
};

}  // namespace motorium
