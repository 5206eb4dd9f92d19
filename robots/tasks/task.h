// A task table as it was read, and the same compiled for one model.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "motorium/physics/model.h"
#include "motorium/physics/spec/spec.h"
#include "motorium/robots/tasks/json_reader.h"
#include "motorium/robots/tasks/table.h"

namespace motorium {

// robots/tasks/<name>.json with overrides applied
struct Task {
  std::string name;
  Json table;
};

Task read_task(const std::string& name,
               const std::vector<std::pair<std::string, std::string>>& overrides);
// from text, for tests and for tables of others
Task parse_task(const std::string& text, const std::string& name,
                const std::vector<std::pair<std::string, std::string>>& overrides);
// one override; see EnvOptions::overrides
void apply_override(Json& table, const std::string& path, const std::string& value);

// the model of a task: its robot with the edits of the scene
Spec load_task_spec(const Task& task, const std::string& robot_path);
std::shared_ptr<const Model> load_task_model(const Task& task, const std::string& robot_path);

// a curriculum by global control steps
struct CommandStage {
  int64_t step = 0;
  bool set[3] = {};
  float low[3] = {}, high[3] = {};
};
struct WeightStage {
  int64_t step = 0;
  int reward = 0;
  float weight = 0;
};

// randomisation when the worlds are made
struct StartupEvent {
  enum Kind { geom_friction, body_mass, body_com, encoder_bias } kind = geom_friction;
  enum Operation { abs, add, scale } operation = abs;
  std::vector<int> ids;  // geoms, bodies, joints
  int axis = 0;          // of geom_friction: slide, spin, roll
  bool shared = false;   // one number for all ids
  bool log_uniform = false;
  bool inertia = true;  // body_mass scales inertia as well
  double low[3] = {}, high[3] = {};
};

struct CompiledTask {
  TaskTable table;
  std::vector<JointRow> joints;
  std::vector<ActionRow> actions;
  std::vector<FootRow> feet;
  std::vector<TermRow> rewards, dones, resets;
  std::vector<int> ids;
  std::vector<float> numbers, qpos0, history0;
  std::vector<ObserveElement> elements[kMaxGroups];

  std::vector<std::string> joint_names, foot_names, reward_names, done_names, group_names;
  std::vector<std::vector<std::pair<std::string, int>>> group_terms;
  std::vector<CommandStage> command_stages;
  std::vector<WeightStage> weight_stages;
  std::vector<StartupEvent> startup;
  bool needs_sensors = false, needs_effort = false, needs_acceleration = false;
  int keyframe = -1;
  double episode_seconds = 0;
  std::vector<std::pair<int, float>> action_mirror;
  std::vector<std::vector<std::pair<int, float>>> observation_mirror;
};

// Resolves names and selectors against the model. Throws Error for whatever is unknown.
void compile_task(const Task& task, const Model& model, CompiledTask& out);

}  // namespace motorium
