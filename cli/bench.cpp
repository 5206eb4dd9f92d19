// motorium bench: steps per second of scenes and tasks on this machine.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "motorium/cli/measure.h"
#include "motorium/cli/python_module.h"
#include "motorium/cli/verbs.h"
#include "motorium/cli/version.h"
#include "motorium/core/cpu.h"
#include "motorium/core/text.h"
#include "motorium/core/trace.h"
#include "motorium/physics/compile/one_file.h"
#include "motorium/physics/roofline.h"
#include "motorium/physics/spec/write_mjcf.h"
#include "motorium/policy/learn/config.h"
#include "motorium/policy/learn/iteration_shares.h"
#include "motorium/policy/learn/ppo.h"
#include "motorium/policy/learn/trainer.h"
#include "motorium/robots/tasks/env.h"
#include "motorium/robots/tasks/task.h"

namespace motorium::cli {
namespace {

constexpr double kLeastSeconds = 0.2;  // wall time of one measurement

// one row of the table: median rate of several measurements
struct Row {
  std::string name, what;
  int worlds = 0, threads = 0;
  double rate = 0, low = 0, high = 0;  // per second
  IterationShares shares = {};         // all 0: not asked for
};

// `run(n)` does n units of work; each counts `worlds` world-steps
template <class F>
Row measure(const std::string& name, const std::string& what, int worlds, int threads, int repeat,
            F run) {
  run(2);
  // how many units fill a measurement
  double start = now();
  run(1);
  const int units =
      std::clamp(static_cast<int>(kLeastSeconds / std::max(now() - start, 1e-9)), 1, 100000);
  std::vector<double> rates;
  for (int i = 0; i < repeat; ++i) {
    start = now();
    run(units);
    rates.push_back(static_cast<double>(units) * worlds / (now() - start));
  }
  const auto [low, high] = std::minmax_element(rates.begin(), rates.end());
  return {name, what, worlds, threads, median(rates), *low, *high};
}

void report(const Row& r, const std::string& csv) {
  std::printf("%-22s %-16s %7d %7d %14s %9.3f us   %s .. %s\n", r.name.c_str(), r.what.c_str(),
              r.worlds, r.threads, with_commas(static_cast<uint64_t>(r.rate)).c_str(),
              1e6 * r.threads / r.rate, with_commas(static_cast<uint64_t>(r.low)).c_str(),
              with_commas(static_cast<uint64_t>(r.high)).c_str());
  std::fflush(stdout);
  if (csv.empty()) return;
  const bool fresh = !std::filesystem::exists(csv);
  std::ofstream file(csv, std::ios::app);
  if (fresh)
    file << "name,what,worlds,threads,isa,per_second,low,high,version,physics,products,rest\n";
  file << r.name << ',' << r.what << ',' << r.worlds << ',' << r.threads << ',' << name(best_isa())
       << ',' << r.rate << ',' << r.low << ',' << r.high << ",\"" << version_text() << '"';
  const IterationShares& s = r.shares;
  if (s.rest > 0)
    file << ',' << s.physics << ',' << s.products << ',' << s.rest << '\n';
  else
    file << ",,,\n";
}

// `repeat` iterations under a trace; the one whose rest is the median
struct SharesMeasured {
  IterationShares shares;
  double low = 0, high = 0;  // of the rest
};
template <class F> SharesMeasured measure_shares(Threads& threads, int repeat, F iterate) {
  // without room the first run only counts
  Trace count(threads.count(), 0);
  threads.set_trace(&count);
  iterate();
  const int capacity = static_cast<int>(count.dropped() + count.dropped() / 4 + 1000);
  std::vector<IterationShares> all;
  for (int i = 0; i < repeat; ++i) {
    Trace trace(threads.count(), capacity);
    threads.set_trace(&trace);
    const double start = now();
    iterate();
    const int64_t elapsed = static_cast<int64_t>(1e9 * (now() - start));
    threads.set_trace(nullptr);
    if (trace.dropped()) throw Failure{kExitFailed, "bench: events of an iteration were dropped"};
    all.push_back(iteration_shares(trace, elapsed));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.rest < b.rest; });
  return {all[all.size() / 2], all.front().rest, all.back().rest};
}

// where an iteration's time went, and what its rest consists of
void report_shares(const SharesMeasured& m) {
  const IterationShares& s = m.shares;
  const double waits = s.of_rest.at(IterationShares::kUnnoted);
  std::printf(
      "%-22s %.1f %% physics, %.1f %% matrix products, %.1f %% rest (%.1f .. %.1f), %.1f %% where "
      "threads do not wait\n",
      "", 100 * s.physics, 100 * s.products, 100 * s.rest, 100 * m.low, 100 * m.high,
      100 * (s.rest - waits) / (1 - waits));
  std::vector<std::pair<double, std::string>> parts;
  for (const auto& [name, share] : s.of_rest) parts.emplace_back(share, name);
  std::sort(parts.rbegin(), parts.rend());
  std::string text;
  double others = 0;
  for (const auto& [share, name] : parts) {
    if (share < 0.001) {
      others += share;
      continue;
    }
    char part[64];
    std::snprintf(part, sizeof part, "%s %.1f, ", name.c_str(), 100 * share);
    text += part;
  }
  std::printf("%-22s the rest in %%: %sothers %.1f\n", "", text.c_str(), 100 * others);
}

void bench_model(const std::string& label, const std::shared_ptr<const Model>& model,
                 const BenchOptions& o) {
  Threads threads(o.threads);
  Batch batch(model, {.worlds = o.worlds, .autoreset = true, .threads = &threads});
  if (model->nkey > 0) batch.reset({.keyframe = 0});
  batch.bind("ncon");

  // worlds that differ, in the middle of their motion
  uint32_t draw = 0;
  for (int i = 0; i < 20; ++i) {
    random_controls(batch, 1, draw++);
    batch.step({.nstep = 10});
  }
  const double flops = step_flops(batch, nullptr, 0);
  const Row row = measure(label, "step", o.worlds, threads.count(), o.repeat, [&](int n) {
    for (int i = 0; i < n; ++i) batch.step();
  });
  report(row, o.csv);
  std::printf("%-22s %.2f contacts a step%s%s\n", "", mean_output(batch, "ncon"),
              health(batch).empty() ? "" : "; worlds: ", health(batch).c_str());
  const MachineLimits limits = measure_machine(threads);
  std::printf("%-22s %.1f kflop a step: %.1f GFLOP/s, %.1f %% of this machine's %.0f\n", "",
              1e-3 * flops, 1e-9 * row.rate * flops, 100 * row.rate * flops / limits.flops,
              1e-9 * limits.flops);
}

void bench_task(const std::string& task, const BenchOptions& o) {
  EnvOptions options;
  options.worlds = o.worlds;
  options.threads = o.threads;
  PpoConfig config;
  apply_overrides(task, o, config, options);
  const std::unique_ptr<Env> env = make_env(task, options);
  const int threads = env->batch().threads().count();
  std::vector<float> actions(
      static_cast<size_t>(o.worlds) * static_cast<size_t>(env->action_size()), 0.f);
  report(measure(task, "env step", o.worlds, threads, o.repeat,
                 [&](int n) {
                   for (int i = 0; i < n; ++i) env->step(actions.data());
                 }),
         o.csv);

  // the rollout with the policy, then a whole iteration: rollout and update
  RunOptions run;
  run.kernels = &policy_kernels_for(o.precision);
  run.threads = &env->batch().threads();
  Trainer trainer(*env, config, run);
  const std::string suffix = o.precision == "fp32" ? "" : " " + o.precision;
  report(
      measure(task, "with policy" + suffix, o.worlds * config.num_steps_per_env, threads, o.repeat,
              [&](int n) {
                for (int i = 0; i < n; ++i) trainer.ppo().collect();
              }),
      o.csv);
  Row train = measure(task, "train" + suffix, o.worlds * config.num_steps_per_env, threads,
                      o.repeat, [&](int n) {
                        for (int i = 0; i < n; ++i) trainer.iterate();
                      });
  const SharesMeasured shares =
      measure_shares(env->batch().threads(), o.repeat, [&] { trainer.iterate(); });
  train.shares = shares.shares;
  report(train, o.csv);
  report_shares(shares);
}

// a folder of its own, gone with the object
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "motorium-XXXXXX").string();
    if (!mkdtemp(name.data())) throw Failure{kExitFailed, name + ": cannot be made"};
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// the same file in other engines (python/motorium/peers.py)
int bench_peers(const BenchOptions& o) {
  std::string file = o.what;
  if (file.empty())
    throw Failure{kExitUsage, "--peers compares engines on one model: name a file, robot or task"};

  // of a task its scene, written as a file that all engines read
  const TemporaryFolder folder;
  const std::vector<std::string> tasks = task_names();
  if (std::find(tasks.begin(), tasks.end(), file) != tasks.end()) {
    const Spec spec = load_task_spec(read_task(file, {}), "");
    file = (folder.path() / (file + ".xml")).string();
    save_mjcf(as_one_file(spec), file);
  } else if (!std::filesystem::exists(file)) {
    file = find_robot(file);
  }
  std::vector<std::string> arguments = {file, "--peers", o.peers};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) arguments.insert(arguments.end(), {option, value});
  };
  add("--worlds", std::to_string(o.worlds));
  add("--steps", std::to_string(o.steps));
  add("--threads", std::to_string(o.threads));
  add("--repeat", std::to_string(o.repeat));
  add("--csv", o.csv);
  add("--markdown", o.markdown);
  add("--svg", o.svg);
  return run_python_module("motorium.peers", arguments, "--peers");
}

}  // namespace

