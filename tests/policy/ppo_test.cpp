// PPO on the toy cart: learns, repeats, masks, mirrors, does not allocate.
#include "motorium/policy/learn/ppo.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "motorium/core/error.h"
#include "motorium/core/threads.h"
#include "tests/policy/reference.h"
#include "tests/policy/toy_env.h"

// counts every allocation of the process while it is on
static std::atomic<bool> counting{false};
static std::atomic<long> allocations{0};
static void* counted(size_t size, size_t alignment) {
  if (counting) ++allocations;
  void* p = alignment
                ? std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                : std::malloc(size ? size : 1);
  if (!p) throw std::bad_alloc();
  return p;
}
void* operator new(size_t size) { return counted(size, 0); }
void* operator new[](size_t size) { return counted(size, 0); }
void* operator new(size_t size, std::align_val_t a) { return counted(size, size_t(a)); }
void* operator new[](size_t size, std::align_val_t a) { return counted(size, size_t(a)); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  if (counting) ++allocations;
  return std::malloc(size ? size : 1);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  if (counting) ++allocations;
  return std::malloc(size ? size : 1);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t, std::align_val_t) noexcept { std::free(p); }

namespace motorium {
namespace {

using test::ToyEnv;

PpoConfig small_config() {
  PpoConfig c;
  c.actor_hidden_dims = c.critic_hidden_dims = {32, 32};
  c.entropy_coef = 0.002;
  return c;
}

// all weights, moments and normalisers as bytes
std::vector<float> fingerprint(Ppo& p) {
  std::vector<float> x(p.actor().parameters(), p.actor().parameters() + p.actor().count());
  x.insert(x.end(), p.critic().parameters(), p.critic().parameters() + p.critic().count());
  x.insert(x.end(), p.std_parameter().data(), p.std_parameter().data() + p.std_parameter().size());
  x.insert(x.end(), p.adam_v().data(), p.adam_v().data() + p.adam_v().size());
  for (double m : p.actor_normalizer().mean) x.push_back(static_cast<float>(m));
  for (double m : p.critic_normalizer().var) x.push_back(static_cast<float>(m));
  x.push_back(static_cast<float>(p.learning_rate()));
  return x;
}

std::vector<float> train(ToyEnv& env, const PpoConfig& c, int iterations, int threads,
                         const PolicyKernels* kernels = nullptr) {
  Threads pool(threads);
  Ppo ppo(env, c, 3, pool, kernels);
  ppo.start();
  for (int i = 0; i < iterations; ++i) ppo.collect(), ppo.update();
  return fingerprint(ppo);
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && !std::memcmp(a.data(), b.data(), a.size() * sizeof(float));
}

TEST(Ppo, LearnsTheToyTaskInSeconds) {
  ToyEnv env(512);
  Threads pool(2);
  Ppo ppo(env, small_config(), 1, pool);
  ppo.start();
  double first = 0;
  for (int i = 0; i < 60; ++i) {
    ppo.collect();
    ppo.update();
    if (i == 4) first = ppo.episodes().mean_reward();
  }
  EXPECT_LT(first, 40);
  EXPECT_GT(ppo.episodes().mean_reward(), 75);
  EXPECT_GT(ppo.episodes().mean_length(), 95);
}

TEST(Ppo, BitsDoNotDependOnThreads) {
  std::vector<float> want;
  for (int threads : {1, 2, 3, 7}) {
    ToyEnv env(700);
    const auto got = train(env, small_config(), 3, threads);
    if (want.empty()) want = got;
    EXPECT_TRUE(same_bits(want, got)) << threads << " threads";
  }
}

TEST(Ppo, BitsDoNotDependOnInstructionSet) {
  std::vector<float> want;
  for (const PolicyKernels* kernels : test::all_kernels())
    for (Activation a : {Activation::elu, Activation::swish}) {
      if (a == Activation::swish && kernels != test::all_kernels().front()) continue;
      ToyEnv env(333);
      PpoConfig c = small_config();
      c.std_type = StdType::log;
      const auto got = train(env, c, 3, 2, kernels);
      if (want.empty()) want = got;
      EXPECT_TRUE(same_bits(want, got)) << kernels->isa;
    }
}

TEST(Ppo, OtherSeedGivesOtherBits) {
  ToyEnv env(64), env2(64);
  Threads pool(1);
  Ppo a(env, small_config(), 1, pool), b(env2, small_config(), 2, pool);
  a.start(), b.start();
  a.collect(), b.collect();
  EXPECT_FALSE(same_bits(fingerprint(a), fingerprint(b)));
}

TEST(Ppo, IterationsDoNotAllocateAfterTheFirst) {
  ToyEnv env(512);
  PpoConfig c = small_config();
  c.symmetry_augmentation = true;
  Threads pool(2);
  Ppo ppo(env, c, 1, pool);
  ppo.start();
  ppo.collect(), ppo.update();
  allocations = 0;
  counting = true;
  for (int i = 0; i < 5; ++i) ppo.collect(), ppo.update();
  counting = false;
  EXPECT_EQ(allocations.load(), 0);
}

TEST(Ppo, InferenceDoesNotAllocate) {
  Mlp net({48, 128, 128, 12}, Activation::elu);
  net.initialize(1, 0);
  MlpScratch scratch(net, 16);
  const auto x = test::random_floats(16 * 48, 1);
  std::vector<float> y(16 * 12);
  allocations = 0;
  counting = true;
  mlp(net, x.data(), 16, y.data(), scratch);
  counting = false;
  EXPECT_EQ(allocations.load(), 0);
}

TEST(Ppo, BadWorldIsMaskedAndTrainingGoesOn) {
  for (bool observation : {false, true}) {
    ToyEnv env(64), healthy(64);
    env.bad_world = 5;
    env.bad_observation = observation;
    Threads pool(1);
    Ppo ppo(env, small_config(), 1, pool), other(healthy, small_config(), 1, pool);
    ppo.start(), other.start();
    ppo.collect(), other.collect();
    EXPECT_EQ(ppo.masked_samples(), 3);  // steps 7, 14, 21 of 24
    EXPECT_EQ(ppo.bad_observations(), observation ? 3 : 0);
    const Rollout& r = ppo.rollout();
    for (int t = 0; t < r.steps; ++t)
      for (int w = 0; w < 64; ++w) {
        const bool bad = w == 5 && (observation ? t && t % 7 == 0 : t % 7 == 6);
        ASSERT_EQ(r.masked[t * 64 + w] != 0, bad) << t << " " << w;
      }
    // the normaliser and so all worlds see the others only; here: finite everywhere
    for (int i = 0; i < 3; ++i) ppo.update(), ppo.collect();
    for (float x : fingerprint(ppo)) ASSERT_TRUE(std::isfinite(x));
  }
}

// a masked sample must not matter at all: other garbage in it, same bits
TEST(Ppo, MaskedSamplesDoNotTouchTheUpdate) {
  std::vector<float> want;
  for (float garbage : {0.f, 123.f}) {
    ToyEnv env(64);
    Threads pool(1);
    Ppo ppo(env, small_config(), 1, pool);
    ppo.start();
    ppo.collect();
    Rollout& r = ppo.rollout();
    for (int i = 0; i < r.samples(); i += 5) {
      r.masked[i] = 1;
      r.advantage[i] = garbage;
      r.target[i] = -garbage;
      r.log_prob[i] = -1.f - 0.01f * garbage;
    }
    ppo.update();
    const auto got = fingerprint(ppo);
    if (want.empty()) want = got;
    EXPECT_TRUE(same_bits(want, got));
  }
}

TEST(Ppo, DivergenceIsAnErrorWithARemedy) {
  ToyEnv env(64);
  Threads pool(1);
  Ppo ppo(env, small_config(), 1, pool);
  ppo.start();
  ppo.collect();
  ppo.actor().weight(0)[0] = std::nanf("");
  ppo.actor().repack();
  try {
    ppo.update();
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("agent.learning_rate"), std::string::npos) << e.what();
  }
}

TEST(Ppo, EpisodesStartAtRandomLengths) {
  ToyEnv env(1000);
  Threads pool(1);
  Ppo ppo(env, small_config(), 1, pool);
  ppo.start();
  double sum = 0;
  for (int w = 0; w < 1000; ++w) {
    ASSERT_GE(env.episode_length()[w], 0);
    ASSERT_LT(env.episode_length()[w], 100);
    sum += env.episode_length()[w];
  }
  EXPECT_NEAR(sum / 1000, 49.5, 3);
}

// r + gamma V(final) for time-outs alone, from an untrained critic
TEST(Ppo, TimeOutsAreBootstrapped) {
  for (TimeOut mode : {TimeOut::final, TimeOut::rsl}) {
    ToyEnv env(50, true, 10), shadow(50, true, 10);
    Threads pool(1);
    PpoConfig c = small_config();
    c.time_out = mode;
    c.obs_normalization = false;
    Ppo ppo(env, c, 1, pool);
    ppo.start();
    shadow.reset(1);
    std::copy(env.episode_length(), env.episode_length() + 50, shadow.episode_length());
    ppo.collect();
    const Rollout& r = ppo.rollout();
    MlpScratch scratch(ppo.critic(), 50);
    int seen = 0;
    for (int t = 0; t < r.steps; ++t) {
      shadow.step(r.action.data() + t * 50);
      std::vector<float> v(50);
      mlp(ppo.critic(), shadow.final_observations(1), 50, v.data(), scratch);
      for (int w = 0; w < 50; ++w) {
        float want = shadow.rewards()[w];
        const bool time_out = shadow.truncated()[w];
        if (time_out && mode == TimeOut::rsl) want += 0.99f * r.value[t * 50 + w];
        if (time_out && mode == TimeOut::final && !shadow.terminated()[w]) want += 0.99f * v[w];
        seen += time_out;
        ASSERT_NEAR(r.reward[t * 50 + w], want, 1e-6);
        ASSERT_EQ(r.done[t * 50 + w], time_out || shadow.terminated()[w] ? 1.f : 0.f);
      }
    }
    EXPECT_GT(seen, 50);
  }
}

TEST(Ppo, AdvantagesMatchAHandComputedArray) {
  // gamma 0.5, lam 0.5, two steps; V = 1, 2 | 3
  ToyEnv env(1);
  Threads pool(1);
  PpoConfig c = small_config();
  c.num_steps_per_env = 2;
  c.num_mini_batches = 1;
  c.gamma = 0.5, c.lam = 0.5;
  Ppo ppo(env, c, 1, pool);
  Rollout& r = ppo.rollout();
  r.value[0] = 1, r.value[1] = 2, r.value[2] = 3;
  r.reward[0] = 10, r.reward[1] = 20;
  r.done[0] = r.done[1] = 0;
  ppo.compute_returns();
  // delta1 = 20 + 1.5 - 2 = 19.5; delta0 = 10 + 1 - 1 = 10; A0 = 10 + 0.25 * 19.5
  EXPECT_EQ(r.advantage[1], 19.5f);
  EXPECT_EQ(r.advantage[0], 14.875f);
  EXPECT_EQ(r.target[0], 15.875f);
  EXPECT_EQ(r.target[1], 21.5f);
  r.done[0] = 1;
  ppo.compute_returns();
  EXPECT_EQ(r.advantage[0], 9.f);
}

// Augmentation equals an update on twice the samples, the second half mirrored by hand.
TEST(Ppo, MirrorAugmentationEqualsMirroredSamples) {
  PpoConfig c = small_config();
  c.num_steps_per_env = 8;
  c.num_mini_batches = c.num_learning_epochs = 1;
  c.schedule = Schedule::fixed;
  c.entropy_coef = 0;
  c.max_grad_norm = 1e9;
  Threads pool(2);
  ToyEnv env(128), env2(128);
  c.symmetry_augmentation = true;
  Ppo augmented(env, c, 1, pool);
  augmented.start();
  augmented.collect();

  c.symmetry_augmentation = false;
  c.num_steps_per_env = 16;
  Ppo doubled(env2, c, 1, pool);
  Rollout &a = augmented.rollout(), &b = doubled.rollout();
  const int n = a.samples();
  ASSERT_EQ(n, kSampleBlock);
  for (int i = 0; i < 2 * n; ++i) {
    const int from = i % n;
    const float sign = i < n ? 1.f : -1.f;
    for (int k = 0; k < 2; ++k) b.actor_obs[2 * i + k] = sign * a.actor_obs[2 * from + k];
    for (int k = 0; k < 2; ++k) b.critic_obs[3 * i + k] = sign * a.critic_obs[3 * from + k];
    b.critic_obs[3 * i + 2] = a.critic_obs[3 * from + 2];
    b.action[i] = sign * a.action[from];
    b.mean[i] = sign * a.mean[from];
    b.log_prob[i] = a.log_prob[from];
    b.value[i] = a.value[from];
    b.advantage[i] = a.advantage[from];
    b.target[i] = a.target[from];
    b.masked[i] = a.masked[from] = from % 11 == 3;
  }
  doubled.actor_normalizer() = augmented.actor_normalizer();
  doubled.critic_normalizer() = augmented.critic_normalizer();
  std::vector<int> identity(2 * n);
  for (int i = 0; i < 2 * n; ++i) identity[i] = i;
  const UpdateStats sa = augmented.update(identity.data()), sb = doubled.update(identity.data());

  // the unbiased std of doubled samples is a little smaller, and policy gradients scale with 1/std
  double valid = 0;
  for (int i = 0; i < n; ++i) valid += !a.masked[i];
  const double factor = std::sqrt((2 * valid - 1) / (2 * (valid - 1)));
  EXPECT_NEAR(sa.value_loss, sb.value_loss, 1e-6 * sb.value_loss);
  EXPECT_LT(sa.kl, 1e-3);  // of the original samples alone: their policy has hardly changed
  EXPECT_GT(sb.kl, 1e-2);
  double largest = 0;
  const long policy = augmented.actor().count() + padded(1);
  for (size_t i = 0; i < augmented.gradient().size(); ++i) {
    const double want = doubled.gradient()[i] / (long(i) < policy ? factor : 1);
    ASSERT_NEAR(augmented.gradient()[i], want, 1e-6) << i;
    largest = std::max(largest, std::fabs(want));
  }
  EXPECT_GT(largest, 0.01);
}

TEST(Ppo, MirrorAugmentationNeedsMaps) {
  struct Lopsided : ToyEnv {
    using ToyEnv::ToyEnv;
    std::vector<std::pair<int, float>> none;
    const std::vector<std::pair<int, float>>& observation_mirror(int) const override {
      return none;
    }
  } env(16);
  PpoConfig c = small_config();
  c.symmetry_augmentation = true;
  Threads pool(1);
  EXPECT_THROW(Ppo(env, c, 1, pool), Error);
}

TEST(Ppo, LearnsWithMirrorAugmentationAndTanhAndLogStd) {
  ToyEnv env(256);
  PpoConfig c = small_config();
  c.symmetry_augmentation = true;
  c.activation = Activation::tanh;
  c.std_type = StdType::log;
  Threads pool(2);
  Ppo ppo(env, c, 2, pool);
  ppo.start();
  for (int i = 0; i < 60; ++i) ppo.collect(), ppo.update();
  EXPECT_GT(ppo.episodes().mean_reward(), 70);
}

}  // namespace
}  // namespace motorium
