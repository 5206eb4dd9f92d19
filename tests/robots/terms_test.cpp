// Every reward, termination and observation against a formula written a second time in plain
// double.
#include <functional>
#include <map>
#include <random>

#include "motorium/robots/tasks/stages.h"
#include "motorium/robots/tasks/vocabulary.h"
#include "tests/robots/task_helpers.h"

namespace motorium {
namespace {

// one world in plain numbers
struct Plain {
  double v[3], w[3], g[3], height, c[3];           // base, gravity direction, command
  double q[12], q0[12], dq[12], tau[12], acc[12];  // joints
  double a[12], a1[12], a2[12];                    // actions
  double air[4], last_air[4], contact[4], land[4], peak[4], force[12], phase;
  double foot_z[4], foot_v[12], spread[3];  // feet, angular momentum
  bool terminated, truncated;
  double planar() const { return std::sqrt(c[0] * c[0] + c[1] * c[1]); }
  double size() const { return std::sqrt(c[0] * c[0] + c[1] * c[1] + c[2] * c[2]); }
  double total() const { return planar() + std::fabs(c[2]); }
};

// the quad with every reward term in its table
const char* const kRows = R"([
  {"name": "track_lin_vel_xy_exp", "weight": 1, "params": {"std": 0.5}},
  {"name": "track_ang_vel_z_exp", "weight": 1, "params": {"std": 0.4}},
  {"name": "track_linear_velocity", "weight": 1, "params": {"std": 0.5}},
  {"name": "track_angular_velocity", "weight": 1, "params": {"std": 0.7071}},
  {"name": "lin_vel_z_l2", "weight": 1}, {"name": "ang_vel_xy_l2", "weight": 1},
  {"name": "flat_orientation_l2", "weight": 1},
  {"name": "upright", "weight": 1, "params": {"std": 0.4472}},
  {"name": "base_height_l2", "weight": 1, "params": {"target_height": 0.27}},
  {"name": "body_ang_vel_l2", "weight": 1},
  {"name": "angular_momentum_l2", "weight": 1, "params": {"sensor": "imu_upvector"}},
  {"name": "posture", "weight": 1, "params": {"std": {".*_(hip|thigh)_joint": 0.3, ".*_calf_joint": 0.6}}},
  {"name": "variable_posture", "weight": 1, "params": {"std_standing": 0.05, "std_walking": 0.3, "std_running": 0.5}},
  {"name": "pose_exp", "weight": 1, "params": {"weights": {".*_(hip|thigh)_joint": 1, ".*_calf_joint": 0.1}}},
  {"name": "pose_l2", "weight": 1, "params": {"joints": ".*_hip_joint"}},
  {"name": "joint_deviation_l1", "weight": 1}, {"name": "stand_still", "weight": 1},
  {"name": "joint_torques_l2", "weight": 1}, {"name": "energy", "weight": 1},
  {"name": "electrical_power", "weight": 1}, {"name": "joint_vel_l2", "weight": 1},
  {"name": "joint_acc_l2", "weight": 1}, {"name": "action_rate_l2", "weight": 1},
  {"name": "action_acc_l2", "weight": 1}, {"name": "joint_pos_limits", "weight": 1},
  {"name": "feet_air_time", "weight": 1, "params": {"threshold": 0.2}},
  {"name": "feet_air_time_range", "weight": 1}, {"name": "feet_slip", "weight": 1},
  {"name": "foot_clearance", "weight": 1, "params": {"target_height": 0.1}},
  {"name": "feet_swing_height", "weight": 1, "params": {"target_height": 0.1}},
  {"name": "soft_landing", "weight": 1}, {"name": "feet_gait", "weight": 1},
  {"name": "feet_phase", "weight": 1, "params": {"swing_height": 0.06, "sigma": 0.01, "threshold": 0.55, "foot_radius": 0.02}},
  {"name": "is_alive", "weight": 1}, {"name": "is_terminated", "weight": 1}
])";

double sq(double x) { return x * x; }
// sum over n of f(i)
double sum(int n, const std::function<double(int)>& f) {
  double s = 0;
  for (int i = 0; i < n; ++i) s += f(i);
  return s;
}
bool is_calf(int j) { return j % 3 == 2; }
double foot_phase(const Plain& p, int f) {
  const double offset = f == 0 || f == 3 ? 0 : 0.5;
  return std::fmod(p.phase + offset, 1.0);
}
double rise(double y) { return y * y * y + 3 * y * y * (1 - y); }
double planar_foot(const Plain& p, int f) {
  return std::hypot(p.foot_v[3 * f], p.foot_v[3 * f + 1]);
}

