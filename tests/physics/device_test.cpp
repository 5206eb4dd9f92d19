// Batch on a device, on a machine without one: the emulated device runs the same host code, closes
// its memory to the host between launches, and counts what it is asked for. Every result is that of
// the CPU, to the bit. The same tests run on CUDA where there is a GPU (D6, D7, D8, G2, S3).
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <random>
#include <utility>

#include "motorium/core/device_emulated.h"
#include "motorium/core/status.h"
#include "motorium/physics/device_physics.h"
#include "motorium/physics/initial_state.h"
#include "runner.h"

namespace motorium {
namespace {

std::shared_ptr<EmulatedDevice> guarded() { return std::make_shared<EmulatedDevice>(true); }
// kernels run only when somebody waits for them
std::shared_ptr<EmulatedDevice> late() {
  auto device = std::make_shared<EmulatedDevice>(false);
  device->late = true;
  return device;
}

// the GPU of this machine, or null and, once, why not
std::shared_ptr<Device> gpu() {
  static bool said = false;
  try {
    return cuda_device(0);
  } catch (const Error& e) {
    if (!std::exchange(said, true)) std::printf("SKIPPED on CUDA: %s\n", e.what());
    return nullptr;
  }
}
// two in any case: what a test leaves behind with the first must not matter to the second
std::vector<std::shared_ptr<Device>> devices() {
  auto second = gpu();
  return {guarded(), second ? second : late()};
}
// the lanes per world that a build has on a device; MOTORIUM_LANES: one of them, for tools that
// take their time
std::vector<int> widths_of(const std::shared_ptr<Device>& device) {
  if (const char* one = std::getenv("MOTORIUM_LANES")) return {std::atoi(one)};
  return device->kind() == Device::Kind::cuda ? physics_of(device)->widths() : std::vector<int>{16};
}

// everything all worlds are
std::vector<uint8_t> saved(const Batch& b) {
  std::vector<uint8_t> out;
  for (int w = 0; w < b.worlds(); ++w) {
    const std::vector<uint8_t> one = b.save(w);
    out.insert(out.end(), one.begin(), one.end());
  }
  return out;
}

// every world moves in its own way
void disturb(Batch& b, unsigned seed = 1) {
  std::mt19937 random(seed);
  for (const char* name : {"qvel", "ctrl"}) {
    const ArrayView a = b.state(name);
    std::vector<float> rows(static_cast<size_t>(b.worlds()) * static_cast<size_t>(a.columns));
    for (float& x : rows) x = static_cast<float>(random() >> 8) * 0x1p-24f - 0.5f;
    b.write_rows(name, nullptr, 0, rows.data());
  }
}

std::vector<float> rows_of(Batch& b, const std::string& name, int columns,
                           const std::vector<int>& ids = {}) {
  const size_t n = ids.empty() ? static_cast<size_t>(b.worlds()) : ids.size();
  std::vector<float> out(n * static_cast<size_t>(columns));
  b.read_rows(name, ids.empty() ? nullptr : ids.data(), static_cast<int>(ids.size()), out.data());
  return out;
}

// the same programme on the CPU and on every device
struct Outcome {
  std::vector<uint8_t> worlds;
  std::vector<float> numbers;
  bool operator==(const Outcome&) const = default;
};
void expect_equal_everywhere(const std::shared_ptr<const Model>& model, BatchOptions options,
                             const std::function<std::vector<float>(Batch&)>& programme) {
  const auto run = [&](std::shared_ptr<Device> device, int lanes) {
    options.device = std::move(device);
    options.lanes = lanes;
    Batch b(model, options);
    disturb(b);
    std::vector<float> numbers = programme(b);
    return Outcome{saved(b), std::move(numbers)};
  };
  const Outcome want = run(nullptr, 0);
  for (const auto& device : devices())
    for (const int lanes : widths_of(device)) {
      const Outcome got = run(device, lanes);
      EXPECT_TRUE(want == got) << device->name() << ", " << lanes << " lanes";
    }
}

std::shared_ptr<const Model> small() {
  return load_model_from_string(R"(<mujoco><worldbody>
      <geom type="plane" size="5 5 1"/>
      <body name="hand" mocap="true" pos="0 0 1"><geom size=".05" contype="0" conaffinity="0"/></body>
      <body name="box" pos="0 0 .3"><freejoint/><geom type="box" size=".1 .1 .1"/><site name="s"/></body>
      <body name="arm" pos="1 0 1"><joint name="j" axis="0 1 0" damping=".1"/>
        <geom type="capsule" fromto="0 0 0 .3 0 0" size=".03"/></body></worldbody>
      <equality><weld body1="hand" body2="box" active="false"/></equality>
      <actuator><position joint="j" kp="20"/><intvelocity joint="j" kp="1" actrange="-1 1"/></actuator>
      <sensor><framepos objtype="site" objname="s"/><jointpos joint="j"/><clock/></sensor>
      <keyframe><key name="up" time="3" qpos="0 0 2 1 0 0 0 .4" mpos="1 2 3" ctrl=".5 .1"/></keyframe>
      </mujoco>)");
}

class DeviceScene : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, DeviceScene, testing::ValuesIn(scene_names()),
                         [](const auto& info) { return info.param; });

TEST_P(DeviceScene, StepsToTheBitsOfTheCpu) {
  const bool pile = GetParam() == "pile";
  expect_equal_everywhere(load_model(scene(GetParam())), {.worlds = pile ? 3 : 21}, [&](Batch& b) {
    const int nv = b.model().nv;
    b.bind("qacc");
    b.step({.nstep = pile ? 3 : 60});
    std::vector<float> out = rows_of(b, "qacc", nv);
    b.step({.nstep = 2, .refresh = Refresh::acc});
    for (const float x : rows_of(b, "qacc", nv)) out.push_back(x);
    return out;
  });
}

// what hangs on pointers and lists of a model: meshes, height fields, tendons, histories, ...
TEST(Device, EveryKindOfModelFindsItsNumbersThere) {
  for (const char* name : {"collide_mesh_mesh",
                           "collide_hfield_round",
                           "sensors_distance_convex",
                           "sensors_delay",
                           "sensors_contact",
                           "sensors_cameras",
                           "actuator_pid",
                           "actuator_muscle",
                           "actuator_delay",
                           "tendon_fixed_armature",
                           "fluid_ellipsoid_implicit",
                           "discrete_tendons",
                           "frictionloss",
                           "pairs_elliptic",
                           "mocap_weld",
                           "energy",
                           "rk4_contact",
                           "gravcomp",
                           "collide_again_meshes",
                           "speculative_shots"}) {
    SCOPED_TRACE(name);
    const std::string path = std::string(MOTORIUM_SOURCE_DIR) + "/tests/parity/models/" + name;
    expect_equal_everywhere(load_model(path + ".xml"), {.worlds = 3}, [](Batch& b) {
      const ArrayView out = b.bind("sensordata");
      b.step({.nstep = 15});
      return rows_of(b, "sensordata", out.columns);
    });
  }
}

TEST(Device, SubsetsStepAlone) {
  const std::vector<int> ids = {11, 3, 4, 19};
  expect_equal_everywhere(load_model(scene("quadruped")), {.worlds = 20}, [&](Batch& b) {
    b.step({.nstep = 5, .ids = ids.data(), .id_count = static_cast<int>(ids.size())});
    b.step();
    return rows_of(b, "qpos", b.model().nq, ids);
  });
}

TEST(Device, ResetsToStartsKeyframesAndStartsOfTheWorldsOwn) {
  const auto model = small();
  expect_equal_everywhere(model, {.worlds = 9}, [&](Batch& b) {
    b.state("xfrc_applied");
    std::vector<double> qpos0(static_cast<size_t>(model->nq), 0.0);
    qpos0[2] = 0.7;
    qpos0[3] = 1;
    qpos0[7] = -0.25;
    const int own[] = {0, 6}, some[] = {6, 2}, key[] = {5, 0};
    b.set_override("qpos0", std::vector<double>{qpos0}.data(), own, 1);
    b.set_override("qpos0", std::vector<double>{qpos0}.data(), own + 1, 1);
    b.step({.nstep = 10});
    b.reset({.ids = some, .id_count = 2});
    b.step({.nstep = 3});
    b.reset({.ids = key, .id_count = 2, .keyframe = 0});
    b.step({.nstep = 2});
    b.set_time(4, 7.5);
    std::vector<float> out;
    for (const double t : b.times()) out.push_back(static_cast<float>(t));
    b.reset({.ids = own, .id_count = 1});
    return out;
  });
}

TEST(Device, WorldsHaveTheirOwnNumbersAndModels) {
  const auto model = small();
  expect_equal_everywhere(model, {.worlds = 8}, [&](Batch& b) {
    std::vector<double> mass(static_cast<size_t>(model->nbody));
    for (int w = 1; w < 8; w += 3) {
      for (size_t i = 0; i < mass.size(); ++i) mass[i] = model->body_mass[i] * (1 + 0.1 * w);
      b.set_override("body_mass", mass.data(), &w, 1);
      b.step({.nstep = 4});
    }
    const double friction = 0.3;
    const int w = 5;
    std::vector<double> loss(static_cast<size_t>(model->nv), 0);
    loss.back() = friction;
    b.set_override("dof_frictionloss", loss.data(), &w, 1);
    b.step({.nstep = 8});
    return rows_of(b, "qvel", model->nv);
  });

  const auto heavy = load_model_from_string(
      R"(<mujoco><worldbody><body pos="0 0 1"><joint type="slide" axis="0 0 1" damping="2"/>
         <geom size=".1"/></body></worldbody></mujoco>)");
  const auto light = load_model_from_string(
      R"(<mujoco><worldbody><body pos="0 0 2"><joint type="slide" axis="0 0 1" damping="1"/>
         <geom size=".05"/></body></worldbody></mujoco>)");
  expect_equal_everywhere(heavy, {.worlds = 7}, [&](Batch& b) {
    b.set_models({heavy, light, light, heavy, light, heavy, heavy});
    b.reset();
    disturb(b);
    const int some[] = {4, 0, 2};
    b.step({.nstep = 3});
    b.step({.nstep = 2, .ids = some, .id_count = 3});
    return rows_of(b, "qpos", 1);
  });
}

// searches in a list (physics/search_queue.h) see each world's own sizes, its own model, and worlds
// that are frozen or whose controls are no numbers
TEST(Device, SearchesSeeWhatWorldsHaveForThemselves) {
  const auto cylinders = [](double radius, bool mesh) {
    return load_model_from_string(
        "<mujoco>" +
        std::string(
            mesh ? R"(<asset><mesh name="a" vertex="0 0 0 .2 0 0 0 .2 0 0 0 .2 .2 .2 .2"/></asset>)"
                 : "") +
        R"(<worldbody><geom type="box" size="2 2 .1"/>
          <body pos="0 0 .3"><freejoint/><geom type="cylinder" size=")" +
        std::to_string(radius) + R"( .15"/></body><body pos=".1 .05 .7"><freejoint/><geom )" +
        (mesh ? R"(type="mesh" mesh="a")" : R"(type="cylinder" size=".1 .1")") +
        R"(/></body><body pos="3 0 1"><joint name="j" type="slide"/><geom size=".1"/></body>
        </worldbody><actuator><motor joint="j"/></actuator></mujoco>)");
  };
  const auto model = cylinders(0.12, true), wide = cylinders(0.2, false);
  std::vector<float> alike;
  for (const bool own : {false, true}) {
    std::vector<float> seen;
    expect_equal_everywhere(model, {.worlds = 6}, [&](Batch& b) {
      std::vector<double> size(model->geom_size), margin(static_cast<size_t>(model->ngeom), 0.02);
      for (size_t i = 0; i < size.size(); ++i)
        size[i] *= i / 3 == 1 ? 1.3 : 1;  // the first cylinder
      const int some[] = {1, 4}, bad = 2, odd = 3;
      for (const int w : some)
        if (own) {
          b.set_override("geom_size", size.data(), &w, 1);
          b.set_override("geom_margin", margin.data(), &w, 1);
        }
      const float no_number = std::nanf("");
      b.write_rows("ctrl", &odd, 1, &no_number);
      std::vector<float> lost(static_cast<size_t>(model->nv), no_number);
      b.write_rows("qvel", &bad, 1, lost.data());
      b.step({.nstep = 60});
      EXPECT_EQ(1, b.status_count(kStatusFrozen));
      EXPECT_EQ(1, b.status_count(kStatusBadInput));
      seen = rows_of(b, "qpos", model->nq, {1, 4});
      return rows_of(b, "qpos", model->nq);
    });
    if (own) EXPECT_NE(alike, seen);
    alike = seen;
  }
  expect_equal_everywhere(model, {.worlds = 5}, [&](Batch& b) {
    b.set_models({model, wide, wide, model, wide});
    b.reset();
    disturb(b);
    b.step({.nstep = 60});
    return rows_of(b, "qpos", model->nq);
  });
}

