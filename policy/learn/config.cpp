#include "motorium/policy/learn/config.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "motorium/core/error.h"

namespace motorium {

namespace {

double parse_number(const std::string& name, const std::string& text) {
  double x = 0;
  const char* end = text.data() + text.size();
  const auto r = std::from_chars(text.data(), end, x);
  require(r.ec == std::errc() && r.ptr == end && std::isfinite(x),
          "agent." + name + "=" + text + ": not a number");
  return x;
}
std::string number_text(double x) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, x).ptr};
}

void read(const std::string& n, const std::string& t, double& x) { x = parse_number(n, t); }
void read(const std::string& n, const std::string& t, int& x) {
  int v = 0;
  const auto r = std::from_chars(t.data(), t.data() + t.size(), v);
  require(r.ec == std::errc() && r.ptr == t.data() + t.size(),
          "agent." + n + "=" + t + ": not an integer");
  x = v;
}
void read(const std::string& n, const std::string& t, bool& x) {
  const bool yes = t == "true" || t == "True" || t == "1" || t == "yes" || t == "on";
  require(yes || t == "false" || t == "False" || t == "0" || t == "no" || t == "off",
          "agent." + n + "=" + t + ": allowed are true and false");
  x = yes;
}
void read(const std::string&, const std::string& t, std::string& x) { x = t; }
void read(const std::string&, const std::string& t, Activation& x) { x = parse_activation(t); }
void read(const std::string& n, const std::string& t, TimeOut& x) {
  require(t == "final" || t == "rsl", "agent." + n + "=" + t + ": allowed are final and rsl");
  x = t == "final" ? TimeOut::final : TimeOut::rsl;
}
void read(const std::string& n, const std::string& t, Schedule& x) {
  require(t == "adaptive" || t == "fixed",
          "agent." + n + "=" + t + ": allowed are adaptive and fixed");
  x = t == "adaptive" ? Schedule::adaptive : Schedule::fixed;
}
void read(const std::string& n, const std::string& t, StdType& x) {
  require(t == "scalar" || t == "log", "agent." + n + "=" + t + ": allowed are scalar and log");
  x = t == "scalar" ? StdType::scalar : StdType::log;
}
void read(const std::string& n, const std::string& t, std::vector<int>& x) {
  // "[128, 64]", "(128,64)" or "128,64"
  std::string s;
  for (char c : t)
    if (c != '[' && c != ']' && c != '(' && c != ')' && c != ' ') s += c;
  std::vector<int> v;
  for (size_t at = 0; at <= s.size() && !s.empty();) {
    const size_t comma = std::min(s.find(',', at), s.size());
    v.emplace_back();
    read(n, s.substr(at, comma - at), v.back());
    at = comma + 1;
  }
  x = v;
}

std::string write(double x) { return number_text(x); }
std::string write(int x) { return std::to_string(x); }
std::string write(bool x) { return x ? "true" : "false"; }
std::string write(const std::string& x) { return x; }
std::string write(Activation x) { return activation_name(x); }
std::string write(TimeOut x) { return x == TimeOut::final ? "final" : "rsl"; }
std::string write(Schedule x) { return x == Schedule::adaptive ? "adaptive" : "fixed"; }
std::string write(StdType x) { return x == StdType::scalar ? "scalar" : "log"; }
std::string write(const std::vector<int>& x) {
  std::string s = "[";
  for (size_t i = 0; i < x.size(); ++i) s += (i ? "," : "") + std::to_string(x[i]);
  return s + "]";
}

