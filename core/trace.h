// Traces: what each worker of a pool did, and when. Hung into a pool (Threads::set_trace),
// everything that runs there takes notes; without one, nothing reads a clock.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "motorium/core/trace_lane.h"

namespace motorium {

class Trace {
 public:
  // room for `capacity` events of each worker, taken at once; clock: [ns], null: the steady clock
  Trace(int workers, int capacity, int64_t (*clock)() = nullptr);

  int workers() const { return static_cast<int>(lanes_.size()); }
  TraceLane* lane(int worker) { return &lanes_[static_cast<size_t>(worker)]->lane; }
  const TraceLane& lane(int worker) const { return lanes_[static_cast<size_t>(worker)]->lane; }
  int64_t events() const;   // of all workers
  int64_t dropped() const;  // of all workers

 private:
  // lanes of two threads share no cache line
  struct alignas(128) Room {
    TraceLane lane;
    std::vector<TraceEvent> events;
  };
  std::vector<std::unique_ptr<Room>> lanes_;
};

// [ns] of each label, without what lies inside: label(name, label of the event that encloses it);
// without a function the name
std::map<std::string, int64_t> own_times(
    const Trace& trace,
    const std::function<std::string(const std::string& name, const std::string& outer)>& label =
        {});

// Notes its own lifetime; a null lane: nothing.
class Span {
 public:
  Span(TraceLane* lane, const char* name)
      : lane_(lane), name_(name), begin_(lane ? lane->clock() : 0) {}
  ~Span() {
    if (lane_) note(*lane_, name_, begin_, lane_->clock());
  }
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

 private:
  TraceLane* lane_;
  const char* name_;
  int64_t begin_;
};

// A phase of the program, on the thread that calls: a span, and in builds with CUDA an NVTX range,
// so that a profiler shows it above the launches. Without a profiler a range costs one test.
class Phase {
 public:
  Phase(TraceLane* lane, const char* name);
  ~Phase();
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

 private:
  Span span_;
};

}  // namespace motorium