void apply_overrides(const std::string& task, const BenchOptions& o, PpoConfig& config,
                     EnvOptions& options) {
  for (const auto& [key, value] : task_agent(task))
    if (key != "worlds") config.set(key, value);
  for (const auto& [name, value] : read_overrides(o.overrides)) {
    if (name.rfind("agent.", 0) == 0)
      config.set(name, value);
    else
      options.overrides.emplace_back(name, value);
  }
  config.validate();
}

int bench(const BenchOptions& o) {
  if (!o.trace.empty()) return bench_trace(o);
  if (!o.peers.empty()) return bench_peers(o);
  if (o.what == "demo") return bench_demo(o);
  if (o.what == "forward-walk") return bench_forward_walk(o);
  std::printf("%s, %d cores\n", version_text().c_str(), physical_cores());
  std::printf("%-22s %-16s %7s %7s %14s %12s   %s\n", "name", "what", "worlds", "threads",
              "per second", "each", "lowest .. highest");
  const std::vector<std::string> tasks = task_names();
  const auto is_task = [&](const std::string& w) {
    return std::find(tasks.begin(), tasks.end(), w) != tasks.end();
  };
  if (!o.overrides.empty() && !is_task(o.what))
    throw Failure{kExitUsage, "bench: overrides are of a task, which '" + o.what + "' is not"};
  if (!o.what.empty()) {
    if (is_task(o.what))
      bench_task(o.what, o);
    else if (std::filesystem::exists(o.what))
      bench_model(std::filesystem::path(o.what).stem().string(), read_model(o.what), o);
    else
      bench_model(o.what, read_model(find_robot(o.what)), o);
    return 0;
  }
  std::vector<std::string> robots;
  for (const auto& entry : std::filesystem::directory_iterator(robots_folder()))
    if (std::filesystem::exists(entry.path() / "robot.xml"))
      robots.push_back(entry.path().filename().string());
  std::sort(robots.begin(), robots.end());
  for (const std::string& robot : robots) bench_model(robot, read_model(find_robot(robot)), o);
  for (const std::string& task : tasks) {
    // tasks on robots of others need their files
    try {
      bench_task(task, o);
    } catch (const std::exception& e) {
      std::printf("%-22s SKIPPED %s\n", task.c_str(), e.what());
    }
  }
  return 0;
}

}  // namespace motorium::cli
