// motorium play: a policy in many worlds, in numbers.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "motorium/cli/evaluate.h"
#include "motorium/cli/train.h"
#include "motorium/cli/verbs.h"
#include "motorium/core/error.h"
#include "motorium/policy/nn/policy.h"

namespace motorium::cli {
namespace {

Policy load_policy(const std::string& path, const PolicyKernels* kernels = nullptr) {
  try {
    return Policy::load(path, kernels);
  } catch (const Error& e) {
    throw Failure{kExitBadInput, std::string(e.what())};
  }
}

}  // namespace

int play(const PlayOptions& o) {
  const std::vector<std::string> tasks = task_names();
  const bool is_task = std::find(tasks.begin(), tasks.end(), o.what) != tasks.end();
  std::string task = o.what, path;
  if (!is_task) {
    if (!std::filesystem::exists(o.what))
      throw Failure{kExitUsage, "'" + o.what + "' is neither a task of `motorium list` nor a file"};
    path = find_policy(o.what);
  } else if (o.agent == "policy") {
    path = o.checkpoint.empty() || o.checkpoint == "latest" ? newest_run(o.what) : o.checkpoint;
    if (path.empty())
      throw Failure{kExitFailed, "no policy for " + o.what +
                                     " in logs/: train one with `motorium train " + o.what +
                                     "`, or use --agent zero"};
    path = find_policy(path);
  }

  // a policy knows its task
  std::unique_ptr<Policy> policy;
  if (!path.empty() && o.agent == "policy") {
    policy = std::make_unique<Policy>(load_policy(path, &policy_kernels_for(o.precision)));
    if (!is_task) task = policy->text("task");
    if (task.empty()) throw Failure{kExitBadInput, path + ": the policy does not name its task"};
  } else if (!is_task) {
    task = load_policy(path).text("task");
  }

  EnvOptions options;
  options.worlds = o.worlds;
  options.seed = o.seed;
  options.threads = o.threads;
  options.overrides = read_overrides(o.overrides);
  const std::unique_ptr<Env> env = make_env(task, options);
  const Agent agent = policy              ? policy_agent(*policy, *env)
                      : o.agent == "zero" ? zero_agent(*env)
                                          : random_agent(*env, o.seed);
  std::printf("task                %s\n", task.c_str());
  std::printf("agent               %s\n", policy ? path.c_str() : o.agent.c_str());
  print(evaluate(*env, agent, o.seed, o.seconds));
  return 0;
}

}  // namespace motorium::cli
