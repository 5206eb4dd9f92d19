// The numbers of an update: order of the samples, scale of the advantages, and what a mini-batch
// decides once its gradients are summed. The CPU runs them with one thread (SoloBlock), a device
// with blocks of threads; sums are those of sums.h.
#pragma once
#include "motorium/policy/learn/permutation.h"
#include "motorium/policy/learn/ppo_kernels.h"
#include "motorium/policy/learn/rollout_kernels.h"
#include "motorium/policy/learn/sums.h"

namespace motorium {

FN GaeArgs gae_args(const LearnView& v) {
  GaeArgs g{};
  g.worlds = v.worlds;
  g.steps = v.steps;
  g.reward = v.reward;
  g.done = v.done;
  g.value = v.value;
  g.gamma = v.gamma;
  g.lam = v.lam;
  g.advantage = v.advantage;
  g.target = v.target;
  return g;
}

// one item
struct BeginUpdate {
  LearnView v;
  FN void operator()(int) const {
    v.n->stats = UpdateStats{};
    v.n->key = permutation_key(v.seed, static_cast<uint32_t>(v.n->iteration));
  }
};

// items: samples. One permutation per update, reused by all epochs
struct PermuteSamples {
  LearnView v;
  int* permutation;
  FN void operator()(int i) const {
    permutation[i] = static_cast<int>(
        permuted(v.n->key, static_cast<uint32_t>(i), static_cast<uint32_t>(v.samples())));
  }
};

// blocks: mini-batches
struct CountValid {
  LearnView v;
  struct Shared {
    int count[kBlockThreads];
  };
  template <class Block> FN void operator()(Block block, int batch, Shared& s) const {
    const int* index = v.permutation + long(batch) * v.batch_size;
    block.each([&](int thread) {
      int count = 0;
      for (int i = thread; i < v.batch_size; i += kBlockThreads) count += !v.masked[index[i]];
      s.count[thread] = count;
    });
    block.each([&](int thread) {
      if (thread != 0) return;
      int sum = 0;
      for (int k = 0; k < kBlockThreads; ++k) sum += s.count[k];
      v.valid[batch] = sum;
    });
  }
};

// blocks: sets * set_blocks. Sum of A, or of (A - mean)^2, over the samples that are not masked
struct AdvantageSum {
  LearnView v;
  bool squares;
  struct Shared {
    double sum[kSumLanes], count[kSumLanes];
  };
  template <class Block> FN void operator()(Block block, int index, Shared& s) const {
    const int set = index / v.set_blocks(), first = index % v.set_blocks() * kSampleBlock;
    const int n = min(kSampleBlock, v.set_size() - first);
    const double mean = squares ? v.advantage_scale[set].mean : 0;
    block.each([&](int lane) {
      if (lane >= kSumLanes) return;
      s.sum[lane] = lane_sum(n, lane, [&](int i) {
        const int at = v.of_set(set, first + i);
        const double d = static_cast<double>(v.advantage[at]) - mean;
        return v.masked[at] ? 0 : squares ? d * d : d;
      });
      s.count[lane] =
          lane_sum(n, lane, [&](int i) { return v.masked[v.of_set(set, first + i)] ? 0. : 1.; });
    });
    block.each([&](int thread) {
      if (thread != 0) return;
      v.advantage_sums[2 * index] = add_lanes(s.sum);
      v.advantage_sums[2 * index + 1] = add_lanes(s.count);
    });
  }
};

// blocks: sets. (A - mean) / (std + 1e-8), unbiased std
struct AdvantageFinish {
  LearnView v;
  bool squares;
  struct Shared {
    double sum[kSumLanes], count[kSumLanes];
  };
  template <class Block> FN void operator()(Block block, int set, Shared& s) const {
    const double* from = v.advantage_sums + 2L * set * v.set_blocks();
    block.each([&](int lane) {
      if (lane >= kSumLanes) return;
      s.sum[lane] = lane_sum(v.set_blocks(), lane, [&](int i) { return from[2 * i]; });
      s.count[lane] = lane_sum(v.set_blocks(), lane, [&](int i) { return from[2 * i + 1]; });
    });
    block.each([&](int thread) {
      if (thread != 0) return;
      const double sum = add_lanes(s.sum), n = add_lanes(s.count);
      AdvantageScale& a = v.advantage_scale[set];
      if (!squares) {
        a.mean = n > 0 ? sum / n : 0;
      } else {
        a.shift = static_cast<float>(a.mean);
        a.scale = static_cast<float>(1 / (sqrt(n > 1 ? sum / (n - 1) : 0.) + 1e-8));
      }
    });
  }
};

FN bool is_finite(double x) { return x - x == 0; }

// one block, after the sums of gradients: losses, norms, learning rate, clip, Adam of the std
struct DecideStep {
  LearnView v;
  int batch;
  struct Shared {
    double lanes[6][kSumLanes];
  };

