// Steps per second of models on a device, for each number of lanes that is built, and seconds of an
// iteration of PPO of tasks. A program without Python, for machines that have nothing but a GPU.
//
//   device_bench [device=cuda] [seconds=240] FILE|TASK ...      rows of a table (CSV); `seconds`:
//   nothing begins later
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "motorium/core/device.h"
#include "motorium/core/random.h"
#include "motorium/core/status.h"
#include "motorium/physics/batch.h"
#include "motorium/policy/learn/trainer.h"
#include "motorium/robots/tasks/env.h"
#include "motorium/robots/tasks/tasks.h"

namespace motorium {
namespace {

constexpr int kHold = 10;      // steps that a control is held: one call
constexpr int kCalls = 4;      // of a run
constexpr int kRuns = 5;       // the median counts
constexpr int kWarm = 20;      // calls that bring worlds apart
constexpr int kWidths = 8192;  // worlds for which every number of lanes is measured

using Clock = std::chrono::steady_clock;
double since(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

// random controls of all worlds, in their ranges
void draw_controls(Batch& b, int round) {
  const Model& m = b.model();
  std::vector<float> rows(static_cast<size_t>(b.worlds()) * static_cast<size_t>(m.nu));
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t k = i % static_cast<size_t>(m.nu);
    const Words<float> d = random_words<float>(1, static_cast<int>(i), round, Purpose::test, 0);
    const float x = uniform01<float>(d.v[0]);
    const auto low = static_cast<float>(m.actuator_ctrlrange[2 * k]),
               high = static_cast<float>(m.actuator_ctrlrange[2 * k + 1]);
    rows[i] = m.actuator_ctrllimited[k] ? low + (high - low) * x : x - 0.5f;
  }
  if (!rows.empty()) b.write_rows("ctrl", nullptr, 0, rows.data());
}

std::string lowest_median_highest(std::vector<double> rates) {
  std::sort(rates.begin(), rates.end());
  char text[96];
  std::snprintf(text, sizeof text, "%.6g,%.6g,%.6g", rates[rates.size() / 2], rates.front(),
                rates.back());
  return text;
}

void bench_model(const std::string& name, const std::shared_ptr<Device>& device, int worlds) {
  const auto begin = Clock::now();
  const size_t free = device->free_memory();
  Batch b(load_model(name), {.worlds = worlds, .autoreset = true, .device = device});
  const double made = since(begin);
  if (b.model().nkey > 0) b.reset({.keyframe = 0});
  for (int k = 0; k < kWarm; ++k) {
    draw_controls(b, k);
    b.step({.nstep = kHold});
  }
  b.wait();
  const size_t used = free - std::min(free, device->free_memory());

  const int chosen = b.lanes();
  std::vector<int> widths = {chosen};
  if (worlds == kWidths)
    for (const int w : {8, 16, 32, 64, 128})
      if (w != chosen) widths.push_back(w);
  for (const int w : widths) {
    try {
      if (w != chosen) b.set_lanes(w);
    } catch (const Error&) {
      continue;  // not built
    }
    b.step({.nstep = kHold});
    std::vector<double> rates;
    for (int run = 0; run < kRuns; ++run) {
      b.wait();
      const auto start = Clock::now();
      for (int k = 0; k < kCalls; ++k) b.step({.nstep = kHold});
      b.wait();
      rates.push_back(static_cast<double>(worlds) * kHold * kCalls / since(start));
    }
    std::printf("%s,steps_per_second,%d,%d,%s,%s,%.3g,%zu,%lld\n", name.c_str(), worlds, w,
                w == chosen ? "chosen" : "", lowest_median_highest(rates).c_str(), made,
                used / static_cast<size_t>(worlds),
                static_cast<long long>(b.status_count(kStatusFrozen)));
    std::fflush(stdout);
  }
}

void bench_task(const std::string& name, const std::shared_ptr<Device>& device, int worlds) {
  const auto begin = Clock::now();
  EnvOptions options;
  options.worlds = worlds;
  options.device = device;
  const auto env = make_env(name, options);
  RunOptions run;
  run.tensorboard = run.csv = false;
  Trainer trainer(*env, PpoConfig{}, run);
  const double made = since(begin);
  for (int k = 0; k < 3; ++k) trainer.iterate();  // sent, recorded, replayed
  std::vector<double> seconds;
  for (int k = 0; k < kRuns; ++k) {
    const auto start = Clock::now();
    trainer.iterate();
    seconds.push_back(since(start));
  }
  std::printf("%s,iteration_seconds,%d,%d,,%s,%.3g,,\n", name.c_str(), worlds, env->batch().lanes(),
              lowest_median_highest(seconds).c_str(), made);
  std::fflush(stdout);
}

}  // namespace
}  // namespace motorium

int main(int argc, char** argv) try {
  using namespace motorium;
  const auto begin = Clock::now();
  const std::shared_ptr<Device> device = device_of(argc > 1 ? argv[1] : "cuda");
  if (!device) throw Error("device_bench: name a device, not cpu");
  const double seconds = argc > 2 ? std::atof(argv[2]) : 240;
  const std::vector<std::string> tasks = task_names();
  std::printf(
      "what,number,worlds,lanes,choice,median,lowest,highest,setup_s,bytes_per_world,frozen\n");
  // the middle first: what is left out at the end are sizes, not models
  const bool real = device->kind() == Device::Kind::cuda;
  const std::vector<int> sizes =
      real ? std::vector<int>{8192, 1024, 65536, 256, 4096, 16384} : std::vector<int>{4};
  for (const int worlds : sizes)
    for (int i = 3; i < argc; ++i) {
      const std::string name = argv[i];
      if (since(begin) > seconds) continue;
      try {
        if (std::find(tasks.begin(), tasks.end(), name) == tasks.end())
          bench_model(name, device, worlds);
        else if (worlds >= 4096 || !real)
          bench_task(name, device, worlds);
      } catch (const Error& e) {
        std::printf("%s,SKIPPED,%d,,%s\n", name.c_str(), worlds, e.what());
      }
    }
  std::fprintf(stderr, "device_bench: %s, %.0f s\n", device->name().c_str(), since(begin));
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "device_bench: %s\n", e.what());
  return 1;
}
