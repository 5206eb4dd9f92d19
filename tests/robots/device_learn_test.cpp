// An iteration of learning on a device: the bits of the CPU's, and launches alone.
#include <cstring>
#include <filesystem>
#include <limits>

#include "motorium/core/device_emulated.h"
#include "motorium/core/error.h"
#include "motorium/core/threads.h"
#include "motorium/policy/learn/ppo.h"
#include "motorium/policy/learn/trainer.h"
#include "motorium/policy/nn/kernels.h"
#include "motorium/policy/nn/safetensors.h"
#include "tests/robots/task_helpers.h"

namespace motorium {
namespace {

std::shared_ptr<EmulatedDevice> guarded() { return std::make_shared<EmulatedDevice>(true); }
// kernels run only when somebody waits for them
std::shared_ptr<EmulatedDevice> late() {
  auto device = std::make_shared<EmulatedDevice>(false);
  device->late = true;
  return device;
}

// two in any case: what a test leaves behind with the first must not matter to the second
std::vector<std::shared_ptr<Device>> devices(std::shared_ptr<Device> emulated) {
  std::vector<std::shared_ptr<Device>> out = {std::move(emulated)};
  try {
    out.push_back(cuda_device(0));
  } catch (const Error& e) {
    std::printf("SKIPPED on CUDA: %s\n", e.what());
    out.push_back(late());
  }
  return out;
}

struct Case {
  const char* name;
  const char* task;
  int worlds;
  Overrides env, agent;
};

std::unique_ptr<Env> make(const Case& c, std::shared_ptr<Device> device) {
  EnvOptions o;
  o.worlds = c.worlds;
  o.seed = 3;
  o.overrides = c.env;
  o.device = std::move(device);
  return make_env(c.task, o);
}

PpoConfig config_of(const Case& c) {
  PpoConfig config;
  config.set("actor_hidden_dims", "[16,9]");
  config.set("critic_hidden_dims", "[20]");
  config.set("num_steps_per_env", "8");
  config.set("num_learning_epochs", "2");
  config.set("num_mini_batches", "3");
  for (const auto& [name, value] : c.agent) config.set(name, value);
  return config;
}

// all bytes of an array
template <class T>
void expect_same(const T* want, const T* got, size_t n, const std::string& what) {
  for (size_t i = 0; i < n; ++i)
    if (std::memcmp(want + i, got + i, sizeof(T)) != 0) {
      ADD_FAILURE() << what << " differs at " << i << " of " << n << ": " << +want[i] << ", "
                    << +got[i];
      return;
    }
}

void expect_same_learner(Ppo& want, Ppo& got, const std::string& when) {
  got.fetch();
  got.fetch_rollout();
  const auto floats = [&](const Floats& a, const Floats& b, const char* name) {
    ASSERT_EQ(a.size(), b.size()) << name;
    expect_same(a.data(), b.data(), a.size(), when + ": " + name);
  };
  Rollout &a = want.rollout(), &b = got.rollout();
  floats(a.actor_obs, b.actor_obs, "actor_obs");
  floats(a.critic_obs, b.critic_obs, "critic_obs");
  floats(a.mean, b.mean, "mean");
  floats(a.action, b.action, "action");
  floats(a.log_prob, b.log_prob, "log_prob");
  floats(a.value, b.value, "value");
  floats(a.reward, b.reward, "reward");
  floats(a.done, b.done, "done");
  floats(a.advantage, b.advantage, "advantage");
  floats(a.target, b.target, "target");
  floats(a.old_std, b.old_std, "old_std");
  expect_same(a.masked.data(), b.masked.data(), a.masked.size(), when + ": masked");
  expect_same(a.bad.data(), b.bad.data(), a.bad.size(), when + ": bad");

  floats(want.gradient(), got.gradient(), "gradient");
  expect_same(want.actor().parameters(), got.actor().parameters(),
              static_cast<size_t>(want.actor().count()), when + ": actor");
  expect_same(want.critic().parameters(), got.critic().parameters(),
              static_cast<size_t>(want.critic().count()), when + ": critic");
  floats(want.std_parameter(), got.std_parameter(), "std");
  floats(want.adam_m(), got.adam_m(), "adam m");
  floats(want.adam_v(), got.adam_v(), "adam v");
  const auto norm = [&](Normalizer& x, Normalizer& y, const char* name) {
    expect_same(x.mean.data(), y.mean.data(), x.mean.size(), when + ": mean of " + name);
    expect_same(x.var.data(), y.var.data(), x.var.size(), when + ": var of " + name);
    EXPECT_EQ(x.count, y.count) << name;
  };
  norm(want.actor_normalizer(), got.actor_normalizer(), "actor");
  norm(want.critic_normalizer(), got.critic_normalizer(), "critic");

  const double pairs[][2] = {{want.learning_rate(), got.learning_rate()},
                             {want.mean_std(), got.mean_std()},
                             {want.episodes().mean_reward(), got.episodes().mean_reward()},
                             {want.episodes().mean_length(), got.episodes().mean_length()}};
  for (const auto& p : pairs) EXPECT_EQ(p[0], p[1]) << when;
  EXPECT_EQ(want.episodes().total, got.episodes().total) << when;
  EXPECT_EQ(want.masked_samples(), got.masked_samples()) << when;
  EXPECT_EQ(want.bad_observations(), got.bad_observations()) << when;
  EXPECT_EQ(want.iteration(), got.iteration()) << when;
}

const Case kCart = {"cart", "cartpole-balance", 20, {{"episode_seconds", "0.3"}}, {}};

class DeviceLearn : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(
    All, DeviceLearn,
    testing::Values(
        kCart,
        // several blocks of samples, the last one short; more than the 100 episodes that are kept
        Case{"blocks",
             "cartpole-balance",
             700,
             {{"episode_seconds", "0.1"}},
             {{"num_mini_batches", "2"}, {"normalize_advantage_per_mini_batch", "true"}}},
        Case{"rsl",
             "cartpole-balance",
             20,
             {{"episode_seconds", "0.2"}},
             {{"time_out", "rsl"},
              {"obs_normalization", "false"},
              {"std_type", "log"},
              {"clip_actions", "0.5"},
              {"activation", "swish"}}},
        Case{"quad", "quad-velocity-flat", 21, {{"episode_seconds", "0.3"}}, {}},
        Case{"mirror",
             "quad-velocity-flat",
             16,
             {{"episode_seconds", "0.3"}},
             {{"symmetry_augmentation", "true"},
              {"joint_grad_clip", "true"},
              {"use_clipped_value_loss", "false"},
              {"activation", "tanh"},
              {"schedule", "fixed"}}}),
    [](const auto& of) { return std::string(of.param.name); });

TEST_P(DeviceLearn, HasTheBitsOfTheCpu) {
  const Case& c = GetParam();
  Threads pool(2);
  // opening and closing the memory of many worlds takes long
  for (const auto& device : c.worlds < 100 ? devices(guarded()) : devices(emulated_device())) {
    const auto env = make(c, nullptr), there = make(c, device);
    Ppo want(*env, config_of(c), 5, pool), got(*there, config_of(c), 5, pool);
    want.start();
    got.start();
    for (int i = 0; i < 4; ++i) {
      want.collect();
      got.collect();
      const UpdateStats a = want.update(), b = got.update();
      expect_same(&a.value_loss, &b.value_loss, sizeof a / sizeof(double), "losses");
      expect_same_learner(want, got, "iteration " + std::to_string(i));
      ASSERT_EQ(env->save_state(), there->save_state()) << i;
      if (HasFailure()) return;
    }
    EXPECT_GT(got.episodes().total, 0);
    EXPECT_EQ(there->observations().size() > 1, want.rollout().critic_obs.size() > 0);
  }
}

// nothing in a kernel depends on which of its threads comes first
TEST(DeviceLearn, BitsDoNotDependOnTheOrderOfThreads) {
  const Case c = {"order",
                  "quad-velocity-flat",
                  140,
                  {{"episode_seconds", "0.2"}},
                  {{"symmetry_augmentation", "true"}, {"num_mini_batches", "1"}}};
  Threads pool(1);
  const auto env = make(c, nullptr);
  const auto device = std::make_shared<EmulatedDevice>(false);
  device->backwards = true;
  const auto there = make(c, device);
  Ppo want(*env, config_of(c), 5, pool), got(*there, config_of(c), 5, pool);
  want.start(), got.start();
  for (int i = 0; i < 3; ++i) {
    want.collect(), got.collect();
    want.update(), got.update();
    expect_same_learner(want, got, "iteration " + std::to_string(i));
  }
}

TEST(DeviceLearn, AnIterationIsTwoLaunchesAndTheNumbersOfTheLog) {
  const auto device = guarded();
  const auto env = make(kCart, device);
  Threads pool(1);
  Ppo ppo(*env, config_of(kCart), 5, pool);
  ppo.start();
  for (int i = 0; i < 2; ++i) ppo.collect(), ppo.update();  // sent, then recorded
  const EmulatedDevice::Calls before = device->calls;
  for (int i = 0; i < 3; ++i) {
    ppo.collect();
    EXPECT_EQ(before.downloads + 2 * i, device->calls.downloads);
    ppo.update();
  }
  EXPECT_EQ(before.launches + 6, device->calls.launches);
  EXPECT_EQ(before.downloads + 6, device->calls.downloads);
  EXPECT_EQ(before.uploads, device->calls.uploads);
  EXPECT_EQ(before.waits, device->calls.waits);
  EXPECT_EQ(before.allocations, device->calls.allocations);
}

// a world that breaks: its samples are masked, on either side
TEST(DeviceLearn, BadWorldsAreMaskedAlike) {
  const Case c = {"broken", "quad-velocity-flat", 9, {}, {}};
  Threads pool(1);
  for (const auto& device : devices(guarded())) {
    const auto env = make(c, nullptr), there = make(c, device);
    Ppo want(*env, config_of(c), 5, pool), got(*there, config_of(c), 5, pool);
    want.start(), got.start();
    for (int i = 0; i < 4; ++i) {
      // the speed of the base of world 3, but for the second iteration
      const float huge = std::numeric_limits<float>::quiet_NaN();
      const size_t at = 3 * static_cast<size_t>(env->batch().model().nv);
      if (i != 1) {
        static_cast<float*>(env->batch().state("qvel").data)[at] = huge;
        auto* qvel = static_cast<float*>(there->batch().state("qvel").data);
        device->upload(qvel + at, &huge, sizeof huge, there->stream());
      }
      want.collect(), got.collect();
      want.update(), got.update();
      expect_same_learner(want, got, "iteration " + std::to_string(i));
    }
    EXPECT_EQ(want.masked_samples(), 3);
  }
}

// a task whose sensor breaks now and then: its row becomes zeros, the normaliser leaves it out
class Poisoned : public Env {
 public:
  using Env::Env;
  void step(const float* actions) override {
    Env::step(actions);
    poison();
  }
  void step_there() override {
    step_fused();
    static_cast<EmulatedDevice&>(*device()).launch(stream(), [this] { poison(); });
  }

