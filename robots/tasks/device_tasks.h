// The entries of a task as launches on a device: one thread works on one world after another.
// Private to robots/tasks/.
#pragma once
#include "motorium/core/device.h"
#include "motorium/robots/tasks/table.h"

namespace motorium {

enum class TaskStage : int { act, watch, judge, reset, observe, finish, begin };

// every pointer, those inside the table and `physics` too, is the device's
struct TaskCall {
  const TaskTable* table = nullptr;
  PackArgs<float> physics;  // where state lies
  const float* actions = nullptr;
  const int* worlds = nullptr;  // ids
  int count = 0;
  char* scratch = nullptr;  // threads * stride bytes
  size_t stride = 0;
  int threads = 0;
  Stream stream = nullptr;
};

class DeviceTasks {
 public:
  virtual ~DeviceTasks() = default;
  virtual size_t scratch_bytes(const TaskTable& host) const = 0;  // of one thread
  virtual int resident_threads() = 0;                             // that fill the device
  virtual void run(TaskStage stage, const TaskCall& call) = 0;
  // the next control step begins
  virtual void advance(TaskTable* table, Stream stream) = 0;
};

std::unique_ptr<DeviceTasks> tasks_of(const std::shared_ptr<Device>& device);
std::unique_ptr<DeviceTasks> cuda_tasks(const std::shared_ptr<Device>& device);

}  // namespace motorium
