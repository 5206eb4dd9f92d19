// Construction and rollout; the update is in ppo_update.cpp, files in ppo_files.cpp.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "motorium/core/error.h"
#include "motorium/core/threads.h"
#include "motorium/policy/learn/ppo_internal.h"
#include "motorium/policy/learn/sample_kernel.h"

namespace motorium {

namespace {

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
  const Span span(threads_.lane(worker), "policy");
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
  const Span span(threads_.lane(0), "bookkeeping");
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
  const Phase phase(threads_.lane(0), "rollout");
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
  threads_.run(blocks_of(r.worlds, kGaeWorlds), [&](int block, int worker) {
    const Span span(threads_.lane(worker), "returns");
    k_.gae(&g, block * kGaeWorlds, std::min(r.worlds, (block + 1) * kGaeWorlds));
  });
}

}  // namespace motorium
