// Our robots: they load, stand, and are what their pages say.
#include <fstream>
#include <sstream>

#include "tests/robots/task_helpers.h"

namespace motorium {
namespace {

std::string page(const std::string& robot) {
  std::ifstream in(std::string(MOTORIUM_SOURCE_DIR) + "/robots/" + robot + "/robot.md");
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}
// the number in the second column of the row `| name | number ...`
double figure(const std::string& text, const std::string& name) {
  const size_t at = text.find("| " + name + " |");
  EXPECT_NE(at, std::string::npos) << name;
  return at == std::string::npos ? NAN : std::atof(text.c_str() + at + name.size() + 4);
}

TEST(Quad, IsWhatItsPageSays) {
  const auto m = load_model(find_robot("quad"));
  const std::string text = page("quad");
  const auto joint = [&](const std::string& name) {
    return static_cast<size_t>(std::find(m->jnt_name.begin(), m->jnt_name.end(), name) -
                               m->jnt_name.begin());
  };
  EXPECT_NEAR(figure(text, "total mass [kg]"), m->body_subtreemass[1], 1e-6);
  EXPECT_EQ(figure(text, "actuated joints"), m->nu);
  EXPECT_EQ(figure(text, "time step [s]"), m->timestep);
  EXPECT_EQ(figure(text, "collision pairs"), m->npair);
  EXPECT_NEAR(figure(text, "standing height [m]"), m->key_qpos[2], 1e-9);
  for (const std::string part : {"hip", "thigh", "calf"}) {
    const size_t j = joint("FL_" + part + "_joint");
    ASSERT_LT(j, m->jnt_name.size());
    const size_t d = static_cast<size_t>(m->jnt_dofadr[j]);
    EXPECT_NEAR(figure(text, part + " torque limit [N m]"), m->jnt_actfrcrange[2 * j + 1], 1e-9);
    EXPECT_NEAR(figure(text, part + " armature [kg m^2]"), m->dof_armature[d], 1e-9);
    EXPECT_NEAR(figure(text, part + " lower limit [rad]"), m->jnt_range[2 * j], 1e-9);
    EXPECT_NEAR(figure(text, part + " upper limit [rad]"), m->jnt_range[2 * j + 1], 1e-9);
  }
  EXPECT_NEAR(figure(text, "servo stiffness [N m/rad]"), m->actuator_gainprm[0], 1e-9);
  EXPECT_NEAR(figure(text, "servo damping [N m s/rad]"), -m->actuator_biasprm[2], 1e-9);
}

TEST(Quad, StandsForFiveSeconds) {
  const auto m = load_model(find_robot("quad"));
  BatchOptions o;
  o.worlds = 16;
  Batch batch(m, o);
  ResetOptions home;
  home.keyframe = 0;
  batch.reset(home);
  const float* qpos = static_cast<const float*>(batch.state("qpos").data);
  StepOptions step;
  step.nstep = 1000;
  batch.step(step);
  for (int w = 0; w < 16; ++w) {
    const float* q = qpos + w * m->nq;
    EXPECT_NEAR(q[2], 0.27, 0.02) << w;
    EXPECT_GT(1 - 2 * (q[4] * q[4] + q[5] * q[5]), 0.99f) << w;
    EXPECT_LT(std::hypot(q[0], q[1]), 0.1f) << w;
    EXPECT_EQ(batch.status()[w] & 3u, 0u);
  }
}

TEST(Cartpole, IsWhatItsPageSays) {
  const auto m = load_model(find_robot("cartpole"));
  const std::string text = page("cartpole");
  EXPECT_NEAR(figure(text, "cart mass [kg]"), m->body_mass[1], 1e-9);
  EXPECT_NEAR(figure(text, "pole mass [kg]"), m->body_mass[2], 1e-9);
  EXPECT_NEAR(figure(text, "motor force limit [N]"), m->actuator_ctrlrange[1], 1e-9);
  EXPECT_EQ(figure(text, "time step [s]"), m->timestep);
}

TEST(Cartpole, FallsWithoutHelp) {
  EnvOptions o;
  o.worlds = 16;
  auto env = make_env("cartpole-balance", o);
  std::vector<float> zero(16, 0.f);
  int fell = 0;
  for (int k = 0; k < 200; ++k) {
    env->step(zero.data());
    for (int w = 0; w < 16; ++w) fell += env->terminated()[w];
  }
  EXPECT_GE(fell, 16);
}

}  // namespace
}  // namespace motorium