// what each term should be; low, high: joint limits
std::map<std::string, double> expected(const Plain& p, const std::vector<double>& low,
                                       const std::vector<double>& high) {
  std::map<std::string, double> r;
  const double exy = sq(p.c[0] - p.v[0]) + sq(p.c[1] - p.v[1]), eyaw = sq(p.c[2] - p.w[2]);
  const double tilt = sq(p.g[0]) + sq(p.g[1]);
  const auto d = [&](int j) { return p.q[j] - p.q0[j]; };
  r["track_lin_vel_xy_exp"] = std::exp(-exy / sq(0.5));
  r["track_ang_vel_z_exp"] = std::exp(-eyaw / sq(0.4));
  r["track_linear_velocity"] = std::exp(-(exy + sq(p.v[2])) / sq(0.5));
  r["track_angular_velocity"] = std::exp(-(eyaw + sq(p.w[0]) + sq(p.w[1])) / sq(0.7071));
  r["lin_vel_z_l2"] = sq(p.v[2]);
  r["ang_vel_xy_l2"] = sq(p.w[0]) + sq(p.w[1]);
  r["flat_orientation_l2"] = tilt;
  r["upright"] = std::exp(-tilt / sq(0.4472));
  r["base_height_l2"] = sq(p.height - 0.27);
  // horizontal angular velocity: all of it less its part along gravity
  const double along = p.w[0] * p.g[0] + p.w[1] * p.g[1] + p.w[2] * p.g[2];
  r["body_ang_vel_l2"] = sq(p.w[0]) + sq(p.w[1]) + sq(p.w[2]) - sq(along);
  r["angular_momentum_l2"] = sq(p.spread[0]) + sq(p.spread[1]) + sq(p.spread[2]);
  const auto posture = [&](double sigma, double calf) {
    return std::exp(-sum(12, [&](int j) { return sq(d(j) / (is_calf(j) ? calf : sigma)); }) / 12);
  };
  r["posture"] = posture(0.3, 0.6);
  r["variable_posture"] = p.total() < 0.05  ? posture(0.05, 0.05)
                          : p.total() < 1.5 ? posture(0.3, 0.3)
                                            : posture(0.5, 0.5);
  r["pose_exp"] = std::exp(-sum(12, [&](int j) { return (is_calf(j) ? 0.1 : 1) * sq(d(j)); }));
  r["pose_l2"] = sq(d(0)) + sq(d(3)) + sq(d(6)) + sq(d(9));
  r["joint_deviation_l1"] = sum(12, [&](int j) { return std::fabs(d(j)); });
  r["stand_still"] = p.size() < 0.01 ? r["joint_deviation_l1"] : 0;
  r["joint_torques_l2"] = sum(12, [&](int j) { return sq(p.tau[j]); });
  r["energy"] = sum(12, [&](int j) { return std::fabs(p.tau[j] * p.dq[j]); });
  r["electrical_power"] = sum(12, [&](int j) { return std::max(p.tau[j] * p.dq[j], 0.0); });
  r["joint_vel_l2"] = sum(12, [&](int j) { return sq(p.dq[j]); });
  r["joint_acc_l2"] = sum(12, [&](int j) { return sq(p.acc[j]); });
  r["action_rate_l2"] = sum(12, [&](int j) { return sq(p.a[j] - p.a1[j]); });
  r["action_acc_l2"] = sum(12, [&](int j) { return sq(p.a[j] - 2 * p.a1[j] + p.a2[j]); });
  r["joint_pos_limits"] = sum(12, [&](int j) {
    const size_t k = static_cast<size_t>(j);
    const double centre = 0.5 * (low[k] + high[k]), half = 0.45 * (high[k] - low[k]);
    return std::max(centre - half - p.q[j], 0.0) + std::max(p.q[j] - centre - half, 0.0);
  });
  const double told = p.total();
  r["feet_air_time"] =
      p.planar() > 0.1 ? sum(4, [&](int f) { return (p.last_air[f] - 0.2) * p.land[f]; }) : 0;
  r["feet_air_time_range"] =
      told > 0.5 ? sum(4, [&](int f) { return p.air[f] > 0.05 && p.air[f] < 0.5; }) : 0;
  r["feet_slip"] =
      told > 0.05 ? sum(4, [&](int f) { return sq(planar_foot(p, f)) * p.contact[f]; }) : 0;
  r["foot_clearance"] =
      told > 0.05 ? sum(4, [&](int f) { return std::fabs(p.foot_z[f] - 0.1) * planar_foot(p, f); })
                  : 0;
  r["feet_swing_height"] =
      told > 0.05 ? sum(4, [&](int f) { return sq(p.peak[f] / 0.1 - 1) * p.land[f]; }) : 0;
  r["soft_landing"] = told > 0.05
                          ? sum(4,
                                [&](int f) {
                                  return std::sqrt(sq(p.force[3 * f]) + sq(p.force[3 * f + 1]) +
                                                   sq(p.force[3 * f + 2])) *
                                         p.land[f];
                                })
                          : 0;
  r["feet_gait"] =
      p.size() > 0.1
          ? sum(4, [&](int f) { return foot_phase(p, f) < 0.55 ? p.contact[f] : 1 - p.contact[f]; })
          : 0;
  r["feet_phase"] = p.size() > 0.01
                        ? std::exp(-sum(4,
                                        [&](int f) {
                                          const double y = (foot_phase(p, f) - 0.55) / 0.45;
                                          const double h = y < 0     ? 0
                                                           : y < 0.5 ? rise(2 * y)
                                                                     : 1 - rise(2 * y - 1);
                                          return sq(p.foot_z[f] - 0.02 - 0.06 * h);
                                        }) /
                                   0.01)
                        : 0;
  r["is_alive"] = p.terminated ? 0 : 1;
  r["is_terminated"] = p.terminated ? 1 : 0;
  return r;
}

