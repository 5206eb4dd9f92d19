// One bad world never stops, slows or changes another one: N1, N2; capacity: O1, O2, O4; S3.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <memory>

#include "motorium/core/error.h"
#include "motorium/core/status.h"
#include "runner.h"

namespace motorium {
namespace {

constexpr int kWorlds = 64, kBad = 37;

void disturb(Batch& b) {
  auto* v = static_cast<float*>(b.state("qvel").data);
  for (int i = 0; i < b.worlds() * b.model().nv; ++i)
    v[i] = static_cast<float>(i % 89) * 0.01f - 0.4f;
}

TEST(Fault, OneBadWorldIsFrozenAndCountedAndNoOtherChangesABit) {
  auto m = load_model(scene("quadruped"));
  Batch good(m, {.worlds = kWorlds});
  disturb(good);
  good.step({.nstep = 50});
  const float inf = std::numeric_limits<float>::infinity();
  for (const float bad : {std::nanf(""), inf, -inf, 1e30f})
    for (const char* field :
         {"qpos", "qvel", "ctrl", "qacc_warmstart", "qfrc_applied", "xfrc_applied"}) {
      SCOPED_TRACE(std::string(field) + " = " + std::to_string(bad));
      Batch b(m, {.worlds = kWorlds});
      disturb(b);
      const ArrayView a = b.state(field);
      static_cast<float*>(a.data)[kBad * a.columns + a.columns / 2] = bad;
      b.step({.nstep = 50});
      const bool state = field[0] == 'q' && field[1] != 'f' && field[1] != 'a';
      const uint32_t s = b.status()[kBad];
      if (state) {
        // a bad state freezes: its time stands
        EXPECT_TRUE(s & kStatusFrozen);
        EXPECT_TRUE(s & kStatusFaultState);
        EXPECT_EQ(0.0, b.time(kBad));
        EXPECT_EQ(1, b.status_count(kStatusFaultState));
      } else if (std::string(field) != "qacc_warmstart") {
        // a bad input counts as zero
        EXPECT_TRUE(s & kStatusBadInput);
        EXPECT_FALSE(s & kStatusFrozen);
      }
      for (const char* f : {"qpos", "qvel", "qacc_warmstart"}) {
        const ArrayView x = good.state(f), y = b.state(f);
        const size_t row = sizeof(float) * static_cast<size_t>(x.columns);
        for (int w = 0; w < kWorlds; ++w)
          if (w != kBad)
            ASSERT_EQ(0,
                      std::memcmp(static_cast<char*>(x.data) + static_cast<size_t>(w) * row,
                                  static_cast<char*>(y.data) + static_cast<size_t>(w) * row, row))
                << f << " of world " << w;
      }
      b.reset({.ids = &kBad, .id_count = 1});
      EXPECT_FALSE(b.status()[kBad] & kStatusFrozen);
      b.step();
      EXPECT_GT(b.time(kBad), 0.0);
    }
}

TEST(Fault, AWorldThatExplodesKeepsItsLastGoodState) {
  auto m = load_model_from_string(R"(<mujoco><option timestep="0.1"/><worldbody>
      <body><joint name="j" type="slide"/><geom size=".1"/></body></worldbody>
      <actuator><motor joint="j" gear="1e9"/></actuator></mujoco>)");
  Batch b(m, {.worlds = 3});
  static_cast<float*>(b.state("ctrl").data)[1] = 1e9f;
  b.step({.nstep = 5});
  EXPECT_TRUE(b.status()[1] & kStatusFrozen);
  EXPECT_EQ(0.0, b.time(1));
  EXPECT_EQ(0.f, static_cast<float*>(b.state("qpos").data)[1]);
  EXPECT_DOUBLE_EQ(0.5, b.time(0));

  // on request the next step begins anew
  Batch again(m, {.worlds = 3, .autoreset = true});
  static_cast<float*>(again.state("ctrl").data)[1] = 1e9f;
  again.step();
  EXPECT_TRUE(again.status()[1] & kStatusFrozen);
  again.step();
  EXPECT_FALSE(again.status()[1] & kStatusFrozen);
  EXPECT_DOUBLE_EQ(0.1, again.time(1));
  EXPECT_TRUE(again.read_status()[1] & kStatusFaultAcc);
  EXPECT_EQ(0u, again.read_status()[1]);
}

TEST(Capacity, RowsBeyondTheBudgetAreExactAndSaidSo) {
  auto m = load_model(scene("pile"));
  Runner<float> large(*m, 8, motorium_physics_v3_pack);
  large.step(12);
  for (int budget : {2000, 200, 60}) {
    Runner<float> r(*m, 8, motorium_physics_v3_pack);
    r.blob.data.row_budget = budget;
    r.step(12);
    for (auto* s : {&r.status, &large.status})
      for (uint32_t& bits : *s) {
        if (s == &r.status) EXPECT_EQ(budget < 1000, (bits & kStatusSpilled) != 0) << budget;
        bits &= ~kStatusSpilled;
      }
    EXPECT_EQ(large.hash_state(), r.hash_state()) << budget;
  }
}

TEST(Capacity, AnExactFitIsNoSpill) {
  // one box on a plane: 4 contacts of 4 rows
  auto m = load_model_from_string(R"(<mujoco><worldbody><geom type="plane" size="0 0 1"/>
      <body pos="0 0 .099"><freejoint/><geom type="box" size=".1 .1 .1"/></body></worldbody></mujoco>)");
  for (int budget : {16, 15}) {
    Runner<float> r(*m, 1, motorium_physics_v3_float);
    std::fill(r.qvel.begin(), r.qvel.end(), 0.f);
    r.blob.data.row_budget = budget;
    r.step(1);
    EXPECT_EQ(budget < 16, (r.status[0] & kStatusSpilled) != 0);
  }
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

// the address space of this process may not grow, and is smaller than it is by `missing` bytes
class NoMoreMemory {
 public:
  explicit NoMoreMemory(size_t missing) {
    // small blocks stay at hand: free ones below one that is in use
    std::vector<std::unique_ptr<char[]>> blocks(64);
    for (auto& b : blocks) b = std::make_unique<char[]>(size_t{32} << 10);
    pin_ = std::make_unique<char[]>(64);
    blocks.clear();
    size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    getrlimit(RLIMIT_AS, &before_);
    rlimit less = before_;
    less.rlim_cur = pages * 4096 - missing;
    setrlimit(RLIMIT_AS, &less);
  }
  ~NoMoreMemory() { setrlimit(RLIMIT_AS, &before_); }

 private:
  std::unique_ptr<char[]> pin_;
  rlimit before_;
};

// numbers of their own need more scratch; without it no step starts, and with it all is as if it
// had always been there
TEST(Capacity, RefusedMemoryStopsAStepBeforeItStarts) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "SKIPPED: a sanitizer needs address space of its own";
#endif
  auto m = load_model(scene("pile"));
  constexpr int kCount = 8;
  Batch b(m, {.worlds = kCount}), other(m, {.worlds = kCount});
  std::vector<double> friction(static_cast<size_t>(3 * m->ngeom * kCount));
  for (size_t i = 0; i < friction.size(); ++i) friction[i] = 0.3 + 0.1 * static_cast<double>(i % 7);
  const auto set = [&](Batch& batch) {
    batch.set_override("geom_friction", friction.data(), nullptr, 0);
  };
  for (Batch* batch : {&b, &other}) batch->step({.nstep = 20});
  std::string refused, still;
  {
    const NoMoreMemory limit(size_t{1} << 20);
    refused = message_of([&] { set(b); });
    still = message_of([&] { b.step(); });
  }
  EXPECT_NE(std::string::npos, refused.find("refuses")) << refused;
  EXPECT_NE(std::string::npos, still.find("refuses")) << still;
  EXPECT_EQ(b.time(0), other.time(0));

  for (Batch* batch : {&b, &other}) {
    set(*batch);
    batch->step({.nstep = 20});
    for (int w = 0; w < kCount; ++w)
      EXPECT_EQ(0u, batch->status()[w] & (kStatusWaiting | kStatusCapped));
  }
  const ArrayView x = b.state("qpos"), y = other.state("qpos");
  EXPECT_EQ(
      0, std::memcmp(x.data, y.data,
                     sizeof(float) * static_cast<size_t>(kCount) * static_cast<size_t>(x.columns)));
}

TEST(Refusal, CallsThatCannotBeMeant) {
  auto m = load_model(scene("chain"));
  const auto message = [](auto f) -> std::string {
    try {
      f();
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_NE("", message([&] { Batch b(m, {.worlds = 0}); }));
  EXPECT_NE("", message([&] { Batch b(m, {.worlds = 1'000'000'000}); }));
  Batch b(m, {.worlds = 4});
  const int outside = 4, twice[] = {1, 1};
  EXPECT_NE(std::string::npos,
            message([&] { b.step({.ids = &outside, .id_count = 1}); }).find("0 .. 3"));
  EXPECT_NE(std::string::npos,
            message([&] { b.step({.ids = twice, .id_count = 2}); }).find("twice"));
  EXPECT_NE(std::string::npos, message([&] { b.state("qpso"); }).find("qpos"));
  EXPECT_NE(std::string::npos, message([&] { b.bind("xpoz"); }).find("xpos"));
  EXPECT_NE("", message([&] { b.reset({.keyframe = 0}); }));
  const std::vector<double> mass(static_cast<size_t>(m->nbody) * 4, std::nan(""));
  EXPECT_NE("", message([&] { b.set_override("body_mass", mass.data(), nullptr, 0); }));
  EXPECT_NE("", message([&] { b.set_override("dof_invweight0", mass.data(), nullptr, 0); }));
}

}  // namespace
}  // namespace motorium
