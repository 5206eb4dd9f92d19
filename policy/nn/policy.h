// A trained policy as it is used: observations in, actions out. The file is safetensors with the
// tensors
//
//   actor.<l>.weight (out, in), actor.<l>.bias (out), actor.std (actions)
//   critic.<l>.weight, critic.<l>.bias              value network, not needed to act
//   normalizer.mean, normalizer.var (obs), normalizer.count ()        absent: not normalised
//   critic_normalizer.*                             when the critic has observations of its own
//
// and text metadata: "format" = "motorium.policy 1", "activation" = "elu", "clip_actions", and what
// the task adds (task name, observation names and sizes, action scale, ...).
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "motorium/policy/nn/mlp.h"
#include "motorium/policy/nn/normalizer.h"

namespace motorium {

class Safetensors;

class Policy {
 public:
  // Throws Error when the file is missing, malformed, or not a policy.
  // kernels: of the products, null for the best of this CPU in float.
  static Policy load(const std::string& path, const PolicyKernels* kernels = nullptr);
  static Policy parse(std::vector<uint8_t> bytes, const std::string& origin);
  explicit Policy(const Safetensors& file, const PolicyKernels* kernels = nullptr);

  int observation_size() const { return actor_.inputs(); }
  int action_size() const { return actor_.outputs(); }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // Value of a metadata key; empty when absent.
  std::string text(const std::string& key) const;
  const std::vector<float>& std() const { return std_; }  // (action_size) exploration noise

  // Deterministic actions (rows, action_size) for observations (rows, observation_size), dense and
  // row-major. Allocation-free; one thread at a time per Policy object.
  void act(const float* observations, int rows, float* actions);
  // The same with the caller's scratch: any number of threads at once.
  void act(const float* observations, int rows, float* actions, MlpScratch& scratch) const;

  const Mlp& actor() const { return actor_; }
  float clip_actions() const { return clip_; }  // 0: none
  // Null pointers when the policy does not normalise.
  ObservationScale scale() const { return normalised_ ? norm_.scale() : ObservationScale{}; }

 private:
  Mlp actor_;
  Normalizer norm_;
  bool normalised_ = false;
  float clip_ = 0;
  std::vector<float> std_;
  std::map<std::string, std::string> metadata_;
  MlpScratch scratch_;
};

// Reads a network that is stored as <prefix>.<l>.weight and .bias; throws Error when shapes do not
// fit together or a number is not finite.
Mlp read_mlp(const Safetensors& file, const std::string& prefix, Activation activation,
             const PolicyKernels* kernels = nullptr);
class SafetensorsWriter;
void write_mlp(SafetensorsWriter& out, const std::string& prefix, const Mlp& net);

}  // namespace motorium
