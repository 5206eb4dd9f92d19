// Physics of the emulated device: the CPU's kernels for single worlds, on its memory.
#include "motorium/physics/device_physics.h"

#include "motorium/core/device_emulated.h"
#include "motorium/core/team.h"
#include "motorium/physics/kernels.h"
#include "motorium/physics/search_queue.h"

namespace motorium {
namespace {

class EmulatedPhysics final : public DevicePhysics {
 public:
  explicit EmulatedPhysics(std::shared_ptr<EmulatedDevice> device) : device_(std::move(device)) {
    require(kernels_.step != nullptr,
            "device emulated: this build has physics in double only (MOTORIUM_DOUBLE_ONLY)");
  }

  std::vector<int> widths() const override { return {8, 16, 32, 64, 128}; }
  int resident_tiles(int lanes) override { return 128 / lanes * 2; }
  int chip_bytes(int lanes) override { return 96 * lanes; }
  size_t scratch_bytes(const ModelData<float>& host) const override {
    return kernels_.scratch_bytes(host);
  }

  void step(const DeviceCall& c, int nstep) override {
    if (!c.args.queue) return steps(c, nstep);
    for (int k = 0; k < nstep; ++k) {
      DeviceCall one = c;
      one.args = args_of_step(c, k, nstep);
      queue(one);
      search(one);
      steps(one, 1);
    }
  }
  void forward(const DeviceCall& c, Refresh upto) override {
    device_->launch(c.stream, [=, this] {
      each_world(c, [&](const PackArgs<float>& args, const int* world) {
        kernels_.forward(args, world, 1, upto);
      });
    });
  }

  void gather(const RowsCall& c) override { move(c, true); }
  void scatter(const RowsCall& c) override { move(c, false); }

  void restart(const RestartCall& c) override {
    device_->launch(c.stream, [c] {
      for (int i = 0; i < c.count; ++i)
        if (!c.frozen_only || (c.state.arrays.status[c.worlds[i]] & kStatusFrozen))
          restart_world(Solo{}, c.sizes, c.state, c.worlds[i], c.starts, c.seen);
    });
  }
  void keep(const KeepCall& c) override {
    device_->launch(c.stream, [c] {
      for (int i = 0; i < c.count; ++i) {
        const int w = c.worlds[i];
        const bool frozen = (c.state.arrays.status[w] & kStatusFrozen) != 0;
        const bool fresh = frozen && !c.slots.seen[w];
        c.slots.seen[w] = frozen;
        if (fresh) keep_world(Solo{}, c.sizes, c.state, w, c.slots, (*c.slots.count)++);
      }
    });
  }

 private:
  void steps(const DeviceCall& c, int nstep) {
    device_->launch(c.stream, [=, this] {
      if (c.args.queue) c.args.queue->taken[0] = c.args.queue->taken[1] = 0;
      each_world(c, [&](const PackArgs<float>& args, const int* world) {
        kernels_.step(args, world, 1, nstep, Refresh::none);
      });
    });
  }
  void queue(const DeviceCall& c) {
    device_->launch(c.stream, [=, this] {
      each_world(
          c, [&](const PackArgs<float>& args, const int* world) { kernels_.queue(args, world); });
    });
  }
  void search(const DeviceCall& c) {
    device_->launch(c.stream, [=, this] {
      const int workers = c.tiles * kConvexAtOnce;
      for (int k = 0; k < workers; ++k) {
        const int i = device_->backwards ? workers - 1 - k : k;
        kernels_.search(c.args, i, workers,
                        search_memory(c.args.scratch, c.scratch_stride, c.search_bytes, i));
      }
    });
  }

  // tiles take worlds in turn, each with its own scratch. What lies on chip is lost with the tile:
  // bytes 0xff are numbers that are none
  template <class F> void each_world(const DeviceCall& c, F f) const {
    for (int k = 0; k < c.count; ++k) {
      const int i = device_->backwards ? c.count - 1 - k : k;
      PackArgs<float> args = c.args;
      args.scratch =
          static_cast<char*>(args.scratch) + static_cast<size_t>(i % c.tiles) * c.scratch_stride;
      std::vector<char> chip(static_cast<size_t>(c.chip_bytes) + 64, '\xff');
      args.chip = chip.data() + (64 - reinterpret_cast<uintptr_t>(chip.data()) % 64) % 64;
      args.chip_bytes = c.chip_bytes;
      f(args, c.worlds + i);
    }
  }
  void move(const RowsCall& c, bool gathers) {
    device_->launch(c.stream, [c, gathers] {
      for (int i = 0; i < c.count; ++i)
        for (int k = 0; k < c.words; ++k) {
          uint32_t& row = c.rows[static_cast<int64_t>(c.ids[i]) * c.words + k];
          uint32_t& dense = c.dense[static_cast<int64_t>(i) * c.words + k];
          gathers ? dense = row : row = dense;
        }
    });
  }

  std::shared_ptr<EmulatedDevice> device_;
  const PhysicsKernels<float>& kernels_ = motorium_physics_v3_float;
};

}  // namespace

std::unique_ptr<DevicePhysics> physics_of(const std::shared_ptr<Device>& device) {
  if (device->kind() == Device::Kind::emulated)
    return std::make_unique<EmulatedPhysics>(std::static_pointer_cast<EmulatedDevice>(device));
#if defined(MOTORIUM_WITH_CUDA)
  return cuda_physics(device);
#else
  throw Error("device cuda: this build has no CUDA");
#endif
}

}  // namespace motorium
