// Env: a Batch of worlds and a task. One control step runs the stages of docs/tasks.md in order; on
// the CPU one thread runs all of them on the same packs of worlds while they are hot.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "motorium/core/vec_env.h"
#include "motorium/physics/batch.h"
#include "motorium/robots/tasks/tasks.h"

namespace motorium {

struct Task;

// Called on the worker that has just written the observations of these worlds, while they are in
// its cache. It may read observations, rewards and flags of these worlds and writes their rows of
// Env::actions(), which the next step uses.
struct PackHook {
  void (*call)(void* context, const int* worlds, int count, int worker) = nullptr;
  void* context = nullptr;
};

// On a device (EnvOptions::device) every array that is given out is the device's, step launches and
// waits for nothing, and step() takes actions of the host; those of the device go to actions()
// before step_fused(). A hook is for the CPU.
class Env : public VecEnv {
 public:
  Env(std::shared_ptr<const Task> task, std::shared_ptr<const Model> model,
      const EnvOptions& options);
  ~Env() override;

  int worlds() const override;
  int action_size() const override;
  int max_episode_length() const override;
  double step_seconds() const override;
  const std::vector<ObservationGroup>& observations() const override;
  void reset(uint64_t seed) override;
  void step(const float* actions) override;
  const float* rewards() const override;
  const uint8_t* terminated() const override;
  const uint8_t* truncated() const override;
  const uint8_t* nonfinite() const override;
  const float* final_observations(int group) const override;
  int32_t* episode_length() override;
  std::vector<std::pair<std::string, double>> take_log() override;
  std::vector<uint8_t> save_state() const override;
  void load_state(const std::vector<uint8_t>& bytes) override;
  const std::vector<std::pair<int, float>>& action_mirror() const override;
  const std::vector<std::pair<int, float>>& observation_mirror(int group) const override;

  std::shared_ptr<Device> device() const override;
  Stream stream() const override;
  void set_stream(Stream stream) override;
  float* actions() override;  // (worlds, action_size)
  void step_there() override { step_fused(); }
  bool steady(int count) const override;  // no stage of a curriculum begins
  void count_steps(int count) override;
  int64_t changes() const override;

  // The same for some worlds only; the others, and what they last said, stay as they are. ids: each
  // once. Null actions: those in actions().
  void step_worlds(const float* actions, const int* ids, int count);
  void reset_worlds(const int* ids, int count);

  // One step with the actions in actions(); `hook` runs per pack after its observations.
  void step_fused(const PackHook& hook = {});

  // why worlds ended: bit i is row i of the table of terminations, bit 31 a bad number
  const uint32_t* reasons() const;
  // value times weight of each reward row, before dt: (worlds, reward rows); off until asked for
  const float* reward_terms();
  const std::vector<std::string>& reward_names() const;
  const std::vector<std::string>& termination_names() const;
  // names and sizes of the terms of one observation group, in order
  std::vector<std::pair<std::string, int>> observation_terms(int group) const;
  std::vector<double> action_scale() const;
  std::vector<std::string> action_names() const;
  const float* command() const;  // (worlds, 3) forward, left [m/s], turn [rad/s]; row stride below
  int command_stride() const;

  const Task& task() const;
  Batch& batch();
  uint64_t seed() const;
  int64_t step_count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace motorium
