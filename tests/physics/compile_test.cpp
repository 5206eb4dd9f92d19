// The compiled Model: order, tables, derived constants, hash and validation.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <random>

#include "motorium/core/error.h"
#include "motorium/physics/batch.h"
#include "motorium/physics/compile/derive.h"
#include "motorium/physics/compile/model_json.h"

namespace motorium {
namespace {

std::string model_path(const std::string& name) {
  return std::string(MOTORIUM_SOURCE_DIR) + "/tests/parity/models/" + name + ".xml";
}

TEST(Compile, IdsFollowTheDocumentDepthFirst) {
  const auto m = load_model(model_path("trees"));
  EXPECT_EQ(m->body_name, (std::vector<std::string>{"world", "stand", "head", "left", "plate",
                                                    "finger", "right", "box", ""}));
  EXPECT_EQ(m->body_parentid, (std::vector<int>{0, 0, 1, 2, 3, 4, 2, 0, 7}));
  EXPECT_EQ(m->body_weldid, (std::vector<int>{0, 0, 0, 3, 3, 5, 6, 7, 7}));
  EXPECT_EQ(m->body_treeid, (std::vector<int>{-1, -1, -1, 0, 0, 0, 1, 2, 2}));
  EXPECT_EQ(m->dof_parentid, (std::vector<int>{-1, 0, -1, -1, 3, 4, 5, 6, 7}));
  EXPECT_EQ(m->level_adr, (std::vector<int>{0, 1, 3, 5, 7, 8, 9}));
  EXPECT_EQ(m->level_body, (std::vector<int>{0, 1, 7, 2, 8, 3, 6, 4, 5}));
}

TEST(Compile, RowsOfTheInertiaMatrixAreAncestorsAndTheDiagonal) {
  const auto m = load_model(model_path("joint_mixed"));
  for (int i = 0; i < m->nv; ++i) {
    std::vector<int> path;
    for (int j = i; j >= 0; j = m->dof_parentid[j]) path.insert(path.begin(), j);
    const auto start = m->M_col.begin() + m->M_rowadr[i];
    EXPECT_EQ(std::vector<int>(start, start + m->M_rownum[i]), path);
  }
  EXPECT_EQ(m->dof_descnum[0], m->nv - 1);
}

TEST(Compile, DerivedConstantsFollowOverrides) {
  // one hinge: a point mass on a rod, inertia m l^2 + I + armature
  const auto m = load_model_from_string(
      "<mujoco><worldbody><body><joint axis=\"0 1 0\" armature=\"0.1\"/>"
      "<inertial pos=\"2 0 0\" mass=\"3\" diaginertia=\"0.5 0.5 0.5\"/></body></worldbody>"
      "<actuator/></mujoco>");
  EXPECT_NEAR(m->dof_M0[0], 3 * 4 + 0.5 + 0.1, 1e-12);
  EXPECT_NEAR(m->dof_invweight0[0], 1 / 12.6, 1e-12);
  EXPECT_NEAR(m->body_invweight0[2], 4 / 12.6 / 3, 1e-12);
  EXPECT_NEAR(m->body_invweight0[3], 1 / 12.6 / 3, 1e-12);
  Model edited = *m;
  edited.body_mass[1] = 5;
  edited.dof_armature[0] = 0.3;
  const Derived d = derive(edited);
  EXPECT_NEAR(d.dof_M0[0], 5 * 4 + 0.5 + 0.3, 1e-12);
  EXPECT_NEAR(d.body_subtreemass[0], 5, 1e-12);
}

TEST(Compile, DeriveRepeatsTheCompiler) {
  for (const char* name : {"trees", "joint_mixed", "sliding_leaves", "actuator_site", "armature"}) {
    const auto m = load_model(model_path(name));
    const Derived d = derive(*m);
    EXPECT_EQ(d.body_subtreemass, m->body_subtreemass) << name;
    EXPECT_EQ(d.body_invweight0, m->body_invweight0) << name;
    EXPECT_EQ(d.dof_invweight0, m->dof_invweight0) << name;
    EXPECT_EQ(d.actuator_acc0, m->actuator_acc0) << name;
  }
}

TEST(Compile, TheHashSeesEveryFieldAndNothingElse) {
  const auto a = load_model(model_path("sensors_contact"));
  const auto b = load_model(model_path("sensors_contact"));
  EXPECT_EQ(hash(*a), hash(*b));
  Model changed = *a;
  changed.name = "other";
  EXPECT_EQ(hash(changed), hash(*a));
  int fields = 0;
  each_field(changed, [&](const char* name, auto& values, int, int) {
    if (values.empty()) return;
    ++fields;
    const auto keep = values.back();
    values.back() += 1;
    EXPECT_NE(hash(changed), hash(*a)) << name;
    values.back() = keep;
  });
  EXPECT_GT(fields, 60);
  changed.timestep *= 2;
  EXPECT_NE(hash(changed), hash(*a));
}

TEST(Compile, ValidateRefusesWhatWouldReadOutside) {
  const auto good = load_model(model_path("sensors_contact"));
  EXPECT_NO_THROW(validate(*good));
  // every index, far out of range
  int refused = 0;
  Model m = *good;
  each_field(m, [&](const char* field, auto& values, int, int) {
    using Values = std::decay_t<decltype(values)>;
    if constexpr (std::is_same_v<Values, std::vector<int>>) {
      const std::string name = field;
      // bits, groups and priorities may hold anything
      if (name == "geom_contype" || name == "geom_conaffinity" || name == "geom_group" ||
          name == "geom_priority" || name == "geom_dataid" || name == "geom_condim" ||
          name == "actuator_group") {
        return;
      }
      for (size_t i = 0; i < values.size(); ++i) {
        const int keep = values[i];
        // parameters of other sensors are not read
        if (name == "sensor_intprm" && keep == 0) continue;
        values[i] = 1 << 29;
        EXPECT_THROW(validate(m), Error) << name << " " << i;
        values[i] = keep;
        ++refused;
      }
    }
  });
  EXPECT_GT(refused, 300);
  // numbers that are none
  Model bad = *good;
  bad.body_mass[1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(validate(bad), Error);
  bad = *good;
  bad.body_mass[1] = -1;
  EXPECT_THROW(validate(bad), Error);
  bad = *good;
  bad.qpos0.push_back(0);
  EXPECT_THROW(validate(bad), Error);
  bad = *good;
  bad.nv = 5;
  EXPECT_THROW(validate(bad), Error);
  bad = *good;
  bad.body_quat[4] = 2;
  EXPECT_THROW(validate(bad), Error);
}

TEST(Compile, PairsSayWhoseFrictionHolds) {
  const auto m = load_model(model_path("priorities"));
  for (int p = 0; p < m->npair; ++p) {
    const int p1 = m->geom_priority[m->pair_geom1[p]], p2 = m->geom_priority[m->pair_geom2[p]];
    const auto expected = p1 > p2   ? FrictionMix::first
                          : p1 < p2 ? FrictionMix::second
                                    : FrictionMix::larger;
    EXPECT_EQ(m->pair_mix[p], static_cast<int>(expected));
  }
  const auto given = load_model(model_path("pairs_elliptic"));
  EXPECT_EQ(std::count(given->pair_mix.begin(), given->pair_mix.end(),
                       static_cast<int>(FrictionMix::own)),
            4);
}

TEST(Compile, JsonHoldsEveryField) {
  const auto m = load_model(model_path("trees"));
  const std::string json = model_to_json(*m);
  each_field(*m, [&](const char* name, const auto&, int, int) {
    EXPECT_NE(json.find("\"" + std::string(name) + "\": ["), json.npos) << name;
  });
}

}  // namespace
}  // namespace motorium
