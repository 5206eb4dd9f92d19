// What a device can do for physics: launches, each the same kernels as the CPU's on device memory.
// Private to physics/.
#pragma once
#include <vector>

#include "motorium/core/device.h"
#include "motorium/physics/search_task.h"
#include "motorium/physics/world_rows.h"

namespace motorium {

// a call on worlds of one model; every pointer, those inside args and its model too, is the
// device's
struct DeviceCall {
  PackArgs<float> args;         // args.scratch: tiles * scratch_stride bytes. With a queue each
                                // step is three kernels (search_queue.h), else a call is one
  const int* worlds = nullptr;  // ids
  int count = 0;
  size_t scratch_stride = 0;
  size_t search_bytes = 0;  // of one search; memory for kConvexAtOnce of them begins each slice
  int tiles = 0;            // resident tiles: each works on worlds one after another
  int lanes = 0;            // of a tile, one of widths()
  int chip_bytes = 0;       // on chip for each tile: at most chip_bytes(lanes)
  bool plain = false;       // is_plain(model)
  Stream stream = nullptr;
};

// rows of 4-byte words: gather writes dense[i] = rows[ids[i]], scatter the other way round
struct RowsCall {
  uint32_t *rows = nullptr, *dense = nullptr;
  const int* ids = nullptr;
  int count = 0, words = 0;
  Stream stream = nullptr;
};

struct RestartCall {
  StateSizes sizes;
  WorldTable state;
  Starts starts;
  uint32_t* seen = nullptr;
  const int* worlds = nullptr;
  int count = 0;
  bool frozen_only = false;
  Stream stream = nullptr;
};

struct KeepCall {
  StateSizes sizes;
  WorldTable state;
  FaultSlots slots;
  const int* worlds = nullptr;
  int count = 0;
  Stream stream = nullptr;
};

inline DeviceCall without_queue(DeviceCall call) {
  call.args.queue = nullptr;
  return call;
}
// the k-th of the steps of a call by themselves: only the last shows its outputs
inline PackArgs<float> args_of_step(const DeviceCall& call, int k, int nstep) {
  PackArgs<float> args = call.args;
  if (k < nstep - 1) args.output_count = 0;
  return args;
}

class DevicePhysics {
 public:
  virtual ~DevicePhysics() = default;
  virtual std::vector<int> widths() const = 0;  // lanes that are compiled
  virtual int resident_tiles(int lanes) = 0;    // that fill the device
  virtual int chip_bytes(int lanes) = 0;        // that tiles have on chip without fewer of them
  virtual size_t scratch_bytes(const ModelData<float>& host) const = 0;  // of one tile

  virtual void step(const DeviceCall& call, int nstep) = 0;
  virtual void forward(const DeviceCall& call, Refresh upto) = 0;
  virtual void gather(const RowsCall& call) = 0;
  virtual void scatter(const RowsCall& call) = 0;
  virtual void restart(const RestartCall& call) = 0;
  virtual void keep(const KeepCall& call) = 0;
};

std::unique_ptr<DevicePhysics> physics_of(const std::shared_ptr<Device>& device);
std::unique_ptr<DevicePhysics> cuda_physics(const std::shared_ptr<Device>& device);

}  // namespace motorium