TEST(Device, SavesMoveBetweenDevices) {
  const auto model = small();
  for (const auto& device : devices()) {
    Batch cpu(model, {.worlds = 5}), there(model, {.worlds = 5, .device = device});
    disturb(cpu);
    cpu.step({.nstep = 20});
    for (int w = 0; w < 5; ++w) there.load(w, cpu.save(4 - w));
    there.step({.nstep = 20});
    cpu.step({.nstep = 20});
    for (int w = 0; w < 5; ++w) EXPECT_EQ(cpu.save(4 - w), there.save(w)) << w;
    cpu.load(1, there.save(0));
    EXPECT_EQ(cpu.save(1), there.save(0));
  }
}

TEST(Device, AnswersQuestionsAboutSingleWorlds) {
  const auto model = small();
  expect_equal_everywhere(model, {.worlds = 6}, [&](Batch& b) {
    b.step({.nstep = 300});
    std::vector<float> out;
    for (int w = 0; w < 6; w += 2)
      for (const Contact& c : b.contacts(w)) {
        out.push_back(static_cast<float>(c.dist));
        out.push_back(static_cast<float>(c.force[0]));
      }
    EXPECT_GE(out.size(), 12u);  // the box lies on the floor

    const double pnt[] = {0, 0, 5, 0, 0, 5}, vec[] = {0, 0, -1, 0, 0, -1};
    const int exclude[] = {-1, -1}, ids[] = {5, 1};
    double dist[2], normal[6];
    int geom[2];
    b.ray(pnt, vec, exclude, {.ids = ids, .id_count = 2, .filter = {}}, dist, geom, normal);
    for (const double d : dist) out.push_back(static_cast<float>(d));

    const std::vector<float> qacc(static_cast<size_t>(6 * model->nv), 0.5f);
    const auto* force = static_cast<const float*>(b.inverse(qacc.data()).data);
    out.insert(out.end(), force, force + 6 * model->nv);
    return out;
  });
}

