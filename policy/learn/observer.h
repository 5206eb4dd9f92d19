// What a training run tells while it goes on. Observers are called on the training thread between
// iterations; they must not touch the environment.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace motorium {

struct Progress {
  int iteration = 0;            // finished iterations
  int iterations = 0;           // goal; 0 when the budget is time alone
  int64_t steps = 0;            // world-steps so far
  double steps_per_second = 0;  // of this iteration
  double collection_seconds = 0;
  double learning_seconds = 0;
  double elapsed_seconds = 0;    // of this run
  double remaining_seconds = 0;  // estimate
  double mean_reward = 0;        // last 100 episodes
  double mean_episode_length = 0;
  int64_t episodes = 0;  // finished so far
  // every scalar of the log, as tag and value: "Loss/value", "Train/mean_reward", ...
  const std::vector<std::pair<std::string, double>>* scalars = nullptr;
  std::string note;  // e.g. "saved checkpoint_50.safetensors"; usually empty
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void iteration_done(const Progress& progress) = 0;
  // One line for people: resumed from, saved, warnings.
  virtual void message(const std::string& line) = 0;
  // After the last iteration.
  virtual void finished(const Progress& progress) = 0;
};

// Prints to a file descriptor: one refreshed 80-column block on a terminal, plain lines when piped.
std::unique_ptr<Observer> console_observer(int fd = 1);

}  // namespace motorium
