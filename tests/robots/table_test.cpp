// Task tables are read strictly, and shipped tables hold what the recipes say.
#include "motorium/core/error.h"
#include "tests/robots/task_helpers.h"

namespace motorium {
namespace {

// the message of an error, or "" if none
std::string complaint(const Overrides& overrides, const std::string& task = "quad-velocity-flat") {
  try {
    EnvOptions o;
    o.worlds = 1;
    o.overrides = overrides;
    make_env(task, o);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}
void expect_complaint(const Overrides& overrides, const std::string& what) {
  const std::string text = complaint(overrides);
  EXPECT_NE(text.find(what), std::string::npos) << "wanted: " << what << "\ngot: " << text;
}

TEST(TaskTable, NearestNameIsTold) {
  expect_complaint({{"rewards.action_rate.term", "action_rate_l3"}}, "action_rate_l2");
  expect_complaint({{"rewards.track_lin_vel.params", R"({"stdd": 0.5})"}}, "std");
  expect_complaint({{"rewards.track_lin_vel.sigma", "0.5"}}, "sigma");
  expect_complaint({{"rewards.action_rat.weight", "1"}}, "action_rate");
  expect_complaint({{"rewards.hip_pose.joints", "\".*_hop_joint\""}}, "matches nothing");
  expect_complaint({{"actions.joint_pos.actuators", "\"XX.*\""}}, "matches nothing");
  expect_complaint({{"events.foot_friction.geoms", "\"foot_.*\""}}, "matches nothing");
  expect_complaint({{"events.foot_friction.rang", "[1, 2]"}}, "range");
  expect_complaint({{"terminations.bad_orientation.params", R"({"limit_angel": 1})"}},
                   "limit_angle");
  expect_complaint({{"observations.actor.base_lin_vel.term", "base_lin_vell"}}, "base_lin_vel");
  expect_complaint({{"commands.twist.ranges.lin_vel_x", "[1, -1]"}}, "low is above high");
  expect_complaint({{"commands.twist.ranges.lin_val_x", "[0, 1]"}}, "lin_vel_x");
  expect_complaint({{"feet.contact", "\"{}_fot_contact\""}}, "FL_foot_contact");
  expect_complaint({{"robot", "quadd"}}, "quad");
  expect_complaint({{"decimation", "0"}}, "decimation");
  expect_complaint({{"keyframe", "hom"}}, "home");
  expect_complaint({{"rewards.hip_pose.weights", R"({".*_hip_joint": 1, "FL_hip_joint": 2})"}},
                   "matched 2 times");
  EXPECT_NE(complaint({}, "quad-velocity-flt").find("quad-velocity-flat"), std::string::npos);
}

TEST(TaskTable, Overrides) {
  Task t = read_task("quad-velocity-flat", {{"env.rewards.action-rate.weight", "-0.5"},
                                            {"rewards.track_lin_vel.std", "0.25"},
                                            {"rewards.is_alive", "null"},
                                            {"agent.max_iterations", "7"},
                                            {"commands.twist.ranges.lin_vel_x", "[0, 2]"}});
  const auto row = [&](const char* name) -> const Json* {
    for (const Json& r : t.table["rewards"])
      if (r["name"] == name) return &r;
    return nullptr;
  };
  ASSERT_TRUE(row("action_rate"));
  EXPECT_EQ((*row("action_rate"))["weight"], -0.5);
  EXPECT_EQ((*row("track_lin_vel"))["params"]["std"], 0.25);
  EXPECT_FALSE(row("is_alive"));
  EXPECT_EQ(t.table["agent"]["max_iterations"], 7);
  EXPECT_EQ(t.table["commands"][0]["params"]["ranges"]["lin_vel_x"][1], 2);
  bool found = false;
  for (const auto& [key, value] : task_agent("quad-velocity-flat", {{"agent.gamma", "0.9"}}))
    found = found || (key == "gamma" && value == "0.9");
  EXPECT_TRUE(found);
}

TEST(TaskTable, NamesAndSummaries) {
  const std::vector<std::string> names = task_names();
  for (const char* name : {"cartpole-balance", "go1-velocity-flat", "quad-velocity-flat"})
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  for (const std::string& name : names) EXPECT_FALSE(task_summary(name).empty()) << name;
}

// the published figures of the Go1 recipe
TEST(TaskTable, Go1RecipeIsAsPublished) {
  const Task t = read_task("go1-velocity-flat", {});
  struct Row {
    const char* name;
    double weight;
    const char* parameter;
    double value;
  };
  const Row rows[] = {{"track_linear_velocity", 2.0, "std", 0.5},
                      {"track_angular_velocity", 2.0, "std", 0.70710678},
                      {"upright", 1.0, "std", 0.4472136},
                      {"pose", 1.0, "walking_threshold", 0.05},
                      {"body_ang_vel", 0.0, nullptr, 0},
                      {"angular_momentum", 0.0, nullptr, 0},
                      {"dof_pos_limits", -1.0, "soft_factor", 0.9},
                      {"action_rate_l2", -0.1, nullptr, 0},
                      {"air_time", 0.0, "threshold_max", 0.5},
                      {"foot_clearance", -2.0, "target_height", 0.1},
                      {"foot_swing_height", -0.25, "target_height", 0.1},
                      {"foot_slip", -0.1, "command_threshold", 0.05},
                      {"soft_landing", -1e-5, "command_threshold", 0.05}};
  ASSERT_EQ(t.table["rewards"].size(), std::size(rows));
  for (size_t i = 0; i < std::size(rows); ++i) {
    const Json& r = t.table["rewards"][i];
    EXPECT_EQ(r["name"], rows[i].name);
    EXPECT_NEAR(r["weight"].get<double>(), rows[i].weight, 1e-12) << rows[i].name;
    if (rows[i].parameter) {
      EXPECT_NEAR(r["params"][rows[i].parameter].get<double>(), rows[i].value, 1e-6)
          << rows[i].name;
    }
  }
  const Json& p = t.table["commands"][0]["params"];
  EXPECT_EQ(p["resample"], Json::parse("[3, 8]"));
  EXPECT_EQ(p["p_standing"], 0.1);
  EXPECT_EQ(p["p_heading"], 0.3);
  EXPECT_EQ(p["p_forward"], 0.2);
  EXPECT_EQ(t.table["curriculum"][0]["params"]["stages"][1]["step"], 120000);
}

TEST(TaskTable, Go1LoadsWhereItIsInstalled) {
  EnvOptions o;
  o.worlds = 20;
  std::unique_ptr<Env> env;
  try {
    find_robot("mjlab/asset_zoo/robots/unitree_go1/xmls/go1.xml");
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("MOTORIUM_ROBOTS"), std::string::npos);
    GTEST_SKIP() << "SKIPPED: " << e.what();
  }
  env = make_env("go1-velocity-flat", o);
  EXPECT_EQ(env->observations()[0].size, 48);
  EXPECT_EQ(env->action_size(), 12);
  EXPECT_NEAR(env->action_scale()[0], 0.3728, 1e-4);
  EXPECT_NEAR(env->action_scale()[2], 0.2485, 1e-4);
  // one second with its target pose: stands
  std::vector<float> actions(static_cast<size_t>(20 * 12), 0.f);
  int ended = 0;
  for (int k = 0; k < 50; ++k) {
    env->step(actions.data());
    for (int w = 0; w < 20; ++w) ended += env->terminated()[w];
  }
  EXPECT_LE(ended, 4);
}

}  // namespace
}  // namespace motorium
