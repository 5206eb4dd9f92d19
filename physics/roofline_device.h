// Launches of the roofline on a device. Private to physics/roofline_device.cpp.
#pragma once
#include "motorium/core/device.h"
#include "motorium/core/real.h"

namespace motorium {

// chains of fused multiply-adds that wait for nobody, and how long each is
inline constexpr int kRoofChains = 16;

// `rounds` steps of all chains of one thread; their sum, so that none is left out
FN float roof_chains(int64_t rounds, float start) {
  float x[kRoofChains];
  for (int i = 0; i < kRoofChains; ++i) x[i] = start + static_cast<float>(i);
  for (int64_t r = 0; r < rounds; ++r)
    for (int i = 0; i < kRoofChains; ++i) x[i] = fma(x[i], 0.999f, 0.001f);
  float sum = 0.f;
  for (int i = 0; i < kRoofChains; ++i) sum += x[i];
  return sum;
}

struct RoofCall {
  int64_t rounds = 0;    // 0: a kernel with nothing to do
  float* out = nullptr;  // (threads)
  int threads = 0;
  Stream stream = nullptr;
};

int cuda_roof_threads(Device& device);  // that fill the device
void cuda_roof(Device& device, const RoofCall& call);

}  // namespace motorium