TEST(Device, ReportsFrozenWorldsAndKeepsTheirEvidence) {
  const auto model = load_model_from_string(R"(<mujoco><option timestep="0.1"/><worldbody>
      <body><joint name="j" type="slide"/><geom size=".1"/></body></worldbody>
      <actuator><motor joint="j" gear="1e9"/></actuator></mujoco>)");
  const float much = 1e9f, none = 0;
  const int bad = 2, other = 4;
  for (const bool autoreset : {false, true}) {
    std::vector<uint8_t> evidence;
    expect_equal_everywhere(model, {.worlds = 5, .autoreset = autoreset}, [&](Batch& b) {
      std::vector<float> still(5, 0);
      b.write_rows("ctrl", nullptr, 0, still.data());
      b.write_rows("ctrl", &bad, 1, &much);
      b.step({.nstep = 5});
      EXPECT_EQ(1, b.status_count(kStatusFrozen));
      b.write_rows("ctrl", &bad, 1, &none);  // the evidence is of before
      b.step();
      b.write_rows("ctrl", &other, 1, &much);
      b.step();
      EXPECT_EQ((std::vector<int>{2, 4}), b.faults());
      if (evidence.empty()) evidence = b.fault(2);
      EXPECT_EQ(evidence, b.fault(2));
      EXPECT_TRUE(b.fault(0).empty());
      std::vector<float> out;
      for (const uint32_t bits : b.read_status()) out.push_back(static_cast<float>(bits));
      for (int w = 0; w < 5; ++w) out.push_back(static_cast<float>(b.status()[w]));
      return out;
    });
    EXPECT_FALSE(evidence.empty());
  }
}

