// Notes of one thread: what it did, and when. Kernels see this plain struct and its clock, a
// function of the host; on a GPU nobody gives them one.
#pragma once
#include <cstdint>

#include "motorium/core/real.h"

namespace motorium {

struct TraceEvent {
  const char* name = nullptr;  // a literal
  int64_t begin = 0, end = 0;  // [ns]
};

struct TraceLane {
  TraceEvent* events = nullptr;
  int count = 0, capacity = 0;
  int64_t dropped = 0;           // events that found no room
  int64_t last = 0;              // end of the latest stage [ns]
  int64_t (*clock)() = nullptr;  // [ns]
};

FN void note(TraceLane& lane, const char* name, int64_t begin, int64_t end) {
  if (lane.count < lane.capacity)
    lane.events[lane.count++] = TraceEvent{name, begin, end};
  else
    ++lane.dropped;
}

// What the stages of a step are told to: one call after each. The first kind hears nothing and
// costs nothing; the second notes the time since the previous call.
struct Untimed {
  FN void start() const {}
  FN void operator()(const char*) const {}
};
struct Stopwatch {
  TraceLane* lane;
  FN void start() const { lane->last = lane->clock(); }
  FN void operator()(const char* stage) const {
    const int64_t now = lane->clock();
    note(*lane, stage, lane->last, now);
    lane->last = now;
  }
};

// the same for code that exists once, which tests a pointer that is null without a trace
FN void start_stage(TraceLane* lane) {
  if (lane) Stopwatch{lane}.start();
}
FN void stage_done(TraceLane* lane, const char* stage) {
  if (lane) Stopwatch{lane}(stage);
}

}  // namespace motorium
