// A CUDA GPU through the runtime API.
#include <cuda_runtime_api.h>

#include <mutex>

#include "motorium/core/device.h"
#include "motorium/core/text.h"

namespace motorium {
namespace {

std::string words(cudaError_t code) {
  return std::string(cudaGetErrorString(code)) + " (CUDA error " + std::to_string(code) + ")";
}

// errors after which CUDA wants the process to end (their descriptions in the runtime's header)
bool is_fatal(cudaError_t code) {
  switch (code) {
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorContained:
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorTensorMemoryLeak:
    case cudaErrorMpsClientTerminated:
    case cudaErrorExternalDevice:
      return true;
    default:
      return false;
  }
}

class CudaDevice final : public Device {
 public:
  explicit CudaDevice(int index) : index_(index) {
    cudaDeviceProp properties;
    check(cudaSetDevice(index), "select");
    check(cudaGetDeviceProperties(&properties, index), "ask for properties");
    name_ = properties.name;
    check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "make an event");
  }
  ~CudaDevice() override {
    if (lost_) return;  // destructors that call a dead GPU hang
    for (cudaStream_t s : streams_) cudaStreamDestroy(s);
    cudaEventDestroy(event_);
  }

  Kind kind() const override { return Kind::cuda; }
  int index() const override { return index_; }
  std::string name() const override { return name_; }

  // other libraries of the process may have selected another device
  void use() override {
    if (lost_) throw DeviceLost(where() + "lost earlier: end this process and start it again");
    check(cudaSetDevice(index_), "select");
  }
  void launched(const char* kernel) override { check(cudaGetLastError(), kernel); }

  size_t free_memory() override {
    size_t free = 0, total = 0;
    use();
    check(cudaMemGetInfo(&free, &total), "ask for free memory");
    return free;
  }

  void* allocate(size_t bytes) override {
    use();
    void* p = nullptr;
    const cudaError_t code = cudaMalloc(&p, bytes);
    if (code == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      throw Error(where() + format_bytes(bytes) + " asked, " + format_bytes(free_memory()) +
                  " are free: use fewer worlds");
    }
    check(code, "allocate");
    check(cudaMemset(p, 0, bytes), "clear memory");
    check(cudaStreamSynchronize(nullptr), "clear memory");
    return p;
  }
  void release(void* memory) noexcept override {
    if (lost_) return;
    cudaSetDevice(index_);
    cudaFree(memory);
  }

  void upload(void* to, const void* from, size_t bytes, Stream stream) override {
    use();
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, of(stream)), "upload");
    // what is pinned, or what the device may read by itself, is read after the call above returns
    check(cudaStreamSynchronize(of(stream)), "upload");
  }
  void download(void* to, const void* from, size_t bytes, Stream stream) override {
    use();
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, of(stream)), "download");
    check(cudaStreamSynchronize(of(stream)), "download");
  }
  void copy(void* to, const void* from, size_t bytes, Stream stream) override {
    use();
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, of(stream)), "copy");
  }
  void wait(Stream stream) override {
    use();
    check(cudaStreamSynchronize(of(stream)), "wait");
  }
  void order(Stream first, Stream then) override {
    use();
    if (first == then) return;
    check(cudaEventRecord(event_, of(first)), "record an event");
    check(cudaStreamWaitEvent(of(then), event_, 0), "wait for an event");
  }

  Stream new_stream() override {
    use();
    cudaStream_t stream = nullptr;
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "make a stream");
    streams_.push_back(stream);
    return stream;
  }
  void begin_capture(Stream stream) override {
    use();
    require(stream != nullptr, "Device.begin_capture: the default stream cannot be captured");
    check(cudaStreamBeginCapture(of(stream), cudaStreamCaptureModeThreadLocal), "begin a capture");
  }
  std::unique_ptr<Graph> end_capture(Stream stream) override;

 private:
  friend class CudaGraph;
  static cudaStream_t of(Stream stream) { return static_cast<cudaStream_t>(stream); }
  std::string where() const { return "device cuda:" + std::to_string(index_) + ": "; }

  void check(cudaError_t code, const char* what) {
    if (code == cudaSuccess) return;
    cudaGetLastError();
    if (is_fatal(code)) {
      lost_ = true;
      throw DeviceLost(where() + "lost at '" + what + "': " + words(code) +
                       ": end this process and start it again");
    }
    throw Error(where() + "'" + what + "' failed: " + words(code));
  }

  int index_;
  bool lost_ = false;
  std::string name_;
  cudaEvent_t event_ = nullptr;
  std::vector<cudaStream_t> streams_;
};

class CudaGraph final : public Graph {
 public:
  CudaGraph(CudaDevice& device, cudaGraphExec_t exec) : device_(device), exec_(exec) {}
  ~CudaGraph() override {
    if (!device_.lost_) cudaGraphExecDestroy(exec_);
  }
  void launch(Stream stream) override {
    device_.use();
    device_.check(cudaGraphLaunch(exec_, CudaDevice::of(stream)), "launch a graph");
  }

 private:
  CudaDevice& device_;
  cudaGraphExec_t exec_;
};

std::unique_ptr<Graph> CudaDevice::end_capture(Stream stream) {
  use();
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  check(cudaStreamEndCapture(of(stream), &graph), "end a capture");
  const cudaError_t code = cudaGraphInstantiate(&exec, graph, 0);
  cudaGraphDestroy(graph);
  check(code, "instantiate a graph");
  return std::make_unique<CudaGraph>(*this, exec);
}

}  // namespace

std::shared_ptr<Device> cuda_device(int index) {
  static std::mutex lock;
  static std::vector<std::weak_ptr<Device>> made;
  const std::lock_guard guard(lock);

  // what is missing, in words
  int driver = 0, runtime = 0, count = 0;
  cudaRuntimeGetVersion(&runtime);
  const auto version = [](int v) {
    return std::to_string(v / 1000) + "." + std::to_string(v % 1000 / 10);
  };
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0)
    throw Error("device cuda: no NVIDIA driver is installed: install one for CUDA " +
                version(runtime) + " or newer, or use device cpu");
  const cudaError_t code = cudaGetDeviceCount(&count);
  cudaGetLastError();
  if (code == cudaErrorInsufficientDriver)
    throw Error("device cuda: the driver knows CUDA " + version(driver) + ", this build needs " +
                version(runtime) + ": update the driver, or use device cpu");
  if (code != cudaSuccess || count == 0)
    throw Error("device cuda: no GPU is visible (" + words(code) +
                "): look at nvidia-smi and CUDA_VISIBLE_DEVICES, or use device cpu");
  require(index >= 0 && index < count, "device cuda:" + std::to_string(index) +
                                           ": there are devices 0 .. " + std::to_string(count - 1));

  made.resize(static_cast<size_t>(count));
  std::shared_ptr<Device> device = made[static_cast<size_t>(index)].lock();
  if (!device) made[static_cast<size_t>(index)] = device = std::make_shared<CudaDevice>(index);
  return device;
}

}  // namespace motorium
