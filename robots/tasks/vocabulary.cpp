#include "motorium/robots/tasks/vocabulary.h"

#include "motorium/core/error.h"
#include "motorium/core/text.h"
#include "motorium/robots/tasks/table.h"

namespace motorium {
namespace {

// short forms for the tables below
enum Reads : unsigned {
  kBase = 1,
  kCommand = 2,
  kFeet = 4,
  kFeetPose = 8,
  kEffort = 16,
  kAcceleration = 32,
  kJoints = 64,
  kSensor = 128,
  kGait = 256
};
template <class Kind>
TermSpec term(const char* name, Kind kind, unsigned reads = 0,
              std::vector<ParameterSpec> parameters = {},
              std::vector<std::string> joint_numbers = {}) {
  TermSpec s;
  s.name = name;
  s.kind = static_cast<int>(kind);
  s.parameters = std::move(parameters);
  s.joint_numbers = std::move(joint_numbers);
  s.joints = (reads & kJoints) != 0;
  s.sensor = (reads & kSensor) != 0;
  s.feet = (reads & (kFeet | kFeetPose)) != 0;
  s.feet_pose = (reads & kFeetPose) != 0;
  s.effort = (reads & kEffort) != 0;
  s.acceleration = (reads & kAcceleration) != 0;
  s.base = (reads & kBase) != 0;
  s.command = (reads & kCommand) != 0;
  s.gait = (reads & kGait) != 0;
  return s;
}
ParameterSpec need(const char* name) { return {name, 0, true}; }

}  // namespace

const std::vector<TermSpec>& observe_vocabulary() {
  using T = ObserveTerm;
  static const std::vector<TermSpec> table = {
      term("base_lin_vel", T::base_lin_vel, kBase),
      term("base_ang_vel", T::base_ang_vel, kBase),
      term("projected_gravity", T::projected_gravity, kBase),
      term("joint_pos_rel", T::joint_pos_rel, kJoints),
      term("joint_vel_rel", T::joint_vel_rel, kJoints),
      term("last_action", T::last_action),
      term("generated_commands", T::generated_commands, kCommand),
      term("gait_phase", T::gait_phase, kGait),
      term("foot_contact", T::foot_contact, kFeet),
      term("foot_air_time", T::foot_air_time, kFeet),
      term("foot_contact_forces", T::foot_contact_forces, kFeet),
      term("foot_height", T::foot_height, kFeetPose),
      term("joint_effort", T::joint_effort, kJoints | kEffort),
      term("imu_lin_vel", T::sensor, kSensor),
      term("imu_ang_vel", T::sensor, kSensor),
      term("sensor", T::sensor, kSensor),
      // gravity direction from a sensor of the up vector
      term("imu_projected_gravity", T::gravity_sensor, kSensor),
  };
  return table;
}

const std::vector<TermSpec>& reward_vocabulary() {
  using T = RewardTerm;
  static const std::vector<TermSpec> table = {
      term("track_lin_vel_xy_exp", T::track_lin_vel_xy_exp, kBase | kCommand, {need("std")}),
      term("track_ang_vel_z_exp", T::track_ang_vel_z_exp, kBase | kCommand, {need("std")}),
      term("track_linear_velocity", T::track_linear_velocity, kBase | kCommand, {need("std")}),
      term("track_angular_velocity", T::track_angular_velocity, kBase | kCommand, {need("std")}),
      term("lin_vel_z_l2", T::lin_vel_z_l2, kBase),
      term("ang_vel_xy_l2", T::ang_vel_xy_l2, kBase),
      term("flat_orientation_l2", T::flat_orientation_l2, kBase),
      term("upright", T::upright, kBase, {need("std")}),
      term("base_height_l2", T::base_height_l2, kBase, {need("target_height")}),
      term("body_ang_vel_l2", T::body_ang_vel_l2, kBase),
      term("angular_momentum_l2", T::angular_momentum_l2, kSensor),
      term("posture", T::posture, kJoints, {}, {"std"}),
      term("variable_posture", T::variable_posture, kJoints | kCommand,
           {{"walking_threshold", 0.05}, {"running_threshold", 1.5}},
           {"std_standing", "std_walking", "std_running"}),
      term("pose_exp", T::pose_exp, kJoints, {}, {"weights"}),
      term("pose_l2", T::pose_l2, kJoints, {}, {"weights"}),
      term("joint_deviation_l1", T::joint_deviation_l1, kJoints),
      term("stand_still", T::stand_still, kJoints | kCommand, {{"command_threshold", 0.01}}),
      term("joint_torques_l2", T::joint_torques_l2, kJoints | kEffort),
      term("energy", T::energy, kJoints | kEffort),
      term("electrical_power", T::electrical_power, kJoints | kEffort),
      term("joint_vel_l2", T::joint_vel_l2, kJoints),
      term("joint_acc_l2", T::joint_acc_l2, kJoints | kAcceleration),
      term("action_rate_l2", T::action_rate_l2),
      term("action_acc_l2", T::action_acc_l2),
      term("joint_pos_limits", T::joint_pos_limits, kJoints, {{"soft_factor", 0.9}}),
      term("feet_air_time", T::feet_air_time, kFeet | kCommand,
           {need("threshold"), {"command_threshold", 0.1}}),
      term("feet_air_time_range", T::feet_air_time_range, kFeet | kCommand,
           {{"threshold_min", 0.05}, {"threshold_max", 0.5}, {"command_threshold", 0.5}}),
      term("feet_slip", T::feet_slip, kFeetPose | kCommand, {{"command_threshold", 0.05}}),
      term("foot_clearance", T::foot_clearance, kFeetPose | kCommand,
           {need("target_height"), {"command_threshold", 0.05}}),
      term("feet_swing_height", T::feet_swing_height, kFeetPose | kCommand,
           {need("target_height"), {"command_threshold", 0.05}}),
      term("soft_landing", T::soft_landing, kFeet | kCommand, {{"command_threshold", 0.05}}),
      term("feet_gait", T::feet_gait, kFeet | kCommand | kGait,
           {{"threshold", 0.55}, {"command_threshold", 0.1}}),
      term("feet_phase", T::feet_phase, kFeetPose | kCommand | kGait,
           {need("swing_height"),
            {"sigma", 0.01},
            {"threshold", 0.5},
            {"command_threshold", 0.01},
            {"foot_radius", 0.0}}),
      term("is_alive", T::is_alive),
      term("is_terminated", T::is_terminated),
  };
  return table;
}

const std::vector<TermSpec>& done_vocabulary() {
  using T = DoneTerm;
  static const std::vector<TermSpec> table = {
      term("time_out", T::time_out),
      term("bad_orientation", T::bad_orientation, kBase, {need("limit_angle")}),
      term("upside_down", T::upside_down, kBase),
      term("root_height_below", T::root_height_below, kBase, {need("minimum_height")}),
      term("joint_out_of_bounds", T::joint_out_of_bounds, kJoints, {need("bound")}),
  };
  return table;
}

const TermSpec& find_term(const std::vector<TermSpec>& vocabulary, const std::string& name,
                          const std::string& where) {
  std::vector<std::string> names;
  for (const TermSpec& s : vocabulary) {
    if (s.name == name) return s;
    names.push_back(s.name);
  }
  throw Error(where + ": unknown term \"" + escape(name) + "\"" + did_you_mean(name, names));
}

}  // namespace motorium
