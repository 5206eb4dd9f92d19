// A cart on a rail: x'' = action, reward exp(-x^2) - 0.01 action^2, ends when |x| > 3, episodes of
// 100 steps of 0.1 s. The best return is about 80 to 90. Observations: actor (x, v), critic (x, v,
// phase).
#pragma once
#include <cmath>
#include <cstring>

#include "motorium/core/vec_env.h"
#include "motorium/policy/nn/noise.h"

namespace motorium::test {

class ToyEnv : public VecEnv {
 public:
  explicit ToyEnv(int worlds, bool separate_critic = true, int length = 100)
      : n_(worlds), length_(length) {
    actor_.resize(2 * n_), critic_.resize(3 * n_), final_actor_.resize(2 * n_);
    final_critic_.resize(3 * n_), reward_.resize(n_), terminated_.resize(n_);
    truncated_.resize(n_), nonfinite_.resize(n_), steps_.resize(n_), x_.resize(n_), v_.resize(n_);
    draws_.resize(n_);
    groups_.push_back({"actor", 2, actor_.data()});
    if (separate_critic) groups_.push_back({"critic", 3, critic_.data()});
  }

  // a world that reports bad numbers every `period` steps, with garbage in its reward and
  // observation
  int bad_world = -1, bad_period = 7;
  // exposes NaN observations instead of flags
  bool bad_observation = false;

  int worlds() const override { return n_; }
  int action_size() const override { return 1; }
  int max_episode_length() const override { return length_; }
  double step_seconds() const override { return 0.1; }
  const std::vector<ObservationGroup>& observations() const override { return groups_; }

  void reset(uint64_t seed) override {
    seed_ = seed;
    count_ = 0;
    for (int w = 0; w < n_; ++w) draws_[w] = 0, restart(w);
    observe();
  }

  void step(const float* actions) override {
    ++count_;
    for (int w = 0; w < n_; ++w) {
      const float a = actions[w];
      v_[w] += 0.1f * clamp<float>(a, -2.f, 2.f);
      x_[w] += 0.1f * v_[w];
      reward_[w] = exp<float>(-x_[w] * x_[w]) - 0.01f * a * a;
      ++steps_[w];
      terminated_[w] = abs(x_[w]) > 3.f;
      truncated_[w] = steps_[w] >= length_;
      nonfinite_[w] = 0;
      if (w == bad_world && count_ % bad_period == 0 && !bad_observation) {
        nonfinite_[w] = terminated_[w] = 1;
        reward_[w] = std::nanf("");
      }
      if (terminated_[w] || truncated_[w]) {
        write(w, final_actor_.data(), final_critic_.data());
        ++ended_;
        restart(w);
      }
    }
    observe();
    if (bad_observation && bad_world >= 0 && count_ % bad_period == 0)
      actor_[2 * bad_world] = std::nanf("");
  }

  const float* rewards() const override { return reward_.data(); }
  const uint8_t* terminated() const override { return terminated_.data(); }
  const uint8_t* truncated() const override { return truncated_.data(); }
  const uint8_t* nonfinite() const override { return nonfinite_.data(); }
  const float* final_observations(int group) const override {
    return group ? final_critic_.data() : final_actor_.data();
  }
  int32_t* episode_length() override { return steps_.data(); }
  std::vector<std::pair<std::string, double>> take_log() override {
    std::vector<std::pair<std::string, double>> log = {{"Episode_Termination/any", double(ended_)}};
    ended_ = 0;
    return log;
  }

  std::vector<uint8_t> save_state() const override {
    std::vector<uint8_t> b;
    each([&](const void* p, size_t size) {
      const uint8_t* q = static_cast<const uint8_t*>(p);
      b.insert(b.end(), q, q + size);
    });
    return b;
  }
  void load_state(const std::vector<uint8_t>& b) override {
    size_t at = 0;
    each([&](const void* p, size_t size) {
      std::memcpy(const_cast<void*>(p), b.data() + at, size);
      at += size;
    });
  }
  const std::vector<std::pair<int, float>>& action_mirror() const override {
    return action_mirror_;
  }
  const std::vector<std::pair<int, float>>& observation_mirror(int group) const override {
    return group ? critic_mirror_ : actor_mirror_;
  }

 private:
  template <class Visit> void each(Visit visit) const {
    visit(&seed_, 8), visit(&count_, 4), visit(&ended_, 4);
    visit(x_.data(), 4 * n_), visit(v_.data(), 4 * n_), visit(steps_.data(), 4 * n_);
    visit(draws_.data(), 4 * n_), visit(actor_.data(), 8 * n_), visit(critic_.data(), 12 * n_);
  }
  void restart(int w) {
    const DrawWords d = draw(seed_, Draw::episode_start, w, ++draws_[w], 77);
    x_[w] = 4.f * unit_uniform(d.v[0]) - 2.f;
    v_[w] = 2.f * unit_uniform(d.v[1]) - 1.f;
    steps_[w] = 0;
  }
  void write(int w, float* actor, float* critic) const {
    actor[2 * w] = x_[w], actor[2 * w + 1] = v_[w];
    critic[3 * w] = x_[w], critic[3 * w + 1] = v_[w];
    critic[3 * w + 2] = float(steps_[w]) / float(length_);
  }
  void observe() {
    for (int w = 0; w < n_; ++w) write(w, actor_.data(), critic_.data());
  }

  int n_, length_;
  uint64_t seed_ = 0;
  uint32_t count_ = 0, ended_ = 0;
  std::vector<float> actor_, critic_, final_actor_, final_critic_, reward_, x_, v_;
  std::vector<uint8_t> terminated_, truncated_, nonfinite_;
  std::vector<int32_t> steps_;
  std::vector<uint32_t> draws_;
  std::vector<ObservationGroup> groups_;
  std::vector<std::pair<int, float>> action_mirror_ = {{0, -1.f}};
  std::vector<std::pair<int, float>> actor_mirror_ = {{0, -1.f}, {1, -1.f}};
  std::vector<std::pair<int, float>> critic_mirror_ = {{0, -1.f}, {1, -1.f}, {2, 1.f}};
};

}  // namespace motorium::test
