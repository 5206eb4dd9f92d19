#include "motorium/policy/learn/iteration_shares.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "motorium/core/threads.h"
#include "motorium/policy/learn/trainer.h"
#include "motorium/policy/nn/mlp.h"
#include "tests/policy/toy_env.h"

namespace motorium {
namespace {

double sum(const IterationShares& s) { return s.physics + s.products + s.rest; }

// what a thread did: events with their begin and end [ns]
Trace planted(const std::vector<std::vector<TraceEvent>>& lanes) {
  Trace trace(static_cast<int>(lanes.size()), 100);
  for (size_t w = 0; w < lanes.size(); ++w)
    for (const TraceEvent& e : lanes[w])
      note(*trace.lane(static_cast<int>(w)), e.name, e.begin, e.end);
  return trace;
}

TEST(IterationSharesTest, EachStageCountsOnceWhereItBelongs) {
  // inner stages are noted before the outer one, as spans do
  const Trace trace = planted({{{"actions", 0, 10},
                                {"kinematics", 10, 30},
                                {"solver", 30, 100},
                                {"step", 10, 105},
                                {"frames", 110, 118},
                                {"refresh", 110, 120},
                                {"env step", 0, 130},
                                {"rollout", 0, 200},
                                {"products", 210, 310},
                                {"pointwise", 310, 330},
                                {"actor gradient", 205, 350},
                                {"update", 200, 400}},
                               {{"products", 0, 100}, {"policy", 0, 110}}});
  const IterationShares s = iteration_shares(trace, 400);
  EXPECT_DOUBLE_EQ(s.physics, (95. + 10.) / 800);
  EXPECT_DOUBLE_EQ(s.products, 200. / 800);
  EXPECT_DOUBLE_EQ(sum(s), 1);
  EXPECT_DOUBLE_EQ(s.of_rest.at("pointwise"), 20. / 800);
  EXPECT_DOUBLE_EQ(s.of_rest.at("actor gradient"), 25. / 800);
  EXPECT_DOUBLE_EQ(s.of_rest.at("policy"), 10. / 800);
  // the phases of thread 0 but for their stages, and thread 1 after its policy
  const double host = (130 - 10 - 95 - 10) + (200 - 130) + (200 - 145);
  EXPECT_NEAR(s.of_rest.at(IterationShares::kUnnoted), (host + 290) / 800, 1e-12);
  double parts = 0;
  for (const auto& [name, share] : s.of_rest) {
    EXPECT_GE(share, 0) << name;
    parts += share;
  }
  EXPECT_NEAR(parts, s.rest, 1e-12);
}

// an environment whose step sleeps takes its share from both others
struct SlowEnv : test::ToyEnv {
  using ToyEnv::ToyEnv;
  Threads* threads = nullptr;
  const char* stage = "step";
  void step(const float* actions) override {
    const Span span(threads->lane(0), stage);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ToyEnv::step(actions);
  }
};

IterationShares of_slow_env(const char* stage) {
  SlowEnv env(64);
  PpoConfig config;
  config.num_steps_per_env = 16;
  config.actor_hidden_dims = config.critic_hidden_dims = {16};
  Threads threads(1);
  env.threads = &threads;
  env.stage = stage;
  RunOptions run;
  run.threads = &threads;
  Trainer trainer(env, config, run);
  trainer.iterate();
  Trace trace(1, 100'000);
  threads.set_trace(&trace);
  const auto start = std::chrono::steady_clock::now();
  trainer.iterate();
  const auto elapsed = std::chrono::steady_clock::now() - start;
  threads.set_trace(nullptr);
  EXPECT_EQ(trace.dropped(), 0);
  return iteration_shares(trace, std::chrono::nanoseconds(elapsed).count());
}

TEST(IterationSharesTest, ASlowStageShowsInItsShare) {
  const IterationShares physics = of_slow_env("step"), terms = of_slow_env("rewards");
  for (const IterationShares& s : {physics, terms}) {
    EXPECT_NEAR(sum(s), 1, 1e-12);
    EXPECT_GT(s.products, 0);
    for (const auto& [name, share] : s.of_rest) EXPECT_GE(share, -1e-9) << name;
  }
  EXPECT_GT(physics.physics, 0.5);
  EXPECT_LT(physics.rest, 0.5);
  EXPECT_EQ(terms.physics, 0);
  EXPECT_GT(terms.of_rest.at("rewards"), 0.5);
}

// products of both passes: one a layer forward, two backward but for the first layer; bits stay
TEST(IterationSharesTest, PassesOfANetworkTellTheirProducts) {
  Mlp net({5, 16, 16, 3}, Activation::elu);
  net.initialize(1, 0);
  std::vector<float> bits[2];
  Trace trace(1, 100);
  for (const bool traced : {false, true}) {
    MlpScratch scratch(net, 8, true);
    if (traced) scratch.set_trace(trace.lane(0));
    for (int i = 0; i < 8 * row_stride(5); ++i)
      scratch.input()[i] = i % row_stride(5) < 5 ? 0.1f * static_cast<float>(i % 7) : 0.f;
    net.kernels().forward(&net.view(), &scratch.buffers(), 8);
    for (int r = 0; r < 8; ++r)
      for (int i = 0; i < 3; ++i) scratch.d_output()[r * scratch.buffers().d_stride + i] = 0.5f;
    std::vector<float>& g = bits[traced];
    Floats gradient(net.count());
    net.kernels().backward(&net.view(), &scratch.buffers(), 8, gradient.data());
    g.assign(gradient.data(), gradient.data() + gradient.size());
  }
  EXPECT_EQ(bits[0], bits[1]);
  int products = 0;
  for (int i = 0; i < trace.lane(0)->count; ++i)
    products += std::string(trace.lane(0)->events[i].name) == "products";
  EXPECT_EQ(products, 3 + 3 + 2);
}

}  // namespace
}  // namespace motorium
