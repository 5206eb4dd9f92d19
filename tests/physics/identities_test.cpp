// Laws that hold whatever the engine: P1 (identities on random trees), P2 (conservation), P3
// (closed forms), and S3 (a step allocates nothing). Double unless said otherwise.
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <new>
#include <numbers>
#include <sstream>

#include "motorium/core/status.h"
#include "runner.h"

namespace {
std::atomic<long> allocations{0};
}
// a sanitizer brings its own
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MOTORIUM_COUNT_ALLOCATIONS 1
void* operator new(size_t n) {
  ++allocations;
  if (void* p = std::malloc(n)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
#endif

namespace motorium {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

struct World {
  explicit World(std::shared_ptr<const Model> m)
      : model(m),
        pool(1),
        batch(m, {.worlds = 1, .precision = Precision::double_, .threads = &pool}) {}
  explicit World(const std::string& xml) : World(load_model_from_string(xml)) {}
  double* operator[](const char* name) {
    for (const std::string& n : batch.output_names())
      if (n == name) return static_cast<double*>(batch.bind(name).data);
    return static_cast<double*>(batch.state(name).data);
  }
  void run(double seconds) {
    batch.step({.nstep = static_cast<int>(std::lround(seconds / model->timestep))});
  }
  std::shared_ptr<const Model> model;
  Threads pool;
  Batch batch;
};

// a random tree of `joints` joints of all types with random inertias
std::string random_tree(std::mt19937& random, int joints, const std::string& option) {
  const auto number = [&](double lo, double hi) {
    return lo + (hi - lo) * static_cast<double>(random()) * 0x1p-32;
  };
  const auto triple = [&](double size) {
    std::ostringstream s;
    s << number(-size, size) << ' ' << number(-size, size) << ' ' << number(-size, size);
    return s.str();
  };
  std::ostringstream xml;
  xml << "<mujoco><option " << option << "/><worldbody>";
  int open = 0;
  for (int j = 0; j < joints; ++j) {
    // go up the tree now and then
    while (open > 0 && random() % 3 == 0) {
      xml << "</body>";
      --open;
    }
    xml << "<body pos='" << triple(.4) << "' euler='" << triple(90) << "'>";
    const unsigned kind = random() % 8;
    if (open == 0 && kind < 3)
      xml << "<freejoint/>";
    else if (kind == 3)
      xml << "<joint type='ball' pos='" << triple(.1) << "'/>";
    else if (kind == 4)
      xml << "<joint type='slide' axis='" << triple(1) << "' armature='.1'/>";
    else
      xml << "<joint axis='" << triple(1) << "' pos='" << triple(.1) << "' armature='"
          << number(0, .1) << "'/>";
    xml << "<inertial pos='" << triple(.2) << "' mass='" << number(.2, 3)
        << "' diaginertia='.01 .012 .014' quat='" << number(.2, 1) << " .1 .3 .2'/>";
    ++open;
  }
  while (open-- > 0) xml << "</body>";
  xml << "</worldbody></mujoco>";
  return xml.str();
}

// an independent inverse dynamics on the engine's own motion axes and inertias
Vector inverse_dynamics(World& w, const Vector& v, const Vector& a,
                        const Eigen::Vector3d& gravity) {
  const Model& m = *w.model;
  using Spatial = Eigen::Matrix<double, 6, 1>;
  using Matrix6 = Eigen::Matrix<double, 6, 6>;
  const auto skew = [](const Eigen::Vector3d& u) {
    Eigen::Matrix3d s;
    s << 0, -u.z(), u.y(), u.z(), 0, -u.x(), -u.y(), u.x(), 0;
    return s;
  };
  const double *cdof = w["cdof"], *cinert = w["cinert"], *dot = w["cdof_dot"], *cvel = w["cvel"];
  std::vector<Spatial> acc(static_cast<size_t>(m.nbody)), force(static_cast<size_t>(m.nbody));
  acc[0] << 0, 0, 0, -gravity;
  for (size_t b = 1; b < acc.size(); ++b) {
    acc[b] = acc[static_cast<size_t>(m.body_parentid[b])];
    for (int d = m.body_dofadr[b]; d < m.body_dofadr[b] + m.body_dofnum[b]; ++d)
      for (int k = 0; k < 6; ++k) acc[b][k] += cdof[6 * d + k] * a[d] + dot[6 * d + k] * v[d];
    const double* I = cinert + 10 * b;
    const Eigen::Vector3d mc(I[6], I[7], I[8]);
    Matrix6 inertia = Matrix6::Zero();
    inertia.topLeftCorner<3, 3>() << I[0], I[3], I[4], I[3], I[1], I[5], I[4], I[5], I[2];
    inertia.topRightCorner<3, 3>() = skew(mc);
    inertia.bottomLeftCorner<3, 3>() = -skew(mc);
    inertia.bottomRightCorner<3, 3>() = I[9] * Eigen::Matrix3d::Identity();
    const Eigen::Vector3d r(cvel[6 * b], cvel[6 * b + 1], cvel[6 * b + 2]),
        t(cvel[6 * b + 3], cvel[6 * b + 4], cvel[6 * b + 5]);
    Spatial velocity;
    velocity << r, t;
    Matrix6 cross = Matrix6::Zero();
    cross.topLeftCorner<3, 3>() = skew(r);
    cross.topRightCorner<3, 3>() = skew(t);
    cross.bottomRightCorner<3, 3>() = skew(r);
    force[b] = inertia * acc[b] + cross * (inertia * velocity);
  }
  for (size_t b = acc.size() - 1; b > 0; --b)
    force[static_cast<size_t>(m.body_parentid[b])] += force[b];
  Vector tau(m.nv);
  for (int d = 0; d < m.nv; ++d) {
    tau[d] = m.dof_armature[static_cast<size_t>(d)] * a[d];
    for (int k = 0; k < 6; ++k)
      tau[d] +=
          cdof[6 * d + k] * force[static_cast<size_t>(m.dof_bodyid[static_cast<size_t>(d)])][k];
  }
  return tau;
}

Matrix full_inertia(World& w) {
  const Model& m = *w.model;
  const double* M = w["qM"];
  Matrix full = Matrix::Zero(m.nv, m.nv);
  for (int i = 0; i < m.nv; ++i)
    for (int k = 0; k < m.M_rownum[static_cast<size_t>(i)]; ++k) {
      const int at = m.M_rowadr[static_cast<size_t>(i)] + k, j = m.M_col[static_cast<size_t>(at)];
      full(i, j) = full(j, i) = M[at];
    }
  return full;
}

TEST(Identity, InverseOfForwardAndColumnsOfInertiaOnRandomTrees) {
  std::mt19937 random(20261124);
  double worst = 0;
  for (int tree = 0; tree < 200; ++tree) {
    World w(random_tree(random, 1 + tree * 59 / 199, "gravity='1 -2 -9'"));
    const Model& m = *w.model;
    for (const char* f : {"cdof", "cinert", "cdof_dot", "cvel", "qM", "qfrc_bias", "qacc_smooth"})
      w[f];
    const Vector none = Vector::Zero(m.nv);
    for (int state = 0; state < 10; ++state) {
      Vector v(m.nv), tau(m.nv);
      for (int i = 0; i < m.nq; ++i) w["qpos"][i] += static_cast<double>(random()) * 0x1p-32 - .5;
      for (int i = 0; i < m.nv; ++i) {
        w["qvel"][i] = v[i] = 2 * static_cast<double>(random()) * 0x1p-32 - 1;
        w["qfrc_applied"][i] = tau[i] = 2 * static_cast<double>(random()) * 0x1p-32 - 1;
      }
      w.batch.forward();
      const Matrix M = full_inertia(w);
      const double scale = std::max(1.0, M.cwiseAbs().maxCoeff());

      // inertia is positive definite
      ASSERT_EQ(Eigen::Success, M.llt().info());

      // forces of the forward acceleration are the applied ones
      const Vector a = Eigen::Map<Vector>(w["qacc_smooth"], m.nv);
      const Eigen::Vector3d g(1, -2, -9);
      const double big = std::max({scale, a.cwiseAbs().maxCoeff(), 1.0});
      const double error =
          (inverse_dynamics(w, v, a, g) - tau).cwiseAbs().maxCoeff() / (scale * big);
      worst = std::max(worst, error);
      ASSERT_LT(error, 1e-10) << "tree " << tree;

      // columns: inverse dynamics of unit accelerations; the velocity terms cancel
      const Vector rest = inverse_dynamics(w, v, none, g);
      EXPECT_LT((rest - Eigen::Map<Vector>(w["qfrc_bias"], m.nv)).cwiseAbs().maxCoeff() / scale,
                1e-10);
      if (state == 0)
        for (int i = 0; i < m.nv; ++i) {
          Vector unit = none;
          unit[i] = 1;
          const Vector column = inverse_dynamics(w, v, unit, g) - rest;
          for (int j = 0; j < m.nv; ++j)
            // the engine stores the tree's pattern: the rest is zero anyway
            ASSERT_NEAR(column[j], M(j, i), 1e-10 * scale);
        }
    }
  }
  std::printf("worst residual of the inverse: %.1e\n", worst);
}

// momentum of all bodies about the tree's centre of mass, and the energy
struct Momentum {
  Eigen::Vector3d linear, angular;
  double energy;
};
Momentum momentum(World& w) {
  w.batch.forward();
  const Model& m = *w.model;
  Momentum p{Eigen::Vector3d::Zero(), Eigen::Vector3d::Zero(), 0};
  const double *cinert = w["cinert"], *cvel = w["cvel"];
  for (int b = 1; b < m.nbody; ++b) {
    const double *I = cinert + 10 * b, *v = cvel + 6 * b;
    const Eigen::Vector3d r(v[0], v[1], v[2]), t(v[3], v[4], v[5]), mc(I[6], I[7], I[8]);
    Eigen::Matrix3d inertia;
    inertia << I[0], I[3], I[4], I[3], I[1], I[5], I[4], I[5], I[2];
    const Eigen::Vector3d lin = I[9] * t + r.cross(mc), ang = inertia * r + mc.cross(t);
    p.linear += lin;
    p.angular += ang;
    p.energy += .5 * (lin.dot(t) + ang.dot(r));
  }
  return p;
}

TEST(Conservation, FreeChainsKeepMomentumAndEnergyToFirstOrder) {
  std::vector<double> drift, slip;
  for (double dt : {4e-4, 2e-4, 1e-4}) {
    const std::string text =
        R"(<mujoco><option gravity="0 0 0" timestep=")" + std::to_string(dt) + R"("/>
      <worldbody><body><freejoint/><geom type="box" size=".1 .05 .02"/>
      <body pos=".2 0 0"><joint type="ball"/><geom type="capsule" fromto="0 0 0 .2 0 0" size=".02"/>
      <body pos=".2 0 0"><joint axis="0 1 0"/><geom type="capsule" fromto="0 0 0 .2 0 0" size=".02"/></body></body></body>
      </worldbody></mujoco>)";
    World w(text);
    for (const char* f : {"cinert", "cvel"}) w[f];
    for (int i = 0; i < w.model->nv; ++i) w["qvel"][i] = .3 + .1 * i;
    const Momentum before = momentum(w);
    w.run(10);
    const Momentum after = momentum(w);
    slip.push_back((after.linear - before.linear).norm() + (after.angular - before.angular).norm());
    drift.push_back(std::abs(after.energy - before.energy));
    EXPECT_LT(slip.back(), 20 * dt);
  }
  // halving the step halves the error
  EXPECT_NEAR(drift[0] / drift[1], 2, .4);
  EXPECT_NEAR(drift[1] / drift[2], 2, .4);
  EXPECT_NEAR(slip[0] / slip[1], 2, .4);
}

TEST(Conservation, AFreeBodyKeepsItsLinearMomentumExactly) {
  World w(R"(<mujoco><option gravity="0 0 0"/><worldbody><body><freejoint/>
      <geom type="box" size=".1 .05 .02"/></body></worldbody></mujoco>)");
  for (const char* f : {"cinert", "cvel"}) w[f];
  for (int i = 0; i < 6; ++i) w["qvel"][i] = 1 + i;
  const Momentum before = momentum(w);
  w.run(10);
  EXPECT_LT((momentum(w).linear - before.linear).norm(), 1e-6);
}

// ---- closed forms ---------------------------------------------------------------------------

TEST(ClosedForm, FreeFall) {
  World w(
      R"(<mujoco><option timestep=".001"/><worldbody><body><freejoint/><geom size=".1"/></body></worldbody></mujoco>)");
  w.run(1);
  // semi-implicit: z = -g h^2 n (n + 1) / 2
  EXPECT_NEAR(-9.81 * 1e-6 * 1000 * 1001 / 2, w["qpos"][2], 1e-9);
}

TEST(ClosedForm, SmallPendulumHasItsPeriod) {
  World w(R"(<mujoco><option timestep=".0005"/><worldbody><body><joint name="j" axis="0 1 0"/>
      <inertial pos="0 0 -1" mass="1" diaginertia="1e-9 1e-9 1e-9"/></body></worldbody></mujoco>)");
  w["qpos"][0] = .01;
  const double period = 2 * std::numbers::pi * std::sqrt(1 / 9.81);
  w.run(period);
  EXPECT_NEAR(.01, w["qpos"][0], .005 * .01);
}

TEST(ClosedForm, DampedSpring) {
  World w(
      R"(<mujoco><option timestep=".0001"/><worldbody><body><joint type="slide" axis="1 0 0" stiffness="40" damping="2"/>
      <geom size=".1" mass="1"/></body></worldbody></mujoco>)");
  w["qpos"][0] = .1;
  w.run(1);
  const double decay = 1, omega = std::sqrt(40 - 1.0);
  EXPECT_NEAR(.1 * std::exp(-decay) * (std::cos(omega) + decay / omega * std::sin(omega)),
              w["qpos"][0], 5e-4 * .1 * 5);
}

// a box on an incline: sticks below the angle of friction, slides above it
TEST(ClosedForm, InclineHoldsJustBelowTheFrictionAngle) {
  for (const double tilt : {.99, 1.01}) {
    const double angle = std::atan(.5) + (tilt - 1);
    std::ostringstream xml;
    xml << "<mujoco><option timestep='.001' cone='elliptic' impratio='100' gravity='"
        << 9.81 * std::sin(angle) << " 0 " << -9.81 * std::cos(angle)
        << "'/><worldbody><geom type='plane' size='0 0 1' friction='.5'/><body pos='0 0 "
           ".0999'><freejoint/>"
           "<geom type='box' size='.2 .2 .1' friction='.5'/></body></worldbody></mujoco>";
    World w(xml.str());
    w.run(1);
    const double slide = w["qpos"][0];
    if (tilt < 1)
      EXPECT_LT(slide, .01);
    else
      EXPECT_GT(slide, .02);
  }
}

TEST(ClosedForm, SlidingBoxStopsAfterItsBrakingDistance) {
  World w(
      R"(<mujoco><option timestep=".0005" cone="elliptic" impratio="10"/><worldbody><geom type="plane" size="0 0 1" friction=".4"/>
      <body pos="0 0 .0999"><freejoint/><geom type="box" size=".4 .4 .1" friction=".4"/></body></worldbody></mujoco>)");
  w.run(.5);
  w["qvel"][0] = 2;
  const double start = w["qpos"][0];
  w.run(1.2);
  EXPECT_NEAR(2 * 2 / (2 * .4 * 9.81), w["qpos"][0] - start, .02 * .5);
}

TEST(ClosedForm, RollingSphereKeepsTwoSeventhsOfItsSpeed) {
  // thrown without spin: friction turns sliding into rolling with 5/7 of the speed
  World w(R"(<mujoco><option timestep=".0005"/><worldbody><geom type="plane" size="0 0 1"/>
      <body pos="0 0 .0999"><freejoint/><geom size=".1" friction="1 0 0" condim="3"/></body></worldbody></mujoco>)");
  w.run(.5);
  w["qvel"][0] = 1;
  w.run(.5);
  EXPECT_NEAR(5.0 / 7, w["qvel"][0], .01);
}

TEST(ClosedForm, FilterActivationIsExact) {
  World w(
      R"(<mujoco><worldbody><body><joint name="j" type="slide"/><geom size=".1"/></body></worldbody>
      <actuator><general joint="j" dyntype="filterexact" dynprm=".3" gainprm="0"/></actuator></mujoco>)");
  w["ctrl"][0] = 2;
  w.run(.5);
  EXPECT_NEAR(2 * (1 - std::exp(-.5 / .3)), w["act"][0], 1e-12);
}

TEST(ClosedForm, ServoSagsUnderItsLoad) {
  World w(
      R"(<mujoco><option integrator="implicitfast"/><worldbody><body><joint name="j" type="slide" axis="0 0 1"/><geom size=".1" mass="2"/></body></worldbody>
      <actuator><position joint="j" kp="500" kv="100"/></actuator></mujoco>)");
  w.run(5);
  EXPECT_NEAR(-2 * 9.81 / 500, w["qpos"][0], 1e-6);
}

TEST(ClosedForm, CoulombFrictionStopsASlider) {
  World w(
      R"(<mujoco><option timestep=".0002" gravity="0 0 0"/><worldbody><body><joint type="slide" axis="1 0 0" frictionloss="3"/><geom size=".1" mass="2"/></body></worldbody></mujoco>)");
  w["qvel"][0] = 3;
  w.run(4);
  EXPECT_NEAR(3 * 3 * 2 / (2 * 3.0), w["qpos"][0], .01);
  EXPECT_NEAR(0, w["qvel"][0], 1e-4);
}

TEST(ClosedForm, FastTopPrecesses) {
  // a fast top released at rest precesses at O = m g l / (I_z w) and nods at n = I_z w / I_pivot:
  // angle = O (t - sin(n t) / n)
  World w(
      R"(<mujoco><option timestep=".000004"/><worldbody><body euler="20 0 0"><joint type="ball"/>
      <inertial pos="0 0 .1" mass="1" diaginertia=".001 .001 .002"/></body></worldbody></mujoco>)");
  const double spin = 600;
  w["qvel"][2] = spin;
  w["xmat"];
  w.batch.forward();
  const auto heading = [&] { return std::atan2(w["xmat"][9 + 5], w["xmat"][9 + 2]); };
  const double start = heading();
  w.run(.2);
  w.batch.forward();
  double turned = heading() - start;
  if (turned < -1e-9) turned += 2 * std::numbers::pi;
  const double rate = 1 * 9.81 * .1 / (.002 * spin), nod = .002 * spin / (.001 + .01);
  EXPECT_NEAR(rate * (.2 - std::sin(nod * .2) / nod), turned, .02 * rate * .2);
}

TEST(ClosedForm, HangingWeightPullsItsConnect) {
  World w(
      R"(<mujoco><worldbody><body name="b" pos="0 0 1"><freejoint/><geom size=".05" mass="3"/></body></worldbody>
      <equality><connect body1="b" anchor="0 0 0"/></equality></mujoco>)");
  w["qfrc_constraint"];
  w.run(2);
  EXPECT_NEAR(3 * 9.81, w["qfrc_constraint"][2], 1e-3);
  EXPECT_NEAR(1, w["qpos"][2], 5e-3);
}

TEST(ClosedForm, LimitStopsAPendulum) {
  World w(
      R"(<mujoco><worldbody><body><joint axis="0 1 0" range="-90 20" damping="1"/><geom pos="0 0 -.5" size=".1"/></body></worldbody></mujoco>)");
  w["qfrc_applied"][0] = 50;
  w.run(5);
  EXPECT_NEAR(20 * std::numbers::pi / 180, w["qpos"][0], .02);
  EXPECT_GT(w["qpos"][0], 19 * std::numbers::pi / 180);
}

// ---- S3 -------------------------------------------------------------------------------------

TEST(Allocation, StepResetAndForwardAllocateNothing) {
#if !defined(MOTORIUM_COUNT_ALLOCATIONS)
  GTEST_SKIP() << "SKIPPED: the sanitizer owns the allocator";
#endif
  Threads pool(2);
  Batch b(load_model(scene("quadruped")), {.worlds = 100, .threads = &pool});
  b.bind("xpos");
  const int ids[] = {3, 50, 99};
  const auto work = [&] {
    b.step({.nstep = 3});
    b.step({.ids = ids, .id_count = 3, .refresh = Refresh::acc});
    b.forward();
    b.reset({.ids = ids, .id_count = 3});
  };
  work();
  const long before = allocations;
  for (int i = 0; i < 20; ++i) work();
  EXPECT_EQ(before, allocations.load());

  // the counter counts
  ::operator delete(::operator new(4));
  EXPECT_EQ(before + 1, allocations.load());
}

}  // namespace
}  // namespace motorium
