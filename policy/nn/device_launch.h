// Launches of policy/nn on a device. Private to policy/.
#pragma once
#include "motorium/core/device.h"
#include "motorium/policy/nn/mlp_rows.h"

namespace motorium {

// every pointer, those inside `net` too, is the device's
struct ActCall {
  ActNet net;
  const float* observations = nullptr;
  int rows = 0;
  float* actions = nullptr;
  float* scratch = nullptr;  // teams * 2 * kMlpRows * net.widest floats
  int teams = 0;
  Stream stream = nullptr;
  const uint8_t* only = nullptr;  // (rows) those whose actions are wanted; null: all
};

int act_teams(Device& device);  // that fill the device
void act(Device& device, const ActCall& call);

int cuda_act_teams(Device& device);
void cuda_act(Device& device, const ActCall& call);

}  // namespace motorium
