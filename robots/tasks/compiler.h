// Shared by the files that compile a task table: names, selectors and the compiler's state.
#pragma once
#include <string>
#include <vector>

#include "motorium/robots/tasks/task.h"
#include "motorium/robots/tasks/vocabulary.h"

namespace motorium {

using Names = std::vector<std::string>;

// names that a regular expression matches in full
std::vector<int> select_names(const Names& names, const std::string& text,
                              const std::string& where);
int index_of(const Names& names, const std::string& name, const std::string& where);
// one number per chosen name: a number for all, or {pattern: number} that covers each name once
std::vector<double> per_name(const Json& j, const Names& all, const std::vector<int>& chosen,
                             const std::string& where);

// keys of command ranges
inline constexpr const char* kRangeNames[3] = {"lin_vel_x", "lin_vel_y", "ang_vel_z"};

class Compiler {
 public:
  Compiler(const Task& task, const Model& model, CompiledTask& out)
      : task_(task), m_(model), c_(out), t_(out.table), top_(task.table, "task " + task.name) {}

  void run();

 private:
  void read_basics();
  void read_joints();
  void read_actions();
  void read_feet();
  void read_commands();
  void read_observations();
  void read_rewards();
  void read_terminations();
  void read_events();
  void read_startup(const std::string& term, Reader& p, const std::string& where);
  void read_curriculum();
  void read_mirror();
  void lay_out();

  // rows of a table section
  const Json& rows(const std::string& section) {
    static const Json none = Json::array();
    if (!top_.has(section)) return none;
    const Json& j = top_.at(section);
    require(j.is_array(), top_.where() + "." + section + ": must be a list of rows");
    return j;
  }
  std::string row_where(const std::string& section, const std::string& name) const {
    return top_.where() + "." + section + "." + name;
  }
  Names& unique(Names& names, const std::string& name, const std::string& where) {
    require(std::find(names.begin(), names.end(), name) == names.end(),
            where + ": the name is used twice");
    names.push_back(name);
    return names;
  }
  int sensor_address(const std::string& name, int dim, const std::string& where) {
    const int s = index_of(m_.sensor_name, name, where);
    require(m_.sensor_dim[static_cast<size_t>(s)] >= dim,
            where + ": sensor \"" + name + "\" is too short");
    c_.needs_sensors = true;
    return m_.sensor_adr[static_cast<size_t>(s)];
  }
  // checks what a term reads, fills numbers and joints of its row
  void read_term(const TermSpec& spec, Reader& p, TermRow& row);
  void reads(const TermSpec& spec, const std::string& where);

  const Task& task_;
  const Model& m_;
  CompiledTask& c_;
  TaskTable& t_;
  Reader top_;
  Names command_names_;
  bool feet_pose_ = false;
};

}  // namespace motorium
