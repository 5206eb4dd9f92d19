// The update: one pass per mini-batch, blocks of samples in parallel, sums in order.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "motorium/core/error.h"
#include "motorium/core/threads.h"
#include "motorium/policy/learn/ppo_device.h"
#include "motorium/policy/nn/noise.h"

namespace motorium {

// shift and scale of the advantages of each set
void Ppo::standardise(const LearnView& v) {
  for (const bool squares : {false, true}) {
    threads_.run(v.sets() * v.set_blocks(), [&](int item, int) {
      AdvantageSum::Shared shared;
      AdvantageSum{v, squares}(SoloBlock{}, item, shared);
    });
    AdvantageFinish::Shared shared;
    for (int set = 0; set < v.sets(); ++set) AdvantageFinish{v, squares}(SoloBlock{}, set, shared);
  }
}

void Ppo::actor_block(const LearnView& v, int batch, int block, int worker) {
  Worker& work = *workers_[worker];
  work.actor.set_trace(threads_.lane(worker));
  const Rollout& r = rollout_;
  const bool mirrored = block >= v.half();
  const int first = block % v.half() * kSampleBlock;
  const int last = std::min(v.batch_size, first + kSampleBlock);
  const int* index = v.permutation + size_t(batch) * v.batch_size;
  const float sample_weight = v.sample_weight(batch);
  float* gradient = block_gradient_.data() + size_t(block) * gradient_.size();
  std::memset(gradient, 0, v.critic_at() * sizeof(float));
  double loss[kSumLanes] = {}, kl[kSumLanes] = {}, clipped[kSumLanes] = {};
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
      work.advantage[i] = v.standardised(at[i], batch);
      work.weight[i] = r.masked[at[i]] ? 0.f : sample_weight;
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
    h.log_norm = numbers_.log_norm;
    h.kl_constant = numbers_.kl_constant;
    h.clip = v.clip;
    h.d_mean = work.actor.d_output();
    h.d_stride = work.actor.buffers().d_stride;
    h.d_std = work.d_std.data();
    h.log_std = v.log_std;
    h.loss = work.loss;
    h.kl = work.kl;
    h.clipped = work.clipped;
    k_.policy_head(&h);
    k_.backward(&actor_.view(), &work.actor.buffers(), n, gradient);
    k_.add_columns(n, padded(r.actions), work.d_std.data(), h.d_stride, gradient + actor_.count());
    for (int i = 0; i < n; ++i) {
      if (r.masked[at[i]]) continue;
      const int lane = i % kSumLanes;
      loss[lane] += work.loss[i];
      kl[lane] += work.kl[i];
      clipped[lane] += work.clipped[i];
    }
  }
  sums_[2 * block] = {add_lanes(loss), add_lanes(kl), add_lanes(clipped)};
}

void Ppo::critic_block(const LearnView& v, int batch, int block, int worker) {
  Worker& work = *workers_[worker];
  work.critic.set_trace(threads_.lane(worker));
  const Rollout& r = rollout_;
  const bool mirrored = block >= v.half();
  const int first = block % v.half() * kSampleBlock;
  const int last = std::min(v.batch_size, first + kSampleBlock);
  const int* index = v.permutation + size_t(batch) * v.batch_size;
  float* gradient = block_gradient_.data() + size_t(block) * gradient_.size() + v.critic_at();
  std::memset(gradient, 0, v.critic_count * sizeof(float));
  double loss[kSumLanes] = {};
  const ObservationScale scale = critic_scale();
  const float weight = v.sample_weight(batch) * v.value_coef;
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
    h.clip_loss = v.clip_value;
    h.clip = v.clip;
    h.d_value = work.critic.d_output();
    h.d_stride = work.critic.buffers().d_stride;
    h.loss = work.loss;
    k_.value_head(&h);
    k_.backward(&critic_.view(), &work.critic.buffers(), n, gradient);
    for (int i = 0; i < n; ++i)
      if (!r.masked[at[i]]) loss[i % kSumLanes] += work.loss[i];
  }
  sums_[2 * block + 1] = {add_lanes(loss), 0, 0};
}

