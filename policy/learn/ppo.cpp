// Construction and rollout; the update is in ppo_update.cpp, files in ppo_files.cpp.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "motorium/core/error.h"
#include "motorium/core/threads.h"
#include "motorium/policy/learn/ppo_device.h"

namespace motorium {

namespace {

int find_group(const VecEnv& env, const std::string& name) {
  const auto& groups = env.observations();
  require(!groups.empty(), "environment: it has no observations");
  for (size_t i = 0; i < groups.size(); ++i)
    if (groups[i].name == name) return static_cast<int>(i);
  return 0;
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
      k_(kernels ? *kernels : policy_kernels()) {
  config_.validate();
  numbers_.learning_rate = config.learning_rate;
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
  r.old_std = Floats(padded(actions));
  refresh_std();
  std::copy(sigma_.data(), sigma_.data() + actions, r.old_std.data());

  if (config_.symmetry_augmentation) {
    split_map(env.action_mirror(), actions, action_map_, action_sign_, "actions");
    split_map(env.observation_mirror(actor_group_), na, actor_map_, actor_sign_,
              "group " + groups[actor_group_].name);
    split_map(env.observation_mirror(critic_group_), nc, critic_map_, critic_sign_,
              "group " + groups[critic_group_].name);
  }
  episode_reward_.assign(worlds, 0.);
  episode_length_.assign(worlds, 0.);
  if (env.device()) {
    on_device_ = std::make_unique<OnDevice>(*this);
    return;
  }

  // work space
  allocate_rollout();
  for (int i = 0; i < threads.count(); ++i)
    workers_.push_back(std::make_unique<Worker>(actor_, critic_));
  env_action_ = Floats(size_t(worlds) * actions);
  permutation_.resize(samples);
  final_rows_.resize(size_t(worlds) * nc);
  final_values_.resize(worlds);
  final_worlds_.resize(worlds);
  time_out_.assign(worlds, 0);
  ended_reward_.assign(samples, 0.);
  ended_length_.assign(samples, 0.);
  const LearnView v = view();
  valid_.resize(v.batches);
  ends_.resize(3 * size_t(blocks_of(v.samples(), kSampleBlock)));
  advantage_sums_.resize(2 * size_t(v.sets()) * v.set_blocks());
  advantage_scale_.resize(v.sets());
  block_gradient_ = Floats(size_t(v.blocks()) * parameters);
  sums_.resize(size_t(v.blocks()) * 2);
  squares_.resize(ranges_of(actor_.count()) + ranges_of(critic_.count()));
}

void Ppo::allocate_rollout() {
  Rollout& r = rollout_;
  const auto samples = static_cast<size_t>(r.samples()), actions = static_cast<size_t>(r.actions);
  r.actor_obs = Floats(samples * actor_.inputs());
  if (separate_) r.critic_obs = Floats(samples * critic_.inputs());
  r.action = Floats(samples * actions);
  r.mean = Floats(samples * actions);
  r.log_prob = Floats(samples);
  r.value = Floats(samples + static_cast<size_t>(r.worlds));
  r.reward = Floats(samples);
  r.done = Floats(samples);
  r.masked.assign(samples, 0);
  r.bad.assign(samples + static_cast<size_t>(r.worlds), 0);
  r.advantage = Floats(samples);
  r.target = Floats(samples);
}

void Ppo::fetch() const {
  if (on_device_) on_device_->fetch();
}
void Ppo::fetch_rollout() {
  if (on_device_) on_device_->fetch_rollout();
}
void Ppo::send() {
  if (on_device_) on_device_->send();
}

void Ppo::start() {
  env_.reset(seed_);
  const int limit = env_.max_episode_length();
  if (config_.init_at_random_ep_len && limit > 1) {
    std::vector<int32_t> length(env_.worlds());
    for (int w = 0; w < env_.worlds(); ++w) {
      const DrawWords d = draw(seed_, Draw::episode_start, static_cast<uint32_t>(w), 0, 0);
      length[w] = static_cast<int32_t>((uint64_t(d.v[0]) * static_cast<uint32_t>(limit)) >> 32);
    }
    if (on_device_)
      on_device_->write_lengths(length);
    else
      std::copy(length.begin(), length.end(), env_.episode_length());
  }
  scan_observations(rollout_.steps);
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

LearnView Ppo::view() {
  const PpoConfig& c = config_;
  const auto& groups = env_.observations();
  Rollout& r = rollout_;
  LearnView v{};
  v.worlds = r.worlds;
  v.steps = r.steps;
  v.actions = r.actions;
  v.actor_size = actor_.inputs();
  v.critic_size = critic_.inputs();
  v.actor_count = actor_.count();
  v.critic_count = critic_.count();
  v.batches = c.num_mini_batches;
  v.batch_size = r.samples() / c.num_mini_batches;
  v.separate = separate_;
  v.mirror = c.symmetry_augmentation;

  v.seed = seed_;
  v.gamma = static_cast<float>(c.gamma);
  v.lam = static_cast<float>(c.lam);
  v.action_limit = static_cast<float>(c.clip_actions);
  v.clip = static_cast<float>(c.clip_param);
  v.value_coef = static_cast<float>(c.value_loss_coef);
  v.entropy_coef = static_cast<float>(c.entropy_coef);
  v.desired_kl = c.desired_kl;
  v.min_rate = c.min_learning_rate;
  v.max_rate = c.max_learning_rate;
  v.max_norm = c.max_grad_norm;
  v.final_time_out = c.time_out == TimeOut::final;
  v.adaptive = c.schedule == Schedule::adaptive;
  v.joint_norm = c.joint_grad_clip;
  v.log_std = c.std_type == StdType::log;
  v.clip_value = c.use_clipped_value_loss;
  v.advantage_per_batch = c.normalize_advantage_per_mini_batch;

  v.actor_now = groups[actor_group_].data;
  v.critic_now = groups[critic_group_].data;
  v.critic_final = env_.final_observations(critic_group_);
  v.env_reward = env_.rewards();
  v.terminated = env_.terminated();
  v.truncated = env_.truncated();
  v.nonfinite = env_.nonfinite();
  v.env_action = env_action_.data();

  v.actor_obs = r.actor_obs.data();
  v.critic_obs = separate_ ? r.critic_obs.data() : r.actor_obs.data();
  v.action = r.action.data();
  v.mean = r.mean.data();
  v.log_prob = r.log_prob.data();
  v.value = r.value.data();
  v.reward = r.reward.data();
  v.done = r.done.data();
  v.masked = r.masked.data();
  v.bad = r.bad.data();
  v.advantage = r.advantage.data();
  v.target = r.target.data();
  v.old_std = r.old_std.data();
  v.ended_reward = ended_reward_.data();
  v.ended_length = ended_length_.data();
  v.episode_reward = episode_reward_.data();
  v.episode_length = episode_length_.data();
  v.time_out = time_out_.data();
  v.final_value = final_values_.data();
  v.ends = ends_.data();

  v.std = std_.data();
  v.sigma = sigma_.data();
  v.inverse_sigma = inverse_sigma_.data();
  v.adam_m = adam_m_.data();
  v.adam_v = adam_v_.data();
  v.gradient = gradient_.data();
  v.permutation = permutation_.data();
  v.valid = valid_.data();
  v.advantage_sums = advantage_sums_.data();
  v.advantage_scale = advantage_scale_.data();
  v.sums = sums_.data();
  v.squares = squares_.data();
  v.n = &numbers_;
  return v;
}

void Ppo::refresh_std() { motorium::refresh_std(view()); }

void Ppo::scan_observations(int t) {
  if (on_device_) return on_device_->look();
  const ScanRows scan{view(), t};
  const int worlds = rollout_.worlds;
  threads_.run(blocks_of(worlds, kSampleBlock), [&](int block, int worker) {
    const Span span(threads_.lane(worker), "bad rows");
    for (int w = block * kSampleBlock; w < std::min(worlds, (block + 1) * kSampleBlock); ++w)
      scan(w);
  });
}

// values of `count` dense rows of critic observations
void Ppo::value_block(const float* rows, int begin, int count, float* out, int worker) {
  MlpScratch& s = workers_[worker]->critic;
  s.set_trace(threads_.lane(worker));
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
  work.actor.set_trace(threads_.lane(worker));
  Rollout& r = rollout_;
  const int begin = block * kActRows, n = std::min(kActRows, r.worlds - begin);
  const size_t at = size_t(t) * r.worlds + begin;
  const auto copy = [&](int group, Floats& to) {
    const ObservationGroup& g = env_.observations()[group];
    for (int i = 0; i < n; ++i) {
      float* row = to.data() + (at + i) * g.size;
      if (r.bad[at + i])
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
  s.step = numbers_.step;
  s.mean = work.actor.output();
  s.mean_stride = row_stride(r.actions);
  s.std = sigma_.data();
  s.log_norm = numbers_.log_norm;
  s.action = r.action.data() + at * r.actions;
  s.stored_mean = r.mean.data() + at * r.actions;
  s.log_prob = r.log_prob.data() + at;
  k_.sample(&s);
  value_block(critic_obs, 0, n, r.value.data() + at, worker);

  // what the environment gets
  float* out = env_action_.data() + size_t(begin) * r.actions;
  const float limit = static_cast<float>(config_.clip_actions);
  for (int i = 0; i < n * r.actions; ++i) out[i] = limited_action(s.action[i], limit);
}

void Ppo::after_step(int t) {
  const Span span(threads_.lane(0), "bookkeeping");
  const LearnView v = view();
  const int worlds = v.worlds, size = v.critic_size;
  const AfterStep after{v, t};
  for (int w = 0; w < worlds; ++w) after(w);

  // a new look at the world: bad rows, then the normaliser
  scan_observations(t + 1);
  if (config_.obs_normalization) {
    const uint8_t* bad = v.bad + long(t + 1) * worlds;
    actor_norm_.update(v.actor_now, worlds, bad, threads_);
    if (separate_) critic_norm_.update(v.critic_now, worlds, bad, threads_);
  }

  // values of the final observations of worlds that ended by time, side by side
  int ended = 0;
  for (int w = 0; w < worlds; ++w) {
    if (!time_out_[w]) continue;
    std::memcpy(&final_rows_[size_t(ended) * size], v.critic_final + size_t(w) * size,
                size * sizeof(float));
    final_worlds_[ended++] = w;
  }
  if (!ended) return;
  threads_.run(blocks_of(ended, kActRows), [&](int block, int worker) {
    const int begin = block * kActRows;
    value_block(final_rows_.data(), begin, std::min(kActRows, ended - begin), final_values_.data(),
                worker);
  });
  for (int i = ended - 1; i >= 0; --i) final_values_[final_worlds_[i]] = final_values_[i];
  const AddFinalValue add{v, t};
  for (int i = 0; i < ended; ++i) add(final_worlds_[i]);
}

void Ppo::end_rollout() {
  const LearnView v = view();
  const int blocks = blocks_of(v.samples(), kSampleBlock);
  CountEnds::Shared counted;
  KeepEnds::Shared kept;
  for (int b = 0; b < blocks; ++b) CountEnds{v}(SoloBlock{}, b, counted);
  for (int b = 0; b < blocks; ++b) KeepEnds{v}(SoloBlock{}, b, kept);
  EndRollout{v}(0);
}

void Ppo::collect() {
  const Phase phase(threads_.lane(0), "rollout");
  if (on_device_) return on_device_->collect();
  Rollout& r = rollout_;
  BeginRollout{view()}(0);
  std::copy_n(r.bad.data() + size_t(r.samples()), r.worlds, r.bad.data());
  for (int t = 0; t < r.steps; ++t) {
    threads_.run(blocks_of(r.worlds, kActRows),
                 [&](int block, int worker) { act_block(block, worker, t); });
    env_.step(env_action_.data());
    ++numbers_.step;
    after_step(t);
  }

  // value of the state after the last step; a bad row counts as zero
  const LearnView v = view();
  threads_.run(blocks_of(r.worlds, kActRows), [&](int block, int worker) {
    const int begin = block * kActRows, n = std::min(kActRows, r.worlds - begin);
    value_block(v.critic_now, begin, n, v.value + r.samples(), worker);
    for (int w = begin; w < begin + n; ++w) LastValue{v}(w);
  });
  end_rollout();
  compute_returns();
}

void Ppo::compute_returns() {
  if (on_device_) return on_device_->compute_returns();
  const int worlds = rollout_.worlds;
  const GaeArgs g = gae_args(view());
  threads_.run(blocks_of(worlds, kGaeWorlds), [&](int block, int worker) {
    const Span span(threads_.lane(worker), "returns");
    k_.gae(&g, block * kGaeWorlds, std::min(worlds, (block + 1) * kGaeWorlds));
  });
}

}  // namespace motorium