// forces that are applied are part of the evidence, also where nobody has asked for a world before
TEST(Device, EvidenceHoldsTheForcesThatWereApplied) {
  const auto model = small();
  std::vector<uint8_t> want;
  for (const auto& device : {std::shared_ptr<Device>(), std::shared_ptr<Device>(guarded())}) {
    Batch b(model, {.worlds = 2, .device = device});
    b.state("qfrc_applied");
    const int bad = 1;
    std::vector<float> force(static_cast<size_t>(model->nv), 0.25f),
        broken(static_cast<size_t>(model->nq), std::nanf(""));
    b.write_rows("qfrc_applied", &bad, 1, force.data());
    b.write_rows("qpos", &bad, 1, broken.data());
    b.step();
    if (!device) want = b.fault(bad);
    EXPECT_FALSE(want.empty());
    EXPECT_EQ(want, b.fault(bad));
  }
}

TEST(Device, ManyFaultsBetweenTwoLooks) {
  const auto model = load_model_from_string(R"(<mujoco><worldbody>
      <body><joint type="slide"/><geom size=".1"/></body></worldbody></mujoco>)");
  Batch b(model, {.worlds = 100, .device = guarded()});
  const std::vector<float> bad(100, std::nanf(""));
  b.write_rows("qpos", nullptr, 0, bad.data());
  b.step();
  EXPECT_EQ(100, b.status_count(kStatusFrozen));
  EXPECT_EQ(64u, b.faults().size());  // as many as have places
  b.reset();
  b.write_rows("qpos", nullptr, 0, bad.data());
  b.step();
  EXPECT_EQ(64u, b.faults().size());
}