 private:
  void poison() {
    const ObservationGroup& group = observations()[0];
    auto* rows = const_cast<float*>(group.data);
    // the last step of a rollout of 8, too
    if (++steps_ % 4 == 0) rows[5 * group.size + 1] = std::numeric_limits<float>::quiet_NaN();
    if (steps_ % 3 == 0) rows[2 * group.size] = 1e30f;
  }
  int steps_ = 0;
};

TEST(DeviceLearn, BadObservationsAreMaskedAlike) {
  const auto poisoned = [](const char* name, std::shared_ptr<Device> device) {
    auto task = std::make_shared<Task>(read_task(name, {{"episode_seconds", "0.3"}}));
    EnvOptions o;
    o.worlds = 11;
    o.device = std::move(device);
    return std::make_unique<Poisoned>(task, load_task_model(*task, ""), o);
  };
  Threads pool(1);
  for (const char* name : {"cartpole-balance", "quad-velocity-flat"}) {
    const auto env = poisoned(name, nullptr), there = poisoned(name, guarded());
    Ppo want(*env, config_of(kCart), 5, pool), got(*there, config_of(kCart), 5, pool);
    want.start(), got.start();
    for (int i = 0; i < 5; ++i) {
      want.collect(), got.collect();
      const UpdateStats a = want.update(), b = got.update();
      expect_same(&a.value_loss, &b.value_loss, sizeof a / sizeof(double), "losses");
      expect_same_learner(want, got, std::string(name) + ", iteration " + std::to_string(i));
    }
    EXPECT_EQ(got.bad_observations(), 10 + 13);
    EXPECT_GE(got.masked_samples(), 9 + 13);
  }
}

// a state of another seed, read in the middle of a run: worlds of other weights, new graphs
TEST(DeviceLearn, StatesAreReadInTheMiddleOfARun) {
  const Case c = {"read", "quad-velocity-flat", 10, {{"episode_seconds", "0.3"}}, {}};
  Threads pool(1);
  const auto other_env = make(c, nullptr);
  Ppo other(*other_env, config_of(c), 77, pool);
  other.start();
  other.collect(), other.update();
  SafetensorsWriter out;
  other.write_state(out);
  const Safetensors state = Safetensors::parse(out.bytes(), "another run");
  for (const auto& device : devices(guarded())) {
    const auto env = make(c, nullptr), there = make(c, device);
    Ppo want(*env, config_of(c), 5, pool), got(*there, config_of(c), 5, pool);
    want.start(), got.start();
    for (int i = 0; i < 6; ++i) {
      if (i == 3) want.read_state(state), got.read_state(state);
      want.collect(), got.collect();
      want.update(), got.update();
      expect_same_learner(want, got, "iteration " + std::to_string(i));
      ASSERT_EQ(env->save_state(), there->save_state()) << i;
    }
  }
}

// a network that is not finite ends the update, and changes nothing any more
TEST(DeviceLearn, DivergenceIsAnErrorAndChangesNothing) {
  for (const auto& device : devices(guarded())) {
    const auto env = make(kCart, device);
    Threads pool(1);
    Ppo ppo(*env, config_of(kCart), 5, pool);
    ppo.start();
    for (int i = 0; i < 3; ++i) {
      ppo.collect();
      if (i < 2) ppo.update();
    }
    ppo.fetch();
    const float healthy = ppo.critic().bias(1)[0];
    ppo.critic().bias(1)[0] = std::numeric_limits<float>::infinity();
    ppo.send();
    const std::vector<float> before(ppo.actor().parameters(),
                                    ppo.actor().parameters() + ppo.actor().count());
    try {
      ppo.update();
      FAIL() << "no error";
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("agent.learning_rate"), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find("iteration 2"), std::string::npos) << e.what();
    }
    ppo.fetch();
    EXPECT_EQ(0,
              std::memcmp(before.data(), ppo.actor().parameters(), before.size() * sizeof(float)));
    EXPECT_EQ(ppo.iteration(), 2);
    // with numbers that are finite again it goes on
    ppo.critic().bias(1)[0] = healthy;
    ppo.send();
    ppo.update();
    ppo.fetch();
    EXPECT_NE(0,
              std::memcmp(before.data(), ppo.actor().parameters(), before.size() * sizeof(float)));
  }
}

// ranges that move between two steps of a rollout: it is not replayed, and has the bits of the CPU
TEST(DeviceLearn, CurriculumMovesInsideARollout) {
  const auto staged = [](std::shared_ptr<Device> device) {
    auto task = std::make_shared<Task>(read_task("quad-velocity-flat", {}));
    task->table["curriculum"] = Json::parse(R"([
        {"name": "command_stages", "params": {"stages": [{"step": 28, "lin_vel_x": [1, 2]}]}},
        {"name": "reward_weight_stages",
         "params": {"reward": "feet_phase", "stages": [{"step": 41, "weight": 7.5}]}}])");
    EnvOptions o;
    o.worlds = 6;
    o.device = std::move(device);
    return std::make_unique<Env>(task, load_task_model(*task, ""), o);
  };
  const auto device = guarded();
  const auto env = staged(nullptr), there = staged(device);
  Threads pool(1);
  Ppo want(*env, config_of(kCart), 5, pool), got(*there, config_of(kCart), 5, pool);
  want.start(), got.start();
  for (int i = 0; i < 8; ++i) {
    const int launches = device->calls.launches;
    want.collect(), got.collect();
    // steps 24 .. 31 and 40 .. 47 see a stage begin; the first rollout sends what is new
    if (i == 0 || i == 3 || i == 5)
      EXPECT_GT(device->calls.launches, launches + 8) << i;
    else
      EXPECT_EQ(device->calls.launches, launches + 1) << i;
    want.update(), got.update();
    expect_same_learner(want, got, "iteration " + std::to_string(i));
    ASSERT_EQ(env->save_state(), there->save_state()) << i;
    ASSERT_EQ(env->take_log(), there->take_log()) << i;
  }
}

