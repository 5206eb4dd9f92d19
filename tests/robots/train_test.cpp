// Learning on our own tasks: a few seconds that must already show.
#include "motorium/policy/learn/trainer.h"
#include "motorium/policy/nn/policy.h"
#include "motorium/robots/tasks/evaluate.h"
#include "tests/robots/task_helpers.h"

namespace motorium {
namespace {

PpoConfig settings(const std::string& task) {
  PpoConfig c;
  for (const auto& [name, value] : task_agent(task)) c.set(name, value);
  return c;
}

// every task's "agent" section is known to the learner
TEST(Train, SettingsAreValid) {
  for (const std::string& name : task_names()) EXPECT_NO_THROW(settings(name).validate()) << name;
}

// cartpole: at 60 iterations (under a second) no pole falls any more
TEST(Train, CartpoleIsSolved) {
  EnvOptions o;
  o.worlds = 256;
  auto env = make_env("cartpole-balance", o);
  RunOptions run;
  Trainer trainer(*env, settings("cartpole-balance"), run);
  for (int i = 0; i < 60; ++i) trainer.iterate();

  // the mean action, from fresh states, for one whole episode
  o.seed = 4711;
  auto fresh = make_env("cartpole-balance", o);
  Policy policy = trainer.policy();
  int fell = 0;
  for (int k = 0; k < fresh->max_episode_length(); ++k) {
    policy.act(fresh->observations()[0].data, o.worlds, fresh->actions());
    fresh->step_fused();
    for (int w = 0; w < o.worlds; ++w) fell += fresh->terminated()[w];
  }
  EXPECT_LE(fell, 2);
}

// quad: the first iterations run, stay finite and earn more than they did
TEST(Train, QuadLearnsSomething) {
  EnvOptions o;
  o.worlds = 256;
  auto env = make_env("quad-velocity-flat", o);
  RunOptions run;
  Trainer trainer(*env, settings("quad-velocity-flat"), run);
  const auto mean_reward = [&](int iterations) {
    double sum = 0;
    for (int i = 0; i < iterations; ++i) {
      trainer.iterate();
      for (int w = 0; w < o.worlds; ++w) sum += static_cast<double>(env->rewards()[w]);
    }
    return sum / (iterations * o.worlds);
  };
  const double first = mean_reward(5);
  for (int i = 0; i < 20; ++i) trainer.iterate();
  EXPECT_GT(mean_reward(5), first + 0.002);
  double bad = 0;
  for (const auto& [tag, value] : env->take_log())
    if (tag == "Health/nonfinite_worlds") bad = value;
  EXPECT_EQ(bad, 0);
}

// a robot that stands scores the mean |command|
TEST(Evaluate, StandingScoresHalfTheCommands) {
  WalkOptions o;
  o.worlds = 64;
  o.push = 0;
  const WalkScore s = evaluate_walk(
      [](const float*, int worlds, float* actions) { std::fill_n(actions, worlds * 12, 0.f); }, o);
  EXPECT_NEAR(s.error, 0.5, 0.05);
  EXPECT_EQ(s.falls, 0);
  EXPECT_LT(s.distance, 0.3);
}

// the policy that ships walks
TEST(Evaluate, ShippedPolicyWalks) {
  Policy policy = Policy::load(robots_folder() + "/quad/walk.safetensors");
  const WalkScore s = evaluate_walk([&](const float* observations, int worlds, float* actions) {
    policy.act(observations, worlds, actions);
  });
  EXPECT_LE(s.error, 0.15);
  EXPECT_GE(s.standing, 0.98);
}

}  // namespace
}  // namespace motorium
