// The URDF reader against files that are wrong on purpose, and the rules of URDF.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "motorium/core/error.h"
#include "motorium/physics/batch.h"
#include "motorium/physics/spec/load.h"
#include "motorium/physics/spec/packages.h"
#include "motorium/physics/spec/read_urdf.h"

namespace motorium {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

const char* const kInertial =
    "<inertial><mass value='2'/><inertia ixx='.1' iyy='.2' izz='.25' ixy='0' ixz='0' iyz='0'/>"
    "</inertial>";

// two links and a joint between them
std::string arm(const std::string& joint, const std::string& type = "revolute",
                const std::string& more = "") {
  return std::string("<robot name='r'><link name='a'/><link name='b'>") + kInertial +
         "</link><joint name='j' type='" + type + "'><parent link='a'/><child link='b'/>" + joint +
         "</joint>" + more + "</robot>";
}

bool reports(const Model& m, const std::string& text) {
  return std::any_of(m.report.begin(), m.report.end(),
                     [&](const std::string& line) { return line.find(text) != line.npos; });
}

// the first line of each file says what loading it must say: <!-- kind: message | message -->
TEST(Urdf, EveryMalformedFileIsRefusedWithItsMessage) {
  int count = 0;
  const fs::path folder = fs::path(MOTORIUM_SOURCE_DIR) / "tests/malformed/urdf";
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".urdf") continue;
    ++count;
    const std::string text = read_text(entry.path());
    const std::string line = text.substr(0, text.find('\n'));
    const size_t colon = line.find(": ");
    ASSERT_EQ(line.substr(0, 5), "<!-- ") << entry.path();
    const std::string kind = line.substr(5, colon - 5);
    const std::string expected = line.substr(colon + 2, line.size() - colon - 6);
    std::string found_kind = "loaded", found;
    try {
      load_model(entry.path().string());
    } catch (const UnsupportedModel& error) {
      found_kind = "unsupported";
      found = error.what();
    } catch (const Error& error) {
      found_kind = "malformed";
      found = error.what();
    }
    replace_all(found, std::string(MOTORIUM_SOURCE_DIR) + "/", "ROOT/");
    replace_all(found, "\n", " | ");
    EXPECT_EQ(found_kind, kind) << entry.path();
    EXPECT_EQ(found, expected) << entry.path();
  }
  EXPECT_GE(count, 55);
}

TEST(Urdf, JointsOfEveryType) {
  const std::pair<const char*, std::vector<int>> types[] = {
      {"revolute", {3}}, {"continuous", {3}}, {"prismatic", {2}},   {"fixed", {}},
      {"floating", {0}}, {"spherical", {1}},  {"planar", {2, 2, 3}}};
  for (const auto& [type, expected] : types) {
    const auto m = load_model_from_string(arm("<axis xyz='0 0 1'/>", type));
    EXPECT_EQ(m->jnt_type, expected) << type;
  }
}

TEST(Urdf, TheDefaultAxisIsX) {
  const auto m = load_model_from_string(arm(""));
  EXPECT_EQ(m->jnt_axis, (std::vector<double>{1, 0, 0}));
}

TEST(Urdf, MimicIsAnEqualityUnlessIgnored) {
  const std::string xml =
      arm("", "revolute",
          std::string("<link name='c'>") + kInertial +
              "</link><joint name='k' type='revolute'><parent link='b'/><child link='c'/>"
              "<mimic joint='j' multiplier='-2' offset='0.5'/></joint>");
  const auto m = load_model_from_string(xml);
  ASSERT_EQ(m->neq, 1);
  EXPECT_EQ(m->eq_obj1id[0], 1);
  EXPECT_EQ(m->eq_obj2id[0], 0);
  EXPECT_EQ(m->eq_data[0], 0.5);
  EXPECT_EQ(m->eq_data[1], -2);
  LoadOptions options;
  options.mimic = Mimic::ignore;
  const auto ignored = load_model_from_string(xml, "", options);
  EXPECT_EQ(ignored->neq, 0);
  EXPECT_TRUE(reports(*ignored, "mimic"));
}

TEST(Urdf, TheBaseIsFixedUnlessItFloats) {
  const std::string xml =
      std::string("<robot name='r'><link name='a'>") + kInertial + "</link></robot>";
  EXPECT_EQ(load_model_from_string(xml)->nv, 0);
  LoadOptions options;
  options.floating_base = true;
  const auto m = load_model_from_string(xml, "", options);
  EXPECT_EQ(m->nv, 6);
  EXPECT_EQ(m->jnt_name[0], "a_free_joint");
}

TEST(Urdf, ImpossibleInertiaIsRepairedOnRequestOnly) {
  std::string xml = arm("");
  replace_all(xml, "ixx='.1'", "ixx='1'");
  EXPECT_THROW(load_model_from_string(xml), Error);
  LoadOptions options;
  options.repair = true;
  const auto m = load_model_from_string(xml, "", options);
  const double mean = (1 + 0.2 + 0.25) / 3;
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(m->body_inertia[3 + i], mean, 1e-12);
  EXPECT_TRUE(reports(*m, "repaired"));
}

