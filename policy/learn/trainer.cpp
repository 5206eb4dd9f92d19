#include "motorium/policy/learn/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "motorium/core/error.h"
#include "motorium/core/threads.h"
#include "motorium/policy/learn/checkpoint.h"
#include "motorium/policy/learn/ppo.h"
#include "motorium/policy/learn/progress_csv.h"
#include "motorium/policy/learn/tensorboard.h"
#include "motorium/policy/nn/file_io.h"
#include "motorium/policy/nn/policy.h"

namespace motorium {

namespace {
double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}
}  // namespace

struct Trainer::State {
  VecEnv& env;
  PpoConfig config;
  RunOptions options;
  Ppo ppo;
  std::unique_ptr<TensorBoardWriter> tensorboard;
  std::unique_ptr<ProgressCsv> csv;
  std::vector<std::pair<std::string, double>> scalars;
  UpdateStats stats;
  double collection = 0, learning = 0;  // seconds of the last iteration
  int64_t masked_before = 0, bad_before = 0;
  int saved = -1;  // iteration of the newest checkpoint
  std::string saved_checkpoint, saved_policy;

  State(VecEnv& e, const PpoConfig& c, const RunOptions& o)
      : env(e),
        config(c),
        options(o),
        ppo(e, c, o.seed, o.threads ? *o.threads : default_threads(), o.kernels) {}

  void tell(const std::string& line) {
    if (options.observer) options.observer->message(line);
  }

  void write_metadata(SafetensorsWriter& out, const char* format) const {
    out.metadata("format", format);
    for (const auto& [key, value] : options.metadata) out.metadata(key, value);
    const auto& groups = env.observations();
    std::string names;
    for (const auto& g : groups)
      names += (names.empty() ? "" : ",") + g.name + ":" + std::to_string(g.size);
    out.metadata("observation_groups", names);
    char text[40];
    std::snprintf(text, sizeof text, "%.9g", env.step_seconds());
    out.metadata("step_seconds", text);
    out.metadata("iteration", std::to_string(const_cast<Ppo&>(ppo).iteration()));
  }

  std::vector<uint8_t> policy_bytes() const {
    SafetensorsWriter out;
    write_metadata(out, "motorium.policy 1");
    ppo.write_policy(out);
    return out.bytes();
  }

  std::vector<uint8_t> checkpoint_bytes() const {
    SafetensorsWriter out;
    write_metadata(out, "motorium.checkpoint 1");
    for (const auto& [key, value] : config.fields()) out.metadata("agent." + key, value);
    ppo.write_state(out);
    return seal(std::move(out));
  }

  void collect_scalars() {
    scalars.clear();
    const auto put = [&](const char* tag, double x) { scalars.emplace_back(tag, x); };
    put("Loss/value", stats.value_loss);
    put("Loss/surrogate", stats.surrogate);
    put("Loss/entropy", stats.entropy);
    put("Loss/learning_rate", ppo.learning_rate());
    put("Loss/kl", stats.kl);
    put("Loss/clip_fraction", stats.clip_fraction);
    put("Loss/actor_grad_norm", stats.actor_grad_norm);
    put("Loss/critic_grad_norm", stats.critic_grad_norm);
    put("Policy/mean_std", ppo.mean_std());
    put("Perf/total_fps", ppo.rollout().samples() / std::max(1e-9, collection + learning));
    put("Perf/collection_time", collection);
    put("Perf/learning_time", learning);
    put("Train/mean_reward", ppo.episodes().mean_reward());
    put("Train/mean_episode_length", ppo.episodes().mean_length());
    put("Health/masked_samples", double(ppo.masked_samples() - masked_before));
    put("Health/bad_observations", double(ppo.bad_observations() - bad_before));
    masked_before = ppo.masked_samples();
    bad_before = ppo.bad_observations();
    for (auto& tag : env.take_log()) scalars.push_back(std::move(tag));
  }
};

Trainer::Trainer(VecEnv& env, const PpoConfig& config, const RunOptions& options)
    : state_(std::make_unique<State>(env, config, options)) {
  State& s = *state_;
  require(options.minutes >= 0 && options.iterations >= 0,
          "training: minutes and iterations must not be negative");
  require(options.resume.empty() || options.init_from.empty(),
          "training: resume continues a run, init_from starts one: give one of them");
  if (!options.directory.empty()) {
    prepare_run_folder(options.directory);
    std::filesystem::create_directories(options.directory + "/params");
    std::string text;
    for (const auto& [key, value] : config.fields()) text += key + ": " + value + "\n";
    save_bytes(options.directory + "/params/agent.yaml", {text.begin(), text.end()});
  }

  if (!options.resume.empty()) {
    const Safetensors file =
        open_checkpoint(options.resume, [&](const std::string& line) { s.tell(line); });
    require(file.text("format") == "motorium.checkpoint 1",
            file.origin() + ": format \"" + file.text("format").substr(0, 40) +
                "\", this version reads \"motorium.checkpoint 1\"");
    for (const auto& [key, value] : config.fields()) {
      const auto i = file.metadata().find("agent." + key);
      if (i != file.metadata().end() && i->second != value)
        s.tell("resume: agent." + key + " was " + i->second + " and is " + value + " now");
    }
    s.ppo.start();
    s.ppo.read_state(file);
    s.masked_before = s.ppo.masked_samples();
    s.bad_before = s.ppo.bad_observations();
    s.saved = s.ppo.iteration();
    s.saved_checkpoint = file.origin();
    s.tell("resumed " + file.origin() + " at iteration " + std::to_string(s.ppo.iteration()));
  } else {
    if (!options.init_from.empty()) {
      s.ppo.read_policy(Safetensors::parse(read_bytes(options.init_from), options.init_from));
      s.tell("started from the weights of " + options.init_from);
    }
    s.ppo.start();
    env.take_log();
  }
  if (!options.directory.empty()) {
    if (options.tensorboard) s.tensorboard = std::make_unique<TensorBoardWriter>(options.directory);
    if (options.csv)
      s.csv = std::make_unique<ProgressCsv>(options.directory + "/progress.csv",
                                            options.resume.empty() ? 0 : s.ppo.iteration());
  }
}