  template <class Block> FN void operator()(Block block, int, Shared& s) const {
    const int actor_ranges = ranges_of(v.actor_count), critic_ranges = ranges_of(v.critic_count);
    block.each([&](int lane) {
      if (lane >= kSumLanes) return;
      const BlockSums* sums = v.sums;
      const double* squares = v.squares;
      const auto put = [&](int what, int n, auto f) { s.lanes[what][lane] = lane_sum(n, lane, f); };
      put(0, v.blocks(), [&](int b) { return sums[2 * b].loss; });
      put(1, v.blocks(), [&](int b) { return sums[2 * b + 1].loss; });
      put(2, v.half(), [&](int b) { return sums[2 * b].kl; });
      put(3, v.blocks(), [&](int b) { return sums[2 * b].clipped; });
      put(4, actor_ranges, [&](int i) { return squares[i]; });
      put(5, critic_ranges, [&](int i) { return squares[actor_ranges + i]; });
    });
    block.each([&](int thread) {
      if (thread == 0) decide(s);
    });
  }

 private:
  FN void decide(const Shared& s) const {
    LearnNumbers& n = *v.n;
    n.go = 0;
    const int valid = v.valid[batch];
    if (valid == 0 || !n.finite) return;
    const double total = static_cast<double>(valid) * (v.mirror ? 2 : 1);
    const double surrogate = add_lanes(s.lanes[0]) / total, value = add_lanes(s.lanes[1]) / total;
    const double kl = add_lanes(s.lanes[2]) / valid;

    // entropy: dH/dsigma = 1/sigma, dH/dln sigma = 1
    float* std_gradient = v.gradient + v.actor_count;
    double entropy = 0, actor_square = 0;
    for (int i = 0; i < v.actions; ++i) {
      entropy +=
          0.5 + static_cast<double>(log<float>(v.sigma[i])) + static_cast<double>(kHalfLogTwoPi);
      std_gradient[i] -= v.log_std ? v.entropy_coef : v.entropy_coef * v.inverse_sigma[i];
      actor_square += static_cast<double>(std_gradient[i]) * static_cast<double>(std_gradient[i]);
    }
    actor_square += add_lanes(s.lanes[4]);
    const double critic_square = add_lanes(s.lanes[5]);
    n.finite = is_finite(actor_square) && is_finite(critic_square) && is_finite(kl) &&
               is_finite(surrogate) && is_finite(value);
    if (!n.finite) return;
    n.go = 1;

    // the step follows the change of the policy
    if (v.adaptive && kl > 2 * v.desired_kl)
      n.learning_rate = max(v.min_rate, n.learning_rate / 1.5);
    else if (v.adaptive && kl > 0 && kl < v.desired_kl / 2)
      n.learning_rate = min(v.max_rate, n.learning_rate * 1.5);

    // Adam's scalars, and the clip of the norms
    const double actor_norm = sqrt(actor_square), critic_norm = sqrt(critic_square);
    const double joint = sqrt(actor_square + critic_square);
    n.beta1_power *= 0.9;
    n.beta2_power *= 0.999;
    n.actor = AdamArgs{};
    n.actor.step = static_cast<float>(n.learning_rate / (1 - n.beta1_power));
    n.actor.inverse_root = static_cast<float>(1 / sqrt(1 - n.beta2_power));
    n.critic = n.actor;
    n.actor.grad_scale = clip_of(v.joint_norm ? joint : actor_norm);
    n.critic.grad_scale = clip_of(v.joint_norm ? joint : critic_norm);

    // the std at once: what follows from it is needed by the next mini-batch
    for (int i = 0; i < v.actions; ++i)
      adam_at<float>(n.actor, v.std + i, v.adam_m + v.actor_count + i, v.adam_v + v.actor_count + i,
                     std_gradient + i);
    refresh_std(v);

    n.stats.surrogate += surrogate;
    n.stats.value_loss += value;
    n.stats.kl += kl;
    n.stats.clip_fraction += add_lanes(s.lanes[3]) / total;
    n.stats.entropy += entropy;
    n.stats.actor_grad_norm += actor_norm;
    n.stats.critic_grad_norm += critic_norm;
  }
  FN float clip_of(double norm) const {
    return static_cast<float>(min(1., v.max_norm / (norm + 1e-6)));
  }
};

// one item
struct EndUpdate {
  LearnView v;
  FN void operator()(int) const { v.n->iteration += v.n->finite; }
};

}  // namespace motorium