// the same world for the kernels
struct Stage {
  Task task = [] {
    Task t = read_task("quad-velocity-flat", {});
    t.table["rewards"] = Json::parse(kRows);
    t.table["curriculum"] = Json::array();
    return t;
  }();
  std::shared_ptr<const Model> model = load_task_model(task, "");
  CompiledTask c;
  std::vector<double> low, high;
  Stage() {
    compile_task(task, *model, c);
    for (const JointRow& j : c.joints) {
      low.push_back(static_cast<double>(j.low));
      high.push_back(static_cast<double>(j.high));
    }
  }

  template <class Real> struct Memory {
    std::vector<Real> qpos, qvel, sensor, effort, acceleration, state;
    Moment<Real> x;
  };
  template <class Real> void fill(const Plain& p, const double* quat, Memory<Real>& m) const {
    const TaskTable& t = c.table;
    m.qpos.assign(static_cast<size_t>(t.nq), Real(0));
    m.qvel.assign(static_cast<size_t>(t.nv), Real(0));
    m.effort = m.acceleration = m.qvel;
    m.sensor.assign(static_cast<size_t>(t.nsensordata), Real(0));
    m.state.assign(static_cast<size_t>(t.at.columns), Real(0));
    const auto put = [](Real& to, double v) { to = Real(static_cast<Scalar<Real>>(v)); };
    put(m.qpos[2], p.height);
    for (size_t i = 0; i < 4; ++i) put(m.qpos[3 + i], quat[i]);
    // world velocity of the base = R v
    const Quat<double> q = {quat[0], quat[1], quat[2], quat[3]};
    const Vec3<double> v = rotate(q, Vec3<double>{p.v[0], p.v[1], p.v[2]});
    for (int i = 0; i < 3; ++i) put(m.qvel[static_cast<size_t>(i)], v[i]);
    for (size_t i = 0; i < 3; ++i) put(m.qvel[3 + i], p.w[i]);
    for (size_t j = 0; j < 12; ++j) {
      put(m.qpos[7 + j], p.q[j]);
      put(m.qvel[6 + j], p.dq[j]);
      put(m.effort[6 + j], p.tau[j]);
      put(m.acceleration[6 + j], p.acc[j]);
    }
    const auto state = [&](int column, const double* from, int n) {
      for (int i = 0; i < n; ++i) put(m.state[static_cast<size_t>(column + i)], from[i]);
    };
    const StateLayout& s = t.at;
    state(s.action, p.a, 12);
    state(s.action1, p.a1, 12);
    state(s.action2, p.a2, 12);
    state(s.command, p.c, 3);
    state(s.air, p.air, 4);
    state(s.last_air, p.last_air, 4);
    state(s.contact, p.contact, 4);
    state(s.land, p.land, 4);
    state(s.peak, p.peak, 4);
    state(s.force, p.force, 12);
    state(s.phase, &p.phase, 1);
    for (size_t f = 0; f < 4; ++f) {
      put(m.sensor[static_cast<size_t>(t.feet[f].position + 2)], p.foot_z[f]);
      for (size_t i = 0; i < 3; ++i)
        put(m.sensor[static_cast<size_t>(t.feet[f].velocity) + i], p.foot_v[3 * f + i]);
    }
    for (size_t i = 0; i < 3; ++i)
      put(m.sensor[static_cast<size_t>(c.ids[static_cast<size_t>(c.rewards[10].first)]) + i],
          p.spread[i]);
    Moment<Real>& x = m.x;
    x.qpos = m.qpos.data();
    x.qvel = m.qvel.data();
    x.effort = m.effort.data();
    x.acceleration = m.acceleration.data();
    x.sensor = m.sensor.data();
    x.state = m.state.data();
    x.world = Int<Real>(0);
    x.length = Int<Real>(5);
    x.terminated = Mask<Real>(p.terminated);
    x.truncated = Mask<Real>(p.truncated);
    x.bad = Mask<Real>(false);
    update_base(t, x);
  }
};

