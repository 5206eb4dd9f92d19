// motorium train.
#include "motorium/cli/train.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "motorium/cli/verbs.h"
#include "motorium/cli/version.h"
#include "motorium/core/error.h"
#include "motorium/core/threads.h"
#include "motorium/policy/nn/kernels.h"

namespace motorium::cli {
namespace fs = std::filesystem;
namespace {

constexpr int kDefaultWorlds = 512;

std::string number(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", x);
  return text;
}

// "1,2,3"
template <class T, class F> std::string joined(const std::vector<T>& items, F text) {
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) out += (i ? "," : "") + text(items[i]);
  return out;
}

bool is_agent(const std::string& name) { return name.rfind("agent.", 0) == 0; }

// "12" of "policy_12.safetensors"; -1: another file
int iteration_of(const fs::path& path, const std::string& prefix) {
  const std::string name = path.stem().string();
  if (path.extension() != ".safetensors" || name.rfind(prefix, 0) != 0) return -1;
  const std::string digits = name.substr(prefix.size());
  if (digits.empty() || digits.size() > 9 ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    return -1;
  return std::stoi(digits);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> describe(const std::string& task, Env& env) {
  const Model& m = env.batch().model();
  std::vector<std::pair<std::string, std::string>> out = {{"task", task},
                                                          {"version", version_text()}};
  const auto same = [](const std::string& s) { return s; };

  // actuators in the order of the actions: joints, gains of position servos, pose of zero action
  const std::vector<std::string> actions = env.action_names();
  std::vector<std::string> joints;
  std::vector<double> stiffness, damping, pose;
  for (int a = 0; a < m.nactuator; ++a) {
    const size_t at = static_cast<size_t>(a);
    if (m.actuator_trntype[at] != static_cast<int>(TransmissionType::joint)) continue;
    if (std::find(actions.begin(), actions.end(), m.actuator_name[at]) == actions.end() &&
        actions.size() != static_cast<size_t>(m.nu))
      continue;
    const size_t joint = static_cast<size_t>(m.actuator_trnid[2 * at]);
    joints.push_back(m.jnt_name[joint]);
    stiffness.push_back(-m.actuator_biasprm[10 * at + 1]);
    damping.push_back(-m.actuator_biasprm[10 * at + 2]);
    const size_t q = static_cast<size_t>(m.jnt_qposadr[joint]);
    pose.push_back(m.nkey > 0 ? m.key_qpos[q] : m.qpos0[q]);
  }
  out.emplace_back("joint_names", joined(joints, same));
  out.emplace_back("joint_stiffness", joined(stiffness, number));
  out.emplace_back("joint_damping", joined(damping, number));
  out.emplace_back("default_joint_pos", joined(pose, number));
  out.emplace_back("action_names", joined(actions, same));
  out.emplace_back("action_scale", joined(env.action_scale(), number));
  if (env.command()) out.emplace_back("command_names", "twist");

  const auto& groups = env.observations();
  for (size_t g = 0; g < groups.size(); ++g) {
    if (groups[g].name != "actor" && groups.size() > 1) continue;
    std::vector<std::string> names, sizes;
    for (const auto& [name, size] : env.observation_terms(static_cast<int>(g))) {
      names.push_back(name);
      sizes.push_back(std::to_string(size));
    }
    out.emplace_back("observation_names", joined(names, same));
    out.emplace_back("observation_sizes", joined(sizes, same));
    break;
  }
  return out;
}

std::string new_run_folder(const std::string& task) {
  char stamp[40];
  const std::time_t t = std::time(nullptr);
  std::strftime(stamp, sizeof stamp, "%Y-%m-%d_%H-%M-%S", std::localtime(&t));
  return "logs/" + task + "/" + stamp;
}

std::string newest_run(const std::string& task) {
  std::string best;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("logs/" + task, none))
    if (entry.is_directory() && entry.path().string() > best) best = entry.path().string();
  return best;
}

std::string find_policy(const std::string& path) {
  if (fs::is_regular_file(path)) return path;
  fs::path best;
  int newest = -1;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(path, none))
    if (const int i = iteration_of(entry.path(), "policy_"); i > newest) {
      newest = i;
      best = entry.path();
    }
  if (newest < 0)
    throw Failure{kExitBadInput,
                  path + ": no policy there: expected a policy file or a run folder"};
  return best.string();
}

RunResult train_task(const TrainRequest& request) {
  // settings of the task, then those of the caller
  PpoConfig config;
  int worlds = kDefaultWorlds;
  for (const auto& [name, value] : task_agent(request.task)) {
    if (name == "worlds")
      worlds = std::stoi(value);
    else
      config.set(name, value);
  }
  EnvOptions options;
  for (const auto& [name, value] : request.overrides) {
    if (name == "agent.worlds")
      worlds = std::stoi(value);
    else if (is_agent(name))
      config.set(name, value);
    else
      options.overrides.emplace_back(name, value);
  }
  config.validate();

  options.worlds = request.worlds > 0 ? request.worlds : worlds;
  options.seed = request.run.seed;
  options.threads = request.threads;
  options.device = device_of(request.device);
  const std::unique_ptr<Env> env = make_env(request.task, options);
  RunOptions run = request.run;
  for (auto& line : describe(request.task, *env)) run.metadata.push_back(std::move(line));
  std::unique_ptr<Threads> threads;
  if (request.threads > 0) {
    threads = std::make_unique<Threads>(request.threads);
    run.threads = threads.get();
  }
  Trainer trainer(*env, config, run);
  return trainer.run();
}

int train(const TrainOptions& o) {
  TrainRequest request;
  request.task = o.task;
  request.worlds = o.worlds;
  request.threads = o.threads;
  request.device = o.device;
  request.overrides = read_overrides(o.overrides);
  request.run.minutes = o.minutes;
  request.run.iterations = o.iterations;
  request.run.seed = o.seed;
  request.run.init_from = o.init_from;
  request.run.directory = o.log;
  request.run.kernels = &policy_kernels_for(o.precision);
  if (o.resume) {
    request.run.resume = o.resume_from.empty() ? newest_run(o.task) : o.resume_from;
    if (request.run.resume.empty())
      throw Failure{kExitFailed, "nothing to resume: there is no run in logs/" + o.task};
    if (request.run.directory.empty())
      request.run.directory = fs::is_directory(request.run.resume)
                                  ? request.run.resume
                                  : fs::path(request.run.resume).parent_path().string();
  }
  if (request.run.directory.empty()) request.run.directory = new_run_folder(o.task);

  const std::unique_ptr<Observer> console = o.quiet ? nullptr : console_observer(1);
  request.run.observer = console.get();
  const StopSignal stop;
  request.run.stop = stop.flag();
  if (!o.quiet) {
    std::printf("training %s into %s\n", o.task.c_str(), request.run.directory.c_str());
    std::fflush(stdout);
  }
  const RunResult r = train_task(request);
  if (r.stopped)
    std::printf("stopped; go on with: motorium train %s --resume %s\n", o.task.c_str(),
                request.run.directory.c_str());
  std::printf("policy      %s\n", r.policy.c_str());
  std::printf("checkpoint  %s\n", r.checkpoint.c_str());
  std::printf("reward      %.3f over the last episodes, %.0f steps long\n", r.mean_reward,
              r.mean_episode_length);
  std::printf("trained     %d iterations, %lld steps, %.1f s\n", r.iterations,
              static_cast<long long>(r.steps), r.seconds);
  return 0;
}

}  // namespace motorium::cli
