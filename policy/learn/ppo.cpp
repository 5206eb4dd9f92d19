#include "motorium/policy/learn/ppo.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "motorium/core/error.h"
#include "motorium/core/threads.h"
#include "motorium/policy/learn/ppo_kernels.h"
#include "motorium/policy/learn/sample_kernel.h"
#include "motorium/policy/nn/policy.h"
#include "motorium/policy/nn/safetensors.h"

namespace motorium {

namespace {

constexpr int kChunk = 64;       // samples whose activations of one network stay in the L2 cache
constexpr int kActRows = 64;     // worlds per inference item
constexpr int kGaeWorlds = 256;  // worlds per item
constexpr long kRange = 4096;    // parameters per item of the sums and of Adam
constexpr float kHalfLogTwoPi = 0.91893853f;

int blocks_of(int count, int size) { return (count + size - 1) / size; }
long ranges_of(long count) { return (count + kRange - 1) / kRange; }

int find_group(const VecEnv& env, const std::string& name) {
  const auto& groups = env.observations();
  require(!groups.empty(), "environment: it has no observations");
  for (size_t i = 0; i < groups.size(); ++i)
    if (groups[i].name == name) return static_cast<int>(i);
  return 0;
}

bool row_is_bad(const float* x, int size) {
  int bad = 0;
  for (int i = 0; i < size; ++i) bad |= (bits(x[i]) & 0x7fffffff) > kBadBits;
  return bad != 0;
}

void split_map(const std::vector<std::pair<int, float>>& pairs, int size, std::vector<int>& map,
               std::vector<float>& sign, const std::string& what) {
  require(static_cast<int>(pairs.size()) == size,
          "symmetry_augmentation: the environment has no mirror map for " + what);
  for (const auto& p : pairs) {
    require(p.first >= 0 && p.first < size, "mirror map of " + what + ": index out of range");
    map.push_back(p.first);
    sign.push_back(p.second);
  }
}

}  // namespace

struct Ppo::BlockSums {
  double loss = 0, kl = 0, clipped = 0;
};

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

Ppo::~Ppo() = default;

Ppo::Ppo(VecEnv& env, const PpoConfig& config, uint64_t seed, Threads& threads,
         const PolicyKernels* kernels)
    : env_(env),
      config_(config),
      seed_(seed),
      threads_(threads),
      k_(kernels ? *kernels : policy_kernels()),
      learning_rate_(config.learning_rate) {
  config_.validate();
  actor_group_ = find_group(env, config_.actor_group);
  critic_group_ = find_group(env, config_.critic_group);
  const auto& groups = env.observations();
  bool has_critic = false;
  for (const auto& g : groups) has_critic |= g.name == config_.critic_group;
  if (!has_critic) critic_group_ = actor_group_;
  separate_ = critic_group_ != actor_group_;
  const int na = groups[actor_group_].size, nc = groups[critic_group_].size;
  const int actions = env.action_size(), worlds = env.worlds(), steps = config_.num_steps_per_env;
  const size_t samples = size_t(steps) * worlds;
  require(worlds > 0 && actions > 0 && na > 0 && nc > 0,
          "environment: worlds, actions and observations must be at least one");
  require(samples < (size_t(1) << 30), "worlds times num_steps_per_env must stay below 2^30");
  require(samples >= size_t(config_.num_mini_batches),
          "num_mini_batches: more mini-batches than samples");

  // networks
  const auto sizes = [](int in, const std::vector<int>& hidden, int out) {
    std::vector<int> s = {in};
    s.insert(s.end(), hidden.begin(), hidden.end());
    s.push_back(out);
    return s;
  };
  actor_ = Mlp(sizes(na, config_.actor_hidden_dims, actions), config_.activation, &k_);
  critic_ = Mlp(sizes(nc, config_.critic_hidden_dims, 1), config_.activation, &k_);
  actor_.initialize(seed, 0);
  critic_.initialize(seed, 1);
  actor_norm_ = Normalizer(na);
  if (separate_) critic_norm_ = Normalizer(nc);
  std_ = Floats(padded(actions));
  sigma_ = Floats(padded(actions));
  inverse_sigma_ = Floats(padded(actions));
  const float start = static_cast<float>(config_.init_std);
  for (int i = 0; i < actions; ++i)
    std_[i] = config_.std_type == StdType::log ? log<float>(start) : start;
  const size_t parameters = actor_.count() + padded(actions) + critic_.count();
  adam_m_ = Floats(parameters);
  adam_v_ = Floats(parameters);
  gradient_ = Floats(parameters);

  // rollout
  Rollout& r = rollout_;
  r.steps = steps;
  r.worlds = worlds;
  r.actions = actions;
  r.actor_obs = Floats(samples * na);
  if (separate_) r.critic_obs = Floats(samples * nc);
  r.action = Floats(samples * actions);
  r.mean = Floats(samples * actions);
  r.log_prob = Floats(samples);
  r.value = Floats(samples + worlds);
  r.reward = Floats(samples);
  r.done = Floats(samples);
  r.masked.assign(samples, 0);
  r.advantage = Floats(samples);
  r.target = Floats(samples);
  r.old_std = Floats(padded(actions));
  refresh_std();
  std::copy(sigma_.data(), sigma_.data() + actions, r.old_std.data());

  // work space
  for (int i = 0; i < threads.count(); ++i)
    workers_.push_back(std::make_unique<Worker>(actor_, critic_));
  env_action_ = Floats(size_t(worlds) * actions);
  sample_advantage_ = Floats(samples);
  permutation_.resize(samples);
  final_rows_.resize(size_t(worlds) * nc);
  final_values_.resize(worlds);
  final_worlds_.resize(worlds);
  bad_rows_.assign(worlds, 0);
  episode_reward_.assign(worlds, 0.);
  episode_length_.assign(worlds, 0.);
  const int blocks = blocks_of(static_cast<int>(samples) / config_.num_mini_batches, kSampleBlock) *
                     (config_.symmetry_augmentation ? 2 : 1);
  block_gradient_ = Floats(size_t(blocks) * parameters);
  for (int b = 0; b < blocks; ++b) {
    actor_blocks_.push_back(block_gradient_.data() + size_t(b) * parameters);
    critic_blocks_.push_back(actor_blocks_.back() + actor_.count() + padded(actions));
  }
  sums_.resize(size_t(blocks) * 2);
  squares_.resize(ranges_of(actor_.count()) + ranges_of(critic_.count()));
  if (config_.symmetry_augmentation) {
    split_map(env.action_mirror(), actions, action_map_, action_sign_, "actions");
    split_map(env.observation_mirror(actor_group_), na, actor_map_, actor_sign_,
              "group " + groups[actor_group_].name);
    split_map(env.observation_mirror(critic_group_), nc, critic_map_, critic_sign_,
              "group " + groups[critic_group_].name);
  }
}

void Ppo::start() {
  env_.reset(seed_);
  const int limit = env_.max_episode_length();
  if (config_.init_at_random_ep_len && limit > 1) {
    int32_t* length = env_.episode_length();
    for (int w = 0; w < env_.worlds(); ++w) {
      const DrawWords d = draw(seed_, Draw::episode_start, static_cast<uint32_t>(w), 0, 0);
      length[w] = static_cast<int32_t>((uint64_t(d.v[0]) * static_cast<uint32_t>(limit)) >> 32);
    }
  }
  scan_observations();
}

double Ppo::mean_std() const {
  double s = 0;
  for (int i = 0; i < rollout_.actions; ++i) s += sigma_[i];
  return s / rollout_.actions;
}
double Ppo::std_of(int action) const { return sigma_[action]; }

ObservationScale Ppo::actor_scale() const {
  return config_.obs_normalization ? actor_norm_.scale() : ObservationScale{};
}
ObservationScale Ppo::critic_scale() const {
  if (!config_.obs_normalization) return {};
  return separate_ ? critic_norm_.scale() : actor_norm_.scale();
}

// what follows from the std parameter: sigma, 1/sigma, the constants of log p and of the KL
// divergence
void Ppo::refresh_std() {
  log_norm_ = kl_constant_ = 0;
  for (int i = 0; i < rollout_.actions; ++i) {
    if (config_.std_type == StdType::scalar) std_[i] = std_[i] < 1e-6f ? 1e-6f : std_[i];
    const float s = config_.std_type == StdType::log ? exp<float>(std_[i]) : std_[i];
    sigma_[i] = s;
    inverse_sigma_[i] = 1.f / s;
    log_norm_ += log<float>(s) + kHalfLogTwoPi;
    const float old = rollout_.old_std[i];
    if (old > 0.f) {
      const float ratio = old / s;
      kl_constant_ += 0.5f * ratio * ratio - 0.5f - log<float>(ratio);
    }
  }
}

// ---- rollout
// -------------------------------------------------------------------------------------
void Ppo::scan_observations() {
  const auto& groups = env_.observations();
  const int worlds = env_.worlds();
  threads_.run(blocks_of(worlds, kSampleBlock), [&](int block, int) {
    for (int w = block * kSampleBlock; w < std::min(worlds, (block + 1) * kSampleBlock); ++w) {
      bool bad = false;
      for (int g : {actor_group_, critic_group_})
        bad |= row_is_bad(groups[g].data + size_t(w) * groups[g].size, groups[g].size);
      bad_rows_[w] = bad;
    }
  });
}

// values of `count` dense rows of critic observations
void Ppo::value_block(const float* rows, int begin, int count, float* out, int worker) {
  MlpScratch& s = workers_[worker]->critic;
  const int size = critic_.inputs();
  for (int at = 0; at < count; at += kChunk) {
    const int n = std::min(kChunk, count - at);
    mlp(critic_, rows + size_t(begin + at) * size, n, out + begin + at, s, critic_scale());
  }
}

// store the observations of a block of worlds, sample its actions, value its states
void Ppo::act_block(int block, int worker, int t) {
  Worker& work = *workers_[worker];
  Rollout& r = rollout_;
  const int begin = block * kActRows, n = std::min(kActRows, r.worlds - begin);
  const size_t at = size_t(t) * r.worlds + begin;
  const auto copy = [&](int group, Floats& to) {
    const ObservationGroup& g = env_.observations()[group];
    for (int i = 0; i < n; ++i) {
      float* row = to.data() + (at + i) * g.size;
      if (bad_rows_[begin + i])
        std::memset(row, 0, g.size * sizeof(float));
      else
        std::memcpy(row, g.data + size_t(begin + i) * g.size, g.size * sizeof(float));
    }
    return to.data() + at * g.size;
  };
  const float* actor_obs = copy(actor_group_, r.actor_obs);
  const float* critic_obs = separate_ ? copy(critic_group_, r.critic_obs) : actor_obs;

  const ObservationScale scale = actor_scale();
  GatherArgs g{};
  g.rows = n;
  g.size = actor_.inputs();
  g.from = actor_obs;
  g.mean = scale.mean;
  g.scale = scale.scale;
  g.to = work.actor.input();
  g.to_stride = row_stride(g.size);
  k_.gather_rows(&g);
  k_.forward(&actor_.view(), &work.actor.buffers(), n);
  SampleArgs s{};
  s.rows = n;
  s.actions = r.actions;
  s.first_world = begin;
  s.seed = seed_;
  s.step = step_;
  s.mean = work.actor.output();
  s.mean_stride = row_stride(r.actions);
  s.std = sigma_.data();
  s.log_norm = log_norm_;
  s.action = r.action.data() + at * r.actions;
  s.stored_mean = r.mean.data() + at * r.actions;
  s.log_prob = r.log_prob.data() + at;
  k_.sample(&s);
  value_block(critic_obs, 0, n, r.value.data() + at, worker);

  // what the environment gets
  float* out = env_action_.data() + size_t(begin) * r.actions;
  const float limit = static_cast<float>(config_.clip_actions);
  for (int i = 0; i < n * r.actions; ++i)
    out[i] = limit > 0.f ? clamp<float>(s.action[i], -limit, limit) : s.action[i];
}

void Ppo::after_step(int t) {
  Rollout& r = rollout_;
  const auto& groups = env_.observations();
  const int worlds = r.worlds;
  const size_t at = size_t(t) * worlds;
  const float* reward = env_.rewards();
  const uint8_t *terminated = env_.terminated(), *truncated = env_.truncated(),
                *nonfinite = env_.nonfinite();
  const bool final_mode = config_.time_out == TimeOut::final;
  const float gamma = static_cast<float>(config_.gamma);

  // rewards, flags, masks; which worlds ended by time
  const float* final_obs = env_.final_observations(critic_group_);
  const int size = critic_.inputs();
  int ended = 0;
  for (int w = 0; w < worlds; ++w) {
    const bool bad = nonfinite[w] || is_bad<float>(reward[w]);
    const float x = bad ? 0.f : reward[w];
    const bool masked = bad || bad_rows_[w];
    r.reward[at + w] = x;
    r.done[at + w] = terminated[w] || truncated[w] || nonfinite[w] ? 1.f : 0.f;
    r.masked[at + w] = masked;
    masked_samples_ += masked;
    episode_reward_[w] += x;
    episode_length_[w] += 1;
    if (r.done[at + w] != 0.f) {
      episodes_.add(episode_reward_[w], episode_length_[w]);
      episode_reward_[w] = episode_length_[w] = 0;
    }
    if (!truncated[w] || nonfinite[w]) continue;
    if (!final_mode) {
      r.reward[at + w] = fma(gamma, r.value[at + w], x);
    } else if (!terminated[w] && !row_is_bad(final_obs + size_t(w) * size, size)) {
      std::memcpy(&final_rows_[size_t(ended) * size], final_obs + size_t(w) * size,
                  size * sizeof(float));
      final_worlds_[ended++] = w;
    }
  }

  // a new look at the world: bad rows, then the normaliser
  scan_observations();
  for (int w = 0; w < worlds; ++w) bad_observations_ += bad_rows_[w];
  if (config_.obs_normalization) {
    actor_norm_.update(groups[actor_group_].data, worlds, bad_rows_.data(), threads_);
    if (separate_)
      critic_norm_.update(groups[critic_group_].data, worlds, bad_rows_.data(), threads_);
  }

  // time-outs are not failures: add the value of what would have followed
  if (ended) {
    threads_.run(blocks_of(ended, kActRows), [&](int block, int worker) {
      const int begin = block * kActRows;
      value_block(final_rows_.data(), begin, std::min(kActRows, ended - begin),
                  final_values_.data(), worker);
    });
    for (int i = 0; i < ended; ++i) {
      float& x = r.reward[at + final_worlds_[i]];
      x = fma(gamma, final_values_[i], x);
    }
  }
}

void Ppo::collect() {
  Rollout& r = rollout_;
  std::copy(sigma_.data(), sigma_.data() + r.actions, r.old_std.data());
  refresh_std();
  for (int t = 0; t < r.steps; ++t) {
    threads_.run(blocks_of(r.worlds, kActRows),
                 [&](int block, int worker) { act_block(block, worker, t); });
    env_.step(env_action_.data());
    ++step_;
    after_step(t);
  }

  // value of the state after the last step; a bad row counts as zero
  const float* rows = env_.observations()[critic_group_].data;
  float* last = r.value.data() + size_t(r.steps) * r.worlds;
  threads_.run(blocks_of(r.worlds, kActRows), [&](int block, int worker) {
    const int begin = block * kActRows, n = std::min(kActRows, r.worlds - begin);
    value_block(rows, begin, n, last, worker);
    for (int w = begin; w < begin + n; ++w)
      if (bad_rows_[w]) last[w] = 0.f;
  });
  compute_returns();
}

void Ppo::compute_returns() {
  Rollout& r = rollout_;
  GaeArgs g{};
  g.worlds = r.worlds;
  g.steps = r.steps;
  g.reward = r.reward.data();
  g.done = r.done.data();
  g.value = r.value.data();
  g.gamma = static_cast<float>(config_.gamma);
  g.lam = static_cast<float>(config_.lam);
  g.advantage = r.advantage.data();
  g.target = r.target.data();
  threads_.run(blocks_of(r.worlds, kGaeWorlds), [&](int block, int) {
    k_.gae(&g, block * kGaeWorlds, std::min(r.worlds, (block + 1) * kGaeWorlds));
  });
}

// ---- update
// -------------------------------------------------------------------------------------- (A - mean)
// / (std + 1e-8) over the samples index[0 .. count-1] that are not masked, unbiased std
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
  threads_.run(actor_ranges + critic_ranges, [&](int item, int) {
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
  threads_.run(actor_ranges + critic_ranges, [&](int item, int) {
    const bool of_actor = item < actor_ranges;
    const long begin = (of_actor ? item : item - actor_ranges) * kRange;
    const long end = std::min(of_actor ? na : nc, begin + kRange);
    const long at = begin + (of_actor ? 0 : na + ns);
    k_.adam(of_actor ? &a : &b, end - begin, (of_actor ? actor_ : critic_).parameters() + begin,
            adam_m_.data() + at, adam_v_.data() + at, gradient_.data() + at);
  });
  k_.adam(&a, ns, std_.data(), adam_m_.data() + na, adam_v_.data() + na, std_gradient);
  refresh_std();
  threads_.run(actor_.layers() + critic_.layers(), [&](int item, int) {
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

// ---- files
// ---------------------------------------------------------------------------------------
namespace {

void write_normalizer(SafetensorsWriter& out, const std::string& prefix, const Normalizer& n) {
  std::vector<float> mean(n.mean.begin(), n.mean.end()), var(n.var.begin(), n.var.end());
  out.add(prefix + ".mean", Dtype::f32, {n.size()}, mean.data());
  out.add(prefix + ".var", Dtype::f32, {n.size()}, var.data());
  out.add(prefix + ".count", Dtype::i64, {}, &n.count);
}
void read_normalizer(const Safetensors& in, const std::string& prefix, Normalizer& n) {
  if (!in.find(prefix + ".mean")) return;
  const auto mean = in.floats(prefix + ".mean", {n.size()});
  const auto var = in.floats(prefix + ".var", {n.size()});
  std::copy(mean.begin(), mean.end(), n.mean.begin());
  std::copy(var.begin(), var.end(), n.var.begin());
  in.read(prefix + ".count", Dtype::i64, &n.count, 1);
  n.refresh();
}
// the same in double, so that a run goes on exactly
void write_exact(SafetensorsWriter& out, const std::string& prefix, const Normalizer& n) {
  out.add(prefix + ".mean", Dtype::f64, {n.size()}, n.mean.data());
  out.add(prefix + ".var", Dtype::f64, {n.size()}, n.var.data());
  out.add(prefix + ".count", Dtype::i64, {}, &n.count);
}
void read_exact(const Safetensors& in, const std::string& prefix, Normalizer& n) {
  in.read(prefix + ".mean", Dtype::f64, n.mean.data(), n.mean.size());
  in.read(prefix + ".var", Dtype::f64, n.var.data(), n.var.size());
  in.read(prefix + ".count", Dtype::i64, &n.count, 1);
  n.refresh();
}
// replaces the parameters of a network by those of a file, which must have the same shape
void read_network(const Safetensors& in, const std::string& prefix, Mlp& net,
                  const PolicyKernels& kernels) {
  Mlp read = read_mlp(in, prefix, net.activation(), &kernels);
  bool same = read.layers() == net.layers();
  for (int l = 0; same && l < net.layers(); ++l)
    same = read.in(l) == net.in(l) && read.out(l) == net.out(l);
  require(same, in.origin() + ": " + prefix +
                    " has other layer sizes than this run: set agent.actor_hidden_dims and "
                    "agent.critic_hidden_dims as in that run");
  net = std::move(read);
}

}  // namespace

void Ppo::write_policy(SafetensorsWriter& out) const {
  out.metadata("activation", activation_name(config_.activation));
  if (config_.clip_actions > 0) out.metadata("clip_actions", std::to_string(config_.clip_actions));
  write_mlp(out, "actor", actor_);
  out.add("actor.std", Dtype::f32, {rollout_.actions}, sigma_.data());
  write_mlp(out, "critic", critic_);
  if (config_.obs_normalization) {
    write_normalizer(out, "normalizer", actor_norm_);
    if (separate_) write_normalizer(out, "critic_normalizer", critic_norm_);
  }
}

void Ppo::read_policy(const Safetensors& in) {
  require(in.text("activation") == activation_name(config_.activation),
          in.origin() + ": its activation is " + in.text("activation") + ", set agent.activation");
  read_network(in, "actor", actor_, k_);
  if (in.find("critic.0.weight")) read_network(in, "critic", critic_, k_);
  const auto sigma = in.floats("actor.std", {rollout_.actions});
  for (int i = 0; i < rollout_.actions; ++i)
    std_[i] = config_.std_type == StdType::log ? log<float>(sigma[i]) : sigma[i];
  read_normalizer(in, "normalizer", actor_norm_);
  if (separate_) read_normalizer(in, "critic_normalizer", critic_norm_);
  refresh_std();
}

void Ppo::write_state(SafetensorsWriter& out) const {
  write_policy(out);
  const auto flat = [&](const char* name, const Floats& x) {
    out.add(name, Dtype::f32, {static_cast<int64_t>(x.size())}, x.data());
  };
  flat("state.std", std_);
  flat("state.adam_m", adam_m_);
  flat("state.adam_v", adam_v_);
  const double numbers[] = {learning_rate_, beta1_power_, beta2_power_};
  out.add("state.numbers", Dtype::f64, {3}, numbers);
  const int64_t counters[] = {iteration_,      step_,           static_cast<int64_t>(seed_),
                              episodes_.total, masked_samples_, bad_observations_};
  out.add("state.counters", Dtype::i64, {6}, counters);
  write_exact(out, "state.normalizer", actor_norm_);
  if (separate_) write_exact(out, "state.critic_normalizer", critic_norm_);
  out.add("state.window_reward", Dtype::f64, {EpisodeWindow::kSize}, episodes_.reward);
  out.add("state.window_length", Dtype::f64, {EpisodeWindow::kSize}, episodes_.length);
  out.add("state.episode_reward", Dtype::f64, {rollout_.worlds}, episode_reward_.data());
  out.add("state.episode_length", Dtype::f64, {rollout_.worlds}, episode_length_.data());
  const auto env = env_.save_state();
  out.add("state.env", Dtype::u8, {static_cast<int64_t>(env.size())}, env.data());
}

void Ppo::read_state(const Safetensors& in) {
  const TensorInfo* length = in.find("state.episode_length");
  require(length, in.origin() + ": not a checkpoint (a policy file starts a run by init_from)");
  require(length->count() == size_t(rollout_.worlds),
          in.origin() + ": has " + std::to_string(length->count()) + " worlds, this run has " +
              std::to_string(rollout_.worlds));
  read_policy(in);
  in.read("state.std", Dtype::f32, std_.data(), std_.size());
  in.read("state.adam_m", Dtype::f32, adam_m_.data(), adam_m_.size());
  in.read("state.adam_v", Dtype::f32, adam_v_.data(), adam_v_.size());
  double numbers[3];
  in.read("state.numbers", Dtype::f64, numbers, 3);
  learning_rate_ = numbers[0];
  beta1_power_ = numbers[1];
  beta2_power_ = numbers[2];
  int64_t counters[6];
  in.read("state.counters", Dtype::i64, counters, 6);
  iteration_ = static_cast<int>(counters[0]);
  step_ = static_cast<uint32_t>(counters[1]);
  seed_ = static_cast<uint64_t>(counters[2]);
  episodes_.total = counters[3];
  masked_samples_ = counters[4];
  bad_observations_ = counters[5];
  read_exact(in, "state.normalizer", actor_norm_);
  if (separate_) read_exact(in, "state.critic_normalizer", critic_norm_);
  in.read("state.window_reward", Dtype::f64, episodes_.reward, EpisodeWindow::kSize);
  in.read("state.window_length", Dtype::f64, episodes_.length, EpisodeWindow::kSize);
  in.read("state.episode_reward", Dtype::f64, episode_reward_.data(), episode_reward_.size());
  in.read("state.episode_length", Dtype::f64, episode_length_.data(), episode_length_.size());
  const TensorInfo* env = in.find("state.env");
  require(env && env->dtype == Dtype::u8, in.origin() + ": no tensor state.env");
  env_.load_state({in.data(*env), in.data(*env) + env->count()});
  refresh_std();
  scan_observations();
}

}  // namespace motorium