// S3: a step asks the device for launches and for nothing else
TEST(Device, AStepNeitherWaitsNorCopiesNorAllocates) {
  const auto device = guarded();
  Batch b(load_model(scene("quadruped")), {.worlds = 16, .autoreset = true, .device = device});
  disturb(b);
  b.bind("sensordata");
  b.step();
  const EmulatedDevice::Calls before = device->calls;
  for (int k = 0; k < 5; ++k) {
    b.step({.nstep = 2});
    b.forward();
    b.reset();
  }
  const EmulatedDevice::Calls& after = device->calls;
  EXPECT_EQ(before.allocations, after.allocations);
  EXPECT_EQ(before.uploads, after.uploads);
  EXPECT_EQ(before.downloads, after.downloads);
  EXPECT_EQ(before.waits, after.waits);
  EXPECT_EQ(before.launches + 5 * 5, after.launches);  // restart, step, keep; forward; restart
}

// one launch for all steps of a call; three for each where pairs need searches
TEST(Device, LaunchesAsFewKernelsAsItCan) {
  const auto launches = [](const std::shared_ptr<const Model>& model) {
    const auto device = guarded();
    Batch b(model, {.worlds = 4, .device = device});
    b.step();
    const int before = device->calls.launches;
    b.step({.nstep = 5});
    return device->calls.launches - before;
  };
  const int keep = 1;  // evidence of faults
  EXPECT_EQ(launches(load_model(scene("quadruped"))), 1 + keep);
  const std::string mesh = std::string(MOTORIUM_SOURCE_DIR) + "/tests/parity/models/";
  EXPECT_EQ(launches(load_model(mesh + "collide_mesh_mesh.xml")), 3 * 5 + keep);
  EXPECT_EQ(launches(load_model(mesh + "collide_hfield_round.xml")), 3 * 5 + keep);
}