// every field once
template <class C, class Visit> void each_field(C& c, Visit visit) {
  visit("num_steps_per_env", c.num_steps_per_env);
  visit("max_iterations", c.max_iterations);
  visit("save_interval", c.save_interval);
  visit("init_at_random_ep_len", c.init_at_random_ep_len);
  visit("time_out", c.time_out);
  visit("clip_actions", c.clip_actions);
  visit("num_learning_epochs", c.num_learning_epochs);
  visit("num_mini_batches", c.num_mini_batches);
  visit("learning_rate", c.learning_rate);
  visit("schedule", c.schedule);
  visit("desired_kl", c.desired_kl);
  visit("min_learning_rate", c.min_learning_rate);
  visit("max_learning_rate", c.max_learning_rate);
  visit("gamma", c.gamma);
  visit("lam", c.lam);
  visit("clip_param", c.clip_param);
  visit("use_clipped_value_loss", c.use_clipped_value_loss);
  visit("value_loss_coef", c.value_loss_coef);
  visit("entropy_coef", c.entropy_coef);
  visit("max_grad_norm", c.max_grad_norm);
  visit("joint_grad_clip", c.joint_grad_clip);
  visit("normalize_advantage_per_mini_batch", c.normalize_advantage_per_mini_batch);
  visit("symmetry_augmentation", c.symmetry_augmentation);
  visit("actor_hidden_dims", c.actor_hidden_dims);
  visit("critic_hidden_dims", c.critic_hidden_dims);
  visit("activation", c.activation);
  visit("init_std", c.init_std);
  visit("std_type", c.std_type);
  visit("obs_normalization", c.obs_normalization);
  visit("actor_group", c.actor_group);
  visit("critic_group", c.critic_group);
}

size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t corner = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = corner + (a[i - 1] != b[j - 1]);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

void PpoConfig::set(const std::string& name, const std::string& value) {
  std::string key = name;
  for (char& c : key) c = c == '-' ? '_' : c;
  if (key.rfind("agent.", 0) == 0) key = key.substr(6);
  require(value.size() <= 1000, "agent." + key + ": value of more than 1000 characters");
  // small networks for training on a CPU, whatever the task asks for
  if (key == "lite") {
    bool small = false;
    read(key, value, small);
    if (small) actor_hidden_dims = critic_hidden_dims = {128, 128, 128};
    return;
  }
  bool found = false;
  std::string nearest;
  size_t best = SIZE_MAX;
  each_field(*this, [&](const char* field, auto& x) {
    if (key == field) {
      read(key, value, x);
      found = true;
    }
    const size_t d = edit_distance(key, field);
    if (d < best) best = d, nearest = field;
  });
  require(found,
          "agent." + key.substr(0, 80) + ": no such setting; the nearest is agent." + nearest);
}

std::vector<std::pair<std::string, std::string>> PpoConfig::fields() const {
  std::vector<std::pair<std::string, std::string>> all;
  each_field(*this, [&](const char* field, const auto& x) { all.emplace_back(field, write(x)); });
  return all;
}

void PpoConfig::validate() const {
  std::string problems;
  const auto check = [&](bool ok, const std::string& text) {
    if (!ok) problems += (problems.empty() ? "agent." : "; agent.") + text;
  };
  check(num_steps_per_env >= 1 && num_steps_per_env <= 100000, "num_steps_per_env: 1 to 100000");
  check(max_iterations >= 0, "max_iterations: not negative");
  check(save_interval >= 1, "save_interval: at least 1");
  check(clip_actions >= 0, "clip_actions: not negative");
  check(num_learning_epochs >= 1, "num_learning_epochs: at least 1");
  check(num_mini_batches >= 1, "num_mini_batches: at least 1");
  check(learning_rate > 0, "learning_rate: above 0");
  check(min_learning_rate > 0 && min_learning_rate <= max_learning_rate,
        "min_learning_rate: above 0 and not above max_learning_rate");
  check(desired_kl > 0, "desired_kl: above 0");
  check(gamma >= 0 && gamma <= 1, "gamma: 0 to 1");
  check(lam >= 0 && lam <= 1, "lam: 0 to 1");
  check(clip_param > 0 && clip_param < 1, "clip_param: between 0 and 1");
  check(value_loss_coef >= 0, "value_loss_coef: not negative");
  check(entropy_coef >= 0, "entropy_coef: not negative");
  check(max_grad_norm > 0, "max_grad_norm: above 0");
  check(init_std > 0, "init_std: above 0");
  for (const auto* dims : {&actor_hidden_dims, &critic_hidden_dims}) {
    check(dims->size() < kMaxLayers, "hidden_dims: at most " + std::to_string(kMaxLayers - 1));
    for (int d : *dims)
      check(d >= 1 && d <= kMaxWidth, "hidden_dims: each 1 to " + std::to_string(kMaxWidth));
  }
  require(problems.empty(), problems);
}

}  // namespace motorium
