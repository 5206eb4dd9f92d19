// The words of task tables: every term, its parameters and their defaults. docs/tasks.md lists
// them.
#pragma once
#include <string>
#include <vector>

namespace motorium {

struct ParameterSpec {
  std::string name;
  double value = 0;  // when the table does not give it
  bool required = false;
};

struct TermSpec {
  std::string name;
  int kind = 0;                            // RewardTerm, DoneTerm, ...
  std::vector<ParameterSpec> parameters;   // numbers, by slot
  bool joints = false;                     // takes "joints": regular expression, default all
  std::vector<std::string> joint_numbers;  // per-joint numbers: one number or {regex: number}
  bool sensor = false;                     // takes "sensor": name
  // what the term reads besides qpos and qvel
  bool feet = false, feet_pose = false, effort = false, acceleration = false, base = false,
       command = false, gait = false;
};

const std::vector<TermSpec>& observe_vocabulary();
const std::vector<TermSpec>& reward_vocabulary();
const std::vector<TermSpec>& done_vocabulary();

// the row of a vocabulary; throws Error naming `where` and the nearest term
const TermSpec& find_term(const std::vector<TermSpec>& vocabulary, const std::string& name,
                          const std::string& where);

}  // namespace motorium