// outputs, forces and numbers of worlds that come in the middle of a run: what was recorded knows
// neither them nor where they lie
TEST(DeviceLearn, WhatChangesTheLaunchesIsRecordedAnew) {
  const Case c = {"changes", "quad-velocity-flat", 6, {{"episode_seconds", "0.3"}}, {}};
  for (const auto& device : devices(guarded())) {
    const auto env = make(c, nullptr), there = make(c, device);
    Threads pool(1);
    Ppo want(*env, config_of(c), 5, pool), got(*there, config_of(c), 5, pool);
    want.start(), got.start();
    for (int i = 0; i < 10; ++i) {
      for (Batch* b : {&env->batch(), &there->batch()}) {
        const int some[] = {1, 4};
        std::vector<double> mass = b->model().body_mass;
        for (double& m : mass) m *= 1.5;
        mass.insert(mass.end(), mass.begin(), mass.end());
        if (i == 2) b->bind("cacc"), b->bind("xpos");
        if (i == 5) b->set_override("body_mass", mass.data(), some, 2);
        if (i == 7) {
          const std::vector<float> push(static_cast<size_t>(b->model().nv), 0.5f);
          b->write_rows("qfrc_applied", some, 1, push.data());
        }
      }
      want.collect(), got.collect();
      want.update(), got.update();
      expect_same_learner(want, got, "iteration " + std::to_string(i));
      ASSERT_EQ(env->save_state(), there->save_state()) << i;
    }
    const ArrayView xpos = env->batch().bind("xpos");
    std::vector<float> rows(6 * static_cast<size_t>(xpos.columns));
    there->batch().read_rows("xpos", nullptr, 0, rows.data());
    EXPECT_EQ(0, std::memcmp(rows.data(), xpos.data, rows.size() * sizeof(float)));
  }
}

