#include "motorium/physics/roofline.h"

#include <gtest/gtest.h>

#include <cmath>

#include "motorium/core/error.h"
#include "motorium/physics/kernels.h"
#include "motorium/physics/roofline_kernels.h"
#include "runner.h"

namespace motorium {
namespace {

TEST(Roofline, ADeviceIsMeasured) {
  const MachineLimits m = measure_machine(emulated_device());
  EXPECT_GT(m.flops, 1e7);
  EXPECT_GT(m.bandwidth, 1e7);
  EXPECT_GT(m.launch, 0);
  EXPECT_LT(m.launch, 1e-3);
}

// a step of the counting kernels is the step of the float kernels, bit for bit
TEST(Roofline, CountedStepsTakeTheBitsOfFloat) {
  for (const std::string& name : scene_names()) {
    const auto model = load_model(scene(name));
    Batch counted(model, {.worlds = 3}), plain(model, {.worlds = 3});
    for (int k = 0; k < 30; ++k) {
      plain.step();
      for (int w = 0; w < 3; ++w)
        EXPECT_GT(motorium_physics_v3_roofline.counted_step(counted.pack_args(0, &w, 1), w), 0);
    }
    for (int w = 0; w < 3; ++w) EXPECT_EQ(counted.save(w), plain.save(w)) << name;
  }
}

TEST(Roofline, CountingLeavesTheWorldsAsTheyAre) {
  const auto model = load_model(scene("quadruped"));
  Batch batch(model, {.worlds = 5});
  batch.step({.nstep = 20});
  std::vector<std::vector<uint8_t>> before;
  for (int w = 0; w < 5; ++w) before.push_back(batch.save(w));
  const double first = step_flops(batch), again = step_flops(batch);
  EXPECT_GT(first, 1000);
  EXPECT_EQ(first, again);
  for (int w = 0; w < 5; ++w) EXPECT_EQ(batch.save(w), before[static_cast<size_t>(w)]);
}

// a free body, no row: each world's operations can be told apart from those of a body on a floor
TEST(Roofline, ContactsCostOperations) {
  const char* text = R"(<mujoco><worldbody><geom type="plane" size="1 1 1"/>
    <body pos="0 0 1"><freejoint/><geom type="box" size=".1 .1 .1"/></body></worldbody></mujoco>)";
  Batch batch(load_model_from_string(text), {.worlds = 2});
  auto* qpos = static_cast<float*>(batch.state("qpos").data);
  qpos[7 + 2] = 0.0999f;
  const int air = 0, floor = 1;
  const double flying = step_flops(batch, &air, 1), lying = step_flops(batch, &floor, 1);
  EXPECT_GT(lying, flying + 500);
  EXPECT_DOUBLE_EQ(step_flops(batch), 0.5 * (flying + lying));
}

// n hinges in a row, about y and z in turn, with friction in the joints that Euler takes
// implicitly. rows: "" none, "limit" one joint at its stop, "friction" in every joint, "plane" the
// chain lies on it, "pair" as limit, and a connect between two of its bodies
double flops_of_chain(int n, const std::string& rows = "") {
  const bool plane = rows == "plane";
  std::string body, end;
  for (int i = 0; i < n; ++i) {
    std::string joint = std::string("<joint axis='") + (i % 2 ? "0 1 0" : "0 0 1") +
                        "' damping='.01' armature='.001'";
    if ((rows == "limit" || rows == "pair") && i == n / 2) joint += " range='5 90'";
    if (rows == "friction") joint += " frictionloss='.01'";
    body += "<body name='b" + std::to_string(i) + "' pos='" + (i ? ".1 0 0" : "0 0 .0199") + "'>" +
            (plane && i == 0 ? "<freejoint" : joint) + "/>" +
            "<geom type='capsule' fromto='0 0 0 .1 0 0' size='.02' contype='2' conaffinity='0'/>";
    end += "</body>";
  }
  const std::string floor =
      plane ? "<geom type='plane' size='9 9 1' contype='1' conaffinity='2'/>" : "";
  const std::string joined =
      rows == "pair" ? "<equality><connect body1='b9' body2='b30' anchor='0 0 0'/></equality>" : "";
  Batch batch(load_model_from_string("<mujoco><worldbody>" + floor + body + end + "</worldbody>" +
                                     joined + "</mujoco>"),
              {.worlds = 1});
  const auto* rows_there = static_cast<const float*>(batch.bind("nefc").data);
  batch.step({.nstep = 5});
  EXPECT_GE(*rows_there, plane ? 8 * n : rows == "friction" ? n : rows.empty() ? 0 : 1) << rows;
  return step_flops(batch);
}

// twice the joints of a long chain cost four times the operations at most: a factor of its mass
// matrix, or of the solver's Hessian, would cost eight times
TEST(Growth, ALongChainCostsAtMostTheSquareOfItsJoints) {
  for (const std::string rows : {"", "limit", "friction", "plane"}) {
    const double half = flops_of_chain(128, rows), whole = flops_of_chain(256, rows);
    std::printf("operations of 128 hinges %.0f, of 256 %.0f (%s)\n", half, whole, rows.c_str());
    EXPECT_GT(whole, 1.5 * half) << rows;
    EXPECT_LT(whole, 4.2 * half) << rows;
  }
}

// what couples two bodies of a chain does need the factor: the count would show it
TEST(Growth, ACoupledChainCostsTheCubeOfItsJoints) {
  const double half = flops_of_chain(64, "pair"), whole = flops_of_chain(128, "pair");
  std::printf("operations of 64 hinges %.0f, of 128 %.0f (pair)\n", half, whole);
  EXPECT_GT(whole, 5 * half);
}

TEST(Roofline, DoubleIsRefused) {
  Batch batch(load_model(scene("quadruped")), {.worlds = 1, .precision = Precision::double_});
  EXPECT_THROW(step_flops(batch), Error);
}

// any machine that runs these kernels does more than 1 GFLOP/s a thread and copies 100 MB/s; no
// core does a hundred times what this one says, which a loop that was optimised away would
TEST(Roofline, MeasuresAreOfThisWorld) {
  Threads threads(1);
  const MachineLimits m = measure_machine(threads);
  EXPECT_GT(m.flops, 1e9);
  EXPECT_LT(m.flops, 1e12);
  EXPECT_GT(m.bandwidth, 1e8);
  EXPECT_LT(m.bandwidth, 1e12);
  EXPECT_GT(m.launch, 0);
  EXPECT_LT(m.launch, 1e-2);
}

TEST(Roofline, StateBytesAreThoseOfTheArrays) {
  const auto model = load_model(scene("quadruped"));
  const Model& m = *model;
  EXPECT_EQ(state_bytes(m), 4.0 * (2 * (m.nq + 2 * m.nv + m.na) + m.nu));
}

}  // namespace
}  // namespace motorium
