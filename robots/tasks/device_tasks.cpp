// Tasks of the emulated device: the CPU's entries for single worlds, on its memory.
#include "motorium/robots/tasks/device_tasks.h"

#include "motorium/core/device_emulated.h"
#include "motorium/robots/tasks/kernels.h"

namespace motorium {
namespace {

class EmulatedTasks final : public DeviceTasks {
 public:
  explicit EmulatedTasks(std::shared_ptr<EmulatedDevice> device) : device_(std::move(device)) {}

  size_t scratch_bytes(const TaskTable& host) const override { return k_.scratch_bytes(host); }
  int resident_threads() override { return 4; }

  void run(TaskStage stage, const TaskCall& c) override {
    device_->launch(c.stream, [this, stage, c] {
      for (int i = 0; i < c.count; ++i)
        enter(stage, c, c.scratch + static_cast<size_t>(i % c.threads) * c.stride, c.worlds + i);
    });
  }
  void advance(TaskTable* table, Stream stream) override {
    device_->launch(stream, [table] { ++table->step; });
  }

 private:
  void enter(TaskStage stage, const TaskCall& c, void* scratch, const int* world) const {
    switch (stage) {
      case TaskStage::act:
        return k_.act(*c.table, c.physics, scratch, c.actions, world, 1);
      case TaskStage::watch:
        return k_.watch(*c.table, scratch, world, 1);
      case TaskStage::judge:
        k_.judge(*c.table, c.physics, scratch, world, 1);
        return;
      case TaskStage::reset:
        return k_.reset(*c.table, c.physics, scratch, world, 1);
      case TaskStage::observe:
        return k_.observe(*c.table, c.physics, scratch, world, 1);
      case TaskStage::finish:
        return k_.finish(*c.table, c.physics, scratch, world, 1);
      case TaskStage::begin:
        return k_.begin(*c.table, c.physics, scratch, world, 1);
    }
  }

  std::shared_ptr<EmulatedDevice> device_;
  const TaskKernels& k_ = motorium_tasks_v3_float;
};

}  // namespace

std::unique_ptr<DeviceTasks> tasks_of(const std::shared_ptr<Device>& device) {
  if (device->kind() == Device::Kind::emulated)
    return std::make_unique<EmulatedTasks>(std::static_pointer_cast<EmulatedDevice>(device));
#if defined(MOTORIUM_WITH_CUDA)
  return cuda_tasks(device);
#else
  throw Error("device cuda: this build has no CUDA");
#endif
}

}  // namespace motorium
