// Hyper-parameters of PPO with the names of rsl_rl, so that published recipes can be typed in as
// they stand. Equations: docs/learning.md.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "motorium/policy/nn/mlp.h"

namespace motorium {

// What a time-out adds to the reward of its last step.
enum class TimeOut {
  final,  // gamma V(final observation): unbiased; the default
  rsl,    // gamma V(observation before the step): what rsl_rl does, for comparing curves
};
enum class Schedule {
  adaptive,  // the learning rate follows the KL divergence (desired_kl)
  fixed,     // the learning rate stays
};
enum class StdType {
  scalar,  // the parameter is the standard deviation itself, kept >= 1e-6
  log,     // the parameter is its logarithm
};

struct PpoConfig {
  // rollout and budget
  int num_steps_per_env = 24;         // control steps per world and iteration
  int max_iterations = 1500;          // used when RunOptions gives neither iterations nor minutes
  int save_interval = 50;             // iterations between checkpoints
  bool init_at_random_ep_len = true;  // first episodes start at U{0..max-1}: time-outs spread
  TimeOut time_out = TimeOut::final;
  double clip_actions = 0;  // actions are clipped to +-this before the environment; 0: not

  // update
  int num_learning_epochs = 5;
  int num_mini_batches = 4;  // equal slices of one permutation per update
  double learning_rate = 1e-3;
  Schedule schedule = Schedule::adaptive;
  double desired_kl = 0.01;
  double min_learning_rate = 1e-5;
  double max_learning_rate = 1e-2;
  double gamma = 0.99;
  double lam = 0.95;
  double clip_param = 0.2;
  bool use_clipped_value_loss = true;
  double value_loss_coef = 1.0;
  double entropy_coef = 0.01;
  double max_grad_norm = 1.0;
  bool joint_grad_clip = false;  // one norm over actor and critic (older rsl_rl)
  bool normalize_advantage_per_mini_batch = false;
  bool symmetry_augmentation = false;  // adds the left-right mirror image of every sample

  // networks
  std::vector<int> actor_hidden_dims = {128, 128, 128};
  std::vector<int> critic_hidden_dims = {128, 128, 128};
  Activation activation = Activation::elu;
  double init_std = 1.0;
  StdType std_type = StdType::scalar;
  bool obs_normalization = true;

  // Observation groups of the networks; when the environment has no such group, its first one.
  std::string actor_group = "actor";
  std::string critic_group = "critic";

  // One override, e.g. ("agent.learning_rate", "3e-4") or ("agent.actor_hidden_dims", "[64,64]").
  // The prefix "agent." may be left out, '-' equals '_'. "agent.lite" = true makes both networks
  // 128 x 128 x 128. Throws Error for an unknown name (with the
  // nearest known one) or a bad value.
  void set(const std::string& name, const std::string& value);
  // All fields as name and text, in the order above; set() of each pair restores the config
  // exactly.
  std::vector<std::pair<std::string, std::string>> fields() const;
  // Throws Error listing every field that is out of range.
  void validate() const;
};

}  // namespace motorium
