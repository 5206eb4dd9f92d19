#include "motorium/policy/nn/device_policy.h"

#include <algorithm>

#include "motorium/core/device_emulated.h"
#include "motorium/core/team.h"
#include "motorium/policy/nn/device_launch.h"

namespace motorium {

int act_teams(Device& device) {
#if defined(MOTORIUM_WITH_CUDA)
  if (device.kind() == Device::Kind::cuda) return cuda_act_teams(device);
#endif
  (void)device;
  return 2;
}

void act(Device& device, const ActCall& c) {
#if defined(MOTORIUM_WITH_CUDA)
  if (device.kind() == Device::Kind::cuda) return cuda_act(device, c);
#endif
  static_cast<EmulatedDevice&>(device).launch(c.stream, [c] {
    const int passes = (c.rows + kMlpRows - 1) / kMlpRows;
    for (int i = 0; i < passes; ++i)
      mlp_rows(Solo{}, c.net, c.observations, i * kMlpRows, c.rows,
               c.scratch + static_cast<int64_t>(i % c.teams) * 2 * kMlpRows * c.net.widest,
               c.actions, c.only);
  });
}

DevicePolicy::DevicePolicy(std::shared_ptr<Device> device, const Policy& policy)
    : device_(std::move(device)), net_(std::make_unique<ActNet>()), teams_(act_teams(*device_)) {
  const Mlp& mlp = policy.actor();
  ActNet& n = *net_;
  const auto place = [&](const std::vector<float>& from) {
    numbers_.emplace_back(device_, from, nullptr);
    return static_cast<const float*>(numbers_.back().data());
  };
  n.layers = mlp.layers();
  n.activation = mlp.activation();
  n.clip = policy.clip_actions();
  n.sizes[0] = n.widest = mlp.inputs();
  for (int l = 0; l < n.layers; ++l) {
    const int in = mlp.in(l), out = mlp.out(l);
    n.sizes[l + 1] = out;
    n.widest = std::max(n.widest, out);
    std::vector<float> across(static_cast<size_t>(in) * static_cast<size_t>(out));
    for (int o = 0; o < out; ++o)
      for (int k = 0; k < in; ++k)
        across[static_cast<size_t>(k) * static_cast<size_t>(out) + static_cast<size_t>(o)] =
            mlp.weight(l)[long(o) * padded(in) + k];
    n.weight[l] = place(across);
    n.bias[l] = place({mlp.bias(l), mlp.bias(l) + out});
  }
  if (const ObservationScale scale = policy.scale(); scale.mean) {
    n.mean = place({scale.mean, scale.mean + mlp.inputs()});
    n.scale = place({scale.scale, scale.scale + mlp.inputs()});
  }
  scratch_ = {device_, static_cast<size_t>(teams_) * 2 * kMlpRows * static_cast<size_t>(n.widest)};
  device_->wait(nullptr);
}
DevicePolicy::~DevicePolicy() = default;
DevicePolicy::DevicePolicy(DevicePolicy&&) noexcept = default;

void DevicePolicy::act(const float* observations, int rows, float* actions, Stream stream) {
  if (rows == 0) return;
  motorium::act(*device_,
                {*net_, observations, rows, actions, scratch_.data(), teams_, stream, nullptr});
}

}  // namespace motorium
