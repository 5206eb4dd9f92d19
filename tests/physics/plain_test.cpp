// Kernels without what few models need (physics/plain_model.h) take the bits of the whole ones, for
// every model that is called plain.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "check_entries.h"
#include "motorium/physics/batch_impl.h"
#include "motorium/physics/plain_model.h"
#include "runner.h"

namespace motorium {
namespace {

std::vector<std::filesystem::path> parity_models() {
  std::vector<std::filesystem::path> out;
  const auto folder = std::filesystem::path(MOTORIUM_SOURCE_DIR) / "tests/parity/models";
  for (const auto& file : std::filesystem::directory_iterator(folder))
    if (file.path().extension() == ".xml") out.push_back(file.path());
  std::sort(out.begin(), out.end());
  return out;
}

uint64_t stepped(const Model& model, bool plain) {
  Runner<float> r(model, 2, motorium_physics_v3_float);
  std::vector<float> readings(2 * static_cast<size_t>(model.nsensordata));
  const std::vector<FieldShape> shapes = output_shapes(model);
  for (size_t i = 0; i < shapes.size(); ++i)
    if (std::string(shapes[i].name) == "sensordata" && !readings.empty())
      r.bindings.push_back({static_cast<int>(i), model.nsensordata, readings.data()});
  const PackArgs<float> a = r.args();
  for (int w = 0; w < 2; ++w)
    plain ? step_plain(a, w, 20) : r.entries.step(a, &w, 1, 20, Refresh::none);
  Hash h;
  const uint64_t state = r.hash_state();
  h.add(&state, sizeof state);
  h.add(readings.data(), readings.size() * sizeof(float));
  return h.value();
}

TEST(Plain, HasTheBitsOfTheWholeStep) {
  int plain = 0, others = 0, shown = 0;
  for (const auto& file : parity_models()) {
    std::shared_ptr<const Model> model;
    try {
      model = load_model(file.string());
    } catch (const std::exception&) {
      continue;  // those that are there to be refused
    }
    const ModelBlob<float> blob(*model);
    if (!is_plain(blob.data)) {
      ++others;
      continue;
    }
    ++plain;
    shown += model->nsensordata > 0;
    EXPECT_EQ(stepped(*model, false), stepped(*model, true)) << file.filename();
  }
  std::printf("%d plain models, %d of them with sensors; %d others\n", plain, shown, others);
  EXPECT_GT(plain, 50);
  EXPECT_GT(shown, 10);
  EXPECT_GT(others, 50);
}

TEST(Plain, ScenesOfRobots) {
  for (const char* name : {"quadruped", "figure_on_boxes", "pile", "closed_loop"}) {
    const auto model = load_model(scene(name));
    EXPECT_TRUE(is_plain(ModelBlob<float>(*model).data)) << name;
    EXPECT_EQ(stepped(*model, false), stepped(*model, true)) << name;
  }
}

// what is left out is missed where a model needs it
TEST(Plain, OthersNeedTheWholeStep) {
  const std::string folder = std::string(MOTORIUM_SOURCE_DIR) + "/tests/parity/models/";
  for (const char* name : {"collide_mesh_mesh", "tendon_fixed_armature", "fluid_ellipsoid_implicit",
                           "rk4_contact", "sensors_distance_convex", "gravcomp", "actuator_pid"}) {
    const auto model = load_model(folder + name + ".xml");
    EXPECT_FALSE(is_plain(ModelBlob<float>(*model).data)) << name;
    EXPECT_NE(stepped(*model, false), stepped(*model, true)) << name;
  }
}

}  // namespace
}  // namespace motorium
