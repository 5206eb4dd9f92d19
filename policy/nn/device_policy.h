// A policy on a device: its weights there, its actions where the worlds are.
//
//   DevicePolicy pi(device, policy);
//   pi.act(env.observations()[0].data, env.worlds(), env.actions(), stream);   // a launch
#pragma once
#include "motorium/core/device.h"
#include "motorium/policy/nn/policy.h"

namespace motorium {

struct ActNet;

class DevicePolicy {
 public:
  DevicePolicy(std::shared_ptr<Device> device, const Policy& policy);
  ~DevicePolicy();
  DevicePolicy(DevicePolicy&&) noexcept;

  // Deterministic actions (rows, action_size) of observations (rows, observation_size), both dense
  // and on the device: one launch, no wait, the bits of Policy::act in float.
  void act(const float* observations, int rows, float* actions, Stream stream);

 private:
  std::shared_ptr<Device> device_;
  std::unique_ptr<ActNet> net_;
  std::vector<DeviceArray<float>> numbers_;
  DeviceArray<float> scratch_;
  int teams_ = 0;
};

}  // namespace motorium
