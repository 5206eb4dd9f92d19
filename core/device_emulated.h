// A device without a GPU. `guarded`: its memory is closed to the host between launches, so that a
// pointer used on the wrong side is a crash at once, as it should be. Counts what CUDA would be
// asked, for tests of what must not be asked inside a step.
#pragma once
#include <deque>
#include <functional>
#include <map>

#include "motorium/core/device.h"

namespace motorium {

class EmulatedDevice final : public Device {
 public:
  struct Calls {
    int allocations = 0, uploads = 0, downloads = 0, waits = 0, launches = 0;
  };

  explicit EmulatedDevice(bool guarded, size_t memory = size_t{1} << 40)
      : guarded_(guarded), memory_(memory) {}
  ~EmulatedDevice() override;

  Kind kind() const override { return Kind::emulated; }
  int index() const override { return 0; }
  std::string name() const override { return "emulated"; }
  size_t free_memory() override;
  void use() override {}
  void launched(const char*) override {}
  void* allocate(size_t bytes) override;
  void release(void* memory) noexcept override;
  void upload(void* to, const void* from, size_t bytes, Stream stream) override;
  void download(void* to, const void* from, size_t bytes, Stream stream) override;
  void copy(void* to, const void* from, size_t bytes, Stream stream) override;
  void wait(Stream stream) override;
  void order(Stream first, Stream then) override;
  Stream new_stream() override;
  void begin_capture(Stream stream) override;
  std::unique_ptr<Graph> end_capture(Stream stream) override;

  // from here on every call throws DeviceLost, as after an illegal address
  void lose() { lost_ = true; }

  // a kernel: runs with the memory open, or is recorded where its stream is captured
  void launch(Stream stream, std::function<void()> kernel);

  Calls calls;
  // Kernels of learning take their items, and the threads of a block, from last to first: the order
  // of any two is turned around, and bits must not care.
  bool backwards = false;
  // Kernels run no sooner than somebody waits for their stream: what forgets to order two streams,
  // or to wait, reads numbers of the past. For the whole life of the device.
  bool late = false;

 private:
  friend class EmulatedGraph;
  void run(const std::function<void()>& kernel);
  void give(Stream stream, std::function<void()> kernel);
  void finish(Stream stream, size_t count);  // the first `count` of what the stream was given
  void finish(Stream stream) { finish(stream, queues_[stream].given); }
  void protect(int access);
  void need_device() const;
  void need_live(const char* what, Stream stream) const;

  bool guarded_, lost_ = false;
  size_t memory_, used_ = 0;
  std::map<void*, size_t> blocks_;
  Stream captured_ = nullptr;
  std::vector<std::function<void()>> recorded_;
  std::vector<std::unique_ptr<char>> streams_;
  // what streams have still to do
  struct Queue {
    size_t given = 0, done = 0;
    std::deque<std::function<void()>> work;
  };
  std::map<Stream, Queue> queues_;
};

}  // namespace motorium
