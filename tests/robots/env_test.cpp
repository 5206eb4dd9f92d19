// Environments: order of the stages, equal bits, save and load, mirroring, no allocation.
#include <atomic>
#include <cstdlib>
#include <map>
#include <new>

#include "motorium/core/cpu.h"
#include "motorium/core/error.h"
#include "motorium/core/status.h"
#include "tests/robots/task_helpers.h"

// counts what is taken from the heap
static std::atomic<long> g_allocations{0};
// a sanitizer brings its own
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
__attribute__((noinline)) void* operator new(size_t size) {
  ++g_allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
__attribute__((noinline)) void operator delete(void* p) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete(void* p, size_t) noexcept { std::free(p); }
#endif

namespace motorium {
namespace {

// ---- order of the stages ------------------------------------------------------------------------

// a world that falls, one that runs out of time, one that does both, one that goes on
TEST(EnvOrder, TerminateTimeOutBoth) {
  auto env = quad_env(4, 1,
                      {{"events.push", "null"},
                       {"observations.actor.corrupt", "false"},
                       {"episode_seconds", "1"},
                       {"rewards.is_alive.weight", "0.2"}});
  const int n = env->action_size(), size = env->observations()[0].size;
  ASSERT_EQ(env->max_episode_length(), 50);
  const float* terms = env->reward_terms();
  std::vector<float> actions(static_cast<size_t>(4 * n), 0.f);
  for (int k = 0; k < 10; ++k) env->step(actions.data());
  env->take_log();

  // 0 and 2 lie on their side at the next step, 1 and 2 are at their last step
  Batch& batch = env->batch();
  float* qpos = static_cast<float*>(batch.state("qpos").data);
  const int nq = batch.model().nq;
  for (int w : {0, 2}) {
    qpos[w * nq + 3] = std::sqrt(0.5f);
    qpos[w * nq + 4] = std::sqrt(0.5f);
    qpos[w * nq + 5] = qpos[w * nq + 6] = 0;
  }
  for (int w : {1, 2}) env->episode_length()[w] = 49;
  for (int i = 0; i < 4 * n; ++i)
    actions[static_cast<size_t>(i)] = 0.01f * static_cast<float>(i % n);
  env->step(actions.data());

  const bool terminated[4] = {true, false, true, false}, truncated[4] = {false, true, true, false};
  for (int w = 0; w < 4; ++w) {
    EXPECT_EQ(env->terminated()[w], terminated[w]) << w;
    EXPECT_EQ(env->truncated()[w], truncated[w]) << w;
    EXPECT_EQ(env->nonfinite()[w], 0) << w;
    const bool done = terminated[w] || truncated[w];
    EXPECT_EQ(env->episode_length()[w], done ? 0 : 11) << w;
    EXPECT_EQ(env->reasons()[w], (truncated[w] ? 1u : 0u) | (terminated[w] ? 2u : 0u)) << w;

    // r = dt sum of its terms; is_alive is paid unless the task ended the episode
    double sum = 0;
    const size_t rows = env->reward_names().size();
    for (size_t i = 0; i < rows; ++i) {
      const double v = static_cast<double>(terms[static_cast<size_t>(w) * rows + i]);
      sum += v;
      if (env->reward_names()[i] == "is_alive") {
        EXPECT_NEAR(v, terminated[w] ? 0.0 : 0.2, 1e-6) << w;
      }
    }
    EXPECT_NEAR(static_cast<double>(env->rewards()[w]), 0.02 * sum, 1e-6) << w;

    // last_action: the action in the final observation, zero in the one after the reset
    int first = 0;
    for (const auto& [name, count] : env->observation_terms(0)) {
      if (name == "last_action") break;
      first += count;
    }
    const float* now = env->observations()[0].data + w * size + first;
    const float* last = env->final_observations(0) + w * size + first;
    for (int i = 0; i < n; ++i) {
      EXPECT_EQ(now[i], done ? 0.f : 0.01f * static_cast<float>(i)) << w;
      if (done) {
        EXPECT_EQ(last[i], 0.01f * static_cast<float>(i)) << w;
      }
    }
    // gravity in the final observation shows the fall, the new one stands
    const float* g_last = env->final_observations(0) + w * size + 6;
    const float* g_now = env->observations()[0].data + w * size + 6;
    if (terminated[w]) {
      EXPECT_GT(std::fabs(g_last[1]), 0.8f) << w;
    }
    EXPECT_LT(g_now[2], -0.9f) << w;
  }
  std::map<std::string, double> log;
  for (const auto& [tag, value] : env->take_log()) log[tag] = value;
  EXPECT_EQ(log["Episode_Termination/bad_orientation"], 2);
  EXPECT_EQ(log["Episode_Termination/time_out"], 2);
  EXPECT_EQ(log["Health/nonfinite_worlds"], 0);
  EXPECT_TRUE(log.count("Episode_Reward/track_lin_vel"));
}

// bad numbers end a world, are counted, and touch no other
TEST(EnvOrder, BadNumbersResetOneWorld) {
  auto a = quad_env(20), b = quad_env(20);
  std::vector<float> actions(static_cast<size_t>(20 * a->action_size()));
  for (int k = 0; k < 5; ++k) {
    noise_actions(*a, k, 0.5f, actions.data());
    a->step(actions.data());
    b->step(actions.data());
  }
  static_cast<float*>(b->batch().state("qvel").data)[7 * b->batch().model().nv] = NAN;
  noise_actions(*a, 5, 0.5f, actions.data());
  a->step(actions.data());
  actions[static_cast<size_t>(3 * b->action_size() + 2)] = NAN;
  b->step(actions.data());
  const int size = a->observations()[0].size;
  for (int w = 0; w < 20; ++w) {
    const bool bad = w == 7 || w == 3;
    EXPECT_EQ(b->nonfinite()[w], bad) << w;
    EXPECT_EQ(b->terminated()[w] != 0, bad || a->terminated()[w] != 0) << w;
    if (bad) {
      EXPECT_EQ(b->rewards()[w], 0.f);
      EXPECT_EQ(b->truncated()[w], 0);
      EXPECT_EQ(b->reasons()[w], 1u << 31);
      EXPECT_EQ(b->batch().status()[w] & kStatusFrozen, 0u);
    } else {
      EXPECT_EQ(a->rewards()[w], b->rewards()[w]) << w;
    }
    for (int i = 0; i < size; ++i) {
      const float v = b->observations()[0].data[w * size + i];
      EXPECT_TRUE(std::isfinite(v)) << w;
      if (!bad) {
        EXPECT_EQ(v, a->observations()[0].data[w * size + i]) << w;
      }
    }
  }
  double count = 0;
  for (const auto& [tag, value] : b->take_log())
    if (tag == "Health/nonfinite_worlds") count = value;
  EXPECT_EQ(count, 2);
}

// ---- bits ---------------------------------------------------------------------------------------

TEST(EnvBits, ThreadsAndPhasesAgree) {
  const uint64_t want = run_hash(*quad_env(53), 60);
  for (int threads : {2, 3, 7}) EXPECT_EQ(run_hash(*quad_env(53, threads), 60), want) << threads;
  EXPECT_EQ(run_hash(*quad_env(53, 2, {}, true), 60), want) << "phased";
}

TEST(EnvBits, ATracedEnvironmentTakesTheSameBits) {
  const auto env = quad_env(53, 2);
  const uint64_t want = run_hash(*quad_env(53), 60);
  Trace trace(2, 100'000);
  env->batch().threads().set_trace(&trace);
  EXPECT_EQ(run_hash(*env, 60), want);
  std::map<std::string, int> count;
  for (int w = 0; w < 2; ++w)
    for (int i = 0; i < trace.lane(w)->count; ++i) ++count[trace.lane(w)->events[i].name];
  EXPECT_EQ(trace.dropped(), 0);
  EXPECT_EQ(count["Env.step"], 60);
  for (const char* stage : {"actions", "rewards", "resets", "observations"})
    EXPECT_EQ(count[stage], count["env step"]) << stage;
  EXPECT_GT(count["env step"], 0);
}

TEST(EnvBits, PhasesAgreeWithSensorsAndSubsteps) {
  const Overrides o = {
      {"contact_timers", "substep"},
      {"observations.critic.terms",
       R"([{"name": "imu_lin_vel"}, {"name": "foot_height"}, {"name": "foot_contact"}])"},
      {"mirror", "null"}};
  EXPECT_EQ(run_hash(*quad_env(37, 2, o), 50), run_hash(*quad_env(37, 1, o, true), 50));
}

TEST(EnvBits, InstructionSetsAgree) {
  if (!has_isa(Isa::v4)) GTEST_SKIP() << "SKIPPED: no AVX-512 on this machine";
  const char* before = std::getenv("MOTORIUM_ISA");
  const std::string keep = before ? before : "";
  setenv("MOTORIUM_ISA", "v4", 1);
  auto wide = quad_env(41);
  const int width = wide->batch().pack_width();
  const uint64_t want = run_hash(*wide, 60);
  setenv("MOTORIUM_ISA", "v3", 1);
  auto narrow = quad_env(41);
  EXPECT_NE(narrow->batch().pack_width(), width);
  EXPECT_EQ(run_hash(*narrow, 60), want);
  if (before)
    setenv("MOTORIUM_ISA", keep.c_str(), 1);
  else
    unsetenv("MOTORIUM_ISA");
}

// a world does not know how many others there are
TEST(EnvBits, WorldsDoNotDependOnTheirNumber) {
  auto few = quad_env(3), many = quad_env(50);
  std::vector<float> actions(static_cast<size_t>(50 * many->action_size()));
  const int size = few->observations()[0].size;
  for (int k = 0; k < 60; ++k) {
    noise_actions(*many, k, 1.5f, actions.data());
    many->step(actions.data());
    few->step(actions.data());
    for (int i = 0; i < 3 * size; ++i)
      ASSERT_EQ(few->observations()[0].data[i], many->observations()[0].data[i]) << k;
    for (int w = 0; w < 3; ++w) ASSERT_EQ(few->rewards()[w], many->rewards()[w]);
  }
}

TEST(EnvBits, SeedsDiffer) {
  EXPECT_NE(run_hash(*quad_env(8, 1, {}, false, 1), 3), run_hash(*quad_env(8, 1, {}, false, 2), 3));
  auto again = quad_env(8, 1, {}, false, 1);
  run_hash(*again, 7);
  again->reset(1);
  EXPECT_EQ(run_hash(*again, 3), run_hash(*quad_env(8, 1, {}, false, 1), 3));
}

// ---- save and load
// --------------------------------------------------------------------------------

TEST(EnvState, ContinuesBitForBit) {
  auto a = quad_env(21);
  run_hash(*a, 40);
  const std::vector<uint8_t> bytes = a->save_state();
  const uint64_t at_save = fingerprint(*a), want = run_hash(*a, 40, 40);
  auto b = quad_env(21, 2, {}, false, 99);
  run_hash(*b, 7);
  b->load_state(bytes);
  EXPECT_EQ(fingerprint(*b), at_save);
  EXPECT_EQ(run_hash(*b, 40, 40), want);
  EXPECT_EQ(b->save_state(), a->save_state());
}

TEST(EnvState, RefusesOtherBytes) {
  auto a = quad_env(4);
  std::vector<uint8_t> bytes = a->save_state();
  EXPECT_THROW(quad_env(5)->load_state(bytes), Error);
  bytes.pop_back();
  EXPECT_THROW(a->load_state(bytes), Error);
  EXPECT_THROW(a->load_state({}), Error);
  EnvOptions o;
  o.worlds = 4;
  EXPECT_THROW(make_env("cartpole-balance", o)->load_state(quad_env(4)->save_state()), Error);
}

// ---- heap
// -----------------------------------------------------------------------------------------

TEST(EnvHeap, NothingIsAllocatedInAStep) {
  auto env = quad_env(40, 2);
  std::vector<float> actions(static_cast<size_t>(40 * env->action_size()));
  for (int k = 0; k < 5; ++k) {
    noise_actions(*env, k, 1.5f, actions.data());
    env->step(actions.data());
  }
  const long before = g_allocations;
  for (int k = 5; k < 60; ++k) {
    noise_actions(*env, k, 1.5f, actions.data());
    env->step(actions.data());
  }
  EXPECT_EQ(g_allocations - before, 0);
}

// ---- hook
// -----------------------------------------------------------------------------------------

// a policy inside the step gives the bits of one outside
TEST(EnvHook, PolicyOnTheHotPack) {
  auto outside = quad_env(35, 2), inside = quad_env(35, 2);
  const int n = outside->action_size(), size = outside->observations()[0].size;
  const auto act = [&](const float* o, float* a) {
    for (int i = 0; i < n; ++i) a[i] = -2.f * o[9 + i] + o[4];
  };
  struct Context {
    Env* env;
    decltype(act)* policy;
    int n, size;
    std::atomic<int> worlds{0};
  } context{inside.get(), &act, n, size, {}};
  const PackHook hook = {[](void* c, const int* worlds, int count, int) {
                           auto& x = *static_cast<Context*>(c);
                           for (int l = 0; l < count; ++l)
                             (*x.policy)(x.env->observations()[0].data + worlds[l] * x.size,
                                         x.env->actions() + worlds[l] * x.n);
                           x.worlds += count;
                         },
                         &context};
  std::vector<float> actions(static_cast<size_t>(35 * n));
  const auto all = [&](Env& env, float* to) {
    for (int w = 0; w < 35; ++w) act(env.observations()[0].data + w * size, to + w * n);
  };
  all(*inside, inside->actions());
  for (int k = 0; k < 30; ++k) {
    all(*outside, actions.data());
    outside->step(actions.data());
    inside->step_fused(hook);
    ASSERT_EQ(fingerprint(*outside), fingerprint(*inside)) << k;
  }
  EXPECT_EQ(context.worlds, 30 * 35);
}

// ---- mirror
// ---------------------------------------------------------------------------------------

// mirrored state and mirrored action give the mirrored next observation
TEST(EnvMirror, EngineIsSymmetric) {
  auto env = quad_env(2, 1,
                      {{"events.push", "null"},
                       {"events.foot_friction", "null"},
                       {"events.trunk_mass", "null"},
                       {"curriculum", "[]"},
                       {"observations.actor.corrupt", "false"},
                       {"terminations", "[]"}});
  Batch& batch = env->batch();
  float* qpos = static_cast<float*>(batch.state("qpos").data);
  float* qvel = static_cast<float*>(batch.state("qvel").data);
  const int nq = batch.model().nq, nv = batch.model().nv, n = env->action_size();
  const auto& am = env->action_mirror();
  ASSERT_EQ(static_cast<int>(am.size()), n);
  std::vector<float> actions(static_cast<size_t>(2 * n), 0.f);

  // world 1 = mirror image of world 0, command and clock included; actuators are in joint order
  const auto mirror_state = [&] {
    const float q[7] = {1, -1, 1, 1, -1, 1, -1}, v[6] = {1, -1, 1, -1, 1, -1};
    for (int i = 0; i < 7; ++i) qpos[nq + i] = q[i] * qpos[i];
    for (int i = 0; i < 6; ++i) qvel[nv + i] = v[i] * qvel[i];
    for (int j = 0; j < n; ++j) {
      const auto [from, sign] = am[static_cast<size_t>(j)];
      qpos[nq + 7 + j] = sign * qpos[7 + from];
      qvel[nv + 6 + j] = sign * qvel[6 + from];
    }
    float* command = const_cast<float*>(env->command());
    float* other = command + env->command_stride();
    const float c[3] = {1, -1, -1};
    for (int i = 0; i < 3; ++i) other[i] = c[i] * command[i];
  };
  for (int i = 0; i < nv; ++i) qvel[i] += 0.1f * static_cast<float>(i % 5 - 2);
  mirror_state();
  for (int k = 0; k < 15; ++k) {
    noise_actions(*env, k, 0.4f, actions.data());
    for (int i = 0; i < n; ++i) {
      const auto [from, sign] = am[static_cast<size_t>(i)];
      actions[static_cast<size_t>(n + i)] = sign * actions[static_cast<size_t>(from)];
    }
    env->step(actions.data());
    for (size_t g = 0; g < env->observations().size(); ++g) {
      const auto& om = env->observation_mirror(static_cast<int>(g));
      const ObservationGroup& group = env->observations()[g];
      ASSERT_EQ(static_cast<int>(om.size()), group.size);
      int at = 0;
      for (const auto& [name, count] : env->observation_terms(static_cast<int>(g))) {
        for (int i = at; i < at + count; ++i) {
          const auto [from, sign] = om[static_cast<size_t>(i)];
          // the clocks of the two worlds start at different random times
          if (name == "gait_phase") {
            EXPECT_EQ(sign, -1.f);
            continue;
          }
          const float want = sign * group.data[from];
          const float tolerance = name == "foot_contact_forces" ? 0.05f : 2e-3f;
          EXPECT_NEAR(group.data[group.size + i], want, tolerance * (1 + std::fabs(want)))
              << name << " " << i - at << " step " << k;
        }
        at += count;
      }
    }
  }
  // twice is the identity
  for (int i = 0; i < n; ++i) {
    const auto [from, sign] = am[static_cast<size_t>(i)];
    EXPECT_EQ(am[static_cast<size_t>(from)].first, i);
    EXPECT_EQ(am[static_cast<size_t>(from)].second, sign);
  }
}

}  // namespace
}  // namespace motorium