void Ppo::minibatch(int batch, const LearnView& v) {
  const Span span(threads_.lane(0), "mini-batch");
  if (valid_[batch] == 0) return;

  // gradients and losses of every block
  threads_.run(2 * v.blocks(), [&](int item, int worker) {
    const Span part(threads_.lane(worker), item % 2 ? "critic gradient" : "actor gradient");
    if (item % 2)
      critic_block(v, batch, item / 2, worker);
    else
      actor_block(v, batch, item / 2, worker);
  });

  // sums of the blocks, and the squares of the norms; those of the std follow the entropy
  const long na = actor_.count(), nc = critic_.count(), stride = long(gradient_.size());
  const int actor_ranges = ranges_of(na), critic_ranges = ranges_of(nc);
  const auto each_range = [&](const char* name, auto f) {
    threads_.run(actor_ranges + critic_ranges, [&](int item, int worker) {
      const Span part(threads_.lane(worker), name);
      const bool of_actor = item < actor_ranges;
      const long begin = long(of_actor ? item : item - actor_ranges) * kRange;
      f(item, of_actor, begin, std::min(of_actor ? na : nc, begin + kRange),
        of_actor ? 0 : v.critic_at());
    });
  };
  each_range("sum of gradients", [&](int item, bool, long begin, long end, long at) {
    squares_[item] = k_.sum_blocks(v.blocks(), block_gradient_.data() + at, stride, begin, end,
                                   gradient_.data() + at);
  });
  k_.sum_blocks(v.blocks(), block_gradient_.data(), stride, na, v.critic_at(), gradient_.data());

  DecideStep::Shared shared;
  DecideStep{v, batch}(SoloBlock{}, 0, shared);
  if (!numbers_.finite) return;
  each_range("adam", [&](int, bool of_actor, long begin, long end, long at) {
    k_.adam(of_actor ? &numbers_.actor : &numbers_.critic, end - begin,
            (of_actor ? actor_ : critic_).parameters() + begin, adam_m_.data() + at + begin,
            adam_v_.data() + at + begin, gradient_.data() + at + begin);
  });
  threads_.run(actor_.layers() + critic_.layers(), [&](int item, int worker) {
    const Span part(threads_.lane(worker), "repack");
    if (item < actor_.layers())
      actor_.repack(item);
    else
      critic_.repack(item - actor_.layers());
  });
}

// means of the mini-batches, or what to do where a number was not finite
UpdateStats Ppo::finish_update() {
  if (!numbers_.finite) {
    numbers_.finite = 1;
    throw Error("PPO: the network's numbers are not finite any more (iteration " +
                std::to_string(numbers_.iteration) +
                "): lower agent.learning_rate, clip actions or scale the observations");
  }
  UpdateStats stats = numbers_.stats;
  for (double* x : {&stats.value_loss, &stats.surrogate, &stats.entropy, &stats.kl,
                    &stats.clip_fraction, &stats.actor_grad_norm, &stats.critic_grad_norm})
    *x /= config_.num_learning_epochs * config_.num_mini_batches;
  return stats;
}

UpdateStats Ppo::update(const int* permutation) {
  const Phase phase(threads_.lane(0), "update");
  if (on_device_) {
    require(permutation == nullptr, "Ppo.update: on a device the permutation is the learner's own");
    on_device_->update();
    return finish_update();
  }
  LearnView v = view();
  BeginUpdate{v}(0);
  if (permutation)
    v.permutation = permutation;
  else
    threads_.run(blocks_of(v.samples(), kSampleBlock), [&](int block, int) {
      const int end = std::min(v.samples(), (block + 1) * kSampleBlock);
      for (int i = block * kSampleBlock; i < end; ++i) PermuteSamples{v, permutation_.data()}(i);
    });
  CountValid::Shared shared;
  for (int b = 0; b < v.batches; ++b) CountValid{v}(SoloBlock{}, b, shared);
  standardise(v);

  const int rounds = config_.num_learning_epochs * v.batches;
  for (int i = 0; i < rounds && numbers_.finite; ++i) minibatch(i % v.batches, v);
  EndUpdate{v}(0);
  return finish_update();
}

}  // namespace motorium
