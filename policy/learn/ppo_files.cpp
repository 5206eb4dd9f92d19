// The learner's state as tensors of a file.
#include <algorithm>

#include "motorium/core/error.h"
#include "motorium/policy/learn/ppo_device.h"
#include "motorium/policy/nn/policy.h"
#include "motorium/policy/nn/safetensors.h"

namespace motorium {

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
  fetch();
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
  send();
}

void Ppo::write_state(SafetensorsWriter& out) const {
  write_policy(out);
  const auto flat = [&](const char* name, const Floats& x) {
    out.add(name, Dtype::f32, {static_cast<int64_t>(x.size())}, x.data());
  };
  flat("state.std", std_);
  flat("state.adam_m", adam_m_);
  flat("state.adam_v", adam_v_);
  const double numbers[] = {numbers_.learning_rate, numbers_.beta1_power, numbers_.beta2_power};
  out.add("state.numbers", Dtype::f64, {3}, numbers);
  const int64_t counters[] = {numbers_.iteration,          numbers_.step,
                              static_cast<int64_t>(seed_), numbers_.episodes.total,
                              numbers_.masked_samples,     numbers_.bad_observations};
  out.add("state.counters", Dtype::i64, {6}, counters);
  write_exact(out, "state.normalizer", actor_norm_);
  if (separate_) write_exact(out, "state.critic_normalizer", critic_norm_);
  out.add("state.window_reward", Dtype::f64, {EpisodeWindow::kSize}, numbers_.episodes.reward);
  out.add("state.window_length", Dtype::f64, {EpisodeWindow::kSize}, numbers_.episodes.length);
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
  numbers_.learning_rate = numbers[0];
  numbers_.beta1_power = numbers[1];
  numbers_.beta2_power = numbers[2];
  int64_t counters[6];
  in.read("state.counters", Dtype::i64, counters, 6);
  numbers_.iteration = static_cast<int>(counters[0]);
  numbers_.step = static_cast<uint32_t>(counters[1]);
  seed_ = static_cast<uint64_t>(counters[2]);
  numbers_.episodes.total = counters[3];
  numbers_.masked_samples = counters[4];
  numbers_.bad_observations = counters[5];
  read_exact(in, "state.normalizer", actor_norm_);
  if (separate_) read_exact(in, "state.critic_normalizer", critic_norm_);
  in.read("state.window_reward", Dtype::f64, numbers_.episodes.reward, EpisodeWindow::kSize);
  in.read("state.window_length", Dtype::f64, numbers_.episodes.length, EpisodeWindow::kSize);
  in.read("state.episode_reward", Dtype::f64, episode_reward_.data(), episode_reward_.size());
  in.read("state.episode_length", Dtype::f64, episode_length_.data(), episode_length_.size());
  const TensorInfo* env = in.find("state.env");
  require(env && env->dtype == Dtype::u8, in.origin() + ": no tensor state.env");
  env_.load_state({in.data(*env), in.data(*env) + env->count()});
  refresh_std();
  send();
  scan_observations(rollout_.steps);
}

}  // namespace motorium
