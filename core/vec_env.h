// What a learner needs from a set of worlds: arrays in, arrays out. `policy/learn` trains any
// VecEnv; `robots/tasks` implements it. All arrays are C-contiguous float32, world-major, at stable
// addresses.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "motorium/core/device.h"

namespace motorium {

// one named group of observations: (worlds, size)
struct ObservationGroup {
  std::string name;  // "actor", "critic", ...
  int size = 0;
  const float* data = nullptr;
};

class VecEnv {
 public:
  virtual ~VecEnv() = default;
  virtual int worlds() const = 0;
  virtual int action_size() const = 0;
  virtual int max_episode_length() const = 0;  // control steps; 0: no limit
  virtual double step_seconds() const = 0;     // control period [s]
  virtual const std::vector<ObservationGroup>& observations() const = 0;

  // All worlds start anew; world w draws its numbers from (seed, w).
  virtual void reset(uint64_t seed) = 0;
  // One control step of every world with autoreset: `observations` are those after the reset,
  // `final_observations` those of the worlds that ended, before it. actions: (worlds, action_size).
  virtual void step(const float* actions) = 0;

  virtual const float* rewards() const = 0;       // (worlds)
  virtual const uint8_t* terminated() const = 0;  // (worlds) 1: ended by the task
  virtual const uint8_t* truncated() const = 0;   // (worlds) 1: ended by time
  virtual const uint8_t* nonfinite() const = 0;   // (worlds) 1: bad numbers; mask the sample
  virtual const float* final_observations(int group) const = 0;  // (worlds, size), rows that ended

  virtual int32_t* episode_length() = 0;  // (worlds) settable
  // Scalars since the last call (means and counts), as tag and value; clears them.
  virtual std::vector<std::pair<std::string, double>> take_log() = 0;

  // The whole state as bytes, so that a run can continue bit for bit.
  virtual std::vector<uint8_t> save_state() const = 0;
  virtual void load_state(const std::vector<uint8_t>& bytes) = 0;

  // Null: all arrays are the host's. Else they are the device's; step_there() is a step with what
  // is in actions(), launches on stream() and waits for nothing.
  virtual std::shared_ptr<Device> device() const { return nullptr; }
  virtual Stream stream() const { return nullptr; }
  virtual void set_stream(Stream) {}
  virtual float* actions() { return nullptr; }  // (worlds, action_size)
  virtual void step_there() {}
  // Do the next `count` steps ask nothing of the host? Then what they launch may be recorded once
  // and run again, and count_steps() tells of steps that ran so.
  virtual bool steady(int) const { return false; }
  virtual void count_steps(int) {}
  // how often what step_there() launches has changed (outputs, numbers or models of worlds): what
  // was recorded under another number is of the past
  virtual int64_t changes() const { return 0; }

  // Index and sign of each action and observation under left-right mirroring; empty: not symmetric.
  // mirrored[i] = sign[i] * original[index[i]]
  virtual const std::vector<std::pair<int, float>>& action_mirror() const = 0;
  virtual const std::vector<std::pair<int, float>>& observation_mirror(int group) const = 0;
};

}  // namespace motorium
