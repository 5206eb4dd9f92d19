// A task as kernels see it: rows of numbers made once from the table of terms and the model.
// Nothing here allocates; pointers are owned by the Env.
#pragma once
#include <cstdint>

#include "motorium/physics/entry.h"

namespace motorium {

inline constexpr int kTermParameters = 8;
inline constexpr int kMaxGroups = 4;  // groups of observations
inline constexpr int kMaxFeet = 8;
inline constexpr uint32_t kReasonNonfinite = 1u << 31;

// X(name in task tables, parameters with defaults by slot) stand in vocabulary.cpp
enum class ObserveTerm : int {
  base_lin_vel,
  base_ang_vel,
  projected_gravity,
  joint_pos_rel,
  joint_vel_rel,
  last_action,
  generated_commands,
  gait_phase,
  foot_contact,
  foot_air_time,
  foot_contact_forces,
  foot_height,
  joint_effort,
  sensor,
  gravity_sensor
};
enum class RewardTerm : int {
  track_lin_vel_xy_exp,
  track_ang_vel_z_exp,
  track_linear_velocity,
  track_angular_velocity,
  lin_vel_z_l2,
  ang_vel_xy_l2,
  flat_orientation_l2,
  upright,
  base_height_l2,
  body_ang_vel_l2,
  angular_momentum_l2,
  posture,
  variable_posture,
  pose_exp,
  pose_l2,
  joint_deviation_l1,
  stand_still,
  joint_torques_l2,
  energy,
  electrical_power,
  joint_vel_l2,
  joint_acc_l2,
  action_rate_l2,
  action_acc_l2,
  joint_pos_limits,
  feet_air_time,
  feet_air_time_range,
  feet_slip,
  foot_clearance,
  feet_swing_height,
  soft_landing,
  feet_gait,
  feet_phase,
  is_alive,
  is_terminated
};
enum class DoneTerm : int {
  time_out,
  bad_orientation,
  upside_down,
  root_height_below,
  joint_out_of_bounds
};
enum class ResetTerm : int { reset_root_uniform, reset_joints_by_offset, reset_joints_by_scale };

// one row of a table; ids and numbers are slices of TaskTable::ids and ::numbers
struct TermRow {
  int kind = 0;
  float weight = 1;
  int first = 0, count = 0;  // ids: joints, or a sensor address
  int numbers = 0;           // first of the per-joint numbers
  float p[kTermParameters] = {};
};

// one number of an observation: value, + noise, clip, scale
struct ObserveElement {
  int kind = 0;
  int index = 0;              // joint, axis, foot, sensordata address
  float scale = 1, clip = 0;  // clip 0: none
  float noise_low = 0, noise_high = 0;
};
struct ObserveGroup {
  const ObserveElement* elements = nullptr;
  int count = 0;
  bool corrupt = false;
  float* data = nullptr;  // (worlds, count)
  float* final_data = nullptr;
};

// a hinge or slide joint
struct JointRow {
  int qpos = 0, dof = 0;    // addresses
  float q0 = 0;             // default pose
  float low = 0, high = 0;  // limits; low > high: none
};
// a control
struct ActionRow {
  int joint = -1;                         // row in the joint table, or -1
  float scale = 1, offset = 0, clip = 0;  // clip 0: none
};
// where one foot's sensors lie in sensordata; -1: absent
struct FootRow {
  int found = -1, force = -1, position = -1, velocity = -1;
  float gait_offset = 0;  // part of the gait period
};

// ranges in the order x, y [m/s], yaw [rad/s]
struct CommandTable {
  bool present = false;
  float low[3] = {}, high[3] = {};              // full ranges, as the curriculum stands
  float start_low[3] = {}, start_high[3] = {};  // ranges of level 0, with levels
  float resample_low = 5, resample_high = 5;    // [s]
  float p_heading = 0, p_forward = 0, p_standing = 0, stiffness = 0.5f;
  // levels: each world widens its own ranges when it follows its command
  bool levels = false;
  float level_step = 0.1f, level_up = 0.35f, level_down = 0.8f, level_floor = 0.3f;
};

struct PushTable {
  bool present = false;
  float interval_low = 5, interval_high = 5;  // [s]
  float low[6] = {}, high[6] = {};            // x, y, z [m/s], roll, pitch, yaw [rad/s]
  float planar_low = 0, planar_high = 0;      // speed in a random horizontal direction [m/s]
};

// columns of a world's row of task state
struct StateLayout {
  int action, action1, action2;             // (nu) raw a_t, a_(t-1), a_(t-2)
  int command;                              // (3)
  int heading, flags, command_left;         // target yaw, (3) heading forward standing, [s]
  int error_xy, error_yaw, error_time;      // sums since the command was drawn
  int level;                                // 0 .. 1
  int push_left;                            // [s]
  int air, stand, last_air, last_stand;     // (feet) seconds in the air, on the ground
  int contact, land, peak, force;           // (feet) 0/1, 0/1, [m], (3 feet) [N]
  int phase;                                // of the gait, 0 .. 1
  int bias;                                 // (joints) encoder bias [rad]
  int sums;                                 // (rewards) of the episode
  int metric_xy, metric_yaw, metric_count;  // of the episode
  int columns;
};
// columns of a world's row of the log
struct LogLayout {
  int rewards, reasons, nonfinite, metric_xy, metric_yaw, level, episodes, columns;
};

// Everything of a task; arrays are (worlds, columns), world-major.
struct TaskTable {
  int worlds = 0, nq = 0, nv = 0, nu = 0, nhistory = 0, nsensordata = 0, njoint = 0, nfeet = 0;
  bool floating = false;               // the first joint is free
  float dt = 0.02f, substep = 0.005f;  // [s]
  int decimation = 4;
  int max_length = 0;           // control steps; 0: no limit
  bool substep_timers = false;  // contact timers advance every substep
  bool needs_refresh = false;   // an observation reads sensors
  bool scale_by_dt = true;
  float gait_period = 0;  // [s]; 0: no gait clock

