// The worlds of a Batch on a device. The arrays of state, inputs and outputs live there; `host`,
// the batch's own arrays, is a mirror that holds rows only while the host asks about them (save,
// contacts, rays). Private to physics/batch*.cpp.
#pragma once
#include <functional>
#include <set>

#include "motorium/physics/batch_impl.h"
#include "motorium/physics/device_physics.h"

namespace motorium {

class DeviceWorlds {
 public:
  DeviceWorlds(std::shared_ptr<Device> device, const Model& model, Worlds<float>& host,
               std::vector<double>& host_time0);

  Device& device() { return *device_; }
  Stream stream = nullptr;  // of every launch and copy
  int lanes() const { return lanes_; }
  // Lanes per world: one of widths(). The bits are the same, the speed is not.
  void set_lanes(int lanes);
  std::vector<int> widths() const { return physics_->widths(); }
  int chip_bytes() const { return chip_bytes_; }  // on chip, of a tile's scratch
  // The fastest lanes, with scratch on chip or all of its room left to the cache, for this model,
  // device and number of worlds: measured once in a process.
  void choose_lanes();

  // What the host knows about constants and starts changed: sent before the next launch.
  void model_changed() {
    model_stale_ = true;
    ++changes_;
  }
  void override_changed(const std::string& field);
  void models_changed();
  int64_t changes() const { return changes_; }  // of what launches carry

  // ids: null for all worlds. None of these waits, allocates or copies once everything is sent,
  // so that they can be recorded in a graph.
  void step(const int* ids, int n, int nstep, Refresh refresh, bool autoreset);
  void forward(const int* ids, int n, Refresh upto);
  void restart(const int* ids, int n);
  void prepare();          // sends what is stale
  PackArgs<float> args();  // for launches of others: where state lies

  // device memory of a state field or output, made at first use
  float* state(size_t shape);
  float* output(int field, int columns);

  // rows of a device array from and to the host: (n, columns), dense; both wait
  void read_rows(const void* rows, size_t row_bytes, const int* ids, int n, void* out);
  void write_rows(void* rows, size_t row_bytes, const int* ids, int n, const void* in);
  // whole worlds from and to the mirror
  void pull(const int* ids, int n);
  void push(const int* ids, int n);
  void forget_freezes(const int* ids, int n);
  void pull_marks();  // steps, time0 and status of all worlds
  void push_status();

  // For each world that has frozen since the last call its state and inputs go to the mirror, then
  // f(world).
  void take_faults(const std::function<void(int)>& f);
  // asked of the host: writes the mirror's row of a world that starts; does it start unlike others?
  std::function<void(int)> start_on_host;
  std::function<bool(int)> has_own_start;

 private:
  // a model's arrays on the device
  struct DeviceModel {
    std::vector<std::pair<const void*, std::pair<size_t, char*>>> ranges;  // host: bytes, device
    DeviceArray<float> numbers;
    DeviceArray<int> integers;
    std::vector<DeviceArray<int>> lists;
    DeviceArray<float> pair_reach2, run_reach;
    DeviceArray<HullEntry<float>> hull_walk;
    DeviceArray<ModelData<float>> data;
  };
  struct OwnRows {
    DeviceArray<float> data;
    DeviceArray<int> row_of;
  };
  // worlds that share a model, as a launch takes them
  struct Group {
    int model;
    const int* ids;  // on the device
    int count;
  };

  void send_model(ModelBlob<float>& blob, DeviceModel& out);
  void send_outputs();
  void send_starts();
  void make_scratch();
  void make_queue();
  std::vector<Group> groups_of(const int* ids, int n);
  std::vector<Group> groups(const int* ids, int n, const DeviceArray<int>& memory);
  void groups_of_all();
  uint32_t* dense_for(size_t row_bytes);
  template <class F> void each_load(const void* rows, size_t row_bytes, const int* ids, int n, F f);
  const int* send_ids(const int* ids, int n);
  DeviceCall call_of(const Group& group);
  const ModelData<float>& host_model(int model) const;
  void complete_mirror();
  template <class F> void each_field(F f);

  std::shared_ptr<Device> device_;
  std::unique_ptr<DevicePhysics> physics_;
  const Model& model_;
  Worlds<float>& host_;
  std::vector<double>& host_time0_;
  StateSizes sizes_;
  int worlds_, lanes_ = 0, chip_bytes_ = 0;

  // state, and marks of every world
  std::vector<DeviceArray<float>> fields_;
  DeviceArray<int64_t> steps_;
  DeviceArray<double> time0_;
  DeviceArray<uint32_t> status_, seen_;
  WorldTable table_;
  void point();

  std::map<int, DeviceArray<float>> outputs_;
  DeviceArray<OutputBinding<float>> bindings_;
  int output_count_ = 0;
  bool outputs_stale_ = false;

  std::vector<DeviceModel> models_;
  std::map<std::string, OwnRows> own_;
  std::set<std::string> stale_fields_;
  bool model_stale_ = true, starts_stale_ = true;
  int64_t changes_ = 0;

  DeviceArray<int> all_, ids_, by_model_;
  std::vector<Group> all_by_model_;

  Starts starts_;
  std::vector<DeviceArray<float>> start_fields_;
  DeviceArray<int64_t> start_steps_;
  DeviceArray<double> start_time0_;
  DeviceArray<int> start_row_;

  FaultSlots slots_;
  std::vector<DeviceArray<float>> slot_fields_;
  DeviceArray<int64_t> slot_steps_;
  DeviceArray<double> slot_time0_;
  DeviceArray<uint32_t> slot_status_;
  DeviceArray<int> slot_world_, slot_count_;

  DeviceArray<char> scratch_;
  size_t scratch_stride_ = 0;
  int tiles_ = 0;

  // searches of all worlds (make_queue); the numbers that were wanted
  size_t queue_places_ = 0, queue_slots_ = 0;
  DeviceArray<int> queue_taken_, queue_first_;
  DeviceArray<SearchTask<float>> queue_task_;
  DeviceArray<SearchFound> queue_found_;
  DeviceArray<SearchContact<float>> queue_contact_;
  DeviceArray<SearchQueue<float>> queue_;

  DeviceArray<uint32_t> dense_;  // rows on their way
};

}  // namespace motorium
