// Cost of the learner alone: PPO on an environment that costs nothing.
//
//   learner_bench [worlds=4096] [threads=0] [hidden=128,128,128] [iterations=5] [observations=48]
#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "motorium/core/threads.h"
#include "motorium/core/vec_env.h"
#include "motorium/policy/learn/ppo.h"

namespace {

using namespace motorium;

double seconds() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}
// processor time of all threads: what counts on a machine that others use too
double cpu_seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// observations that drift with the actions
class FreeEnv : public VecEnv {
 public:
  FreeEnv(int worlds, int observations, int actions)
      : n_(worlds), size_(observations), actions_(actions) {
    obs_.resize(size_t(worlds) * observations);
    for (size_t i = 0; i < obs_.size(); ++i) obs_[i] = float(i * 2654435761u % 1000) * 0.002f - 1;
    reward_.resize(worlds), flags_.resize(worlds), steps_.resize(worlds);
    groups_.push_back({"actor", observations, obs_.data()});
  }
  int worlds() const override { return n_; }
  int action_size() const override { return actions_; }
  int max_episode_length() const override { return 1000; }
  double step_seconds() const override { return 0.02; }
  const std::vector<ObservationGroup>& observations() const override { return groups_; }
  void reset(uint64_t) override {}
  void step(const float* a) override {
    for (int w = 0; w < n_; ++w) {
      reward_[w] = 0.01f * a[w * actions_];
      obs_[size_t(w) * size_ + unsigned(w * 7 + ++count_) % size_] = 0.1f * a[w * actions_];
    }
  }
  const float* rewards() const override { return reward_.data(); }
  const uint8_t* terminated() const override { return flags_.data(); }
  const uint8_t* truncated() const override { return flags_.data(); }
  const uint8_t* nonfinite() const override { return flags_.data(); }
  const float* final_observations(int) const override { return obs_.data(); }
  int32_t* episode_length() override { return steps_.data(); }
  std::vector<std::pair<std::string, double>> take_log() override { return {}; }
  std::vector<uint8_t> save_state() const override { return {}; }
  void load_state(const std::vector<uint8_t>&) override {}
  const std::vector<std::pair<int, float>>& action_mirror() const override { return none_; }
  const std::vector<std::pair<int, float>>& observation_mirror(int) const override { return none_; }

 private:
  int n_, size_, actions_;
  unsigned count_ = 0;
  std::vector<float> obs_, reward_;
  std::vector<uint8_t> flags_;
  std::vector<int32_t> steps_;
  std::vector<ObservationGroup> groups_;
  std::vector<std::pair<int, float>> none_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, const char* other) { return argc > i ? argv[i] : other; };
  const int worlds = std::atoi(argument(1, "4096")), threads = std::atoi(argument(2, "0"));
  PpoConfig c;
  c.set("actor_hidden_dims", argument(3, "128,128,128"));
  c.critic_hidden_dims = c.actor_hidden_dims;
  const int iterations = std::atoi(argument(4, "5")), observations = std::atoi(argument(5, "48"));
  Threads pool(threads);
  FreeEnv env(worlds, observations, 12);
  Ppo ppo(env, c, 1, pool);
  ppo.start();
  ppo.collect();
  ppo.update();

  double collect = 1e9, update = 1e9, best = 1e9, cpu_collect = 1e9, cpu_update = 1e9;
  for (int i = 0; i < iterations; ++i) {
    const double start = seconds(), cpu_start = cpu_seconds();
    ppo.collect();
    const double middle = seconds(), cpu_middle = cpu_seconds();
    ppo.update();
    const double end = seconds(), cpu_end = cpu_seconds();
    cpu_collect = std::min(cpu_collect, cpu_middle - cpu_start);
    cpu_update = std::min(cpu_update, cpu_end - cpu_middle);
    collect = std::min(collect, middle - start);
    update = std::min(update, end - middle);
    best = std::min(best, end - start);
  }
  const double samples = ppo.rollout().samples();
  double macs = 0;
  for (const Mlp* net : {&ppo.actor(), &ppo.critic()})
    for (int l = 0; l < net->layers(); ++l) macs += double(net->in(l)) * net->out(l);
  const double flops = 2 * macs * (1 + 3 * c.num_learning_epochs) * samples;
  std::printf(
      "worlds %d, threads %d, hidden %s, kernels %s: collect %.1f ms, update %.1f ms, "
      "%.0f samples/s, %.1f GFLOP/s\n  processor time: collect %.1f ms, update %.1f ms, "
      "%.0f samples/s and %.1f GFLOP/s per core\n",
      worlds, pool.count(), argument(3, "128,128,128"), ppo.actor().kernels().isa, collect * 1e3,
      update * 1e3, samples / best, flops / best * 1e-9, cpu_collect * 1e3, cpu_update * 1e3,
      samples / (cpu_collect + cpu_update), flops / (cpu_collect + cpu_update) * 1e-9);
}
