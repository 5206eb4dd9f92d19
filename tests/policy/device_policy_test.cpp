// A policy on a device acts with the bits of the CPU, in one launch.
#include "motorium/policy/nn/device_policy.h"

#include <gtest/gtest.h>

#include "motorium/core/device_emulated.h"
#include "motorium/core/team.h"
#include "motorium/core/team_checks.h"
#include "motorium/policy/nn/device_launch.h"
#include "motorium/policy/nn/safetensors.h"
#include "tests/policy/reference.h"

namespace motorium {
namespace {

using test::random_floats;

Policy random_policy(const std::vector<int>& sizes, const char* activation, bool normalised,
                     const char* clip) {
  SafetensorsWriter w;
  w.metadata("format", "motorium.policy 1");
  w.metadata("activation", activation);
  if (clip) w.metadata("clip_actions", clip);
  for (size_t l = 0; l + 1 < sizes.size(); ++l) {
    const std::string name = "actor." + std::to_string(l);
    const int64_t in = sizes[l], out = sizes[l + 1];
    const auto seed = static_cast<unsigned>(10 * l);
    w.add(name + ".weight", Dtype::f32, {out, in},
          random_floats(static_cast<size_t>(in * out), seed).data());
    w.add(name + ".bias", Dtype::f32, {out},
          random_floats(static_cast<size_t>(out), seed + 1).data());
  }
  const auto actions = static_cast<size_t>(sizes.back()), n = static_cast<size_t>(sizes[0]);
  w.add("actor.std", Dtype::f32, {sizes.back()}, random_floats(actions, 3).data());
  if (normalised) {
    std::vector<float> var = random_floats(n, 5);
    for (float& v : var) v = v * v;
    w.add("normalizer.mean", Dtype::f32, {sizes[0]}, random_floats(n, 4).data());
    w.add("normalizer.var", Dtype::f32, {sizes[0]}, var.data());
  }
  return Policy::parse(w.bytes(), "random");
}

std::vector<std::shared_ptr<Device>> devices() {
  std::vector<std::shared_ptr<Device>> out = {std::make_shared<EmulatedDevice>(true)};
  try {
    out.push_back(cuda_device(0));
  } catch (const Error& e) {
    std::printf("SKIPPED on CUDA: %s\n", e.what());
    const auto late = std::make_shared<EmulatedDevice>(true);
    late->late = true;
    out.push_back(late);
  }
  return out;
}

TEST(DevicePolicy, ActsWithTheBitsOfTheCpu) {
  const std::vector<std::vector<int>> shapes = {
      {4, 3}, {1, 1, 1}, {48, 128, 128, 12}, {50, 17, 130, 33, 7}, {7, 512, 256, 2}};
  int clipped = 0;
  for (const auto& device : devices())
    for (const char* activation : {"elu", "tanh", "swish", "relu", "none"})
      for (const auto& sizes : shapes)
        for (const bool more : {false, true}) {
          Policy policy = random_policy(sizes, activation, more, more ? "0.75" : nullptr);
          DevicePolicy there(device, policy);
          for (const int rows : {1, 7, 8, 9, 41}) {
            const auto count = static_cast<size_t>(rows);
            const std::vector<float> obs =
                random_floats(count * static_cast<size_t>(sizes.front()), 77, 3.f);
            std::vector<float> want(count * static_cast<size_t>(sizes.back())), got(want.size());
            policy.act(obs.data(), rows, want.data());
            const DeviceArray<float> in(device, obs, nullptr), out(device, got.size());
            there.act(in.data(), rows, out.data(), nullptr);
            device->download(got.data(), out.data(), got.size() * sizeof(float), nullptr);
            ASSERT_EQ(want, got) << device->name() << ", " << activation << ", " << rows;
            for (const float a : got) clipped += more && std::fabs(a) == 0.75f;
          }
        }
  EXPECT_GT(clipped, 10);
}

// the rows of one team in any order of its items, and with threads as lanes
TEST(DevicePolicy, BitsDoNotDependOnTheTeam) {
  const int in = 13, hidden = 37, out = 5, rows = 6;
  const std::vector<float> w0 = random_floats(in * hidden, 1), b0 = random_floats(hidden, 2),
                           w1 = random_floats(hidden * out, 3), b1 = random_floats(out, 4),
                           obs = random_floats(rows * in, 5);
  ActNet net;
  net.layers = 2;
  net.widest = hidden;
  net.sizes[0] = in, net.sizes[1] = hidden, net.sizes[2] = out;
  net.weight[0] = w0.data(), net.weight[1] = w1.data();
  net.bias[0] = b0.data(), net.bias[1] = b1.data();
  std::vector<float> scratch(2 * kMlpRows * hidden), want(rows * out);
  mlp_rows(Solo{}, net, obs.data(), 0, rows, scratch.data(), want.data());
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::vector<float> got(want.size());
    uint64_t state = seed;
    mlp_rows(Shuffled(&state), net, obs.data(), 0, rows, scratch.data(), got.data());
    ASSERT_EQ(want, got) << seed;
  }
  std::vector<float> got(want.size());
  run_crew<8>(
      [&](Crew<8> team) { mlp_rows(team, net, obs.data(), 0, rows, scratch.data(), got.data()); });
  EXPECT_EQ(want, got);
}

TEST(DevicePolicy, ActingIsOneLaunch) {
  const auto device = std::make_shared<EmulatedDevice>(true);
  DevicePolicy there(device, random_policy({48, 64, 12}, "elu", true, nullptr));
  const DeviceArray<float> in(device, 20 * 48), out(device, 20 * 12);
  const EmulatedDevice::Calls before = device->calls;
  there.act(in.data(), 20, out.data(), nullptr);
  there.act(in.data(), 0, out.data(), nullptr);
  EXPECT_EQ(before.launches + 1, device->calls.launches);
  EXPECT_EQ(before.allocations, device->calls.allocations);
  EXPECT_EQ(before.uploads + before.waits, device->calls.uploads + device->calls.waits);
}

}  // namespace
}  // namespace motorium
