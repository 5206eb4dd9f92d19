// The update: one pass per mini-batch, blocks of samples in parallel, sums in order.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "motorium/core/error.h"
#include "motorium/core/threads.h"
#include "motorium/policy/learn/ppo_internal.h"
#include "motorium/policy/nn/noise.h"

namespace motorium {

// (A - mean) / (std + 1e-8) over the samples index[0 .. count-1] that are not masked, unbiased std
void Ppo::normalize_advantage(const int* index, int count) {
  const Rollout& r = rollout_;
  double sum = 0, n = 0;
  for (int i = 0; i < count; ++i)
    if (!r.masked[index[i]]) sum += r.advantage[index[i]], n += 1;
  const double mean = n > 0 ? sum / n : 0;
  double square = 0;
  for (int i = 0; i < count; ++i)
    if (!r.masked[index[i]]) {
      const double d = r.advantage[index[i]] - mean;
      square += d * d;
    }
  const float shift = static_cast<float>(mean);
  const float scale = static_cast<float>(1 / (std::sqrt(n > 1 ? square / (n - 1) : 0) + 1e-8));
  for (int i = 0; i < count; ++i)
    sample_advantage_[index[i]] = (r.advantage[index[i]] - shift) * scale;
}

void Ppo::actor_block(int block, const int* index, int size, bool mirrored, int worker) {
  Worker& work = *workers_[worker];
  const Rollout& r = rollout_;
  const int half = blocks_of(size, kSampleBlock);
  const int first = (mirrored ? block - half : block) * kSampleBlock;
  const int last = std::min(size, first + kSampleBlock);
  float* gradient = const_cast<float*>(actor_blocks_[block]);
  std::memset(gradient, 0, (actor_.count() + padded(r.actions)) * sizeof(float));
  BlockSums sums;
  const ObservationScale scale = actor_scale();
  const int stride = row_stride(r.actions);
  for (int begin = first; begin < last; begin += kChunk) {
    const int n = std::min(kChunk, last - begin);
    const int* at = index + begin;
    GatherArgs g{};
    g.rows = n;
    g.index = at;
    g.size = actor_.inputs();
    g.from = r.actor_obs.data();
    g.map = mirrored ? actor_map_.data() : nullptr;
    g.sign = actor_sign_.data();
    g.mean = scale.mean;
    g.scale = scale.scale;
    g.to = work.actor.input();
    g.to_stride = row_stride(g.size);
    k_.gather_rows(&g);
    k_.forward(&actor_.view(), &work.actor.buffers(), n);

    g.size = r.actions;
    g.map = mirrored ? action_map_.data() : nullptr;
    g.sign = action_sign_.data();
    g.mean = g.scale = nullptr;
    g.to_stride = stride;
    g.from = r.action.data();
    g.to = work.action.data();
    k_.gather_rows(&g);
    g.from = r.mean.data();
    g.to = work.old_mean.data();
    k_.gather_rows(&g);
    for (int i = 0; i < n; ++i) {
      work.log_prob[i] = r.log_prob[at[i]];
      work.advantage[i] = sample_advantage_[at[i]];
      work.weight[i] = r.masked[at[i]] ? 0.f : sample_weight_;
    }
    PolicyHeadArgs h{};
    h.rows = n;
    h.actions = r.actions;
    h.mean = work.actor.output();
    h.mean_stride = stride;
    h.action = work.action.data();
    h.old_mean = work.old_mean.data();
    h.table_stride = stride;
    h.old_log_prob = work.log_prob;
    h.advantage = work.advantage;
    h.weight = work.weight;
    h.inverse_std = inverse_sigma_.data();
    h.log_norm = log_norm_;
    h.kl_constant = kl_constant_;
    h.clip = static_cast<float>(config_.clip_param);
    h.d_mean = work.actor.d_output();
    h.d_stride = work.actor.buffers().d_stride;
    h.d_std = work.d_std.data();
    h.log_std = config_.std_type == StdType::log;
    h.loss = work.loss;
    h.kl = work.kl;
    h.clipped = work.clipped;
    k_.policy_head(&h);
    k_.backward(&actor_.view(), &work.actor.buffers(), n, gradient);
    k_.add_columns(n, padded(r.actions), work.d_std.data(), h.d_stride, gradient + actor_.count());
    for (int i = 0; i < n; ++i) {
      if (r.masked[at[i]]) continue;
      sums.loss += work.loss[i];
      sums.kl += work.kl[i];
      sums.clipped += work.clipped[i];
    }
  }
  sums_[2 * block] = sums;
}

void Ppo::critic_block(int block, const int* index, int size, bool mirrored, int worker) {
  Worker& work = *workers_[worker];
  const Rollout& r = rollout_;
  const int half = blocks_of(size, kSampleBlock);
  const int first = (mirrored ? block - half : block) * kSampleBlock;
  const int last = std::min(size, first + kSampleBlock);
  float* gradient = const_cast<float*>(critic_blocks_[block]);
  std::memset(gradient, 0, critic_.count() * sizeof(float));
  BlockSums sums;
  const ObservationScale scale = critic_scale();
  const float weight = sample_weight_ * static_cast<float>(config_.value_loss_coef);
  for (int begin = first; begin < last; begin += kChunk) {
    const int n = std::min(kChunk, last - begin);
    const int* at = index + begin;
    GatherArgs g{};
    g.rows = n;
    g.index = at;
    g.size = critic_.inputs();
    g.from = separate_ ? r.critic_obs.data() : r.actor_obs.data();
    g.map = mirrored ? critic_map_.data() : nullptr;
    g.sign = critic_sign_.data();
    g.mean = scale.mean;
    g.scale = scale.scale;
    g.to = work.critic.input();
    g.to_stride = row_stride(g.size);
    k_.gather_rows(&g);
    k_.forward(&critic_.view(), &work.critic.buffers(), n);
    for (int i = 0; i < n; ++i) {
      work.old_value[i] = r.value[at[i]];
      work.target[i] = r.target[at[i]];
      work.weight[i] = r.masked[at[i]] ? 0.f : weight;
    }
    ValueHeadArgs h{};
    h.rows = n;
    h.value = work.critic.output();
    h.value_stride = row_stride(1);
    h.old_value = work.old_value;
    h.target = work.target;
    h.weight = work.weight;
    h.clip_loss = config_.use_clipped_value_loss;
    h.clip = static_cast<float>(config_.clip_param);
    h.d_value = work.critic.d_output();
    h.d_stride = work.critic.buffers().d_stride;
    h.loss = work.loss;
    k_.value_head(&h);
    k_.backward(&critic_.view(), &work.critic.buffers(), n, gradient);
    for (int i = 0; i < n; ++i)
      if (!r.masked[at[i]]) sums.loss += work.loss[i];
  }
  sums_[2 * block + 1] = sums;
}

void Ppo::minibatch(const int* index, int size, UpdateStats& stats) {
  const Span span(threads_.lane(0), "mini-batch");
  const Rollout& r = rollout_;
  int valid = 0;
  for (int i = 0; i < size; ++i) valid += !r.masked[index[i]];
  if (!valid) return;
  const bool mirror = config_.symmetry_augmentation;
  const int half = blocks_of(size, kSampleBlock), blocks = mirror ? 2 * half : half;
  const double total = double(valid) * (mirror ? 2 : 1);
  sample_weight_ = static_cast<float>(1 / total);

  // gradients and losses of every block
  threads_.run(2 * blocks, [&](int item, int worker) {
    const int block = item / 2;
    const Span part(threads_.lane(worker), item % 2 ? "critic gradient" : "actor gradient");
    if (item % 2)
      critic_block(block, index, size, block >= half, worker);
    else
      actor_block(block, index, size, block >= half, worker);
  });
  double surrogate = 0, value = 0, kl = 0, clipped = 0;
  for (int b = 0; b < blocks; ++b) {
    surrogate += sums_[2 * b].loss;
    value += sums_[2 * b + 1].loss;
    if (b < half) kl += sums_[2 * b].kl;
    clipped += sums_[2 * b].clipped;
  }
  surrogate /= total;
  value /= total;
  kl /= valid;

  // sums of the blocks, and the squares of the norms
  const long na = actor_.count(), nc = critic_.count(), ns = padded(r.actions);
  const int actor_ranges = static_cast<int>(ranges_of(na));
  const int critic_ranges = static_cast<int>(ranges_of(nc));
  float* actor_gradient = gradient_.data();
  float* std_gradient = actor_gradient + na;
  float* critic_gradient = std_gradient + ns;
  threads_.run(actor_ranges + critic_ranges, [&](int item, int worker) {
    const Span part(threads_.lane(worker), "sum of gradients");
    const bool of_actor = item < actor_ranges;
    const long begin = (of_actor ? item : item - actor_ranges) * kRange;
    squares_[item] = k_.sum_blocks(blocks, of_actor ? actor_blocks_.data() : critic_blocks_.data(),
                                   begin, std::min(of_actor ? na : nc, begin + kRange),
                                   of_actor ? actor_gradient : critic_gradient);
  });
  k_.sum_blocks(blocks, actor_blocks_.data(), na, na + ns, actor_gradient);
  double entropy = 0;
  for (int i = 0; i < r.actions; ++i) entropy += 0.5 + log<float>(sigma_[i]) + kHalfLogTwoPi;
  const float bonus = static_cast<float>(config_.entropy_coef);
  double actor_square = 0, critic_square = 0;
  for (int i = 0; i < r.actions; ++i) {
    // dH/dsigma = 1/sigma, dH/dln sigma = 1
    std_gradient[i] -= config_.std_type == StdType::log ? bonus : bonus * inverse_sigma_[i];
    actor_square += double(std_gradient[i]) * std_gradient[i];
  }
  for (int i = 0; i < actor_ranges; ++i) actor_square += squares_[i];
  for (int i = 0; i < critic_ranges; ++i) critic_square += squares_[actor_ranges + i];
  const bool finite = std::isfinite(actor_square) && std::isfinite(critic_square) &&
                      std::isfinite(kl) && std::isfinite(surrogate) && std::isfinite(value);
  if (!finite)
    throw Error("PPO: the network's numbers are not finite any more (iteration " +
                std::to_string(iteration_) +
                "): lower agent.learning_rate, clip actions or scale the observations");

  // the step follows the change of the policy
  if (config_.schedule == Schedule::adaptive) {
    if (kl > 2 * config_.desired_kl)
      learning_rate_ = std::max(config_.min_learning_rate, learning_rate_ / 1.5);
    else if (kl > 0 && kl < config_.desired_kl / 2)
      learning_rate_ = std::min(config_.max_learning_rate, learning_rate_ * 1.5);
  }

  const double actor_norm = std::sqrt(actor_square), critic_norm = std::sqrt(critic_square);
  const double joint_norm = std::sqrt(actor_square + critic_square);
  const auto clip = [&](double norm) {
    if (config_.joint_grad_clip) norm = joint_norm;
    return static_cast<float>(std::min(1., config_.max_grad_norm / (norm + 1e-6)));
  };
  beta1_power_ *= 0.9;
  beta2_power_ *= 0.999;
  AdamArgs a{};
  a.beta1 = 0.9f;
  a.beta2 = 0.999f;
  a.epsilon = 1e-8f;
  a.step = static_cast<float>(learning_rate_ / (1 - beta1_power_));
  a.inverse_root = static_cast<float>(1 / std::sqrt(1 - beta2_power_));
  AdamArgs b = a;
  a.grad_scale = clip(actor_norm);
  b.grad_scale = clip(critic_norm);
  threads_.run(actor_ranges + critic_ranges, [&](int item, int worker) {
    const Span part(threads_.lane(worker), "adam");
    const bool of_actor = item < actor_ranges;
    const long begin = (of_actor ? item : item - actor_ranges) * kRange;
    const long end = std::min(of_actor ? na : nc, begin + kRange);
    const long at = begin + (of_actor ? 0 : na + ns);
    k_.adam(of_actor ? &a : &b, end - begin, (of_actor ? actor_ : critic_).parameters() + begin,
            adam_m_.data() + at, adam_v_.data() + at, gradient_.data() + at);
  });
  k_.adam(&a, ns, std_.data(), adam_m_.data() + na, adam_v_.data() + na, std_gradient);
  refresh_std();
  threads_.run(actor_.layers() + critic_.layers(), [&](int item, int worker) {
    const Span part(threads_.lane(worker), "repack");
    if (item < actor_.layers())
      actor_.repack(item);
    else
      critic_.repack(item - actor_.layers());
  });

  stats.surrogate += surrogate;
  stats.value_loss += value;
  stats.kl += kl;
  stats.clip_fraction += clipped / total;
  stats.entropy += entropy;
  stats.actor_grad_norm += actor_norm;
  stats.critic_grad_norm += critic_norm;
}

UpdateStats Ppo::update(const int* permutation) {
  const Phase phase(threads_.lane(0), "update");
  const int samples = rollout_.samples();

  // one permutation per update, reused by all epochs [Fisher, Yates]
  if (!permutation) {
    for (int i = 0; i < samples; ++i) permutation_[i] = i;
    DrawWords d{};
    for (int i = samples - 1, k = 0; i > 0; --i, ++k) {
      if (k % 4 == 0)
        d = draw(seed_, Draw::permutation, static_cast<uint32_t>(k / 4),
                 static_cast<uint32_t>(iteration_), 0);
      const int j = static_cast<int>((uint64_t(d.v[k % 4]) * static_cast<uint32_t>(i + 1)) >> 32);
      std::swap(permutation_[i], permutation_[j]);
    }
    permutation = permutation_.data();
  }
  if (!config_.normalize_advantage_per_mini_batch) normalize_advantage(permutation, samples);

  UpdateStats stats;
  const int size = samples / config_.num_mini_batches;
  const int rounds = config_.num_learning_epochs * config_.num_mini_batches;
  for (int i = 0; i < rounds; ++i) {
    const int* index = permutation + size_t(i % config_.num_mini_batches) * size;
    if (config_.normalize_advantage_per_mini_batch) normalize_advantage(index, size);
    minibatch(index, size, stats);
  }
  for (double* x : {&stats.value_loss, &stats.surrogate, &stats.entropy, &stats.kl,
                    &stats.clip_fraction, &stats.actor_grad_norm, &stats.critic_grad_norm})
    *x /= rounds;
  ++iteration_;
  return stats;
}

}  // namespace motorium
