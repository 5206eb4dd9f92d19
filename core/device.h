// A machine beside the host with memory of its own: a CUDA GPU, or its stand-in on the CPU.
//
//   Batch batch(model, {.worlds = 4096, .device = cuda_device(0)});
//
// Pointers that a device gives out mean nothing to the host. Work is ordered by streams; calls of
// one device come from one thread at a time.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "motorium/core/error.h"

namespace motorium {

// A queue of a device's work: a cudaStream_t. Null: the legacy default stream, which waits for
// the other blocking streams of the process and they for it, so that libraries need no events.
using Stream = void*;

// The device is gone (illegal address, hardware, driver): CUDA wants the process to end. Every
// later call on the device throws this at once. Python: motorium.DeviceLost, a RuntimeError.
class DeviceLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Work that was recorded once and runs again without the host: a CUDA graph.
class Graph {
 public:
  virtual ~Graph() = default;
  virtual void launch(Stream stream) = 0;
};

class Device {
 public:
  enum class Kind { cuda, emulated };

  virtual ~Device() = default;
  virtual Kind kind() const = 0;
  virtual int index() const = 0;         // of CUDA's devices; 0
  virtual std::string name() const = 0;  // of the chip
  virtual size_t free_memory() = 0;      // [bytes]

  // around each launch of a kernel: makes this the thread's device; finds the launch's error
  virtual void use() = 0;
  virtual void launched(const char* kernel) = 0;

  virtual void* allocate(size_t bytes) = 0;  // zeros, aligned to 256 bytes; Error: it does not fit
  virtual void release(void* memory) noexcept = 0;

  // host to device; waits for the stream, so that `from` may be changed as soon as the call returns
  virtual void upload(void* to, const void* from, size_t bytes, Stream stream) = 0;
  // device to host; waits for the stream
  virtual void download(void* to, const void* from, size_t bytes, Stream stream) = 0;
  virtual void copy(void* to, const void* from, size_t bytes, Stream stream) = 0;  // on the device
  virtual void wait(Stream stream) = 0;
  // what `then` gets from now on starts after what `first` has
  virtual void order(Stream first, Stream then) = 0;

  // A stream that the default stream does not wait for; the device ends it.
  virtual Stream new_stream() = 0;
  // Between the two nothing runs: what is launched on `stream` (not the default one) is recorded.
  // Nothing may allocate, upload or wait there.
  virtual void begin_capture(Stream stream) = 0;
  virtual std::unique_ptr<Graph> end_capture(Stream stream) = 0;
};

// GPU number `index`. Throws Error that says what is missing: the build, the driver, the device.
std::shared_ptr<Device> cuda_device(int index = 0);

// The host side of CUDA without a GPU: memory is the host's, kernels run one world at a time on the
// CPU, with the same bits. For tests and for programs that are written where no GPU is.
std::shared_ptr<Device> emulated_device();

// "cuda", "cuda:1", "emulated"; null for "cpu". Throws Error for anything else.
std::shared_ptr<Device> device_of(const std::string& name);

// n numbers of a device's memory
template <class T> class DeviceArray {
 public:
  DeviceArray() = default;
  DeviceArray(std::shared_ptr<Device> device, size_t n)
      : device_(std::move(device)),
        data_(n ? static_cast<T*>(device_->allocate(n * sizeof(T))) : nullptr),
        size_(n) {}
  DeviceArray(std::shared_ptr<Device> device, const std::vector<T>& from, Stream stream)
      : DeviceArray(std::move(device), from.size()) {
    if (size_) device_->upload(data_, from.data(), size_ * sizeof(T), stream);
  }
  ~DeviceArray() {
    if (data_) device_->release(data_);
  }
  DeviceArray(DeviceArray&& o) noexcept { swap(o); }
  DeviceArray& operator=(DeviceArray&& o) noexcept {
    swap(o);
    return *this;
  }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  void swap(DeviceArray& o) noexcept {
    std::swap(device_, o.device_);
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
  }
  std::shared_ptr<Device> device_;
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace motorium
