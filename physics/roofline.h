// The roofline: what the cores of a pool can do at most, and what a step asks of them.
#pragma once
#include "motorium/physics/batch.h"

namespace motorium {

struct MachineLimits {
  double flops = 0;      // fused multiply-adds in registers, two operations each, all threads [1/s]
  double bandwidth = 0;  // memory copied, read and written bytes together, all threads [B/s]
  double launch = 0;     // handing a job to all threads and waiting for them [s]
};

// the best of several short measurements, together half a second
MachineLimits measure_machine(Threads& threads);
// of a GPU: all its threads, its memory, the launch of a kernel
MachineLimits measure_machine(const std::shared_ptr<Device>& device);

// Floating-point operations of one step at the present state of these worlds, mean over them
// (ids null: all). The kernels run on a number that counts what it does (core/counted.h), one world
// at a time: operations of a world, not those that lanes of a pack repeat while they wait. The
// worlds stay as they are. Single precision only.
double step_flops(Batch& batch, const int* ids = nullptr, int id_count = 0);

// bytes that a step must at least read and write: states and controls of a world, once per call
double state_bytes(const Model& model);

}  // namespace motorium
