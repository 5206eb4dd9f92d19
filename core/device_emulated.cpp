#include "motorium/core/device_emulated.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "motorium/core/memory.h"
#include "motorium/core/text.h"

namespace motorium {
namespace {

size_t whole_pages(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

}  // namespace

// what was recorded, in order
class EmulatedGraph final : public Graph {
 public:
  using Kernels = std::vector<std::function<void()>>;
  EmulatedGraph(EmulatedDevice& device, Kernels kernels)
      : device_(device), kernels_(std::make_shared<const Kernels>(std::move(kernels))) {}
  void launch(Stream stream) override {
    device_.need_device();
    ++device_.calls.launches;
    device_.give(stream, [kernels = kernels_] {
      for (const auto& kernel : *kernels) kernel();
    });
  }

 private:
  EmulatedDevice& device_;
  std::shared_ptr<const Kernels> kernels_;
};

EmulatedDevice::~EmulatedDevice() {
  for (const auto& [memory, bytes] : blocks_) munmap(memory, bytes);
}

void EmulatedDevice::need_device() const {
  if (lost_) throw DeviceLost("device emulated: lost: end this process and start it again");
}

size_t EmulatedDevice::free_memory() {
  need_device();
  return std::min(memory_ - std::min(memory_, used_), available_memory());
}

void* EmulatedDevice::allocate(size_t bytes) {
  const size_t size = whole_pages(bytes);
  require(size <= free_memory(), "device emulated: " + format_bytes(bytes) + " asked, " +
                                     format_bytes(free_memory()) + " are free: use fewer worlds");
  void* p = mmap(nullptr, size, guarded_ ? PROT_NONE : PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  require(p != MAP_FAILED, "device emulated: the system refuses " + format_bytes(bytes));
  blocks_[p] = size;
  used_ += size;
  ++calls.allocations;
  return p;
}

void EmulatedDevice::release(void* memory) noexcept {
  const auto found = blocks_.find(memory);
  if (found == blocks_.end()) return;
  for (auto& [stream, queue] : queues_) finish(stream);  // as cudaFree
  used_ -= found->second;
  munmap(memory, found->second);
  blocks_.erase(found);
}

void EmulatedDevice::protect(int access) {
  if (!guarded_) return;
  for (const auto& [memory, bytes] : blocks_) mprotect(memory, bytes, access);
}

void EmulatedDevice::run(const std::function<void()>& kernel) {
  protect(PROT_READ | PROT_WRITE);
  kernel();
  protect(PROT_NONE);
}

// ---- streams
// ----------------------------------------------------------------------------------------

void EmulatedDevice::give(Stream stream, std::function<void()> kernel) {
  if (!late) return run(kernel);
  Queue& queue = queues_[stream];
  ++queue.given;
  queue.work.push_back(std::move(kernel));
}
void EmulatedDevice::finish(Stream stream, size_t count) {
  Queue& queue = queues_[stream];
  while (queue.done < count) {
    const std::function<void()> kernel = std::move(queue.work.front());
    queue.work.pop_front();
    ++queue.done;
    run(kernel);
  }
}
void EmulatedDevice::order(Stream first, Stream then) {
  need_device();
  if (!late || first == then) return;
  give(then, [this, first, count = queues_[first].given] { finish(first, count); });
}

void EmulatedDevice::need_live(const char* what, Stream stream) const {
  need_device();
  require(!captured_ || stream != captured_, std::string("device emulated: ") + what +
                                                 " while the stream is captured: only kernels "
                                                 "may be launched there");
}

void EmulatedDevice::launch(Stream stream, std::function<void()> kernel) {
  need_device();
  if (captured_ && stream == captured_) {
    recorded_.push_back(std::move(kernel));
    return;
  }
  ++calls.launches;
  give(stream, std::move(kernel));
}

void EmulatedDevice::upload(void* to, const void* from, size_t bytes, Stream stream) {
  need_live("upload", stream);
  ++calls.uploads;
  finish(stream);
  run([&] { std::memcpy(to, from, bytes); });
}
void EmulatedDevice::download(void* to, const void* from, size_t bytes, Stream stream) {
  need_live("download", stream);
  ++calls.downloads;
  finish(stream);
  run([&] { std::memcpy(to, from, bytes); });
}
void EmulatedDevice::copy(void* to, const void* from, size_t bytes, Stream stream) {
  launch(stream, [=] { std::memmove(to, from, bytes); });
}
void EmulatedDevice::wait(Stream stream) {
  need_live("wait", stream);
  ++calls.waits;
  finish(stream);
}

Stream EmulatedDevice::new_stream() {
  streams_.push_back(std::make_unique<char>());
  return streams_.back().get();
}

void EmulatedDevice::begin_capture(Stream stream) {
  require(stream != nullptr, "Device.begin_capture: the default stream cannot be captured");
  require(captured_ == nullptr, "Device.begin_capture: a stream is captured already");
  captured_ = stream;
  recorded_.clear();
}
std::unique_ptr<Graph> EmulatedDevice::end_capture(Stream stream) {
  require(captured_ != nullptr && captured_ == stream,
          "Device.end_capture: this stream is not captured");
  captured_ = nullptr;
  return std::make_unique<EmulatedGraph>(*this, std::exchange(recorded_, {}));
}

std::shared_ptr<Device> emulated_device() { return std::make_shared<EmulatedDevice>(false); }

}  // namespace motorium