  uint64_t seed = 1;
  int step = 0;  // global control step, low 32 bits

  const JointRow* joints = nullptr;
  const ActionRow* actions = nullptr;
  const FootRow* feet = nullptr;
  const TermRow *rewards = nullptr, *dones = nullptr, *resets = nullptr;
  int nreward = 0, ndone = 0, nreset = 0;
  const int* ids = nullptr;
  const float* numbers = nullptr;
  ObserveGroup groups[kMaxGroups];
  int ngroup = 0;
  CommandTable command;
  PushTable push;
  const float* qpos0 = nullptr;     // (nq) pose at reset
  const float* history0 = nullptr;  // (nhistory) past controls at reset
  StateLayout at{};
  LogLayout log_at{};

  float* state = nullptr;     // (worlds, at.columns)
  float* log = nullptr;       // (worlds, log_at.columns)
  int32_t* length = nullptr;  // (worlds) control steps of the episode
  float* reward = nullptr;    // (worlds)
  uint8_t *terminated = nullptr, *truncated = nullptr, *nonfinite = nullptr;
  uint32_t* reason = nullptr;
  float* reward_terms = nullptr;  // (worlds, nreward) or null
  // bound outputs of the physics; null where no term asks for them
  const float *sensordata = nullptr, *effort = nullptr, *acceleration = nullptr;
};

// entries on one pack of worlds; `physics` is where state lies
struct TaskKernels {
  int width = 0;
  size_t (*scratch_bytes)(const TaskTable&) = nullptr;
  // stage 1; actions: (worlds, nu)
  void (*act)(const TaskTable&, const PackArgs<float>& physics, void* scratch, const float* actions,
              const int* worlds, int count) = nullptr;
  // part of stage 2: contact timers after a substep
  void (*watch)(const TaskTable&, void* scratch, const int* worlds, int count) = nullptr;
  // stages 3 - 5: counters, terminations, rewards; returns whether a world of the pack is done
  bool (*judge)(const TaskTable&, const PackArgs<float>& physics, void* scratch, const int* worlds,
                int count) = nullptr;
  // stages 6 - 9: terminal capture, reset, commands, interval events
  void (*reset)(const TaskTable&, const PackArgs<float>& physics, void* scratch, const int* worlds,
                int count) = nullptr;
  // stage 10
  void (*observe)(const TaskTable&, const PackArgs<float>& physics, void* scratch,
                  const int* worlds, int count) = nullptr;
  // stages 3 - 10 in one pass, for tasks that read no sensors in observations: equal bits
  void (*finish)(const TaskTable&, const PackArgs<float>& physics, void* scratch, const int* worlds,
                 int count) = nullptr;
  // every world starts anew: stages 7, 8 and 10
  void (*begin)(const TaskTable&, const PackArgs<float>& physics, void* scratch, const int* worlds,
                int count) = nullptr;
};

}  // namespace motorium
