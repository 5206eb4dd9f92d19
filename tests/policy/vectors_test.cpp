// One update, the normaliser and the advantages against PyTorch (tests/policy/make_vectors.py).
#include <gtest/gtest.h>

#include <cmath>

#include "motorium/core/threads.h"
#include "motorium/policy/learn/ppo.h"
#include "motorium/policy/nn/file_io.h"
#include "motorium/policy/nn/policy.h"
#include "motorium/policy/nn/safetensors.h"
#include "tests/policy/reference.h"

namespace motorium {
namespace {

// an environment of the right shape that is never stepped
class Shape : public VecEnv {
 public:
  Shape(int worlds, int actor, int critic, int actions) : n_(worlds), actions_(actions) {
    data_.resize(size_t(worlds) * (actor + critic));
    groups_ = {{"actor", actor, data_.data()}, {"critic", critic, data_.data()}};
    flags_.resize(worlds), steps_.resize(worlds);
  }
  int worlds() const override { return n_; }
  int action_size() const override { return actions_; }
  int max_episode_length() const override { return 0; }
  double step_seconds() const override { return 1; }
  const std::vector<ObservationGroup>& observations() const override { return groups_; }
  void reset(uint64_t) override {}
  void step(const float*) override {}
  const float* rewards() const override { return data_.data(); }
  const uint8_t* terminated() const override { return flags_.data(); }
  const uint8_t* truncated() const override { return flags_.data(); }
  const uint8_t* nonfinite() const override { return flags_.data(); }
  const float* final_observations(int) const override { return data_.data(); }
  int32_t* episode_length() override { return steps_.data(); }
  std::vector<std::pair<std::string, double>> take_log() override { return {}; }
  std::vector<uint8_t> save_state() const override { return {}; }
  void load_state(const std::vector<uint8_t>&) override {}
  const std::vector<std::pair<int, float>>& action_mirror() const override { return none_; }
  const std::vector<std::pair<int, float>>& observation_mirror(int) const override { return none_; }

