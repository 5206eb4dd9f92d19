// Training a task: what the command line, the demo and Python share.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "motorium/policy/learn/trainer.h"
#include "motorium/robots/tasks/env.h"

namespace motorium::cli {

struct TrainRequest {
  std::string task;
  int worlds = 0;  // 0: what the task says, else 512
  int threads = 0;
  std::string device = "cpu";                                  // as in device_of()
  std::vector<std::pair<std::string, std::string>> overrides;  // of the task, and "agent." ones
  RunOptions run;
};

// Trains, and stores in every policy what it needs to be used elsewhere. Throws Error.
RunResult train_task(const TrainRequest& request);

// Text that describes a policy of this environment: names, scales, gains; see docs/cli.md.
std::vector<std::pair<std::string, std::string>> describe(const std::string& task, Env& env);

// logs/<task>/<date>_<time>
std::string new_run_folder(const std::string& task);
// The newest run of a task; empty when there is none.
std::string newest_run(const std::string& task);
// The policy file of a path that is one, or a run folder with some; Failure when there is none.
std::string find_policy(const std::string& path);

}  // namespace motorium::cli
