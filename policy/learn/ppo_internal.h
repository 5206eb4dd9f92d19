// What the source files of Ppo share; not for users.
#pragma once
#include "motorium/policy/learn/ppo.h"
#include "motorium/policy/learn/ppo_kernels.h"

namespace motorium {

constexpr int kChunk = 64;       // samples whose activations of one network stay in the L2 cache
constexpr int kActRows = 64;     // worlds per inference item
constexpr int kGaeWorlds = 256;  // worlds per item
constexpr long kRange = 4096;    // parameters per item of the sums and of Adam
constexpr float kHalfLogTwoPi = 0.91893853f;
static_assert(kActRows <= kChunk);

inline int blocks_of(int count, int size) { return (count + size - 1) / size; }
inline long ranges_of(long count) { return (count + kRange - 1) / kRange; }

// sums over the samples of a block
struct Ppo::BlockSums {
  double loss = 0, kl = 0, clipped = 0;
};

// buffers of one thread
struct Ppo::Worker {
  MlpScratch actor, critic;
  Floats action, old_mean, d_std;  // (chunk, actions ...)
  float log_prob[kChunk], advantage[kChunk], weight[kChunk];
  float loss[kChunk], kl[kChunk], clipped[kChunk], old_value[kChunk], target[kChunk];
  Worker(const Mlp& a, const Mlp& c)
      : actor(a, kChunk, true),
        critic(c, kChunk, true),
        action(size_t(kChunk) * row_stride(a.outputs())),
        old_mean(size_t(kChunk) * row_stride(a.outputs())),
        d_std(size_t(kChunk) * actor.buffers().d_stride) {}
};

}  // namespace motorium