// random worlds; `edge` picks zero commands, no contact, a fresh reset, both flags
Plain random_world(const Stage& s, int number, double* quat) {
  std::mt19937 random(static_cast<unsigned>(number));
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> u;
  // what a float can hold, so that inputs are equal in every precision
  const auto n = [&](double scale) {
    return static_cast<double>(static_cast<float>(scale * normal(random)));
  };
  const auto pos = [&](double scale) {
    return static_cast<double>(static_cast<float>(scale * u(random)));
  };
  Plain p{};
  double norm = 0;
  for (int i = 0; i < 4; ++i) {
    quat[i] = i == 0 ? 1 + 0.2 * normal(random) : 0.4 * normal(random);
    norm += sq(quat[i]);
  }
  for (int i = 0; i < 4; ++i) quat[i] /= std::sqrt(norm);
  const double w = quat[0], x = quat[1], y = quat[2], z = quat[3];
  p.g[0] = -2 * (x * z - w * y);
  p.g[1] = -2 * (y * z + w * x);
  p.g[2] = -(1 - 2 * (x * x + y * y));
  for (int i = 0; i < 3; ++i) p.v[i] = n(0.7), p.w[i] = n(0.7), p.c[i] = n(0.6), p.spread[i] = n(1);
  p.height = 0.27 + n(0.05);
  for (size_t j = 0; j < 12; ++j) {
    p.q0[j] = static_cast<double>(s.c.joints[j].q0);
    p.q[j] = static_cast<double>(static_cast<float>(p.q0[j] + n(0.5)));
    p.dq[j] = n(3), p.tau[j] = n(8), p.acc[j] = n(40);
    p.a[j] = n(1), p.a1[j] = n(1), p.a2[j] = n(1);
  }
  for (int f = 0; f < 4; ++f) {
    p.air[f] = pos(0.6), p.last_air[f] = pos(0.6), p.peak[f] = pos(0.15);
    p.contact[f] = u(random) < 0.5, p.land[f] = u(random) < 0.5;
    p.foot_z[f] = pos(0.15);
    for (int i = 0; i < 3; ++i) p.foot_v[3 * f + i] = n(0.7), p.force[3 * f + i] = n(60);
  }
  p.phase = pos(0.999);
  p.terminated = number % 3 == 1;
  p.truncated = number % 5 == 1;
  if (number % 7 == 2)
    for (double& c : p.c) c = 0;
  if (number % 7 == 3)
    for (int f = 0; f < 4; ++f) p.contact[f] = p.land[f] = 0;
  if (number % 7 == 4)  // first step after a reset
    for (int f = 0; f < 4; ++f) p.air[f] = p.last_air[f] = p.peak[f] = p.land[f] = 0;
  return p;
}

template <class Real> void check_rewards(double tolerance) {
  const Stage s;
  ASSERT_EQ(s.c.rewards.size(), reward_vocabulary().size()) << "a term has no test";
  for (int k = 0; k < 200; ++k) {
    double quat[4];
    const Plain p = random_world(s, k, quat);
    Stage::Memory<Real> m;
    s.fill(p, quat, m);
    std::map<std::string, double> want = expected(p, s.low, s.high);
    for (size_t i = 0; i < s.c.rewards.size(); ++i) {
      const std::string& name = s.c.reward_names[i];
      ASSERT_TRUE(want.count(name)) << name;
      const double got =
          static_cast<double>(get(reward_value<Real>(s.c.table, s.c.rewards[i], m.x), 0));
      EXPECT_NEAR(got, want[name], tolerance * (1 + std::fabs(want[name])))
          << name << " world " << k;
    }
  }
}

