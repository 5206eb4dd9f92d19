// What the source files of Ppo share; not for users.
#pragma once
#include "motorium/policy/learn/ppo.h"
#include "motorium/policy/learn/update_kernels.h"

namespace motorium {

constexpr int kChunk = 64;       // samples whose activations of one network stay in the L2 cache
constexpr int kActRows = 64;     // worlds per inference item
constexpr int kGaeWorlds = 256;  // worlds per item
static_assert(kActRows <= kChunk && kChunk % kSumLanes == 0);

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