 private:
  int n_, actions_;
  std::vector<float> data_;
  std::vector<uint8_t> flags_;
  std::vector<int32_t> steps_;
  std::vector<ObservationGroup> groups_;
  std::vector<std::pair<int, float>> none_;
};

const Safetensors& golden() {
  static const std::string path =
      std::string(MOTORIUM_SOURCE_DIR) + "/tests/golden/ppo_vectors.safetensors";
  static const Safetensors file = Safetensors::parse(read_bytes(path), path);
  return file;
}

std::vector<float> floats(const std::string& name) {
  return golden().floats(name, golden().find(name)->shape);
}

void expect_near(const float* got, const std::vector<float>& want, double tolerance,
                 const std::string& what) {
  double scale = 0;
  for (float w : want) scale = std::max(scale, std::fabs(double(w)));
  for (size_t i = 0; i < want.size(); ++i)
    ASSERT_NEAR(got[i], want[i], tolerance * std::max(scale, 1e-3)) << what << " " << i;
}

void expect_network(const Mlp& net, const float* parameters, const std::string& name,
                    double tolerance) {
  for (int l = 0; l < net.layers(); ++l) {
    const int in = net.in(l), out = net.out(l);
    std::vector<float> w;
    for (int o = 0; o < out; ++o) {
      const float* row = parameters + net.view().weight_at(l) + long(o) * padded(in);
      w.insert(w.end(), row, row + in);
    }
    const std::string layer = name + "." + std::to_string(l);
    expect_near(w.data(), floats(layer + ".weight"), tolerance, layer + ".weight");
    expect_near(parameters + net.view().bias_at(l), floats(layer + ".bias"), tolerance,
                layer + ".bias");
  }
}

TEST(Vectors, NormalizerMatchesPyTorch) {
  Normalizer n(6);
  Threads pool(1);
  const auto batches = floats("normalizer/batches");
  for (int b = 0; b < 3; ++b) n.update(&batches[b * 300], 50, nullptr, pool);
  EXPECT_EQ(n.count, 150);
  const auto mean = floats("normalizer/mean"), var = floats("normalizer/var");
  const auto output = floats("normalizer/output");
  for (int i = 0; i < 6; ++i) {
    EXPECT_NEAR(n.mean[i], mean[i], 1e-6 * std::max(1.f, std::fabs(mean[i])));
    EXPECT_NEAR(n.var[i], var[i], 3e-6 * var[i] + 1e-10);
    for (int r = 0; r < 50; ++r)
      EXPECT_NEAR((batches[600 + r * 6 + i] - n.scale().mean[i]) * n.scale().scale[i],
                  output[r * 6 + i], 1e-5);
  }
}

TEST(Vectors, AdvantagesMatchPyTorch) {
  Shape env(20, 1, 1, 1);
  Threads pool(2);
  PpoConfig c;
  c.num_steps_per_env = 12;
  Ppo ppo(env, c, 1, pool);
  Rollout& r = ppo.rollout();
  const auto copy = [](const std::string& name, Floats& to) {
    const auto x = floats(name);
    std::copy(x.begin(), x.end(), to.data());
  };
  copy("gae/reward", r.reward), copy("gae/value", r.value), copy("gae/done", r.done);
  ppo.compute_returns();
  expect_near(r.advantage.data(), floats("gae/advantage"), 1e-6, "advantage");
  expect_near(r.target.data(), floats("gae/target"), 1e-6, "target");
}

struct Case {
  const char* name;
  int worlds, steps, epochs, batches;
  Activation activation;
  bool log_std, per_batch, joint, clip_value;
  Schedule schedule;
  std::vector<int> critic = {19};
};

class Update : public testing::TestWithParam<Case> {};

TEST_P(Update, MatchesPyTorch) {
  const Case& k = GetParam();
  const std::string at = std::string(k.name) + "/";
  for (const PolicyKernels* kernels : test::all_kernels()) {
    Shape env(k.worlds, 5, 7, 3);
    Threads pool(2);
    PpoConfig c;
    c.num_steps_per_env = k.steps;
    c.num_learning_epochs = k.epochs;
    c.num_mini_batches = k.batches;
    c.activation = k.activation;
    c.std_type = k.log_std ? StdType::log : StdType::scalar;
    c.normalize_advantage_per_mini_batch = k.per_batch;
    c.joint_grad_clip = k.joint;
    c.use_clipped_value_loss = k.clip_value;
    c.schedule = k.schedule;
    c.actor_hidden_dims = {24, 17};
    c.critic_hidden_dims = {19};
    Ppo ppo(env, c, 1, pool, kernels);
    ppo.actor() = read_mlp(golden(), at + "actor", k.activation, kernels);
    ppo.critic() = read_mlp(golden(), at + "critic", k.activation, kernels);
    const auto copy = [&](const std::string& name, float* to) {
      const auto x = floats(at + name);
      std::copy(x.begin(), x.end(), to);
    };
    copy("std", ppo.std_parameter().data());
    Normalizer &na = ppo.actor_normalizer(), &nc = ppo.critic_normalizer();
    const auto set = [&](const std::string& name, std::vector<double>& to) {
      const auto x = floats(at + name);
      to.assign(x.begin(), x.end());
    };
    set("actor_mean", na.mean), set("actor_var", na.var), na.refresh();
    set("critic_mean", nc.mean), set("critic_var", nc.var), nc.refresh();
    Rollout& r = ppo.rollout();
    copy("actor_obs", r.actor_obs.data()), copy("critic_obs", r.critic_obs.data());
    copy("action", r.action.data()), copy("old_mean", r.mean.data());
    copy("log_prob", r.log_prob.data()), copy("old_value", r.value.data());
    copy("advantage", r.advantage.data()), copy("target", r.target.data());
    copy("old_std", r.old_std.data());
    std::vector<int> permutation(r.samples());
    golden().read(at + "permutation", Dtype::i32, permutation.data(), permutation.size());
    ppo.refresh_std();
    const UpdateStats stats = ppo.update(permutation.data());

    double want[5];
    golden().read(at + "numbers", Dtype::f64, want, 5);
    EXPECT_NEAR(stats.value_loss, want[0], 1e-5 * want[0]);
    EXPECT_NEAR(stats.surrogate, want[1], 1e-6);
    EXPECT_NEAR(stats.entropy, want[2], 1e-6 * want[2]);
    EXPECT_NEAR(stats.kl, want[3], 1e-5 * want[3] + 1e-7);
    EXPECT_NEAR(ppo.learning_rate(), want[4], 1e-9);
    const float* gradient = ppo.gradient().data();
    const long n = ppo.actor().count();
    // a gradient after several Adam steps has their rounding in it
    const double loose = k.epochs * k.batches == 1 ? 1e-5 : 1e-4;
    expect_network(ppo.actor(), gradient, at + "actor_gradient", loose);
    expect_near(gradient + n, floats(at + "std_gradient"), loose, "std gradient");
    expect_network(ppo.critic(), gradient + n + padded(3), at + "critic_gradient", loose);
    expect_network(ppo.actor(), ppo.actor().parameters(), at + "actor_after", 1e-5);
    expect_network(ppo.critic(), ppo.critic().parameters(), at + "critic_after", 1e-5);
    expect_near(ppo.std_parameter().data(), floats(at + "std_after"), 1e-5, "std");
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, Update,
                         testing::Values(Case{"one", 15, 10, 1, 1, Activation::elu, false, false,
                                              false, true, Schedule::adaptive},
                                         Case{"many", 15, 10, 3, 4, Activation::elu, false, false,
                                              false, true, Schedule::adaptive},
                                         Case{"log", 15, 10, 2, 3, Activation::swish, true, true,
                                              true, false, Schedule::fixed},
                                         Case{"blocks", 131, 8, 1, 1, Activation::tanh, false,
                                              false, false, true, Schedule::adaptive}),
                         [](const auto& i) { return std::string(i.param.name); });

}  // namespace
}  // namespace motorium
