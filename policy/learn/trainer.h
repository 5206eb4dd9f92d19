// Trains a policy on any VecEnv with PPO: rollout, update, log, checkpoint, resume.
//
//   Trainer trainer(env, config, {.directory = "logs/hop", .minutes = 10, .seed = 1});
//   RunResult r = trainer.run();          // r.policy is the newest
//   <directory>/policy_<i>.safetensors
//
// Results are the same bits for any number of threads and any instruction set.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "motorium/core/vec_env.h"
#include "motorium/policy/learn/config.h"
#include "motorium/policy/learn/observer.h"

namespace motorium {

class Threads;
class Ppo;
class Policy;
struct PolicyKernels;

struct RunOptions {
  std::string directory = {};  // run folder, made when missing; empty: nothing is written
  double minutes = 0;          // wall-time budget; 0: none
  int iterations = 0;  // run until this iteration; 0: none. Without both: config.max_iterations
  uint64_t seed = 1;   // weights, exploration, permutations and env.reset
  std::string resume =
      {};  // checkpoint file or run folder (its newest valid one); empty: start anew
  std::string init_from = {};    // policy file: its actor, critic and normalisers as start weights
  Observer* observer = nullptr;  // told about every iteration; may be null, not owned
  Threads* threads = nullptr;    // worker pool; null: default_threads()
  const PolicyKernels* kernels = nullptr;  // instruction set; null: the best of this CPU
  // Set (by a signal handler, say) to stop: the iteration in progress is finished and saved.
  const std::atomic<bool>* stop = nullptr;
  bool tensorboard = true;   // events.out.tfevents.* in the run folder
  bool csv = true;           // progress.csv in the run folder
  int keep_checkpoints = 3;  // older ones are removed
  // Text stored in every policy file: task name, observation names and sizes, action scale, ...
  std::vector<std::pair<std::string, std::string>> metadata = {};
};

struct RunResult {
  int iterations = 0;              // finished so far, resumed ones included
  int64_t steps = 0;               // world-steps so far, resumed ones included
  double seconds = 0;              // wall time of this run
  double mean_reward = 0;          // of the last 100 episodes; 0 before any has ended
  double mean_episode_length = 0;  // control steps
  bool stopped = false;            // by RunOptions::stop
  std::string policy;              // newest policy file; empty without a directory
  std::string checkpoint;          // newest checkpoint
};

class Trainer {
 public:
  // Reads `resume` and resets (or restores) the environment. env must outlive the Trainer.
  Trainer(VecEnv& env, const PpoConfig& config, const RunOptions& options);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  // Trains until a budget is used up or `stop` is set; saves at the end. Call it once.
  RunResult run();
  // One rollout and one update, without logging or saving; allocation-free after the first call.
  void iterate();

  int iteration() const;  // finished iterations
  Policy policy() const;  // a copy of the present policy
  Ppo& ppo();             // the learner below, for tests and tools
  // The present state as the bytes of a checkpoint file.
  std::vector<uint8_t> checkpoint_bytes() const;
  // Writes <directory>/checkpoint_<i>.safetensors and policy_<i>.safetensors, removes old ones.
  void save();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace motorium
