#include "motorium/core/trace.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "motorium/core/threads.h"

namespace motorium {
namespace {

int64_t ticks;
int64_t ticking_clock() { return ticks += 10; }

TEST(TraceTest, AStopwatchNotesStageAfterStage) {
  ticks = 0;
  Trace trace(1, 8, ticking_clock);
  {
    const Span step(trace.lane(0), "step");  // 10
    const Stopwatch done{trace.lane(0)};
    done.start();  // 20
    done("one");   // 30
    done("two");   // 40
  }
  const TraceLane& lane = *trace.lane(0);
  ASSERT_EQ(lane.count, 3);
  const auto is = [&](int i, const std::string& name, int64_t begin, int64_t end) {
    return lane.events[i].name == name && lane.events[i].begin == begin &&
           lane.events[i].end == end;
  };
  EXPECT_TRUE(is(0, "one", 20, 30));
  EXPECT_TRUE(is(1, "two", 30, 40));
  EXPECT_TRUE(is(2, "step", 10, 50));
}

TEST(TraceTest, EventsWithoutRoomAreCounted) {
  Trace trace(2, 3);
  for (int i = 0; i < 5; ++i) const Span span(trace.lane(1), "x");
  EXPECT_EQ(trace.events(), 3);
  EXPECT_EQ(trace.dropped(), 2);
  EXPECT_EQ(trace.lane(0)->count, 0);
}

TEST(TraceTest, WithoutALaneNoClockIsRead) {
  ticks = 0;
  const Trace unused(1, 8, ticking_clock);
  {
    const Span span(nullptr, "x");
    const Untimed done;
    done.start();
    done("y");
  }
  EXPECT_EQ(ticks, 0);
}

TEST(TraceTest, EveryWorkerHasItsOwnLane) {
  Threads threads(3);
  EXPECT_EQ(threads.lane(2), nullptr);
  Trace trace(3, 1000);
  threads.set_trace(&trace);
  threads.run(100, [&](int, int worker) { const Span span(threads.lane(worker), "item"); });
  threads.set_trace(nullptr);
  threads.run(100, [&](int, int worker) { const Span span(threads.lane(worker), "item"); });
  EXPECT_EQ(trace.events(), 100);
  std::set<TraceLane*> lanes;
  for (int w = 0; w < 3; ++w) lanes.insert(trace.lane(w));
  EXPECT_EQ(lanes.size(), 3u);
}

#if defined(MOTORIUM_NVTX)
// what a profiler would see: the library that NVTX loads counts the ranges (nvtx_probe.cpp)
TEST(TraceTest, PhasesAreNvtxRanges) {
  ASSERT_EQ(setenv("NVTX_INJECTION64_PATH", MOTORIUM_NVTX_PROBE, 1), 0);
  {
    const Phase outer(nullptr, "outer");
    const Phase inner(nullptr, "inner");
  }
  void* probe = dlopen(MOTORIUM_NVTX_PROBE, RTLD_NOW | RTLD_NOLOAD);
  ASSERT_NE(probe, nullptr) << "NVTX did not load the probe: a range was pushed before this test";
  const auto log = reinterpret_cast<const char* (*)()>(dlsym(probe, "nvtx_probe_log"));
  ASSERT_NE(log, nullptr);
  EXPECT_STREQ(log(), "outer( inner( ) ) ");
}
#endif

}  // namespace
}  // namespace motorium
