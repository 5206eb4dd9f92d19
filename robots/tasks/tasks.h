// Tasks by name: the tables of robots/tasks/*.json made into running environments.
//
//   auto env = make_env("quad-velocity-flat", {.worlds = 512, .seed = 1});
//   env->reset(1);
//   env->step(actions);
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "motorium/core/device.h"
#include "motorium/core/vec_env.h"

namespace motorium {

class Env;

struct EnvOptions {
  int worlds = 512;
  uint64_t seed = 1;
  int threads = 0;  // 0: the process's default pool
  // ("rewards.action_rate_l2.weight", "-0.05"): dotted path into the task table, JSON value or
  // plain text; '-' equals '_'; the value "null" removes a row. "agent." and "env." prefixes are
  // known
  std::vector<std::pair<std::string, std::string>> overrides;
  std::string robot_path;  // folder or file to look for robots in first
  bool phased = false;     // whole-batch phases over the public Batch calls; same bits, slower
  std::shared_ptr<Device> device = nullptr;  // null: the cores of this machine
};

// "cartpole-balance", "go1-velocity-flat", "quad-velocity-flat", ... ; sorted
std::vector<std::string> task_names();

// Throws Error for an unknown task, term, parameter or selector, naming the nearest known one.
std::unique_ptr<Env> make_env(const std::string& task, const EnvOptions& options = {});

// The task's own settings of the learner ("agent" section) as name and text, in table order, with
// overrides applied: feed them to PpoConfig::set.
std::vector<std::pair<std::string, std::string>> task_agent(
    const std::string& task,
    const std::vector<std::pair<std::string, std::string>>& overrides = {});

// One line about a task for lists.
std::string task_summary(const std::string& task);

// Path of a robot's model file: "quad", "cartpole", or a file name such as
// "mjlab/asset_zoo/robots/unitree_go1/xmls/go1.xml". Looks in `robot_path`, MOTORIUM_ROBOTS, our
// own robots, an installed mjlab (VIRTUAL_ENV, MOTORIUM_SITE_PACKAGES) and the corpus cache; the
// Error names the places.
std::string find_robot(const std::string& name, const std::string& robot_path = "");

// The folder of our own robots and task tables: MOTORIUM_ROBOTS_DIR of the environment, or the
// one the library was built with.
std::string robots_folder();

}  // namespace motorium