// checkpoints are the same bytes, and either side goes on with the other's
TEST(DeviceLearn, CheckpointsGoOnOnTheOtherSide) {
  const Case c = {"resume", "quad-velocity-flat", 10, {{"episode_seconds", "0.3"}}, {}};
  char name[] = "/tmp/motorium_device_learn_XXXXXX";
  const std::string folder = mkdtemp(name);
  Threads pool(1);
  const auto run = [&](std::shared_ptr<Device> device, int iterations, const std::string& log,
                       const std::string& resume) {
    const auto env = make(c, std::move(device));
    RunOptions o;
    o.directory = log;
    o.iterations = iterations;
    o.resume = resume;
    o.threads = &pool;
    o.tensorboard = o.csv = false;
    Trainer t(*env, config_of(c), o);
    t.run();
    return t.checkpoint_bytes();
  };
  const auto want = run(nullptr, 5, "", "");
  for (const auto& device : devices(guarded())) {
    const std::string here = folder + "/here" + device->name(),
                      there = folder + "/there" + device->name();
    run(nullptr, 3, here, "");
    run(device, 2, there, "");
    EXPECT_TRUE(want == run(device, 5, "", here)) << device->name();
    EXPECT_TRUE(want == run(nullptr, 5, "", there)) << device->name();
    EXPECT_TRUE(want == run(device, 5, "", there)) << device->name();
  }
  std::filesystem::remove_all(folder);
}

