// Tasks on CUDA: the CPU's stages for single worlds, a thread for each.
#include "motorium/robots/tasks/device_tasks.h"
#include "motorium/robots/tasks/stages.h"

namespace motorium {
namespace {

constexpr int kThreads = 64;  // of a block: stages are short and their rows are long

template <TaskStage kStage>
__global__ void __launch_bounds__(kThreads) run_stage(const __grid_constant__ TaskCall c) {
  const int thread = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  const int threads = static_cast<int>(gridDim.x * kThreads);
  const TaskTable& t = *c.table;
  void* scratch = c.scratch + static_cast<size_t>(thread) * c.stride;
  for (int i = thread; i < c.count; i += threads) {
    const int* world = c.worlds + i;
    if constexpr (kStage == TaskStage::act)
      act_stage<float>(t, c.physics, scratch, c.actions, world, 1);
    if constexpr (kStage == TaskStage::watch) watch_stage<float>(t, scratch, world, 1);
    if constexpr (kStage == TaskStage::judge) entry_judge<float>(t, c.physics, scratch, world, 1);
    if constexpr (kStage == TaskStage::reset) entry_reset<float>(t, c.physics, scratch, world, 1);
    if constexpr (kStage == TaskStage::observe)
      entry_observe<float>(t, c.physics, scratch, world, 1);
    if constexpr (kStage == TaskStage::finish) entry_finish<float>(t, c.physics, scratch, world, 1);
    if constexpr (kStage == TaskStage::begin) entry_begin<float>(t, c.physics, scratch, world, 1);
  }
}

__global__ void advance_step(TaskTable* table) { ++table->step; }

class CudaTasks final : public DeviceTasks {
 public:
  explicit CudaTasks(std::shared_ptr<Device> device) : device_(std::move(device)) {
    device_->use();
    cudaDeviceGetAttribute(&processors_, cudaDevAttrMultiProcessorCount, device_->index());
  }

  size_t scratch_bytes(const TaskTable& host) const override { return entry_scratch<float>(host); }
  int resident_threads() override { return processors_ * 8 * kThreads; }

  void run(TaskStage stage, const TaskCall& c) override {
    switch (stage) {
      case TaskStage::act:
        return launch<TaskStage::act>(c);
      case TaskStage::watch:
        return launch<TaskStage::watch>(c);
      case TaskStage::judge:
        return launch<TaskStage::judge>(c);
      case TaskStage::reset:
        return launch<TaskStage::reset>(c);
      case TaskStage::observe:
        return launch<TaskStage::observe>(c);
      case TaskStage::finish:
        return launch<TaskStage::finish>(c);
      case TaskStage::begin:
        return launch<TaskStage::begin>(c);
    }
  }
  void advance(TaskTable* table, Stream stream) override {
    device_->use();
    advance_step<<<1, 1, 0, static_cast<cudaStream_t>(stream)>>>(table);
    device_->launched("advance_step");
  }

 private:
  template <TaskStage kStage> void launch(const TaskCall& c) {
    device_->use();
    const int wanted = (c.count + kThreads - 1) / kThreads, most = c.threads / kThreads;
    const int blocks = wanted < most ? wanted : most;
    run_stage<kStage><<<blocks, kThreads, 0, static_cast<cudaStream_t>(c.stream)>>>(c);
    device_->launched("run_stage");
  }

  std::shared_ptr<Device> device_;
  int processors_ = 1;
};

}  // namespace

std::unique_ptr<DeviceTasks> cuda_tasks(const std::shared_ptr<Device>& device) {
  return std::make_unique<CudaTasks>(device);
}

}  // namespace motorium