Trainer::~Trainer() = default;
int Trainer::iteration() const { return state_->ppo.iteration(); }
Ppo& Trainer::ppo() { return state_->ppo; }
Policy Trainer::policy() const {
  return Policy::parse(state_->policy_bytes(), "policy in training");
}
std::vector<uint8_t> Trainer::checkpoint_bytes() const { return state_->checkpoint_bytes(); }

void Trainer::iterate() {
  State& s = *state_;
  const double start = now();
  s.ppo.collect();
  const double middle = now();
  s.stats = s.ppo.update();
  // on a device nobody waits between the two: the time is that of both
  s.collection = s.ppo.on_device() ? 0 : middle - start;
  s.learning = now() - start - s.collection;
}

void Trainer::save() {
  State& s = *state_;
  const std::string& directory = s.options.directory;
  require(!directory.empty(), "training: saving needs a run directory");
  const std::string number = std::to_string(s.ppo.iteration()) + ".safetensors";
  save_bytes(directory + "/checkpoint_" + number, s.checkpoint_bytes());
  save_bytes(directory + "/policy_" + number, s.policy_bytes());
  s.saved = s.ppo.iteration();
  s.saved_checkpoint = directory + "/checkpoint_" + number;
  s.saved_policy = directory + "/policy_" + number;
  remove_old_files(directory, "checkpoint", s.options.keep_checkpoints);
  remove_old_files(directory, "policy", s.options.keep_checkpoints);
}

RunResult Trainer::run() {
  State& s = *state_;
  const RunOptions& o = s.options;
  const int goal = o.iterations ? o.iterations : o.minutes > 0 ? 0 : s.config.max_iterations;
  const double start = now(), budget = o.minutes * 60;
  const int first = s.ppo.iteration();
  const auto stopped = [&] { return o.stop && o.stop->load(std::memory_order_relaxed); };
  Progress p;
  p.iterations = goal;
  p.iteration = first;

  while (!stopped() && (!goal || s.ppo.iteration() < goal) &&
         (budget <= 0 || now() - start < budget)) {
    iterate();
    s.collect_scalars();
    p.iteration = s.ppo.iteration();
    p.note.clear();

    // a full disk does not end a run: warn, and try again at the next interval
    if (!o.directory.empty() && p.iteration % s.config.save_interval == 0) try {
        save();
        p.note = "saved " + std::filesystem::path(s.saved_checkpoint).filename().string();
      } catch (const Error& e) {
        s.tell(std::string("warning: not saved: ") + e.what());
      }
    if (s.tensorboard) s.tensorboard->write(p.iteration, s.scalars);
    if (s.csv) s.csv->write(p.iteration, s.ppo.steps(), s.scalars);

    // remaining time by the mean of this run, bounded by what is left of the budget
    p.elapsed_seconds = now() - start;
    const double mean = p.elapsed_seconds / (p.iteration - first);
    p.remaining_seconds = goal ? mean * (goal - p.iteration) : budget - p.elapsed_seconds;
    if (budget > 0)
      p.remaining_seconds = std::max(0., std::min(p.remaining_seconds, budget - p.elapsed_seconds));
    p.steps = s.ppo.steps();
    p.steps_per_second = s.ppo.rollout().samples() / std::max(1e-9, s.collection + s.learning);
    p.collection_seconds = s.collection;
    p.learning_seconds = s.learning;
    p.mean_reward = s.ppo.episodes().mean_reward();
    p.mean_episode_length = s.ppo.episodes().mean_length();
    p.episodes = s.ppo.episodes().total;
    p.scalars = &s.scalars;
    if (o.observer) o.observer->iteration_done(p);
  }

  // also when a resumed run had nothing left to do: its policy file is the result
  if (!o.directory.empty() && (s.saved != s.ppo.iteration() || s.saved_policy.empty())) save();
  p.elapsed_seconds = now() - start;
  p.remaining_seconds = 0;
  if (o.observer) o.observer->finished(p);
  RunResult r;
  r.iterations = s.ppo.iteration();
  r.steps = s.ppo.steps();
  r.seconds = p.elapsed_seconds;
  r.mean_reward = s.ppo.episodes().mean_reward();
  r.mean_episode_length = s.ppo.episodes().mean_length();
  r.stopped = stopped();
  r.policy = s.saved_policy;
  r.checkpoint = s.saved_checkpoint;
  return r;
}

}  // namespace motorium