TEST(Device, AStepIsRecordedInAGraph) {
  const auto model = load_model(scene("quadruped"));
  for (const auto& device : devices()) {
    Batch want(model, {.worlds = 10}), b(model, {.worlds = 10, .device = device});
    disturb(want);
    disturb(b);
    b.step();
    want.step();
    const Stream stream = device->new_stream();
    b.set_stream(stream);
    device->begin_capture(stream);
    b.step({.nstep = 3});
    b.step({.nstep = 1});
    const auto graph = device->end_capture(stream);
    EXPECT_EQ(saved(want), saved(b)) << "recording must not step";
    for (int k = 0; k < 4; ++k) graph->launch(stream);
    want.step({.nstep = 16});
    EXPECT_EQ(saved(want), saved(b)) << device->name();
  }
}

// a kernel of one stream reads what a kernel of another wrote: late, unless the two are ordered
TEST(Device, StreamsRunInTheOrderThatWasAsked) {
  for (const bool ordered : {false, true}) {
    const auto device = late();
    const Stream one = device->new_stream(), two = device->new_stream();
    const DeviceArray<int> x(device, 2);
    int* p = x.data();
    device->launch(one, [p] { p[0] = 7; });
    if (ordered) device->order(one, two);
    device->launch(two, [p] { p[1] = p[0]; });
    int got = -1;
    device->download(&got, p + 1, sizeof got, two);
    EXPECT_EQ(got, ordered ? 7 : 0);
    device->download(&got, p, sizeof got, one);
    EXPECT_EQ(got, 7);
  }
}

TEST(Device, LanesAreMeasuredOnceForAModel) {
  const auto device = guarded();
  const auto model = load_model(scene("chain"));
  const auto launches = [&] {
    const int before = device->calls.launches;
    Batch b(model, {.worlds = 7, .device = device});
    EXPECT_TRUE(b.lanes() >= 8 && b.lanes() <= 128);
    b.step();
    return device->calls.launches - before;
  };
  const int first = launches(), second = launches();
  // five widths, with scratch on chip and without, four times each
  EXPECT_EQ(second + 5 * 2 * 4, first);
  const int before = device->calls.launches;
  Batch given(load_model(scene("sensed")), {.worlds = 7, .device = device, .lanes = 32});
  EXPECT_EQ(given.lanes(), 32);
  EXPECT_LE(device->calls.launches, before + 1);  // nothing is measured
}

// D7: many worlds, many runs, the same bits
TEST(Gpu, RepeatsToTheBit) {
  const auto device = gpu();
  if (!device) GTEST_SKIP() << "SKIPPED: no GPU";
  const auto model = load_model(scene("quadruped"));
  uint64_t want = 0;
  for (int k = 0; k < 10; ++k) {
    Batch b(model, {.worlds = 8192, .device = device});
    disturb(b);
    b.step({.nstep = 500});
    Hash h;
    for (const float x : rows_of(b, "qpos", model->nq)) h.add(&x, sizeof x);
    for (const float x : rows_of(b, "qvel", model->nv)) h.add(&x, sizeof x);
    if (k == 0) want = h.value();
    ASSERT_EQ(want, h.value()) << "run " << k;
  }
}

// ---- what goes wrong ---------------------------------------------------------------------------

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
}

