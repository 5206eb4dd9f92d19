#include "motorium/core/trace.h"

#include <algorithm>
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

std::map<std::string, int64_t> own_times(
    const Trace& trace,
    const std::function<std::string(const std::string&, const std::string&)>& label) {
  struct Open {
    int64_t end;
    std::string label;
  };
  std::map<std::string, int64_t> own;
  for (int w = 0; w < trace.workers(); ++w) {
    // outer events first; inner ones are taken off the nearest that encloses them
    const TraceLane& lane = trace.lane(w);
    std::vector<TraceEvent> events(lane.events, lane.events + lane.count);
    std::sort(events.begin(), events.end(), [](const TraceEvent& a, const TraceEvent& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
    });
    std::vector<Open> open;
    for (const TraceEvent& e : events) {
      while (!open.empty() && open.back().end <= e.begin) open.pop_back();
      const std::string outer = open.empty() ? "" : open.back().label;
      const std::string name = label ? label(e.name, outer) : e.name;
      own[name] += e.end - e.begin;
      if (!open.empty()) own[outer] -= e.end - e.begin;
      open.push_back({e.end, name});
    }
  }
  return own;
}

#if defined(MOTORIUM_NVTX)
Phase::Phase(TraceLane* lane, const char* name) : span_(lane, name) { nvtxRangePushA(name); }
Phase::~Phase() { nvtxRangePop(); }
#else
Phase::Phase(TraceLane* lane, const char* name) : span_(lane, name) {}
Phase::~Phase() = default;
#endif

}  // namespace motorium
