#include "motorium/physics/roofline_device.h"

#include <algorithm>
#include <chrono>

#include "motorium/core/device_emulated.h"
#include "motorium/physics/roofline.h"

namespace motorium {
namespace {

int threads_of(Device& device) {
#if defined(MOTORIUM_WITH_CUDA)
  if (device.kind() == Device::Kind::cuda) return cuda_roof_threads(device);
#endif
  (void)device;
  return 4;
}

void launch(Device& device, const RoofCall& c) {
#if defined(MOTORIUM_WITH_CUDA)
  if (device.kind() == Device::Kind::cuda) return cuda_roof(device, c);
#endif
  static_cast<EmulatedDevice&>(device).launch(c.stream, [c] {
    for (int i = 0; i < c.threads && c.rounds > 0; ++i)
      c.out[i] = roof_chains(c.rounds, static_cast<float>(i));
  });
}

}  // namespace

MachineLimits measure_machine(const std::shared_ptr<Device>& device) {
  constexpr int kTries = 5;
  const Stream stream = device->new_stream();
  const auto seconds = [&](const auto& work) {
    device->wait(stream);
    const auto start = std::chrono::steady_clock::now();
    work();
    device->wait(stream);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  MachineLimits m;

  // as many rounds as take 10 ms
  RoofCall c;
  c.threads = threads_of(*device);
  c.stream = stream;
  const DeviceArray<float> out(device, static_cast<size_t>(c.threads));
  c.out = out.data();
  const auto multiply = [&] { launch(*device, c); };
  for (c.rounds = 1024; seconds(multiply) < 0.01 && c.rounds < int64_t{1} << 32;) c.rounds *= 2;
  for (int i = 0; i < kTries; ++i)
    m.flops = std::max(
        m.flops, 2. * kRoofChains * static_cast<double>(c.rounds) * c.threads / seconds(multiply));

  // far beyond the caches
  const size_t bytes = std::min(size_t{512} << 20, device->free_memory() / 4);
  {
    const DeviceArray<char> from(device, bytes), to(device, bytes);
    const auto copy = [&] { device->copy(to.data(), from.data(), bytes, stream); };
    for (int i = 0; i < kTries; ++i)
      m.bandwidth = std::max(m.bandwidth, 2. * static_cast<double>(bytes) / seconds(copy));
  }

  // kernels with nothing to do, one after the other
  constexpr int kLaunches = 1000;
  c.rounds = 0;
  m.launch = 1;
  for (int i = 0; i < kTries; ++i)
    m.launch = std::min(m.launch, seconds([&] {
                                    for (int j = 0; j < kLaunches; ++j) launch(*device, c);
                                  }) / kLaunches);
  return m;
}

}  // namespace motorium