TEST(Device, SaysWhatIsMissing) {
  EXPECT_NE(std::string::npos, message_of([] { device_of("gpu"); }).find("allowed are 'cpu'"));
  EXPECT_NE(std::string::npos, message_of([] { device_of("cuda:x"); }).find("'cuda:N'"));
  EXPECT_EQ(nullptr, device_of("cpu"));
  EXPECT_EQ("emulated", device_of("emulated")->name());
  const std::string found = message_of([] { cuda_device(97); });
  EXPECT_NE(std::string::npos, found.find("device cuda")) << found;

  const auto model = small();
  EXPECT_NE(std::string::npos, message_of([&] {
                                 Batch(model,
                                       {.precision = Precision::double_, .device = guarded()});
                               }).find("device cpu only"));
  EXPECT_NE(std::string::npos,
            message_of([&] { Batch(model, {.lanes = 16}); }).find("lanes are a device's"));
  const auto tiny = std::make_shared<EmulatedDevice>(true, size_t{4} << 20);
  const std::string full = message_of([&] { Batch(model, {.worlds = 100000, .device = tiny}); });
  EXPECT_NE(std::string::npos, full.find("on device emulated: at most ")) << full;
  Batch b(model, {.worlds = 2, .device = guarded()});
  EXPECT_NE(std::string::npos, message_of([&] { b.set_lanes(5); }).find("lanes = 5"));
  EXPECT_NE(std::string::npos, message_of([&] { b.kernels(); }).find("device cpu"));
  float row[64];
  const int twice[] = {1, 1};
  EXPECT_NE(std::string::npos,
            message_of([&] { b.read_rows("qpos", twice, 2, row); }).find("twice"));
  EXPECT_NE(std::string::npos,
            message_of([&] { b.read_rows("qpso", nullptr, 0, row); }).find("did you mean"));
  b.bind("xpos");
  EXPECT_NE(std::string::npos,
            message_of([&] { b.write_rows("xpos", nullptr, 0, row); }).find("output"));
}

// G1: the first call after the loss says it, and so do all others, without another try
TEST(Device, ALostDeviceIsReportedByEveryCall) {
  const auto device = guarded();
  Batch b(small(), {.worlds = 3, .device = device});
  b.step();
  device->lose();
  for (int k = 0; k < 2; ++k) {
    EXPECT_THROW(b.step(), DeviceLost);
    EXPECT_THROW(b.forward(), DeviceLost);
    EXPECT_THROW(b.reset(), DeviceLost);
    EXPECT_THROW(b.save(1), DeviceLost);
    EXPECT_THROW(b.status(), DeviceLost);
    EXPECT_THROW(b.times(), DeviceLost);
    EXPECT_THROW(Batch(small(), {.worlds = 3, .device = device}), DeviceLost);
  }
}
// an illegal address, in a process that ends as ours do
TEST(GpuDeathTest, AnIllegalAddressLosesTheDevice) {
  if (!gpu()) GTEST_SKIP() << "SKIPPED: no GPU";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const auto device = cuda_device(0);
        Batch b(small(), {.worlds = 3, .device = device});
        RowsCall bad;
        bad.rows = bad.dense = reinterpret_cast<uint32_t*>(0x10);
        bad.ids = reinterpret_cast<int*>(0x10);
        bad.count = bad.words = 1;
        int lost = 0;
        try {
          physics_of(device)->gather(bad);
          device->wait(nullptr);
        } catch (const DeviceLost&) {
          ++lost;
        }
        try {
          b.step();
        } catch (const DeviceLost&) {
          ++lost;
        }
        _exit(lost == 2 ? 70 : 1);
      },
      testing::ExitedWithCode(70), "");
}

// guards that were never seen failing are hopes
TEST(DeviceDeathTest, MemoryOfTheDeviceIsClosedToTheHost) {
  Batch b(small(), {.worlds = 2, .device = guarded()});
  volatile const float* qpos = static_cast<const float*>(b.state("qpos").data);
  EXPECT_DEATH({ std::printf("%f", static_cast<double>(*qpos)); }, "");
}

TEST(Device, ACaptureRefusesWhatAGraphCannotHold) {
  const auto device = guarded();
  const Stream stream = device->new_stream();
  EXPECT_THROW(device->begin_capture(nullptr), Error);
  Batch b(small(), {.worlds = 2, .device = device});
  b.step();
  b.set_stream(stream);
  device->begin_capture(stream);
  const int one = 1;
  EXPECT_THROW(b.step({.ids = &one, .id_count = 1}), Error);
  EXPECT_THROW(b.save(0), Error);
  EXPECT_THROW(device->end_capture(nullptr), Error);
  device->end_capture(stream);
  EXPECT_NO_THROW(b.save(0));
}

}  // namespace
}  // namespace motorium