TEST(Terms, RewardsAreTheirFormulas) { check_rewards<double>(1e-6); }
TEST(Terms, RewardsInFloat) { check_rewards<float>(1e-4); }

TEST(Terms, Terminations) {
  Stage s;
  TermRow tilt, low, out, up, time;
  time.kind = static_cast<int>(DoneTerm::time_out);
  tilt.kind = static_cast<int>(DoneTerm::bad_orientation);
  tilt.p[0] = static_cast<float>(std::cos(0.9));
  up.kind = static_cast<int>(DoneTerm::upside_down);
  low.kind = static_cast<int>(DoneTerm::root_height_below);
  low.p[0] = 0.26f;
  out.kind = static_cast<int>(DoneTerm::joint_out_of_bounds);
  out.p[0] = 0.6f;
  std::vector<int> all(12);
  for (int i = 0; i < 12; ++i) all[static_cast<size_t>(i)] = i;
  out.count = 12;
  s.c.table.ids = all.data();
  s.c.table.max_length = 5;
  int seen[5][2] = {};
  for (int k = 0; k < 300; ++k) {
    double quat[4];
    const Plain p = random_world(s, k, quat);
    Stage::Memory<double> m;
    s.fill(p, quat, m);
    m.x.length = k % 10;
    bool far = false;
    for (int j = 0; j < 12; ++j) far = far || std::fabs(p.q[j] - p.q0[j]) > double(0.6f);
    const bool want[5] = {std::acos(-p.g[2]) > 0.9, p.g[2] > 0, p.height < double(0.26f), far,
                          k % 10 >= 5};
    const TermRow* rows[5] = {&tilt, &up, &low, &out, &time};
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(done_value<double>(s.c.table, *rows[i], m.x), want[i]) << i << " world " << k;
      ++seen[i][want[i]];
    }
  }
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(seen[i][0] > 0 && seen[i][1] > 0) << i;
}

TEST(Terms, Observations) {
  const Stage s;
  for (int k = 0; k < 50; ++k) {
    double quat[4];
    const Plain p = random_world(s, k, quat);
    Stage::Memory<double> m;
    s.fill(p, quat, m);
    // the critic's group, in the order of its terms
    std::vector<double> want;
    const auto add = [&](const double* v, int n) { want.insert(want.end(), v, v + n); };
    add(p.v, 3);
    add(p.w, 3);
    add(p.g, 3);
    for (int j = 0; j < 12; ++j) want.push_back(p.q[j] - p.q0[j]);
    add(p.dq, 12);
    add(p.a, 12);
    add(p.c, 3);
    want.push_back(std::sin(2 * M_PI * p.phase));
    want.push_back(std::cos(2 * M_PI * p.phase));
    add(p.contact, 4);
    add(p.air, 4);
    for (double f : p.force) want.push_back(std::copysign(std::log(1 + std::fabs(f)), f));
    const std::vector<ObserveElement>& elements = s.c.elements[1];
    ASSERT_EQ(elements.size(), want.size());
    for (size_t i = 0; i < want.size(); ++i)
      EXPECT_NEAR(observe_element<double>(s.c.table, elements[i], m.x, false, 0), want[i],
                  1e-6 * (1 + std::fabs(want[i])))
          << i << " world " << k;
  }
}

// contact timers: a foot that lifts for 5 steps and lands
TEST(Terms, ContactTimers) {
  for (bool substep : {false, true}) {
    Stage s;
    TaskTable& t = s.c.table;
    t.substep_timers = substep;
    double quat[4];
    const Plain p = random_world(s, 4, quat);
    Stage::Memory<double> m;
    s.fill(p, quat, m);
    std::fill(m.state.begin(), m.state.end(), 0.0);
    const int found = t.feet[0].found;
    const auto run = [&](double contact) {
      m.sensor[static_cast<size_t>(found)] = contact;
      if (substep)
        for (int k = 0; k < t.decimation; ++k) update_feet(t, m.x, t.substep);
      else
        update_feet(t, m.x, t.dt);
      return m.state[static_cast<size_t>(t.at.land)];
    };
    for (int k = 0; k < 3; ++k) run(1);
    for (int k = 0; k < 5; ++k) EXPECT_EQ(run(0), 0);
    EXPECT_NEAR(m.state[static_cast<size_t>(t.at.air)], 0.1, 1e-6);
    EXPECT_EQ(run(1), 1) << "landing";
    EXPECT_NEAR(m.state[static_cast<size_t>(t.at.last_air)], substep ? 0.105 : 0.12, 1e-6);
    EXPECT_EQ(run(1), 0) << "standing";
    EXPECT_NEAR(m.state[static_cast<size_t>(t.at.stand)], 0.04, 1e-6);
  }
}

