#include "motorium/core/trace.h"

#include <chrono>

#if defined(MOTORIUM_NVTX)
#include <nvtx3/nvToolsExt.h>
#endif

namespace motorium {
namespace {

int64_t steady_ns() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Trace::Trace(int workers, int capacity, int64_t (*clock)()) {
  for (int w = 0; w < workers; ++w) {
    auto room = std::make_unique<Room>();
    room->events.resize(static_cast<size_t>(capacity));
    room->lane.events = room->events.data();
    room->lane.capacity = capacity;
    room->lane.clock = clock ? clock : steady_ns;
    lanes_.push_back(std::move(room));
  }
}

int64_t Trace::events() const {
  int64_t n = 0;
  for (const auto& room : lanes_) n += room->lane.count;
  return n;
}
int64_t Trace::dropped() const {
  int64_t n = 0;
  for (const auto& room : lanes_) n += room->lane.dropped;
  return n;
}

#if defined(MOTORIUM_NVTX)
Phase::Phase(TraceLane* lane, const char* name) : span_(lane, name) { nvtxRangePushA(name); }
Phase::~Phase() { nvtxRangePop(); }
#else
Phase::Phase(TraceLane* lane, const char* name) : span_(lane, name) {}
Phase::~Phase() = default;
#endif

}  // namespace motorium
