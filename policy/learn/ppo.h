// Proximal policy optimisation on a VecEnv: rollout storage, advantages, update. The equations
// stand in docs/learning.md and above the kernels in ppo_kernels.h.
//
// The update of a mini-batch is one pass: its samples are cut into blocks of 1024; a worker takes
// one block of one network and runs gather, forward, loss and backward in chunks that fit its
// cache, summing gradients in sample order. Then the blocks are added in order. So bits depend
// neither on the number of threads nor on who computed what.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "motorium/core/vec_env.h"
#include "motorium/policy/learn/config.h"
#include "motorium/policy/learn/learn_view.h"
#include "motorium/policy/nn/mlp.h"
#include "motorium/policy/nn/normalizer.h"

namespace motorium {

class Threads;
class Safetensors;
class SafetensorsWriter;

// Arrays of one rollout; T steps, N worlds, sample index t N + w.
struct Rollout {
  int steps = 0, worlds = 0, actions = 0;
  Floats actor_obs, critic_obs;  // (T, N, size) raw; critic_obs is empty when the groups are one
  Floats action, mean;           // (T, N, actions) as sampled
  Floats log_prob;               // (T, N)
  Floats value;                  // (T + 1, N)
  Floats reward, done;           // (T, N) reward with the time-out bootstrap
  std::vector<uint8_t> masked;   // (T, N) 1: the sample takes no part in the update
  std::vector<uint8_t> bad;      // (T + 1, N) 1: the observation before the step has a bad number
  Floats advantage, target;      // (T, N)
  Floats old_std;                // (actions) of the policy that acted
  int samples() const { return steps * worlds; }
};

// On an environment of a device (VecEnv::device) an iteration runs there: collect() only launches,
// update() ends with the numbers of the log, and what the accessors give is as of the last fetch().
class Ppo {
 public:
  // kernels: null for the best of this CPU. env and threads must outlive the learner.
  Ppo(VecEnv& env, const PpoConfig& config, uint64_t seed, Threads& threads,
      const PolicyKernels* kernels = nullptr);
  ~Ppo();

  // Resets the environment and, if configured, spreads the episode lengths.
  void start();
  // T steps of all worlds with the present policy, then advantages. Bad observations are zeroed and
  // their samples masked.
  void collect();
  // Advantages and value targets of the rollout (part of collect).
  void compute_returns();
  // All epochs. permutation: (samples) or null for the learner's own (permutation.h). Throws Error
  // when the network's numbers are no longer finite.
  UpdateStats update(const int* permutation = nullptr);

  const PpoConfig& config() const { return config_; }
  Rollout& rollout() { return rollout_; }
  Mlp& actor() { return actor_; }
  Mlp& critic() { return critic_; }
  Floats& std_parameter() { return std_; }  // (actions padded) sigma, or ln sigma
  // After std_parameter() or rollout().old_std were set from outside.
  void refresh_std();
  double std_of(int action) const;  // sigma
  double mean_std() const;
  Normalizer& actor_normalizer() { return actor_norm_; }
  Normalizer& critic_normalizer() { return separate_ ? critic_norm_ : actor_norm_; }
  double learning_rate() const { return numbers_.learning_rate; }
  const EpisodeWindow& episodes() const { return numbers_.episodes; }
  int64_t masked_samples() const { return numbers_.masked_samples; }  // since the start
  int64_t bad_observations() const { return numbers_.bad_observations; }
  int iteration() const { return numbers_.iteration; }  // finished updates
  int64_t steps() const { return int64_t(iteration()) * rollout_.samples(); }
  // First and second moments of Adam, in the order actor, its std, critic.
  const Floats& adam_m() const { return adam_m_; }
  const Floats& adam_v() const { return adam_v_; }
  // Gradient of the last mini-batch before the clip, in the same order.
  const Floats& gradient() const { return gradient_; }

  // Between device and host, nothing on the CPU: the learner's state to the host; the arrays of the
  // rollout, too; and the state back, after it was set from outside.
  bool on_device() const { return on_device_ != nullptr; }
  void fetch() const;
  void fetch_rollout();
  void send();

  // Everything needed to go on bit for bit, the environment included.
  void write_state(SafetensorsWriter& out) const;
  void read_state(const Safetensors& in);
  // Weights, std and normalisers as they stand in a policy file.
  void write_policy(SafetensorsWriter& out) const;
  void read_policy(const Safetensors& in);

 private:
  struct Worker;
  class OnDevice;
  LearnView view();  // of the host's arrays
  void allocate_rollout();
  void act_block(int block, int worker, int t);
  void value_block(const float* rows, int begin, int count, float* out, int worker);
  void after_step(int t);
  void scan_observations(int t);
  void end_rollout();
  void minibatch(int batch, const LearnView& v);
  UpdateStats finish_update();
  void actor_block(const LearnView& v, int batch, int block, int worker);
  void critic_block(const LearnView& v, int batch, int block, int worker);
  void standardise(const LearnView& v);
  ObservationScale actor_scale() const;
  ObservationScale critic_scale() const;

  VecEnv& env_;
  PpoConfig config_;
  uint64_t seed_;
  Threads& threads_;
  const PolicyKernels& k_;
  int actor_group_ = 0, critic_group_ = 0;
  bool separate_ = false;  // the critic has observations of its own
  Rollout rollout_;
  Mlp actor_, critic_;
  Normalizer actor_norm_, critic_norm_;
  Floats std_, sigma_, inverse_sigma_;  // parameter, and what follows from it
  Floats adam_m_, adam_v_, gradient_;
  LearnNumbers numbers_;
  std::vector<double> episode_reward_, episode_length_;  // (worlds) of the running episodes

  // work space
  std::vector<std::unique_ptr<Worker>> workers_;
  Floats env_action_;  // (worlds, actions) clipped
  std::vector<int> permutation_, valid_, ends_;
  std::vector<double> advantage_sums_;
  std::vector<AdvantageScale> advantage_scale_;
  std::vector<double> ended_reward_, ended_length_;  // (T, N) of episodes
  std::vector<float> final_rows_, final_values_;
  std::vector<int> final_worlds_;
  std::vector<uint8_t> time_out_;  // (worlds)
  Floats block_gradient_;          // (blocks, parameters)
  std::vector<BlockSums> sums_;
  std::vector<double> squares_;
  std::vector<int> action_map_, actor_map_, critic_map_;
  std::vector<float> action_sign_, actor_sign_, critic_sign_;
  std::unique_ptr<OnDevice> on_device_;  // null: the arrays above are all there is
};

}  // namespace motorium
