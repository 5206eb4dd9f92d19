// A mini-batch on a device: all of its samples at once, where the CPU takes chunks. Row r of the
// work space is sample permutation[batch, r]; the mirror images begin at a whole block of rows.
#pragma once
#include "motorium/policy/learn/update_kernels.h"
#include "motorium/policy/nn/product.h"

namespace motorium {

// rows of a mini-batch; gradients, what the heads need and what they give: 0 for masked samples
struct BatchView {
  LearnView v;
  int batch;
  float *log_prob, *advantage, *weight, *loss, *kl, *clipped, *old_value, *target;  // (rows)
  float *action, *old_mean, *d_std;  // (rows, actions) stride: padded(actions)

  FN int half_rows() const { return v.half() * kSampleBlock; }
  FN int rows() const { return v.mirror ? half_rows() + v.batch_size : v.batch_size; }
  FN bool mirrored(int row) const { return row >= half_rows(); }
  // -1: the row is between the halves
  FN int sample(int row) const {
    const int i = row % half_rows();
    return i < v.batch_size ? v.permutation[long(batch) * v.batch_size + i] : -1;
  }
};

// index and sign of a group under mirroring
struct MirrorMap {
  const int* index;
  const float* sign;
};

FN GatherArgs gather_of(const float* from, int size, bool mirrored, const MirrorMap& map) {
  GatherArgs g{};
  g.size = size;
  g.from = from;
  g.map = mirrored ? map.index : nullptr;
  g.sign = map.sign;
  return g;
}

// items: rows * size. Observations as a network takes them
struct GatherObservations {
  BatchView b;
  const float* from;
  int size;
  MirrorMap map;
  const float *mean, *scale;  // null: not normalised
  float* to;                  // (rows, size) stride: padded(size)
  FN void operator()(int item) const {
    const int row = item / size, i = item % size, sample = b.sample(row);
    if (sample < 0) return;
    GatherArgs g = gather_of(from, size, b.mirrored(row), map);
    g.mean = mean;
    g.scale = scale;
    to[long(row) * padded(size) + i] = gathered(g, from + long(sample) * size, i);
  }
};

// items: rows. Surrogate of a sample and its gradient
struct PolicyRows {
  BatchView b;
  MirrorMap map;
  const float* mean;  // (rows, actions) of the network
  float* d_mean;      // both with stride padded(actions)
  FN void operator()(int row) const {
    const int sample = b.sample(row);
    if (sample < 0) return;
    const LearnView& v = b.v;
    const int stride = padded(v.actions);
    const GatherArgs g = gather_of(v.action, v.actions, b.mirrored(row), map);
    const long from = long(sample) * v.actions;
    for (int i = 0; i < v.actions; ++i) {
      b.action[long(row) * stride + i] = gathered(g, v.action + from, i);
      b.old_mean[long(row) * stride + i] = gathered(g, v.mean + from, i);
    }
    b.log_prob[row] = v.log_prob[sample];
    b.advantage[row] = v.standardised(sample, b.batch);
    b.weight[row] = v.masked[sample] ? 0.f : v.sample_weight(b.batch);
    PolicyHeadArgs h{};
    h.actions = v.actions;
    h.mean = mean;
    h.action = b.action;
    h.old_mean = b.old_mean;
    h.old_log_prob = b.log_prob;
    h.advantage = b.advantage;
    h.weight = b.weight;
    h.inverse_std = v.inverse_sigma;
    h.log_norm = v.n->log_norm;
    h.kl_constant = v.n->kl_constant;
    h.clip = v.clip;
    h.mean_stride = h.table_stride = h.d_stride = stride;
    h.d_mean = d_mean;
    h.d_std = b.d_std;
    h.log_std = v.log_std;
    h.loss = b.loss;
    h.kl = b.kl;
    h.clipped = b.clipped;
    policy_head_at<float>(h, row);
    if (v.masked[sample]) b.loss[row] = b.kl[row] = b.clipped[row] = 0.f;
  }
};

// items: rows. Value loss of a sample and its gradient
struct ValueRows {
  BatchView b;
  const float* value;  // (rows) of the network
  float* d_value;      // both with stride padded(1)
  FN void operator()(int row) const {
    const int sample = b.sample(row);
    if (sample < 0) return;
    const LearnView& v = b.v;
    b.old_value[row] = v.value[sample];
    b.target[row] = v.target[sample];
    b.weight[row] = v.masked[sample] ? 0.f : v.sample_weight(b.batch) * v.value_coef;
    ValueHeadArgs h{};
    h.value = value;
    h.value_stride = h.d_stride = padded(1);
    h.old_value = b.old_value;
    h.target = b.target;
    h.weight = b.weight;
    h.clip_loss = v.clip_value;
    h.clip = v.clip;
    h.d_value = d_value;
    h.loss = b.loss;
    value_head_at<float>(h, row);
    if (v.masked[sample]) b.loss[row] = 0.f;
  }
};

// blocks of samples. Sums of what the heads found
struct LossSums {
  BatchView b;
  bool of_critic;
  struct Shared {
    double lanes[3][kSumLanes];
  };
  template <class Block> FN void operator()(Block block, int index, Shared& s) const {
    const int n = min(kSampleBlock, b.v.batch_size - index % b.v.half() * kSampleBlock);
    const long first = long(index) * kSampleBlock;
    block.each([&](int lane) {
      if (lane >= kSumLanes) return;
      const auto sum = [&](const float* x) {
        return lane_sum(n, lane, [&](int i) { return static_cast<double>(x[first + i]); });
      };
      s.lanes[0][lane] = sum(b.loss);
      s.lanes[1][lane] = of_critic ? 0 : sum(b.kl);
      s.lanes[2][lane] = of_critic ? 0 : sum(b.clipped);
    });
    block.each([&](int thread) {
      if (thread != 0) return;
      BlockSums& to = b.v.sums[2 * index + of_critic];
      to.loss = add_lanes(s.lanes[0]);
      to.kl = add_lanes(s.lanes[1]);
      to.clipped = add_lanes(s.lanes[2]);
    });
  }
};

// blocks: ranges of the actor, of the critic, and the std. Blocks of samples in order, and the sum
// of squares
struct SumRanges {
  LearnView v;
  const float* from;  // (blocks, parameters)
  long stride;
  struct Shared {
    double lanes[kSumLanes];
  };
  FN int ranges() const { return ranges_of(v.actor_count) + ranges_of(v.critic_count); }
  template <class Block> FN void operator()(Block block, int index, Shared& s) const {
    const int actor_ranges = ranges_of(v.actor_count);
    const bool of_std = index == ranges(), of_actor = index < actor_ranges;
    const long start = of_actor ? 0 : of_std ? v.actor_count : v.critic_at();
    const long count = of_actor ? v.actor_count : of_std ? padded(v.actions) : v.critic_count;
    const long first = of_std ? 0 : long(of_actor ? index : index - actor_ranges) * kRange;
    const long left = count - first;
    const int n = left < kRange ? static_cast<int>(left) : kRange;
    float* to = v.gradient + start + first;
    block.each([&](int thread) {
      for (int i = thread; i < n; i += kBlockThreads)
        to[i] = block_sum<float>(v.blocks(), from + start + first + i, stride);
    });
    if (of_std) return;
    block.each([&](int lane) {
      if (lane >= kSumLanes) return;
      s.lanes[lane] = lane_sum(
          n, lane, [&](int i) { return static_cast<double>(to[i]) * static_cast<double>(to[i]); });
    });
    block.each([&](int thread) {
      if (thread == 0) v.squares[index] = add_lanes(s.lanes);
    });
  }
};

// items: parameters of both networks
struct AdamStep {
  LearnView v;
  float* parameters;  // actor, its std, critic
  FN void operator()(int i) const {
    if (!v.n->go) return;
    const bool of_actor = i < v.actor_count;
    const long at = of_actor ? i : i - v.actor_count + v.critic_at();
    adam_at<float>(of_actor ? v.n->actor : v.n->critic, parameters + at, v.adam_m + at,
                   v.adam_v + at, v.gradient + at);
  }
};

// items: in * out. A layer's weight as mlp_rows.h reads it
struct LayAcross {
  const float* weight;  // (out, padded(in))
  float* to;            // (in, out)
  int in, out;
  FN void operator()(int i) const {
    const int k = i / out, o = i % out;
    to[i] = weight[long(o) * padded(in) + k];
  }
};

// items: worlds
struct Returns {
  LearnView v;
  FN void operator()(int w) const { gae_at<float>(gae_args(v), w); }
};

// one item
struct EndStep {
  LearnView v;
  FN void operator()(int) const { ++v.n->step; }
};

}  // namespace motorium
