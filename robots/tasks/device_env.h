// What an Env keeps on a device: its tables, the state of its task, and what it gives. Private to
// robots/tasks/env*.cpp.
#pragma once
#include "motorium/physics/batch.h"
#include "motorium/robots/tasks/device_tasks.h"
#include "motorium/robots/tasks/task.h"

namespace motorium {

class DeviceEnv {
 public:
  // `host`: the arrays of the Env on the host, where resets, saves and logs are made
  struct Host {
    std::vector<float>&state, &log, &reward, &actions;
    std::vector<std::vector<float>>&data, &final_data;
    std::vector<uint8_t>&terminated, &truncated, &nonfinite;
    std::vector<uint32_t>& reason;
    std::vector<int32_t>& length;
  };
  DeviceEnv(std::shared_ptr<Device> device, Batch& batch, CompiledTask& c, const Host& host);

  // everything between host and device; download waits
  void upload();
  void download();
  // the task's numbers as they are now on the host, with its step
  void send_table();
  // ... those that a curriculum moves, if it moved them
  void follow_curriculum();
  void take_log();  // log and state to the host
  void clear_log();

  // ids: null for all worlds. Launches only, once the table is there.
  void begin(const int* ids, int count);
  void step(const int* ids, int count);
  void want_reward_terms();

  float* actions() const { return actions_.data(); }
  const float* reward_terms() const { return terms_.data(); }
  const float* reward() const { return reward_.data(); }
  const uint8_t* terminated() const { return terminated_.data(); }
  const uint8_t* truncated() const { return truncated_.data(); }
  const uint8_t* nonfinite() const { return nonfinite_.data(); }
  const uint32_t* reason() const { return reason_.data(); }
  int32_t* length() const { return length_.data(); }
  const float* state() const { return state_.data(); }
  const float* data(size_t group) const { return data_[group].data(); }
  const float* final_data(size_t group) const { return final_data_[group].data(); }

 private:
  template <class F> void each_array(F f);
  void run(TaskStage stage, const int* worlds, int count);
  const int* send_ids(const int* ids, int count);

  std::shared_ptr<Device> device_;
  Batch& batch_;
  CompiledTask& c_;
  Host host_;
  std::unique_ptr<DeviceTasks> tasks_;

  // rows of the task
  DeviceArray<JointRow> joints_;
  DeviceArray<ActionRow> action_rows_;
  DeviceArray<FootRow> feet_;
  DeviceArray<TermRow> rewards_, dones_, resets_;
  DeviceArray<int> term_ids_;
  DeviceArray<float> numbers_, qpos0_, history0_;
  std::vector<DeviceArray<ObserveElement>> elements_;
  DeviceArray<TaskTable> table_;
  TaskTable sent_;
  std::vector<TermRow> sent_rewards_;

  // rows of worlds
  DeviceArray<float> state_, log_, reward_, actions_, terms_;
  std::vector<DeviceArray<float>> data_, final_data_;
  DeviceArray<uint8_t> terminated_, truncated_, nonfinite_;
  DeviceArray<uint32_t> reason_;
  DeviceArray<int32_t> length_;
  DeviceArray<int> all_, ids_;
  DeviceArray<char> scratch_;
  size_t stride_ = 0;
  int threads_ = 0;
};

}  // namespace motorium
