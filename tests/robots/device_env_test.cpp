// Environments on a device give the bits of the CPU, and their steps ask for launches alone.
#include <cstring>
#include <limits>
#include <random>

#include "motorium/core/device_emulated.h"
#include "motorium/core/error.h"
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
std::vector<std::shared_ptr<Device>> devices() {
  std::vector<std::shared_ptr<Device>> out = {guarded()};
  try {
    out.push_back(cuda_device(0));
  } catch (const Error& e) {
    std::printf("SKIPPED on CUDA: %s\n", e.what());
    out.push_back(late());
  }
  return out;
}

std::unique_ptr<Env> make(const std::string& task, const Overrides& overrides,
                          std::shared_ptr<Device> device) {
  EnvOptions o;
  o.worlds = 9;
  o.seed = 3;
  o.overrides = overrides;
  o.device = std::move(device);
  return make_env(task, o);
}

std::vector<float> random_actions(const Env& env, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> out(static_cast<size_t>(env.worlds() * env.action_size()));
  for (float& x : out) x = static_cast<float>(random() >> 8) * 0x1p-22f - 2.f;
  return out;
}

struct Case {
  const char* task;
  Overrides overrides;
};

class DeviceEnvTask : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(
    All, DeviceEnvTask,
    testing::Values(Case{"cartpole-balance", {}},
                    Case{"quad-velocity-flat", {{"episode_seconds", "0.3"}}},
                    // contact timers of substeps; observations of sensors
                    Case{"quad-velocity-flat",
                         {{"episode_seconds", "0.5"}, {"contact_timers", "substep"}}},
                    Case{"quad-velocity-flat",
                         {{"episode_seconds", "0.4"},
                          {"observations.critic.terms",
                           R"([{"name": "foot_height"}, {"name": "foot_contact"}])"}}}));

TEST_P(DeviceEnvTask, HasTheBitsOfTheCpu) {
  for (const auto& device : devices()) {
    const auto want = make(GetParam().task, GetParam().overrides, nullptr);
    want->reset(7);
    const auto env = make(GetParam().task, GetParam().overrides, device);
    env->reset(7);
    for (unsigned k = 0; k < 40; ++k) {
      std::vector<float> actions = random_actions(*want, k);
      if (k == 20) actions[1] = std::numeric_limits<float>::quiet_NaN();
      const int some[] = {2, 8};
      if (k % 9 == 5) {
        want->step_worlds(actions.data(), some, 2);
        env->step_worlds(actions.data(), some, 2);
        want->reset_worlds(some + 1, 1);
        env->reset_worlds(some + 1, 1);
      } else {
        want->step(actions.data());
        env->step(actions.data());
      }
      ASSERT_EQ(want->save_state(), env->save_state()) << device->name() << ", step " << k;
    }
    EXPECT_EQ(want->take_log(), env->take_log());
    EXPECT_EQ(want->save_state(), env->save_state());
  }
}

TEST(DeviceEnv, AStepAsksForLaunchesAlone) {
  const auto device = guarded();
  const auto env = make("quad-velocity-flat", {}, device);
  env->step_fused();
  const EmulatedDevice::Calls before = device->calls;
  for (int k = 0; k < 5; ++k) env->step_fused();
  EXPECT_EQ(before.allocations, device->calls.allocations);
  EXPECT_EQ(before.uploads, device->calls.uploads);
  EXPECT_EQ(before.downloads, device->calls.downloads);
  EXPECT_EQ(before.waits, device->calls.waits);
  EXPECT_GT(device->calls.launches, before.launches);
}

TEST(DeviceEnv, StepsAreRecordedInAGraph) {
  for (const auto& device : devices()) {
    const auto want = make("quad-velocity-flat", {{"episode_seconds", "0.2"}}, nullptr);
    const auto env = make("quad-velocity-flat", {{"episode_seconds", "0.2"}}, device);
    const std::vector<float> actions = random_actions(*want, 1);
    want->step(actions.data());
    env->step(actions.data());
    const Stream stream = device->new_stream();
    env->batch().set_stream(stream);
    device->begin_capture(stream);
    env->step_fused();
    env->step_fused();
    const auto graph = device->end_capture(stream);
    for (int k = 0; k < 10; ++k) graph->launch(stream);
    for (int k = 0; k < 20; ++k) want->step(actions.data());
    const ObservationGroup& group = want->observations()[0];
    std::vector<float> got(static_cast<size_t>(want->worlds() * group.size));
    device->download(got.data(), env->observations()[0].data, got.size() * sizeof(float), stream);
    EXPECT_EQ(0, std::memcmp(got.data(), group.data, got.size() * sizeof(float)));
  }
}

// a curriculum moves ranges and weights between steps
std::unique_ptr<Env> staged(std::shared_ptr<Device> device) {
  auto task = std::make_shared<Task>(read_task("quad-velocity-flat", {{"episode_seconds", "0.1"}}));
  task->table["curriculum"] = Json::parse(R"([
      {"name": "command_stages", "params": {"stages": [{"step": 6, "lin_vel_x": [1, 2]}]}},
      {"name": "reward_weight_stages",
       "params": {"reward": "feet_phase", "stages": [{"step": 4, "weight": 7.5}]}}])");
  EnvOptions o;
  o.worlds = 5;
  o.device = std::move(device);
  return std::make_unique<Env>(task, load_task_model(*task, ""), o);
}

TEST(DeviceEnv, RewardTermsAndCurriculumReachTheDevice) {
  for (const auto& device : devices()) {
    const auto want = staged(nullptr), env = staged(device);
    const size_t n = static_cast<size_t>(want->worlds()) * want->reward_names().size();
    const float* terms = want->reward_terms();
    env->reward_terms();
    want->reset(2);
    env->reset(2);
    std::vector<float> got(n), first;
    for (unsigned k = 0; k < 14; ++k) {
      const std::vector<float> actions = random_actions(*want, k);
      want->step(actions.data());
      env->step(actions.data());
      device->download(got.data(), env->reward_terms(), n * sizeof(float), nullptr);
      ASSERT_EQ(0, std::memcmp(got.data(), terms, n * sizeof(float))) << k;
      ASSERT_EQ(want->save_state(), env->save_state()) << k;
    }
    EXPECT_GT(want->command()[0], 0.9f);
  }
}

TEST(DeviceEnv, RefusesWhatIsForTheCpu) {
  const auto env = make("cartpole-balance", {}, guarded());
  PackHook hook;
  hook.call = [](void*, const int*, int, int) {};
  EXPECT_THROW(env->step_fused(hook), Error);
}

}  // namespace
}  // namespace motorium
