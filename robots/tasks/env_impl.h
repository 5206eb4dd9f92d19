// What an Env is made of, and the parts of Env::Impl that its files share. Private to
// robots/tasks/env*.cpp.
#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "motorium/core/error.h"
#include "motorium/core/memory.h"
#include "motorium/core/threads.h"
#include "motorium/physics/regroup.h"
#include "motorium/robots/tasks/device_env.h"
#include "motorium/robots/tasks/env.h"
#include "motorium/robots/tasks/kernels.h"
#include "motorium/robots/tasks/task.h"

namespace motorium {

struct Env::Impl {
  static constexpr int kBlockWorlds = 16;  // worlds that a thread takes at once, as in Batch

  std::shared_ptr<const Task> task;
  std::shared_ptr<const Model> model;
  EnvOptions options;
  std::unique_ptr<Threads> own_threads;
  std::unique_ptr<Batch> batch;
  CompiledTask c;
  const TaskKernels* kernels = nullptr;
  std::vector<std::unique_ptr<Arena>> scratch;
  int worlds = 0;
  int64_t steps = 0;

  std::vector<int> ids, done_ids, chosen;  // all worlds; ended ones; those of a partial call
  std::vector<float> state, log, reward, terms, actions;
  std::vector<std::vector<float>> data, final_data;
  std::vector<uint8_t> terminated, truncated, nonfinite;
  std::vector<uint32_t> reason;
  std::vector<int32_t> length;
  std::vector<ObservationGroup> groups;
  std::unique_ptr<DeviceEnv> on_device;  // null: the arrays above are all there is

  TaskTable& table() { return c.table; }

  // all worlds, or those of a partial call
  const int* world_list() const { return chosen.empty() ? ids.data() : chosen.data(); }
  int world_count() const { return chosen.empty() ? worlds : static_cast<int>(chosen.size()); }
  // fn(worker, worlds, count): at most kChunkWorlds of them
  template <class F> void chunks(F fn) {
    const int* list = world_list();
    const int n = world_count(), threads = batch->threads().count();
    const int chunk = chunk_worlds(n, threads, std::max(kBlockWorlds, kernels->width));
    batch->threads().run((n + chunk - 1) / chunk, [&](int item, int worker) {
      fn(worker, list + item * chunk, std::min(n - item * chunk, chunk));
    });
  }
  // fn(worker, worlds of a pack, count)
  template <class F> void packs(F fn) {
    const int* list = world_list();
    const int n = world_count();
    const int width = kernels->width, block = std::max(kBlockWorlds, width);
    batch->threads().run((n + block - 1) / block, [&](int item, int worker) {
      const int end = std::min(n, (item + 1) * block);
      for (int first = item * block; first < end; first += width)
        fn(worker, list + first, std::min(width, end - first));
    });
  }
  void choose(const int* list, int count) {
    for (int i = 0; i < count; ++i)
      require(list[i] >= 0 && list[i] < worlds,
              "Env: no world " + std::to_string(list[i]) + ": there are " + std::to_string(worlds));
    chosen.assign(list, list + count);
  }
  void* memory(int worker) { return scratch[static_cast<size_t>(worker)]->data(); }

  void allocate();
  void randomise();
  void follow_curriculum();
  void keep_faults(const int* list, int count);
  void take_actions(const float* given);
  void observe_all();
  struct PackStep;
  void step_fused(const PackHook& hook);
  void step_phased(const PackHook& hook);
  template <class F> void each_array(F f);
};

}  // namespace motorium