TEST(Urdf, ExtensionsAreReportedAndSlipsRefused) {
  const auto m = load_model_from_string(
      arm("", "revolute", "<gazebo reference='b'><mu1>1</mu1></gazebo><ros2_control/>"));
  EXPECT_TRUE(reports(*m, "gazebo"));
  EXPECT_TRUE(reports(*m, "ros2_control"));
  EXPECT_THROW(load_model_from_string(arm("<dynamic damping='1'/>")), Error);
}

TEST(Urdf, DeepTreesAreReadAndDeeperOnesRefused) {
  const auto chain = [](int n) {
    std::string xml = "<robot name='r'><link name='l0'/>";
    for (int i = 1; i < n; ++i) {
      const std::string id = std::to_string(i), up = std::to_string(i - 1);
      xml += "<link name='l" + id + "'>" + kInertial + "</link><joint name='j" + id +
             "' type='continuous'><parent link='l" + up + "'/><child link='l" + id + "'/></joint>";
    }
    return xml + "</robot>";
  };
  EXPECT_EQ(load_model_from_string(chain(900))->nv, 899);
  EXPECT_THROW(load_model_from_string(chain(5000)), Error);
}

// a folder that is removed at the end
struct Workspace {
  fs::path root = fs::temp_directory_path() / ("motorium_urdf_" + std::to_string(::getpid()));
  Workspace() { fs::create_directories(root); }
  ~Workspace() { fs::remove_all(root); }
  void write(const fs::path& path, const std::string& text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
};

const char* const kTetrahedron =
    "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\n"
    "f 2 3 4\n";

std::string with_mesh(const std::string& file) {
  return "<robot name='r'><mujoco><compiler discardvisual='false'/></mujoco><link name='a'><visual>"
         "<geometry><mesh filename='" +
         file + "'/></geometry></visual></link></robot>";
}

TEST(Urdf, PackagesAreFoundAboveGivenAndInTheEnvironment) {
  const Workspace w;
  w.write("above/arm/meshes/m.obj", kTetrahedron);
  w.write("above/arm/urdf/arm.urdf", with_mesh("package://arm/meshes/m.obj"));
  w.write("above/arm/urdf/relative.urdf", with_mesh("../meshes/m.obj"));
  EXPECT_EQ(load_model((w.root / "above/arm/urdf/arm.urdf").string())->ngeom, 1);
  EXPECT_EQ(load_model((w.root / "above/arm/urdf/relative.urdf").string())->ngeom, 1);

  w.write("apart/robot.urdf", with_mesh("package://arm/meshes/m.obj"));
  const std::string apart = (w.root / "apart/robot.urdf").string();
  const auto left_out = load_model(apart);
  EXPECT_EQ(left_out->ngeom, 0);
  EXPECT_TRUE(reports(*left_out, "cannot be read"));
  LoadOptions options;
  options.packages = {(w.root / "above").string()};
  EXPECT_EQ(load_model(apart, options)->ngeom, 1);
  ::setenv("ROS_PACKAGE_PATH", ("/nowhere:" + (w.root / "above").string()).c_str(), 1);
  EXPECT_EQ(load_model(apart)->ngeom, 1);
  ::unsetenv("ROS_PACKAGE_PATH");
}

TEST(Urdf, NothingOutsideTheFoldersIsOpened) {
  const Workspace w;
  w.write("secret/m.obj", kTetrahedron);
  w.write("arm/package.xml", "<package/>");
  w.write("arm/urdf/x.urdf", "");
  fs::create_directory_symlink(w.root / "secret", w.root / "arm/link");
  const std::string secret = (w.root / "secret/m.obj").string();
  for (const std::string& name :
       {secret, "file://" + secret, std::string("../../secret/m.obj"),
        std::string("package://arm/../secret/m.obj"), std::string("package://arm/link/m.obj"),
        std::string("../link/m.obj"), std::string("package://../secret/m.obj"),
        std::string("http://example.org/m.obj"), std::string("a\\..\\m.obj"),
        std::string("c:/m.obj")}) {
    w.write("arm/urdf/x.urdf", with_mesh(name));
    const auto m = load_model((w.root / "arm/urdf/x.urdf").string());
    EXPECT_EQ(m->ngeom, 0) << name;
    EXPECT_TRUE(reports(*m, "cannot be read")) << name;
  }
}

// a mesh that two geoms use at one scale is read once
TEST(Urdf, MeshesAreSharedByFileAndScale) {
  MemoryFolder folder;
  const std::string obj = kTetrahedron;
  folder.files["m.obj"] = Bytes(obj.begin(), obj.end());
  const std::string visual =
      "<visual><geometry><mesh filename='m.obj'/></geometry></visual>"
      "<visual><geometry><mesh filename='m.obj' scale='1 1 1'/></geometry></visual>"
      "<visual><geometry><mesh filename='m.obj' scale='2 2 2'/></geometry></visual>";
  const Spec spec = read_urdf_text(
      "<robot name='r'><mujoco><compiler discardvisual='false'/></mujoco><link name='a'>" + visual +
          "</link></robot>",
      OneFolder(folder, "x.urdf"), {});
  EXPECT_EQ(spec.meshes.size(), 2u);
}

}  // namespace
}  // namespace motorium
