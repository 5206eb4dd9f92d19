#include "motorium/physics/roofline.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>

#include "motorium/core/cpu.h"
#include "motorium/core/error.h"
#include "motorium/physics/roofline_kernels.h"

namespace motorium {
namespace {

template <class F> double seconds(F f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

MachineLimits measure_machine(Threads& threads) {
  const RooflineKernels& k =
      best_isa() == Isa::v4 ? motorium_physics_v4_roofline : motorium_physics_v3_roofline;
  const int n = threads.count();
  MachineLimits m;
  constexpr int kTries = 5;

  // 20 ms or so a try, a job of each thread
  std::vector<float> sink(static_cast<size_t>(n) * 16);
  const int64_t rounds = 2'000'000;
  for (int i = 0; i < kTries; ++i) {
    double each = 0;
    const double t = seconds([&] {
      threads.run(n, [&](int item, int) {
        const double did = k.multiply_add(rounds, sink.data() + static_cast<size_t>(item) * 16);
        if (item == 0) each = did;
      });
    });
    m.flops = std::max(m.flops, n * each / t);
  }

  // far beyond the caches
  constexpr size_t kBytes = size_t{64} << 20;
  std::vector<std::vector<char>> from(static_cast<size_t>(n)), to(static_cast<size_t>(n));
  threads.run(n, [&](int item, int) {
    from[static_cast<size_t>(item)].assign(kBytes, 1);
    to[static_cast<size_t>(item)].assign(kBytes, 0);
  });
  for (int i = 0; i < kTries; ++i) {
    const double t = seconds([&] {
      threads.run(n, [&](int item, int) {
        const size_t at = static_cast<size_t>(item);
        std::memcpy(to[at].data(), from[at].data(), kBytes);
      });
    });
    m.bandwidth = std::max(m.bandwidth, 2.0 * n * static_cast<double>(kBytes) / t);
  }

  // a job with nothing to do
  constexpr int kJobs = 1000;
  m.launch = 1;
  for (int i = 0; i < kTries; ++i)
    m.launch = std::min(m.launch, seconds([&] {
                                    for (int j = 0; j < kJobs; ++j) threads.run(n, [](int, int) {});
                                  }) / kJobs);
  return m;
}

double step_flops(Batch& batch, const int* ids, int id_count) {
  require(batch.precision() == Precision::single, "step_flops: batches in single precision only");
  const RooflineKernels& k = motorium_physics_v3_roofline;
  require(k.counted_step != nullptr,
          "step_flops: this build has physics in double only (MOTORIUM_DOUBLE_ONLY)");
  static std::mutex counting;  // there is one count
  const std::lock_guard<std::mutex> guard(counting);
  const int n = ids ? id_count : batch.worlds();
  double sum = 0;
  for (int i = 0; i < n; ++i) {
    const int world = ids ? ids[i] : i;
    const std::vector<uint8_t> before = batch.save(world);
    sum += static_cast<double>(k.counted_step(batch.pack_args(0, &world, 1), world));
    batch.load(world, before);
  }
  return n > 0 ? sum / n : 0;
}

double state_bytes(const Model& m) {
  // positions, velocities, warm start and activations come and go, controls come
  const int both = m.nq + 2 * m.nv + m.na;
  return sizeof(float) * (2.0 * both + m.nu);
}

}  // namespace motorium