TEST(DeviceLearn, RefusesWhatIsForTheCpu) {
  const auto env = make(kCart, guarded());
  Threads pool(1);
  PolicyKernels bf16 = policy_kernels();
  bf16.pair_rows = [](int, int, const float*, int, int*, int) {};
  try {
    Ppo ppo(*env, config_of(kCart), 5, pool, &bf16);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("precision bf16"), std::string::npos) << e.what();
  }
  Ppo ppo(*env, config_of(kCart), 5, pool);
  const std::vector<int> order(20 * 8);
  EXPECT_THROW(ppo.update(order.data()), Error);
}

// the stream that the environment had is there again when learning ends
TEST(DeviceLearn, StreamsAreGivenBack) {
  const auto device = guarded();
  const auto env = make(kCart, device);
  Threads pool(1);
  {
    Ppo ppo(*env, config_of(kCart), 5, pool);
    EXPECT_NE(env->stream(), nullptr);
  }
  EXPECT_EQ(env->stream(), nullptr);
  const Stream own = device->new_stream();
  env->set_stream(own);
  { Ppo ppo(*env, config_of(kCart), 5, pool); }
  EXPECT_EQ(env->stream(), own);
}

// memory that does not suffice: what fits is said, and the environment is as before
TEST(DeviceLearn, TooLittleMemoryIsAnError) {
  constexpr size_t kRoom = size_t{1} << 30;
  const auto device = std::make_shared<EmulatedDevice>(true, kRoom);
  const auto env = make(kCart, device);
  const size_t used = kRoom - device->free_memory();
  const auto small = std::make_shared<EmulatedDevice>(true, used + (size_t{100} << 10));
  const auto tight = make(kCart, small);
  Threads pool(1);
  try {
    Ppo ppo(*tight, config_of(kCart), 5, pool);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("use fewer worlds"), std::string::npos) << e.what();
  }
  EXPECT_EQ(tight->stream(), nullptr);
  tight->step_fused();
}

TEST(DeviceLearn, ALostDeviceEndsTraining) {
  const auto device = guarded();
  const auto env = make(kCart, device);
  Threads pool(1);
  Ppo ppo(*env, config_of(kCart), 5, pool);
  ppo.start();
  ppo.collect(), ppo.update();
  device->lose();
  EXPECT_THROW(ppo.collect(), DeviceLost);
  EXPECT_THROW(ppo.update(), DeviceLost);
}

}  // namespace
}  // namespace motorium