// commands: ranges, flags, standing wins, levels
TEST(Terms, Commands) {
  Stage s;
  TaskTable& t = s.c.table;
  CommandTable& c = t.command;
  c.levels = false;
  c.p_standing = 0.25f, c.p_forward = 0.5f, c.p_heading = 0.5f;
  for (int i = 0; i < 3; ++i) c.low[i] = -1, c.high[i] = 1;
  double quat[4];
  const Plain p = random_world(s, 1, quat);
  Stage::Memory<double> m;
  s.fill(p, quat, m);
  int standing = 0, forward = 0, heading = 0;
  double mean = 0;
  const int n = 4000;
  for (int k = 0; k < n; ++k) {
    t.step = k;
    draw_command(t, m.x, true);
    const double* told = m.state.data() + t.at.command;
    mean += told[0] / n;
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(told[i] >= -1 && told[i] <= 1);
    const bool f = m.state[static_cast<size_t>(t.at.flags + 1)] > 0;
    const bool h = m.state[static_cast<size_t>(t.at.flags)] > 0;
    const bool still = m.state[static_cast<size_t>(t.at.flags + 2)] > 0;
    if (f) {
      EXPECT_TRUE(told[0] >= 0.3 - 1e-6 && told[1] == 0 && told[2] == 0);
    }
    steer_command(t, m.x);
    const double error =
        std::remainder(m.state[static_cast<size_t>(t.at.heading)] - m.x.yaw, 2 * M_PI);
    if (still) {
      EXPECT_EQ(std::fabs(told[0]) + std::fabs(told[1]) + std::fabs(told[2]), 0);
    } else if (h) {
      EXPECT_NEAR(told[2], std::clamp(0.5 * error, -1.0, 1.0), 1e-6);
    }
    standing += still, forward += f, heading += h;
  }
  EXPECT_NEAR(standing, 0.25 * n, 0.04 * n);
  EXPECT_NEAR(forward, 0.5 * n, 0.04 * n);
  EXPECT_NEAR(heading, 0.5 * n, 0.04 * n);
  // half of the draws: mean of max(|x|, 0.3) = 0.3 0.3 + (1 - 0.09) / 2
  EXPECT_NEAR(mean, 0.5 * 0.545, 0.03);
}

// levels: a world that follows goes up, one that does not goes down, and ranges follow
TEST(Terms, CommandLevels) {
  Stage s;
  TaskTable& t = s.c.table;
  CommandTable& c = t.command;
  c.levels = true;
  c.level_step = 0.25f, c.level_up = 0.4f, c.level_down = 0.8f, c.level_floor = 0.3f;
  c.p_forward = c.p_heading = c.p_standing = 0;
  c.low[0] = -1, c.high[0] = 1, c.start_low[0] = 0.5f, c.start_high[0] = 0.5f;
  double quat[4];
  const Plain p = random_world(s, 1, quat);
  Stage::Memory<double> m;
  s.fill(p, quat, m);
  double& level = m.state[static_cast<size_t>(t.at.level)];
  const auto judge = [&](double error) {
    m.state[static_cast<size_t>(t.at.command)] = 1;
    m.state[static_cast<size_t>(t.at.command + 1)] = 0;
    m.state[static_cast<size_t>(t.at.error_xy)] = 3 * error;
    m.state[static_cast<size_t>(t.at.error_time)] = 3;
    ++t.step;
    draw_command(t, m.x, true);
    return level;
  };
  level = 0;
  EXPECT_EQ(judge(0.9), 0);
  EXPECT_EQ(m.state[static_cast<size_t>(t.at.command)], 0.5);
  EXPECT_EQ(judge(0.1), 0.25);
  EXPECT_EQ(judge(0.6), 0.25);
  for (int k = 0; k < 5; ++k) judge(0.1);
  EXPECT_EQ(level, 1);
  EXPECT_EQ(judge(0.9), 0.75);
}

}  // namespace
}  // namespace motorium
